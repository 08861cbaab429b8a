package headoffice

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// OpeningOutcome says what an import of opening balances did.
type OpeningOutcome struct {
	Source  string         `json:"source"`
	Members int            `json:"members"` // to whom something was brought now
	Lots    int            `json:"lots"`
	Points  loyalty.Points `json:"points"`
	Known   int            `json:"known"` // members whom the same import had reached before; nothing changed
}

// Limits of an import.
const (
	lotsAtOnce      = 10_000 // one transaction takes, give or take one member's
	maxImportFaults = 100
)

// openingMember is one member of an import, with the printed number in place of an id when the file has that.
type openingMember struct {
	Member loyalty.MemberID     `json:"member,omitempty"`
	Number *numberRef           `json:"number,omitempty"`
	Lots   []loyalty.OpeningLot `json:"lots"`
}

type openingInput struct {
	Source  string          `json:"source"`
	Members []openingMember `json:"members"`
}

// Opening brings along the balances of a file (loyalty.ReadOpening) under the name of a source. loyalty.Errors lists everything
// that is wrong with the file, and nothing has changed then. Done again, it goes on where it was stopped: nobody gets anything
// twice.
func (m Manager) Opening(ctx context.Context, file []byte, source string) (out OpeningOutcome, err error) {
	rows, err := loyalty.ReadOpening(file, source)
	if err != nil {
		return out, err
	}
	in := openingInput{Source: source, Members: make([]openingMember, len(rows))}
	for i, r := range rows {
		in.Members[i] = openingMember{Member: r.Member, Lots: r.Lots}
		if r.Number != (loyalty.CardNumber{}) {
			ref := m.Home.Keys.numberRef(r.Number)
			in.Members[i].Number = &ref
		}
	}
	if err := m.findMembers(ctx, rows, in); err != nil {
		return out, err
	}
	out.Source = source
	err = in.eachPart(func(_ int, part openingInput) error {
		var done OpeningOutcome
		err := m.call(ctx, opOpening, part, &done)
		out.Members, out.Lots, out.Points, out.Known = out.Members+done.Members, out.Lots+done.Lots, out.Points+done.Points, out.Known+done.Known
		return err
	})
	return out, err
}

// findMembers puts members in the place of numbers, and tells of every one whom the books do not take.
func (m Manager) findMembers(ctx context.Context, rows []loyalty.OpeningInput, in openingInput) error {
	var faults loyalty.Errors
	lines := map[loyalty.MemberID]int{}
	err := in.eachPart(func(first int, part openingInput) error {
		var found []openingFound
		if err := m.call(ctx, opFind, part, &found); err != nil {
			return err
		}
		for i, f := range found {
			row, to := rows[first+i], &part.Members[i]
			if line, twice := lines[f.Member]; twice && f.Problem == "" {
				f.Problem = fmt.Sprintf("is member %d, who stands on line %d under another number", f.Member, line)
			}
			if lines[f.Member] = row.Line; f.Problem != "" && len(faults) < maxImportFaults {
				faults = append(faults, loyalty.DocError{Line: row.Line, Column: 1, Problem: f.Problem, Remedy: "correct the row, or take it out; nothing was brought along"})
			}
			to.Member, to.Number = f.Member, nil
		}
		return nil
	})
	if err == nil && len(faults) > 0 {
		err = faults
	}
	return err
}

// eachPart hands over as many members as one transaction takes, with the index of the first.
func (in *openingInput) eachPart(do func(first int, part openingInput) error) error {
	for first := 0; first < len(in.Members); {
		last, lots := first, 0
		for last < len(in.Members) && lots < lotsAtOnce {
			lots += len(in.Members[last].Lots)
			last++
		}
		if err := do(first, openingInput{in.Source, in.Members[first:last]}); err != nil {
			return err
		}
		first = last
	}
	return nil
}

// openingFound is who a row of an import is about, or why nobody.
type openingFound struct {
	Member  loyalty.MemberID `json:"member"`
	Problem string           `json:"problem,omitempty"`
}

func (o *Office) findOpening(ctx context.Context, in openingInput) (out []openingFound, err error) {
	err = o.db.View(ctx, func(tx *hodb.Tx) error {
		rules, err := o.published(tx)
		if err != nil {
			return err
		}
		for _, m := range in.Members {
			f, err := findOne(tx, m)
			if err != nil {
				return err
			}
			if f.Problem == "" {
				f.Problem = m.unknown(rules)
			}
			m.Member = f.Member
			before, err := tx.BroughtAlong(loyalty.OpeningTxn(in.Source, f.Member), f.Member)
			if err != nil {
				return err
			}
			if now := m.sums(); before != nil && !maps.Equal(before, now) && f.Problem == "" {
				of := m.differs(before, now)
				f.Problem = fmt.Sprintf("%s brought %d %s for member %d before, now %d", in.Source, before[of], of, f.Member, now[of])
			}
			out = append(out, f)
		}
		return nil
	})
	return out, err
}

func findOne(tx *hodb.Tx, m openingMember) (f openingFound, err error) {
	name := fmt.Sprintf("member %d", m.Member)
	if f.Member = m.Member; m.Number != nil {
		name = "number " + m.Number.Masked
		if f.Member, err = tx.NumberOwner(m.Number.row()); err != nil {
			return f, err
		}
	}
	member, err := tx.Member(f.Member)
	switch {
	case errors.Is(err, hodb.ErrNotFound):
		f.Problem, err = name+" is nobody's in the register", nil
	case err == nil && member.Status != hodb.MemberActive:
		f.Problem = name + " is of a member who has ended"
	}
	return f, err
}

func (m openingMember) points() loyalty.Points { return m.sums()[hodb.Points] }

// sums is what the rows bring, by unit and by account of stamps; what comes to nothing is left out.
func (m openingMember) sums() map[string]loyalty.Points {
	sums := map[string]loyalty.Points{}
	for _, l := range m.Lots {
		of := cmp.Or(string(l.Wallet), hodb.Points)
		if l.Stamp != "" {
			of = loyalty.AccountStamps(l.Stamp, m.Member)
		}
		sums[of] += l.Points
	}
	maps.DeleteFunc(sums, func(_ string, n loyalty.Points) bool { return n == 0 })
	return sums
}

// differs is the first of what two imports of one name bring otherwise.
func (m openingMember) differs(before, now map[string]loyalty.Points) string {
	all := slices.Sorted(maps.Keys(before))
	for _, of := range slices.Concat(all, slices.Sorted(maps.Keys(now))) {
		if before[of] != now[of] {
			return of
		}
	}
	return hodb.Points
}

// unknown says which wallet or stamp card of the rows is in no programme; empty when all are.
func (m openingMember) unknown(rules []*loyalty.Programme) string {
	for _, l := range m.Lots {
		switch {
		case l.Wallet != loyalty.MainWallet && !slices.ContainsFunc(rules, func(p *loyalty.Programme) bool { return slices.Contains(p.Wallets(), l.Wallet) }):
			return fmt.Sprintf("wallet %s is in no programme", l.Wallet)
		case l.Stamp != "" && !slices.ContainsFunc(rules, func(p *loyalty.Programme) bool { return slices.Contains(p.StampCards(), l.Stamp) }):
			return fmt.Sprintf("stamp card %s is in no programme", l.Stamp)
		}
	}
	return ""
}

// bringAlong posts balances as head office's own, each member's once.
func (o *Office) bringAlong(ctx context.Context, in openingInput) (out OpeningOutcome, err error) {
	err = o.db.Update(ctx, func(tx *hodb.Tx) error {
		day, err := o.today(tx)
		if err != nil {
			return err
		}
		j, err := o.judge(tx)
		if err != nil {
			return err
		}
		for _, m := range in.Members {
			txn := loyalty.OpeningTxn(in.Source, m.Member)
			before, err := tx.BroughtAlong(txn, m.Member)
			if err == nil && before == nil {
				err = j.bring(loyalty.OpeningInput{Member: m.Member, Source: in.Source, Lots: m.Lots}, txn, day)
			}
			switch {
			case err != nil:
				return fmt.Errorf("bring along points of member %d: %w", m.Member, err)
			case before != nil:
				out.Known++
			default:
				out.Members, out.Lots, out.Points = out.Members+1, out.Lots+len(m.Lots), out.Points+m.points()
			}
		}
		_, err = j.flush()
		return err
	})
	return out, err
}

// bring posts one member's balance.
func (j *judge) bring(in loyalty.OpeningInput, txn loyalty.TxnID, day string) error {
	key, err := j.tx.OwnKey()
	if err != nil {
		return err
	}
	now := j.tx.Now().UTC()
	e, err := loyalty.Opening(in, loyalty.EntryHead{Epoch: key.Epoch, Seq: key.Seq, Txn: txn, Day: day, At: now.Format(entryTime)})
	if err != nil {
		return err
	}
	if _, _, err := j.tx.ClaimTxn(&e, now); err != nil {
		return err
	}
	const reason = string(loyalty.KindOpening)
	claims, err := j.claimsOf(e.Moves, key.Store, reason)
	if err != nil {
		return err
	}
	err = j.poster.Post(hodb.Posting{Key: key, Day: day, At: now, Member: in.Member, Legs: append(j.legsOf(e.Moves, key.Store, reason), claims...)})
	stamps := loyalty.StampSteps(e.Moves, in.Member)
	if err != nil || len(stamps) == 0 {
		return err
	}
	member, err := j.registered(in.Member)
	if err != nil {
		return err
	}
	return j.poster.Remember(member, hodb.Place{Day: day, At: now, Key: key}, loyalty.PastStep{Day: day, Stamps: stamps})
}

package agentdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// State is a member as this store sees it now.
type State struct {
	loyalty.MemberState                // lots of every wallet; available is the balance: a card's purse is known to the card alone
	Past                loyalty.Record // for Programme.Recall
	Elsewhere           loyalty.Points // of the balance, set aside for other stores
	Through             loyalty.Seq    // last own entry that head office has told of
	Unsent              loyalty.Points // what the own entries above Through gave
	Newest              loyalty.Seq    // own entry that is counted in; 0: head office has told of all
}

// State gives head office's lots and past of a member with the store's own later entries replayed over them.
func (db *DB) State(ctx context.Context, id loyalty.MemberID) (State, error) {
	// Own entries are read before head office's row: whatever head office includes in the meantime is then left out
	// below, and nothing that it does not include can be missing, since pending rows go only after the row has come.
	later, err := db.pendingEffects(ctx, id)
	if err != nil {
		return State{}, err
	}
	m, err := db.Member(ctx, id)
	if err != nil {
		return State{}, err
	}
	s := State{MemberState: loyalty.MemberState{ID: id, Tier: m.Tier, Lots: m.Lots}, Past: m.Past, Elsewhere: m.Elsewhere, Through: m.Through}
	var shared loyalty.Seq
	if s.Unsent, shared, err = db.unsent(ctx, id, m.Through); err != nil {
		return State{}, err
	}
	parted := loyalty.EntryRef{Store: db.Store(), Epoch: db.Epoch(), Seq: shared}
	loyalty.PartedLots(s.Lots, parted)
	for _, w := range m.Wallets {
		loyalty.PartedLots(w.Lots, parted)
	}
	var moves []loyalty.Movement // of all together: each replay sorts the lots
	for _, e := range later {
		s.Newest = e.seq
		if e.seq <= m.Through {
			continue
		}
		moves = append(moves, e.Moves...)
		for _, step := range e.Steps {
			s.Past.Add(step)
		}
	}
	s.Lots = loyalty.Apply(s.Lots, moves, id)
	wallets := applyWallets(m.Wallets, moves, id)
	s.Available = max(0, loyalty.Balance(s.Lots))
	for _, w := range wallets {
		s.Wallets = append(s.Wallets, loyalty.WalletState{Wallet: w.Wallet, Lots: w.Lots, Available: max(0, loyalty.Balance(w.Lots)),
			Balance: loyalty.Balance(w.Lots)})
	}
	return s, nil
}

// unsent is what entries above a number gave a member, each with what it took, and the last entry that this log and head office's share.
func (db *DB) unsent(ctx context.Context, id loyalty.MemberID, above loyalty.Seq) (points loyalty.Points, shared loyalty.Seq, err error) {
	err = db.ledger.Read().QueryRowContext(ctx, `SELECT coalesce(sum(max(points, 0)), 0), coalesce((SELECT parted FROM ledger), ?) FROM pending
		WHERE member = ? AND seq > ?`, math.MaxInt64, id, above).Scan(&points, &shared)
	if err != nil {
		return 0, 0, fmt.Errorf("what member %d was given: %w", id, err)
	}
	return points, shared, nil
}

// applyWallets replays movements over the wallets beside the points; one that is new comes last.
func applyWallets(wallets []Wallet, moves []loyalty.Movement, id loyalty.MemberID) []Wallet {
	var done []loyalty.WalletID
	for _, m := range moves {
		for _, account := range []string{m.From, m.To} {
			member, wallet, ok := loyalty.AccountWallet(account)
			if !ok || member != id || wallet == loyalty.MainWallet || slices.Contains(done, wallet) {
				continue
			}
			done = append(done, wallet)
			i := slices.IndexFunc(wallets, func(w Wallet) bool { return w.Wallet == wallet })
			if i < 0 {
				i, wallets = len(wallets), append(wallets, Wallet{Wallet: wallet})
			}
			wallets[i].Lots = loyalty.ApplyWallet(wallets[i].Lots, moves, id, wallet)
		}
	}
	return wallets
}

// pendingEffect is what one own entry means for a member until head office includes it.
type pendingEffect struct {
	Moves []loyalty.Movement `json:"moves,omitempty"` // of the member
	Steps []loyalty.PastStep `json:"steps,omitempty"`

	seq loyalty.Seq
}

// findSale finds the sale of a return and the returns before it; nil when the sale is not of this log.
type findSale func(*loyalty.ReturnBody) (*loyalty.Entry, []loyalty.ReturnBody, error)

// elsewhere finds no sale: what the return takes off the past is for head office to tell.
func elsewhere(*loyalty.ReturnBody) (*loyalty.Entry, []loyalty.ReturnBody, error) {
	return nil, nil, nil
}

// effectOn keeps of an entry what concerns one member.
func effectOn(e *loyalty.Entry, id loyalty.MemberID, sold findSale) (pendingEffect, error) {
	var p pendingEffect
	for _, m := range e.Moves {
		from, _, _ := loyalty.AccountWallet(m.From)
		to, _, _ := loyalty.AccountWallet(m.To)
		if from == id || to == id {
			p.Moves = append(p.Moves, m)
		}
	}
	switch {
	case e.Kind == loyalty.KindActivity && e.Activity != nil && e.Member == id:
		p.Steps = append(p.Steps, loyalty.StepOfActivity(e))
	case e.Kind != loyalty.KindSale && e.Kind != loyalty.KindReturn && e.Kind != loyalty.KindPayment:
		// What else came with a member who became part of this one, head office tells: his past is not in the entry.
		if stamps := loyalty.StampSteps(e.Moves, id); len(stamps) > 0 {
			p.Steps = append(p.Steps, loyalty.PastStep{Day: e.Day, Stamps: stamps})
		}
	case e.Member != id:
	case e.Kind == loyalty.KindSale && e.Sale != nil:
		p.Steps = append(p.Steps, loyalty.StepOf(e))
	case e.Kind == loyalty.KindPayment && e.Payment != nil:
		p.Steps = append(p.Steps, loyalty.StepOfPayment(e))
	case e.Kind == loyalty.KindReturn && e.Return != nil:
		sale, before, err := sold(e.Return)
		if err != nil || sale == nil {
			return p, err
		}
		step, err := loyalty.StepBack(sale, before, e.Return)
		if err != nil {
			return p, err
		}
		p.Steps = append(p.Steps, step)
	}
	return p, nil
}

// soldHere finds a sale of this log for the return that stands at a place in it.
func (db *DB) soldHere(tx *store.Tx, at loyalty.Seq) findSale {
	read := func(seq loyalty.Seq) (*loyalty.Entry, error) {
		var body []byte
		if err := tx.QueryRow(`SELECT body FROM entry WHERE seq = ?`, []any{seq}, &body); err != nil {
			return nil, fmt.Errorf("read entry %d: %w", seq, err)
		}
		return decodeStored(body)
	}
	return func(b *loyalty.ReturnBody) (*loyalty.Entry, []loyalty.ReturnBody, error) {
		if b.Store != db.Store() || b.Epoch != db.Epoch() {
			return nil, nil, nil
		}
		sale, err := read(b.Seq)
		if errors.Is(err, ErrPruned) {
			return nil, nil, nil // likewise for head office to tell
		}
		if err != nil {
			return nil, nil, err
		}
		rows, err := tx.Query(`SELECT seq FROM sale_return WHERE store = ? AND epoch = ? AND sale = ? AND seq < ? ORDER BY seq`,
			b.Store, b.Epoch, b.Seq, at)
		if err != nil {
			return nil, nil, err
		}
		seqs, err := scanIDs(rows)
		if err != nil {
			return nil, nil, err
		}
		var before []loyalty.ReturnBody
		for _, seq := range seqs {
			e, err := read(loyalty.Seq(seq))
			if err != nil {
				return nil, nil, err
			}
			before = append(before, *e.Return)
		}
		return sale, before, nil
	}
}

func (db *DB) insertPending(tx *store.Tx, e *loyalty.Entry) error {
	for _, x := range effects(e) {
		effect, err := effectOn(e, x.member, db.soldHere(tx, e.Seq))
		if err != nil {
			return err
		}
		doc, err := json.Marshal(&effect)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT OR IGNORE INTO pending (member, seq, points, effect) VALUES (?, ?, ?, ?)`,
			x.member, e.Seq, x.points, doc); err != nil {
			return err
		}
	}
	return nil
}

func (db *DB) pendingEffects(ctx context.Context, id loyalty.MemberID) ([]pendingEffect, error) {
	return query(ctx, db.ledger.Read(), "pending", func(scan func(...any) error) (pendingEffect, error) {
		return scanEffect(scan, id)
	}, `SELECT p.seq, p.effect, iif(p.effect IS NULL, (SELECT body FROM entry WHERE seq = p.seq), NULL) FROM pending p
		WHERE p.member = ? ORDER BY p.seq`, id)
}

// scanEffect reads the place of a pending row, its effect, and the entry's body where a row is older than the effect.
func scanEffect(scan func(...any) error, id loyalty.MemberID) (p pendingEffect, err error) {
	var doc, body []byte
	if err := scan(&p.seq, &doc, &body); err != nil {
		return p, err
	}
	if doc != nil {
		return p, json.Unmarshal(doc, &p)
	}
	e, err := loyalty.DecodeEntry(body)
	if err != nil {
		return p, err
	}
	seq := p.seq
	p, err = effectOn(e, id, elsewhere)
	p.seq = seq
	return p, err
}

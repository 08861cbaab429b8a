package headoffice

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// ways are the pairs of accounts between which entries without a sale may move points (docs/ledger.md 1.1). Who may make them,
// and how much they may move, was decided in the store; a body that moves points another way was not made by our own code.
func ways(k loyalty.Kind) []string {
	switch k {
	case loyalty.KindExpire:
		return []string{"main expired", "expired main"}
	case loyalty.KindReserve:
		return []string{"main reserved"}
	case loyalty.KindSettle:
		return []string{"reserved redeemed", "reserved main", "reserved card"}
	case loyalty.KindTransfer:
		return []string{"main transferred", "transferred main"}
	case loyalty.KindMerge:
		return []string{"main transferred", "transferred main", "card main", "expired main", "stamps stamps", "stamps expired"}
	case loyalty.KindReplace:
		return []string{"card reserved", "card main"}
	case loyalty.KindAdjust:
		return []string{"adjusted main", "main adjusted", "adjusted stamps", "stamps adjusted", "stamps expired"}
	case loyalty.KindOpening:
		return []string{"opening main", "main opening", "opening stamps", "stamps opening"}
	case loyalty.KindGiftCard:
		return []string{"issued gift_card", "gift_card issued", "gift_card expired"}
	}
	return nil
}

// partOf is the part of an account's name that says what it is for.
func partOf(account string) string {
	if strings.HasPrefix(account, "gift_card/") {
		return "gift_card"
	}
	if _, _, stamps := loyalty.AccountStampCard(account); stamps {
		return "stamps"
	}
	return account[strings.LastIndexByte(account, '/')+1:]
}

// plain takes an entry without a sale as the store made it, when it moves points as its kind does, between members in the
// register, and passes on what it took. A reservation that ended before ends once.
func (j *judge) plain(m *matter, b before) (v verdict, err error) {
	e := m.entry
	moves := e.Moves
	if e.Kind == loyalty.KindSettle {
		if moves, err = j.unlessSettled(m, hodb.EntryKey(e.Settle.EntryRef), moves); err != nil {
			return v, err
		}
	}
	v.reason = hodb.CaseNotInterpreted
	if odd := astray(e); odd != "" {
		return v, j.open(v.reason, m.key, odd)
	}
	if id, err := j.stranger(e); err != nil || id != 0 {
		v.reason = hodb.CaseMemberUnknown
		return v, errors.Join(err, j.open(v.reason, m.key, fmt.Sprintf("member %d is not in the register", id)))
	}
	v.moves, v.reason = moves, hodb.CaseDifference
	switch e.Kind {
	case loyalty.KindOpening:
		v, err = j.onceBrought(m, b, v)
	case loyalty.KindMerge:
		return j.merged(m, b, v)
	}
	v.step.Stamps = loyalty.StampSteps(v.moves, e.Member)
	return v, err
}

// astray says what of an entry moves another way than its kind does, or between two units; empty when nothing does.
func astray(e *loyalty.Entry) string {
	passing := map[string]loyalty.Points{}
	for _, move := range e.Moves {
		if !slices.Contains(ways(e.Kind), partOf(move.From)+" "+partOf(move.To)) || move.Points <= 0 || move.Points > maxClaim || unitOf(move.From) != unitOf(move.To) {
			return fmt.Sprintf("%s moves %d from %.80q to %.80q", e.Kind, move.Points, move.From, move.To)
		}
		if partOf(move.To) == "transferred" {
			passing[move.To] += move.Points
		}
		if partOf(move.From) == "transferred" {
			passing[move.From] -= move.Points
		}
	}
	for _, points := range passing {
		if points != 0 {
			return fmt.Sprintf("%s passes on %d points fewer than it takes", e.Kind, points)
		}
	}
	return ""
}

// unitOf is what an account counts: the points, another wallet, the stamps of a card, or money on gift cards.
func unitOf(account string) string {
	part := strings.Split(account, "/")
	switch {
	case part[0] == "stamps" && len(part) > 2:
		return "stamps/" + part[1]
	case part[0] == "member" && len(part) == 4:
		return part[2]
	case part[0] == "programme" && len(part) == 3:
		return part[1]
	case part[0] == "gift_card" || part[0] == "gift_cards":
		return "gift_card"
	}
	return hodb.Points
}

// onceBrought takes what one source brings a member once: from head office's own import, else from the store that stands first.
func (j *judge) onceBrought(m *matter, b before, v verdict) (verdict, error) {
	source := m.entry.Opening.Source
	if b.past == nil {
		return v, nil
	}
	v.step = loyalty.PastStep{Day: m.entry.Day, Activities: []string{"opening/" + source}}
	ours, err := j.tx.Imported(loyalty.OpeningTxn(source, m.entry.Member))
	if err != nil || !ours && !slices.Contains(b.past.Activities, v.step.Activities[0]) {
		return v, err
	}
	v.moves, v.reason = nil, hodb.CaseActivityRepeated
	return v, j.open(v.reason, m.key, fmt.Sprintf("%.80q was brought along before", source))
}

// stranger is the first member of an entry who is not in the register; 0 when all are.
func (j *judge) stranger(e *loyalty.Entry) (loyalty.MemberID, error) {
	ids := []loyalty.MemberID{e.Member}
	for _, move := range e.Moves {
		for _, account := range []string{move.From, move.To} {
			id, _, _ := loyalty.AccountWallet(account)
			stamped, _, _ := loyalty.AccountStampCard(account)
			ids = append(ids, id, stamped)
		}
	}
	for _, id := range ids {
		if member, err := j.registered(id); id != 0 && (member == nil || err != nil) {
			return id, err
		}
	}
	return 0, nil
}

// undone names the entry that another ends or undoes.
func undone(e *loyalty.Entry) (topic hodb.LinkTopic, ref hodb.EntryKey, err error) {
	switch {
	case e.Settle != nil:
		return hodb.LinkSettle, hodb.EntryKey(e.Settle.EntryRef), nil
	case e.Payment != nil:
		return hodb.LinkSettle, paidFor(e.Payment), nil
	case e.Reverse != nil:
		return hodb.LinkReverse, hodb.EntryKey(e.Reverse.EntryRef), nil
	}
	return "", ref, fmt.Errorf("%s without its body", e.Kind)
}

// unlessSettled leaves out of the movements that end a reservation what an earlier end of it has done already.
func (j *judge) unlessSettled(m *matter, ref hodb.EntryKey, moves []loyalty.Movement) ([]loyalty.Movement, error) {
	links, err := j.tx.Links(hodb.LinkSettle, ref)
	if err == nil && len(links) > 0 && links[0].Place.Before(m.place()) {
		return loyalty.SettledBefore(moves), nil
	}
	return moves, err
}

// reversal is the exact opposite of the entry that it names, once.
func (j *judge) reversal(m *matter) (v verdict, err error) {
	_, ref, err := undone(m.entry)
	if err != nil {
		return v, err
	}
	links, err := j.tx.Links(hodb.LinkReverse, ref)
	if err != nil {
		return v, err
	}
	if len(links) > 0 && links[0].Place.Before(m.place()) {
		v.reason = hodb.CaseReversedTwice
		return v, j.open(v.reason, m.key, fmt.Sprintf("%v was reversed by %v", ref, links[0].Place.Key))
	}
	original, err := j.read(ref)
	if errors.Is(err, hodb.ErrNotFound) {
		v.reason = hodb.CaseSaleMissing
		return v, j.open(v.reason, m.key, fmt.Sprintf("%v has not arrived", ref))
	}
	if err != nil {
		return v, err
	}
	var opposite []loyalty.Movement
	for _, move := range slices.Backward(original.Moves) {
		move.From, move.To = move.To, move.From
		opposite = append(opposite, move)
	}
	v.reason = hodb.CaseDifference
	id, err := j.stranger(original)
	if err != nil || id != 0 || !reversible(original.Kind) || original.Member != m.entry.Member || !reflect.DeepEqual(opposite, m.entry.Moves) {
		return v, errors.Join(err, j.open(v.reason, m.key, fmt.Sprintf("it is not the opposite of %v", ref)))
	}
	v.moves = opposite
	v.step.Stamps = loyalty.StampSteps(opposite, original.Member)
	return v, nil
}

func reversible(k loyalty.Kind) bool {
	return k == loyalty.KindExpire || k == loyalty.KindTransfer || k == loyalty.KindAdjust || k == loyalty.KindOpening
}

// owners are those for whom an entry may have been posted.
func (j *judge) owners(m *matter) []hodb.Owner {
	owners := []hodb.Owner{hodb.StoreOwner(m.key.Store), hodb.HeadOffice}
	if m.entry.Member != 0 {
		owners = append(owners, hodb.MemberOwner(m.entry.Member))
	}
	if m.entry.Merge != nil {
		owners = append(owners, hodb.MemberOwner(m.entry.Merge.Gone))
	}
	for _, move := range m.entry.Moves {
		for _, account := range []string{move.From, move.To} {
			if id, _, ok := loyalty.AccountWallet(account); ok && !slices.Contains(owners, hodb.MemberOwner(id)) {
				owners = append(owners, hodb.MemberOwner(id))
			}
		}
	}
	return owners
}

// movedOff notes how much the books have moved away from a lost card, which may yet be ended and then says what it held.
func (j *judge) movedOff(e *loyalty.Entry, v verdict) error {
	points := loyalty.Points(0)
	for _, move := range v.moves {
		if _, purse := cardOf(move.From); purse {
			points += move.Points
		}
	}
	return j.tx.MoveOff(e.Replace.Old, points)
}

// register does what an entry means for the register: the card that was replaced is blocked everywhere, and who became part of
// another has ended.
func (j *judge) register(m *matter, v verdict) error {
	e := m.entry
	switch {
	case e.Kind == loyalty.KindMerge && e.Merge != nil && e.Merge.Ends():
		return j.endMember(m)
	case v.moves == nil && len(e.Moves) > 0:
		return nil // not as the store said
	case e.Kind == loyalty.KindReplace && e.Replace != nil:
		c, err := j.tx.Card(e.Replace.Old)
		if errors.Is(err, hodb.ErrNotFound) || err == nil && c.Member != e.Member {
			return j.open(hodb.CaseCardRecord, m.key, fmt.Sprintf("card %v is not the member's", e.Replace.Old))
		}
		if err != nil {
			return err
		}
		if err := j.movedOff(e, v); err != nil {
			return err
		}
		return j.tx.BlockCard(e.Replace.Old, "replaced by another card")
	}
	return nil
}

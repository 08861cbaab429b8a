package scenario

import (
	"errors"
	"fmt"
	"strings"

	"loyaltill/agent/loyalty"
)

// merge makes one member part of another: "merge anna into berta". Anna has ended; what she does by her old name is Berta's.
func (r *player) merge(text string) error {
	if err := r.settle(); err != nil {
		return err
	}
	name, into, ok := strings.Cut(text, " into ")
	goes, stays := r.members[name], r.members[into]
	if !ok || goes == nil || stays == nil {
		return errors.New("say which two members: merge anna into berta")
	}
	for _, b := range r.bills {
		if b.who == goes && b.entry.Sale != nil {
			b.who, b.entry = stays, *b.entry.InNames(map[loyalty.MemberID]loyalty.MemberID{goes.id: stays.id})
		}
	}
	gone, err := goes.side(r.p, r.day)
	if err != nil {
		return err
	}
	has, err := stays.side(r.p, r.day)
	if err != nil {
		return err
	}
	e, err := r.p.Merge(has, gone, r.head())
	if err != nil {
		return fmt.Errorf("merge %s into %s: %w", name, into, err)
	}
	if !e.Merge.Ends() {
		return fmt.Errorf("%s has more lots than one entry can name", name)
	}
	goes.apply(r.p, e.Moves)
	stays.apply(r.p, e.Moves)
	stays.record.Add(loyalty.StepOfMerge(&e, e.Moves, &goes.record.Past))
	stays.tier = e.Merge.Tier
	r.members[name] = stays
	if r.who == goes {
		r.who = stays
	}
	r.result.Rows = append(r.result.Rows, Row{Line: r.line, At: r.at, Member: stays.name, What: "merge", Earned: e.Merge.Points,
		Balance: loyalty.Balance(stays.lots[loyalty.MainWallet])})
	return stays.review(r.p, r.day)
}

// side is all that a member brings to a merge, or has before it.
func (m *person) side(p *loyalty.Programme, day string) (loyalty.MergeSide, error) {
	s, err := m.state(p, day)
	if err != nil {
		return loyalty.MergeSide{}, err
	}
	return loyalty.MergeSide{Holding: loyalty.Holding{Member: m.id, Lots: s.Lots}, Wallets: s.Wallets, Stamps: m.record.Stamps, Tier: m.tier}, nil
}

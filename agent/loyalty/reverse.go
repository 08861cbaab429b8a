package loyalty

import "slices"

// ReverseBody names the entry whose exact opposite this is.
type ReverseBody struct {
	EntryRef
	Kind   Kind   `json:"kind"`
	Reason string `json:"reason"`
}

// ReverseInput is what a reversal depends on.
type ReverseInput struct {
	Entry  *Entry
	Before []*Entry // that touch the same member and came after it
	Reason string
}

// Reverse makes the entry that undoes another: every movement the other way round, the last first. Points that have been
// spent since leave a deficit, which the next credit fills. A sale is taken back by Return, a reservation by Settle, a tier by
// the next review, and a reversal by doing the thing again.
func (p *Programme) Reverse(in ReverseInput, head EntryHead) (Entry, error) {
	if err := head.check(); err != nil {
		return Entry{}, err
	}
	if err := p.reason(in.Reason); err != nil {
		return Entry{}, err
	}
	switch in.Entry.Kind {
	case KindExpire, KindTransfer, KindAdjust, KindOpening:
	default:
		return Entry{}, &SaleError{"entry", ReverseKind}
	}
	ref := RefTo(in.Entry)
	if slices.ContainsFunc(in.Before, func(e *Entry) bool { return e.Kind == KindReverse && e.Reverse != nil && e.Reverse.EntryRef == ref }) {
		return Entry{}, &SaleError{"entry", ReverseTwice}
	}
	e := head.Entry(KindReverse)
	e.Member, e.Reverse = in.Entry.Member, &ReverseBody{EntryRef: ref, Kind: in.Entry.Kind, Reason: in.Reason}
	ref.backTo(&e)
	for _, m := range slices.Backward(in.Entry.Moves) {
		m.From, m.To = m.To, m.From
		e.Moves = append(e.Moves, m)
	}
	return e, nil
}

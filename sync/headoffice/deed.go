package headoffice

import (
	"errors"
	"fmt"
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// doubt says under which case an entry goes that cannot be judged.
func doubt(err error) hodb.CaseKind {
	var unknown *unknownProgrammeError
	switch {
	case errors.As(err, &unknown):
		return hodb.CaseProgramme
	case errors.Is(err, hodb.ErrNotFound):
		return hodb.CaseSaleMissing
	}
	return hodb.CaseNotInterpreted
}

// recall is what the rules are told of a member's past: head office's own figures, and of what it does not keep by day the
// store's word.
func recall(p *loyalty.Programme, said *loyalty.History, b before, day string) (*loyalty.History, *loyalty.Standing, error) {
	state := loyalty.MemberState{ID: b.member.ID, Lots: []loyalty.Lot{{Remaining: b.held}}}
	record := loyalty.Record{Past: *b.past, Segments: b.member.Segments, Birthday: b.member.Birthday, Joined: b.member.Joined}
	if err := p.Recall(&state, &record, day); err != nil {
		return nil, nil, err
	}
	h := state.History
	if h == nil {
		return said, state.Standing, nil
	}
	if said != nil {
		h.Segments, h.Attributes = said.Segments, said.Attributes
		if h.Joined == "" {
			h.Joined = said.Joined
		}
	}
	return h, state.Standing, nil
}

// deed judges something that a member did without buying: what its rule gives, once under its key and once for its proof. A figure that differs gives
// nothing.
func (j *judge) deed(m *matter, b before) (v verdict, err error) {
	e := *m.entry
	if b.member == nil {
		v.reason = hodb.CaseMemberUnknown
		return v, j.open(v.reason, m.key, fmt.Sprintf("member %d is not in the register", e.Member))
	}
	if slices.Contains(b.past.Activities, e.Activity.Key) && e.Activity.Key != "" {
		v.reason = hodb.CaseActivityRepeated
		return v, j.open(v.reason, m.key, fmt.Sprintf("%.80q counts once for a member", e.Activity.Key))
	}
	if earlier, err := j.provedBefore(m); err != nil {
		return v, err
	} else if earlier != nil {
		v.reason = hodb.CaseActivityRepeated
		return v, j.open(v.reason, m.key, fmt.Sprintf("its proof was given before, in %v", earlier.Place.Key))
	}
	var found []loyalty.Difference
	p, err := j.published(e.Activity.Programme)
	if err == nil {
		body := *e.Activity
		e.Activity = &body
		if body.History, _, err = recall(p, body.History, b, e.Day); err == nil {
			found, err = p.RequoteActivity(&e)
		}
	}
	if err != nil {
		v.reason = doubt(err)
		return v, j.open(v.reason, m.key, err.Error())
	}
	if v.reason = hodb.CaseDifference; len(found) == 0 {
		v.moves, v.step = e.Moves, loyalty.StepOfActivity(&e)
	}
	return v, j.differences(m, found)
}

// paidLater judges money received later from the sale that it is for, and the payments and returns before it.
func (j *judge) paidLater(m *matter, b before) (v verdict, err error) {
	e := *m.entry
	body := *e.Payment
	e.Payment = &body
	sale, before, returns, err := j.openAccount(m)
	var p *loyalty.Programme
	if err == nil {
		p, err = j.published(body.Programme)
	}
	if err == nil && b.member != nil {
		body.History, _, err = recall(p, body.History, b, e.Day)
	}
	var ours loyalty.Entry
	var found []loyalty.Difference
	if err == nil {
		ours, found, err = p.RequotePayment(&e, sale, before, returns)
	}
	if err != nil {
		v.reason = doubt(err)
		return v, j.open(v.reason, m.key, err.Error())
	}
	if v.reason = hodb.CaseDifference; b.member != nil || e.Member == 0 {
		v.moves, v.step = ours.Moves, loyalty.StepOfPayment(&ours)
	}
	return v, j.differences(m, found)
}

// openAccount reads the sale of a payment, and the payments and returns before it.
func (j *judge) openAccount(m *matter) (sale *loyalty.Entry, before []loyalty.PaymentBody, returns []loyalty.ReturnBody, err error) {
	key := paidFor(m.entry.Payment)
	if sale, err = j.read(key); err != nil {
		return nil, nil, nil, err
	}
	payments, err := j.payments(key, m.place())
	if err != nil {
		return nil, nil, nil, err
	}
	for _, e := range payments {
		before = append(before, *e.Payment)
	}
	goods, err := loyalty.ReturnableOf(sale)
	if err == nil {
		returns, err = j.returnsBefore(goods, m.place())
	}
	return sale, before, returns, err
}

// payments are those of a sale on account that stand before a place.
func (j *judge) payments(sale hodb.EntryKey, at hodb.Place) (all []*loyalty.Entry, err error) {
	links, err := j.tx.Links(hodb.LinkSettle, sale)
	for _, l := range links {
		if err != nil || !l.Place.Before(at) {
			break
		}
		var e *loyalty.Entry
		if e, err = j.read(l.Place.Key); err == nil && e.Payment != nil {
			all = append(all, e)
		}
	}
	return all, err
}

// paidFor names the sale on account.
func paidFor(b *loyalty.PaymentBody) hodb.EntryKey {
	return hodb.EntryKey{Store: b.Store, Epoch: b.Epoch, Seq: b.Seq}
}

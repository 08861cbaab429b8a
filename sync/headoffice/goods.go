package headoffice

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// link puts an entry under the one that it names, and has what stands after it there judged again.
func (j *judge) link(m *matter, topic hodb.LinkTopic, ref hodb.EntryKey) error {
	_, err := j.tx.Entry(ref)
	missing := errors.Is(err, hodb.ErrNotFound)
	if err != nil && !missing {
		return err
	}
	links, err := j.tx.Links(topic, ref)
	if err != nil {
		return err
	}
	for _, l := range links {
		if m.place().Before(l.Place) {
			if err := j.unsettle(l.Member, l.Place); err != nil {
				return err
			}
		}
	}
	return j.tx.AddLink(hodb.Link{Topic: topic, Ref: ref, Place: m.place(), Member: m.entry.Member}, missing)
}

// soldBy names the sale whose goods came back.
func soldBy(b *loyalty.ReturnBody) hodb.EntryKey {
	return hodb.EntryKey{Store: b.Store, Epoch: b.Epoch, Seq: b.Seq}
}

// goodsBack judges a return from the sale's own entry and the returns before it. Without the sale it waits: what the store
// said stays in suspense until the sale arrives.
func (j *judge) goodsBack(m *matter, b before) (v verdict, err error) {
	body := m.entry.Return
	if len(body.Unbilled) > 0 {
		return j.withoutBill(m)
	}
	in, sale, err := j.returned(m)
	if err == nil {
		in.Policy, err = j.returnPolicy(body)
	}
	var ours loyalty.Entry
	var found []loyalty.Difference
	if err == nil {
		ours, found, err = requoteReturn(m.entry, in)
	}
	v.reason = returnReason(err)
	if err != nil {
		return v, j.open(v.reason, m.key, err.Error())
	}
	if b.member != nil && m.entry.Member == in.Sale.Member {
		v.moves = settledMoves(m.entry, &ours, sale, &in)
		if v.step, err = loyalty.StepBack(sale, in.Before, ours.Return); err != nil {
			return v, err
		}
	}
	return v, j.differences(m, found)
}

// unknownProgrammeError says that head office never published a version.
type unknownProgrammeError struct{ digest string }

func (e *unknownProgrammeError) Error() string {
	return fmt.Sprintf("programme %.64q was never published", e.digest)
}

func (j *judge) returnPolicy(b *loyalty.ReturnBody) (loyalty.ReturnPolicy, error) {
	p, err := j.published(b.Programme)
	if err != nil {
		return loyalty.ReturnPolicy{}, err
	}
	return p.ReturnPolicy(), nil
}

// published is a version that head office gave out.
func (j *judge) published(digest string) (*loyalty.Programme, error) {
	p, err := j.office.programme(j.tx, digest)
	if errors.Is(err, hodb.ErrNotFound) {
		err = &unknownProgrammeError{digest}
	}
	return p, err
}

// returned reads the sale of a return and the returns before it that were good.
func (j *judge) returned(m *matter) (in loyalty.ReturnInput, sale *loyalty.Entry, err error) {
	key := soldBy(m.entry.Return)
	if sale, err = j.read(key); err != nil {
		return in, nil, err
	}
	if in.Sale, err = loyalty.ReturnableOf(sale); err != nil {
		return in, nil, err
	}
	payments, err := j.payments(key, m.place())
	for _, e := range payments {
		if err == nil {
			err = in.Sale.AddPayment(e)
		}
	}
	if err != nil {
		return in, nil, err
	}
	if m.entry.Return.Repriced {
		p, err := j.published(sale.Sale.Programme)
		if err == nil {
			in.Terms, err = p.Terms(sale)
		}
		if err != nil {
			return in, nil, err
		}
	}
	if in.Before, err = j.returnsBefore(in.Sale, m.place()); err != nil {
		return in, nil, err
	}
	if in.Sale.Member == 0 {
		return in, sale, nil
	}
	if in.Expired, err = j.tx.ExpiredOf(in.Sale.Member, in.Sale.Lots, m.place()); err != nil {
		return in, nil, err
	}
	for _, w := range in.Sale.Wallets {
		expired, err := j.tx.ExpiredOf(in.Sale.Member, w.Lots, m.place())
		if err != nil {
			return in, nil, err
		}
		in.Wallets = append(in.Wallets, loyalty.ReturnWallet{Wallet: w.Wallet, Expired: expired})
	}
	return in, sale, nil
}

// returnsBefore are those of a sale that stand before a place and were good.
func (j *judge) returnsBefore(sale loyalty.Returnable, at hodb.Place) (all []loyalty.ReturnBody, err error) {
	links, err := j.tx.Links(hodb.LinkReturn, hodb.EntryKey{Store: sale.Store, Epoch: sale.Epoch, Seq: sale.Seq})
	for _, l := range links {
		if err != nil || !l.Place.Before(at) {
			break
		}
		var e *loyalty.Entry
		if e, err = j.read(l.Place.Key); err != nil {
			return nil, err
		}
		if more := append(slices.Clip(all), *e.Return); loyalty.FitsSale(sale, more) {
			all = more
		}
	}
	return all, err
}

// read decodes an entry that has arrived.
func (j *judge) read(k hodb.EntryKey) (*loyalty.Entry, error) {
	raw, err := j.tx.Entry(k)
	if err != nil {
		return nil, err
	}
	m, err := readMatter(raw)
	if err != nil {
		return nil, err
	}
	err = j.understand(m)
	return m.entry, err
}

// requoteReturn keeps a fault of the rules on one odd return from stopping all entries behind it.
func requoteReturn(e *loyalty.Entry, in loyalty.ReturnInput) (ours loyalty.Entry, found []loyalty.Difference, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("the rules fail on this return: %v", fault)
		}
	}()
	return loyalty.RequoteReturn(e, in)
}

// settledMoves is what a return does to the member and to gift cards: what comes back as head office finds, and of the earned
// points owed as many as the store found there to be taken.
func settledMoves(said, ours, sale *loyalty.Entry, in *loyalty.ReturnInput) []loyalty.Movement {
	var moves []loyalty.Movement
	for _, move := range ours.Moves {
		if from, _, mine := loyalty.AccountWallet(move.From); !mine || from != ours.Member {
			moves = append(moves, move)
		}
	}
	taken := min(max(said.Return.Taken, 0), ours.Return.Taken+ours.Return.Short)
	moves = append(moves, in.ToPartners(taking(taken, sale, loyalty.AccountsOf(ours.Member, loyalty.MainWallet)), taken)...)
	for _, w := range ours.Return.Wallets {
		taken := loyalty.Points(0)
		for _, own := range said.Return.Wallets {
			if own.Wallet == w.Wallet {
				taken = min(max(own.Taken, 0), w.Taken+w.Short)
			}
		}
		moves = append(moves, taking(taken, sale, loyalty.AccountsOf(ours.Member, w.Wallet))...)
	}
	return moves
}

// taking takes points from the sale's own lots first, the soonest ending before the others; what is no longer in them comes
// from the rest.
func taking(points loyalty.Points, sale *loyalty.Entry, at loyalty.Accounts) []loyalty.Movement {
	var own, moves []loyalty.Movement
	for _, move := range sale.Moves {
		if move.From == at.Issued && move.To == at.Main {
			own = append(own, move)
		}
	}
	slices.SortStableFunc(own, func(a, b loyalty.Movement) int {
		return cmp.Or(b2i(a.Expires == "")-b2i(b.Expires == ""), cmp.Compare(a.Expires, b.Expires))
	})
	for _, lot := range append(own, loyalty.Movement{Points: points}) {
		if part := min(lot.Points, points); part > 0 {
			moves = append(moves, loyalty.Movement{From: at.Main, To: at.Issued, Points: part, Lot: lot.Lot})
			points -= part
		}
	}
	return moves
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// returnReason is the case of a return that head office does not follow: with an error it could not work it out, without one
// its figures are others.
func returnReason(err error) hodb.CaseKind {
	var refused *loyalty.SaleError
	switch {
	case errors.As(err, &refused):
		return hodb.CaseReturnRefused
	case err != nil:
		return doubt(err)
	}
	return hodb.CaseDifference
}

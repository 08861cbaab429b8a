package headoffice

import (
	"errors"
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/sync/wire"
)

// asks has points of a member set aside for an attempt at a sale; it gives the points that are left when they are too few, and -1 when not.
func (b *box) asks(o *Office, txn loyalty.TxnID, member loyalty.MemberID, points loyalty.Points, attempt int64) int64 {
	b.t.Helper()
	_, err := o.Reserve(b.t.Context(), loyalty.StoreID(b.id.Store), wire.ReserveRequest{Epoch: loyalty.Epoch(b.id.Epoch), Txn: txn, Member: member,
		Points: points, Through: b.seq(), Attempt: attempt})
	var p *wire.Problem
	if errors.As(err, &p) && p.Code == wire.CodePointsShort {
		return p.Available
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return -1
}

func TestGivingUpAnEarlierAttemptTakesNothingFromALaterOne(t *testing.T) {
	c, one, two, anna, _ := wideShop(t)
	brought(one, anna, 100)
	c.hears("in their order", one, two)
	sale, id := one.head().Txn, loyalty.StoreID(one.id.Store)
	giveUp := func(attempt int64) {
		if err := c.office.Unreserve(t.Context(), id, sale, attempt); err != nil {
			t.Fatal(err)
		}
	}
	for attempt := range int64(2) {
		if left := one.asks(c.office, sale, anna, 60, attempt+1); left >= 0 {
			t.Fatalf("attempt %d: %d points left", attempt+1, left)
		}
	}
	giveUp(1) // it was long on its way
	if left := two.asks(c.office, two.head().Txn, anna, 60, 1); left != 40 {
		t.Errorf("the other store is told %d", left)
	}
	giveUp(3) // the third attempt's question is still on its way
	for attempt := int64(1); attempt <= 3; attempt++ {
		if left := one.asks(c.office, sale, anna, 60, attempt); left != 0 {
			t.Errorf("attempt %d, which was given up: %d", attempt, left)
		}
	}
	if left := two.asks(c.office, two.head().Txn, anna, 60, 2); left >= 0 {
		t.Errorf("the other store is told %d of what is free again", left)
	}
}

// Anna becomes part of berta, and berta of carla, while a store has points set aside that were anna's.
func TestWhatIsSetAsideCountsThroughEveryMerge(t *testing.T) {
	c, one, two, anna, berta := wideShop(t)
	carla := c.member("6034000000000034")
	_, lots := brought(one, anna, 100)
	c.hears("in their order", one, two)
	if left := one.asks(c.office, one.head().Txn, anna, 60, 1); left >= 0 {
		t.Fatalf("%d points left", left)
	}
	one.merge(berta, anna, lots)
	c.hears("in their order", one, two)
	one.merge(carla, berta, c.report().member(t, berta).Lots)
	c.hears("in their order", one, two)
	if m := c.report().member(t, carla); m.Balance != 100 {
		t.Fatalf("carla has %d", m.Balance)
	}
	if left := two.asks(c.office, two.head().Txn, carla, 60, 1); left != 40 {
		t.Errorf("the other store is told %d", left)
	}
}

package headoffice

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// claimants want points of one member: the first ones an allowance for their store, the others some for one sale.
const (
	claimants  = 6
	leaseholds = 2
	toShare    = loyalty.Points(100)
	eachWants  = loyalty.Points(60)
)

// claim is what a claimant asks, or gives back when it wants nothing.
type claim struct {
	who   int
	wants loyalty.Points
}

// word is what became of it; left is what head office says of a reservation that it refuses, else -1.
type word struct {
	given bool
	left  loyalty.Points
}

// clerk is head office as one person who hears one claimant after the other: nobody gets what another one holds.
func clerk() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return [claimants]loyalty.Points{} },
		Step: func(state, input, output any) (bool, any) {
			held, in, out := state.([claimants]loyalty.Points), input.(claim), output.(word)
			free := toShare
			for _, points := range held {
				free -= points
			}
			switch {
			case in.wants == 0:
				held[in.who] = 0
				return out.given, held
			case in.wants > free:
				return !out.given && (out.left == free || out.left < 0), held
			}
			held[in.who] = in.wants
			return out.given, held
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v -> %+v", input, output) },
	}
}

// sharing is a member's points under many hands.
type sharing struct {
	t       *testing.T
	c       *centre
	offices []*Office // instances over one database, where it can be shared
	boxes   []*box
	anna    loyalty.MemberID
	begun   time.Time
	leases  [claimants]hodb.Lease
	sales   [claimants]loyalty.TxnID
	history []porcupine.Operation
}

func (s *sharing) claim(ctx context.Context, in claim) (word, error) {
	o := s.offices[in.who%len(s.offices)]
	switch {
	case in.who < leaseholds && in.wants > 0:
		return s.lease(ctx, o, in)
	case in.who < leaseholds:
		return word{true, -1}, s.endLease(ctx, o, in.who)
	case in.wants > 0:
		return s.ask(ctx, o, in)
	}
	return word{true, -1}, o.Unreserve(ctx, s.storeOf(in.who), s.sales[in.who], 0)
}

func (s *sharing) storeOf(who int) loyalty.StoreID {
	return loyalty.StoreID(s.boxes[who%len(s.boxes)].id.Store)
}

func (s *sharing) lease(ctx context.Context, o *Office, in claim) (word, error) {
	l, err := o.grantLease(ctx, Grant{Member: s.anna, Store: s.storeOf(in.who), Points: in.wants, Hours: 1})
	var field *FieldError
	if errors.As(err, &field) && field.Field == "points" {
		return word{false, -1}, nil
	}
	s.leases[in.who] = l.Lease
	return word{true, -1}, err
}

// endLease is the store's word that it spends no more of its allowance, and its posting.
func (s *sharing) endLease(ctx context.Context, o *Office, who int) error {
	b := s.boxes[who]
	first := b.seq() + 1
	b.returns(s.leases[who], 0)
	if _, err := o.Push(ctx, b.batch(first, b.seq())); err != nil {
		return err
	}
	return o.PostAll(ctx)
}

func (s *sharing) ask(ctx context.Context, o *Office, in claim) (word, error) {
	s.sales[in.who] = loyalty.TxnID(randomID(s.t))
	_, err := o.Reserve(ctx, s.storeOf(in.who), wire.ReserveRequest{Epoch: 1, Txn: s.sales[in.who], Member: s.anna, Points: in.wants, Attempt: 1})
	var p *wire.Problem
	if errors.As(err, &p) && p.Code == wire.CodePointsShort {
		return word{false, loyalty.Points(p.Available)}, nil
	}
	return word{true, -1}, err
}

// atOnce has all of them come at one time. It gives who got what he wanted.
func (s *sharing) atOnce(claims ...claim) (given []int) {
	s.t.Helper()
	told := make([]porcupine.Operation, len(claims))
	var all sync.WaitGroup
	for i, in := range claims {
		all.Go(func() {
			op := porcupine.Operation{ClientId: in.who, Input: in, Call: int64(time.Since(s.begun))}
			out, err := s.claim(s.t.Context(), in)
			if err != nil {
				s.t.Errorf("%+v: %v", in, err)
			}
			op.Output, op.Return = out, int64(time.Since(s.begun))
			told[i] = op
		})
	}
	all.Wait()
	for i, op := range told {
		if claims[i].wants > 0 && op.Output.(word).given {
			given = append(given, claims[i].who)
		}
	}
	s.history = append(s.history, told...)
	return given
}

// Stores want an allowance and tills want points for a sale, all at once, of a member who has enough for one of them; who has them gives them
// back while the others ask again. What each was told fits one order of all: no point is promised twice. Also through two instances of head office.
func TestAllowancesAndReservationsAreGivenAsByOneClerkOnBothEngines(t *testing.T) {
	const rounds = 12
	c, one, two, anna, _ := wideShop(t)
	brought(one, anna, toShare)
	c.hears("in their order", one, two)
	s := &sharing{t: t, c: c, offices: []*Office{c.office}, boxes: []*box{one, two}, anna: anna, begun: time.Now()}
	if c.home.Database != "" {
		twin, err := OpenOffice(t.Context(), c.home, c.options())
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := twin.Close(); err != nil {
				t.Error(err)
			}
		}()
		s.offices = append(s.offices, twin)
	}
	for range rounds {
		var all, others []claim
		for who := range claimants {
			all = append(all, claim{who, eachWants})
		}
		given := s.atOnce(all...)
		if len(given) != 1 {
			t.Fatalf("%d of %d got %d points of %d", len(given), claimants, eachWants, toShare)
		}
		others = append(others, claim{given[0], 0})
		for who := range claimants {
			if who != given[0] {
				others = append(others, claim{who, eachWants})
			}
		}
		for _, who := range s.atOnce(others...) {
			s.atOnce(claim{who, 0})
		}
	}
	if result := porcupine.CheckOperationsTimeout(clerk(), s.history, time.Minute); result != porcupine.Ok {
		t.Errorf("%d questions do not fit one order: %s", len(s.history), result)
	}
	c.inOrder()
}

// The checker itself is put to the proof.
func TestAPointPromisedTwiceWouldBeSeen(t *testing.T) {
	two := []porcupine.Operation{
		{ClientId: 0, Input: claim{0, eachWants}, Call: 0, Output: word{true, -1}, Return: 10},
		{ClientId: 3, Input: claim{3, eachWants}, Call: 5, Output: word{true, -1}, Return: 15},
	}
	if porcupine.CheckOperations(clerk(), two) {
		t.Error("two who got 60 of 100 points pass")
	}
}

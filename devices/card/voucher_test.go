package card_test

import (
	"errors"
	"testing"

	"loyaltill/devices/card"
	"loyaltill/devices/card/cardtest"
)

func TestOrdersSayWhatTheyDoInKindAmountAndRef(t *testing.T) {
	ref := [8]byte{1, 2, 3}
	must := func(o card.Order, err error) card.Order {
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	for name, c := range map[string]struct{ got, want card.Order }{
		"points that are added":     {must(card.PointsOrder(500, ref)), card.Order{Kind: 1, Amount: 500, Ref: ref}},
		"points that are taken":     {must(card.PointsOrder(-500, ref)), card.Order{Kind: 1, Amount: -500, Ref: ref}},
		"tries given back":          {card.UnblockOrder(false, ref), card.Order{Kind: 2, Ref: ref}},
		"the PIN forgotten as well": {card.UnblockOrder(true, ref), card.Order{Kind: 2, Amount: 1, Ref: ref}},
		"limits without PIN":        {card.LimitsOrder(0x102, 0x304), card.Order{Kind: 3, Ref: [8]byte{0, 0, 1, 2, 0, 0, 3, 4}}},
		"tier and language":         {must(card.InfoOrder("gold", "lv")), card.Order{Kind: 4, Amount: 'l'<<8 | 'v', Ref: [8]byte{'g', 'o', 'l', 'd'}}},
		"no tier, language as is":   {must(card.InfoOrder("", "")), card.Order{Kind: 4}},
		"the end":                   {card.TerminateOrder(ref), card.Order{Kind: 5, Ref: ref}},
	} {
		if c.got != c.want {
			t.Errorf("%s: %+v, want %+v", name, c.got, c.want)
		}
	}
	for name, err := range map[string]error{
		"no points":        second(card.PointsOrder(0, ref)),
		"a long tier":      second(card.InfoOrder("platinum+", "lv")),
		"a tier with NUL":  second(card.InfoOrder("go\x00ld", "lv")),
		"a capital":        second(card.InfoOrder("gold", "LV")),
		"half a language":  second(card.InfoOrder("gold", "l")),
		"foreign letters":  second(card.InfoOrder("zelts★", "lv")),
		"language too big": second(card.InfoOrder("gold", "lav")),
	} {
		if err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestAVoucherExplainsOnlyWhatItCanHaveDone(t *testing.T) {
	s := newStore(t, cardtest.Plastic{})
	voucher := func(kind card.VoucherKind, amount int32) card.Voucher {
		return s.issuer.Sign(card.Order{Kind: kind, Amount: amount, Ref: [8]byte{7}}.Voucher(s.id, 1))
	}
	id := func(v card.Voucher) (id card.TxID) {
		copy(id[copy(id[:], v.Ref[:]):], v.MAC[:])
		return id
	}
	for _, c := range []struct {
		kind   card.VoucherKind
		amount int32
		taken  int32
		want   bool
	}{
		{card.KindPoints, 500, 500, true}, {card.KindPoints, 500, 499, false}, {card.KindPoints, -500, -500, true},
		{card.KindPoints, -500, -3, true}, {card.KindPoints, -500, 0, true}, {card.KindPoints, -500, -501, false},
		{card.KindPoints, -500, 1, false}, {card.KindUnblock, 1, 0, true}, {card.KindUnblock, 1, 1, false},
		{card.KindTerminate, 0, -900, true}, {card.KindTerminate, 0, 900, false},
	} {
		if v := voucher(c.kind, c.amount); v.Explains(id(v), c.taken) != c.want {
			t.Errorf("%v of %d explains %d: %v", c.kind, c.amount, c.taken, !c.want)
		}
	}
	if v := voucher(card.KindPoints, 500); v.Explains(card.TxID{1}, 500) {
		t.Error("a voucher explains the load of another")
	}
}

func TestABlockedOrTerminatedCardCanStillBeReadAndEnded(t *testing.T) {
	s := newStore(t, cardtest.Plastic{})
	s.load(t, 500)
	s.trust = s.issuer.Trust(t, func(card.ID) bool { return true })
	s.insert(t)
	_, err := card.Open(t.Context(), s.slot, s.trust, today())
	var refused *card.OpenError
	if !errors.Is(err, card.ErrHot) || !errors.As(err, &refused) || refused.Card != s.id {
		t.Fatalf("a blocked card: %v", err)
	}
	last := func() *card.Session {
		t.Helper()
		s.insert(t)
		session, err := card.OpenLast(t.Context(), s.slot, s.trust, today())
		if err != nil {
			t.Fatal(err)
		}
		return session
	}
	if b := last().Balance(); b.Points != 500 {
		t.Fatalf("balance %+v", b)
	}
	if err := s.card.Terminate(); err != nil {
		t.Fatal(err)
	}
	s.insert(t)
	if _, err = card.Open(t.Context(), s.slot, s.trust, today()); !errors.Is(err, card.ErrTerminated) || !errors.As(err, &refused) || refused.Card != s.id {
		t.Fatalf("a terminated card: %v", err)
	}
	session := last()
	if r, err := session.ReadRecord(t.Context(), 1); err != nil || r.Type != card.TypeLoad || r.Amount != 500 {
		t.Fatalf("newest record %+v, %v", r, err)
	}
	_, err = session.Load(t.Context(), s.issuer.Voucher(s.id, 2, 100))
	wantErr(t, err, card.ErrTerminated)
}

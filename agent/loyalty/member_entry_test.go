package loyalty

import (
	"errors"
	"slices"
	"testing"
)

// ledger is a few members' lots and every account, kept as a reader of the log would keep them.
type ledger struct {
	t        testing.TB
	lots     map[MemberID][]Lot
	accounts map[string]Points
	entries  []Entry
	seq      Seq
}

func newLedger(t testing.TB) *ledger {
	return &ledger{t: t, lots: map[MemberID][]Lot{}, accounts: map[string]Points{}}
}

func (l *ledger) head(day string) EntryHead {
	l.seq++
	h := testHead(l.seq)
	h.Day, h.At = day, day+"T10:00:00.000+02:00"
	return h
}

// apply writes an entry in its canonical form, reads it back and counts it. Afterwards the books must be right.
func (l *ledger) apply(e Entry) {
	l.t.Helper()
	body, err := e.Encode()
	if err != nil {
		l.t.Fatal(err)
	}
	stored, err := DecodeEntry(body)
	if err != nil {
		l.t.Fatal(err)
	}
	l.entries = append(l.entries, *stored)
	touched := []MemberID{}
	for _, m := range stored.Moves {
		if m.Points <= 0 || m.From == m.To {
			l.t.Fatalf("%s moves nothing: %+v", e.Kind, m)
		}
		l.accounts[m.From] -= m.Points
		l.accounts[m.To] += m.Points
		for _, account := range []string{m.From, m.To} {
			if id, ok := AccountMember(account); ok && !slices.Contains(touched, id) {
				touched = append(touched, id)
			}
		}
	}
	for _, id := range touched {
		l.lots[id] = Apply(l.lots[id], stored.Moves, id)
	}
	l.check()
}

// check: every account together holds nothing, and a member's lots are what the member's accounts hold.
func (l *ledger) check() {
	l.t.Helper()
	sum, of, reserved := Points(0), map[MemberID]Points{}, map[MemberID]Points{}
	for account, points := range l.accounts {
		sum += points
		if id, ok := AccountMember(account); ok {
			of[id] += points
			if account == AccountReserved(id) {
				reserved[id] = points
			}
		}
	}
	if sum != 0 || l.accounts[AccountTransferred] != 0 {
		l.t.Fatalf("accounts sum to %d, %d on their way", sum, l.accounts[AccountTransferred])
	}
	for id, lots := range l.lots {
		held := Points(0)
		for _, lot := range lots {
			held += lot.Reserved
		}
		if Balance(lots) != of[id] || held != reserved[id] {
			l.t.Fatalf("member %d: lots hold %d, %d reserved; accounts %d, %d: %+v", id, Balance(lots), held, of[id], reserved[id], lots)
		}
	}
}

func (l *ledger) holding(id MemberID) Holding { return Holding{Member: id, Lots: l.lots[id]} }

func must(t testing.TB, e Entry, err error) Entry {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	var bad *SaleError
	if !errors.As(err, &bad) || bad.Code != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

func TestAReservationIsConfirmedCancelledOrReleasedOnce(t *testing.T) {
	for _, as := range []SettleAs{SettleConfirm, SettleCancel, SettleRelease} {
		l := newLedger(t)
		opening, err := Opening(OpeningInput{Member: 7, Source: "old", Lots: []OpeningLot{{100, "2026-01-01", "2026-12-31"}, {50, "2026-02-01", ""}}}, l.head("2026-03-01"))
		l.apply(must(t, opening, err))
		before := slices.Clone(l.lots[7])
		reserve, err := Reserve(ReserveInput{Holding: l.holding(7), Points: 120, Until: "2026-03-02T18:00:00.000+02:00", For: "kettle"}, l.head("2026-03-02"))
		l.apply(must(t, reserve, err))
		if got := Spendable(l.lots[7], "2026-03-02"); got != 30 {
			t.Fatalf("%d can be spent beside the reservation", got)
		}
		r, ok := ReservationOf(&l.entries[1])
		if !ok || r.Points != 120 {
			t.Fatalf("reservation %+v", r)
		}
		day := "2026-03-02"
		if as == SettleRelease {
			_, err := r.Settle(as, l.head(day))
			wantCode(t, err, ReserveRuns)
			day = "2026-03-03"
			_, err = r.Settle(SettleConfirm, l.head(day))
			wantCode(t, err, ReserveOver)
		}
		e, err := r.Settle(as, l.head(day))
		l.apply(must(t, e, err))
		if !r.SettledBy(&l.entries[2]) || r.SettledBy(&l.entries[1]) {
			t.Error("who settled it is not found")
		}
		want := before
		if as == SettleConfirm {
			want = []Lot{{ID: before[1].ID, Remaining: 30, Earned: "2026-02-01"}}
		}
		if !slices.Equal(l.lots[7], want) {
			t.Errorf("%s: lots %+v, want %+v", as, l.lots[7], want)
		}
	}
}

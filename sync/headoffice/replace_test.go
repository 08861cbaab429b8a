package headoffice

import (
	"errors"
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/sync/wire"
)

// loser is a member who has 300 points on a card, and a store that takes it.
type loser struct {
	*centre
	b    *box
	anna loyalty.MemberID
	old  *chip
}

const (
	oldNumber = "6034000000000018"
	newNumber = "6034000000000026"
)

func newLoser(t *testing.T) *loser {
	t.Helper()
	c, b := shop(t)
	l := &loser{centre: c, b: b, anna: c.member(oldNumber)}
	l.old = c.chip(l.anna, oldNumber, b.id.CardRoot)
	b.sell(l.anna, 15000)
	l.settle()
	b.load(l.old.take(b.feed(0, 0)))
	l.settle()
	return l
}

// settle has the store tell all, and head office judge it and prove its books.
func (l *loser) settle() {
	l.t.Helper()
	l.b.sync()
	l.settled()
	if found, err := l.office.Verify(l.t.Context()); err != nil || len(found) > 0 {
		l.t.Fatalf("%+v %v", found, err)
	}
}

func (l *loser) lose() ReplaceOutcome {
	l.t.Helper()
	wait := 3
	out, err := l.manager().ReplaceCard(l.t.Context(), l.old.id, number(l.t, newNumber), &wait)
	if err != nil {
		l.t.Fatal(err)
	}
	return out
}

// wait lets the days pass until the points move.
func (l *loser) wait(due string) {
	l.t.Helper()
	out, err := l.office.BeginDay(l.t.Context(), due)
	if err != nil || out.Replaced != 1 {
		l.t.Fatalf("%+v %v", out, err)
	}
	l.settle()
}

// waiting is what vouchers bring to a card.
func (l *loser) waiting(k *chip) (points int32) {
	for _, row := range l.b.feed(0, 0).Rows {
		if v := row.Voucher; v != nil && v.Card == k.id {
			points += v.Amount
		}
	}
	return points
}

func TestPointsOfALostCardFollowAfterTheWait(t *testing.T) {
	l := newLoser(t)
	out := l.lose()
	if out.Member != l.anna || out.Points != 300 {
		t.Fatalf("%+v", out)
	}
	rows := l.b.feed(0, 0).Rows
	hot, ends := false, false
	for _, row := range rows {
		hot = hot || row.Hot != nil && row.Hot.Card == l.old.id && row.Hot.Blocked
		ends = ends || row.Voucher != nil && row.Voucher.Card == l.old.id && row.Voucher.Kind == 5
	}
	if !hot || !ends {
		t.Errorf("stores hear that it is blocked (%v) and get what ends it (%v): %+v", hot, ends, rows)
	}
	fresh := l.chip(l.anna, newNumber, l.b.id.CardRoot)
	if n := l.waiting(fresh); n != 0 {
		t.Errorf("%d points did not wait", n)
	}
	l.wait(out.Due)
	if n := l.waiting(fresh); n != 300 {
		t.Errorf("%d points follow, want 300", n)
	}
	show, err := l.manager().Card(t.Context(), l.old.id)
	if err != nil || show.State != "ended" || show.Replaced == nil || !show.Replaced.Moved || show.Replaced.By != "6034…0026" {
		t.Errorf("%+v %v", show, err)
	}
}

// A store that has not heard of the loss lets the card pay. What it tells within the wait is settled first; what it tells later is
// taken from the new card.
func TestWhatALostCardPaidBeforeItWasKnownIsNotPaidTwice(t *testing.T) {
	for name, late := range map[string]bool{"told within the wait": false, "told after it": true} {
		t.Run(name, func(t *testing.T) {
			l := newLoser(t)
			paid := l.b.redeem(l.old, 10000, 100)
			l.b.write(paid)
			out := l.lose()
			fresh := l.chip(l.anna, newNumber, l.b.id.CardRoot)
			if !late {
				l.settle()
			}
			if _, err := l.office.BeginDay(t.Context(), out.Due); err != nil {
				t.Fatal(err)
			}
			l.settle()
			earned := int32(paid.Sale.Earned)
			if n := l.waiting(fresh); n != 200+earned {
				t.Errorf("the new card gets %d points, want %d", n, 200+earned)
			}
		})
	}
}

func TestLostCardThatTurnsUpIsEndedAndChangesNothing(t *testing.T) {
	l := newLoser(t)
	out := l.lose()
	fresh := l.chip(l.anna, newNumber, l.b.id.CardRoot)
	l.wait(out.Due)
	l.b.load(l.old.take(&wire.FeedPage{Rows: l.b.feed(0, 0).Rows}))
	l.settle()
	if n := l.waiting(fresh); n != 300 {
		t.Errorf("the new card gets %d points, want 300", n)
	}
}

func TestCardIsReplacedOnceAndByAFreeNumber(t *testing.T) {
	l := newLoser(t)
	l.member("6034000000000034")
	var field *FieldError
	if _, err := l.manager().ReplaceCard(t.Context(), l.old.id, number(t, "6034000000000034"), nil); !errors.As(err, &field) || field.Field != "number" {
		t.Error(err)
	}
	l.lose()
	if _, err := l.manager().ReplaceCard(t.Context(), l.old.id, number(t, newNumber), nil); !errors.As(err, &field) || field.Field != "card" {
		t.Error(err)
	}
}

package cardsim

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// atPace plays a tap with a redemption and gives the card's time for each step and what went over the link.
func atPace(t *testing.T, p Pace) (selecting, agreeing, verifying, debiting float64, m Metrics) {
	t.Helper()
	office := newHeadOffice(t, 1)
	card, contacts := office.newCard(t, 2, nil), &Contacts{}
	newTap(t, card.Process).load(office, 1, 500)
	p.Virtual = true
	if err := contacts.SetPace(p); err != nil {
		t.Fatal(err)
	}
	spent := int64(0)
	step := func() float64 {
		m = contacts.Metrics()
		took := m.CardUS - spent
		spent = m.CardUS
		return float64(took) / 1000
	}
	h := &tap{t: t, entropy: seeded(77)}
	h.send = func(capdu []byte) []byte {
		o := contacts.Exchange(card, capdu)
		if o.Delay != 0 {
			t.Errorf("the virtual clock waits %s", o.Delay)
		}
		return o.Answer
	}
	h.selectCard()
	selecting = step()
	h.agree()
	agreeing = step() - selecting // the certificate is known: its reading costs what a SELECT costs
	if got := h.verify("4711"); got != swDone {
		t.Fatalf("%04X", got)
	}
	verifying = step()
	if got := h.debit(newSale(100, "sale")); got != swDone {
		t.Fatalf("%04X", got)
	}
	debiting = step()
	return selecting, agreeing, verifying, debiting, m
}

// TestARedemptionTakesWhatTheDesignEstimates holds the sum of what the card does against the estimates that the budgets
// of a tap were made from.
func TestARedemptionTakesWhatTheDesignEstimates(t *testing.T) {
	for _, c := range []struct {
		card         string
		earn, redeem float64 // ms
	}{{"jcop4", 65, 146}, {"jcop3", 135, 326}, {"jcop241", 255, 540}} {
		selecting, agreeing, verifying, debiting, m := atPace(t, Pace{Card: c.card})
		earn, redeem := selecting+agreeing, selecting+agreeing+verifying+debiting
		t.Logf("%s: SELECT %.1f, KEY AGREE %.1f, VERIFY %.1f, DEBIT %.1f; earn %.1f, redeem %.1f ms",
			c.card, selecting, agreeing, verifying, debiting, earn, redeem)
		if math.Abs(earn/c.earn-1) > 0.22 || math.Abs(redeem/c.redeem-1) > 0.18 {
			t.Errorf("%s: earn %.0f and redeem %.0f ms, estimated %.0f and %.0f", c.card, earn, redeem, c.earn, c.redeem)
		}
		row := fmt.Sprintf("| `%s` | %.1f | %.1f | %.1f | %.1f | %.0f ms |", c.card, selecting, agreeing, verifying, debiting, redeem)
		if guide := readGuide(t); !strings.Contains(guide, row) {
			t.Errorf("docs/simulator.md has no row %s", row)
		}
		if m.LinkUS != 0 {
			t.Errorf("%s: %d µs on a link without a speed", c.card, m.LinkUS)
		}
	}
}

func TestALinkTakesItsTimeByTheByte(t *testing.T) {
	for _, c := range []struct {
		link      string
		low, high float64 // ms of a redemption with the certificate read
	}{{"contact-9600", 600, 900}, {"contact-ta1-96", 25, 40}, {"nfc-106", 45, 70}, {"nfc-424", 11, 18}} {
		_, _, _, _, m := atPace(t, Pace{Link: c.link})
		got := float64(m.LinkUS) / 1000
		t.Logf("%s: %d bytes in %d commands, %.1f ms", c.link, m.Bytes, m.Commands, got)
		if got < c.low || got > c.high || m.CardUS != 0 {
			t.Errorf("%s: %.1f ms, want %.0f to %.0f", c.link, got, c.low, c.high)
		}
	}
}

// TestAPresentationFitsIntoTheCustomersPatience holds the budgets of a whole tap without its store's share.
func TestAPresentationFitsIntoTheCustomersPatience(t *testing.T) {
	for _, c := range []struct {
		pace Pace
		ms   int64
	}{{Pace{Card: "jcop4", Link: "nfc-424"}, 300}, {Pace{Card: "jcop3", Link: "nfc-424"}, 500}} {
		_, _, _, _, m := atPace(t, c.pace)
		total := (m.CardUS + m.LinkUS) / 1000
		t.Logf("%+v: %d ms", c.pace, total)
		if total > c.ms {
			t.Errorf("%+v: %d ms, at most %d", c.pace, total, c.ms)
		}
	}
}

func TestARealClockMakesTheHostWait(t *testing.T) {
	card, contacts := newHeadOffice(t, 1).newCard(t, 2, nil), &Contacts{}
	if err := contacts.SetPace(Pace{Card: "jcop4", Link: "contact-9600"}); err != nil {
		t.Fatal(err)
	}
	o := contacts.Exchange(card, unhex(selectHex))
	m := contacts.Metrics()
	if want := 5*time.Millisecond + (15+68+8)*1146*time.Microsecond; o.Delay != want || m.LastUS != want.Microseconds() || m.Bytes != 83 {
		t.Errorf("SELECT is %s late, want %s; %+v", o.Delay, want, m)
	}
	for _, p := range []Pace{{Card: "jcop5"}, {Link: "nfc"}} {
		if err := contacts.SetPace(p); !errors.Is(err, ErrSpeed) {
			t.Errorf("%+v: %v", p, err)
		}
	}
	if err := contacts.SetPace(Pace{}); err != nil {
		t.Fatal(err)
	}
	if o := contacts.Exchange(card, unhex(selectHex)); o.Delay != 0 || contacts.Metrics().Commands != 1 {
		t.Errorf("without a pace: %+v, %+v", o, contacts.Metrics())
	}
}

func TestAReaderWaitsAsLongAsItsCardAndLinkTake(t *testing.T) {
	reader, office := newVirtualReader(t), newHeadOffice(t, 1)
	slot := NewSlot("lane-1", reader.addr(), zerolog.Nop())
	if err := slot.Contacts.SetPace(Pace{Card: "jcop3"}); err != nil {
		t.Fatal(err)
	}
	running(t, slot)
	slot.Insert(office.newCard(t, 2, nil))
	reader.accept()
	start := time.Now()
	newTap(t, reader.transmit)
	if took, want := time.Since(start), 100*time.Millisecond; took < want {
		t.Errorf("a session was opened in %s, a jcop3 needs %s", took, want)
	}
}

package agent_test

import (
	"testing"
	"time"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/firmware-sim/cardsim"
)

// regular is a shop that the card's holder comes to every day: the card has points and was here before.
func regular(t testing.TB) *shop {
	s := newShop(t)
	s.fund(1_000_000)
	for range 2 { // the first loads the voucher, the second reads what it may have changed
		s.tap()
		s.takeOut()
	}
	return s
}

// visit is one tap of a known card, with a redemption in it, and what it cost card and link by the simulator's clock.
type visit struct{ earn, redeem cardsim.Metrics }

func (s *shop) visit(redeem bool) (v visit) {
	s.t.Helper()
	before := s.slot.Contacts.Metrics()
	since := func() cardsim.Metrics {
		now := s.slot.Contacts.Metrics()
		return cardsim.Metrics{Commands: now.Commands - before.Commands, Bytes: now.Bytes - before.Bytes,
			CardUS: now.CardUS - before.CardUS, LinkUS: now.LinkUS - before.LinkUS}
	}
	s.tap()
	if v.earn = since(); redeem {
		if err := s.pin("4711"); err != nil {
			s.t.Fatal(err)
		}
		if _, err := s.commit(newKey(), s.quoted(redeeming(1000, 100))); err != nil {
			s.t.Fatal(err)
		}
		v.redeem = since()
	}
	s.takeOut()
	return v
}

func TestAKnownCardTakesTwoCommandsToEarnAndFourToRedeem(t *testing.T) {
	s := regular(t)
	for round := range 3 {
		if v := s.visit(true); v.earn.Commands != 2 || v.redeem.Commands != 4 {
			t.Errorf("visit %d: %d commands to earn, %d to redeem", round, v.earn.Commands, v.redeem.Commands)
		}
	}
}

// TestATapStaysWithinItsBudget goes by the simulator's clock, which counts what card and link take and does not run. The
// budgets are those of a hand that holds a card to a reader: half a second, and three tenths where nothing is redeemed.
func TestATapStaysWithinItsBudget(t *testing.T) {
	for _, c := range []struct {
		chip         string
		earn, redeem int64 // ms
	}{{"jcop4", 300, 300}, {"jcop3", 300, 500}} {
		s := regular(t)
		if err := s.slot.Contacts.SetPace(cardsim.Pace{Card: c.chip, Link: "nfc-424", Virtual: true}); err != nil {
			t.Fatal(err)
		}
		v := s.visit(true)
		earn, redeem := (v.earn.CardUS+v.earn.LinkUS)/1000, (v.redeem.CardUS+v.redeem.LinkUS)/1000
		if earn == 0 || earn > c.earn || redeem <= earn || redeem > c.redeem {
			t.Errorf("%s: %d ms to earn, %d to redeem; want at most %d and %d", c.chip, earn, redeem, c.earn, c.redeem)
		}
	}
}

// BenchmarkTap is a whole visit with a redemption. The figures are the agent's own time from the PIN to the entry, over the
// direct link and with a card that takes none, and beside them what a real card and its link would take.
func BenchmarkTap(b *testing.B) {
	for _, chip := range []string{"jcop4", "jcop3"} {
		b.Run(chip+"/nfc-424", func(b *testing.B) {
			s := regular(b)
			s.lane.Printer = agent.PrinterConfig{}
			s.restart(s.lane)
			if err := s.slot.Contacts.SetPace(cardsim.Pace{Card: chip, Link: "nfc-424", Virtual: true}); err != nil {
				b.Fatal(err)
			}
			var took []time.Duration
			for b.Loop() {
				b.StopTimer()
				s.posted(len(took))
				s.tap()
				b.StartTimer()
				began := time.Now()
				s.redeemTwenty()
				took = append(took, time.Since(began))
				b.StopTimer()
				s.takeOut()
				b.StartTimer()
			}
			percentiles(b, "redeem", took)
			v := s.visit(true)
			report(b, "earn", v.earn)
			report(b, "redeem", v.redeem)
		})
	}
}

func (s *shop) redeemTwenty() {
	s.t.Helper()
	if err := s.pin("4711"); err != nil {
		s.t.Fatal(err)
	}
	request := twentyLines()
	request.Redeem = &loyalty.Ask{Points: 50}
	quote := must[agent.Quote](s.t)(s.agent.Quote(s.t.Context(), 1, request))
	request.Tenders = []loyalty.Tender{{Kind: loyalty.TenderCash, Amount: quote.ToPay}}
	if _, err := s.commit(newKey(), agent.CommitRequest{SaleRequest: request, Quote: quote.ID}); err != nil {
		s.t.Fatal(err)
	}
}

func report(b *testing.B, what string, m cardsim.Metrics) {
	b.ReportMetric(float64(m.Commands), what+"-apdus")
	b.ReportMetric(float64(m.Bytes), what+"-bytes")
	b.ReportMetric(float64(m.CardUS+m.LinkUS)/1000, what+"-card-ms")
}

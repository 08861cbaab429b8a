package agent_test

import (
	"slices"
	"testing"
	"time"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/agentdb"
)

// percentiles reports the median and the 99th of what a benchmark measured, in microseconds.
func percentiles(b *testing.B, what string, took []time.Duration) {
	slices.Sort(took)
	at := func(percent int) float64 { return float64(took[(len(took)-1)*percent/100].Nanoseconds()) / 1e3 }
	b.ReportMetric(at(50), what+"-p50-µs")
	b.ReportMetric(at(99), what+"-p99-µs")
}

func twentyLines() agent.SaleRequest {
	r := basket(100)
	for len(r.Lines) < 20 {
		r.Lines = append(r.Lines, r.Lines[0])
	}
	return r
}

// posted tells the store, every few sales, that head office has them, as it does in a store with a line.
func (s *shop) posted(n int) {
	const few = 10
	if n%few == 0 {
		head := must[store.Position](s.t)(s.db.Head(s.t.Context()))
		s.headOffice(agentdb.Change{Member: s.member(1000)}, agentdb.Change{Watermark: &agentdb.Watermark{Store: 1, Epoch: 1, Seq: loyalty.Seq(head.Seq)}})
	}
}

// BenchmarkTapToQuote is from the card's answer to reset to the quote on the screen, over the direct link.
func BenchmarkTapToQuote(b *testing.B) {
	s := newShop(b)
	var took []time.Duration
	for b.Loop() {
		s.takeOut()
		changes, stop := s.agent.Listen()
		s.slot.Insert(s.card)
		began := time.Now()
		for ready := false; !ready; {
			lane, ok := (<-changes).Data.(agent.LaneState)
			if ok && lane.Card.State == agent.CardReading {
				began = time.Now()
			}
			ready = ok && lane.Card.State == agent.CardReady
		}
		if _, err := s.agent.Quote(b.Context(), 1, twentyLines()); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
		stop()
	}
	percentiles(b, "tap", took)
}

// BenchmarkQuote is a basket of twenty lines for a member at the till.
func BenchmarkQuote(b *testing.B) {
	s := newShop(b)
	s.tap()
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		if _, err := s.agent.Quote(b.Context(), 1, twentyLines()); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	percentiles(b, "quote", took)
}

// paperless is a shop whose till prints nothing, so that a figure is the sale's alone.
func paperless(b *testing.B) *shop {
	s := newShop(b)
	s.lane.Printer = agent.PrinterConfig{}
	s.restart(s.lane)
	return s
}

// measure times commits of one request, each under its own key.
func measure(b *testing.B, s *shop, what string, request agent.SaleRequest) {
	quote := must[agent.Quote](b)(s.agent.Quote(b.Context(), 1, request))
	request.Tenders = []loyalty.Tender{{Kind: loyalty.TenderCash, Amount: quote.ToPay}}
	var took []time.Duration
	for b.Loop() {
		b.StopTimer()
		s.posted(len(took))
		b.StartTimer()
		began := time.Now()
		if _, err := s.commit(newKey(), agent.CommitRequest{SaleRequest: request, Quote: quote.ID}); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	percentiles(b, what, took)
}

// BenchmarkCommit is a sale of twenty lines made durable, without a card in its way.
func BenchmarkCommit(b *testing.B) {
	s := paperless(b)
	s.tap()
	request := twentyLines()
	measure(b, s, "commit", request)
}

// BenchmarkRedeem is a sale of twenty lines with a debit of the card between intent and entry: two durable commits.
func BenchmarkRedeem(b *testing.B) {
	s := paperless(b)
	s.fund(2_000_000_000)
	s.tap()
	if err := s.pin("4711"); err != nil {
		b.Fatal(err)
	}
	request := twentyLines()
	request.Redeem = &loyalty.Ask{Points: 50}
	measure(b, s, "redeem", request)
}

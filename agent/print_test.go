package agent_test

import (
	"strings"
	"testing"

	"loyaltill/agent"
	"loyaltill/devices"
)

func (s *shop) hand(method, path string, body any) {
	s.t.Helper()
	if err := s.printers.Do(s.t.Context(), method, "/printers/till"+path, body, nil); err != nil {
		s.t.Fatal(err)
	}
}

// whole checks that exactly one sheet is a whole receipt, that it is the last one, and what it says.
func (s *shop) whole(wants ...string) {
	s.t.Helper()
	var all []byte
	if err := s.printers.Do(s.t.Context(), "GET", "/printers/till/paper.txt", nil, &all); err != nil {
		s.t.Fatal(err)
	}
	paper, n := string(all), 0
	for sheet := range strings.SplitSeq(paper, "-------- cut --------") {
		if strings.Contains(sheet, "Paldies") && !strings.Contains(sheet, struckOut) { // the rest of a torn one may come out before it is struck out
			n++
		}
	}
	if n != 1 {
		s.t.Errorf("%d whole receipts:\n%s", n, paper)
	}
	for _, want := range wants {
		if !strings.Contains(paper, want) {
			s.t.Errorf("the paper lacks %q:\n%s", want, paper)
		}
	}
}

func TestPaperOutInTheMiddleTheSaleStandsAndACopyFollows(t *testing.T) {
	s := newShop(t)
	s.hand("POST", "/fault", map[string]any{"kind": "paper-out", "at": "row", "n": 200})
	done, err := s.commit(newKey(), s.quoted(basket(1000)))
	if err != nil {
		t.Fatal(err)
	}
	lane := s.until("paper out to show", func(l agent.LaneState) bool { return l.Printer.State == devices.Attention })
	if lane.Printer.Code != "printer_paper_out" || lane.Jobs != 1 {
		t.Errorf("printer %+v, %d jobs", lane.Printer, lane.Jobs)
	}
	if again, err := s.agent.Sale(t.Context(), done.Sale); err != nil || again.Seq != done.Seq {
		t.Errorf("the sale: %+v, %v", again, err)
	}
	s.hand("POST", "/paper", map[string]any{"loaded": true})
	s.job(done.Job, "superseded")
	s.job(done.Job+1, "confirmed")
	s.whole("KOPIJA 2", "10,00")
}

func TestPaperGoneBeforeTheCutIsNotPrinted(t *testing.T) {
	s := newShop(t)
	s.hand("POST", "/fault", map[string]any{"kind": "paper-out", "at": "cut"})
	done, err := s.commit(newKey(), s.quoted(basket(1000)))
	if err != nil {
		t.Fatal(err)
	}
	s.until("paper out to show", func(l agent.LaneState) bool { return l.Printer.State == devices.Attention })
	for _, j := range must[[]agent.Job](t)(s.agent.Jobs(t.Context(), agent.JobFilter{Lane: 1, Limit: 10})) {
		if j.State == "confirmed" {
			t.Errorf("job %+v is called printed while its sheet is not cut", j)
		}
	}
	s.hand("POST", "/paper", map[string]any{"loaded": true})
	s.job(done.Job, "superseded")
	s.job(done.Job+1, "confirmed")
}

func TestAReprintIsMarkedAndDoneOnceForAKey(t *testing.T) {
	s := newShop(t)
	done, err := s.commit(newKey(), s.quoted(basket(1000)))
	if err != nil {
		t.Fatal(err)
	}
	s.job(done.Job, "confirmed")
	key := newKey()
	copied := must[agent.Job](t)(s.agent.Reprint(t.Context(), done.Job, key, 0))
	again := must[agent.Job](t)(s.agent.Reprint(t.Context(), done.Job, key, 0))
	if copied.ID != again.ID || copied.Copy != 2 {
		t.Errorf("first %+v, again %+v", copied, again)
	}
	s.job(copied.ID, "confirmed")
	_, err = s.agent.Reprint(t.Context(), 999, newKey(), 0)
	refused(t, err, agent.CodeJobUnknown)
}

func TestAgentStoppedWhilePrintingNothingIsCalledPrintedThatIsNot(t *testing.T) {
	s := newShop(t)
	s.hand("POST", "/fault", map[string]any{"kind": "paper-out", "at": "row", "n": 200})
	done, err := s.commit(newKey(), s.quoted(basket(1000)))
	if err != nil {
		t.Fatal(err)
	}
	s.until("paper out to show", func(l agent.LaneState) bool { return l.Printer.State == devices.Attention })
	s.restart(s.lane)
	s.hand("POST", "/paper", map[string]any{"loaded": true})
	// Every byte had left and the cut was not confirmed: whether it is on paper is for a person to say.
	s.job(done.Job, "uncertain")
	copied := must[agent.Job](t)(s.agent.Reprint(t.Context(), done.Job, newKey(), 0))
	s.job(copied.ID, "confirmed")
	s.whole("KOPIJA 2", "10,00")
}

package agent_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/devices"
	"loyaltill/internal/stage"
	"loyaltill/store/agentdb"
)

// The rules of the print journal, R1 to R13, each under its number. R3 to R5 and R12 are the driver's: devices/printer.

// paperText is all that has come out of a printer.
func (s *shop) paperText() string {
	s.t.Helper()
	var all []byte
	if err := s.printers.Do(s.t.Context(), "GET", "/printers/till/paper.txt", nil, &all); err != nil {
		s.t.Fatal(err)
	}
	return string(all)
}

func (s *shop) drawerPulses() int {
	s.t.Helper()
	var st struct {
		Counts struct {
			DrawerPulses int `json:"drawer_pulses"`
		}
	}
	if err := s.printers.Do(s.t.Context(), "GET", "/printers/till", nil, &st); err != nil {
		s.t.Fatal(err)
	}
	return st.Counts.DrawerPulses
}

// paperOut takes the paper and waits until the lane shows it.
func (s *shop) paperOut() {
	s.t.Helper()
	s.hand("POST", "/paper", map[string]any{"loaded": false})
	s.until("paper out to show", func(l agent.LaneState) bool { return l.Printer.State == devices.Attention })
}

func (s *shop) paperIn() {
	s.t.Helper()
	s.hand("POST", "/paper", map[string]any{"loaded": true})
}

func (s *shop) sold() int64 {
	s.t.Helper()
	done, err := s.commit(newKey(), s.quoted(basket(1000)))
	if err != nil {
		s.t.Fatal(err)
	}
	return done.Job
}

// later starts the agent again when time has passed.
func (s *shop) later(d time.Duration) {
	s.skipped.Add(int64(d))
	s.restart(s.lane)
}

// uncertain leaves a job of which nobody can know whether it is on paper.
func (s *shop) uncertain() int64 {
	s.t.Helper()
	s.hand("POST", "/fault", map[string]any{"kind": "unplug", "at": "cut"})
	id := s.sold()
	s.job(id, "uncertain")
	s.hand("DELETE", "/fault", nil)
	return id
}

func TestR1TheSameKeyIsTheSameJobAndOtherContentIsRefused(t *testing.T) {
	s := newShop(t)
	key := newKey()
	first := must[agent.Job](t)(s.agent.OpenDrawer(t.Context(), 1, key))
	again := must[agent.Job](t)(s.agent.OpenDrawer(t.Context(), 1, key))
	if first.ID != again.ID {
		t.Errorf("first %+v, again %+v", first, again)
	}
	_, err := s.db.AddJob(t.Context(), agentdb.NewJob{Key: "drawer/" + key.String(), Class: agentdb.ClassDrawer, Printer: "lane 1", Doc: []byte(`{"drawer":5}`)})
	if !errors.Is(err, agentdb.ErrConflict) {
		t.Errorf("other content: %v", err)
	}
}

func TestR2TheBytesAreStoredBeforeTheFirstOneLeavesAndStayTheSame(t *testing.T) {
	s := newShop(t)
	s.paperOut()
	id := s.sold()
	var before agentdb.Job
	s.eventually("the bytes to be stored", func() bool {
		before = must[agentdb.Job](t)(s.db.Job(t.Context(), id))
		return len(before.Stream) > 0
	})
	if before.State != agentdb.JobQueued {
		t.Errorf("state %s", before.State)
	}
	s.restart(s.lane)
	s.paperIn()
	s.job(id, "confirmed")
	if after := must[agentdb.Job](t)(s.db.Job(t.Context(), id)); string(after.Stream) != string(before.Stream) {
		t.Error("a resumed job was made anew")
	}
}

func TestR6AJobOfWhichNoByteHasLeftPrintsLaterWithoutAMark(t *testing.T) {
	s := newShop(t)
	s.paperOut()
	id := s.sold()
	s.paperIn()
	if j := s.job(id, "confirmed"); j.Copy != 1 || j.Level != "printed" {
		t.Errorf("job %+v", j)
	}
	if strings.Contains(s.paperText(), "KOPIJA") {
		t.Error("it is called a copy")
	}
}

func TestR7AnInterruptedReceiptStartsOverAsCopy2(t *testing.T) {
	s := newShop(t)
	s.hand("POST", "/fault", map[string]any{"kind": "cover-open", "at": "row", "n": 200})
	id := s.sold()
	s.until("the cover to show", func(l agent.LaneState) bool { return l.Printer.Code == "printer_cover_open" })
	s.hand("DELETE", "/fault", nil)
	first := s.job(id, "superseded")
	if second := s.job(first.Successor, "confirmed"); second.Copy != 2 {
		t.Errorf("copy %+v", second)
	}
	s.whole("KOPIJA 2")
}

func TestR8AnUncertainJobIsAskedAboutAndNeverPrintedByItself(t *testing.T) {
	s := newShop(t)
	id := s.uncertain()
	s.job(s.sold(), "confirmed")
	j := s.job(id, "uncertain")
	until, err := time.Parse(time.RFC3339, j.AskUntil)
	if err != nil || time.Until(until) > 2*time.Minute {
		t.Errorf("asked until %q: %v", j.AskUntil, err)
	}
	if strings.Contains(s.paperText(), "KOPIJA") {
		t.Error("it was printed again without anybody's word")
	}
}

func TestR8YesEndsTheQuestion(t *testing.T) {
	s := newShop(t)
	id := s.uncertain()
	key := newKey()
	for range 2 { // the answer may be repeated
		j := must[agent.Job](t)(s.agent.AnswerJob(t.Context(), id, key, true))
		if j.State != "confirmed" || j.Cause != "person" || j.Level != "" {
			t.Errorf("job %+v", j)
		}
	}
	_, err := s.agent.AnswerJob(t.Context(), id, newKey(), false)
	refused(t, err, agent.CodeJobState)
}

func TestR8NoPrintsAMarkedCopyOnce(t *testing.T) {
	s := newShop(t)
	id := s.uncertain()
	key := newKey()
	first := must[agent.Job](t)(s.agent.AnswerJob(t.Context(), id, key, false))
	again := must[agent.Job](t)(s.agent.AnswerJob(t.Context(), id, key, false))
	if first.ID != again.ID || first.Copy != 2 {
		t.Errorf("first %+v, again %+v", first, again)
	}
	s.job(first.ID, "confirmed")
}

func TestR9AnUncertainCouponComesAgainUnderItsSerialOrIsReplacedAsItsKindSays(t *testing.T) {
	for _, c := range []struct {
		coupon string
		same   bool
	}{{"qr", true}, {"dear", false}} {
		t.Run(c.coupon, func(t *testing.T) {
			s := newShop(t)
			s.publish(batchProgramme)
			s.hand("POST", "/fault", map[string]any{"kind": "unplug", "at": "cut"})
			issued := must[agent.CouponAnswer](t)(s.agent.IssueCoupon(t.Context(), 1, newKey(), agent.CouponRequest{Coupon: c.coupon}))
			s.job(issued.Job, "uncertain")
			s.hand("DELETE", "/fault", nil)
			next := must[agent.Job](t)(s.agent.AnswerJob(t.Context(), issued.Job, newKey(), false))
			s.job(next.ID, "confirmed")
			old, anew := must[agentdb.Job](t)(s.db.Job(t.Context(), issued.Job)), must[agentdb.Job](t)(s.db.Job(t.Context(), next.ID))
			if same := old.Serial == anew.Serial; same != c.same || (anew.Copy == 2) != c.same {
				t.Errorf("old %s, new %s as copy %d", old.Serial, anew.Serial, anew.Copy)
			}
		})
	}
}

func TestR10TheDrawerIsKickedOnceAndNeverLate(t *testing.T) {
	s := newShop(t)
	kick := must[agent.Job](t)(s.agent.OpenDrawer(t.Context(), 1, newKey()))
	s.job(kick.ID, "confirmed")
	s.paperOut()
	late := must[agent.Job](t)(s.agent.OpenDrawer(t.Context(), 1, newKey()))
	s.later(6 * time.Second)
	s.job(late.ID, "expired")
	s.paperIn()
	s.job(s.sold(), "confirmed")
	_, err := s.agent.ApproveJob(t.Context(), late.ID)
	refused(t, err, agent.CodeJobState)
	_, err = s.agent.Reprint(t.Context(), kick.ID, newKey(), 0)
	refused(t, err, agent.CodeJobState)
	if n := s.drawerPulses(); n != 1 {
		t.Errorf("the drawer was kicked %d times", n)
	}
}

func TestR10AKickThatMayHaveHappenedIsNotRepeated(t *testing.T) {
	s := newShop(t)
	s.until("the printer", func(l agent.LaneState) bool { return l.Printer.State == devices.OK })
	s.hand("POST", "/fault", map[string]any{"kind": "ack-lost", "count": 99})
	s.hand("POST", "/fault", map[string]any{"kind": "unplug", "at": "byte", "n": 12})
	kick := must[agent.Job](t)(s.agent.OpenDrawer(t.Context(), 1, newKey()))
	var j agent.Job
	s.eventually("the kick to end", func() bool {
		j = must[agent.Job](t)(s.agent.Job(t.Context(), kick.ID))
		return j.State == "uncertain" || j.State == "interrupted"
	})
	if j.AskUntil != "" || j.Successor != 0 {
		t.Errorf("job %+v", j)
	}
	s.hand("DELETE", "/fault", nil)
	s.job(s.sold(), "confirmed")
	if n := s.drawerPulses(); n > 1 {
		t.Errorf("the drawer was kicked %d times", n)
	}
}

func TestR11NothingPrintsByItselfTheNextMorning(t *testing.T) {
	s := newShop(t)
	s.paperOut()
	var late []int64
	for range 3 {
		late = append(late, s.sold())
	}
	s.later(11 * time.Minute)
	s.paperIn()
	for _, id := range late {
		s.job(id, "expired")
	}
	s.job(s.sold(), "confirmed")
	must[agent.Job](t)(s.agent.ApproveJob(t.Context(), late[1]))
	s.job(late[1], "confirmed")
	listed := must[[]agent.Job](t)(s.agent.Jobs(t.Context(), agent.JobFilter{Lane: 1, States: []string{"expired"}, Limit: 10}))
	if len(listed) != 2 || listed[0].ID != late[2] || listed[1].ID != late[0] {
		t.Errorf("listed as expired: %+v", listed)
	}
}

func TestAJobIsCancelledWhileItWaitsAndWhileThePrinterNeedsSomebody(t *testing.T) {
	s := newShop(t)
	s.hand("POST", "/fault", map[string]any{"kind": "paper-out", "at": "row", "n": 200})
	torn, waiting := s.sold(), s.sold()
	s.until("paper out to show", func(l agent.LaneState) bool { return l.Printer.State == devices.Attention })
	for _, id := range []int64{waiting, torn} {
		if j := must[agent.Job](t)(s.agent.CancelJob(t.Context(), id)); j.State != "cancelled" {
			t.Errorf("job %+v", j)
		}
	}
	s.paperIn()
	s.job(s.sold(), "confirmed")
	s.whole()
}

// twoLanes is a shop with a second till and a printer on a port of its own.
func twoLanes(t *testing.T) *shop {
	t.Helper()
	s := newShop(t)
	second := s.lane
	second.Number, second.Name, second.Reader.Link = 2, "Till 2", ""
	second.Printer.Device = "file:" + filepath.Join(s.dir, "second.bin")
	second.Printer.Profile = "safe"
	s.restart(s.lane, second)
	return s
}

func TestAJobMovesToAnotherPrinterAsItIsOrAsACopy(t *testing.T) {
	s := twoLanes(t)
	s.hand("POST", "/fault", map[string]any{"kind": "paper-out", "at": "row", "n": 200})
	torn, waiting := s.sold(), s.sold()
	s.until("paper out to show", func(l agent.LaneState) bool { return l.Printer.State == devices.Attention })
	moved := must[agent.Job](t)(s.agent.MoveJob(t.Context(), waiting, 2))
	if moved.ID != waiting || moved.Lane != 2 {
		t.Errorf("a waiting job: %+v", moved)
	}
	if j := s.job(waiting, "confirmed"); j.Copy != 1 || j.Level != "one_way" {
		t.Errorf("it printed as %+v", j)
	}
	began := must[agent.Job](t)(s.agent.MoveJob(t.Context(), torn, 2))
	if j := s.job(began.ID, "confirmed"); j.Copy != 2 || j.Lane != 2 || j.ID == torn {
		t.Errorf("one that had begun: %+v", j)
	}
	s.paperIn()
	s.job(s.sold(), "confirmed")
	s.whole()
}

func TestADeadPrinterHoldsUpNoOther(t *testing.T) {
	s := twoLanes(t)
	s.hand("POST", "/fault", map[string]any{"kind": "unplug"})
	stuck := s.sold()
	done := must[agent.CouponAnswer](t)(s.agent.IssueCoupon(t.Context(), 2, newKey(), agent.CouponRequest{Coupon: "coffee"}))
	s.job(done.Job, "confirmed")
	if j := s.job(stuck, "queued"); j.Lane != 1 {
		t.Errorf("job %+v", j)
	}
}

func TestAPaperThatThePrinterCannotPrintIsNamedAndHoldsUpNothing(t *testing.T) {
	s := newShop(t)
	bad := must[int64](t)(s.db.AddJob(t.Context(), agentdb.NewJob{Key: "bad", Class: "receipt", Printer: "lane 1", Doc: []byte(`{}`)}))
	s.job(s.sold(), "confirmed")
	if j := s.job(bad, "cancelled"); j.Cause != "unprintable" || j.Detail == "" {
		t.Errorf("job %+v", j)
	}
}

func TestR13WhatThePrinterCanSayIsShownAndNeverMore(t *testing.T) {
	s := twoLanes(t)
	levels := map[loyalty.LaneID]string{1: "printed", 2: "one_way"}
	s.eventually("the levels to show", func() bool {
		for _, l := range s.agent.Lanes() {
			if l.Printer.Level != levels[l.Lane] {
				return false
			}
		}
		return true
	})
}

func (s *shop) eventually(what string, done func() bool) {
	s.t.Helper()
	err := stage.Until(s.t.Context(), what, wait, func(context.Context) (bool, string, error) { return done(), "", nil })
	if err != nil {
		s.t.Fatal(fmt.Errorf("%w\nlog:\n%s", err, s.log))
	}
}

// BenchmarkPrinterShown prints how long a printer's change takes until listeners, such as the till page, are told.
func BenchmarkPrinterShown(b *testing.B) {
	s := newShop(b)
	s.until("the printer", func(l agent.LaneState) bool { return l.Printer.State == devices.OK })
	for _, c := range []struct{ name, fault string }{{"cover", "cover-open"}, {"unplugged", "unplug"}} {
		b.Run(c.name, func(b *testing.B) {
			var worst time.Duration
			for b.Loop() {
				events, stop := s.agent.Listen()
				began := time.Now()
				s.hand("POST", "/fault", map[string]any{"kind": c.fault})
				for e := range events {
					if l, ok := e.Data.(agent.LaneState); ok && l.Printer.State != devices.OK {
						break
					}
				}
				worst = max(worst, time.Since(began))
				stop()
				b.StopTimer()
				s.hand("DELETE", "/fault", nil)
				s.until("the printer", func(l agent.LaneState) bool { return l.Printer.State == devices.OK })
				b.StartTimer()
			}
			b.ReportMetric(float64(worst.Milliseconds()), "ms-worst")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func TestPrintJobsOverHTTP(t *testing.T) {
	s := newTill(t)
	id := s.uncertain()
	resp, err := s.server.Client().Do(s.request("GET", "/v1/jobs?state=uncertain,expired&class=receipt&lane=1", ""))
	if err != nil {
		t.Fatal(err)
	}
	var listed []agent.Job
	if err := errors.Join(json.NewDecoder(resp.Body).Decode(&listed), resp.Body.Close()); err != nil || len(listed) != 1 || listed[0].ID != id {
		t.Errorf("listed %+v, %v", listed, err)
	}
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		code                     string
	}{
		{"one job", "GET", fmt.Sprintf("/v1/jobs/%d", id), "", 200, ""},
		{"none", "GET", "/v1/jobs/9999", "", 404, "job_unknown"},
		{"a state that there is not", "GET", "/v1/jobs?state=lost", "", 422, "field_invalid"},
		{"no key", "POST", fmt.Sprintf("/v1/jobs/%d/answer", id), `{"printed":true}`, 400, "key_missing"},
		{"approve what is not late", "POST", fmt.Sprintf("/v1/jobs/%d/approve", id), "{}", 409, "job_state"},
		{"to a lane that there is not", "POST", fmt.Sprintf("/v1/jobs/%d/move", id), `{"lane":7}`, 404, "lane_unknown"},
		{"what is not waiting", "POST", fmt.Sprintf("/v1/jobs/%d/move", id), `{"lane":1}`, 200, ""},
		{"cancel", "POST", fmt.Sprintf("/v1/jobs/%d/cancel", id), "{}", 200, ""},
		{"cancel again", "POST", fmt.Sprintf("/v1/jobs/%d/cancel", id), "{}", 200, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, answer := s.do(s.request(c.method, c.path, c.body))
			if code, _ := answer["code"].(string); status != c.status || code != c.code {
				t.Errorf("%d %v", status, answer)
			}
		})
	}
}

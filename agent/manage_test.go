package agent_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/agent/staff"
	"loyaltill/store/agentdb"
)

func TestACorrectionNeedsAReasonAndBeyondTheLimitASecondPerson(t *testing.T) {
	s := newTill(t)
	_, boss := s.hires("Anna", "manager", "4711")
	two, supervisor := s.hires("Berta", "supervisor", "4712")
	three, _ := s.hires("Carla", "supervisor", "4713")
	adjust := func(token string, points int, more string) (int, map[string]any) {
		return s.ask(token, "POST", "/v1/adjustments", fmt.Sprintf(`{"lane":1,"number":"6034000000000018","points":%d,"reason":"goodwill"%s}`, points, more))
	}
	sign := func(n int, pin string) string { return fmt.Sprintf(`,"second":{"number":%d,"pin":%q}`, n, pin) }
	for _, c := range []struct {
		what, token, more, code string
		points                  int
	}{
		{"beyond one person", boss, "", agent.CodeSecondNeeded, 1001},
		{"a minus as large", boss, "", agent.CodeSecondNeeded, -1001},
		{"oneself as the second", supervisor, sign(two, "4712"), agent.CodeSecondSame, 1001},
		{"two without a manager", supervisor, sign(three, "4713"), agent.CodeSecondSame, 1001},
		{"a second with a wrong PIN", boss, sign(two, "9999"), agent.CodeStaffPINWrong, 1001},
		{"points that may lie on the card", boss, "", agent.CodeCardNeeded, -10},
		{"nothing", boss, "", agent.CodeFieldInvalid, 0},
	} {
		if status, answer := adjust(c.token, c.points, c.more); answer["code"] != c.code {
			t.Errorf("%s: status %d, %v, want %s", c.what, status, answer, c.code)
		}
	}
	if status, answer := adjust(testToken, 10, ""); answer["code"] != "role_refused" {
		t.Errorf("by a till: %d, %v", status, answer)
	}
	if status, answer := adjust(supervisor, 300, ""); status != http.StatusCreated || answer["balance"] != 300.0 {
		t.Errorf("alone: %d, %v", status, answer)
	}
	if status, answer := adjust(boss, 1001, sign(two, "4712")); status != http.StatusCreated || answer["balance"] != 1301.0 {
		t.Errorf("together: %d, %v", status, answer)
	}
	acts := must[[]agent.Act](t)(s.agent.Trail(t.Context(), agent.TrailFilter{Limit: 1}))
	if a := acts[0]; a.What != "adjust" || a.About != "6034…0018" || a.Before != "300" || a.After != "+1001 points, goodwill" || a.Second != agentdb.StaffNumber(two) {
		t.Errorf("trail: %+v", a)
	}
	_, figures := s.ask(boss, "GET", "/v1/figures", "")
	if got := fmt.Sprint(figures["flows"]); !strings.Contains(got, "gave:1301 why:adjusted") {
		t.Errorf("flows: %s", got)
	}
}

func TestACorrectionIsBookedOnceUnderItsKey(t *testing.T) {
	s := newTill(t)
	_, boss := s.hires("Anna", "manager", "4711")
	key := newKey()
	for i := range 2 {
		r := s.request("POST", "/v1/adjustments", `{"lane":1,"number":"6034000000000018","points":50,"reason":"goodwill"}`)
		r.Header.Set("Authorization", "Bearer "+boss)
		r.Header.Set("Idempotency-Key", key.String())
		if status, answer := s.do(r); status != http.StatusCreated || answer["balance"] != 50.0 || answer["replayed"] != (i == 1) {
			t.Errorf("call %d: %d, %v", i, status, answer)
		}
	}
}

// Eight corrections at the same moment each take more than half: one of them is booked.
func TestCorrectionsAtOnceCountOneAnother(t *testing.T) {
	s := newShop(t)
	s.publish(meanwhileProgramme)
	correct := func(points loyalty.Points) error {
		_, err := s.agent.Adjust(t.Context(), agent.Doer{Name: "Anna", Role: staff.Manager}, newKey(),
			agent.AdjustRequest{Lane: 1, Number: testNumber, Wallet: "credit", Points: points, Reason: "goodwill"}, nil)
		return err
	}
	if err := correct(100); err != nil {
		t.Fatal(err)
	}
	errs := make([]error, 8)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = correct(-60) })
	}
	wg.Wait()
	booked := 0
	for _, err := range errs {
		if err == nil {
			booked++
		}
	}
	if left := s.last().Moves; booked != 1 {
		t.Errorf("%d of eight were booked, the last as %+v", booked, left)
	}
	s.headOfficeAgrees(meanwhileProgramme)
}

func TestTheLightFollowsTheWorstPart(t *testing.T) {
	of := newShop(t)
	of.syncState = agent.SyncState{State: "in_sync", Feed: "in_sync"}
	of.restart(of.lane)
	s := of.overHTTP()
	_, boss := s.hires("Anna", "manager", "4711")
	s.untilLane(1, "reader and printer ready", func(l agent.LaneState) bool { return l.Reader.State == "ok" && l.Printer.State == "ok" })
	status, answer := s.ask(boss, "GET", "/v1/overview", "")
	if status != 200 || answer["light"] != "good" || answer["message"] != "All is well." {
		t.Errorf("all well: %d, %v", status, answer)
	}
	if err := s.printers.Do(t.Context(), "POST", "/printers/till/fault", map[string]any{"kind": "paper-out"}, nil); err != nil {
		t.Fatal(err)
	}
	s.untilLane(1, "no paper", func(l agent.LaneState) bool { return l.Printer.Code == "printer_paper_out" })
	_, answer = s.ask(boss, "GET", "/v1/overview", "")
	if message, _ := answer["message"].(string); answer["light"] != "warn" || !strings.Contains(message, "out of paper") {
		t.Errorf("no paper: %v", answer)
	}
}

func TestACouponIsLookedAtBeforeItIsPrinted(t *testing.T) {
	s := newTill(t)
	_, boss := s.hires("Anna", "manager", "4711")
	_, can := s.ask(boss, "GET", "/v1/printable", "")
	kinds := can["coupons"].([]any)
	if len(kinds) == 0 {
		t.Fatal("the programme of the tests has no coupons")
	}
	kind := kinds[0].(map[string]any)
	before := len(s.entries())
	status, answer := s.ask(boss, "POST", "/v1/lanes/1/coupons/preview", fmt.Sprintf(`{"coupon":%q,"count":3}`, kind["id"]))
	if text, _ := answer["text"].(string); strings.Contains(text, "LC1:") {
		t.Errorf("the picture has a code that another store would take: %s", text)
	}
	if text, _ := answer["text"].(string); status != 200 || !strings.Contains(text, fmt.Sprint(kind["name"])) || answer["png"] == nil {
		t.Errorf("status %d, %v", status, answer["text"])
	}
	if after := len(s.entries()); after != before {
		t.Errorf("looking wrote %d entries", after-before)
	}
	status, answer = s.ask(boss, "POST", "/v1/lanes/1/coupons/preview", `{"coupon":"none","count":1}`)
	s.refuses(agent.CodeCouponUnknown, status, answer)
}

func TestATestSlipAndATicketComeOut(t *testing.T) {
	s := newTill(t)
	_, technician := s.hires("Tom", "technician", "4711")
	for _, path := range []string{"/v1/lanes/1/test", "/v1/lanes/1/ticket"} {
		status, answer := s.ask(technician, "POST", path, "")
		if status != http.StatusCreated {
			t.Fatalf("%s: %d, %v", path, status, answer)
		}
		job := int64(answer["job"].(map[string]any)["id"].(float64))
		s.job(job, "confirmed")
		if strings.Contains(path, "ticket") != (answer["questions"] != nil) {
			t.Errorf("%s: questions %v", path, answer["questions"])
		}
	}
}

func TestVersionsOfTheProgrammeSayWhatChanged(t *testing.T) {
	s := newTill(t)
	_, boss := s.hires("Anna", "manager", "4711")
	status, answer := s.ask(boss, "GET", "/v1/programme/versions", "")
	versions, _ := answer["versions"].([]any)
	if status != 200 || len(versions) != 1 || versions[0].(map[string]any)["in_force"] != true {
		t.Errorf("status %d, %v", status, answer)
	}
	text := strings.NewReplacer("version: 1", "version: 2", "2020-01-01T00:00", "2099-12-01T00:00", "points: 10", "points: 20").Replace(testProgramme)
	next := compiled(t, text)
	next.PublishedAt = time.Date(2026, 11, 3, 9, 30, 0, 0, time.UTC)
	s.headOffice(agentdb.Change{Programme: next})
	s.headOffice(agentdb.Change{Programme: compiled(t, text)}) // told again by a head office that does not say when
	_, answer = s.ask(boss, "GET", "/v1/programme/versions", "")
	versions, _ = answer["versions"].([]any)
	if len(versions) != 2 {
		t.Fatalf("%v", answer)
	}
	v := versions[0].(map[string]any)
	if v["published"] != "2026-11-03T09:30:00Z" || v["arrived"] == nil || v["effective"] != "2099-12-01T00:00" || v["in_force"] != false {
		t.Errorf("to come: %v", v)
	}
	if told := fmt.Sprint(v["told"]); !strings.Contains(told, "Points for “base” – gives: 20 points for every €1.00 instead of 10 points for every €1.00.") {
		t.Errorf("told: %s", told)
	}
	if held := versions[1].(map[string]any); held["effective"].(string) < "2020-01-01T00:00" || fmt.Sprint(held["told"]) != "[]" {
		t.Errorf("in force: %v", held)
	}
}

func TestTheTrailIsAskedByPersonKindAndDay(t *testing.T) {
	s := newTill(t)
	_, anna := s.hires("Anna", "manager", "4711")
	_, berta := s.hires("Berta", "manager", "4712")
	for i, token := range []string{anna, berta, anna} {
		body := fmt.Sprintf(`{"lane":1,"number":"6034000000000018","points":%d,"reason":"goodwill"}`, i+1)
		if status, answer := s.ask(token, "POST", "/v1/adjustments", body); status != http.StatusCreated {
			t.Fatalf("%d, %v", status, answer)
		}
	}
	today := s.identity.Calendar().Location
	day := func(days int) string { return s.now().In(today).AddDate(0, 0, days).Format("2006-01-02") }
	for query, want := range map[string]int{
		"what=adjust": 3, "what=adjust&person=Anna": 2, "what=adjust&person=Berta": 1, "what=staff_add": 2, "person=Nobody": 0,
		"what=adjust&limit=2": 2, "what=adjust&day=" + day(-7): 0, "what=adjust&day=" + day(7): 0,
	} {
		status, answer := s.ask(anna, "GET", "/v1/trail?"+query, "")
		if acts, ok := answer["acts"].([]any); !ok || len(acts) != want {
			t.Errorf("%s: %d, %v, want %d", query, status, answer, want)
		}
	}
	_, answer := s.ask(anna, "GET", "/v1/trail?day=yesterday", "")
	if answer["code"] != agent.CodeFieldInvalid {
		t.Errorf("a day that is none: %v", answer)
	}
	_, answer = s.ask(anna, "GET", "/v1/trail?what=adjust", "")
	below := answer["acts"].([]any)[1].(map[string]any)["id"]
	if _, older := s.ask(anna, "GET", fmt.Sprintf("/v1/trail?what=adjust&below=%v", below), ""); len(older["acts"].([]any)) != 1 {
		t.Errorf("the page before: %v", older)
	}
	if got := fmt.Sprint(answer["people"], answer["whats"]); got != "[Anna Berta command line] [adjust staff_add]" {
		t.Errorf("to ask for: %s", got)
	}
}

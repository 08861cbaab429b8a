package agent_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"loyaltill/agent"
)

// newWatchedTill stands at noon, so that all that follows is one business day.
func newWatchedTill(t *testing.T, alerts agent.AlertsConfig) *till {
	t.Helper()
	s := newShop(t)
	s.alerts = alerts
	noon := s.now().UTC().Truncate(24 * time.Hour).Add(36 * time.Hour)
	s.later(noon.Sub(s.now()))
	return s.overHTTP()
}

// sells sells to the test's member by number.
func (s *till) sells(cents int64) {
	s.t.Helper()
	r := basket(cents)
	r.Number = testNumber
	if _, err := s.commit(newKey(), s.quoted(r)); err != nil {
		s.t.Fatal(err)
	}
}

// alertsOf lists what stands out, a line each: kind, count, points, whom of staff it is about, and who has seen it.
func (s *till) alertsOf(token string) string {
	s.t.Helper()
	status, answer := s.ask(token, "GET", "/v1/alerts", "")
	if status != http.StatusOK {
		s.t.Fatalf("alerts: %d, %v", status, answer)
	}
	var all []string
	for _, v := range answer["alerts"].([]any) {
		a := v.(map[string]any)
		if n := len(a["evidence"].([]any)); float64(n) != a["count"] {
			s.t.Errorf("%v: %d pieces of evidence", a["alert"], n)
		}
		line := fmt.Sprintf("%v %v %v", a["kind"], a["count"], a["points"])
		if a["who"] != nil {
			line += fmt.Sprintf(" of %v", a["who"])
		}
		if seen, ok := a["seen"].(map[string]any); ok {
			line += fmt.Sprintf(" seen by %v: %v", seen["by"], seen["because"])
		}
		all = append(all, line)
	}
	return strings.Join(all, "\n")
}

func (s *till) sees(token, kind, about, because string) (int, map[string]any) {
	s.t.Helper()
	day := must[agent.Status](s.t)(s.agent.Status(s.t.Context())).Day
	return s.ask(token, "POST", "/v1/alerts/seen", fmt.Sprintf(`{"alert":"%s/%s/%s","because":%q}`, kind, day, about, because))
}

func (s *till) expectAlerts(token, want string) {
	s.t.Helper()
	if got := s.alertsOf(token); got != want {
		s.t.Errorf("alerts:\n%s\nwant:\n%s", got, want)
	}
}

func TestACardThatComesTooOftenStandsOutUntilSomebodyHasSeenIt(t *testing.T) {
	s := newWatchedTill(t, agent.AlertsConfig{Days: 7, CardHour: 3, CardDay: 5})
	_, boss := s.hires("Anna", "manager", "4711")
	_, supervisor := s.hires("Berta", "supervisor", "4712")
	s.sells(100)
	s.sells(200)
	s.expectAlerts(boss, "")
	s.sells(300)
	s.expectAlerts(boss, "card_often 3 60")
	if status := must[agent.Status](t)(s.agent.Status(t.Context())); status.Alerts[agent.AlertCardOften] != 1 {
		t.Errorf("status: %v", status.Alerts)
	}
	overview := must[agent.Overview](t)(s.agent.Overview(t.Context()))
	if i := slices.IndexFunc(overview.Parts, func(p agent.Part) bool { return p.What == "alerts" }); i < 0 || overview.Parts[i].Count != 1 {
		t.Errorf("overview: %+v", overview.Parts)
	}
	member := fmt.Sprint(testMember)
	if status, answer := s.sees(supervisor, "card_often", member, "a family"); answer["code"] != "role_refused" {
		t.Errorf("by a supervisor: %d, %v", status, answer)
	}
	if status, answer := s.sees(boss, "card_often", member, " "); answer["code"] != agent.CodeFieldInvalid {
		t.Errorf("without a word: %d, %v", status, answer)
	}
	if status, answer := s.sees(boss, "card_often", "2", "a family"); answer["code"] != agent.CodeAlertUnknown {
		t.Errorf("one that there is not: %d, %v", status, answer)
	}
	if status, answer := s.sees(boss, "card_often", member, "a family"); status != http.StatusOK {
		t.Fatalf("%d, %v", status, answer)
	}
	s.expectAlerts(boss, "card_often 3 60 seen by Anna: a family")
	if status := must[agent.Status](t)(s.agent.Status(t.Context())); len(status.Alerts) != 0 {
		t.Errorf("status when it was seen: %v", status.Alerts)
	}
	s.sells(400)
	s.expectAlerts(boss, "card_often 4 100") // more came since
	acts := must[[]agent.Act](t)(s.agent.Trail(t.Context(), agent.TrailFilter{What: "alert_seen"}))
	if len(acts) != 1 || acts[0].Name != "Anna" || acts[0].After != "a family" || !strings.HasPrefix(acts[0].About, "card_often/") {
		t.Errorf("trail: %+v", acts)
	}
	s.later(8 * 24 * time.Hour)
	if old := must[[]agent.Alert](t)(s.agent.Alerts(t.Context(), s.now())); len(old) != 0 {
		t.Errorf("after eight days: %+v", old)
	}
}

func TestSalesOnOnesOwnCardStandOut(t *testing.T) {
	s := newWatchedTill(t, agent.AlertsConfig{Days: 7, OwnCard: 1})
	_, boss := s.hires("Anna", "manager", "4711")
	ilze, _ := s.hires("Ilze", "cashier", "4712") // baskets are rung up by "ilze"
	s.sells(100)
	s.expectAlerts(boss, "")
	path := fmt.Sprintf("/v1/staff/%d/card", ilze)
	if status, answer := s.ask(boss, "PUT", path, `{"number":"6034000000000019"}`); answer["code"] != agent.CodeMemberUnknown {
		t.Errorf("nobody's card: %d, %v", status, answer)
	}
	if status, answer := s.ask(boss, "PUT", path, fmt.Sprintf(`{"number":%q}`, testNumber)); status != http.StatusOK || answer["own_card"] != true {
		t.Fatalf("%d, %v", status, answer)
	}
	s.expectAlerts(boss, "own_card 1 10 of Ilze")
	r := basket(200)
	r.Number, r.Cashier = testNumber, "Zane"
	if _, err := s.commit(newKey(), s.quoted(r)); err != nil {
		t.Fatal(err)
	}
	s.expectAlerts(boss, "own_card 1 10 of Ilze")
	if text := s.alertsOf(boss) + s.log.String(); strings.Contains(text, testNumber) {
		t.Error("the card's number is told")
	}
	if status, answer := s.ask(boss, "PUT", path, `{}`); status != http.StatusOK || answer["own_card"] != nil {
		t.Errorf("no card any more: %d, %v", status, answer)
	}
	s.expectAlerts(boss, "")
}

func TestWhoGivesMuchByHandStandsOutAndDoesNotSeeToItAlone(t *testing.T) {
	s := newWatchedTill(t, agent.AlertsConfig{Days: 7, ByHand: 3, ByHandPoints: 500, BillTwice: 500})
	_, boss := s.hires("Anna", "manager", "4711")
	_, other := s.hires("Berta", "manager", "4712")
	gives := func(points int) {
		t.Helper()
		body := fmt.Sprintf(`{"lane":1,"number":%q,"points":%d,"reason":"goodwill"}`, testNumber, points)
		if status, answer := s.ask(boss, "POST", "/v1/adjustments", body); status != http.StatusCreated {
			t.Fatalf("%d, %v", status, answer)
		}
	}
	gives(10)
	gives(10)
	s.expectAlerts(boss, "")
	gives(480)
	s.expectAlerts(boss, "by_hand 3 500 of Anna")
	if status, answer := s.sees(boss, "by_hand", "Anna", "it was me"); answer["code"] != agent.CodeAlertOwn {
		t.Errorf("about oneself: %d, %v", status, answer)
	}
	if status, answer := s.sees(other, "by_hand", "Anna", "three broken jars"); status != http.StatusOK {
		t.Errorf("by another: %d, %v", status, answer)
	}
	s.expectAlerts(other, "by_hand 3 500 of Anna seen by Berta: three broken jars")
	s.sells(600)
	s.sells(700)
	s.sells(600)
	s.expectAlerts(other, "bill_twice 2 120\nby_hand 3 500 of Anna seen by Berta: three broken jars")
}

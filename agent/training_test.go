package agent_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loyaltill/agent"
	"loyaltill/internal/stage"
	"loyaltill/store"
)

// books is all that the store's two files hold, row by row, but the trail, which has to tell who trained.
func (s *shop) books() string {
	s.t.Helper()
	var all strings.Builder
	for _, name := range []string{"ledger.db", "members.db"} {
		db := must[*store.DB](s.t)(store.OpenReadOnly(s.t.Context(), filepath.Join(s.dir, "data", name)))
		tables := s.column(db.Read(), `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('act', 'act_refused') ORDER BY name`)
		for _, table := range tables {
			fmt.Fprintf(&all, "%s %s\n", name, table)
			columns := s.column(db.Read(), fmt.Sprintf(`SELECT 'quote("' || name || '")' FROM pragma_table_info('%s')`, table))
			for _, row := range s.column(db.Read(), fmt.Sprintf(`SELECT concat_ws('|', %s) AS r FROM "%s" ORDER BY r`, strings.Join(columns, ", "), table)) {
				all.WriteString(row + "\n")
			}
		}
		if err := db.Close(); err != nil {
			s.t.Fatal(err)
		}
	}
	return all.String()
}

func (s *shop) column(db *store.Readers, text string) (all []string) {
	s.t.Helper()
	rows, err := db.QueryContext(s.t.Context(), text)
	if err != nil {
		s.t.Fatalf("%s: %v", text, err)
	}
	defer rows.Close()
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			s.t.Fatal(err)
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return all
}

// trains begins a training at lane 1 and gives the token that the till calls with.
func (s *till) trains(body string) string {
	s.t.Helper()
	status, answer := s.ask(testToken, "POST", "/v1/lanes/1/training", body)
	token, _ := answer["token"].(string)
	if status != http.StatusCreated || !strings.HasPrefix(token, agent.TrainingPrefix) {
		s.t.Fatalf("training: %d, %v", status, answer)
	}
	return token
}

// does makes a call that has to succeed.
func (s *till) does(token, method, path, body string) map[string]any {
	s.t.Helper()
	status, answer := s.ask(token, method, path, body)
	if status >= 300 {
		s.t.Fatalf("%s %s: %d, %v", method, path, status, answer)
	}
	return answer
}

const practiceBasket = `"lines":[{"sku":"1","name":"Milk","category":"food","quantity":1000,"amount":1000}],"cashier":"ilze"`

// practises rings up ten of the currency, with so many points, and pays what is left in cash.
func (s *till) practises(token string, points int) map[string]any {
	s.t.Helper()
	sale := practiceBasket
	if points > 0 {
		sale += fmt.Sprintf(`,"redeem":{"points":%d}`, points)
	}
	q := s.does(token, "POST", "/v1/lanes/1/quote", "{"+sale+"}")
	return s.does(token, "POST", "/v1/lanes/1/sales",
		fmt.Sprintf(`{%s,"quote":%q,"tenders":[{"kind":"cash","amount":%v}]}`, sale, q["quote"], q["to_pay"]))
}

// shown is a practice paper as the screen shows it, once the queue is through with it.
func (s *till) shown(token string, job any) string {
	s.t.Helper()
	s.comesOut(token, job)
	picture := s.does(token, "GET", fmt.Sprintf("/v1/jobs/%v/picture", job), "")
	if png, err := base64.StdEncoding.DecodeString(picture["png"].(string)); err != nil || !strings.HasPrefix(string(png), "\x89PNG") {
		s.t.Errorf("no picture of job %v: %v", job, err)
	}
	return picture["text"].(string)
}

// comesOut waits until a job of a training has ended well.
func (s *till) comesOut(token string, job any) {
	s.t.Helper()
	err := stage.Until(s.t.Context(), fmt.Sprintf("job %v of the training to be confirmed", job), wait, func(context.Context) (bool, string, error) {
		j := s.does(token, "GET", fmt.Sprintf("/v1/jobs/%v", job), "")
		return j["state"] == "confirmed", fmt.Sprint(j), nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// marked checks that a paper says above and below that it is none.
func marked(t *testing.T, text, mark string) {
	t.Helper()
	if n := strings.Count(text, mark); n < 2 {
		t.Errorf("%q stands on it %d times, want above and below:\n%s", mark, n, text)
	}
}

const latvianMark = "MĀCĪBAS"

func TestAWholeDayOfPracticeLeavesTheStoreAsItWas(t *testing.T) {
	s := newTill(t)
	s.fund(500)
	s.tap()
	s.takeOut()
	done := must[agent.SaleAnswer](t)(s.commit(newKey(), s.quoted(basket(700))))
	s.job(done.Job, "confirmed")
	if _, err := s.agent.Forget(1); err != nil {
		t.Fatal(err)
	}
	before, sync, day := s.books(), s.syncState, s.does(testToken, "GET", "/v1/status", "")["day"]

	token := s.trains("{}")
	lane := s.does(testToken, "GET", "/v1/lanes/1", "")
	if view, _ := lane["training"].(map[string]any); view == nil || view["by"] != "lane 1" || view["print"] != false || view["token"] != nil {
		t.Errorf("the lane tells of its training: %v", lane["training"])
	}
	s.does(token, "PUT", "/v1/lanes/1/practice-card", `{"card":1}`)
	sold := s.practises(token, 0)
	marked(t, s.shown(token, sold["job"]), latvianMark)

	sale := practiceBasket + `,"redeem":{"points":300}`
	q := s.does(token, "POST", "/v1/lanes/1/quote", "{"+sale+"}")
	if q["pin_needed"] != true {
		t.Errorf("points of a practice card without its PIN: %v", q)
	}
	for _, left := range []float64{2, 1} {
		status, wrong := s.ask(token, "POST", "/v1/lanes/1/pin", `{"pin":"9999","last_try":true}`)
		if s.refuses("pin_wrong", status, wrong); wrong["tries_left"] != left {
			t.Errorf("tries left %v, want %v", wrong["tries_left"], left)
		}
	}
	status, last := s.ask(token, "POST", "/v1/lanes/1/pin", `{"pin":"1234"}`)
	s.refuses("pin_last_try", status, last)
	s.does(token, "POST", "/v1/lanes/1/pin", `{"pin":"1234","last_try":true}`)
	sold = s.practises(token, 300)
	if lane := s.does(token, "GET", "/v1/lanes/1", ""); sold["redeemed"] != 300.0 || lane["member"].(map[string]any)["available"] != 2200.0 {
		t.Errorf("redeemed %v of %v", sold["redeemed"], lane["member"])
	}
	marked(t, s.shown(token, sold["job"]), latvianMark)

	s.does(token, "PUT", "/v1/lanes/1/practice-card", `{"card":0}`)
	s.does(token, "DELETE", "/v1/lanes/1/member", "")
	s.practises(token, 0) // nobody's
	coupon := s.does(token, "POST", "/v1/lanes/1/coupons", `{"coupon":"coffee","count":1}`)
	marked(t, s.shown(token, coupon["job"]), latvianMark)
	x := s.does(token, "POST", "/v1/lanes/1/report", "")
	marked(t, s.shown(token, x["id"]), latvianMark)
	z := s.does(token, "POST", "/v1/lanes/1/close", "")
	marked(t, s.shown(token, z["job"]), latvianMark)

	status, answer := s.ask(testToken, "POST", "/v1/lanes/1/quote", "{"+practiceBasket+"}")
	s.refuses("lane_in_training", status, answer)
	s.does(testToken, "DELETE", "/v1/lanes/1/training", "")
	status, answer = s.ask(token, "GET", "/v1/status", "")
	s.refuses("training_over", status, answer)
	if status != http.StatusUnauthorized {
		t.Errorf("status %d", status)
	}

	if after := s.books(); after != before {
		t.Errorf("the books changed:\n%s", diff(before, after))
	}
	if s.syncState != sync || s.does(testToken, "GET", "/v1/status", "")["day"] != day {
		t.Error("upload or business day moved")
	}
	if _, err := os.Stat(filepath.Join(s.dir, "data", "training", "1")); !os.IsNotExist(err) {
		t.Errorf("a folder is left: %v", err)
	}
	if lane := s.tap(); lane.Member.Available != 500 {
		t.Errorf("the real card holds %d points", lane.Member.Available)
	}
	s.sheets(1)
	if trail := fmt.Sprint(s.does(ownerToken, "GET", "/v1/trail", "")); !strings.Contains(trail, "training_start") || !strings.Contains(trail, "by hand") {
		t.Errorf("the trail: %s", trail)
	}
}

// sheets checks how many papers the printer has cut off.
func (s *shop) sheets(want int) {
	s.t.Helper()
	if got := strings.Count(s.onPaper(), "-------- cut --------"); got != want {
		s.t.Errorf("%d sheets, want %d:\n%s", got, want, s.onPaper())
	}
}

func (s *shop) onPaper() string {
	s.t.Helper()
	var all []byte
	if err := s.printers.Do(s.t.Context(), "GET", "/printers/till/paper.txt", nil, &all); err != nil {
		s.t.Fatal(err)
	}
	return string(all)
}

// diff is the lines that only one of two texts has.
func diff(a, b string) string {
	var out strings.Builder
	for sign, pair := range map[string][2]string{"-": {a, b}, "+": {b, a}} {
		for line := range strings.SplitSeq(pair[0], "\n") {
			if !strings.Contains(pair[1], line+"\n") {
				fmt.Fprintf(&out, "%s %s\n", sign, line)
			}
		}
	}
	return out.String()
}

func TestPracticePapersComeOutOfThePrinterOnlyWhenAskedForAndMarked(t *testing.T) {
	s := newTill(t)
	token := s.trains(`{"print":true}`)
	sold := s.practises(token, 0)
	s.shown(token, sold["job"])
	s.comesOut(token, s.does(token, "POST", "/v1/lanes/1/drawer", "")["id"])
	s.does(testToken, "DELETE", "/v1/lanes/1/training", "")
	s.sheets(1)
	marked(t, s.onPaper(), latvianMark)
	if n := s.drawerPulses(); n != 0 {
		t.Errorf("the drawer opened %d times", n)
	}
	done := must[agent.SaleAnswer](t)(s.commit(newKey(), s.quoted(basket(700))))
	s.job(done.Job, "confirmed")
	if sheets := strings.Split(s.onPaper(), "-------- cut --------"); strings.Contains(sheets[1], latvianMark) {
		t.Errorf("a real receipt is marked:\n%s", sheets[1])
	}
}

func TestARealCardInTrainingIsToldApartAndNotTouched(t *testing.T) {
	s := newTill(t)
	s.fund(500) // a voucher waits: a tap would load it
	before := s.books()
	token := s.trains("{}")
	s.slot.Insert(s.card)
	for _, view := range []string{token, testToken} {
		s.untilCard(view, "refused", "card_in_training")
	}
	s.slot.Remove()
	s.untilCard(token, "none", "")
	s.slot.Insert(s.card)
	s.untilCard(token, "refused", "card_in_training")
	if after := s.books(); after != before {
		t.Errorf("the books changed:\n%s", diff(before, after))
	}
	s.does(testToken, "DELETE", "/v1/lanes/1/training", "")
	lane := s.until("the card to be read after the training", func(l agent.LaneState) bool { return l.Card.State == agent.CardReady })
	if lane.Member.Available != 500 || lane.Training != nil {
		t.Errorf("after the training: %+v, %+v", lane, lane.Member)
	}
}

func (s *till) untilCard(token, state, code string) {
	s.t.Helper()
	err := stage.Until(s.t.Context(), "card to be "+state, wait, func(context.Context) (bool, string, error) {
		lane := s.does(token, "GET", "/v1/lanes/1", "")
		card := lane["card"].(map[string]any)
		told, _ := card["code"].(string)
		return card["state"] == state && told == code, fmt.Sprint(lane), nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestATrainingDoesNotBeginWithARealMemberAtTheTill(t *testing.T) {
	s := newTill(t)
	s.fund(500)
	s.tap()
	status, answer := s.ask(testToken, "POST", "/v1/lanes/1/training", "{}")
	s.refuses("training_busy", status, answer)
	s.takeOut() // the member stays for a while
	status, answer = s.ask(testToken, "POST", "/v1/lanes/1/training", "{}")
	s.refuses("training_busy", status, answer)
	s.does(testToken, "DELETE", "/v1/lanes/1/member", "")
	s.trains("{}")
}

func TestATrainingEndsByItself(t *testing.T) {
	s := newTill(t)
	token := s.trains("{}")
	s.practises(token, 0)
	s.skipped.Add(int64(59 * time.Minute))
	if status, answer := s.ask(token, "GET", "/v1/status", ""); status != http.StatusOK {
		t.Errorf("after 59 minutes: %d, %v", status, answer)
	}
	s.skipped.Add(int64(2 * time.Minute))
	s.until("training to end", func(l agent.LaneState) bool { return l.Training == nil })
	status, answer := s.ask(token, "GET", "/v1/status", "")
	s.refuses("training_over", status, answer)
	if trail := fmt.Sprint(s.does(ownerToken, "GET", "/v1/trail", "")); !strings.Contains(trail, "time over") {
		t.Errorf("the trail: %s", trail)
	}
}

func TestNoTrainingOutlivesTheAgent(t *testing.T) {
	s := newTill(t)
	token := s.trains("{}")
	s.practises(token, 0)
	before := s.books()
	s.restart(s.lane)
	s = s.overHTTP()
	status, answer := s.ask(token, "GET", "/v1/status", "")
	s.refuses("training_over", status, answer)
	if after := s.books(); after != before {
		t.Errorf("the books changed:\n%s", diff(before, after))
	}

	// A process that was killed says no goodbye: the next one clears away, and the trail has its end.
	s.stop()
	left := filepath.Join(s.dir, "data", "training", "1")
	if err := os.MkdirAll(left, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(left, "training.json"), []byte(`{"by":"Anna","staff":1,"print":true}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s.start(s.lane)
	s = s.overHTTP()
	s.until("the lane to work", func(l agent.LaneState) bool { return l.Training == nil })
	err := stage.Until(t.Context(), "the trail to tell", wait, func(context.Context) (bool, string, error) {
		trail := fmt.Sprint(s.does(ownerToken, "GET", "/v1/trail", ""))
		_, err := os.Stat(left)
		return strings.Contains(trail, "agent ended") && os.IsNotExist(err), trail, nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestStaffWithTheRightBeginATraining(t *testing.T) {
	s := newTill(t)
	_, manager := s.hires("Anna", "manager", "4711")
	supervisor, _ := s.hires("Berta", "supervisor", "4712")
	cashier, _ := s.hires("Dora", "cashier", "4714")
	status, answer := s.ask(testToken, "POST", "/v1/lanes/1/training", "{}")
	s.refuses("training_staff", status, answer)
	for code, body := range map[string]string{
		"approver_role":   fmt.Sprintf(`{"number":%d,"pin":"4714"}`, cashier),
		"staff_pin_wrong": fmt.Sprintf(`{"number":%d,"pin":"9999"}`, supervisor),
	} {
		status, answer := s.ask(testToken, "POST", "/v1/lanes/1/training", body)
		s.refuses(code, status, answer)
	}
	s.trains(fmt.Sprintf(`{"number":%d,"pin":"4712"}`, supervisor))
	if lane := s.does(manager, "GET", "/v1/status", ""); !strings.Contains(fmt.Sprint(lane), "Berta") {
		t.Errorf("who began it: %v", lane)
	}
	s.does(manager, "DELETE", "/v1/lanes/1/training", "")
	answer = s.does(manager, "POST", "/v1/lanes/1/training", "{}")
	if answer["token"] != nil || answer["by"] != "Anna" {
		t.Errorf("begun at the manager page: %v", answer)
	}
	if trail := fmt.Sprint(s.does(manager, "GET", "/v1/trail", "")); strings.Count(trail, "what:training_start") != 2 || strings.Count(trail, "what:training_end") != 1 {
		t.Errorf("the trail: %s", trail)
	}
}

func TestPracticeCardsShowWhatAShopMeets(t *testing.T) {
	s := newTill(t)
	status, answer := s.ask(testToken, "GET", "/v1/lanes/1/practice-cards", "")
	s.refuses("training_none", status, answer)
	token := s.trains("{}")
	for card, want := range map[int]string{3: "card_blocked", 4: "member_unknown", 5: "card_unreadable"} {
		lane := s.does(token, "PUT", "/v1/lanes/1/practice-card", fmt.Sprintf(`{"card":%d}`, card))
		if got := lane["card"].(map[string]any); got["state"] != "refused" || got["code"] != want {
			t.Errorf("card %d: %v, want %s", card, got, want)
		}
	}
	status, answer = s.ask(token, "GET", "/v1/members?number="+testNumber, "")
	s.refuses("member_unknown", status, answer) // a real member is nobody here
	if m := s.does(token, "GET", "/v1/members?number=999900000001", ""); m["balance"] != 2500.0 {
		t.Errorf("typed in place of the card: %v", m)
	}
	status, answer = s.ask(token, "PUT", "/v1/lanes/1/practice-card", `{"card":9}`)
	s.refuses("field_invalid", status, answer)
}

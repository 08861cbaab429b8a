package agent_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/firmware-sim/cardsim"
)

// shown is what a display is told, as its page reads it.
type shown struct {
	Lane     int
	Shop     string
	Language string
	Currency string
	Screen   string
	Prompt   string
	Training bool
	Balance  *int64
	Bill     *struct {
		Lines  []struct{ Name string }
		Sum    int64
		Points int64
		Value  int64
		ToPay  int64 `json:"to_pay"`
		Earned int64

		Reductions []struct{ Amount int64 }
		NextReward string `json:"next_reward"`
	}
	Paid *struct {
		Paid, Points, Earned int64
		Balance              *int64
	}
}

// display is a customer's display of lane 1, let in by its own token.
type display struct {
	s    *till
	told chan string
}

func (s *till) displayToken() string {
	s.t.Helper()
	_, answer := s.do(s.request("GET", "/v1/lanes/1/display/address", ""))
	address, _ := answer["address"].(string)
	token, ok := strings.CutPrefix(address, "/display/?lane=1#token=")
	if !ok || strings.Contains(address, testToken) {
		s.t.Fatalf("address %q", address)
	}
	return token
}

func (s *till) display() *display {
	s.t.Helper()
	req := s.request("GET", "/v1/lanes/1/display", "")
	req.Header.Set("Authorization", "Bearer "+s.displayToken())
	resp, err := s.server.Client().Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	d := &display{s: s, told: make(chan string, 100)}
	s.t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		s.t.Fatalf("stream: %d %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	go func() {
		defer close(d.told)
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				d.told <- data
			}
		}
	}()
	return d
}

// until waits for something to be shown. Nothing on the way may be worth more to somebody else: the card's number, a PIN.
func (d *display) until(what string, ok func(shown) bool) shown {
	d.s.t.Helper()
	late := time.After(wait)
	var last string
	for {
		select {
		case <-late:
			d.s.t.Fatalf("no %s; last shown: %s", what, last)
		case told, open := <-d.told:
			if !open {
				d.s.t.Fatalf("the stream ended before %s; last shown: %s", what, last)
			}
			last = told
			for _, secret := range []string{testNumber, "6034", "4711", "31415926", "ilze"} {
				if strings.Contains(told, secret) {
					d.s.t.Fatalf("%q is shown: %s", secret, told)
				}
			}
			var now shown
			if err := json.Unmarshal([]byte(told), &now); err != nil {
				d.s.t.Fatal(err)
			}
			if ok(now) {
				return now
			}
		}
	}
}

func onScreen(name string) func(shown) bool {
	return func(s shown) bool { return s.Screen == name && s.Prompt == "" }
}

func TestADisplayShowsWhatTheTillAndTheReceiptTell(t *testing.T) {
	s := newTill(t)
	s.fund(500)
	d := s.display()
	if now := d.until("idle", onScreen("idle")); now.Shop != s.identity.Name || now.Bill != nil || now.Balance != nil || now.Lane != 1 {
		t.Errorf("idle: %+v", now)
	}
	quote := func(r agent.SaleRequest) agent.Quote {
		return must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, r))
	}
	q := quote(basket(300))
	now := d.until("lines", onScreen("bill"))
	if now.Bill.Lines[0].Name != "Milk" || now.Bill.ToPay != q.ToPay || now.Bill.Sum != 300 || now.Balance != nil || now.Currency != "EUR" {
		t.Errorf("lines: %+v", now.Bill)
	}
	s.tap()
	if now = d.until("the member", func(s shown) bool { return s.Balance != nil }); *now.Balance != 500 || now.Language != "en" {
		t.Errorf("member: %d in %s", *now.Balance, now.Language)
	}
	if err := s.pin("4711"); err != nil {
		t.Fatal(err)
	}
	r := s.quoted(redeeming(300, 100))
	now = d.until("points that pay", func(s shown) bool { return s.Bill != nil && s.Bill.Points == 100 })
	if now.Bill.ToPay != r.Tenders[0].Amount || now.Bill.Value != 100 || now.Bill.Earned == 0 {
		t.Errorf("points: %+v", now.Bill)
	}
	done := must[agent.SaleAnswer](t)(s.commit(newKey(), r))
	now = d.until("thanks", onScreen("paid"))
	if now.Paid.Paid != done.ToPay || now.Paid.Points != 100 || now.Paid.Earned != int64(done.Earned) || *now.Paid.Balance != int64(done.Balance) || now.Bill != nil {
		t.Errorf("paid: %+v, the receipt %+v", now.Paid, done)
	}
	if !strings.Contains(s.sheet(1), "420") || *now.Paid.Balance != 420 {
		t.Errorf("the receipt has another balance than %d:\n%s", *now.Paid.Balance, s.sheet(1))
	}
	s.takeOut()
	s.skipped.Add(int64(time.Minute))
	if now = d.until("idle again", onScreen("idle")); now.Paid != nil || now.Balance != nil || now.Bill != nil {
		t.Errorf("of the customer before: %+v", now)
	}
}

func TestADisplayAsksForTheCardAgain(t *testing.T) {
	s := newTill(t)
	s.ready(300)
	d := s.display()
	key, r := newKey(), s.quoted(redeeming(1000, 200))
	d.until("the bill", onScreen("bill"))
	s.fault(cardsim.Fault{Kind: cardsim.TearAfter, INS: insDebit})
	_, err := s.commit(key, r)
	refused(t, err, agent.CodeCardTapAgain)
	d.until("tap again", func(s shown) bool { return s.Prompt == "tap_again" })
	s.tap()
	must[agent.SaleAnswer](t)(s.commit(key, r)) // the till's next try, after the tap finished the sale
	if now := d.until("thanks", onScreen("paid")); now.Paid.Points != 200 || *now.Paid.Balance != 180 {
		t.Errorf("paid: %+v", now.Paid)
	}
}

func TestADisplaySaysThatACardIsReadAndWhenItIsRefused(t *testing.T) {
	s := newTill(t)
	d := s.display()
	d.until("idle", onScreen("idle"))
	s.slot.Insert(s.card)
	d.until("hold", func(s shown) bool { return s.Prompt == "hold" && s.Balance == nil })
	d.until("the balance of the card", func(s shown) bool { return s.Prompt == "" && s.Balance != nil })
	s.slot.Remove()
	s.slot.Insert(must[*cardsim.Card](t)(cardsim.Create(zeroes{})))
	d.until("help", func(s shown) bool { return s.Prompt == "help" })
}

// What was true of a bill must not stand there when it is no longer.
func TestADisplayNeverKeepsABillThatIsOver(t *testing.T) {
	s := newTill(t)
	s.fund(500)
	d := s.display()
	ask := func(r agent.SaleRequest) error {
		_, err := s.agent.Quote(t.Context(), 1, r)
		return err
	}
	if err := ask(basket(300)); err != nil {
		t.Fatal(err)
	}
	d.until("the bill", onScreen("bill"))
	bad := basket(300)
	bad.Coupons = []agent.Coupon{{Code: "none"}}
	if ask(bad) == nil {
		t.Fatal("a coupon of nobody was taken")
	}
	if now := d.until("one moment", onScreen("moment")); now.Bill != nil {
		t.Errorf("figures while none hold: %+v", now.Bill)
	}
	if err := ask(basket(400)); err != nil {
		t.Fatal(err)
	}
	d.until("the new bill", func(s shown) bool { return s.Bill != nil && s.Bill.ToPay == 400 })
	if status, answer := s.do(s.request("DELETE", "/v1/lanes/1/quote", "")); status != http.StatusOK {
		t.Fatal(answer)
	}
	d.until("idle", onScreen("idle"))

	s.tap()
	if err := ask(basket(300)); err != nil {
		t.Fatal(err)
	}
	d.until("the member's bill", func(s shown) bool { return s.Bill != nil && s.Balance != nil })
	must[agent.LaneState](t)(s.agent.Forget(1))
	if now := d.until("one moment", onScreen("moment")); now.Balance != nil {
		t.Error("the balance of a member who is gone")
	}
	if err := ask(basket(300)); err != nil {
		t.Fatal(err)
	}
	d.until("a bill of nobody", func(s shown) bool { return s.Bill != nil && s.Balance == nil })
	s.skipped.Add(int64(time.Hour))
	d.until("idle, for nobody asked any more", onScreen("idle"))

	byNumber := basket(200)
	byNumber.Number = testNumber
	if err := ask(byNumber); err != nil {
		t.Fatal(err)
	}
	if now := d.until("a bill by number", onScreen("bill")); now.Balance != nil || now.Bill.Earned == 0 {
		t.Errorf("who typed a number sees whose balance? %+v", now)
	}
}

func TestADisplayKnowsNoBillAfterARestart(t *testing.T) {
	s := newTill(t)
	if _, err := s.agent.Quote(t.Context(), 1, basket(300)); err != nil {
		t.Fatal(err)
	}
	token := s.displayToken()
	s.restart(s.lane)
	again := s.overHTTP()
	if again.displayToken() != token {
		t.Error("a restart ends the display's token")
	}
	d := again.display()
	if now := d.until("idle", func(shown) bool { return true }); now.Screen != "idle" || now.Bill != nil {
		t.Errorf("after a restart: %+v", now)
	}
	if _, err := s.agent.Quote(t.Context(), 1, basket(300)); err != nil {
		t.Fatal(err)
	}
	d.until("the bill", onScreen("bill"))
}

func TestADisplaysTokenOpensItsStreamAlone(t *testing.T) {
	s := newTill(t)
	token := s.displayToken()
	for name, c := range map[string]struct {
		method, path, token string
		status              int
		code                string
	}{
		"the store":         {"GET", "/v1/status", token, 403, "role_refused"},
		"members":           {"GET", "/v1/members?number=" + testNumber, token, 403, "role_refused"},
		"another lane":      {"GET", "/v1/lanes/2/display", token, 403, "role_refused"},
		"all events":        {"GET", "/v1/events", token, 403, "role_refused"},
		"its address":       {"GET", "/v1/lanes/1/display/address", token, 403, "role_refused"},
		"a quote":           {"POST", "/v1/lanes/1/quote", token, 403, "role_refused"},
		"with a made token": {"GET", "/v1/lanes/1/display", token + "x", 401, "token_wrong"},
		"without one":       {"GET", "/v1/lanes/1/display", "", 401, "token_missing"},
		"no such lane":      {"GET", "/v1/lanes/9/display", testToken, 404, "lane_unknown"},
		"a lane of letters": {"GET", "/v1/lanes/x/display", testToken, 404, "lane_unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			body := map[bool]string{true: goodBasket}[c.method == "POST"]
			req := s.request(c.method, c.path, body)
			req.Header.Set("Authorization", strings.TrimSuffix("Bearer "+c.token, "Bearer "))
			if status, answer := s.do(req); status != c.status || answer["code"] != c.code {
				t.Errorf("%d %v", status, answer)
			}
		})
	}
}

// An answer that comes late must not put the customer before on the screen of who stands there now.
func TestADisplayThanksOnlyWhoseBillItShows(t *testing.T) {
	s := newTill(t)
	d := s.display()
	key, r := newKey(), s.quoted(basket(300))
	must[agent.SaleAnswer](t)(s.commit(key, r))
	d.until("thanks", onScreen("paid"))
	if _, err := s.agent.Quote(t.Context(), 1, basket(700)); err != nil {
		t.Fatal(err)
	}
	d.until("the next bill", func(s shown) bool { return s.Bill != nil && s.Bill.ToPay == 700 })
	if again := must[agent.SaleAnswer](t)(s.commit(key, r)); !again.Replayed {
		t.Fatal("the sale counted twice")
	}
	s.agentTells(d)
}

// agentTells makes the display be told something, and holds that it is of the bill on it.
func (s *till) agentTells(d *display) {
	s.t.Helper()
	r := basket(700)
	r.Lines = append(r.Lines, loyalty.Line{SKU: "2", Quantity: 1000, Amount: 100})
	if _, err := s.agent.Quote(s.t.Context(), 1, r); err != nil {
		s.t.Fatal(err)
	}
	if now := d.until("what comes next", func(shown) bool { return true }); now.Bill == nil || now.Bill.ToPay != 800 {
		s.t.Errorf("after a late answer: %+v", now)
	}
}

// Whoever comes to a till in training must see that nobody serves them there, and nothing of what is practised.
func TestADisplaySaysThatItsTillTrains(t *testing.T) {
	s := newTill(t)
	d := s.display()
	if now := d.until("idle", onScreen("idle")); now.Training {
		t.Errorf("before the training: %+v", now)
	}
	must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, basket(300)))
	d.until("the bill", onScreen("bill"))
	token := s.trains("{}")
	d.until("training, and no bill", func(s shown) bool { return s.Training && s.Screen == "idle" && s.Bill == nil })
	s.practises(token, 0)
	s.does(testToken, "DELETE", "/v1/lanes/1/training", "")
	d.until("the till to serve again", func(now shown) bool {
		if now.Training && (now.Screen != "idle" || now.Bill != nil || now.Paid != nil || now.Balance != nil) {
			t.Errorf("of the training a customer saw %+v", now)
		}
		return !now.Training && now.Screen == "idle" && now.Bill == nil
	})
}

package agent_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
)

func TestGiftCardsAreListedAndTakenOutOfUseByHand(t *testing.T) {
	s := newTill(t)
	s.publish(cardsProgramme)
	_, boss := s.hires("Anna", "manager", "4711")
	two, supervisor := s.hires("Berta", "supervisor", "4712")
	for serial, amount := range map[string]int64{"G1": 500, "G2": 2000, "G3": 900} {
		if _, err := s.commit(newKey(), s.quoted(cardLine(serial, amount))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.commit(newKey(), s.payingWith("G1", 500, 500)); err != nil {
		t.Fatal(err)
	}
	list := func(query string) string {
		t.Helper()
		status, answer := s.ask(supervisor, "GET", "/v1/gift-cards?"+query, "")
		if status != http.StatusOK {
			t.Fatalf("%d, %v", status, answer)
		}
		var all []string
		for _, v := range answer["cards"].([]any) {
			c := v.(map[string]any)
			all = append(all, fmt.Sprintf("%v %v %v", c["serial"], c["state"], c["balance"]))
		}
		return strings.Join(all, ", ")
	}
	for query, want := range map[string]string{
		"": "G1 spent 0, G2 live 2000, G3 live 900", "state=live": "G2 live 2000, G3 live 900", "kind=other": "", "limit=1&after=G1": "G2 live 2000", "serial=G3": "G3 live 900",
	} {
		if got := list(query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	takes := func(token, serial, more string) (int, map[string]any) {
		return s.ask(token, "POST", "/v1/lanes/1/gift-cards/void", fmt.Sprintf(`{"serial":%q,"reason":"lost"%s}`, serial, more))
	}
	agreed := fmt.Sprintf(`,"second":{"number":%d,"pin":"4712"}`, two)
	for _, c := range []struct{ what, serial, more, code string }{
		{"more than one person may", "G2", "", agent.CodeSecondNeeded},
		{"one that was never sold", "G9", "", strings.ReplaceAll(loyalty.GiftCardUnknown, ".", "_")},
	} {
		if status, answer := takes(boss, c.serial, c.more); answer["code"] != c.code {
			t.Errorf("%s: %d, %v, want %s", c.what, status, answer, c.code)
		}
	}
	if status, answer := takes(supervisor, "G3", ""); status != http.StatusOK || answer["state"] != "off" || answer["balance"] != 0.0 {
		t.Errorf("alone: %d, %v", status, answer)
	}
	if status, answer := takes(boss, "G2", agreed); status != http.StatusOK {
		t.Errorf("together: %d, %v", status, answer)
	}
	if status, answer := takes(boss, "G3", ""); answer["code"] != strings.ReplaceAll(loyalty.GiftCardInactive, ".", "_") {
		t.Errorf("a second time: %d, %v", status, answer)
	}
	if got := list("state=off"); got != "G2 off 0, G3 off 0" {
		t.Errorf("out of use: %s", got)
	}
	if _, err := s.agent.Quote(t.Context(), 1, s.payable("G2")); err == nil {
		t.Error("a void card pays")
	}
	acts := must[[]agent.Act](t)(s.agent.Trail(t.Context(), agent.TrailFilter{What: "gift_card_void", Person: "Anna", Limit: 10}))
	if len(acts) != 2 || acts[1].About != "G2" || acts[1].Before != "2000" || acts[1].After != "lost" || int(acts[1].Second) != two {
		t.Errorf("trail: %+v", acts)
	}
	s.sound()
}

// payable is a small bill that a gift card is to pay.
func (s *till) payable(serial string) agent.SaleRequest {
	r := basket(100)
	r.Tenders = []loyalty.Tender{{Kind: loyalty.TenderGiftCard, Amount: 100, Serial: serial}}
	return r
}

package agent_test

import (
	"errors"
	"strings"
	"testing"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
)

func TestGiftCardsArePrintedBlankAndWorthSomethingOnceSold(t *testing.T) {
	s := newShop(t)
	s.publish(cardsProgramme)
	key, ask := newKey(), agent.BlankRequest{Kind: "gift", Count: 2}
	first := must[agent.BlankAnswer](t)(s.agent.PrintGiftCards(t.Context(), 1, key, ask))
	again := must[agent.BlankAnswer](t)(s.agent.PrintGiftCards(t.Context(), 1, key, ask))
	if len(first.Serials) != 2 || again.Job != first.Job || again.Serials[1] != first.Serials[1] || first.Serials[0] == first.Serials[1] {
		t.Fatalf("first %+v, again %+v", first, again)
	}
	s.job(first.Job+1, "confirmed")
	if code := s.scanNewest(); code != first.Serials[1] {
		t.Errorf("the second paper's symbol says %s, want %s", code, first.Serials[1])
	}
	for i, wants := range [][]string{{first.Serials[0], "1 / 2", "Lietojama pēc pārdošanas kasē"}, {first.Serials[1], "2 / 2"}} {
		for _, want := range wants {
			if paper := s.sheet(i + 1); !strings.Contains(paper, want) {
				t.Errorf("paper %d lacks %q:\n%s", i+1, want, paper)
			}
		}
	}
	if got := s.kinds(); got != "" {
		t.Errorf("the log holds %q of cards that nobody bought", got)
	}
	if sold, err := s.commit(newKey(), s.quoted(cardLine(first.Serials[0], 2000))); err != nil || len(sold.GiftCardsSold) != 1 {
		t.Fatalf("%+v, %v", sold, err)
	}
	if part, err := s.commit(newKey(), s.payingWith(first.Serials[0], 1500, 1200)); err != nil || part.GiftCards[0].Left != 800 {
		t.Errorf("%+v, %v", part, err)
	}
	_, err := s.agent.PrintGiftCards(t.Context(), 1, key, agent.BlankRequest{Kind: "gift", Count: 2, Language: "en"})
	refused(t, err, agent.CodeKeyReused)
	_, err = s.agent.PrintGiftCards(t.Context(), 1, newKey(), agent.BlankRequest{Kind: "nothing", Count: 2})
	var bad *loyalty.SaleError
	if !errors.As(err, &bad) || bad.Code != loyalty.GiftCardUnknown || bad.Field != "kind" {
		t.Errorf("a kind that is not there: %v", err)
	}
	_, err = s.agent.PrintGiftCards(t.Context(), 1, newKey(), agent.BlankRequest{Kind: "gift", Count: loyalty.MaxBatch + 1})
	refused(t, err, agent.CodeFieldInvalid)
}

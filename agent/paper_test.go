package agent_test

import (
	"strings"
	"testing"

	"loyaltill/agent/loyalty"
)

const tellingProgramme = `
format: 1
programme: { id: cafe, name: { en: Café }, version: 2, valid_from: 2020-01-02T00:00, currency: EUR }
messages: { receipt: { en: See you tomorrow } }
wallets: [{ id: credit, name: { en: Credit }, unit: money, redeem: {}, expiry: { days: 30 } }]
earn:
  - { id: base, per: amount, rate: { points: 1, per: "1.00" } }
  - { id: back, wallet: credit, per: amount, rate: { value: "0.10", per: "1.00" } }
expiry: { inactive_months: 6 }
coupons: [{ id: cake, name: { en: Cake }, value: "1.00", valid_days: 10 }]
stamps: [{ id: coffees, name: { en: Coffees }, buy: 10, points: 5 }]
surprises:
  - { id: lucky, name: { en: Lucky day }, when: { minimum: "1.00" }, points: 3, text: { en: Today everybody wins } }
issue: [{ id: thanks, name: { en: Thanks }, coupon: cake, each: "5.00" }]
returns: {}
`

// The receipt tells everything that the sale gave, and each coupon is a paper of its own.
func TestTheReceiptTellsOfCreditStampsAndWhatWasWon(t *testing.T) {
	s := newShop(t)
	s.publish(tellingProgramme)
	s.ready(0)
	first, err := s.commit(newKey(), s.quoted(basket(1200)))
	if err != nil {
		t.Fatal(err)
	}
	s.job(first.Job, "confirmed")
	for _, want := range []string{"Today everybody wins", "See you tomorrow", "Credit: earned", "Credit: balance", "Coffees: 1 of 10 stamps, 9 to go", "Buy again by"} {
		if paper := s.sheet(1); !strings.Contains(paper, want) {
			t.Errorf("the receipt lacks %q:\n%s", want, paper)
		}
	}
	if paper := s.sheet(1); strings.Contains(paper, "drawn when the bill is paid") {
		t.Errorf("the receipt speaks of a draw to come:\n%s", paper)
	}
	s.job(first.Job+2, "confirmed")
	for n := 2; n <= 3; n++ {
		if paper := s.sheet(n); !strings.Contains(paper, "Cake") {
			t.Errorf("sheet %d is not the coupon:\n%s", n, paper)
		}
	}
	r := basket(1000)
	r.Wallets = []loyalty.WalletAsk{{Wallet: "credit", Ask: loyalty.Ask{All: true}}}
	s.takeOut()
	s.ready(0)
	second, err := s.commit(newKey(), s.quoted(r))
	if err != nil || second.ToPay != 880 {
		t.Fatalf("answer %+v, %v", second, err)
	}
	s.job(second.Job, "confirmed")
	for _, want := range []string{"-€1.20", "To pay", "€8.80"} {
		if paper := s.sheet(4); !strings.Contains(paper, want) {
			t.Errorf("the receipt of the second sale lacks %q:\n%s", want, paper)
		}
	}
}

package agent_test

import (
	"strings"
	"testing"

	"loyaltill/agent"
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

const setProgramme = `
format: 1
programme: { id: sets, name: { en: Sets }, version: 2, valid_from: 2020-01-02T00:00, currency: EUR }
discounts: [{ id: third, name: { en: Three for two }, gives: { percent: 100, of: cheapest, buy: 2 } }]
coupons: [{ id: off, name: { en: One off }, value: "1.00", valid_days: 10 }]
returns: { kept: reprice, coupons: keep }
`

// Three for the price of two: when a paid one comes back, the free one is free no more. The last piece frees the coupon.
func TestTheReturnSlipTellsWhichOfferIsLostAndWhichCouponIsBack(t *testing.T) {
	s := newShop(t)
	s.publish(setProgramme)
	coupon := must[agent.CouponAnswer](t)(s.agent.IssueCoupon(t.Context(), 1, newKey(), agent.CouponRequest{Coupon: "off"}))
	s.job(coupon.Job, "confirmed")
	r := basket(1000)
	r.Lines = append(r.Lines, loyalty.Line{SKU: "2", Name: "Jam", Quantity: 1000, Amount: 1000}, loyalty.Line{SKU: "3", Name: "Tea", Quantity: 1000, Amount: 500})
	r.Coupons = []agent.Coupon{{Code: coupon.Serial}}
	sale := must[agent.SaleAnswer](t)(s.commit(newKey(), s.quoted(r)))
	s.job(sale.Job, "confirmed")
	for _, part := range []struct {
		request agent.ReturnRequest
		sheet   int
		wants   []string
	}{
		{agent.ReturnRequest{Sale: "1-1-2", Lines: []loyalty.ReturnedLine{{Line: 1, Quantity: 1000}}}, 3, []string{"Paturētajām precēm zaudētā atlaide", "-4,40"}},
		{agent.ReturnRequest{Sale: "1-1-2", All: true}, 4, []string{"Var lietot vēlreiz: One off (kupons " + coupon.Serial}},
	} {
		done := must[agent.ReturnAnswer](t)(s.agent.Return(t.Context(), 1, newKey(), s.returning(part.request)))
		s.job(done.Job, "confirmed")
		for _, want := range part.wants {
			if paper := strings.ReplaceAll(s.sheet(part.sheet), "\n", " "); !strings.Contains(strings.Join(strings.Fields(paper), " "), want) {
				t.Errorf("the slip lacks %q:\n%s", want, s.sheet(part.sheet))
			}
		}
	}
}

// Paper shows the last digits of a gift card alone, what it paid, what is left, and what a return puts back.
func TestPaperTellsWhatIsOnAGiftCardWithoutItsNumber(t *testing.T) {
	s := newShop(t)
	s.publish(cardsProgramme)
	const serial = "GIFT4711"
	sold := must[agent.SaleAnswer](t)(s.commit(newKey(), s.quoted(cardLine(serial, 2000))))
	s.job(sold.Job+1, "confirmed") // the slip that goes with the card
	part := must[agent.SaleAnswer](t)(s.commit(newKey(), s.payingWith(serial, 1500, 1200)))
	s.job(part.Job, "confirmed")
	back := must[agent.ReturnAnswer](t)(s.agent.Return(t.Context(), 1, newKey(), s.returning(agent.ReturnRequest{Sale: part.Sale.String(), All: true})))
	s.job(back.Job, "confirmed")
	for n, wants := range [][]string{
		{"Dāvanu kartē …4711 20,00 €", "Dāvanu karte …4711 derīga līdz"},
		{"DĀVANU KARTE", "Dāvanu karte …4711 20,00 €"},
		{"Dāvanu karte …4711 12,00 €", "Dāvanu kartē …4711 8,00 €"},
		{"No tā atpakaļ dāvanu kartē …4711 12,00 €"},
	} {
		paper := strings.Join(strings.Fields(s.sheet(n+1)), " ")
		for _, want := range wants {
			if !strings.Contains(paper, want) || strings.Contains(paper, serial) {
				t.Errorf("sheet %d should say %q and not the whole serial:\n%s", n+1, want, s.sheet(n+1))
			}
		}
	}
}

package loyalty

import "testing"

// The bytes of everything that wallets, partners and later payments add must stay the same too.
func TestBytesOfWalletsPartnersAndPaymentsStayTheSame(t *testing.T) {
	p := compile(t, onAccount+"redeem: {point_value: {points: 100, value: 1.00}}\n")
	golden(t, "wallets.json", p.Canonical())
	write := func(name string, e *Entry) {
		body, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, body)
	}
	m := stationMember()
	m.Wallets[0].Balance = 700
	lines := []Line{{SKU: "a", Quantity: 2000, Amount: 6000}, {SKU: "t", Category: "tobacco", Quantity: 1000, Amount: 1000}}
	tenders := []Tender{{Kind: TenderCash, Amount: 1900}, {Kind: TenderAccount, Amount: 4400}}
	in := QuoteInput{Place: testPlace, Member: m, Sale: Sale{Lines: lines, Tenders: tenders, Redeem: &Ask{Rest: true}, Wallets: []WalletAsk{{"credit", Ask{Points: 500}}}}}
	_, sale := sell(t, p, in, testHead(21))
	write("wallets-sale.json", &sale)
	paid, err := p.Payment(PaymentInput{Sale: &sale, Member: m, Tenders: []Tender{{Kind: TenderCash, Amount: 4400}}}, testHead(22))
	if err != nil {
		t.Fatal(err)
	}
	write("wallets-payment.json", &paid)
	r, err := ReturnableOf(&sale)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.AddPayment(&paid); err != nil {
		t.Fatal(err)
	}
	moves := append(sale.Moves[:len(sale.Moves):len(sale.Moves)], paid.Moves...)
	back, err := Return(ReturnInput{Sale: r, Lines: []ReturnedLine{{0, 1000}}, Policy: p.ReturnPolicy(), Lots: Apply(m.Lots, moves, 42),
		Wallets: []ReturnWallet{{Wallet: "credit", Lots: ApplyWallet(m.Wallets[0].Lots, moves, 42, "credit")}}}, testHead(23))
	if err != nil {
		t.Fatal(err)
	}
	write("wallets-return.json", &back)
}

package loyalty

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// A sale that could be quoted can be written, however many wallets it draws on and fills.
func TestTheLargestSaleWithWalletsFitsItsEntry(t *testing.T) {
	long := strings.Repeat("w", 36)
	doc := largestDocument(long)
	doc.WriteString("wallets:\n")
	for i := range MaxWallets {
		fmt.Fprintf(doc, "  - {id: %s%d, unit: money, redeem: {step: 0.03, keep: 0.01, max_share: 99}}\n", long, i)
	}
	p := compile(t, doc.String())
	m := &MemberState{ID: 1 << 62, Medium: MediumPurse, Available: 900}
	in := QuoteInput{Place: testPlace, Member: m, Sale: Sale{}}
	for i := range MaxWallets {
		w := WalletState{Wallet: WalletID(fmt.Sprintf("%s%d", long, i)), Available: 1000}
		for n := range 30 {
			w.Lots = append(w.Lots, Lot{ID: lotID(4_000_000_000, 4_000_000_000, Seq(1<<60+n), 100), Remaining: 7, Earned: "2026-01-01", Expires: "2027-01-01"})
		}
		m.Wallets = append(m.Wallets, w)
		in.Sale.Wallets = append(in.Sale.Wallets, WalletAsk{w.Wallet, Ask{Points: 400 + Points(i)}})
	}
	for i := range 300 {
		in.Sale.Lines = append(in.Sale.Lines, Line{SKU: fmt.Sprintf("%03d", i), Quantity: 1000, Amount: 999})
	}
	for _, err := p.Quote(in); err != nil; _, err = p.Quote(in) {
		var bad *SaleError
		if !errors.As(err, &bad) || bad.Code != SaleTooLarge {
			t.Fatal(err)
		}
		in.Sale.Lines = in.Sale.Lines[:len(in.Sale.Lines)-5]
	}
	q, e := sell(t, p, in, testHead(1<<62))
	body, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes, %d lines, %d findings, %d movements", len(body), len(e.Sale.Lines), len(e.Sale.Why), len(e.Moves))
	for _, w := range q.Wallets {
		if w.Redeem.Points == 0 {
			t.Errorf("%s paid nothing: %+v", w.Wallet, w.Redeem.Clamps)
		}
	}
	if len(e.Moves) < MaxWallets*(maxWalletDraws+1) {
		t.Error("this is not the largest sale")
	}
}

package loyalty

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Bytes that were signed, hashed and uploaded must come out the same in later versions of the engine: a change here is a
// change of format, and needs a new DocumentFormat, quote label or entry version.
func TestBytesStayTheSame(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("testdata", "golden", "programme.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	p := compile(t, string(doc))
	golden(t, "programme.json", p.Canonical())

	member := &MemberState{ID: 42, Tier: "gold", Medium: MediumPurse, Available: 500, Lots: []Lot{
		{ID: "7-1-9.1", Remaining: 120, Earned: "2026-02-01", Expires: "2027-02-28"},
		{ID: "7-1-4.1", Remaining: 60, Earned: "2026-01-05", Expires: "2027-01-31"},
	}}
	lines := groceries()
	lines[0].Labels, lines[1].Discount, lines[3].Brand = []string{"red", "bio"}, 20, "Fazer"
	_, e := sell(t, p, QuoteInput{Sale: Sale{Lines: lines, Rounding: 2, Redeem: &Ask{All: true}}, Member: member}, testHead(12))
	body, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "entry.json", body)
}

// The same for all that a programme, a sale and a return can hold beyond that.
func TestBytesOfReductionsTiersAndReturnsStayTheSame(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("testdata", "golden", "full.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	p := compile(t, string(doc))
	golden(t, "full.json", p.Canonical())
	m := &MemberState{ID: 9, Tier: "silver", Medium: MediumPurse, Available: 900, Lots: []Lot{{ID: "7-1-9.1", Remaining: 700, Earned: "2026-02-01", Expires: "2027-06-30"}},
		History:  &History{Purchases: 9, Balance: 700, Segments: []string{"regulars"}, Occasions: []string{"birthday-2026"}, Given: []RuleSum{{Rule: "visit", Day: 1, Week: 2, Month: 3, Year: 4, Lifetime: 5}}},
		Standing: &Standing{Spend: 199_000, Points: 7, Visits: 3}}
	lines := append(groceries(), Line{SKU: "4750100", Name: "Coffee", Brand: "Acme", Quantity: 3000, Amount: 1350, Tax: 2100})
	sale := Sale{Lines: lines, Redeem: &Ask{Points: 300}, Shown: []ShownCoupon{{Coupon: "ten", Serial: "7-1", ValidFrom: "2026-11-01", ValidTo: "2026-11-30"}},
		Rewards: []RewardAsk{{Reward: "lounge"}, {Reward: "coffee-free", Units: 2}}}
	_, e := sell(t, p, QuoteInput{Sale: sale, Member: m}, testHead(13))
	body, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "full-sale.json", body)
	returnable, err := ReturnableOf(&e)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Return(ReturnInput{Sale: returnable, Lines: []ReturnedLine{{4, 1000}, {0, 1350}}, Lots: Apply(m.Lots, e.Moves, 9), Policy: p.ReturnPolicy()}, testHead(14))
	if err != nil {
		t.Fatal(err)
	}
	if body, err = back.Encode(); err != nil {
		t.Fatal(err)
	}
	golden(t, "full-return.json", body)
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.TrimSuffix(want, []byte("\n")), got) {
		t.Errorf("%s changed:\n%s\nwant:\n%s", name, got, want)
	}
}

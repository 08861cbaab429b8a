package loyalty

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// compileFile compiles one of the programmes that are published for authors.
func compileFile(t testing.TB, name string) *Programme {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "programmes", name))
	if err != nil {
		t.Fatal(err)
	}
	return compile(t, string(doc))
}

func compile(t testing.TB, doc string) *Programme {
	t.Helper()
	p, err := Compile([]byte(doc))
	if err != nil {
		t.Fatalf("compile: %v", err)
	}
	return p
}

func TestEveryPublishedProgrammeCompilesAndItsCanonicalFormIsTheSameProgramme(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "docs", "programmes", "*.yaml"))
	if err != nil || len(files) < 2 {
		t.Fatalf("found %d programmes, %v", len(files), err)
	}
	for _, file := range files {
		p := compileFile(t, filepath.Base(file))
		again := compile(t, string(p.Canonical()))
		if again.Digest() != p.Digest() || !bytes.Equal(again.Canonical(), p.Canonical()) {
			t.Errorf("%s: the canonical form compiles to another programme:\n%s\n%s", file, p.Canonical(), again.Canonical())
		}
	}
}

// Every published programme sells to a member who redeems, takes rewards and shows coupons; head office agrees, and what
// was sold comes back whole.
func TestEveryPublishedProgrammeSellsAndTakesBack(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "docs", "programmes", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			p := compileFile(t, filepath.Base(file))
			lines := append(groceries(), Line{SKU: "4750100", Name: "Coffee", Brand: "Acme", Quantity: 3000, Amount: 1350, Tax: 2100},
				Line{SKU: "5", Name: "Plaster", Category: "care", Quantity: 1000, Amount: 3990, Tax: 1200})
			m := &MemberState{ID: 9, Medium: MediumPurse, Available: 2000, Lots: []Lot{{ID: "1-1-1.1", Remaining: 2000, Earned: "2026-01-01", Expires: "2027-06-30"}},
				History: &History{Purchases: 9, Balance: 2000}, Standing: &Standing{Spend: 199_000}}
			in := QuoteInput{Sale: Sale{Lines: lines, Redeem: &Ask{Points: 300}}, Member: m}
			for _, id := range p.Wallets() {
				m.Wallets = append(m.Wallets, WalletState{Wallet: id, Available: 500, Lots: []Lot{{ID: LotID("1-1-2." + id), Remaining: 500, Earned: "2026-01-01"}}})
				in.Sale.Wallets = append(in.Sale.Wallets, WalletAsk{id, Ask{Points: 200}})
			}
			for _, r := range p.rewards {
				in.Sale.Rewards = append(in.Sale.Rewards, RewardAsk{Reward: r.id})
			}
			for i, c := range p.couponGives {
				in.Sale.Shown = append(in.Sale.Shown, ShownCoupon{Coupon: c.id, Serial: string(rune('1' + i))})
			}
			q, e := sell(t, p, in, testHead(1))
			if q.Earned == 0 || q.Drawn() == 0 {
				t.Errorf("earned %d, drawn %d: %+v", q.Earned, q.Drawn(), q)
			}
			if _, diffs, err := p.Requote(&e, m.Tier, m.Available); err != nil || len(diffs) > 0 {
				t.Errorf("head office: %v %v", diffs, err)
			}
			sale, err := ReturnableOf(&e)
			if err != nil {
				t.Fatal(err)
			}
			lots := Apply(m.Lots, e.Moves, m.ID)
			back, err := Return(ReturnInput{Sale: sale, All: true, Lots: lots, Wallets: walletsAfter(m, &e), Policy: p.ReturnPolicy()}, testHead(2))
			if err != nil {
				t.Fatal(err)
			}
			if after := Apply(lots, back.Moves, m.ID); Balance(after) != 2000 || back.Return.Refund != q.ToPay {
				t.Errorf("after the return %+v, refunded %d of %d", after, back.Return.Refund, q.ToPay)
			}
		})
	}
}

func TestTheFullProgrammeUsesEverySection(t *testing.T) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(compileFile(t, "full.yaml").Canonical(), &all); err != nil {
		t.Fatal(err)
	}
	for _, name := range fieldNames(reflect.ValueOf(document{})) {
		if _, used := all[name]; !used {
			t.Errorf("full.yaml has no %s", name)
		}
	}
}

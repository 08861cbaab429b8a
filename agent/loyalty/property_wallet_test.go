package loyalty

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// genWallets draws a programme with wallets beside the points, and a bill on which they are asked to pay.
func genWallets(t *rapid.T) (*Programme, QuoteInput) {
	head, rules, tail := genDocument(t)
	for i := range rapid.IntRange(1, 4).Draw(t, "wallet rules") {
		rules = append(rules, genWalletRule(t, i))
	}
	credit := fmt.Sprintf("{minimum: %s, step: %s, keep: %s, max_share: %d, except: %s}", rapid.SampledFrom([]string{"0", "2.00"}).Draw(t, "minimum"),
		rapid.SampledFrom([]string{"0.01", "0.50"}).Draw(t, "step"), rapid.SampledFrom([]string{"0", "1.00"}).Draw(t, "keep"),
		rapid.SampledFrom([]int{30, 100}).Draw(t, "share"), rapid.SampledFrom([]string{"[]", "[red]"}).Draw(t, "except"))
	doc := head + strings.Join(rules, "") + tail + fmt.Sprintf("wallets:\n  - {id: credit, unit: money, without_purse: 3.00, earns: %v, redeem: %s}\n",
		rapid.Bool().Draw(t, "credit earns"), credit) + "  - {id: miles, redeem: {point_value: {points: 3, value: 0.07}}, expiry: {months: 6}}\n"
	p, in := compileRapid(t, doc), genInput(t)
	for _, id := range p.Wallets() {
		if in.Member != nil {
			s := WalletState{Wallet: id, Available: Points(rapid.Int64Range(0, 5000).Draw(t, "holds"))}
			s.Lots = []Lot{{ID: LotID("3-1-1." + id), Remaining: s.Available + 1, Earned: "2026-01-01"}}
			in.Member.Wallets = append(in.Member.Wallets, s)
		}
		if rapid.IntRange(0, 3).Draw(t, "asks") > 0 {
			ask := rapid.SampledFrom([]Ask{{All: true}, {Rest: true}, {Points: 150}, {Points: 700}}).Draw(t, "ask")
			in.Sale.Wallets = append(in.Sale.Wallets, WalletAsk{id, ask})
		}
	}
	in.Sale.Tenders = nil
	q, err := p.Quote(in)
	if err != nil {
		t.Fatal(err)
	}
	if q.Due > 0 {
		cash := rapid.Int64Range(0, q.Due).Draw(t, "cash")
		for _, given := range []Tender{{Kind: TenderCash, Amount: cash}, {Kind: TenderCard, Amount: q.Due - cash}} {
			if given.Amount > 0 {
				in.Sale.Tenders = append(in.Sale.Tenders, given)
			}
		}
	}
	return p, in
}

func genWalletRule(t *rapid.T, i int) string {
	on := rapid.SampledFrom([]string{"", ", on: red", ", on: food"}).Draw(t, "on") + rapid.SampledFrom([]string{"", ", partner: acme", ", minimum: {amount: 5.00}"}).Draw(t, "of")
	steps := rapid.SampledFrom([]string{"whole", "proportional"}).Draw(t, "steps")
	switch rapid.IntRange(0, 4).Draw(t, "kind") {
	case 0:
		return fmt.Sprintf("  - {id: k%d, wallet: credit, per: tender, tenders: [cash], rate: {value: 0.02, per: 1.00}, steps: %s%s}\n", i, steps, on)
	case 1:
		return fmt.Sprintf("  - {id: k%d, wallet: miles, per: unit, rate: {points: 2, per: 0.5}, steps: %s%s}\n", i, steps, on)
	case 2:
		return fmt.Sprintf("  - {id: k%d, wallet: credit, multiply: 1.5}\n", i)
	case 3:
		return fmt.Sprintf("  - {id: k%d, wallet: credit, bonus: 0.35%s}\n", i, on)
	}
	return fmt.Sprintf("  - {id: k%d, wallet: credit, per: amount, rate: {value: 0.03, per: 1.00}, steps: %s, cap: {sale: 1.50}%s}\n", i, steps, on)
}

// held is what the wallets hold after movements, by wallet.
func heldAfter(m *MemberState, moves []Movement) map[WalletID]Points {
	held := map[WalletID]Points{MainWallet: Balance(Apply(m.Lots, moves, m.ID))}
	for _, w := range m.Wallets {
		held[w.Wallet] = Balance(ApplyWallet(w.Lots, moves, m.ID, w.Wallet))
	}
	return held
}

func TestEveryWalletIsConservedAndHeadOfficeAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, in := genWallets(t)
		q, err := p.Quote(in)
		if err != nil {
			t.Fatal(err)
		}
		e, err := p.Post(q, in, testHead(7))
		if err != nil {
			t.Fatal(err)
		}
		paid := q.ToPay + q.Redeem.Value + instruments(q.Reductions)
		for _, w := range q.Wallets {
			paid += w.Redeem.Value
		}
		if paid != q.Total || q.Due != 0 {
			t.Fatalf("paid %d of %d, due %d", paid, q.Total, q.Due)
		}
		tier, available := "", Points(0)
		if m := in.Member; m != nil {
			tier, available = m.Tier, m.Available
			before, after := heldAfter(m, nil), heldAfter(m, e.Moves)
			before[MainWallet] += q.Earned - q.Redeem.Points - q.RewardPoints
			for _, w := range q.Wallets {
				before[w.Wallet] += w.Earned - w.Redeem.Points
			}
			if !reflect.DeepEqual(before, after) {
				t.Fatalf("held %v, want %v: %+v", after, before, e.Moves)
			}
		}
		if _, diffs, err := p.Requote(&e, tier, available); err != nil || len(diffs) > 0 {
			t.Fatalf("head office differs: %v %v", diffs, err)
		}
	})
}

func TestTheOrderOfLinesAndOfAskingChangesNoWallet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, in := genWallets(t)
		a, err := p.Quote(in)
		if err != nil {
			t.Fatal(err)
		}
		in.Sale.Lines, in.Sale.Wallets, in.Sale.Tenders = slices.Clone(in.Sale.Lines), slices.Clone(in.Sale.Wallets), slices.Clone(in.Sale.Tenders)
		slices.Reverse(in.Sale.Lines)
		slices.Reverse(in.Sale.Wallets)
		slices.Reverse(in.Sale.Tenders)
		b, err := p.Quote(in)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(a.Wallets, b.Wallets) || a.Earned != b.Earned || !reflect.DeepEqual(a.Redeem, b.Redeem) {
			t.Fatalf("got %+v and %+v", a.Wallets, b.Wallets)
		}
	})
}

// Whatever the parts and the policy: all that a wallet paid comes back to it, all that it earned is taken, and each line's
// parts sum to the bill's.
func TestReturningAllInPartsRestoresEveryWallet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, in := genWallets(t)
		if in.Member == nil {
			in.Member = &MemberState{ID: 9, Medium: MediumPurse}
		}
		in.Member.Lots, in.Sale.Tenders = []Lot{{ID: "2-1-1.1", Remaining: 20_000, Earned: "2026-01-01"}}, nil
		q, err := p.Quote(in)
		if err != nil {
			t.Fatal(err)
		}
		if q.Due > 0 {
			in.Sale.Tenders = []Tender{{Kind: TenderCash, Amount: q.Due}}
		}
		if q, err = p.Quote(in); err != nil {
			t.Fatal(err)
		}
		e, err := p.Post(q, in, testHead(5))
		if err != nil {
			t.Fatal(err)
		}
		sale, err := ReturnableOf(&e)
		if err != nil {
			t.Fatal(err)
		}
		ri := ReturnInput{Sale: sale, Lots: Apply(in.Member.Lots, e.Moves, 9), Wallets: walletsAfter(in.Member, &e), Policy: p.ReturnPolicy()}
		all, money := e.Moves, int64(0)
		for i, part := range append(genParts(t, &sale), nil) {
			ri.Lines, ri.All = part, part == nil
			if ri.All && complete(&sale, ri.Before) {
				break
			}
			back, err := Return(ri, testHead(Seq(10+i))) // the same day: nothing has expired
			if err != nil {
				t.Fatal(err)
			}
			if _, diffs, err := RequoteReturn(&back, ri); err != nil || len(diffs) > 0 {
				t.Fatalf("head office differs: %v %v", diffs, err)
			}
			ri.Before, money, all = append(ri.Before, *back.Return), money+back.Return.Money, append(all[:len(all):len(all)], back.Moves...)
			ri.Lots, ri.Wallets = Apply(ri.Lots, back.Moves, 9), afterReturn(ri.Wallets, &back)
		}
		if before, after := heldAfter(in.Member, nil), heldAfter(in.Member, all); !reflect.DeepEqual(before, after) || money != e.Sale.ToPay {
			t.Fatalf("held %v, want %v; money %d of %d", after, before, money, e.Sale.ToPay)
		}
	})
}

// complete says whether everything has come back.
func complete(sale *Returnable, before []ReturnBody) bool {
	left := int64(0)
	for _, l := range sale.Lines {
		left += l.Quantity
	}
	for _, b := range before {
		for _, l := range b.Lines {
			left -= l.Quantity
		}
	}
	return left == 0
}

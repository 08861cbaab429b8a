package loyalty

import (
	"fmt"
	"testing"
)

// lotsOf makes n lots of two points each.
func lotsOf(n int) []Lot {
	lots := make([]Lot, n)
	for i := range lots {
		lots[i] = Lot{ID: LotID(fmt.Sprintf("1-1-%d.1", i+1)), Remaining: 2, Earned: "2026-01-05"}
	}
	return lots
}

func TestAMergeHasNotEndedWhileAWalletStillHoldsMore(t *testing.T) {
	p := compile(t, goodHead+"wallets: [{id: credit, unit: money, redeem: {}}]\n")
	goes := MergeSide{Holding: Holding{Member: 8, Lots: lotsOf(100)},
		Wallets: []WalletState{{Wallet: "credit", Lots: lotsOf(100)}}, Stamps: []StampPast{{Stamp: "coffee", Count: 3, On: "2026-01-05"}}}
	e, err := p.Merge(MergeSide{Holding: Holding{Member: 7}}, goes, testHead(1))
	if err != nil {
		t.Fatal(err)
	}
	if e.Merge.Points != 200 || e.Merge.Left != 0 || e.Merge.Wallets[0].Points != 40 || e.Merge.Wallets[0].Left != 160 {
		t.Errorf("%+v: the entry names %d lots at most, of all wallets together", e.Merge, maxPassed)
	}
	for _, m := range e.Moves {
		if m.To == AccountStamps("coffee", 7) {
			t.Error("stamps came, although another merge follows and would bring them again")
		}
	}
	if e.Merge.Ends() {
		t.Error("a merge with credit left is said to have ended")
	}
}

func TestWhatIsOwedIsFilledFromWhatComesAlong(t *testing.T) {
	p := compile(t, goodHead)
	goes := MergeSide{Holding: Holding{Member: 8, Lots: []Lot{
		{ID: "1-1-1.1", Remaining: 100, Earned: "2026-01-05"}, {ID: deficitLot, Remaining: -30}}}}
	e, err := p.Merge(MergeSide{Holding: Holding{Member: 7}}, goes, testHead(3))
	if err != nil {
		t.Fatal(err)
	}
	lots := Apply(nil, e.Moves, 7)
	if e.Merge.Points != 70 || len(lots) != 1 || lots[0].Remaining != 70 {
		t.Errorf("%+v, who stays has %+v", e.Merge, lots)
	}
}

// More is reserved of who goes than he has, and he owes: who stays gives both, each where it is missing, and gets the rest.
func TestWhatIsMissingOfWhoGoesComesFromWhoStays(t *testing.T) {
	goes := MergeSide{Holding: Holding{Member: 8, Lots: []Lot{{ID: deficitLot, Remaining: -10}, {ID: "1-1-1.1", Reserved: 5}, {ID: "1-1-2.1", Remaining: 9, Reserved: 2}}}}
	e := testHead(3).Entry(KindMerge)
	e.Member, e.Merge = 7, &MergeBody{Gone: 8}
	moves := Remerge(&e, goes, MergeSide{Holding: Holding{Member: 7}})
	if got := Balance(Apply([]Lot{{ID: "1-1-4.1", Remaining: 50}}, moves, 7)); got != 50-10-5+7 {
		t.Errorf("who stays has %d", got)
	}
	for _, l := range Apply(goes.Lots, moves, 8) {
		if l.free() != 0 || l.Reserved == 0 {
			t.Errorf("who goes keeps %+v", l)
		}
	}
}

func TestWhatARuleGaveBothAddsUpInEveryPeriod(t *testing.T) {
	gave := func(n Points) Past {
		return Past{Given: []RulePast{{On: "2026-01-05", RuleSum: RuleSum{Day: n, Week: 2 * n, Month: 3 * n, Year: 4 * n, Lifetime: 5 * n}}}}
	}
	past, other := gave(1), gave(10)
	past.Merge(&other)
	if want := (RuleSum{Day: 11, Week: 22, Month: 33, Year: 44, Lifetime: 55}); past.Given[0].RuleSum != want {
		t.Errorf("%+v, want %+v", past.Given[0].RuleSum, want)
	}
}

func TestACorrectionIsOfAWalletOrOfAStampCard(t *testing.T) {
	p := compile(t, goodHead+"wallets: [{id: credit, unit: money, redeem: {}}]\nstamps: [{id: coffee, buy: 10, free: true}]\n")
	in := AdjustInput{Holding: Holding{Member: 7, Wallet: "credit"}, Stamp: &StampState{Stamp: "coffee"}, Points: 1, Reason: "forgotten"}
	_, err := p.Adjust(in, testHead(1))
	wantCode(t, err, MemberStamp)
}

package loyalty

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

const backTestHead = `format: 1
programme: {id: past, name: {en: Past}, version: %d, valid_from: %s, currency: EUR}
redeem: {point_value: {points: 3, value: 0.01}}
`

func pastProgrammes(t testing.TB) (trial, old *Programme) {
	old = compile(t, fmt.Sprintf(backTestHead, 1, "2026-01-01T00:00")+`
earn:
  - {id: base, per: amount, rate: {points: 1, per: 1.00}}
  - {id: welcome, bonus: 20, when: {purchase: 1}}
`)
	trial = compile(t, fmt.Sprintf(backTestHead, 2, "2027-01-01T00:00")+`
tiers: [{id: plain, name: {en: Plain}}, {id: gold, name: {en: Gold}, from: 30.00}]
ladder: {by: spend, over: rolling, months: 1}
sets: {coffee: {sku: [coffee]}}
earn:
  - {id: base, per: amount, rate: {points: 1, per: 1.00}, cap: {week: 15}}
  - {id: gold-more, bonus: 6, when: {tiers: [gold]}}
discounts:
  - {id: cheap-coffee, gives: {percent: 50, of: line, on: coffee}}
`)
	return trial, old
}

func pastSale(member MemberID, day, sku string, amount int64) *PastSale {
	s := &PastSale{Store: 1, Lane: 1, Day: day, At: day + "T10:00:00.000+02:00", Member: member}
	s.Sale.Lines = []Line{{SKU: sku, Quantity: 1000, Amount: amount}}
	s.Sale.Tenders = []Tender{{Kind: TenderCash, Amount: amount}}
	if member != 0 {
		s.Sale.Medium = MediumNumber
	}
	return s
}

func against(p *Programme) func(string) *Programme { return func(string) *Programme { return p } }

func TestABackTestTellsWhatEveryRuleWouldCostAndWhoWouldGainOrLose(t *testing.T) {
	trial, old := pastProgrammes(t)
	b := NewBackTest(BackTestInput{Trial: trial, Against: against(old)})
	for _, s := range []*PastSale{
		pastSale(1, "2026-11-02", "coffee", 1000), // a Monday: 10 and 20 points; trial 5.00 off and 5 points
		pastSale(1, "2026-11-03", "bread", 1200),  // 12; trial 10, 2 cut by the week's cap
		pastSale(1, "2026-11-09", "bread", 1500),  // 15; trial 15, a new week, and 6: 32.00 in a month are gold
		pastSale(2, "2026-11-09", "bread", 400),   // 4 and 20; trial 4
		pastSale(0, "2026-11-09", "coffee", 200),  // nobody; trial 1.00 off
	} {
		b.Add(s)
	}
	got, err := json.Marshal(b.Report())
	want := `{"trial":"` + trial.Digest() + `","currency":"EUR","first":"2026-11-02","last":"2026-11-09",` +
		`"sales":5,"anonymous":1,"skipped":[],` +
		`"with":{"turnover":4300,"reduced":600,"earned":40,"cost":613},"against":{"turnover":4300,"reduced":0,"earned":81,"cost":27},` +
		`"rules":[{"rule":"cheap-coffee","with":{"sales":2,"points":0,"reduced":600,"cost":600},"against":{"sales":0,"points":0,"reduced":0,"cost":0}},` +
		`{"rule":"base","with":{"sales":4,"points":34,"reduced":0,"cost":11},"against":{"sales":4,"points":41,"reduced":0,"cost":14}},` +
		`{"rule":"welcome","with":{"sales":0,"points":0,"reduced":0,"cost":0},"against":{"sales":2,"points":40,"reduced":0,"cost":13}},` +
		`{"rule":"gold-more","with":{"sales":1,"points":6,"reduced":0,"cost":2},"against":{"sales":0,"points":0,"reduced":0,"cost":0}}],` +
		`"gain":{"members":1,"points":-21,"value":493},"lose":{"members":1,"points":-20,"value":-7},"same":{"members":0,"points":0,"value":0},` +
		`"most_gain":[{"member":1,"points":-21,"value":493}],"most_lose":[{"member":2,"points":-20,"value":-7}]}`
	if err != nil || string(got) != want {
		t.Errorf("report %v\n%s\nwant\n%s", err, got, want)
	}
}

func TestABillThatCannotBeJudgedIsCountedAndChangesNothing(t *testing.T) {
	trial, old := pastProgrammes(t)
	b := NewBackTest(BackTestInput{Trial: trial, Against: func(digest string) *Programme {
		if digest == "gone" {
			return nil
		}
		return old
	}})
	gone, odd := pastSale(1, "2026-11-02", "bread", 100), pastSale(1, "2026-11-02", "bread", 100)
	gone.Sale.Programme, odd.Sale.Lines[0].Quantity = "gone", -1
	for _, s := range []*PastSale{gone, odd, odd, pastSale(1, "2026-11-02", "bread", 100)} {
		b.Add(s)
	}
	r := b.Report()
	if want := []SkippedSale{{SaleNegative, 2}, {SkippedUnknown, 1}}; !reflect.DeepEqual(r.Skipped, want) || r.Sales != 1 || r.Against.Earned != 21 {
		t.Errorf("skipped %v, %d sales, %d points; want %v, one sale and its 1 + 20", r.Skipped, r.Sales, r.Against.Earned, want)
	}
}

func TestBillsMoveToTheDaysOfACampaignToCome(t *testing.T) {
	_, old := pastProgrammes(t)
	trial := compile(t, fmt.Sprintf(backTestHead, 2, "2027-01-01T00:00")+`
earn: [{id: easter, bonus: 7, when: {from: 2027-03-22, to: 2027-03-28, weekdays: [mon]}}]
`)
	for shift, want := range map[int]Points{0: 0, 140: 7} {
		b := NewBackTest(BackTestInput{Trial: trial, Against: against(old), ShiftDays: shift})
		b.Add(pastSale(1, "2026-11-02", "bread", 100))
		if got := b.Report().With.Earned; got != want {
			t.Errorf("moved by %d days: %d points, want %d", shift, got, want)
		}
	}
}

// What points paid is paid with points again, as far as the programme in question lets them.
func TestAPastRedemptionIsATenderNotAResult(t *testing.T) {
	_, old := pastProgrammes(t)
	s := pastSale(1, "2026-11-02", "bread", 1000)
	s.Sale.Tenders, s.Sale.Value, s.Sale.Medium = []Tender{{Kind: TenderCash, Amount: 600}}, 400, MediumPurse
	b := NewBackTest(BackTestInput{Trial: old, Against: against(old)})
	b.Add(s)
	if r := b.Report(); r.With.Earned != 26 || r.Same.Members != 1 { // 6 for the cash part, 20 for the first purchase
		t.Errorf("report %+v", r)
	}
}

func TestAStoredSaleIsReadWithoutItsResults(t *testing.T) {
	p := compileFile(t, "grocery.yaml")
	in := QuoteInput{Sale: Sale{Lines: groceries(), Redeem: &Ask{Points: 100}}, Place: testPlace,
		Member: &MemberState{ID: 9, Medium: MediumPurse, Available: 900, Tier: "silver"}}
	_, e := sell(t, p, in, testHead(3))
	body, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	s, err := ReadPastSale(body)
	if err != nil || s.Member != 9 || s.Sale.Tier != "silver" || s.Sale.Value != 100 || !reflect.DeepEqual(s.Sale.Lines, in.Sale.Lines) {
		t.Fatalf("read %+v, %v", s, err)
	}
	if PastMember(body) != 9 {
		t.Errorf("member %d", PastMember(body))
	}
	b := NewBackTest(BackTestInput{Trial: p, Against: against(p)})
	b.Add(s)
	if r := b.Report(); r.Sales != 1 || r.With.Earned != e.Sale.Earned || r.With != r.Against {
		t.Errorf("played again: %+v, want the %d points of the sale", r, e.Sale.Earned)
	}
	if _, err := ReadPastSale([]byte(`{"kind":"load"}`)); err == nil {
		t.Error("a load was read as a sale")
	}
}

// Bills are shared out by member to as many back-tests as there are cores.
func TestReportsOfPartsMergeToTheReportOfTheWhole(t *testing.T) {
	trial, old := pastProgrammes(t)
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.IntRange(2, 4).Draw(t, "parts")
		whole, part := NewBackTest(BackTestInput{Trial: trial, Against: against(old)}), make([]*BackTest, parts)
		for i := range part {
			part[i] = NewBackTest(BackTestInput{Trial: trial, Against: against(old)})
		}
		day := date(20_000)
		for range rapid.IntRange(0, 40).Draw(t, "sales") {
			day += date(rapid.IntRange(0, 3).Draw(t, "days"))
			member := MemberID(rapid.IntRange(0, 12).Draw(t, "member"))
			sku := rapid.SampledFrom([]string{"coffee", "bread"}).Draw(t, "sku")
			s := pastSale(member, day.String(), sku, rapid.Int64Range(0, 5000).Draw(t, "amount"))
			whole.Add(s)
			part[int(member)%parts].Add(s)
		}
		want, got := whole.Report(), part[0].Report()
		for _, p := range part[1:] {
			got.Merge(p.Report())
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("merged\n%+v\nwhole\n%+v", got, want)
		}
	})
}

// BenchmarkBackTest reads stored bills of eight lines and judges each by two programmes, on one core.
func BenchmarkBackTest(b *testing.B) {
	p := benchProgramme(b, 100)
	_, e := sell(b, p, benchInput(8, 0), testHead(9))
	body, err := e.Encode()
	if err != nil {
		b.Fatal(err)
	}
	test := NewBackTest(BackTestInput{Trial: p, Against: against(p)})
	b.ReportAllocs()
	for i := range b.N {
		s, err := ReadPastSale(body)
		if err != nil {
			b.Fatal(err)
		}
		s.Member = MemberID(i%10_000 + 1)
		test.Add(s)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sales/s")
	if r := test.Report(); r.Sales != int64(b.N) {
		b.Fatalf("report %+v", r)
	}
}

func TestABackTestCountsWhatOtherWalletsPayAndEarn(t *testing.T) {
	p := compile(t, fmt.Sprintf(backTestHead, 1, "2026-01-01T00:00")+`
wallets: [{id: credit, name: {en: Credit}, unit: money, redeem: {}}]
earn: [{id: back, wallet: credit, per: amount, rate: {value: 0.02, per: 1.00}}]
`)
	s := pastSale(1, "2026-11-02", "bread", 1000)
	s.Sale.Tenders, s.Sale.Wallets, s.Sale.Medium = []Tender{{Kind: TenderCash, Amount: 600}}, []WalletBody{{Wallet: "credit", Value: 400}}, MediumPurse
	b := NewBackTest(BackTestInput{Trial: p, Against: against(p)})
	b.Add(s)
	if r := b.Report(); r.Sales != 1 || r.With.Cost.Minor() != 12 || r.Rules[0].With.Cost.Minor() != 12 || r.With.Earned != 0 { // 2 % of the 6.00 in cash
		t.Errorf("report %+v", r)
	}
}

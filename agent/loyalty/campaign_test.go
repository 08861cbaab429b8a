package loyalty

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const budgetCampaign = `earn:
  - {id: base, per: amount, rate: {points: 1, per: 1.00}}
campaigns:
  - id: fair
    when: {stores: [1, 3, 7]}
    earn:
      - {id: twice, multiply: 2.5}
      - {id: gift, bonus: 7, expiry: {days: 30}}
      - {id: cents, per: amount, rate: {points: 3, per: 0.70}, steps: proportional, rounding: {mode: half_up, at: sale}}
    discounts:
      - {id: ten, group: g, gives: {percent: 10}}
      - {id: two, group: g, gives: {amount: 2.00}}
      - {id: one, gives: {amount: 1.00}}
    budget: {points: 300, money: 20.00}
    store_slice: [{points: 60, money: 5.00}, {stores: [3], points: 180, money: 10.00}]
stacking: {group: best_for_customer}
`

// Whatever stores sell, each without a word of the others, the campaign never costs more than its budget.
func TestNoSalesInAnyStoresSpendMoreThanTheBudget(t *testing.T) {
	p := compile(t, goodHead+budgetCampaign)
	rapid.Check(t, func(t *rapid.T) {
		spent := map[StoreID][]CampaignUse{}
		var points Points
		var money int64
		for seq := range rapid.IntRange(1, 25).Draw(t, "sales") {
			store := rapid.SampledFrom([]StoreID{1, 3, 4, 7}).Draw(t, "store")
			head := testHead(Seq(seq + 1))
			head.Store = store
			in := QuoteInput{Sale: Sale{Lines: rapid.SliceOfN(rapid.Custom(genLine), 1, 4).Draw(t, "lines")}, Left: Left(p.Slices(store), spent[store]),
				Place: Place{Store: store, Lane: head.Lane, At: head.At, Day: head.Day}}
			if rapid.Bool().Draw(t, "member") {
				in.Member = &MemberState{ID: 9, Medium: MediumPurse}
			}
			q, err := p.Quote(in)
			if err != nil {
				t.Fatal(err)
			}
			in.Sale.Tenders = []Tender{{Kind: TenderCash, Amount: q.ToPay}}
			if q.ToPay == 0 {
				in.Sale.Tenders = nil
			}
			e, err := p.Post(q, in, head)
			if err != nil {
				t.Fatal(err)
			}
			if _, found, err := p.Requote(&e, "", 0); err != nil || len(found) > 0 {
				t.Fatalf("head office: %v %v", found, err)
			}
			spent[store] = append(spent[store], e.Sale.Campaigns...)
			for _, u := range e.Sale.Campaigns {
				points, money = points+u.Points, money+u.Money
				if u.Points > u.LeftPoints || u.Money > u.LeftMoney {
					t.Fatalf("more than was left: %+v", u)
				}
			}
			own, told := Points(totalBase(&q)), Points(0)
			for _, u := range e.Sale.Campaigns {
				told += u.Points
			}
			if in.Member != nil && own+told != q.Earned {
				t.Fatalf("%d points of the base and %d of the budget are not %d", own, told, q.Earned)
			}
			if q.Reduced > 0 && (len(q.Campaigns) != 1 || q.Campaigns[0].Money != q.Reduced) {
				t.Fatalf("%d taken off, %+v", q.Reduced, q.Campaigns)
			}
		}
		if points > 300 || money > 2000 {
			t.Fatalf("%d points and %d cents of a budget of 300 and 2000", points, money)
		}
	})
}

// totalBase is what the one rule outside the campaign gave.
func totalBase(q *Quote) int64 {
	for _, f := range q.Why {
		if f.Rule == "base" && f.Applied {
			return int64(f.Points)
		}
	}
	return 0
}

func TestTheOrderOfACampaignsRulesDoesNotChangeWhatItSpends(t *testing.T) {
	text := goodHead + budgetCampaign
	swapped := strings.Replace(text, "      - {id: twice, multiply: 2.5}\n      - {id: gift, bonus: 7, expiry: {days: 30}}\n", "      - {id: gift, bonus: 7, expiry: {days: 30}}\n      - {id: twice, multiply: 2.5}\n", 1)
	for left := range Points(90) {
		in := QuoteInput{Sale: Sale{Lines: groceries()}, Place: testPlace, Left: []CampaignLeft{{"fair", left, 130}}, Member: &MemberState{ID: 9, Medium: MediumPurse}}
		a, errA := compile(t, text).Quote(in)
		b, errB := compile(t, swapped).Quote(in)
		if errA != nil || errB != nil || a.Earned != b.Earned || !slices.Equal(a.Campaigns, b.Campaigns) {
			t.Fatalf("%d left: %+v %+v, %v %v", left, a.Campaigns, b.Campaigns, errA, errB)
		}
	}
}

func TestAStoreIsToldItsSlice(t *testing.T) {
	p := compile(t, goodHead+budgetCampaign)
	for store, want := range map[StoreID][]CampaignLeft{1: {{"fair", 60, 500}}, 3: {{"fair", 180, 1000}}, 4: nil} {
		if got := p.Slices(store); !slices.Equal(got, want) {
			t.Errorf("store %d: %+v, want %+v", store, got, want)
		}
	}
}

func TestAChangedUseOfABudgetIsFound(t *testing.T) {
	p := compile(t, goodHead+budgetCampaign)
	_, e := sell(t, p, QuoteInput{Sale: Sale{Lines: groceries()}, Left: []CampaignLeft{{"fair", 9, 100}}, Member: &MemberState{ID: 9, Medium: MediumPurse}}, testHead(4))
	e.Sale.Campaigns[0].Points--
	if _, found, err := p.Requote(&e, "", 0); err != nil || len(found) != 1 || found[0].Field != "campaigns.fair.points" {
		t.Errorf("%v %v", found, err)
	}
}

func TestACappedDiscountIsWrittenDownForLaterSales(t *testing.T) {
	p := compile(t, goodHead+"discounts: [{id: ten, gives: {percent: 10}, cap: {month: 5.00}}]\n")
	_, e := sell(t, p, QuoteInput{Sale: Sale{Lines: []Line{{SKU: "a", Quantity: 1000, Amount: 3000}}}, Member: &MemberState{ID: 9, Medium: MediumPurse}}, testHead(4))
	if want := []RulePoints{{"ten", 300}}; !slices.Equal(e.Sale.Given, want) {
		t.Errorf("given %v, want %v", e.Sale.Given, want)
	}
	var r Record
	r.Add(StepOf(&e))
	m := MemberState{ID: 9, Medium: MediumPurse}
	if err := p.Recall(&m, &r, e.Day); err != nil {
		t.Fatal(err)
	}
	in := QuoteInput{Sale: Sale{Lines: []Line{{SKU: "a", Quantity: 1000, Amount: 3000}}}, Place: testPlace, Member: &m}
	if q, err := p.Quote(in); err != nil || q.Reduced != 200 {
		t.Errorf("%d off, %v, want 200", q.Reduced, err)
	}
}

func TestWhatIsLeftOfBudgetsIsChecked(t *testing.T) {
	p := compile(t, goodHead+budgetCampaign)
	for _, tc := range []struct {
		left []CampaignLeft
		code string
	}{
		{[]CampaignLeft{{"fair", -1, 0}}, SaleRange}, {[]CampaignLeft{{"fair", 0, -1}}, SaleRange}, {[]CampaignLeft{{"Fair", 1, 0}}, SaleText},
		{[]CampaignLeft{{"fair", 1, 0}, {"fair", 1, 0}}, SaleText}, {make([]CampaignLeft, MaxLeft+1), SaleTooLarge},
	} {
		_, err := p.Quote(QuoteInput{Sale: Sale{Lines: groceries()}, Place: testPlace, Left: tc.left})
		var e *SaleError
		if !errors.As(err, &e) || e.Field != "left" || e.Code != tc.code {
			t.Errorf("%+v: %v, want left: %s", tc.left, err, tc.code)
		}
	}
}

func TestFaultsOfCampaignsAreNamed(t *testing.T) {
	campaign := func(rest string) string {
		return goodHead + "campaigns:\n  - {id: c, earn: [{id: a, bonus: 1}], discounts: [{id: d, gives: {percent: 5}}], " + rest + "}\n"
	}
	for doc, want := range map[string]string{
		goodHead + "campaigns: [{id: c}]\n": "campaigns[0]: gives nothing",
		goodHead + "earn: [{id: c, bonus: 1}]\ncampaigns: [{id: c, earn: [{id: a, bonus: 1}]}]\n": "earn[0].id: c is used before",
		goodHead + "earn: [{id: a, bonus: 1}]\ncampaigns: [{id: c, earn: [{id: a, bonus: 1}]}]\n": "campaigns[0].earn[0].id: a is used before",
		goodHead + "campaigns: [{id: c, earn: [{id: a, bonus: 0}]}]\n":                            "campaigns[0].earn[0].bonus: 0 is out of range",
		goodHead + "discounts: [{id: d, gives: {percent: 5}, cap: {}}]\n":                         "discounts[0].cap: limits nothing",
		campaign("budget: {}"):                                       "campaigns[0].budget: limits nothing",
		campaign("budget: {points: 10}"):                             "campaigns[0].store_slice: is missing",
		campaign("store_slice: [{points: 1}]"):                       "campaigns[0].store_slice: is of no budget",
		campaign("budget: {points: 10}, store_slice: [{points: 1}]"): "nobody knows how many there are",
		campaign("budget: {points: 10}, when: {stores: [1]}, store_slice: [{points: 1, money: 1.00}]"):                 "store_slice[0].money: is of no budget",
		campaign("budget: {points: 10}, when: {stores: [1, 2, 3]}, store_slice: [{points: 4}]"):                        "lets all stores together spend 12 points of 10",
		campaign("budget: {points: 10}, when: {stores: [1, 2]}, store_slice: [{points: 4}, {stores: [2], points: 7}]"): "lets all stores together spend 11 points of 10",
		campaign("budget: {money: 10.00}, store_slice: [{stores: [1, 2], money: 5.01}]"):                               "lets all stores together spend 10.02 of 10.00",
		campaign("budget: {points: 10}, when: {stores: [1]}, store_slice: [{points: 4}, {points: 4}]"):                 "store_slice[1]: says for the second time",
		campaign("budget: {points: 10}, when: {stores: [1]}, store_slice: [{stores: [2], points: 4}]"):                 "store 2 is named before, or is not a store of the campaign",
	} {
		if _, err := Compile([]byte(doc)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
	many := make([]string, MaxCampaigns+1)
	for i := range many {
		many[i] = fmt.Sprintf("{id: c%d, earn: [{id: r%d, bonus: 1}]}", i, i)
	}
	if _, err := Compile([]byte(goodHead + "campaigns: [" + strings.Join(many, ",\n") + "]\n")); err == nil || !strings.Contains(err.Error(), "keep to 200") {
		t.Errorf("got %v", err)
	}
}

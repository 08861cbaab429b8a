package loyalty

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// vectorFile is one file of testdata/vectors; its README.md says what the fields mean.
type vectorFile struct {
	Cases []vector `yaml:"cases"`
}

type vector struct {
	Name      string       `yaml:"name"`
	Programme string       `yaml:"programme"`
	Lines     []vectorLine `yaml:"lines"`
	Tenders   []struct {
		Kind   TenderKind `yaml:"kind"`
		Amount major      `yaml:"amount"`
		Serial string     `yaml:"serial"`
	} `yaml:"tenders"`

	Instruments vectorInstruments `yaml:",inline"`

	Rounding major          `yaml:"rounding"`
	Member   *vectorMember  `yaml:"member"`
	Redeem   string         `yaml:"redeem"`
	Wallets  []vectorAsk    `yaml:"wallets"`
	Currency string         `yaml:"currency"`
	Shown    []vectorCoupon `yaml:"shown"`
	Rewards  []struct {
		Reward string `yaml:"reward"`
		Times  int64  `yaml:"times"`
		Units  int64  `yaml:"units"`
		Points Points `yaml:"points"`
	} `yaml:"rewards"`
	Stock []Stock `yaml:"stock"`
	Left  []struct {
		Campaign string `yaml:"campaign"`
		Points   Points `yaml:"points"`
		Money    major  `yaml:"money"`
	} `yaml:"left"`
	Offers     bool           `yaml:"offers"`
	Day        string         `yaml:"day"`
	At         string         `yaml:"at"`
	Store      StoreID        `yaml:"store"`
	Want       vectorWant     `yaml:"want"`
	Lots       []lotStep      `yaml:"lots"`
	Returns    []returnStep   `yaml:"returns"`
	Activities []activityStep `yaml:"activities"`
	Reviews    []reviewStep   `yaml:"reviews"`
	Ledger     []ledgerStep   `yaml:"ledger"`
	Split      *vectorSplit   `yaml:"split"`
	Codes      []vectorCode   `yaml:"codes"`
}

// major is an amount in the major unit, as exact text.
type major string

func (m *major) UnmarshalYAML(b []byte) error {
	*m = major(strings.Trim(string(b), "\"\n "))
	return nil
}

func (m major) minor(t *testing.T, digits int) int64 {
	t.Helper()
	if m == "" {
		return 0
	}
	text, below := strings.CutPrefix(string(m), "-")
	n, ok := parseDecimal(text, digits)
	if !ok {
		t.Fatalf("%q is not an amount", string(m))
	}
	if below {
		return -n
	}
	return n
}

type vectorLine struct {
	SKU      string   `yaml:"sku"`
	Amount   major    `yaml:"amount"`
	Quantity major    `yaml:"quantity"`
	Category string   `yaml:"category"`
	Brand    string   `yaml:"brand"`
	Labels   []string `yaml:"labels"`
	Discount major    `yaml:"discount"`
	Tax      major    `yaml:"tax"`
	GiftCard *struct {
		Kind   string   `yaml:"kind"`
		Serial string   `yaml:"serial"`
		Holder MemberID `yaml:"holder"`
	} `yaml:"gift_card"`
}

type vectorMember struct {
	Available Points         `yaml:"available"`
	Medium    Medium         `yaml:"medium"`
	Tier      string         `yaml:"tier"`
	Lots      []leftLot      `yaml:"lots"`
	Wallets   []vectorWallet `yaml:"wallets"`
	Personal  []string       `yaml:"personal"`
	History   *struct {
		Purchases int64     `yaml:"purchases"`
		Balance   Points    `yaml:"balance"`
		Given     []RuleSum `yaml:"given"`
		Segments  []string  `yaml:"segments"`
		Occasions []string  `yaml:"occasions"`

		Attributes []string `yaml:"attributes"`
		Joined     string   `yaml:"joined"`
		Last       string   `yaml:"last"`
		Sums       []struct {
			Days   int64  `yaml:"days"`
			Months int64  `yaml:"months"`
			Spend  major  `yaml:"spend"`
			Points Points `yaml:"points"`
			Visits int64  `yaml:"visits"`
		} `yaml:"sums"`
	} `yaml:"history"`
	Standing *struct {
		Spend  major  `yaml:"spend"`
		Points Points `yaml:"points"`
		Visits int64  `yaml:"visits"`
	} `yaml:"standing"`
}

type leftLot struct {
	Points  Points `yaml:"points"`
	Expires string `yaml:"expires"`
}

type vectorWant struct {
	Earned   *Points  `yaml:"earned"`
	Total    *major   `yaml:"total"`
	ToPay    *major   `yaml:"to_pay"`
	Due      *major   `yaml:"due"`
	Redeemed *Points  `yaml:"redeemed"`
	Value    *major   `yaml:"value"`
	Max      *Points  `yaml:"max"`
	Expires  *string  `yaml:"expires"`
	Why      []string `yaml:"why"`
	Clamps   []string `yaml:"clamps"`

	Reductions   []string     `yaml:"reductions"`
	Reduced      *major       `yaml:"reduced"`
	Off          []major      `yaml:"off"`
	Taxes        []major      `yaml:"taxes"`
	RewardPoints *Points      `yaml:"reward_points"`
	Tier         *string      `yaml:"tier"`    // in which the sale earns
	Reached      *string      `yaml:"reached"` // with the sale
	Next         *string      `yaml:"next"`
	Missing      *int64       `yaml:"missing"`
	Usable       []string     `yaml:"usable"` // of each lot earned
	Occasions    []string     `yaml:"occasions"`
	Balance      *Points      `yaml:"balance"`
	Wallets      []wantWallet `yaml:"wallets"`
	Error        string       `yaml:"error"`

	Instruments wantInstruments   `yaml:",inline"`
	Issued      []string          `yaml:"issued"` // of each coupon: kind and days
	Given       map[string]Points `yaml:"given"`
	Spent       []string          `yaml:"spent"` // of budgets: campaign, points, money

	Catalogue offersWant `yaml:",inline"`
}

type lotStep struct {
	Earn *struct {
		Points  Points `yaml:"points"`
		Earned  string `yaml:"earned"`
		Expires string `yaml:"expires"`
	} `yaml:"earn"`
	Redeem Points `yaml:"redeem"`
	Expire *struct {
		Day    string `yaml:"day"`
		Points Points `yaml:"points"`
	} `yaml:"expire"`
	Left    []leftLot `yaml:"left"`
	Balance *Points   `yaml:"balance"`
}

type vectorSplit struct {
	Total  major   `yaml:"total"`
	Over   []major `yaml:"over"`
	Shares []major `yaml:"shares"`
}

func TestVectors(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "vectors", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	for _, file := range files {
		doc, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var group vectorFile
		if err := yaml.UnmarshalWithOptions(doc, &group, yaml.Strict()); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, v := range group.Cases {
			t.Run(filepath.Base(file)+"/"+v.Name, func(t *testing.T) { v.run(t) })
		}
	}
}

func (v *vector) run(t *testing.T) {
	switch {
	case v.Codes != nil:
		v.runCodes(t)
	case v.Ledger != nil:
		v.runLedger(t)
	case v.Activities != nil:
		v.runActivities(t)
	case v.Reviews != nil:
		v.runReviews(t)
	case v.Split != nil:
		v.runSplit(t)
	case v.Lots != nil:
		v.runLots(t)
	default:
		v.runSale(t)
	}
}

const vectorHeader = `
format: 1
programme: {id: vector, name: {en: Vector}, version: 1, valid_from: 2000-01-01T00:00, currency: EUR}
`

func (v *vector) runSale(t *testing.T) {
	p := compile(t, vectorHeader+v.Programme)
	in := v.input(t)
	v.compareAdmission(t, p, &in)
	q, err := p.Quote(in)
	if v.Want.Error != "" {
		var bad *SaleError
		if !errors.As(err, &bad) || bad.Code != v.Want.Error {
			t.Errorf("%v, want %s", err, v.Want.Error)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	points := func(name string, want *Points, got Points) {
		if want != nil && *want != got {
			t.Errorf("%s: got %d, want %d", name, got, *want)
		}
	}
	money := func(name string, want *major, got int64) {
		if want != nil && want.minor(t, 2) != got {
			t.Errorf("%s: got %s, want %s", name, formatDecimal(got, 2, false), *want)
		}
	}
	points("earned", v.Want.Earned, q.Earned)
	points("redeemed", v.Want.Redeemed, q.Redeem.Points)
	points("max", v.Want.Max, q.Redeem.Max)
	money("total", v.Want.Total, q.Total)
	money("to pay", v.Want.ToPay, q.ToPay)
	money("due", v.Want.Due, q.Due)
	money("value", v.Want.Value, q.Redeem.Value)
	if v.Want.Expires != nil && *v.Want.Expires != q.EarnedExpires {
		t.Errorf("expires: got %s, want %s", q.EarnedExpires, *v.Want.Expires)
	}
	compareCodes(t, "why", v.Want.Why, q.Why)
	compareCodes(t, "clamps", v.Want.Clamps, q.Redeem.Clamps)
	points("reward points", v.Want.RewardPoints, q.RewardPoints)
	money("reduced", v.Want.Reduced, q.Reduced)
	if in.Member != nil {
		points("balance", v.Want.Balance, in.Member.Available+q.Earned-q.Redeem.Points-q.RewardPoints)
	}
	v.compareReductions(t, &q)
	v.compareWallets(t, &q)
	v.compareIssued(t, p, in, q)
	v.compareOffers(t, &q)
	v.compareTier(t, &q)
	if v.Want.Spent != nil {
		got := []string{}
		for _, u := range q.Campaigns {
			got = append(got, fmt.Sprint(u.Campaign, " ", u.Points, " ", formatDecimal(u.Money, 2, false)))
		}
		if !slices.Equal(v.Want.Spent, got) {
			t.Errorf("spent of budgets: got %v, want %v", got, v.Want.Spent)
		}
	}
	v.compareInstruments(t, &q)
	v.headOfficeAgrees(t, p, v.input(t))
	if w := v.Want.Occasions; w != nil && !slices.Equal(w, q.Occasions) {
		t.Errorf("occasions: got %v, want %v", q.Occasions, w)
	}
	for i, w := range v.Want.Usable {
		if i >= len(q.Lots) || q.Lots[i].Usable != w {
			t.Errorf("usable: got %+v, want %v", q.Lots, v.Want.Usable)
		}
	}
	if v.Returns != nil {
		v.runReturns(t, p, v.input(t), q)
	}
}

func (v *vector) compareReductions(t *testing.T, q *Quote) {
	var ids []string
	for _, r := range q.Reductions {
		ids = append(ids, r.Rule)
	}
	if w := v.Want.Reductions; w != nil && !slices.Equal(w, ids) {
		t.Errorf("reductions: got %v, want %v: %+v", ids, w, q.Why)
	}
	for i, w := range v.Want.Off {
		if got := q.Lines[i].Reduced; got != w.minor(t, 2) {
			t.Errorf("line %d: %d off, want %s", i, got, w)
		}
	}
	for i, w := range v.Want.Taxes {
		if i >= len(q.Taxes) || q.Taxes[i].Tax != w.minor(t, 2) {
			t.Errorf("taxes: got %+v, want %v", q.Taxes, v.Want.Taxes)
			break
		}
	}
}

func compareCodes(t *testing.T, name string, want []string, got []Finding) {
	t.Helper()
	if want == nil {
		return
	}
	codes := make([]string, len(got))
	for i, f := range got {
		codes[i] = f.Code
	}
	if fmt.Sprint(want) != fmt.Sprint(codes) {
		t.Errorf("%s: got %v, want %v\n%+v", name, codes, want, got)
	}
}

func (v *vector) input(t *testing.T) QuoteInput {
	in := QuoteInput{Place: Place{Store: max(v.Store, 1), Lane: 1, Day: "2026-11-24", At: "10:00"}}
	if v.Day != "" {
		in.Place.Day = v.Day
	}
	if v.At != "" {
		in.Place.At = v.At
	}
	in.Place.At = in.Place.Day + "T" + in.Place.At + ":00.000+02:00"
	for _, l := range v.Left {
		in.Left = append(in.Left, CampaignLeft{l.Campaign, l.Points, l.Money.minor(t, 2)})
	}
	for _, l := range v.Lines {
		if l.Quantity == "" {
			l.Quantity = "1"
		}
		in.Sale.Lines = append(in.Sale.Lines, Line{SKU: l.SKU, Category: l.Category, Brand: l.Brand, Labels: l.Labels,
			Quantity: l.Quantity.minor(t, 3), Amount: l.Amount.minor(t, 2), Discount: l.Discount.minor(t, 2), Tax: l.Tax.minor(t, 2)})
		if g := l.GiftCard; g != nil {
			in.Sale.Lines[len(in.Sale.Lines)-1].GiftCard = &GiftCardLine{Kind: g.Kind, Serial: g.Serial, Holder: g.Holder}
		}
	}
	in.GiftCards = cardStates(t, v.Instruments.GiftCards)
	for _, p := range v.Tenders {
		in.Sale.Tenders = append(in.Sale.Tenders, Tender{Kind: p.Kind, Amount: p.Amount.minor(t, 2), Serial: p.Serial})
	}
	in.Sale.Rounding = v.Rounding.minor(t, 2)
	if m := v.Member; m != nil {
		in.Member = &MemberState{ID: 1, Tier: m.Tier, Available: m.Available, Medium: m.Medium, Personal: m.Personal, Stamps: v.stampStates()}
		if h := m.History; h != nil {
			in.Member.History = &History{Purchases: h.Purchases, Balance: h.Balance, Given: h.Given, Segments: h.Segments, Occasions: h.Occasions, Attributes: h.Attributes, Joined: h.Joined, Last: h.Last}
			for _, s := range h.Sums {
				in.Member.History.Sums = append(in.Member.History.Sums, WindowSum{s.Days, s.Months, Standing{s.Spend.minor(t, 2), s.Points, s.Visits}})
			}
		}
		if st := m.Standing; st != nil {
			in.Member.Standing = &Standing{Spend: st.Spend.minor(t, 2), Points: st.Points, Visits: st.Visits}
		}
		if m.Medium == MediumNone {
			in.Member.Medium = MediumPurse
		}
		for i, l := range m.Lots {
			in.Member.Lots = append(in.Member.Lots, Lot{ID: lotID(8, 1, Seq(i+1), 1), Remaining: l.Points, Earned: "2026-01-01", Expires: l.Expires})
		}
	}
	v.wallets(t, &in)
	for _, c := range v.Shown {
		in.Sale.Shown = append(in.Sale.Shown, c.shown(t))
	}
	in.Stock, in.Sale.Offers = v.Stock, v.Offers
	for _, r := range v.Rewards {
		in.Sale.Rewards = append(in.Sale.Rewards, RewardAsk{Reward: r.Reward, Times: r.Times, Units: r.Units, Points: r.Points})
	}
	if v.Redeem != "" {
		ask := askFor(t, major(v.Redeem))
		in.Sale.Redeem = &ask
	}
	return in
}

func (v *vector) runLots(t *testing.T) {
	const member = 5
	var lots []Lot
	for i, s := range v.Lots {
		switch {
		case s.Earn != nil:
			lots = Apply(lots, []Movement{{From: AccountIssued, To: AccountMain(member), Points: s.Earn.Points,
				Lot: lotID(1, 1, Seq(i+1), 1), Earned: s.Earn.Earned, Expires: s.Earn.Expires}}, member)
		case s.Redeem > 0:
			lots = Apply(lots, draw(lots, s.Redeem, "2026-01-12", AccountCard(member), AccountRedeemed), member)
		case s.Expire != nil:
			moves := Expire(member, lots, s.Expire.Day)
			before := Balance(lots)
			lots = Apply(lots, moves, member)
			if gone := before - Balance(lots); gone != s.Expire.Points {
				t.Errorf("step %d: %d points expired, want %d", i+1, gone, s.Expire.Points)
			}
		case s.Left != nil:
			compareLeft(t, i, s.Left, lots)
		}
		if s.Balance != nil && Balance(lots) != *s.Balance {
			t.Errorf("step %d: balance %d, want %d", i+1, Balance(lots), *s.Balance)
		}
	}
}

func compareLeft(t *testing.T, step int, left []leftLot, lots []Lot) {
	t.Helper()
	got, want := make([]string, len(lots)), make([]string, len(left))
	for k, l := range lots {
		got[k] = fmt.Sprint(l.Remaining, l.Expires)
	}
	for k, l := range left {
		want[k] = fmt.Sprint(l.Points, l.Expires)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("step %d: left %v, want %v", step+1, got, want)
	}
}

func (v *vector) runSplit(t *testing.T) {
	var over, want []int64
	for i := range v.Split.Over {
		over = append(over, v.Split.Over[i].minor(t, 2))
		want = append(want, v.Split.Shares[i].minor(t, 2))
	}
	if got := Split(v.Split.Total.minor(t, 2), over); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

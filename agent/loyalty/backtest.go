package loyalty

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// BackTest plays past bills through a programme as if it had been in force, and through the one that was, and adds up what
// each would have given. Both start from the same knowledge: what the stores wrote down of a member's past, and what the
// bills before gave. Bills of one member come in the order of their days; members have nothing to do with each other, so
// that the bills of a chain can be shared out by member and the reports merged.
//
// What it does not know: whether members would have bought otherwise, campaigns' budgets, and rewards that were asked for points.
// Points that paid a bill pay as much of it again if the programme lets them. Nobody loses a tier.
type BackTest struct {
	trial   *Programme
	against func(digest string) *Programme
	free    map[string]*Programme // by the digest in the bill
	shift   date
	members map[MemberID]*pastMember
	rules   map[string]*RuleOutcome
	skipped map[string]int64
	report  BackTestReport
}

// BackTestInput is what a back-test compares.
type BackTestInput struct {
	Trial     *Programme                     // the programme in question; its first moment does not matter
	Against   func(digest string) *Programme // the one to compare with, for a bill that the version of this digest judged; nil result: the bill is left out
	ShiftDays int                            // bills move by so many days for the trial, so that its dates meet them
}

// NewBackTest makes an empty back-test.
func NewBackTest(in BackTestInput) *BackTest {
	b := &BackTest{trial: in.Trial.always(), against: in.Against, shift: date(in.ShiftDays), free: map[string]*Programme{}, members: map[MemberID]*pastMember{},
		rules: map[string]*RuleOutcome{}, skipped: map[string]int64{}}
	b.report = BackTestReport{Trial: in.Trial.Digest(), Currency: in.Trial.Currency()}
	return b
}

// always is the programme as if it had been in force from the beginning of time.
func (p *Programme) always() *Programme {
	free := *p
	free.validFrom = localTime{}
	return &free
}

// BackTestReport is what a back-test found. Money is in minor units.
type BackTestReport struct {
	Trial    string `json:"trial"` // digest
	Currency string `json:"currency"`
	First    string `json:"first,omitempty"` // business day of the first bill, and of the last
	Last     string `json:"last,omitempty"`

	Sales     int64         `json:"sales"`     // judged by both
	Anonymous int64         `json:"anonymous"` // of them, without a member
	Skipped   []SkippedSale `json:"skipped"`   // those that one of the two cannot judge, by reason

	With    BackTestTotals `json:"with"` // the trial
	Against BackTestTotals `json:"against"`
	Rules   []RuleOutcome  `json:"rules"` // dearest first

	Gain MemberGroup `json:"gain"` // members who would have had more
	Lose MemberGroup `json:"lose"`
	Same MemberGroup `json:"same"`

	MostGain []MemberChange `json:"most_gain"`
	MostLose []MemberChange `json:"most_lose"`
}

// BackTestTotals is what one programme gives for all bills.
type BackTestTotals struct {
	Turnover int64  `json:"turnover"` // prices before reductions
	Reduced  int64  `json:"reduced"`
	Earned   Points `json:"earned"`
	Cost     Worth  `json:"cost"` // reduced, and what the points are worth
}

// RuleOutcome is what one rule gives: by the trial, and by the programme it is compared with.
type RuleOutcome struct {
	Rule    string     `json:"rule"` // empty: what did not fit the breakdowns of its bills, and limits of the programme
	With    RuleTotals `json:"with"`
	Against RuleTotals `json:"against"`
}

// RuleTotals adds up the bills on which a rule did something.
type RuleTotals struct {
	Sales   int64  `json:"sales"`
	Points  Points `json:"points"`
	Reduced int64  `json:"reduced"`
	Cost    Worth  `json:"cost"`
}

// Worth is money in millionths of a minor unit: a point may be worth less than a cent, and a million bills have a million
// such parts. In JSON it is whole minor units.
type Worth int64

const minorUnit = 1_000_000

// Minor is the worth in whole minor units, half up.
func (w Worth) Minor() int64 {
	f, _ := mulDiv(int64(max(w, -w)), 1, minorUnit)
	n, _ := f.round(roundHalfUp)
	if w < 0 {
		return -n
	}
	return n
}

// MarshalJSON writes minor units.
func (w Worth) MarshalJSON() ([]byte, error) { return strconv.AppendInt(nil, w.Minor(), 10), nil }

// SkippedSale counts bills that could not be judged, by the code of the error.
type SkippedSale struct {
	Code  string `json:"code"`
	Sales int64  `json:"sales"`
}

// MemberGroup is members with the change for all of them together: points, and their worth with what is off the prices.
type MemberGroup struct {
	Members int64  `json:"members"`
	Points  Points `json:"points"`
	Value   Worth  `json:"value"`
}

// MemberChange is the change for one member.
type MemberChange struct {
	Member MemberID `json:"member"`
	Points Points   `json:"points"`
	Value  Worth    `json:"value"`
}

// maxChanges bounds the members named in a report.
const maxChanges = 10

// SkippedUnknown is the reason for a bill whose own programme is not known.
const SkippedUnknown = "backtest.programme_unknown"

// Add judges one bill twice. A bill that cannot be judged is counted by its reason and changes nothing else.
func (b *BackTest) Add(s *PastSale) {
	code := b.add(s)
	if code != "" {
		b.skipped[code]++
		return
	}
	b.report.Sales++
	if s.Member == 0 {
		b.report.Anonymous++
	}
	if b.report.First == "" || s.Day < b.report.First {
		b.report.First = s.Day
	}
	b.report.Last = max(b.report.Last, s.Day)
}

func (b *BackTest) add(s *PastSale) (code string) {
	against := b.programme(s.Sale.Programme)
	if against == nil {
		return SkippedUnknown
	}
	m := b.members[s.Member]
	if m == nil {
		m = &pastMember{}
		if s.Member != 0 {
			b.members[s.Member] = m
		}
	}
	old, err := m.against.judge(against, s, 0)
	if err != nil {
		return codeOf(err)
	}
	trial, err := m.trial.judge(b.trial, s, b.shift)
	if err != nil {
		return codeOf(err)
	}
	m.against.live(s, &old, 0)
	m.trial.live(s, &trial, b.shift)
	turnover := trial.Total + trial.Reduced
	b.report.Against.add(against, &old, turnover)
	b.report.With.add(b.trial, &trial, turnover)
	b.byRule(against, &old, func(r *RuleOutcome) *RuleTotals { return &r.Against })
	b.byRule(b.trial, &trial, func(r *RuleOutcome) *RuleTotals { return &r.With })
	m.points += trial.Earned - old.Earned
	m.value += b.trial.gives(&trial) - against.gives(&old)
	return ""
}

// programme is what the bill is compared with, free of its first moment.
func (b *BackTest) programme(digest string) *Programme {
	p, known := b.free[digest]
	if !known {
		if p = b.against(digest); p != nil {
			p = p.always()
		}
		b.free[digest] = p
	}
	return p
}

func codeOf(err error) string {
	var sale *SaleError
	if errors.As(err, &sale) {
		return sale.Code
	}
	return "rule.overflow"
}

// gives is what a bill costs the shop: what is off its price or paid by instruments, and the worth of what it earns.
func (p *Programme) gives(q *Quote) Worth {
	cost := p.worth(MainWallet, q.Earned)
	for i := range q.Reductions {
		cost += Worth(q.Reductions[i].Amount) * minorUnit
	}
	for i := range q.Wallets {
		cost += p.worth(q.Wallets[i].Wallet, q.Wallets[i].Earned)
	}
	return cost
}

// worth is what a wallet's points pay; nothing when they can pay nothing.
func (p *Programme) worth(id WalletID, n Points) Worth {
	i := p.walletIndex(id)
	if i < 0 || p.wallets[i].redeem == nil {
		return 0
	}
	one, ok := mulDiv(p.wallets[i].redeem.value, minorUnit, p.wallets[i].redeem.points)
	value, fits := mulInt(int64(max(n, -n)), one.whole)
	switch {
	case !ok || !fits:
		return 0 // a point worth millions
	case n < 0:
		return -Worth(value)
	}
	return Worth(value)
}

func (t *BackTestTotals) add(p *Programme, q *Quote, turnover int64) {
	t.Turnover += turnover
	t.Reduced += q.Reduced
	t.Earned += q.Earned
	t.Cost += p.gives(q)
}

// byRule adds a bill's breakdown to the rules that it names.
func (b *BackTest) byRule(p *Programme, q *Quote, side func(*RuleOutcome) *RuleTotals) {
	for i := range q.Why {
		f := &q.Why[i]
		if !f.Applied || f.Points == 0 && f.Value == 0 {
			continue
		}
		r := b.rules[f.Rule]
		if r == nil {
			r = &RuleOutcome{Rule: f.Rule}
			b.rules[f.Rule] = r
		}
		t := side(r)
		if f.Wallet == MainWallet {
			t.Points += f.Points
		}
		t.Reduced += f.Value
		t.Cost += Worth(f.Value)*minorUnit + p.worth(f.Wallet, f.Points)
		if f.Code != ExplainCapReached { // told besides what it cuts
			t.Sales++
		}
	}
}

// Report gives the totals of the bills so far.
func (b *BackTest) Report() BackTestReport {
	r := b.report
	r.Skipped, r.Rules, r.MostGain, r.MostLose = []SkippedSale{}, []RuleOutcome{}, []MemberChange{}, []MemberChange{}
	for _, id := range slices.Sorted(maps.Keys(b.members)) {
		r.member(MemberChange{id, b.members[id].points, b.members[id].value})
	}
	for _, rule := range b.rules {
		r.Rules = append(r.Rules, *rule)
	}
	for code, n := range b.skipped {
		r.Skipped = append(r.Skipped, SkippedSale{code, n})
	}
	r.order()
	return r
}

func (r *BackTestReport) member(c MemberChange) {
	group := &r.Same
	switch d := cmp.Or(int64(c.Value), int64(c.Points)); {
	case d > 0:
		group = &r.Gain
		r.MostGain = append(r.MostGain, c)
	case d < 0:
		group = &r.Lose
		r.MostLose = append(r.MostLose, c)
	}
	group.Members++
	group.Points += c.Points
	group.Value += c.Value
}

// Merge adds the report of other members' bills over the same programmes.
func (r *BackTestReport) Merge(o BackTestReport) {
	r.Sales += o.Sales
	r.Anonymous += o.Anonymous
	if r.First == "" || o.First != "" && o.First < r.First {
		r.First = o.First
	}
	r.Last = max(r.Last, o.Last)
	r.With.merge(o.With)
	r.Against.merge(o.Against)
	r.Gain.merge(o.Gain)
	r.Lose.merge(o.Lose)
	r.Same.merge(o.Same)
	for _, rule := range o.Rules {
		i := slices.IndexFunc(r.Rules, func(mine RuleOutcome) bool { return mine.Rule == rule.Rule })
		if i < 0 {
			r.Rules = append(r.Rules, rule)
			continue
		}
		r.Rules[i].With.merge(rule.With)
		r.Rules[i].Against.merge(rule.Against)
	}
	for _, s := range o.Skipped {
		if i := slices.IndexFunc(r.Skipped, func(mine SkippedSale) bool { return mine.Code == s.Code }); i >= 0 {
			r.Skipped[i].Sales += s.Sales
		} else {
			r.Skipped = append(r.Skipped, s)
		}
	}
	r.MostGain, r.MostLose = append(r.MostGain, o.MostGain...), append(r.MostLose, o.MostLose...)
	r.order()
}

func (t *BackTestTotals) merge(o BackTestTotals) {
	t.Turnover += o.Turnover
	t.Reduced += o.Reduced
	t.Earned += o.Earned
	t.Cost += o.Cost
}

func (t *RuleTotals) merge(o RuleTotals) {
	t.Sales += o.Sales
	t.Points += o.Points
	t.Reduced += o.Reduced
	t.Cost += o.Cost
}

func (g *MemberGroup) merge(o MemberGroup) {
	g.Members += o.Members
	g.Points += o.Points
	g.Value += o.Value
}

// order gives lists an order of their own and keeps the members with the greatest change.
func (r *BackTestReport) order() {
	slices.SortFunc(r.Rules, func(a, b RuleOutcome) int {
		return cmp.Or(cmp.Compare(max(b.With.Cost, b.Against.Cost), max(a.With.Cost, a.Against.Cost)), strings.Compare(a.Rule, b.Rule))
	})
	slices.SortFunc(r.Skipped, func(a, b SkippedSale) int {
		return cmp.Or(cmp.Compare(b.Sales, a.Sales), strings.Compare(a.Code, b.Code))
	})
	slices.SortFunc(r.MostGain, func(a, b MemberChange) int {
		return cmp.Or(cmp.Compare(b.Value, a.Value), cmp.Compare(b.Points, a.Points), cmp.Compare(a.Member, b.Member))
	})
	slices.SortFunc(r.MostLose, func(a, b MemberChange) int {
		return cmp.Or(cmp.Compare(a.Value, b.Value), cmp.Compare(a.Points, b.Points), cmp.Compare(a.Member, b.Member))
	})
	r.MostGain = r.MostGain[:min(len(r.MostGain), maxChanges)]
	r.MostLose = r.MostLose[:min(len(r.MostLose), maxChanges)]
}

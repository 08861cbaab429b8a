package loyalty

import (
	"cmp"
	"slices"
)

// Limits of the stored breakdown; with them an entry stays within MaxBodyBytes.
const (
	maxApplied    = 32
	maxWhyNot     = 16
	maxCandidates = 128 // room made at first
	maxExcluded   = 8   // sets named; the rest of an excluded bill goes with the last of them
)

// earning is the run of the earn rules over a bill: base, multipliers, fixed bonuses, caps, rounding, in this order.
type earning struct {
	*bill
	eligible []int32 // lines that may earn at all
	hits     []hit
	bearing  []int32 // lines of hits, by rule
	cands    []candidate
	times    []int                 // candidates that multiply
	pool     [][roundingModes]frac // by wallet, as the two below
	shut     [bonus + 1]int        // rules for other stores or days that were looked at, by the step of the explanation
	later    bool                  // money received after the sale: only what counts it gives anything
	unseen   int64                 // and those that were not

	earned []Points
	lots   [][]EarnedLot
	why    []Finding
}

type hit struct{ rule, line int32 }

// candidate is a rule with the lines that it bears on.
type candidate struct {
	rule    *rule
	index   int
	lines   []int32
	holds   bool // its condition holds
	finding Finding
	cut     Points
	limit   int64 // that cut
	given   Points
	parts   []charge // of what was given, by who pays; only with budgets
	over    Points   // cut by budgets
}

func (e *earning) run() error {
	e.gather()
	if err := e.stampPoints(); err != nil {
		return err
	}
	n := len(e.p.wallets)
	e.pool, e.earned, e.lots = make([][roundingModes]frac, n), make([]Points, n), make([][]EarnedLot, n)
	for i := range e.cands {
		c := &e.cands[i]
		if c.finding, c.holds = e.check(c); c.holds && c.rule.kind == multiply {
			e.times = append(e.times, i)
			c.finding = Finding{Rule: c.rule.id, Code: ExplainMultiplied, Factor: c.rule.factor}
		}
	}
	for i := range e.cands {
		if c := &e.cands[i]; c.holds && c.rule.kind < multiply {
			if err := e.give(c); err != nil {
				return err
			}
		}
	}
	for i := range e.cands {
		if c := &e.cands[i]; c.holds && c.rule.kind == bonus {
			c.given = Points(c.rule.points)
			c.finding = Finding{Rule: c.rule.id, Code: ExplainBonus, Points: c.given, Applied: true}
			if room, limit, ok := e.room(c.rule); ok && int64(c.given) > room {
				if c.rule.caps.refuse {
					room = 0
				}
				c.cut, c.limit, c.given = c.given-Points(room), limit, Points(room)
			}
		}
	}
	return e.conclude()
}

// check says whether everything but its figures lets the rule give; if not, why.
func (e *earning) check(c *candidate) (Finding, bool) {
	if !e.p.wallets[c.rule.wallet].here(e.at.store) {
		return Finding{Rule: c.rule.id, Code: ExplainNotHere}, false
	}
	if f, holds := e.at.checkBoth(c.rule.common, c.rule.when, c.rule.id); !holds {
		return f, false
	}
	if e.visited(c.rule) {
		return Finding{Rule: c.rule.id, Code: ExplainVisited}, false
	}
	return e.reaches(c)
}

// gather finds the rules that bear on the bill, in the order of the document, from the sets of its lines.
func (e *earning) gather() {
	for i := range e.out {
		if e.out[i].Excluded != "" || e.out[i].Earning == 0 {
			continue
		}
		e.eligible = append(e.eligible, int32(i))
		for _, s := range e.setsOf(i) {
			for _, r := range e.p.onSet[s] {
				e.hits = append(e.hits, hit{r, int32(i)})
			}
		}
	}
	if len(e.eligible) == 0 {
		return
	}
	slices.SortFunc(e.hits, func(a, b hit) int { return cmp.Or(cmp.Compare(a.rule, b.rule), cmp.Compare(a.line, b.line)) })
	e.bearing = make([]int32, len(e.hits))
	e.cands = make([]candidate, 0, min(len(e.p.onAll)+len(e.hits), len(e.p.rules), maxCandidates))
	all := e.p.onAll
	for from := 0; from < len(e.hits); {
		to := from
		for ; to < len(e.hits) && e.hits[to].rule == e.hits[from].rule; to++ {
			e.bearing[to] = e.hits[to].line
		}
		for ; len(all) > 0 && all[0] < e.hits[from].rule; all = all[1:] {
			e.candidate(all[0], e.eligible)
		}
		e.candidate(e.hits[from].rule, e.bearing[from:to])
		from = to
	}
	for _, r := range all {
		e.candidate(r, e.eligible)
	}
}

// candidate takes a rule up. Of rules for other stores or days it takes as many as the breakdown names; the others are only
// counted.
func (e *earning) candidate(r int32, lines []int32) {
	if kind := e.p.rules[r].kind; e.later && kind != perTender && kind != multiply {
		return
	}
	if g := &e.p.gates[r]; !g.open(&e.at) {
		if e.shut[g.step] == maxWhyNot {
			e.unseen++
			return
		}
		e.shut[g.step]++
	}
	if r := &e.p.rules[r]; r.referral && !e.at.referredBy(r.id) {
		return
	}
	e.cands = append(e.cands, candidate{rule: &e.p.rules[r], index: int(r), lines: lines})
}

// conclude adds up, holds the bill to its cap, groups points into lots and writes the breakdown.
func (e *earning) conclude() error {
	e.spend()
	for i := range e.cands {
		c := &e.cands[i]
		sum, ok := addInt(int64(e.earned[c.rule.wallet]), int64(c.given))
		if !ok || sum > maxPoints {
			return &RuleError{c.rule.id}
		}
		e.earned[c.rule.wallet] = Points(sum)
	}
	over := Points(0)
	if most := Points(e.p.earnPerSale); most > 0 && e.earned[0] > most {
		over = e.earned[0] - most
	}
	e.explain(over)
	e.earned[0] -= over
	if e.in.Member == nil {
		e.noMember()
		return nil
	}
	for i := len(e.cands) - 1; i >= 0 && over > 0; i-- { // the cap of the bill cuts the last rules first
		if c := &e.cands[i]; c.rule.wallet == 0 {
			less := min(over, c.given)
			c.given -= less
			over -= less
		}
	}
	e.settleBudgets()
	e.group()
	return nil
}

// noMember says what a member would have earned.
func (e *earning) noMember() {
	e.why = slices.DeleteFunc(e.why, func(f Finding) bool { return f.Code != ExplainExcluded })
	for i := range e.earned {
		if w := &e.p.wallets[i]; !e.takesNoPart && (i == 0 || e.earned[i] > 0) {
			e.why = append(e.why, w.tell(Finding{Code: ExplainNoMember, Points: e.earned[i]}))
		}
		e.earned[i] = 0
	}
	if e.takesNoPart {
		e.why = append(e.why, Finding{Code: ExplainNotForMember})
	}
}

// group makes one lot for each wallet and last valid day, in the order of the rules.
func (e *earning) group() {
	var life *expiry // of the rule before: most rules of a programme share one
	var last string
	for i := range e.cands {
		c := &e.cands[i]
		if c.given == 0 {
			continue
		}
		if life == nil || *life != c.rule.expiry {
			life, last = &c.rule.expiry, c.rule.expiry.lastDay(e.at.day)
		}
		lot := EarnedLot{Expires: last, Partner: c.rule.partner}
		if c.rule.pending > 0 {
			lot.Usable = (e.at.day + date(c.rule.pending)).String()
		}
		lots := &e.lots[c.rule.wallet]
		k := slices.IndexFunc(*lots, func(l EarnedLot) bool { return l.together(&lot) })
		if k < 0 {
			k, *lots = len(*lots), append(*lots, lot)
		}
		(*lots)[k].Points += c.given
	}
}

// explain writes findings in the order of the computation, and within it of the document: what rules gave or why they did
// not, multipliers, bonuses, then what caps cut. What does not fit the limits is one finding with the count and the sum.
func (e *earning) explain(over Points) {
	e.why = make([]Finding, 0, min(2*len(e.cands)+4, maxApplied+maxWhyNot+4))
	e.explainLines()
	var more [2]Finding // not applied, applied
	count := [2]int{}
	for _, step := range [...]ruleKind{perSale, multiply, bonus} {
		for i := range e.cands {
			if c := &e.cands[i]; max(c.rule.kind, perSale) == step { // every rule with per is in the first step
				e.add(e.tell(c, c.finding), &count, &more)
			}
		}
	}
	for i := range e.cands {
		if c := &e.cands[i]; c.cut > 0 {
			e.add(e.tell(c, Finding{Rule: c.rule.id, Code: ExplainCapReached, Applied: true, Points: -c.cut, Limit: c.limit}), &count, &more)
		}
	}
	for i := range e.cands {
		if c := &e.cands[i]; c.over > 0 {
			e.add(Finding{Rule: c.rule.id, Code: ExplainBudgetPoints, Applied: true, Points: -c.over}, &count, &more)
		}
	}
	if e.unseen > 0 {
		more[0].Code = ExplainMore
		more[0].Limit += e.unseen
	}
	for _, m := range more {
		if m.Limit > 0 {
			e.why = append(e.why, m)
		}
	}
	if over > 0 {
		e.why = append(e.why, Finding{Code: ExplainSaleCap, Applied: true, Points: -over, Limit: e.p.earnPerSale})
	}
}

// tell is a finding of a rule in the words of its wallet.
func (e *earning) tell(c *candidate, f Finding) Finding { return e.p.wallets[c.rule.wallet].tell(f) }

func (e *earning) add(f Finding, count *[2]int, more *[2]Finding) {
	k, most := 0, maxWhyNot
	if f.Applied {
		k, most = 1, maxApplied
	}
	if count[k]++; count[k] <= most {
		e.why = append(e.why, f)
		return
	}
	more[k].Code, more[k].Applied = ExplainMore, f.Applied
	more[k].Limit++
	if f.Wallet == MainWallet {
		more[k].Points += f.Points
	}
}

// explainLines says how much of the bill was kept from earning, by set, and how much was paid with what earns nothing.
func (e *earning) explainLines() {
	unpaid := int64(0)
	for i := range e.out {
		l := &e.out[i]
		if l.Excluded == "" {
			unpaid += l.net() - l.Earning
			if e.account != nil { // what came back is not to be paid
				unpaid -= e.account.gone[i]
			}
			continue
		}
		k := slices.IndexFunc(e.why, func(f Finding) bool { return f.Detail == l.Excluded })
		if k < 0 && len(e.why) < maxExcluded {
			e.why = append(e.why, Finding{Code: ExplainExcluded, Detail: l.Excluded})
		}
		if k < 0 {
			k = len(e.why) - 1
		}
		e.why[k].Base += l.net()
	}
	slices.SortFunc(e.why, func(a, b Finding) int { return cmp.Compare(a.Detail, b.Detail) })
	if unpaid > 0 {
		e.why = append(e.why, Finding{Code: ExplainUnpaidBase, Base: unpaid})
	}
}

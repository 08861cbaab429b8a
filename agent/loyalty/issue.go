package loyalty

import (
	"cmp"
	"fmt"
	"slices"
)

// Issue is what a member gets with a sale beside the goods: coupons of a kind. Post makes them and gives them their serials.
type Issue struct {
	Rule   string `json:"rule"` // the rule of issue, or the reward
	Coupon string `json:"coupon"`
	Count  int64  `json:"count"`
	Source string `json:"source,omitempty"`
}

// MaxIssued bounds the coupons of one bill.
const (
	MaxIssued     = 16
	MaxIssueRules = 100
	maxIssueTold  = 4 // rules that gave nothing
)

// issueDef gives coupons after a bill, for the next one.
type issueDef struct {
	ID     string   `json:"id"`
	Name   texts    `json:"name,omitempty"`
	Coupon string   `json:"coupon"`
	When   *whenDef `json:"when,omitempty"`
	On     string   `json:"on,omitempty"`     // of each: a set; empty for everything
	Each   decimal  `json:"each,omitempty"`   // one for every full such amount; left out: one
	Times  int64    `json:"times,omitempty"`  // with each: at most so many
	Source string   `json:"source,omitempty"` // what is written on the coupons as the channel that brought them out
}

// issueRule is one compiled rule of issue.
type issueRule struct {
	id     string
	kind   int // of coupon
	when   *when
	on     setID
	each   int64 // 0: one
	times  int64
	source string
}

func (c *compiler) compileIssues() {
	if len(c.doc.Issue) > MaxIssueRules {
		c.fault("issue", fmt.Sprintf("has %d rules", len(c.doc.Issue)), fmt.Sprintf("keep to %d", MaxIssueRules))
		return
	}
	seen := c.ruleIDs()
	for i := range c.doc.GiftCards {
		seen[c.doc.GiftCards[i].ID] = true
	}
	for i := range c.doc.Issue {
		def, path := &c.doc.Issue[i], fmt.Sprintf("issue[%d]", i)
		c.checkNewID(path+".id", def.ID, seen)
		c.checkTexts(path+".name", def.Name, false)
		r := issueRule{id: def.ID, kind: c.couponNamed(path+".coupon", def.Coupon), when: c.compileWhen(path+".when", def.When), on: c.givesSet(path+".on", def.On), source: def.Source}
		if r.each = c.money(path+".each", &def.Each, false); def.Each == "" && (def.Times != 0 || def.On != "") {
			c.fault(path, "counts nothing", "times and on go with each, such as each: 20.00")
		}
		if r.times = def.Times; def.Times < 0 || def.Times > MaxIssued {
			c.fault(path+".times", "is out of range", fmt.Sprintf("write 1 to %d", MaxIssued))
		}
		if def.Source != "" {
			c.checkID(path+".source", def.Source)
		}
		c.p.issues = append(c.p.issues, r)
	}
	slices.SortFunc(c.p.issues, func(a, b issueRule) int { return cmp.Compare(a.id, b.id) }) // the place in the document decides nothing
}

func (c *compiler) couponNamed(path, id string) int {
	known := make([]string, len(c.doc.Coupons))
	for i := range c.doc.Coupons {
		known[i] = c.doc.Coupons[i].ID
	}
	k := slices.Index(known, id)
	if k < 0 {
		c.fault(path, fmt.Sprintf("there is no kind of coupon %q", id), didYouMean(id, known))
	}
	return k
}

// issues runs the rules of issue over the finished bill. The coupons that rewards and full stamp cards give come first.
func (b *bill) issues(taken []Issue) (all []Issue, why []Finding) {
	all = taken
	refused := 0
	for i := range b.p.issues {
		r := &b.p.issues[i]
		n, f := b.issue(r, all)
		if f.Rule = r.id; n > 0 {
			all = append(all, Issue{Rule: r.id, Coupon: b.p.doc.Coupons[r.kind].ID, Count: n, Source: r.source})
		} else if refused++; refused > maxIssueTold {
			continue
		}
		why = append(why, f)
	}
	return all, why
}

// issue is how many coupons a rule gives, with its finding.
func (b *bill) issue(r *issueRule, before []Issue) (int64, Finding) {
	if why, ok := r.when.check(r.id, &b.at); !ok {
		return 0, why
	}
	n := int64(1)
	if r.each > 0 {
		amount := b.amountIn(r.on)
		if n = amount / r.each; n == 0 {
			return 0, Finding{Code: ExplainIssueMore, Limit: r.each, Missing: r.each - amount}
		}
		if r.times > 0 {
			n = min(n, r.times)
		}
	}
	most, why := b.issuable(r.kind, before)
	if n = min(n, most); n == 0 {
		return 0, why
	}
	return n, Finding{Code: ExplainIssued, Applied: true, Limit: n, Detail: b.p.doc.Coupons[r.kind].ID}
}

// amountIn is the price of the bill's goods in a set, without those that are excluded.
func (b *bill) amountIn(set setID) int64 {
	amount := int64(0)
	for i := range b.out {
		if b.out[i].Excluded != "" {
			continue
		}
		if _, in := slices.BinarySearch(b.setsOf(i), set); in || set == noSet {
			amount += b.out[i].net()
		}
	}
	return amount
}

// issuable is how many more coupons of a kind the bill may give, and why not more.
func (b *bill) issuable(kind int, before []Issue) (int64, Finding) {
	id, member := b.p.doc.Coupons[kind].ID, MemberID(0)
	if b.in.Member != nil {
		member = b.in.Member.ID
	}
	switch _, code := b.p.couponBody(kind, b.at.day, member); code {
	case CouponExpired:
		return 0, Finding{Code: ExplainEnded, Detail: b.p.doc.Coupons[kind].ValidTo}
	case CouponNotYours:
		return 0, Finding{Code: ExplainMembersOnly}
	}
	room, why := b.left(id)
	most := int64(MaxIssued)
	for _, i := range before {
		most -= i.Count
		if i.Coupon == id {
			room -= i.Count
		}
	}
	if most < room {
		return max(most, 0), Finding{Code: ExplainIssueMost, Limit: MaxIssued}
	}
	if room = max(room, 0); why.Code == ExplainStockGone {
		why.Limit = room
	}
	return room, why
}

// issued makes the coupons of a sale, with serials that follow from its transaction.
func (p *Programme) issued(q *Quote, member MemberID, head EntryHead) []CouponBody {
	var all []CouponBody
	day, _ := parseDay(head.Day)
	for _, i := range q.Issues {
		for range i.Count {
			body, _ := p.couponBody(p.couponIndex(i.Coupon), day, member)
			body.Serial, body.Source = CouponSerial(head.Store, head.Txn, len(all)), i.Source
			all = append(all, body)
		}
	}
	return all
}

// issue writes down what the member gets for another time, and how often.
func (q *Quote) issue(b *bill, o *outcome) {
	var why []Finding
	if q.Issues, why = b.issues(o.issues); len(why) > 0 {
		q.Why = append(q.Why, why...)
	}
	if len(b.p.supplies) > 0 {
		q.countTimes(b, o)
	}
}

// countTimes adds what a member's past has to count: rewards and coupons of which members get only so many.
func (q *Quote) countTimes(b *bill, o *outcome) {
	count := func(id string, n int64) {
		if !b.p.countsTimes(id) {
			return
		}
		if i := slices.IndexFunc(q.Given, func(g RulePoints) bool { return g.Rule == id }); i >= 0 {
			q.Given[i].Points += Points(n)
			return
		}
		q.Given = append(q.Given, RulePoints{id, Points(n)})
	}
	for i, r := range o.reductions {
		if o.times[i] > 0 {
			count(r.Rule, o.times[i])
		}
	}
	for _, i := range q.Issues {
		count(i.Coupon, i.Count)
	}
}

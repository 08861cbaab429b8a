package loyalty

import (
	"fmt"
	"slices"
)

// ReferralInput is what paying a referrer depends on.
type ReferralInput struct {
	Claim    *Entry       // the activity that named the referrer
	Sale     *Entry       // the friend's first purchase
	Returns  []ReturnBody // of that sale, all that are known
	Referrer *MemberState
	Done     []string // keys of what the referrer was paid for before
}

// PayReferral makes the entry that pays a referrer, once per friend: after the friend's first purchase, when its goods have
// been kept for the days that the programme says. The friend's own points came with that purchase.
func (p *Programme) PayReferral(in ReferralInput, head EntryHead) (Entry, error) {
	if in.Referrer == nil || in.Claim == nil || in.Sale == nil || in.Claim.Activity == nil || in.Sale.Sale == nil {
		return Entry{}, &SaleError{"referral", ReferralOther}
	}
	if err := head.check(in.Referrer.ID); err != nil {
		return Entry{}, err
	}
	if err := p.checkMember(in.Referrer); err != nil {
		return Entry{}, err
	}
	claim := in.Claim.Activity
	a := p.activity(claim.Activity)
	if a == nil || a.referral == nil {
		return Entry{}, &SaleError{"activity", ActivityUnknown}
	}
	key := fmt.Sprintf("%s:%d", a.id, in.Sale.Member)
	if slices.Contains(in.Done, key) {
		return Entry{}, &SaleError{"activity", ActivityDone}
	}
	if code := a.referral.due(&in, claim, head.Day); code != "" {
		return Entry{}, &SaleError{"referral", code}
	}
	day, _ := parseDay(head.Day)
	q := ActivityQuote{}
	if q.give(a, in.Referrer.History, day); q.Points == 0 {
		return Entry{}, &SaleError{"activity", ActivityNotDue}
	}
	e, m := head.Entry(KindActivity), in.Referrer
	e.Member = m.ID
	e.Activity = &ActivityBody{Programme: p.digest, Activity: a.id, Key: key, Points: q.Points, Medium: m.Medium, Tier: m.Tier, History: m.History,
		Paid: &Referred{Friend: in.Sale.Member, Claim: RefTo(in.Claim), Sale: RefTo(in.Sale)}, Why: q.Why}
	e.Moves = q.moves(m.ID, head)
	return e, nil
}

// ReferralTerms is when who brought a friend is paid.
type ReferralTerms struct {
	Minimum  int64 // of what the friend must have bought and kept
	WaitDays int   // that it must have been kept
}

// Referral is the terms of an activity by which members bring friends; false when it is none.
func (p *Programme) Referral(activity string) (ReferralTerms, bool) {
	a := p.activity(activity)
	if a == nil || a.referral == nil {
		return ReferralTerms{}, false
	}
	return ReferralTerms{max(a.referral.minimum, 1), a.referral.waitDays}, true
}

// due says why a referrer is not paid yet, or ever; empty when it is time.
func (r *referral) due(in *ReferralInput, claim *ActivityBody, today string) string {
	sale := in.Sale.Sale
	if claim.Referrer != in.Referrer.ID || claim.Paid != nil || in.Claim.Member != in.Sale.Member || in.Referrer.ID == in.Sale.Member {
		return ReferralOther
	}
	h := sale.History
	if h == nil || h.Purchases != 0 || h.Referred != claim.Activity || sale.Total < max(r.minimum, 1) {
		return ReferralSmall
	}
	kept := sale.Total
	for i := range in.Returns {
		kept -= in.Returns[i].Money
	}
	if kept < max(r.minimum, 1) {
		return ReferralReturned
	}
	bought, ok := parseDay(in.Sale.Day)
	now, _ := parseDay(today)
	if !ok || now < bought+date(r.waitDays) {
		return ReferralSoon
	}
	return ""
}

// TakeBackReferral makes the entry that takes back what a referrer was paid, for goods that came back after all. Of points that are
// spent the programme says whether they are owed.
func (p *Programme) TakeBackReferral(paid *Entry, held Points, head EntryHead) (Entry, error) {
	if err := head.check(paid.Member); err != nil {
		return Entry{}, err
	}
	e := head.Entry(KindReverse)
	e.Member, e.Reverse = paid.Member, &ReverseBody{EntryRef: RefTo(paid), Kind: paid.Kind, Reason: ReferralReturned}
	points := paid.Activity.Points
	if p.returns.Shortage != ShortageNegative { // nothing is refunded to the referrer from which it could be withheld
		points = min(points, max(held, 0))
	}
	for _, m := range paid.Moves {
		if m.From, m.To, m.Points = m.To, m.From, points; points > 0 {
			e.Moves = append(e.Moves, m)
		}
	}
	return e, nil
}

// StepOfReferralBack is what taking back from a referrer adds to the past, on the day on which they were paid.
func StepOfReferralBack(paid, back *Entry) PastStep {
	step := PastStep{Day: paid.Day}
	for _, m := range back.Moves {
		step.Counts.Points -= m.Points
		step.Given = append(step.Given, RulePoints{paid.Activity.Activity, -m.Points})
	}
	return step
}

func notJudged(e *Entry, why string) error { return fmt.Errorf("requote entry %d: %s", e.Seq, why) }

func headOf(e *Entry) EntryHead {
	return EntryHead{Store: e.Store, Epoch: e.Epoch, Seq: e.Seq, Txn: e.Txn, Day: e.Day, At: e.At, Lane: e.Lane, Cashier: e.Cashier, Staff: e.Staff, Approver: e.Approver}
}

// StepOfActivity is what the entry of an activity adds to a member's past.
func StepOfActivity(e *Entry) PastStep {
	b := e.Activity
	step := PastStep{Day: e.Day, Counts: Standing{Points: b.Points}}
	if b.Key != "" {
		step.Activities = []string{b.Key}
	}
	if b.Points > 0 {
		step.Given = []RulePoints{{b.Activity, b.Points}}
	}
	if b.Referrer != 0 {
		step.Referred = b.Activity
	}
	return step
}

// friendRule gives the friend's points with the first purchase, as a bonus like others: a return takes it back.
func (a *activity) friendRule(points int64) rule {
	return rule{id: a.id, kind: bonus, points: points, on: noSet, campaign: noCampaign, referral: true, pending: a.pending, expiry: a.expiry,
		when: &when{purchase: 1, minimum: a.referral.minimum}}
}

// referredBy says whether the member was brought by a referral that has not been paid.
func (m *moment) referredBy(activity string) bool {
	return m.past != nil && m.past.Referred == activity
}

// given is what a rule has given the member before.
func (h *History) given(id string) RuleSum {
	if i := slices.IndexFunc(h.Given, func(g RuleSum) bool { return g.Rule == id }); i >= 0 {
		return h.Given[i]
	}
	return RuleSum{Rule: id}
}

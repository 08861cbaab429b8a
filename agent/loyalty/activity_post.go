package loyalty

import "slices"

// ActivityInput is what an activity depends on.
type ActivityInput struct {
	Activity  string
	Member    *MemberState
	Place     Place
	Done      []string // keys of what the member did before, as entries say
	Proof     string   // as HashProof gives it
	ProofUsed bool     // it stands in an earlier entry of this activity
	Answer    int64    // to its question

	Friend, Referrer *Person // of a referral: the member, and who brought them
}

// Person is what tells two people from one. Cards and Phone are keyed hashes, or whatever else is the same only for one.
type Person struct {
	Member MemberID
	Cards  []string
	Phone  string
}

// same says whether two may be one person.
func (a *Person) same(b *Person) bool {
	return a.Member == b.Member || a.Phone != "" && a.Phone == b.Phone ||
		slices.ContainsFunc(a.Cards, func(c string) bool { return slices.Contains(b.Cards, c) })
}

// ActivityQuote is what an activity would give. Points are 0 for a referral, which is paid later, and where the condition
// does not hold: Why says so.
type ActivityQuote struct {
	Key     string
	Points  Points
	Expires string // last valid day
	Usable  string // first day on which they may be spent; empty: at once
	Why     []Finding
}

// QuoteActivity judges an activity; it has no effect. Its errors are *SaleError.
func (p *Programme) QuoteActivity(in ActivityInput) (ActivityQuote, error) {
	a := p.activity(in.Activity)
	if a == nil {
		return ActivityQuote{}, &SaleError{"activity", ActivityUnknown}
	}
	if in.Member == nil {
		return ActivityQuote{}, &SaleError{"member", MemberUnknown}
	}
	if err := p.checkMember(in.Member); err != nil {
		return ActivityQuote{}, err
	}
	at, err := p.moment(&QuoteInput{Member: in.Member, Place: in.Place}, 0)
	if err != nil {
		return ActivityQuote{}, err
	}
	q := ActivityQuote{Key: a.key(in.Place.Day)}
	if q.Key != "" && slices.Contains(in.Done, q.Key) {
		return ActivityQuote{}, &SaleError{"activity", ActivityDone}
	}
	if err := a.check(&in, &at); err != nil {
		return ActivityQuote{}, err
	}
	if p.notFor.holds(&at) {
		q.Why = []Finding{{Code: ExplainNotForMember}}
		return q, nil
	}
	why, ok := a.when.check(a.id, &at)
	switch {
	case !ok:
		q.Why = []Finding{why}
	case a.referral != nil:
		q.Why = []Finding{{Rule: a.id, Code: ExplainReferral, Points: Points(a.points)}}
	default:
		q.give(a, in.Member.History, at.day)
	}
	return q, nil
}

// give works out the points, within the caps.
func (q *ActivityQuote) give(a *activity, past *History, day date) {
	q.Points = Points(a.points)
	q.Why = []Finding{{Rule: a.id, Code: ExplainActivity, Applied: true, Points: q.Points}}
	var given RuleSum
	held := Points(0)
	if past != nil {
		given, held = past.given(a.id), max(past.Balance, 0)
	}
	if room, limit, ok := a.caps.room(given, held); ok && a.points > room {
		if a.caps.refuse {
			room = 0
		}
		q.Why = append(q.Why, Finding{Rule: a.id, Code: ExplainCapReached, Applied: true, Points: Points(room - a.points), Limit: limit})
		q.Points = Points(room)
	}
	if q.Expires = a.expiry.lastDay(day); a.pending > 0 {
		q.Usable = (day + date(a.pending)).String()
	}
}

// check holds the input to what the activity asks: a proof, and of a referral two people of whom one is new.
func (a *activity) check(in *ActivityInput, at *moment) error {
	switch {
	case (a.proof != proofNone) != (in.Proof != ""), in.Proof != "" && !proofForm.MatchString(in.Proof):
		return &SaleError{"proof", ActivityProof}
	case in.ProofUsed:
		return &SaleError{"proof", ActivityUsed}
	case a.asks != (in.Answer != 0), in.Answer < 0, in.Answer > MaxAnswer:
		return &SaleError{"answer", ActivityAnswer}
	}
	if a.referral == nil {
		if in.Referrer != nil {
			return &SaleError{"referrer", ActivityUnknown}
		}
		return nil
	}
	switch {
	case in.Referrer == nil || in.Referrer.Member < 1 || in.Friend == nil || in.Friend.Member != in.Member.ID:
		return &SaleError{"referrer", ReferralUnknown}
	case in.Friend.same(in.Referrer):
		return &SaleError{"referrer", ReferralSelf}
	case at.purchase != 1: // nothing known of the past is not a newcomer either
		return &SaleError{"member", ReferralBought}
	}
	return nil
}

// Activity makes the entry of an activity at the entry's own place and time. Points that would not be given are a
// *SaleError; QuoteActivity says why.
func (p *Programme) Activity(in ActivityInput, head EntryHead) (Entry, error) {
	in.Place = Place{Store: head.Store, Lane: head.Lane, At: head.At, Day: head.Day}
	q, err := p.QuoteActivity(in)
	if err != nil {
		return Entry{}, err
	}
	referred := slices.ContainsFunc(q.Why, func(f Finding) bool { return f.Code == ExplainReferral })
	if q.Points == 0 && !referred {
		return Entry{}, &SaleError{"activity", ActivityNotDue}
	}
	e, m := head.Entry(KindActivity), in.Member
	e.Member = m.ID
	e.Activity = &ActivityBody{Programme: p.digest, Activity: in.Activity, Key: q.Key, Proof: in.Proof, Answer: in.Answer, Points: q.Points,
		Medium: m.Medium, Tier: m.Tier, History: m.History, Why: q.Why}
	if referred {
		e.Activity.Referrer = in.Referrer.Member
		return e, nil
	}
	e.Moves = q.moves(m.ID, head)
	return e, nil
}

func (q *ActivityQuote) moves(member MemberID, head EntryHead) []Movement {
	return []Movement{{From: AccountIssued, To: AccountMain(member), Points: q.Points, Lot: head.lot(1), Expires: q.Expires, Earned: head.Day, Usable: q.Usable}}
}

// RequoteActivity judges an uploaded activity again, and compares every figure. Whether it was done before, with this proof
// or by the same person, is for who knows all entries. Who pays a referrer is head office alone.
func (p *Programme) RequoteActivity(e *Entry) ([]Difference, error) {
	if e.Kind != KindActivity || e.Activity == nil || e.Activity.Paid != nil {
		return nil, notJudged(e, "is no activity of its own")
	}
	b := e.Activity
	in := ActivityInput{Activity: b.Activity, Proof: b.Proof, Answer: b.Answer,
		Member: &MemberState{ID: e.Member, Medium: b.Medium, Tier: b.Tier, History: b.History}}
	if b.Referrer != 0 {
		in.Friend, in.Referrer = &Person{Member: e.Member}, &Person{Member: b.Referrer}
	}
	ours, err := p.Activity(in, headOf(e))
	if err != nil {
		return nil, notJudged(e, err.Error())
	}
	return compareActivity(e, &ours), nil
}

func compareActivity(e, ours *Entry) []Difference {
	s, o, c := e.Activity, ours.Activity, comparison{}
	c.text("programme", s.Programme, o.Programme)
	c.text("key", s.Key, o.Key)
	c.figure("points", int64(s.Points), int64(o.Points))
	c.figure("referrer", int64(s.Referrer), int64(o.Referrer))
	c.why(applied(s.Why), applied(o.Why))
	c.moves(e.Moves, ours.Moves)
	return c.found
}

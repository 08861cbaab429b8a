package loyalty

import (
	"errors"
	"slices"
	"testing"
)

// activityStep is one step of a story of several members: somebody does something, buys, takes goods back, or is paid for a
// friend. What entries leave behind is told to the steps after it.
type activityStep struct {
	Day      string   `yaml:"day"`
	Member   MemberID `yaml:"member"`
	Do       string   `yaml:"do"`       // an activity
	Proof    string   `yaml:"proof"`    // as typed
	Answer   int64    `yaml:"answer"`   // to its question
	Referrer MemberID `yaml:"referrer"` // who brought the member
	Cards    []string `yaml:"cards"`    // of the member
	Phone    string   `yaml:"phone"`
	Theirs   []string `yaml:"their_cards"` // of the referrer
	Phones   string   `yaml:"their_phone"`
	Segments []string `yaml:"segments"`
	Buy      major    `yaml:"buy"`    // an amount
	Return   major    `yaml:"return"` // of the member's first purchase
	Pay      MemberID `yaml:"pay"`    // the member, for this friend
	Want     struct {
		Points  *Points  `yaml:"points"`
		Key     *string  `yaml:"key"`
		Usable  *string  `yaml:"usable"`
		Expires *string  `yaml:"expires"`
		Why     []string `yaml:"why"`
		Error   string   `yaml:"error"`
	} `yaml:"want"`
}

// activityStory is what the steps share.
type activityStory struct {
	p       *Programme
	records map[MemberID]*Record
	sales   map[MemberID]*Entry // first purchases
	claims  map[MemberID]*Entry
	returns map[MemberID][]ReturnBody
	proofs  []string
	seq     Seq
}

func (v *vector) runActivities(t *testing.T) {
	s := activityStory{p: compile(t, vectorHeader+v.Programme), records: map[MemberID]*Record{}, sales: map[MemberID]*Entry{},
		claims: map[MemberID]*Entry{}, returns: map[MemberID][]ReturnBody{}}
	for i := range v.Activities {
		step := &v.Activities[i]
		if step.Day == "" {
			step.Day = "2026-11-24"
		}
		if s.records[step.Member] == nil {
			s.records[step.Member] = &Record{}
		}
		s.seq++
		e, err := s.take(t, step)
		var bad *SaleError
		switch {
		case step.Want.Error != "":
			if !errors.As(err, &bad) || bad.Code != step.Want.Error {
				t.Errorf("step %d: %v, want %s", i+1, err, step.Want.Error)
			}
		case err != nil:
			t.Errorf("step %d: %v", i+1, err)
		default:
			step.compare(t, i+1, &e)
		}
	}
}

func (s *activityStory) take(t *testing.T, step *activityStep) (Entry, error) {
	head := testHead(s.seq)
	head.Day, head.At = step.Day, step.Day+"T10:00:00.000+02:00"
	r := s.records[step.Member]
	r.Segments = step.Segments
	m := &MemberState{ID: step.Member, Medium: MediumNumber}
	if err := s.p.Recall(m, r, step.Day); err != nil {
		t.Fatal(err)
	}
	switch {
	case step.Do != "":
		return s.do(t, step, m, head)
	case step.Buy != "":
		in := QuoteInput{Member: m, Place: Place{Store: head.Store, Day: head.Day, At: head.At}, Sale: Sale{
			Lines: []Line{{SKU: "a", Quantity: 1000, Amount: step.Buy.minor(t, 2)}}, Tenders: []Tender{{Kind: TenderCash, Amount: step.Buy.minor(t, 2)}}}}
		q, err := s.p.Quote(in)
		if err != nil {
			return Entry{}, err
		}
		e, err := s.p.Post(q, in, head)
		if err == nil {
			if s.sales[step.Member] == nil {
				s.sales[step.Member] = &e
			}
			r.Add(StepOf(&e))
		}
		return e, err
	case step.Return != "":
		s.returns[step.Member] = append(s.returns[step.Member], ReturnBody{Money: step.Return.minor(t, 2)})
		return Entry{}, nil
	}
	in := ReferralInput{Claim: s.claims[step.Pay], Sale: s.sales[step.Pay], Returns: s.returns[step.Pay], Referrer: m, Done: r.Activities}
	e, err := s.p.PayReferral(in, head)
	if err != nil {
		return e, err
	}
	r.Add(StepOfActivity(&e))
	return e, nil
}

func (s *activityStory) do(t *testing.T, step *activityStep, m *MemberState, head EntryHead) (Entry, error) {
	in := ActivityInput{Activity: step.Do, Member: m, Answer: step.Answer, Done: s.records[step.Member].Activities}
	if step.Proof != "" {
		proof, err := HashProof([]byte("key"), s.p.doc.Activities[slices.IndexFunc(s.p.activities, func(a activity) bool { return a.id == step.Do })].Proof, step.Proof)
		if err != nil {
			return Entry{}, err
		}
		in.Proof, in.ProofUsed = proof, slices.Contains(s.proofs, proof)
	}
	if step.Referrer != 0 {
		in.Friend = &Person{Member: step.Member, Cards: step.Cards, Phone: step.Phone}
		in.Referrer = &Person{Member: step.Referrer, Cards: step.Theirs, Phone: step.Phones}
	}
	e, err := s.p.Activity(in, head)
	if err != nil {
		return e, err
	}
	if found, err := s.p.RequoteActivity(&e); err != nil || len(found) > 0 {
		t.Errorf("head office: %v %v", found, err)
	}
	if body, err := e.Encode(); err != nil || len(body) > 2000 {
		t.Errorf("%d bytes, %v", len(body), err)
	}
	s.records[step.Member].Add(StepOfActivity(&e))
	s.proofs = append(s.proofs, in.Proof)
	if e.Activity.Referrer != 0 {
		s.claims[step.Member] = &e
	}
	return e, nil
}

func (step *activityStep) compare(t *testing.T, n int, e *Entry) {
	t.Helper()
	got, why := Points(0), []Finding(nil)
	switch {
	case e.Activity != nil:
		got, why = e.Activity.Points, e.Activity.Why
		if step.Want.Key != nil && *step.Want.Key != e.Activity.Key {
			t.Errorf("step %d: key %q, want %q", n, e.Activity.Key, *step.Want.Key)
		}
	case e.Sale != nil:
		got, why = e.Sale.Earned, e.Sale.Why
	}
	if step.Want.Points != nil && *step.Want.Points != got {
		t.Errorf("step %d: %d points, want %d: %+v", n, got, *step.Want.Points, why)
	}
	compareCodes(t, "why", step.Want.Why, why)
	for _, w := range []struct {
		name string
		want *string
		of   func(Movement) string
	}{{"usable", step.Want.Usable, func(m Movement) string { return m.Usable }}, {"expires", step.Want.Expires, func(m Movement) string { return m.Expires }}} {
		if w.want != nil && (len(e.Moves) != 1 || w.of(e.Moves[0]) != *w.want) {
			t.Errorf("step %d: %s: %+v, want %s", n, w.name, e.Moves, *w.want)
		}
	}
}

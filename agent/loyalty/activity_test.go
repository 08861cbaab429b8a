package loyalty

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestAProofIsNeverInTheEntry(t *testing.T) {
	p := compile(t, goodHead+"activities: [{id: phone, points: 10, proof: phone}]\n")
	proof, err := HashProof([]byte("key"), "phone", "+371 20001000")
	if err != nil {
		t.Fatal(err)
	}
	e, err := p.Activity(ActivityInput{Activity: "phone", Member: &MemberState{ID: 1, Medium: MediumNumber}, Proof: proof}, testHead(3))
	if err != nil {
		t.Fatal(err)
	}
	body, err := e.Encode()
	if err != nil || strings.Contains(string(body), "20001000") || !strings.Contains(string(body), proof) {
		t.Errorf("%s, %v", body, err)
	}
	if other, _ := HashProof([]byte("another"), "phone", "+371 20001000"); other == proof {
		t.Error("the hash does not depend on the key")
	}
	if again, err := DecodeEntry(body); err != nil || again.Activity.Proof != proof {
		t.Errorf("decoded: %v", err)
	}
	_, err = p.Activity(ActivityInput{Activity: "phone", Member: &MemberState{ID: 1, Medium: MediumNumber}, Proof: "+371 20001000"}, testHead(3))
	var bad *SaleError
	if !errors.As(err, &bad) || bad.Code != ActivityProof {
		t.Errorf("a proof in the clear: %v", err)
	}
}

func TestAChangedActivityIsFound(t *testing.T) {
	p := compile(t, goodHead+"activities: [{id: fair, points: 10, pending_days: 3}]\n")
	for name, change := range map[string]func(*Entry){
		"points":         func(e *Entry) { e.Activity.Points = 11 },
		"key":            func(e *Entry) { e.Activity.Key = "other" },
		"referrer":       func(e *Entry) { e.Activity.Referrer = 5 },
		"programme":      func(e *Entry) { e.Activity.Programme = "x" },
		"lots[0].points": func(e *Entry) { e.Moves[0].Points = 11 },
		"lots[0].usable": func(e *Entry) { e.Moves[0].Usable = "" },
	} {
		e, err := p.Activity(ActivityInput{Activity: "fair", Member: &MemberState{ID: 1, Medium: MediumNumber}}, testHead(3))
		if err != nil {
			t.Fatal(err)
		}
		change(&e)
		found, err := p.RequoteActivity(&e)
		if err == nil && (len(found) == 0 || found[0].Field != name) {
			t.Errorf("%s: %v", name, found)
		}
	}
}

// The friend's points are points of the sale: they go back with its goods.
func TestAFriendsPointsGoBackWithTheGoods(t *testing.T) {
	p := compile(t, goodHead+"activities: [{id: bring, points: 100, referral: {friend: 20}}]\nreturns: {earned: per_line}\n")
	_, e := sell(t, p, QuoteInput{Sale: Sale{Lines: groceries()}, Member: &MemberState{ID: 2, Medium: MediumPurse, History: &History{Referred: "bring"}}}, testHead(3))
	if e.Sale.Earned != 20 {
		t.Fatalf("earned %d: %+v", e.Sale.Earned, e.Sale.Why)
	}
	if _, found, err := p.Requote(&e, "", 0); err != nil || len(found) > 0 {
		t.Errorf("head office: %v %v", found, err)
	}
	sale, err := ReturnableOf(&e)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Return(ReturnInput{Sale: sale, All: true, Lots: Apply(nil, e.Moves, 2), Policy: p.ReturnPolicy()}, testHead(4))
	if err != nil || back.Return.Taken != 20 {
		t.Errorf("%+v, %v", back.Return, err)
	}
}

func TestATillIsToldWhatCanBeDone(t *testing.T) {
	p := compile(t, goodHead+"activities: [{id: letter, points: 5, proof: email}, {id: bring, points: 100, referral: {}}, {id: ask, points: 5, question: {en: Well?}}]\n")
	want := []ActivityKind{{"letter", 5, "email", false, false}, {"bring", 100, "none", true, false}, {"ask", 5, "none", false, true}}
	if got := p.Activities(); !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestFaultsOfActivitiesAreNamed(t *testing.T) {
	for doc, want := range map[string]string{
		"{id: a, points: 1, proof: text, question: {en: Well?}}": "activities[0].question: is answered by a figure and nothing else",
		"{id: a}":                                             "activities[0].points: 0 is out of range",
		"{id: a, points: 1, once: week}":                      `activities[0].once: "week" is not known`,
		"{id: a, points: 1, proof: fax}":                      `activities[0].proof: "fax" is not known`,
		"{id: a, points: 1, pending_days: -1}":                "activities[0].pending_days: is out of range",
		"{id: a, points: 1, cap: {sale: 5}}":                  "activities[0].cap.sale: does nothing in an activity",
		"{id: a, points: 1, when: {minimum: 5.00}}":           "activities[0].when: asks of a bill",
		"{id: a, points: 1, once: day, referral: {}}":         "activities[0].once: does nothing in a referral",
		"{id: a, points: 1, referral: {wait_days: -1}}":       "activities[0].referral.wait_days: is out of range",
		"{id: a, points: 1}, {id: a, points: 1}":              "activities[1].id: a is used before",
		"{id: base, points: 1}], earn: [{id: base, bonus: 1}": "activities[0].id: base is used before",
	} {
		text := strings.Replace(goodHead, "\n", "\n", 1) + "activities: [" + strings.Replace(doc, "], earn: [", "]\nearn: [", 1) + "]\n"
		if _, err := Compile([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
}

func TestOnlyANewcomersFirstPurchasePaysWhoBroughtThem(t *testing.T) {
	p := compile(t, goodHead+"activities: [{id: bring, points: 100, referral: {friend: 20}}]\n")
	friend, referrer := &Person{Member: 2, Cards: []string{"x"}}, &Person{Member: 1, Cards: []string{"y"}}
	ask := ActivityInput{Activity: "bring", Member: &MemberState{ID: 2, Medium: MediumPurse}, Friend: friend, Referrer: referrer}
	_, err := p.Activity(ask, testHead(1))
	compareError(t, err, ReferralBought) // of whom nothing is known
	ask.Member.History = &History{}
	claim, err := p.Activity(ask, testHead(1))
	if err != nil {
		t.Fatal(err)
	}
	for bought, want := range map[int64]string{0: "", 1: ReferralSmall} {
		_, e := sell(t, p, QuoteInput{Sale: Sale{Lines: groceries()}, Member: &MemberState{ID: 2, Medium: MediumPurse, History: &History{Purchases: bought, Referred: "bring"}}}, testHead(3))
		_, err := p.PayReferral(ReferralInput{Claim: &claim, Sale: &e, Referrer: &MemberState{ID: 1, Medium: MediumPurse, History: &History{}}}, testHead(4))
		compareError(t, err, want)
	}
}

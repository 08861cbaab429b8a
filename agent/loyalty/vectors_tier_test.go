package loyalty

import "testing"

// reviewStep is one review of a member's tier, with the sums that the ledger gives on that day.
type reviewStep struct {
	Day    string `yaml:"day"`
	Spend  major  `yaml:"spend"`
	Ended  major  `yaml:"ended"` // spent in the calendar year before
	Tier   string `yaml:"tier"`  // after it
	Until  string `yaml:"until"`
	Reason string `yaml:"reason"`
}

// runReviews reviews one member day after day. Every review is run twice: the second must find nothing more to do.
func (v *vector) runReviews(t *testing.T) {
	p := compile(t, vectorHeader+v.Programme)
	var state TierState
	for i, s := range v.Reviews {
		in := ReviewInput{State: state, Day: s.Day, Now: Standing{Spend: s.Spend.minor(t, 2)}, Ended: Standing{Spend: s.Ended.minor(t, 2)}}
		r, err := p.ReviewTier(in)
		if err != nil {
			t.Fatal(err)
		}
		if r.State.Tier != s.Tier || r.Until != s.Until || r.Why.Code != s.Reason {
			t.Errorf("review %d: %+v, want %s until %q for %q", i+1, r, s.Tier, s.Until, s.Reason)
		}
		state, in.State = r.State, r.State
		if again, err := p.ReviewTier(in); err != nil || again.State != state {
			t.Errorf("review %d again: %+v, %v", i+1, again, err)
		}
	}
}

func (v *vector) compareTier(t *testing.T, q *Quote) {
	got := q.Tier
	if got == nil {
		got = &TierProgress{}
	}
	for _, c := range []struct {
		name string
		want *string
		got  string
	}{{"tier", v.Want.Tier, got.Counted}, {"reached", v.Want.Reached, got.Reached}, {"next", v.Want.Next, got.Next}} {
		if c.want != nil && *c.want != c.got {
			t.Errorf("%s: got %q, want %q", c.name, c.got, *c.want)
		}
	}
	if v.Want.Missing != nil && *v.Want.Missing != got.Missing {
		t.Errorf("missing: got %d, want %d", got.Missing, *v.Want.Missing)
	}
}

func TestTheWindowOfATier(t *testing.T) {
	for over, want := range map[string]string{"over: lifetime": " 2028-02-29", "over: calendar_year": "2028-01-01 2028-02-29",
		"over: rolling, months: 12": "2027-03-01 2028-02-29", "over: rolling, months: 1": "2028-01-30 2028-02-29"} {
		p := compile(t, goodHead+"tiers: [{id: gold, name: {en: G}, from: 5}]\nladder: {"+over+"}\n")
		from, to, err := p.TierWindow("2028-02-29")
		if err != nil || from+" "+to != want {
			t.Errorf("%s: %s %s %v, want %s", over, from, to, err, want)
		}
	}
}

func TestPointsEndWithTheLastPurchaseWhenTheProgrammeSaysSo(t *testing.T) {
	p := compile(t, goodHead+"expiry: {inactive_months: 6}\n")
	lots := []Lot{{ID: "1-1-1.1", Remaining: 50, Earned: "2026-01-01"}, {ID: deficitLot, Remaining: -5}}
	for day, want := range map[string]int{"2027-02-28": 0, "2027-03-01": 1} {
		moves, err := p.ExpireInactive(7, lots, "2026-08-31", day)
		if err != nil || len(moves) != want {
			t.Errorf("%s: %+v %v, want %d", day, moves, err, want)
		}
		if again, err := p.ExpireInactive(7, Apply(lots, moves, 7), "2026-08-31", day); err != nil || want == 1 && len(again) != 0 {
			t.Errorf("again: %+v %v", again, err)
		}
	}
}

func TestPendingPointsAreNotSpentBeforeTheirDay(t *testing.T) {
	lots := []Lot{{ID: "1-1-1.1", Remaining: 50, Earned: "2026-01-01", Usable: "2026-01-15"}, {ID: "1-1-2.1", Remaining: 30, Earned: "2026-01-02"}}
	for day, want := range map[string]Points{"2026-01-14": 30, "2026-01-15": 80} {
		if got := Spendable(lots, day); got != want {
			t.Errorf("%s: %d spendable, want %d", day, got, want)
		}
	}
	moves := draw(lots, 40, "2026-01-14", AccountMain(7), AccountRedeemed)
	if len(moves) != 2 || moves[0].Lot != "1-1-2.1" || moves[1].Lot != "" {
		t.Errorf("drawn: %+v", moves)
	}
}

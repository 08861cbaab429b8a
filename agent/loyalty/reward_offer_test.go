package loyalty

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The catalogue tells what asking would give, and looking at it changes nothing.
func TestWhatTheCatalogueOffersIsGivenWhenItIsAsked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, in := genCase(t)
		in.Sale.Tenders = nil
		plain, err := p.Quote(in)
		if err != nil {
			t.Fatal(err)
		}
		in.Sale.Offers = true
		q, err := p.Quote(in)
		if err != nil {
			t.Fatal(err)
		}
		offers := q.Rewards
		if q.Rewards, q.NextReward = nil, nil; !reflect.DeepEqual(plain, q) || len(offers) != len(p.rewards) {
			t.Fatalf("looking changed the quote:\n%+v\n%+v", plain, q)
		}
		k := p.rewardIndex("w1") // a perk, so that asking it does not change what the others do
		if p.rewards[k].group != "" || slices.ContainsFunc(in.Sale.Rewards, func(a RewardAsk) bool { return a.Reward == "w1" }) {
			return
		}
		in.Sale.Rewards = append(in.Sale.Rewards, RewardAsk{Reward: "w1"})
		asked, err := p.Quote(in)
		if err != nil {
			t.Fatal(err)
		}
		given := slices.ContainsFunc(asked.Reductions, func(r Reduction) bool { return r.Rule == "w1" })
		if given != offers[k].CanHave || offers[k].CanHave == (offers[k].Why != nil) {
			t.Fatalf("offered %+v, given %v: %+v", offers[k], given, asked.Why)
		}
	})
}

package loyalty

import (
	"fmt"
	"slices"
	"testing"
)

// offersWant is the catalogue that a quote brings.
type offersWant struct {
	Offers     []string `yaml:"offers"`      // id, cost, missing, and can, taken or the reason why not
	NextReward *string  `yaml:"next_reward"` // id and points missing
}

func (v *vector) compareOffers(t *testing.T, q *Quote) {
	if w := v.Want.Catalogue.NextReward; w != nil {
		got := ""
		if f := q.NextReward; f != nil {
			got = fmt.Sprint(f.Rule, " ", f.Missing)
		}
		if got != *w {
			t.Errorf("next reward: got %s, want %s", got, *w)
		}
	}
	if v.Want.Catalogue.Offers == nil {
		return
	}
	got := []string{}
	for _, o := range q.Rewards {
		text := fmt.Sprint(o.Reward, " ", o.Cost, " ", o.Missing)
		if o.Taken {
			text += " taken"
		}
		if o.CanHave {
			text += " can"
		}
		if o.Why != nil {
			text += " " + o.Why.Code
		}
		got = append(got, text)
	}
	if !slices.Equal(got, v.Want.Catalogue.Offers) {
		t.Errorf("offers: got %q, want %q", got, v.Want.Catalogue.Offers)
	}
}

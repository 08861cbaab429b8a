package loyalty

import (
	"encoding/json"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// A bill that is quoted, changed, put aside, taken up again and dropped leaves nothing: neither in what was given, nor in the
// programme, nor in the answer to the next quote.
func TestABillThatIsPutAsideAndDroppedLeavesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, in := genCase(t)
		other := genInput(t)
		other.Sale.Redeem, other.Sale.Shown, other.Sale.Rewards, other.Sale.Tenders = nil, nil, nil, nil
		before, canonical := toJSON(t, in), string(p.Canonical())
		first, err := p.Quote(in)
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 4).Draw(t, "times") {
			_, _ = p.Quote(other) // another bill in between, whatever comes of it
			again, err := p.Quote(in)
			if err != nil || !reflect.DeepEqual(again, first) {
				t.Fatalf("quoted again: %v\n%+v\n%+v", err, again, first)
			}
		}
		if after := toJSON(t, in); after != before || string(p.Canonical()) != canonical {
			t.Fatalf("a quote changed what it was given:\n%s\n%s", before, after)
		}
	})
}

func toJSON(t *rapid.T, v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

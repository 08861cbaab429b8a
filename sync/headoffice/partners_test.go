package headoffice

import (
	"reflect"
	"strings"
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// A bank pays for every second point. What it owes for some days is what its rule gave less what came back, and its account says the same.
func TestTheSettlementWithAPartnerIsItsAccount(t *testing.T) {
	c := newCentre(t)
	p := c.publishText(strings.Replace(backing, "redeem:", "  - {id: bank, per: amount, rate: {points: 1, per: 2.00}, partner: bank}\nredeem:", 1))
	one, two := c.enrol(1, p), c.enrol(2, p)
	one.open()
	two.open()
	anna := c.member("6034000000000018")
	first := one.write(one.told(one.head(), anna, 10, loyalty.Past{}, ""))
	two.clock = one.clock.AddDate(0, 0, 1)
	var past loyalty.Past
	past.Add(loyalty.StepOf(&first))
	two.write(two.told(two.head(), anna, 4, past, ""))
	two.takeBack(first, 6)
	c.hear(two, 1) // the sale is not there yet: its return is settled later
	c.hear(one, 1)
	row := PartnerRow{Partner: "bank", Wallet: hodb.Points, Issued: 50, Net: 50, After: 50}
	for _, want := range []struct {
		from, to string
		row      PartnerRow
	}{
		{"2026-11-24", "2026-11-24", row},
		{"2026-11-25", "2026-11-25", PartnerRow{Partner: "bank", Wallet: hodb.Points, Before: 50, Issued: 20, TakenBack: 30, Net: -10, After: 40}},
	} {
		r, err := c.office.partners(t.Context(), partnersInput{want.from, want.to})
		if err != nil || !reflect.DeepEqual(r.Partners, []PartnerRow{want.row}) {
			t.Errorf("%s: %+v, %v, want %+v", want.from, r.Partners, err, want.row)
		}
	}
	if account := c.report().Accounts["partner/bank/issued"]; account != -40 {
		t.Errorf("the account stands at %d", account)
	}
	_, err := c.office.partners(t.Context(), partnersInput{"2026-11-24", "2026-11-23"})
	if bad := mustFail[*FieldError](t, err); bad.Field != "to" {
		t.Errorf("field %s", bad.Field)
	}
	c.inOrder()
}

package loyalty

import (
	"fmt"
	"strings"
	"testing"
)

const actionDoc = `limits:
  redeem_without_pin: 500
  cashier: {redeem: 1000, adjust: 0, refund: 50.00}
  manager: {adjust: 5000}
  velocity: [{of: sale, hour: 3, day: 10}, {of: redeem, day: 2}]
`

func TestWhatMayBeDoneAtTheTillHasItsLimits(t *testing.T) {
	p := compile(t, goodHead+actionDoc)
	for _, tc := range []struct {
		name   string
		action Action
		want   string // codes, with whose limit
	}{
		{"a redemption without the PIN, at the limit", Action{Kind: ActionRedeem, By: RoleCashier, Points: 500}, ""},
		{"a point more", Action{Kind: ActionRedeem, By: RoleCashier, Points: 501}, "explain.limit_pin "},
		{"with the PIN", Action{Kind: ActionRedeem, By: RoleCashier, Points: 501, PIN: true}, ""},
		{"beyond the cashier", Action{Kind: ActionRedeem, By: RoleCashier, Points: 1001, PIN: true}, "explain.limit_points cashier"},
		{"a manager may", Action{Kind: ActionRedeem, By: RoleManager, Points: 1001, PIN: true}, ""},
		{"a cashier corrects nothing", Action{Kind: ActionAdjust, By: RoleCashier, Points: 1}, "explain.limit_points cashier"},
		{"a manager corrects", Action{Kind: ActionAdjust, By: RoleManager, Points: 5000}, ""},
		{"but not anything", Action{Kind: ActionAdjust, By: RoleManager, Points: 5001}, "explain.limit_points manager"},
		{"nor does a cashier hear of a manager who may not", Action{Kind: ActionAdjust, By: RoleCashier, Points: 5001}, "explain.limit_points manager"},
		{"a refund at the limit", Action{Kind: ActionReturn, By: RoleCashier, Money: 5000}, ""},
		{"a cent more", Action{Kind: ActionReturn, By: RoleCashier, Money: 5001}, "explain.limit_money cashier"},
		{"the third sale in an hour", Action{Kind: ActionSale, By: RoleCashier, Hour: 2, Day: 2}, ""},
		{"the fourth", Action{Kind: ActionSale, By: RoleCashier, Hour: 3, Day: 3}, "explain.limit_hour "},
		{"the eleventh of the day, and too fast", Action{Kind: ActionSale, By: RoleManager, Hour: 3, Day: 10}, "explain.limit_hour explain.limit_day "},
		{"activities have no limit here", Action{Kind: ActionActivity, Hour: 99, Day: 99, Points: 1 << 40}, ""},
	} {
		got := ""
		for _, f := range p.CheckAction(tc.action) {
			got += fmt.Sprintf("%s %s", f.Code, f.Detail)
		}
		if got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
	}
	if found := compile(t, goodHead).CheckAction(Action{Kind: ActionRedeem, Points: 1 << 40, Hour: 99}); found != nil {
		t.Errorf("without limits: %v", found)
	}
}

func TestFaultsOfLimitsAreNamed(t *testing.T) {
	for doc, want := range map[string]string{
		"cashier: {}":                                         "limits.cashier: limits nothing",
		"cashier: {refund: 1.005}":                            `limits.cashier.refund: "1.005" is not an amount`,
		"cashier: {adjust: -1}":                               "limits.cashier.adjust: -1 is out of range",
		"cashier: {adjust: 9}, manager: {adjust: 8}":          "limits.manager: may do less than a cashier",
		"redeem_without_pin: -1":                              "limits.redeem_without_pin: -1 is out of range",
		"velocity: [{hour: 3}]":                               "limits.velocity[0].of: is missing",
		"velocity: [{of: sales, hour: 3}]":                    `limits.velocity[0].of: "sales" is not known; did you mean sale?`,
		"velocity: [{of: sale}]":                              "limits.velocity[0]: is no limit",
		"velocity: [{of: sale, hour: 3, day: 2}]":             "limits.velocity[0]: is no limit",
		"velocity: [{of: sale, hour: 3}, {of: sale, day: 5}]": "limits.velocity[1].of: sale is limited before",
	} {
		if _, err := Compile([]byte(goodHead + "limits: {" + doc + "}\n")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
}

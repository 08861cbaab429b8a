package loyalty

import (
	"strings"
	"testing"
)

func TestAFaultyCouponSaysWhereWhatAndHowToMend(t *testing.T) {
	coupon := "coupons: [{id: c, name: {en: C}, value: 1.00"
	for _, tc := range []struct{ name, doc, want string }{
		{"two last days", coupon + ", valid_days: 5, valid_to: 2026-12-31}]\n", "coupons[0].valid_to: and valid_days both say the last day; write one of them"},
		{"no last day", coupon + "}]\n", "coupons[0].valid_days: is out of range"},
		{"a last day that does not exist", coupon + ", valid_to: 2026-02-30}]\n", `coupons[0].valid_to: "2026-02-30" is not a day`},
		{"used less than never", coupon + ", valid_days: 5, uses: -1}]\n", "coupons[0].uses: is out of range; write 1 to 1000"},
		{"what becomes of it", coupon + ", valid_days: 5, no_effect: brun}]\n", `coupons[0].no_effect: "brun" is not known; did you mean burn?`},
		{"no symbol", coupon + ", valid_days: 5, symbol: {}}]\n", "coupons[0].symbol: says several symbols or none"},
		{"two symbols", coupon + `, valid_days: 5, symbol: {code128: 3, gs1: "850801"}}]` + "\n", "coupons[0].symbol: says several symbols or none"},
		{"a number beyond its bits", coupon + ", valid_days: 5, symbol: {code128: 1024}}]\n", "coupons[0].symbol.code128: is out of range; write a number of 1 to 1023"},
		{"a prefix of another's goods", coupon + `, valid_days: 5, symbol: {ean13: "30"}}]` + "\n", `coupons[0].symbol.ean13: "30" is no prefix`},
		{"an issuer without a reference", coupon + `, valid_days: 5, symbol: {gs1: "8508"}}]` + "\n", `coupons[0].symbol.gs1: "8508" is not issuer and reference`},
		{"uses that nobody can count", coupon + `, valid_days: 5, symbol: {gs1: "850801"}, uses: 2}]` + "\n", "coupons[0].symbol.gs1: has no number"},
		{"a holder without room", coupon + ", valid_days: 5, symbol: {code128: 3}, holder: true}]\n", "coupons[0].symbol: has no room for whose the coupon is"},
		{"a value without room", "coupons: [{id: c, name: {en: C}, value: 10.05, valid_days: 5, symbol: {gs1: \"850801\"}}]\n", "coupons[0].symbol.gs1: has no room for the value"},
		{"two kinds of one number", coupon + ", valid_days: 5, symbol: {code128: 3}}, {id: d, name: {en: D}, value: 1.00, valid_days: 5, symbol: {code128: 3}}]\n", "coupons[1].symbol: is another kind's too"},
		{"a copy of neither", coupon + ", valid_days: 5, reprint: never}]\n", `coupons[0].reprint: "never" is not known`},
		{"a stock of nothing", coupon + ", valid_days: 5, stock: {}}]\n", "coupons[0].stock: limits nothing; leave it out"},
		{"less than none for a member", coupon + ", valid_days: 5, per_member: {day: -1}}]\n", "coupons[0].per_member.day: -1 is out of range"},
		{"a coupon that is not there", coupon + ", valid_days: 5}]\nissue: [{id: i, coupon: d}]\n", `issue[0].coupon: there is no kind of coupon "d"; did you mean c?`},
		{"often, but of what", coupon + ", valid_days: 5}]\nissue: [{id: i, coupon: c, times: 2}]\n", "issue[0]: counts nothing; times and on go with each"},
		{"more than a bill brings", coupon + ", valid_days: 5}]\nissue: [{id: i, coupon: c, each: 1.00, times: 17}]\n", "issue[0].times: is out of range; write 1 to 16"},
		{"an id of a coupon", coupon + ", valid_days: 5}]\nissue: [{id: c, coupon: c}]\n", "issue[0].id: c is used before"},
		{"a product that a discount gives", "discounts: [{id: d, gives: {product: a}}]\n", "discounts[0].gives.product: can only be a reward"},
		{"a coupon of which half is given", "rewards: [{id: r, cost: 1, gives: {coupon: c, most: 1.00}}]\n" + coupon + ", valid_days: 5}]\n", "rewards[0].gives: says more than a coupon needs"},
		{"a part of a share", "rewards: [{id: r, cost: 1, partial: true, gives: {percent: 10}}]\n", "rewards[0].partial: has nothing that can be divided"},
		{"a part paid with what is not there yet", "rewards: [{id: r, cost: 1, partial: true, with_earned: true, gives: {amount: 1.00}}]\n", "rewards[0].partial: and with_earned do not go together"},
		{"a limit of all", "discounts: [{id: d, gives: {percent: 10}}]\nstacking: {max_share: 100}\n", `stacking.max_share: "100" is not a share; write percent, above 0 and below 100`},
		{"a limit of nothing off a line", "discounts: [{id: d, gives: {percent: 10}}]\nstacking: {max_line_share: 0}\n", `stacking.max_line_share: "0" is not a share`},
		{"a tier that is not there", "rewards: [{id: r, cost: 1, cost_by_tier: {gold: 5}}]\n", `rewards[0].cost_by_tier.gold: there is no tier "gold"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Compile([]byte(goodHead + tc.doc))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

// What is usual has no spelling of its own, so that documents from before the setting keep their digests.
func TestUsualTermsOfACouponAreLeftOut(t *testing.T) {
	plain := compile(t, goodHead+"coupons: [{id: c, name: {en: C}, value: 1.00, valid_days: 5}]\n")
	said := compile(t, goodHead+"coupons: [{id: c, name: {en: C}, value: 1.00, valid_days: 5, uses: 1, holder: false, no_effect: keep}]\n")
	if plain.Digest() != said.Digest() {
		t.Errorf("%s\n%s", plain.Canonical(), said.Canonical())
	}
}

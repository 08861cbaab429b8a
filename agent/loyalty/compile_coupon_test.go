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

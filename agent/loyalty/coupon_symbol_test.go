package loyalty

import (
	"crypto/ed25519"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

const symbolsProgramme = goodHead + `coupons:
  - {id: qr, name: {en: Ten}, value: 10.00, valid_days: 5}
  - {id: bars, name: {en: Ten}, value: 10.00, valid_days: 5, symbol: {code128: 17}}
  - {id: other, name: {en: Ten}, value: 1.00, valid_to: "2026-12-24", symbol: {code128: 1023}}
  - {id: shop, name: {en: Ten}, value: 10.00, valid_days: 5, symbol: {ean13: "27"}}
  - {id: euro, name: {en: Ten cents}, value: 0.10, valid_days: 5, symbol: {gs1: "850801"}}
  - {id: tens, name: {en: Ninety nine}, value: 99.90, valid_days: 5, symbol: {gs1: "765030"}}
  - {id: gift, name: {en: A cup}, gives: {percent: 100, of: cheapest}, valid_days: 5, symbol: {gs1: "765031"}}
`

func issuedAs(t *testing.T, p *Programme, kind string) (CouponKind, CouponCode) {
	t.Helper()
	k, ok := p.Coupon(kind)
	if !ok {
		t.Fatalf("no kind %q", kind)
	}
	e, err := p.IssueCoupon(CouponAsk{Coupon: kind}, testHead(9))
	if err != nil {
		t.Fatal(err)
	}
	return k, e.CouponCodes()[0]
}

func TestAKindOfCouponIsPrintedInItsSymbol(t *testing.T) {
	p := compile(t, symbolsProgramme)
	for kind, want := range map[string]struct {
		symbol CouponSymbol
		length int
	}{"qr": {CouponQR, 0}, "bars": {CouponCode128, 40}, "shop": {CouponEAN13, 13}, "euro": {CouponGS1, 13}} {
		k, c := issuedAs(t, p, kind)
		data, err := k.PaperCode(c, couponKey(c.Issuer))
		if err != nil || k.Symbol() != want.symbol || want.length > 0 && len(data) != want.length {
			t.Errorf("%s: %s %q, %v", kind, k.Symbol(), data, err)
		}
	}
}

// The values of GS1's euro coupons; the first two lines are from outside, with their check digits.
func TestGS1CouponsCarryTheirValue(t *testing.T) {
	const head = goodHead + "coupons: [{id: c, name: {en: C}, valid_days: 5, value: %s, symbol: {gs1: %q}}]\n"
	for _, tc := range []struct{ code, value, reference string }{
		{"9813765030011", "0.10", "376503"},
		{"9828508010106", "0.10", "850801"},
		{"9828508019994", "9.99", "850801"},
		{"9818508019995", "99.90", "850801"},
	} {
		p := compile(t, fmt.Sprintf(head, tc.value, tc.reference))
		c, err := p.ReadGS1Coupon(tc.code)
		if err != nil || c.Coupon != "c" || c.Serial != tc.code || !IsUnnumbered(tc.code) {
			t.Errorf("%s: %+v, %v", tc.code, c, err)
		}
		k, issued := issuedAs(t, p, "c")
		if data, err := k.PaperCode(issued, couponKey(7)); err != nil || data != tc.code && tc.code[:3] != gs1Tens {
			t.Errorf("printed %s, %v, want %s", data, err, tc.code)
		}
		dearer := withCheckDigit(tc.code[:9] + "123")
		if _, err := p.ReadGS1Coupon(dearer); err == nil {
			t.Errorf("%s is taken for a coupon of %s", dearer, tc.value)
		}
	}
	p := compile(t, symbolsProgramme)
	for code, want := range map[string]string{
		withCheckDigit("981765030999"): "", withCheckDigit("982765031000"): "", // 99.90, and goods for nothing
		withCheckDigit("982765032000"): SaleCoupon, "9813765030012": CouponUnreadable, "4006381333931": CouponUnreadable, "": CouponUnreadable,
	} {
		_, err := p.ReadGS1Coupon(code)
		compareError(t, err, want)
	}
}

func couponSecret(of StoreID) ed25519.PrivateKey {
	if of == 0 || of > 9 {
		return nil
	}
	return couponKey(of)
}

func TestAShortCouponReadsAsItWasPrintedAndNotWithAnyDigitChanged(t *testing.T) {
	p := compile(t, symbolsProgramme)
	k, _ := p.Coupon("bars")
	rapid.Check(t, func(t *rapid.T) {
		issuer := StoreID(rapid.IntRange(1, 9).Draw(t, "issuer"))
		from := shortDayZero + date(rapid.IntRange(0, 1<<shortDayBits-1).Draw(t, "day"))
		serial := CouponSerial(issuer, TxnID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "txn")), rapid.IntRange(0, MaxBatch-1).Draw(t, "n"))
		c := CouponCode{Issuer: issuer, ShownCoupon: ShownCoupon{Coupon: "bars", Serial: serial, ValidFrom: from.String()}}
		text, err := k.PaperCode(c, couponKey(issuer))
		if err != nil || !IsShortCoupon(text) {
			t.Fatalf("%q, %v", text, err)
		}
		got, err := p.ReadShortCoupon(text, couponSecret)
		c.ValidTo = (from + 4).String()
		if err != nil || got.Serial != c.Serial || got.Issuer != issuer || got.ValidFrom != c.ValidFrom || got.ValidTo != c.ValidTo || got.Coupon != "bars" {
			t.Fatalf("%+v, %v, want %+v", got, err, c)
		}
		spoilt := []byte(text)
		at := rapid.IntRange(0, len(text)-1).Draw(t, "digit")
		spoilt[at] = '0' + (spoilt[at]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		for _, wrong := range []string{string(spoilt), text[1:], text + "0", " " + text[1:]} {
			if c, err := p.ReadShortCoupon(wrong, couponSecret); err == nil {
				t.Fatalf("%s reads as %+v", wrong, c)
			}
		}
	})
}

func TestAShortCouponOfNoKindOrNoStoreIsRefused(t *testing.T) {
	p := compile(t, symbolsProgramme)
	k, c := issuedAs(t, p, "bars")
	text, err := k.PaperCode(c, couponKey(7))
	if err != nil {
		t.Fatal(err)
	}
	without := compile(t, goodHead+"coupons: [{id: qr, name: {en: Ten}, value: 10.00, valid_days: 5}]\n")
	_, err = without.ReadShortCoupon(text, couponSecret)
	compareError(t, err, SaleCoupon)
	_, err = p.ReadShortCoupon(text, func(StoreID) ed25519.PrivateKey { return nil })
	compareError(t, err, CouponUnknownIssuer)
	_, err = p.ReadShortCoupon(text, func(StoreID) ed25519.PrivateKey { return couponKey(8) })
	compareError(t, err, CouponForged)
	_, err = p.ReadShortCoupon("9999999999999999999999999999999999999999", couponSecret)
	compareError(t, err, CouponUnreadable)
	k2, _ := p.Coupon("other")
	c2 := c
	c2.Coupon = "other"
	text, err = k2.PaperCode(c2, couponKey(7))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.ReadShortCoupon(text, couponSecret); err != nil || got.Coupon != "other" || got.ValidTo != "2026-12-24" {
		t.Errorf("%+v, %v", got, err)
	}
	c.Serial = "hand-made"
	if text, err := k.PaperCode(c, couponKey(7)); err == nil {
		t.Errorf("a serial that is not ours became %s", text)
	}
}

func TestABatchIsManyCouponsOfOneEntry(t *testing.T) {
	p := compile(t, symbolsProgramme)
	e, err := p.IssueCoupon(CouponAsk{Coupon: "qr", Count: 3, Source: "mail"}, testHead(9))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for i, c := range e.IssuedCoupons() {
		if c.Serial != CouponSerial(e.Store, e.Txn, i) || c.Source != "mail" || c.Count != 0 {
			t.Errorf("%+v", c)
		}
		seen[c.Serial] = true
	}
	if len(seen) != 3 || len(e.CouponCodes()) != 3 {
		t.Errorf("%d coupons, %d codes, want 3", len(seen), len(e.CouponCodes()))
	}
	one, err := p.IssueCoupon(CouponAsk{Coupon: "qr", Count: 1}, testHead(9))
	if err != nil || one.Coupon.Count != 0 || len(one.IssuedCoupons()) != 1 {
		t.Errorf("%+v, %v", one.Coupon, err)
	}
	for _, n := range []int64{-1, MaxBatch + 1} {
		_, err := p.IssueCoupon(CouponAsk{Coupon: "qr", Count: n}, testHead(9))
		compareError(t, err, SaleRange)
	}
}

func TestAVoidNamesCouponsAndAReason(t *testing.T) {
	e, err := VoidCoupons([]string{"7-1", "7-2"}, VoidMisprint, testHead(9))
	if err != nil || e.Kind != KindVoid || len(e.Void.Serials) != 2 || len(e.Moves) != 0 {
		t.Errorf("%+v, %v", e, err)
	}
	for _, bad := range []struct {
		serials []string
		reason  VoidReason
		code    string
	}{{nil, VoidLost, SaleRange}, {make([]string, MaxBatch+1), VoidLost, SaleRange}, {[]string{""}, VoidLost, SaleCoupon}, {[]string{"1"}, "why not", SaleText}} {
		_, err := VoidCoupons(bad.serials, bad.reason, testHead(9))
		compareError(t, err, bad.code)
	}
}

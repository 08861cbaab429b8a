package loyalty

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The examples of RFC 9285, 4.3 and 4.4.
func TestBase45IsThatOfTheStandard(t *testing.T) {
	for plain, text := range map[string]string{"AB": "BB8", "Hello!!": "%69 VD92EX0", "base-45": "UJCLQE7W581", "ietf!": "QED8WEX0", "": ""} {
		if got := encode45([]byte(plain)); got != text {
			t.Errorf("%q is written %q, want %q", plain, got, text)
		}
		if got, ok := decode45(text); !ok || string(got) != plain {
			t.Errorf("%q reads %q, want %q", text, got, plain)
		}
	}
	for _, text := range []string{"GGW0", ":::", "A", "BB8A", "::", "bb8", "B_8", "Aß"} {
		if got, ok := decode45(text); ok {
			t.Errorf("%q reads %q", text, got)
		}
	}
}

func genCouponCode(t *rapid.T) CouponCode {
	from := date(rapid.IntRange(1, 40_000).Draw(t, "from"))
	c := CouponCode{Issuer: StoreID(rapid.IntRange(1, 9).Draw(t, "issuer")), ShownCoupon: ShownCoupon{
		Coupon: rapid.StringMatching(`[a-z0-9][a-z0-9_-]{0,39}`).Draw(t, "kind"), Serial: rapid.StringMatching(`[ -~]{1,40}`).Draw(t, "serial"),
		ValidFrom: from.String(), ValidTo: (from + date(rapid.IntRange(0, maxExpiryDays).Draw(t, "days"))).String(),
		Value: rapid.Int64Range(0, maxMoney).Draw(t, "value"), Uses: rapid.Int64Range(0, maxTimes).Draw(t, "uses"),
		Member: MemberID(rapid.Int64Min(0).Draw(t, "member")), Source: rapid.SampledFrom([]string{"", "spring-mail"}).Draw(t, "source")}}
	if rapid.Bool().Draw(t, "made here") {
		c.Serial = CouponSerial(c.Issuer, TxnID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "txn")), rapid.IntRange(0, 9).Draw(t, "n"))
	}
	if c.Value > 0 {
		c.Currency = "EUR"
	}
	last := StoreID(0)
	for range rapid.IntRange(0, MaxCouponStores).Draw(t, "stores") {
		last += StoreID(rapid.IntRange(1, 100_000).Draw(t, "apart"))
		c.Stores = append(c.Stores, last)
	}
	return c
}

func TestACouponCodeReadsAsItWasWrittenAndNotWithAnyBitChanged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := genCouponCode(t)
		text, err := c.Sign(couponKey(c.Issuer))
		if err != nil {
			t.Fatal(err)
		}
		got, err := ReadCouponCode(text, couponKeys)
		if err != nil || !reflect.DeepEqual(got, c) || len(text) > MaxCouponCode {
			t.Fatalf("%+v, %v, want %+v", got, err, c)
		}
		data, _ := decode45(strings.TrimPrefix(text, couponPrefix))
		data[rapid.IntRange(0, len(data)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		spoilt := []byte(text)
		spoilt[rapid.IntRange(0, len(text)-1).Draw(t, "character")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit of it")
		for _, wrong := range []string{couponPrefix + encode45(data), string(spoilt), text + "0", text[1:], text[:len(text)-1]} {
			var bad *SaleError
			if _, err := ReadCouponCode(wrong, couponKeys); !errors.As(err, &bad) {
				t.Fatalf("%q for %q: %v", wrong, text, err)
			}
		}
	})
}

func TestACouponCodeHoldsOnlyWhatACouponCanHave(t *testing.T) {
	good := CouponCode{Issuer: 7, ShownCoupon: ShownCoupon{Coupon: "ten", Serial: "1", ValidFrom: "2026-11-01", ValidTo: "2026-11-30"}}
	for name, change := range map[string]func(*CouponCode){
		"no store":           func(c *CouponCode) { c.Issuer = 0 },
		"no kind":            func(c *CouponCode) { c.Coupon = "" },
		"no serial":          func(c *CouponCode) { c.Serial = "" },
		"no first day":       func(c *CouponCode) { c.ValidFrom = "" },
		"days turned round":  func(c *CouponCode) { c.ValidTo = "2026-10-31" },
		"a life beyond any":  func(c *CouponCode) { c.ValidTo = "2226-11-30" },
		"used before":        func(c *CouponCode) { c.Used = 1 },
		"a value below zero": func(c *CouponCode) { c.Value = -1 },
		"no currency":        func(c *CouponCode) { c.Currency = "euro" },
		"stores in disorder": func(c *CouponCode) { c.Stores = []StoreID{2, 1} },
		"too many stores":    func(c *CouponCode) { c.Stores = make([]StoreID, MaxCouponStores+1) },
	} {
		c := good
		change(&c)
		if text, err := c.Sign(couponKey(7)); err == nil {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// A coupon that a store issued is taken by another one from its paper alone, and by nobody once it is used.
func TestACouponIssuedInOneStoreIsTakenInAnother(t *testing.T) {
	p := compile(t, goodHead+"coupons: [{id: ten, name: {en: Ten}, value: 10.00, valid_days: 5, holder: true, uses: 2, when: {stores: [9, 8]}}]\n")
	_, err := p.IssueCoupon(CouponAsk{Coupon: "ten"}, testHead(9))
	compareError(t, err, CouponNotYours)
	member := &MemberState{ID: 42, Medium: MediumNumber}
	e, err := p.IssueCoupon(CouponAsk{Coupon: "ten", Source: "mail", Member: member}, testHead(9))
	if err != nil {
		t.Fatal(err)
	}
	text, err := e.CouponCodes()[0].Sign(couponKey(7))
	if err != nil {
		t.Fatal(err)
	}
	read, err := ReadCouponCode(text, couponKeys)
	if err != nil {
		t.Fatal(err)
	}
	there := Place{Store: 8, Lane: 1, At: testPlace.At, Day: "2026-11-28"}
	compareError(t, p.AdmitCoupon(read.ShownCoupon, there, 42), "")
	compareError(t, p.AdmitCoupon(read.ShownCoupon, there, 41), CouponNotYours)
	compareError(t, p.AdmitCoupon(read.ShownCoupon, testPlace, 42), CouponNotHere)
	in := QuoteInput{Sale: Sale{Lines: groceries(), Shown: []ShownCoupon{read.ShownCoupon}}, Place: there, Member: member}
	for used, want := range []int{1, 1, 0} {
		in.Sale.Shown[0].Used = int64(used)
		q, err := p.Quote(in)
		if err != nil || len(q.Reductions) != want {
			t.Fatalf("after %d uses: %+v, %v", used, q.Reductions, err)
		}
	}
	there.Day = "2026-11-29"
	compareError(t, p.AdmitCoupon(read.ShownCoupon, there, 42), CouponExpired)
}

// FuzzCouponCode: whatever is scanned is the code of a coupon that this chain signed, or a typed error.
func FuzzCouponCode(f *testing.F) {
	c := CouponCode{Issuer: 7, ShownCoupon: ShownCoupon{Coupon: "ten", Serial: "7-1", ValidFrom: "2026-11-01", ValidTo: "2026-11-30"}}
	text, err := c.Sign(couponKey(7))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add(couponPrefix)
	f.Fuzz(func(t *testing.T, scanned string) {
		got, err := ReadCouponCode(scanned, couponKeys)
		var bad *SaleError
		if err != nil {
			if !errors.As(err, &bad) {
				t.Fatalf("not a typed error: %v", err)
			}
			return
		}
		if again, err := got.Sign(couponKey(got.Issuer)); err != nil || again != scanned {
			t.Fatalf("%q reads as %q, %v", scanned, again, err)
		}
	})
}

// A key that signs does not make a coupon of what cannot be one.
func TestASignedCodeOfNoCouponIsUnreadable(t *testing.T) {
	good := CouponCode{Issuer: 7, ShownCoupon: ShownCoupon{Coupon: "ten", Serial: "1", ValidFrom: "2026-11-01", ValidTo: "2026-11-30"}}
	text, err := good.Sign(couponKey(7))
	if err != nil {
		t.Fatal(err)
	}
	data, _ := decode45(strings.TrimPrefix(text, couponPrefix))
	body := data[:len(data)-ed25519.SignatureSize]
	for name, wrong := range map[string][]byte{
		"more after its end": append(slices.Clone(body), 0),
		"a kind in capitals": bytes.Replace(body, []byte("ten"), []byte("TEN"), 1),
	} {
		signed := append(wrong, ed25519.Sign(couponKey(7), slices.Concat([]byte(couponLabel), wrong))...)
		if _, err := ReadCouponCode(couponPrefix+encode45(signed), couponKeys); err == nil {
			t.Errorf("%s is read", name)
		} else {
			compareError(t, err, CouponUnreadable)
		}
	}
}

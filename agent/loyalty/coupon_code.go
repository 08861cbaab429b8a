package loyalty

import (
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	// couponLabel keeps a signature over a coupon from being one over anything else; its number is the format.
	couponLabel = "loyaltill coupon 1"
	// couponPrefix lets a till tell a coupon from the other codes that it scans; its number is the format too.
	couponPrefix = "LC1:"
)

// Limits of a coupon's code. One of a usual kind has some 95 bytes, 145 characters: a QR code of version 6.
const (
	MaxCouponCode   = 1200 // characters
	MaxCouponStores = 16   // named on the code; beyond, the programme alone says where it is taken
)

// CouponCode is a coupon as its paper carries it: terms and the signature of the store that issued it, so that every other
// store can check it without a line to anybody. How often it has been used cannot be on it.
type CouponCode struct {
	Issuer StoreID
	ShownCoupon
}

// Sign writes the code as text that fits the alphanumeric mode of a QR code.
func (c *CouponCode) Sign(key ed25519.PrivateKey) (string, error) {
	if err := c.check(); err != nil {
		return "", fmt.Errorf("sign coupon %s %s: %w", c.Coupon, c.Serial, err)
	}
	d := digester{buf: make([]byte, 0, 128)}
	d.ints(int64(c.Issuer))
	d.text(c.Coupon)
	d.serial(c.Issuer, c.Serial)
	from := tokenDay(c.ValidFrom)
	d.ints(from, tokenDay(c.ValidTo)-from, c.Value)
	d.text(c.Currency)
	d.ints(c.Uses, int64(c.Member), int64(len(c.Stores)))
	last := StoreID(0)
	for _, s := range c.Stores {
		d.ints(int64(s - last))
		last = s
	}
	d.text(c.Source)
	signed := append(d.buf, ed25519.Sign(key, slices.Concat([]byte(couponLabel), d.buf))...)
	return couponPrefix + encode45(signed), nil
}

// ReadCouponCode checks a code against the key of the store that it names and gives its terms. keys gives nil for a store
// that is not of the chain. Its error is a *SaleError. Whether the coupon is taken here and now is for AdmitCoupon.
func ReadCouponCode(text string, keys func(StoreID) ed25519.PublicKey) (CouponCode, error) {
	none := func(code string) (CouponCode, error) { return CouponCode{}, &SaleError{"coupon", code} }
	text, found := strings.CutPrefix(text, couponPrefix)
	data, ok := decode45(text)
	if !found || !ok || len(text) > MaxCouponCode || len(data) <= ed25519.SignatureSize {
		return none(CouponUnreadable)
	}
	body, signature := data[:len(data)-ed25519.SignatureSize], data[len(data)-ed25519.SignatureSize:]
	t := tokenReader{left: body, ok: true}
	c := t.coupon()
	key := keys(c.Issuer)
	if len(key) != ed25519.PublicKeySize {
		return none(CouponUnknownIssuer)
	}
	if !ed25519.Verify(key, slices.Concat([]byte(couponLabel), body), signature) {
		return none(CouponForged)
	}
	if !t.ok || len(t.left) > 0 || c.check() != nil {
		return none(CouponUnreadable)
	}
	return c, nil
}

func (t *tokenReader) coupon() CouponCode {
	issuer := StoreID(t.int())
	c := CouponCode{Issuer: issuer, ShownCoupon: ShownCoupon{Coupon: t.text(), Serial: t.serial(issuer)}}
	c.ValidFrom, c.ValidTo = t.days()
	c.Value, c.Currency = t.int(), t.text()
	c.Uses, c.Member = t.int(), MemberID(t.int())
	last := StoreID(0)
	for range t.count() {
		last += StoreID(t.int())
		c.Stores = append(c.Stores, last)
	}
	c.Source = t.text()
	return c
}

// days reads the first and, by its distance, the last day.
func (t *tokenReader) days() (from, to string) {
	first, life := t.int(), t.int()
	if first < 1 || first > lastTokenDay || life < 0 || life > maxExpiryDays || first+life > lastTokenDay {
		t.ok = false
		return "", ""
	}
	return date(first).String(), date(first + life).String()
}

// check holds the terms of a code to what a coupon can have.
func (c *CouponCode) check() error {
	if c.Issuer == 0 || c.Used != 0 || c.ValidFrom == "" || c.ValidTo < c.ValidFrom || len(c.Stores) > MaxCouponStores {
		return &SaleError{"coupon", SaleCoupon}
	}
	if tokenDay(c.ValidTo)-tokenDay(c.ValidFrom) > maxExpiryDays {
		return &SaleError{"coupon", SaleTime}
	}
	return c.ShownCoupon.check("coupon")
}

// CouponSerial is the serial of the n-th coupon of a transaction: the store and 60 random bits of the transaction's id in
// Crockford's base 32, short enough for a bar code. Two coupons of a chain do not meet.
func CouponSerial(store StoreID, txn TxnID, n int) string {
	return serialText(store, binary.BigEndian.Uint64(txn[8:])+uint64(n)) // the random half of a UUIDv7
}

const (
	serialDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	serialLength = 12
)

func serialText(store StoreID, bits uint64) string {
	serial := make([]byte, serialLength)
	for i := range serial {
		serial[i] = serialDigits[bits>>(5*i)&31]
	}
	return strconv.FormatUint(uint64(store), 10) + "-" + string(serial)
}

// serialBits reads what serialText wrote; own is false for a serial of another form or store.
func serialBits(store StoreID, serial string) (bits uint64, own bool) {
	_, digits, _ := strings.Cut(serial, "-")
	for i := range min(len(digits), serialLength) {
		bits |= uint64(max(strings.IndexByte(serialDigits, digits[i]), 0)) << (5 * i)
	}
	return bits, serialText(store, bits) == serial
}

// serial writes a serial of CouponSerial as its 60 bits behind a length of nothing, any other as text.
func (d *digester) serial(store StoreID, serial string) {
	bits, own := serialBits(store, serial)
	if !own {
		d.text(serial)
		return
	}
	d.text("")
	d.buf = binary.BigEndian.AppendUint64(d.buf, bits)
}

func (t *tokenReader) serial(store StoreID) string {
	if serial := t.text(); serial != "" || len(t.left) < 8 {
		return serial
	}
	bits := binary.BigEndian.Uint64(t.left)
	t.left = t.left[8:]
	return serialText(store, bits)
}

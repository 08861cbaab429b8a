package loyalty

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// CouponSymbol is the symbology that a kind of coupon is printed in.
type CouponSymbol string

// Symbologies, and what each of them carries.
const (
	CouponQR      CouponSymbol = "qr"      // all terms and a signature
	CouponCode128 CouponSymbol = "code128" // issuer, kind, serial, first day and a check that only the chain can make
	CouponEAN13   CouponSymbol = "ean13"   // a number of the store that issued it, which alone takes it
	CouponGS1     CouponSymbol = "gs1"     // issuer, reference and value as GS1 has them; no number, so nobody counts its uses
)

// couponSymbolDef says how a kind is printed; one of them. Left out: QR.
type couponSymbolDef struct {
	Code128 int64  `json:"code128,omitempty"` // the kind's number
	EAN13   string `json:"ean13,omitempty"`   // prefix, 20 to 29
	GS1     string `json:"gs1,omitempty"`     // issuer, 4 digits, and reference, 2 digits
}

// A short code is 40 digits, which fit 512 dots of Code 128: 132 bits.
const (
	shortDigits     = 40
	shortStoreBits  = 14
	shortNumberBits = 10
	shortSerialBits = 60
	shortDayBits    = 15
	shortCheckBits  = 33
	shortBytes      = (shortStoreBits + shortNumberBits + shortSerialBits + shortDayBits + 7) / 8
	shortDayZero    = date(18262) // 2020-01-01

	// MaxShortNumber is the highest number of a kind that is printed in Code 128.
	MaxShortNumber = 1<<shortNumberBits - 1
)

// shortLabel keeps the check of a short code from being that of anything else.
const shortLabel = "loyaltill short coupon 1"

// Symbol is how coupons of the kind are printed.
func (k CouponKind) Symbol() CouponSymbol {
	switch s := k.def.Symbol; {
	case s == nil:
		return CouponQR
	case s.Code128 != 0:
		return CouponCode128
	case s.EAN13 != "":
		return CouponEAN13
	default:
		return CouponGS1
	}
}

// Prefix is that of the kind's EAN-13, empty for other symbols.
func (k CouponKind) Prefix() string {
	if k.def.Symbol == nil {
		return ""
	}
	return k.def.Symbol.EAN13
}

// maxSameHours bounds how long a store that hears nothing prints the same coupon again.
const maxSameHours = 24 * 365

// Replaced says whether a coupon of the kind that is printed again becomes a new one, and the old one void: always, or because
// head office has been silent for so long that nobody would hear soon of a paper that was used twice.
func (k CouponKind) Replaced(silence time.Duration) bool {
	return k.def.Reprint == "new" || k.def.Same > 0 && silence > time.Duration(k.def.Same)*time.Hour
}

// PaperCode is what the symbol of an issued coupon holds. key is its issuer's.
func (k CouponKind) PaperCode(c CouponCode, key ed25519.PrivateKey) (string, error) {
	switch k.Symbol() {
	case CouponCode128:
		return k.shortCode(c, key)
	case CouponEAN13:
		return withCheckDigit(fmt.Sprintf("%s%010d", k.def.Symbol.EAN13, CouponDigits(c.Serial))), nil
	case CouponGS1:
		return withCheckDigit(k.gs1()), nil
	default:
		return c.Sign(key)
	}
}

func (k CouponKind) shortCode(c CouponCode, key ed25519.PrivateKey) (string, error) {
	day, _ := parseDay(c.ValidFrom)
	bits, own := serialBits(c.Issuer, c.Serial)
	since := int64(day - shortDayZero)
	if !own || c.Issuer >= 1<<shortStoreBits || since < 0 || since >= 1<<shortDayBits {
		return "", fmt.Errorf("write coupon %s %s short: %w", c.Coupon, c.Serial, &SaleError{"coupon", SaleRange})
	}
	v := big.NewInt(int64(c.Issuer))
	for _, f := range [...]struct {
		bits  uint
		value uint64
	}{{shortNumberBits, uint64(k.def.Symbol.Code128)}, {shortSerialBits, bits}, {shortDayBits, uint64(since)}} {
		v.Or(v.Lsh(v, f.bits), new(big.Int).SetUint64(f.value))
	}
	check := shortCheck(v, key)
	v.Or(v.Lsh(v, shortCheckBits), new(big.Int).SetUint64(check))
	return fmt.Sprintf("%0*s", shortDigits, v.String()), nil
}

// shortCheck is the last bits of a keyed hash over the others.
func shortCheck(v *big.Int, key ed25519.PrivateKey) uint64 {
	own := hmac.New(sha256.New, key.Seed())
	own.Write([]byte(shortLabel))
	m := hmac.New(sha256.New, own.Sum(nil))
	m.Write(v.FillBytes(make([]byte, shortBytes)))
	last := new(big.Int).SetBytes(m.Sum(nil))
	return last.And(last, big.NewInt(1<<shortCheckBits-1)).Uint64()
}

// IsShortCoupon says whether a scanned text may be a coupon in Code 128.
func IsShortCoupon(text string) bool { return len(text) == shortDigits && allDigits(text) }

// ReadShortCoupon checks a short code against the key of the store that it names and gives the coupon. What the code has no
// room for, its kind says: how long it holds, what it is worth, where and how often it is taken. Its error is a *SaleError.
func (p *Programme) ReadShortCoupon(text string, keys func(StoreID) ed25519.PrivateKey) (CouponCode, error) {
	none := func(code string) (CouponCode, error) { return CouponCode{}, &SaleError{"coupon", code} }
	v, ok := new(big.Int).SetString(text, 10)
	if !IsShortCoupon(text) || !ok || v.BitLen() > shortStoreBits+shortNumberBits+shortSerialBits+shortDayBits+shortCheckBits {
		return none(CouponUnreadable)
	}
	take := func(bits uint) uint64 {
		low := new(big.Int).And(v, new(big.Int).SetUint64(1<<bits-1))
		v.Rsh(v, bits)
		return low.Uint64()
	}
	check := take(shortCheckBits)
	told := new(big.Int).Set(v)
	day, serial, number, store := date(take(shortDayBits))+shortDayZero, take(shortSerialBits), take(shortNumberBits), StoreID(take(shortStoreBits))
	key := keys(store)
	if len(key) != ed25519.PrivateKeySize {
		return none(CouponUnknownIssuer)
	}
	if shortCheck(told, key) != check {
		return none(CouponForged)
	}
	for i := range p.doc.Coupons {
		def := &p.doc.Coupons[i]
		if def.Symbol == nil || def.Symbol.Code128 != int64(number) || number == 0 {
			continue
		}
		c := CouponCode{Issuer: store, ShownCoupon: ShownCoupon{Coupon: def.ID, Serial: serialText(store, serial), ValidFrom: day.String(), ValidTo: def.ValidTo}}
		if def.ValidTo == "" {
			c.ValidTo = (day + date(def.ValidDays) - 1).String()
		}
		return c, nil
	}
	return none(SaleCoupon)
}

// CouponDigits is the number that stands for a serial in an EAN-13: ten digits, which two coupons of a store seldom share.
func CouponDigits(serial string) int64 {
	const ten = 10_000_000_000
	store, _, _ := strings.Cut(serial, "-")
	n, _ := strconv.ParseUint(store, 10, 32)
	bits, _ := serialBits(StoreID(n), serial)
	return int64(bits % ten)
}

// IsStoreNumber says whether a scanned text may be a coupon in EAN-13, and gives its ten digits.
func IsStoreNumber(text string) (digits int64, ok bool) {
	if !isEAN13(text) || text[0] != '2' {
		return 0, false
	}
	digits, err := strconv.ParseInt(text[2:12], 10, 64)
	return digits, err == nil
}

// In EAN-13 under these prefixes GS1 has coupons of the euro countries: a value in cents, or in tens of cents.
const (
	gs1Tens  = "981"
	gs1Cents = "982"

	gs1MaxCents = 999
	gs1MaxTens  = 9990
)

// gs1 is the first twelve digits: prefix, issuer, reference, value.
func (k CouponKind) gs1() string {
	prefix, value := gs1Cents, k.Value
	if value > gs1MaxCents {
		prefix, value = gs1Tens, value/10
	}
	return fmt.Sprintf("%s%s%03d", prefix, k.def.Symbol.GS1, value)
}

// IsUnnumbered says whether a coupon's serial is the whole code of a GS1 coupon, the same on every piece of paper.
func IsUnnumbered(serial string) bool {
	return isEAN13(serial) && (strings.HasPrefix(serial, gs1Tens) || strings.HasPrefix(serial, gs1Cents))
}

// ReadGS1Coupon finds the kind that a GS1 coupon is of. A value that is not the kind's was not printed by who offers it.
// Its error is a *SaleError.
func (p *Programme) ReadGS1Coupon(text string) (ShownCoupon, error) {
	if !IsUnnumbered(text) {
		return ShownCoupon{}, &SaleError{"coupon", CouponUnreadable}
	}
	for _, k := range p.Coupons() {
		if k.Symbol() != CouponGS1 || text[3:9] != k.def.Symbol.GS1 {
			continue
		}
		value, err := strconv.ParseInt(text[9:12], 10, 64)
		if err != nil {
			return ShownCoupon{}, &SaleError{"coupon", CouponUnreadable}
		}
		if strings.HasPrefix(text, gs1Tens) {
			value *= 10
		}
		if value != k.Value {
			return ShownCoupon{}, &SaleError{"coupon", CouponForged}
		}
		return ShownCoupon{Coupon: k.ID, Serial: text, ValidTo: k.def.ValidTo}, nil
	}
	return ShownCoupon{}, &SaleError{"coupon", SaleCoupon}
}

func isEAN13(text string) bool {
	return len(text) == 13 && allDigits(text) && withCheckDigit(text[:12]) == text
}

// withCheckDigit adds the check digit of an EAN-13 to its first twelve digits.
func withCheckDigit(twelve string) string {
	sum := 0
	for i := range len(twelve) {
		sum += int(twelve[i]-'0') * (1 + 2*(i%2))
	}
	return twelve + strconv.Itoa((10-sum%10)%10)
}

func allDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

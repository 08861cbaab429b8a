package loyalty

import (
	"math/bits"
	"strings"
)

// rounding says what becomes of a part of a point.
type rounding uint8

const (
	roundFloor rounding = iota
	roundHalfUp
	roundHalfEven
	roundCeil
	roundingModes = 4
)

// frac is a figure before rounding: whole + rest/den, rest below den, nothing below zero. den is 0 only for a whole.
type frac struct {
	whole     int64
	rest, den uint64
}

func wholeFrac(n int64) frac { return frac{whole: n} }

// mulDiv gives a*b/den exactly, with 128 bits between; false when the whole part is beyond int64.
func mulDiv(a, b, den int64) (frac, bool) {
	if a < 0 || b < 0 || den <= 0 {
		return frac{}, false
	}
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	if hi >= uint64(den) {
		return frac{}, false
	}
	q, r := bits.Div64(hi, lo, uint64(den))
	if q > 1<<63-1 {
		return frac{}, false
	}
	f := frac{int64(q), r, uint64(den)}
	f.reduce()
	return f, true
}

func (f *frac) reduce() {
	if f.rest == 0 {
		f.den = 0
		return
	}
	g := gcd(f.rest, f.den)
	f.rest, f.den = f.rest/g, f.den/g
}

// add is exact; false when the common denominator or the sum is beyond 63 bits.
func (f frac) add(o frac) (frac, bool) {
	whole, ok := addInt(f.whole, o.whole)
	if !ok {
		return frac{}, false
	}
	if o.den == 0 {
		return frac{whole, f.rest, f.den}, true
	}
	if f.den == 0 {
		return frac{whole, o.rest, o.den}, true
	}
	hi, den := bits.Mul64(f.den/gcd(f.den, o.den), o.den)
	if hi != 0 || den > 1<<62 {
		return frac{}, false
	}
	sum := frac{whole, f.rest*(den/f.den) + o.rest*(den/o.den), den} // each term is below den, so below 2^63 together
	if sum.rest >= den {
		sum.rest -= den
		if sum.whole, ok = addInt(sum.whole, 1); !ok {
			return frac{}, false
		}
	}
	sum.reduce()
	return sum, true
}

func (f frac) round(mode rounding) (int64, bool) {
	up := false
	if f.rest > 0 {
		half := 0 // rest compared with den-rest is 2*rest compared with den, without the overflow
		if other := f.den - f.rest; f.rest > other {
			half = 1
		} else if f.rest < other {
			half = -1
		}
		switch mode {
		case roundHalfUp:
			up = half >= 0
		case roundHalfEven:
			up = half > 0 || half == 0 && f.whole%2 == 1
		case roundCeil:
			up = true
		}
	}
	if !up {
		return f.whole, true
	}
	return addInt(f.whole, 1)
}

func addInt(a, b int64) (int64, bool) {
	sum := a + b
	return sum, (sum > a) == (b > 0)
}

func mulInt(a, b int64) (int64, bool) {
	if a < 0 || b < 0 {
		return 0, false
	}
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	return int64(lo), hi == 0 && lo <= 1<<63-1
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// parseDecimal reads an exact decimal with at most digits places and gives it in units of the last place.
func parseDecimal(s string, digits int) (int64, bool) {
	whole, part, dotted := strings.Cut(s, ".")
	if whole == "" || dotted && part == "" || len(part) > digits || len(whole)+digits > 18 {
		return 0, false
	}
	if len(whole) > 1 && whole[0] == '0' {
		return 0, false
	}
	n := int64(0)
	for _, text := range [...]string{whole, part} {
		for i := range len(text) {
			if text[i] < '0' || text[i] > '9' {
				return 0, false
			}
			n = n*10 + int64(text[i]-'0')
		}
	}
	for range digits - len(part) {
		n *= 10
	}
	return n, true
}

// formatDecimal is the one spelling of a decimal: all places for money, none that are not needed otherwise.
func formatDecimal(n int64, digits int, trim bool) decimal {
	text := make([]byte, 0, 24)
	for i := 0; n > 0 || i <= digits; i++ {
		if i == digits && digits > 0 {
			text = append(text, '.')
		}
		text = append(text, byte('0'+n%10))
		n /= 10
	}
	for i, j := 0, len(text)-1; i < j; i, j = i+1, j-1 {
		text[i], text[j] = text[j], text[i]
	}
	out := string(text)
	if trim && digits > 0 {
		out = strings.TrimSuffix(strings.TrimRight(out, "0"), ".")
	}
	return decimal(out)
}

package loyalty

import (
	"math"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func rat(f frac) *big.Rat {
	r := new(big.Rat).SetInt64(f.whole)
	if f.den != 0 {
		r.Add(r, new(big.Rat).SetFrac(new(big.Int).SetUint64(f.rest), new(big.Int).SetUint64(f.den)))
	}
	return r
}

// genCount draws figures of every size, and often the extremes.
func genCount() *rapid.Generator[int64] {
	return rapid.OneOf(rapid.Int64Range(0, 100), rapid.Int64Range(0, math.MaxInt64),
		rapid.SampledFrom([]int64{0, 1, math.MaxInt64, math.MaxInt64 - 1, 1 << 62, 1 << 32, 1<<32 - 1}))
}

func TestProductsAreExactOrRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, den := genCount().Draw(t, "a"), genCount().Draw(t, "b"), genCount().Draw(t, "den")
		got, ok := mulDiv(a, b, den)
		if den == 0 {
			if ok {
				t.Fatal("divided by nothing")
			}
			return
		}
		exact := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(a), big.NewInt(b)), big.NewInt(den))
		fits := new(big.Int).Quo(exact.Num(), exact.Denom()).IsInt64()
		if ok != fits || ok && rat(got).Cmp(exact) != 0 {
			t.Fatalf("%d x %d / %d: got %+v, %v; exactly %s", a, b, den, got, ok, exact)
		}
	})
}

func TestAQuotientOfExactly64BitsIsRefused(t *testing.T) {
	if _, ok := mulDiv(1<<62, 16, 4); ok { // 2^64: the high word equals the divisor
		t.Error("a quotient beyond 64 bits was given")
	}
}

func TestSumsOfFractionsAreExactOrRefused(t *testing.T) {
	gen := rapid.Custom(func(t *rapid.T) frac {
		f, ok := mulDiv(rapid.Int64Range(0, 1<<40).Draw(t, "a"), rapid.Int64Range(1, 1<<20).Draw(t, "b"), rapid.Int64Range(1, 1<<40).Draw(t, "den"))
		if !ok {
			t.Fatal("within range")
		}
		return f
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := gen.Draw(t, "a"), gen.Draw(t, "b")
		sum, ok := a.add(b)
		if exact := new(big.Rat).Add(rat(a), rat(b)); ok && (rat(sum).Cmp(exact) != 0 || sum.den != 0 && sum.rest >= sum.den) {
			t.Fatalf("%+v + %+v = %+v", a, b, sum)
		}
	})
	if _, ok := (frac{whole: math.MaxInt64, rest: 1, den: 2}).add(frac{rest: 1, den: 2}); ok {
		t.Error("a sum beyond 64 bits wrapped")
	}
	if f, ok := (frac{whole: 1, rest: 2, den: 3}).add(frac{rest: 2, den: 3}); !ok || f != (frac{2, 1, 3}) {
		t.Errorf("1 2/3 + 2/3 = %+v", f)
	}
}

func TestRoundingModes(t *testing.T) {
	third, half, most := frac{1, 1, 3}, frac{1, 1, 2}, frac{1, 2, 3}
	for _, tc := range []struct {
		mode                       rounding
		third, half, evenHalf, two int64
	}{
		{roundFloor, 1, 1, 2, 1}, {roundHalfUp, 1, 2, 3, 2}, {roundHalfEven, 1, 2, 2, 2}, {roundCeil, 2, 2, 3, 2},
	} {
		got := [4]int64{}
		for i, f := range []frac{third, half, {2, 1, 2}, most} {
			got[i], _ = f.round(tc.mode)
		}
		if got != [4]int64{tc.third, tc.half, tc.evenHalf, tc.two} {
			t.Errorf("mode %d: 1/3, 1/2, 2 1/2 and 2/3 round to %v", tc.mode, got)
		}
	}
	if n, _ := (frac{0, math.MaxUint64/2 + 1, math.MaxUint64}).round(roundHalfUp); n != 1 {
		t.Error("just above a half of a great denominator")
	}
	if _, ok := (frac{math.MaxInt64, 1, 2}).round(roundCeil); ok {
		t.Error("rounded beyond 64 bits")
	}
}

func TestDecimalsAreReadAndWrittenExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		places := rapid.IntRange(0, 4).Draw(t, "places")
		n := rapid.Int64Range(0, 1_000_000_000_000).Draw(t, "n")
		for _, trim := range []bool{true, false} {
			if got, ok := parseDecimal(string(formatDecimal(n, places, trim)), places); !ok || got != n {
				t.Fatalf("%d with %d places became %q and then %d", n, places, formatDecimal(n, places, trim), got)
			}
		}
	})
	for _, bad := range []string{"", ".", "1.", ".5", "-1", "+1", "1,5", "1e3", "01", "0x1", "1.005", "1_000", "99999999999999999999", " 1", "1 "} {
		if n, ok := parseDecimal(bad, 2); ok {
			t.Errorf("%q was read as %d", bad, n)
		}
	}
}

func TestTheCalendarAgreesWithTheStandardLibrary(t *testing.T) {
	first := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	for n := date(0); n < 60_000; n++ {
		day := first.AddDate(0, 0, int(n))
		text := day.Format(time.DateOnly)
		if got, ok := parseDay(text); !ok || got != n || n.String() != text {
			t.Fatalf("%s is day %d, written %s", text, got, n)
		}
		if n.weekday() != (int(day.Weekday())+6)%7 {
			t.Fatalf("%s: weekday %d", text, n.weekday())
		}
		endOf := func(month time.Month) string {
			return time.Date(day.Year(), month+1, 0, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		}
		quarter := (day.Month()-1)/3*3 + 3
		for period, want := range map[string]string{"month": endOf(day.Month()), "quarter": endOf(quarter), "year": endOf(12)} {
			if got := n.endOf(period).String(); got != want {
				t.Fatalf("end of %s from %s: %s, want %s", period, text, got, want)
			}
		}
		months := int(n) % 30
		last := time.Date(day.Year(), day.Month()+time.Month(months)+1, 0, 0, 0, 0, 0, time.UTC)
		want := time.Date(last.Year(), last.Month(), min(day.Day(), last.Day()), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		if got := n.plusMonths(months).String(); got != want {
			t.Fatalf("%s + %d months = %s, want %s", text, months, got, want)
		}
	}
	for _, bad := range []string{"2026-02-29", "2026-13-01", "2026-00-10", "2026-01-00", "2026-1-01", "1969-12-31", "2026/01/01", "٢٠٢٦-01-01", "2026-01-01 "} {
		if _, ok := parseDay(bad); ok {
			t.Errorf("%q was read as a day", bad)
		}
	}
}

func TestLocalTimesAreReadStrictly(t *testing.T) {
	for _, good := range []string{"2026-11-22T10:15:00Z", "2026-11-22T23:59:59.999+02:00", "2026-11-22T00:00:00-11:30", "2026-11-22T00:00:00.123456789+14:00"} {
		if _, ok := parseLocal(good); !ok {
			t.Errorf("%s was refused", good)
		}
	}
	for _, bad := range []string{"2026-11-22T10:15:00", "2026-11-22 10:15:00Z", "2026-11-22T24:00:00Z", "2026-11-22T10:60:00Z", "2026-11-22T10:15:60Z",
		"2026-11-22T10:15:00.Z", "2026-11-22T10:15:00+2:00", "2026-11-22T10:15:00+15:00", "2026-11-22T10:15:00Z ", "2026-11-22T10:15:00.123 +02:00", "2026-11-22T10:15Z0000"} {
		if _, ok := parseLocal(bad); ok {
			t.Errorf("%q was read as a local time", bad)
		}
	}
}

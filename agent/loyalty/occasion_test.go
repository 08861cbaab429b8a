package loyalty

import (
	"slices"
	"testing"
)

func TestAnOccasionIsOnAroundItsDayOnceAYear(t *testing.T) {
	p := compile(t, goodHead+`occasions:
  - {id: birthday, before: 3, after: 2}
  - {id: march, leap: mar01}
  - {id: years, of: joined}
`)
	for _, tc := range []struct {
		name, birthday, joined, day string
		want                        []string
	}{
		{"three days before", "1990-11-24", "", "2026-11-21", []string{"birthday-2026"}},
		{"four days before", "1990-11-24", "", "2026-11-20", nil},
		{"two days after", "11-24", "", "2026-11-26", []string{"birthday-2026"}},
		{"three days after", "11-24", "", "2026-11-27", nil},
		{"the day", "11-24", "", "2026-11-24", []string{"birthday-2026", "march-2026"}},
		{"before New Year for the day after it", "01-01", "", "2026-12-29", []string{"birthday-2027"}},
		{"after New Year for the day before it", "12-31", "", "2027-01-02", []string{"birthday-2026"}},
		{"29 February as the 28th", "1992-02-29", "", "2027-02-28", []string{"birthday-2027"}},
		{"29 February as 1 March", "1992-02-29", "", "2027-03-01", []string{"birthday-2027", "march-2027"}},
		{"29 February where there is one", "1992-02-29", "", "2028-02-29", []string{"birthday-2028", "march-2028"}},
		{"1 March is not 29 February where there is one", "1992-02-29", "", "2028-03-01", []string{"birthday-2028"}},
		{"born long ago", "1948-02-29", "", "2028-02-29", []string{"birthday-2028", "march-2028"}},
		{"the day of joining is no anniversary", "", "2026-11-24", "2026-11-24", nil},
		{"a year with us", "", "2025-11-24", "2026-11-24", []string{"years-2026"}},
		{"nothing known", "", "", "2026-11-24", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			on, err := p.Occasions(MemberDays{tc.birthday, tc.joined}, tc.day)
			if err != nil || !slices.Equal(on, tc.want) {
				t.Errorf("got %v, %v, want %v", on, err, tc.want)
			}
		})
	}
	for _, bad := range []MemberDays{{Birthday: "02-30"}, {Birthday: "yesterday"}, {Joined: "11-24"}} {
		if _, err := p.Occasions(bad, "2026-11-24"); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

// A pilot takes its share of members, the same ones every day, and the rest is everybody else.
func TestAPilotTakesItsShareOfMembers(t *testing.T) {
	in, rest := &pilot{name: "spring", share: 2500}, &pilot{name: "spring", share: 2500, rest: true}
	other := &pilot{name: "autumn", share: 2500}
	taken, both := 0, 0
	for m := MemberID(1); m <= 10_000; m++ {
		if in.takes(m) == rest.takes(m) {
			t.Fatalf("member %d is in both or neither", m)
		}
		if in.takes(m) {
			taken++
			if other.takes(m) {
				both++
			}
		}
	}
	if taken < 2400 || taken > 2600 || both < 550 || both > 700 {
		t.Errorf("%d of 10000 in the pilot, %d of them in the other", taken, both)
	}
	if in.takes(0) || rest.takes(0) {
		t.Error("nobody is in a pilot")
	}
}

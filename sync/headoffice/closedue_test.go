package headoffice

import (
	"testing"
	"time"

	"loyaltill/store/hodb"
)

func TestADayWithoutItsCloseIsLateTwoHoursAfterItsEnd(t *testing.T) {
	c := newCentre(t)
	b := c.enrol(17, c.publish())
	b.sell(0, 300) // 24 November in Riga, whose day ends at 22:00 UTC
	c.hear(b, 1)
	late := func(at time.Time) []hodb.Unclosed {
		t.Helper()
		seen, err := c.office.condition(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return overdue(seen.Unclosed, at)
	}
	due := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	if found := late(due.Add(-time.Second)); len(found) != 0 {
		t.Errorf("a second before: %+v", found)
	}
	if found := late(due); len(found) != 1 || found[0].Store != 17 || found[0].Day != "2026-11-24" {
		t.Errorf("two hours after: %+v", found)
	}
	b.closeDay()
	c.hear(b, 2)
	if found := late(due); len(found) != 0 {
		t.Errorf("with its close: %+v", found)
	}
}

func TestABusinessDayEndsAtTheStoresOwnHour(t *testing.T) {
	for cut, want := range map[string]string{"": "2026-10-24T21:00:00Z", "04:00": "2026-10-25T02:00:00Z"} { // summer time ends at 01:00 UTC
		got, err := endOfDay(hodb.Unclosed{TimeZone: "Europe/Riga", DayCut: cut, Day: "2026-10-24"})
		if err != nil || got.UTC().Format(time.RFC3339) != want {
			t.Errorf("day cut %q: %v %v, want %s", cut, got.UTC(), err, want)
		}
	}
}

package headoffice

import (
	"testing"
	"time"

	"loyaltill/store/hodb"
)

// sold are the business days of some weeks before a day, Sundays left out.
func sold(before string, weeks int) (days []string) {
	end, err := time.Parse(time.DateOnly, before)
	if err != nil {
		panic(err)
	}
	for day := end.AddDate(0, 0, -7*weeks); !day.After(end); day = day.AddDate(0, 0, 1) {
		if day.Weekday() != time.Sunday {
			days = append(days, day.Format(time.DateOnly))
		}
	}
	return days
}

func TestAStoreIsSilentOnlyOnDaysOnWhichItSells(t *testing.T) {
	riga, err := time.LoadLocation("Europe/Riga")
	if err != nil {
		t.Fatal(err)
	}
	saturday := time.Date(2026, 11, 21, 20, 0, 0, 0, riga)
	for _, row := range []struct {
		when  string
		days  []string
		later time.Duration
		want  bool
	}{
		{"Sunday evening, of a store that is closed on Sundays", sold("2026-11-21", 4), 24 * time.Hour, false},
		{"Monday morning", sold("2026-11-21", 4), 36 * time.Hour, false},
		{"Monday evening", sold("2026-11-21", 4), 48 * time.Hour, true},
		{"Sunday evening, of a store that sold on a Sunday lately", append([]string{"2026-11-01"}, sold("2026-11-21", 2)...), 24 * time.Hour, true},
		{"Sunday evening, of a store that is too new to tell", sold("2026-11-21", 1), 24 * time.Hour, true},
		{"Sunday evening, of a store that never closed a day", nil, 24 * time.Hour, true},
		{"Sunday afternoon, of a store without a habit", nil, 20 * time.Hour, false},
		{"months later", nil, 100 * 24 * time.Hour, true},
	} {
		q := hodb.Quiet{Store: 7, TimeZone: "Europe/Riga", Heard: saturday, Days: row.days}
		if got := len(silent([]hodb.Quiet{q}, saturday.Add(row.later))) == 1; got != row.want {
			t.Errorf("%s: silent %v, want %v", row.when, got, row.want)
		}
	}
}

// The days that head office published are those by which it judges.
func TestTheDaysOfAQuietStoreAreThoseThatItClosed(t *testing.T) {
	c, _ := closedShop(t)
	c.tamper(`UPDATE store_head SET moved_at = 1795000000000`)
	c.tamper(`UPDATE session SET opened_at = 1795000100000`)
	now := time.UnixMilli(1795000100000).Add(hodb.QuietAfter + time.Hour)
	o := c.options()
	o.Clock = func() time.Time { return now }
	if err := c.office.Close(); err != nil {
		t.Fatal(err)
	}
	var err error
	if c.office, err = OpenOffice(t.Context(), c.home, o); err != nil {
		t.Fatal(err)
	}
	cond, err := c.office.condition(t.Context())
	if err != nil || len(cond.Quiet) != 1 {
		t.Fatalf("%+v %v", cond.Quiet, err)
	}
	q := cond.Quiet[0]
	if q.Store != 17 || q.TimeZone != "Europe/Riga" || !q.Heard.Equal(time.UnixMilli(1795000100000)) || len(q.Days) != 1 || q.Days[0] != "2026-11-24" {
		t.Errorf("%+v", q)
	}
}

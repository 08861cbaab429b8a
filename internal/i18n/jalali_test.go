package i18n

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Every day from 1990 to 2059, as the calendar of another program has it.
func TestJalaliDatesAreThoseOfAnotherCalendar(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("node is missing: CI must install it")
		}
		t.Skip("node is not installed")
	}
	const script = `
		const format = new Intl.DateTimeFormat('fa-IR-u-ca-persian', { year: 'numeric', month: '2-digit', day: '2-digit', timeZone: 'UTC' });
		const end = Date.UTC(2060, 0, 1), day = 86400000, out = [];
		for (let t = Date.UTC(1990, 0, 1); t < end; t += day) out.push(format.format(t));
		console.log(out.join('\n'));`
	out, err := exec.CommandContext(t.Context(), node, "-e", script).Output()
	if err != nil {
		t.Fatal(err)
	}
	day, days := time.Date(1990, time.January, 1, 0, 0, 0, 0, time.UTC), 0
	for want := range strings.FieldsSeq(string(out)) {
		if got := Date(Persian, day); got != want {
			t.Fatalf("%s is %s, want %s", day.Format(time.DateOnly), got, want)
		}
		day, days = day.AddDate(0, 0, 1), days+1
	}
	if want := time.Date(2060, time.January, 1, 0, 0, 0, 0, time.UTC); !day.Equal(want) {
		t.Errorf("%d days were compared", days)
	}
}

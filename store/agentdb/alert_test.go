package agentdb

import (
	"strings"
	"testing"
)

// Alerts are worked out at every scrape: they may read the days that count, and not the whole log.
func TestAlertsAreFoundByTheIndexOfDays(t *testing.T) {
	db := newBox(t).DB
	for _, text := range []string{
		`SELECT day, member FROM entry WHERE kind = 'sale' AND day >= '2026-11-20' AND member > 0 GROUP BY day, member HAVING count(*) >= 2 ORDER BY day DESC, member`,
		`SELECT body FROM entry WHERE kind = 'sale' AND day = '2026-11-20' AND member = 7 AND member > 0 AND body <> x'' ORDER BY seq`,
	} {
		rows, err := query(t.Context(), db.ledger.Read(), "plan", func(scan func(...any) error) (s string, err error) {
			var id, parent, unused int
			return s, scan(&id, &parent, &unused, &s)
		}, `EXPLAIN QUERY PLAN `+text)
		if err != nil || !strings.Contains(strings.Join(rows, "\n"), "USING COVERING INDEX entry_member_day") && !strings.Contains(strings.Join(rows, "\n"), "USING INDEX entry_member_day") {
			t.Errorf("%s\nis read by %q, %v", text, rows, err)
		}
	}
}

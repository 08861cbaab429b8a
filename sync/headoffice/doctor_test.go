package headoffice

import (
	"strings"
	"testing"
	"time"
)

// diagnoses asks the doctor as if it came so much later; the running server tells how the books stand.
func (c *centre) diagnoses(later time.Duration) map[string]Diagnosis {
	c.t.Helper()
	o := c.options()
	o.Clock = func() time.Time { return time.Now().Add(later) }
	found := map[string]Diagnosis{}
	for _, d := range Doctor(c.t.Context(), Where{Dir: c.home.Dir, Database: c.home.Database}, o) {
		if (d.Remedy == "") != (d.Health == Well) {
			c.t.Errorf("%+v: a remedy belongs to what is not well", d)
		}
		found[d.What] = d
	}
	return found
}

func TestTheDoctorNamesTheStoreWhoseDayIsOpen(t *testing.T) {
	c := newCentre(t)
	b := c.enrol(7, c.publish())
	member := c.member("6034000000000018")
	c.serve()
	b.sell(member, 1240)
	b.sync()
	c.settled()
	if d := c.diagnoses(0); d["closed days"].Health != Well || d["database"].Health != Well || d["silent stores"].Health != Well {
		t.Errorf("%+v", d)
	}
	if d := c.diagnoses(72 * time.Hour)["closed days"]; d.Health != Attention || !strings.HasSuffix(d.Seen, "1 stores with an older day open: 7") {
		t.Errorf("three days later: %+v", d)
	}
	if d := c.diagnoses(10 * 365 * 24 * time.Hour)["server certificate"]; d.Health != Ill {
		t.Errorf("ten years later: %+v", d)
	}
	if d := c.diagnoses(-time.Hour)["clock"]; d.Health != Ill {
		t.Errorf("with a clock that was set back: %+v", d)
	}
	b.closeDay()
	b.sync()
	c.settled()
	if d := c.diagnoses(72 * time.Hour)["closed days"]; d.Health != Well || !strings.HasPrefix(d.Seen, "1 published") {
		t.Errorf("after the close: %+v", d)
	}
}

func TestTheDoctorNamesSilentAndForkedStoresAndCases(t *testing.T) {
	c := newCentre(t)
	prog := c.publish()
	c.enrol(1, prog)
	ctx := t.Context()
	for _, change := range []string{`UPDATE store_head SET moved_at = 0`, `UPDATE store_head SET state = 'forked'`,
		`INSERT INTO case_file (store_id, case_no, kind, epoch, seq, state, note, opened_at) VALUES (1, 1, 'fork', 1, 1, 'open', '', 0), (1, 2, 'tail_lost', 1, 1, 'settled', '', 0)`} {
		c.tamper(change)
	}
	cond, err := c.office.condition(ctx)
	if err != nil {
		t.Fatal(err)
	}
	d := &doctor{now: time.Now()}
	d.stores(cond)
	d.questions(cond)
	for i, want := range []string{"1 of 1", "1 without an entry or a start for a day on which they sell: 1", "0 published, 0 stores with an older day open", "fork 1", "0 figures of stores"} {
		if d.found[i].Seen != want {
			t.Errorf("%s: %s, want %s", d.found[i].What, d.found[i].Seen, want)
		}
	}
}

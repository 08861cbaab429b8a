package uplink

import (
	"errors"
	"io/fs"
	"os"
	"testing"
	"time"

	"loyaltill/store/agentdb"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// dump copies head office's books; restore puts such a copy back.
func (o *office) dump() []byte {
	o.t.Helper()
	o.off()
	defer o.on()
	books, err := os.ReadFile(o.home.DatabasePath())
	if err != nil {
		o.t.Fatal(err)
	}
	return books
}

func (o *office) restore(books []byte) {
	o.t.Helper()
	o.off()
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(o.home.DatabasePath() + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			o.t.Fatal(err)
		}
	}
	if err := os.WriteFile(o.home.DatabasePath(), books, 0o600); err != nil {
		o.t.Fatal(err)
	}
	o.on()
}

func TestAHeadOfficeThatForgotALifeTakesItUpAgainByItsGrant(t *testing.T) {
	o := newOffice(t)
	prog := o.publish()
	before := o.dump()
	b := o.enrol(7, prog)
	b.connect()
	for range 3 {
		b.sell(0, 500)
	}
	b.untilInSync()
	b.disconnect()
	o.restore(before)
	b.sell(0, 500)
	b.connect()
	b.untilInSync()
	sameLog(t, o, b)
	if c := o.caseOf(hodb.CaseAdopted); c == nil || c.Epoch != 1 {
		t.Errorf("cases %+v", o.report().Cases)
	}
	if s := o.report().Stores[0]; s.Name != "Store" || s.TimeZone != "Europe/Riga" {
		t.Errorf("store %+v", s)
	}
}

func TestAGrantThatHeadOfficeDidNotSignOpensNothing(t *testing.T) {
	o := newOffice(t)
	prog := o.publish()
	before := o.dump()
	b := o.enrol(7, prog)
	b.connect()
	b.untilInSync()
	b.disconnect()
	o.restore(before)
	b.identity.Grant = append([]byte(nil), b.identity.Grant...)
	b.identity.Grant[0] ^= 1
	b.connect()
	if s := b.untilState(StateRefused); s.Problem != wire.CodeForbidden {
		t.Errorf("status %+v", s)
	}
	if n := len(o.report().Stores); n != 0 {
		t.Errorf("%d stores", n)
	}
}

func TestAHeadOfficeRestoredFromAnOlderDumpGetsTheRestAgain(t *testing.T) {
	o := newOffice(t)
	b := o.enrol(7, o.publish())
	b.connect()
	b.sell(0, 500)
	b.untilInSync()
	b.disconnect()
	older := o.dump()
	b.connect()
	for range 3 {
		b.sell(0, 500)
	}
	member := o.member("6034000000000018") // what head office loses with the dump
	eventually(t, "the member", func() bool { _, err := b.db.Member(t.Context(), member); return err == nil }, func() string { return "" })
	b.untilInSync()
	told := b.status().Feed.Epoch
	b.disconnect()
	o.restore(older)
	b.connect()
	b.untilInSync()
	sameLog(t, o, b)
	if c := o.caseOf(hodb.CaseSignedLost); c == nil || c.Seq != 4 {
		t.Errorf("cases %+v", o.report().Cases)
	}
	b.until("the feed anew", func(s Status) bool { return s.Feed.Epoch != told && s.Feed.Complete && s.FeedState == StateInSync })
	eventually(t, "the member forgotten", func() bool { _, err := b.db.Member(t.Context(), member); return err != nil }, func() string { return "" })
}

func TestABoxThatIsOftenRestartedIsNotTakenForTwo(t *testing.T) {
	o := newOffice(t)
	b := o.enrol(7, o.publish())
	for range 10 {
		b.connect()
		b.untilInSync()
		b.disconnect()
	}
	if c := o.caseOf(hodb.CaseCopiedBox); c != nil {
		t.Errorf("%+v", c)
	}
}

func TestAHeadOfficeThatAsksForWhatTheStorePrunedIsToldSo(t *testing.T) {
	o := newOffice(t)
	b := o.enrol(7, o.publish())
	empty := o.dump()
	for _, day := range []time.Duration{0, 95} {
		b.close()
		b.ahead = day * 24 * time.Hour
		b.open()
		b.sell(0, 500)
		b.closeDay()
		b.connect()
		b.untilInSync()
		if err := o.PostAll(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.until("the watermark", func(s Status) bool { return s.Feed.Watermark == s.AckedThrough })
		b.disconnect()
	}
	if got, err := b.db.Prune(t.Context(), agentdb.MinKeepDays, nil); err != nil || got.Through != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	o.restore(empty)
	b.sell(0, 500)
	b.connect()
	s := b.untilState(StatePruned)
	if !s.State.Stopped() || s.Lag != 1 {
		t.Errorf("status %+v", s)
	}
	if n := len(o.holds(b)); n != 0 {
		t.Errorf("head office took %d entries", n)
	}
}

package headoffice

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/agent/loyalty"
	"loyaltill/internal/blank"
	"loyaltill/internal/pgserver"
	"loyaltill/store/hodb"
)

// opened is the moment at which the tests' head offices begin: a Tuesday, when the grocer's programme doubles bread.
func opened() time.Time { return time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC) }

// centre is a head office in a test, with everything that it logged.
type centre struct {
	t       testing.TB
	home    *Home
	office  *Office
	log     *bytes.Buffer
	address string // when it serves
	boxes   []*box
	stop    func()
}

func newHome(t testing.TB) *Home {
	t.Helper()
	home, err := Init(filepath.Join(t.TempDir(), "ho"), Settings{Scheme: "4c595431", Currency: "EUR", Hosts: []string{"127.0.0.1"}}, nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if home.Database = pgserver.Chosen(t); home.Database == "" {
		layBooks(t, home.DatabasePath())
	}
	return home
}

var layBooks = blank.Of("../../store/hodb/migrations")

// newCentre opens a new head office that does not serve: tests call it directly.
func newCentre(t testing.TB) *centre {
	t.Helper()
	c := &centre{t: t, home: newHome(t), log: &bytes.Buffer{}}
	c.open()
	t.Cleanup(func() { c.close() })
	return c
}

func (c *centre) options() Options {
	return Options{Clock: time.Now, Entropy: rand.Reader, Log: zerolog.New(zerolog.SyncWriter(c.log))}
}

func (c *centre) open() {
	c.t.Helper()
	office, err := OpenOffice(c.t.Context(), c.home, c.options())
	if err != nil {
		c.t.Fatal(err)
	}
	c.office = office
}

func (c *centre) close() {
	c.t.Helper()
	if c.stop != nil {
		c.stop()
	}
	if err := c.office.Close(); err != nil {
		c.t.Error(err)
	}
}

// serve puts the centre on the network; the cleanup stops it and fails the test when it does not stop well.
func (c *centre) serve() {
	c.t.Helper()
	if c.stop != nil {
		c.t.Fatal("it serves already")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.t.Fatal(err)
	}
	c.address = "https://" + listener.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- c.office.Serve(ctx, listener, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-done:
		c.t.Fatalf("serve: %v", err)
	}
	c.stop = func() {
		for _, b := range c.boxes { // a server asked to stop gives HTTP/2 clients a second to go
			b.client.CloseIdleConnections()
		}
		cancel()
		if err := <-done; err != nil {
			c.t.Errorf("serve: %v", err)
		}
		c.stop = nil
	}
}

func (c *centre) manager() Manager { return Manager{Home: c.home, Options: c.options()} }

// publish publishes the grocer's programme as the product's own documents have it.
func (c *centre) publish() *loyalty.Programme {
	c.t.Helper()
	document, err := os.ReadFile(filepath.Join("..", "..", "docs", "programmes", "grocery.yaml"))
	if err != nil {
		c.t.Fatal(err)
	}
	return c.publishes(document)
}

func (c *centre) publishes(document []byte) *loyalty.Programme {
	c.t.Helper()
	p, err := loyalty.Compile(document)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.office.publish(c.t.Context(), publishInput{Document: p.Canonical()}); err != nil {
		c.t.Fatal(err)
	}
	return p
}

func number(t testing.TB, digits string) loyalty.CardNumber {
	t.Helper()
	n, err := loyalty.NewCardNumber(digits)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// member enters a member; the office must be open in this process.
func (c *centre) member(digits string) loyalty.MemberID {
	c.t.Helper()
	out, err := c.office.addMember(c.t.Context(), memberInput{Number: c.home.Keys.numberRef(number(c.t, digits)), Language: "lv"})
	if err != nil {
		c.t.Fatal(err)
	}
	return out.Member
}

func (c *centre) report() Report {
	c.t.Helper()
	r, err := c.office.Report(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

// post waits for nothing: it judges what has arrived.
func (c *centre) post() {
	c.t.Helper()
	if err := c.office.PostAll(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
}

// inOrder fails the test unless verify finds nothing.
func (c *centre) inOrder() {
	c.t.Helper()
	found, err := c.office.Verify(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	for _, f := range found {
		c.t.Errorf("verify: %s: %s: %s", f.Check, f.Where, f.Problem)
	}
	if r := c.report(); r.Sum != 0 {
		c.t.Errorf("all accounts sum to %d", r.Sum)
	}
	if l := c.liability("2000-01-01", lastOfDays); !l.Ties {
		c.t.Errorf("the liability does not tie out: %+v", l)
	}
}

// settled waits until everything that arrived is judged, and the work of a day done that began meanwhile: where it is past midnight
// in the first store that is enrolled, its day does.
func (c *centre) settled() Report {
	c.t.Helper()
	c.awaits(func() bool { return c.judged() && c.begun() })
	return c.report()
}

// judged tells whether every entry that arrived is. It reads no member: those who wait ask often.
func (c *centre) judged() (all bool) {
	c.t.Helper()
	err := c.office.db.View(c.t.Context(), func(tx *hodb.Tx) error {
		heads, err := tx.Heads()
		all = !slices.ContainsFunc(heads, func(h *hodb.Head) bool { return h.Posted != h.Seq })
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return all
}

func (c *centre) begun() (all bool) {
	c.t.Helper()
	err := c.office.db.View(c.t.Context(), func(tx *hodb.Tx) error {
		day, err := c.office.today(tx)
		if err != nil {
			return err
		}
		done, err := tx.DayDone()
		if err != nil {
			return err
		}
		reviewed, err := tx.Reviewed()
		all = min(done, reviewed) >= day
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return all
}

// until polls the report for at most a minute.
func (c *centre) until(ok func(Report) bool) (r Report) {
	c.t.Helper()
	c.awaits(func() bool { r = c.report(); return ok(r) })
	return r
}

// awaits asks for at most a minute whether something is there.
func (c *centre) awaits(there func() bool) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	for {
		heard := c.office.changed.wait()
		if there() {
			return
		}
		if !pause(ctx, heard, 20*time.Millisecond) {
			c.t.Fatalf("head office did not get there: %+v", c.report())
		}
	}
}

func (r Report) member(t testing.TB, id loyalty.MemberID) MemberReport {
	t.Helper()
	for _, m := range r.Members {
		if m.ID == id {
			return m
		}
	}
	t.Fatalf("member %d is not in the report", id)
	return MemberReport{}
}

// kinds are the open cases.
func (r Report) kinds() []hodb.CaseKind {
	kinds := []hodb.CaseKind{}
	for _, c := range r.Cases {
		kinds = append(kinds, c.Kind)
	}
	return kinds
}

func mustFail[T error](t testing.TB, err error) T {
	t.Helper()
	var want T
	if !errors.As(err, &want) {
		t.Fatalf("got %v, want a %T", err, want)
	}
	return want
}

// books are kept as they were at one moment, on the engine of the tests.
type books struct {
	file     []byte
	database string
}

// keep keeps the books of a home that nobody has open.
func keep(t testing.TB, home *Home) (b books) {
	t.Helper()
	if home.Database != "" {
		return books{database: pgserver.Copy(t, home.Database)}
	}
	var err error
	if b.file, err = os.ReadFile(home.DatabasePath()); err != nil {
		t.Fatal(err)
	}
	return b
}

// lay puts a copy of the books into a home; the function that it gives takes it away.
func (b books) lay(t testing.TB, home *Home) (away func()) {
	t.Helper()
	if b.database != "" {
		home.Database = pgserver.Copy(t, b.database)
		return func() { pgserver.Drop(t, home.Database) }
	}
	if err := os.WriteFile(home.DatabasePath(), b.file, 0o600); err != nil {
		t.Fatal(err)
	}
	return func() {}
}

package uplink

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"loyaltill/agent/loyalty"
	"loyaltill/internal/blank"
	"loyaltill/internal/stage"
	"loyaltill/store"
	"loyaltill/store/agentdb"
	"loyaltill/sync/headoffice"
	"loyaltill/sync/wire"
)

// patienceOfTests bounds every wait of a test; what it waits for takes milliseconds.
const patienceOfTests = 60 * time.Second

var (
	layBooks = blank.Of("../../store/hodb/migrations")
	layStore = blank.OfStore("../../store/agentdb/migrations")
)

// office is the real head office, served on loopback; it can be switched off and on.
type office struct {
	t       testing.TB
	home    *headoffice.Home
	address string
	*headoffice.Office
	stop func()
}

func newOffice(t testing.TB) *office {
	t.Helper()
	home, err := headoffice.Init(filepath.Join(t.TempDir(), "ho"),
		headoffice.Settings{Scheme: "4c595431", Currency: "EUR", Hosts: []string{"127.0.0.1"}}, nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	layBooks(t, home.DatabasePath())
	address, err := stage.FreeAddress() // it comes back where the stores look for it
	if err != nil {
		t.Fatal(err)
	}
	o := &office{t: t, home: home, address: address}
	o.on()
	t.Cleanup(o.off)
	return o
}

func (o *office) options() headoffice.Options {
	return headoffice.Options{Clock: time.Now, Entropy: rand.Reader, Log: zerolog.Nop()}
}

// on opens and serves the office at its address.
func (o *office) on() {
	o.t.Helper()
	var err error
	if o.Office, err = headoffice.OpenOffice(context.Background(), o.home, o.options()); err != nil {
		o.t.Fatal(err)
	}
	listener, err := net.Listen("tcp", o.address)
	if err != nil {
		o.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- o.Serve(ctx, listener, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-done:
		o.t.Fatal(err)
	}
	o.stop = func() {
		cancel()
		if err := <-done; err != nil {
			o.t.Errorf("serve: %v", err)
		}
		if err := o.Close(); err != nil {
			o.t.Error(err)
		}
	}
}

func (o *office) off() {
	if o.stop != nil {
		o.stop()
		o.stop = nil
	}
}

func (o *office) manager() headoffice.Manager {
	return headoffice.Manager{Home: o.home, Options: o.options()}
}

// publish publishes the grocer's programme, with pairs of texts replaced.
func (o *office) publish(otherwise ...string) *loyalty.Programme {
	o.t.Helper()
	document, err := os.ReadFile(filepath.Join("..", "..", "docs", "programmes", "grocery.yaml"))
	if err != nil {
		o.t.Fatal(err)
	}
	document = []byte(strings.NewReplacer(otherwise...).Replace(string(document)))
	if _, err := o.manager().Publish(o.t.Context(), document); err != nil {
		o.t.Fatal(err)
	}
	p, err := loyalty.Compile(document)
	if err != nil {
		o.t.Fatal(err)
	}
	return p
}

func (o *office) member(digits string) loyalty.MemberID {
	o.t.Helper()
	n, err := loyalty.NewCardNumber(digits)
	if err != nil {
		o.t.Fatal(err)
	}
	id, err := o.manager().AddMember(o.t.Context(), headoffice.NewMember{Number: n, Language: "lv"})
	if err != nil {
		o.t.Fatal(err)
	}
	return id
}

// holds gives every body that head office has of a store's log.
func (o *office) holds(b *box) [][]byte {
	o.t.Helper()
	var all [][]byte
	for {
		page, err := o.Entries(context.Background(), wire.EntriesQuery{Store: b.db.Store(), Epoch: b.db.Epoch(),
			From: loyalty.Seq(len(all) + 1), Limit: wire.MaxBatchEntries})
		if err != nil {
			o.t.Fatal(err)
		}
		if len(page.Bodies) == 0 {
			return all
		}
		all = append(all, page.Bodies...)
	}
}

// box is a store box: a ledger with the real uplink, over a line that a test can disturb.
type box struct {
	t        testing.TB
	dir      string
	identity *store.Identity
	prog     *loyalty.Programme
	db       *agentdb.DB
	uplink   *Uplink
	line     func(http.RoundTripper) http.RoundTripper
	stop     func()
	ahead    time.Duration // of its clock, as of its next start
}

func (o *office) enrol(id loyalty.StoreID, prog *loyalty.Programme) *box {
	o.t.Helper()
	folder := filepath.Join(o.t.TempDir(), fmt.Sprintf("identity-%d", id))
	_, err := o.manager().Enrol(o.t.Context(), headoffice.Enrolment{Store: id, Name: "Store", TimeZone: "Europe/Riga",
		Language: "lv", HeadOffice: "https://" + o.address}, folder)
	if err != nil {
		o.t.Fatal(err)
	}
	return openBox(o.t, folder, o.t.TempDir(), prog)
}

func openBox(t testing.TB, folder, dir string, prog *loyalty.Programme) *box {
	t.Helper()
	identity, err := store.LoadIdentity(folder)
	if err != nil {
		t.Fatal(err)
	}
	b := &box{t: t, dir: dir, identity: identity, prog: prog}
	layStore(t, dir)
	b.open()
	t.Cleanup(b.close)
	return b
}

func (b *box) open() {
	b.t.Helper()
	db, err := agentdb.Open(context.Background(), b.dir, b.identity, zerolog.Nop(), func() time.Time { return time.Now().Add(b.ahead) })
	if err != nil {
		b.t.Fatal(err)
	}
	b.db = db
}

func (b *box) close() {
	b.disconnect()
	if b.db != nil {
		if err := b.db.Close(); err != nil {
			b.t.Error(err)
		}
		b.db = nil
	}
}

// connect starts the uplink; the line says what happens to its requests.
func (b *box) connect() {
	b.t.Helper()
	client, err := NewClient(b.identity, time.Now)
	if err != nil {
		b.t.Fatal(err)
	}
	transport := client.http.Transport
	if b.line != nil {
		client.http.Transport = b.line(transport)
	}
	b.uplink, err = New(Options{DB: b.db, HeadOffice: client, Agent: "test", Log: zerolog.Nop(), Now: time.Now,
		Linger: 5 * time.Millisecond, TakeLife: client.TakeLife})
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = b.uplink.Run(ctx) }() // ends with ctx and its error only
	b.stop = func() {
		cancel()
		<-done
		transport.(*http.Transport).CloseIdleConnections()
	}
}

func (b *box) disconnect() {
	if b.stop != nil {
		b.stop()
		b.stop = nil
	}
}

// sell commits a sale of a member known by number.
func (b *box) sell(member loyalty.MemberID, cents int64) agentdb.Committed {
	b.t.Helper()
	return b.sellAs(loyalty.TxnID(uuid.Must(uuid.NewV7())), member, cents)
}

func (b *box) sellAs(id loyalty.TxnID, member loyalty.MemberID, cents int64) agentdb.Committed {
	b.t.Helper()
	in := quoteInput(cents)
	if member != 0 {
		in.Member = &loyalty.MemberState{ID: member, Medium: loyalty.MediumNumber}
	}
	return b.commit(id, in)
}

// quoteInput is milk for so much.
func quoteInput(cents int64) loyalty.QuoteInput {
	return loyalty.QuoteInput{Sale: loyalty.Sale{Lines: []loyalty.Line{{SKU: "4750001", Name: "Milk", Category: "food/dairy", Quantity: 1000, Amount: cents, Tax: 2100}}}}
}

// commit sells, and what is not redeemed is paid in cash.
func (b *box) commit(id loyalty.TxnID, in loyalty.QuoteInput) agentdb.Committed {
	b.t.Helper()
	c, err := b.db.Append(context.Background(), agentdb.Commit{Txn: id, RequestHash: [32]byte(bytes.Repeat(id[:1], 32)),
		Build: func(h loyalty.EntryHead, _ agentdb.Tally) (loyalty.Entry, error) {
			h.Lane, h.Cashier = 1, "anna"
			in.Place = loyalty.Place{Store: h.Store, Lane: h.Lane, At: h.At, Day: h.Day}
			q, err := b.prog.Quote(in)
			if err != nil {
				return loyalty.Entry{}, err
			}
			in.Sale.Tenders = []loyalty.Tender{{Kind: loyalty.TenderCash, Amount: q.Due}}
			return b.prog.Post(q, in, h)
		}})
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// log is every body of the store's own log.
func (b *box) log() [][]byte {
	b.t.Helper()
	var all [][]byte
	for {
		r, err := b.db.EntriesFrom(context.Background(), loyalty.Seq(len(all)+1), 1000, 16<<20)
		if err != nil {
			b.t.Fatal(err)
		}
		if len(r.Bodies) == 0 {
			return all
		}
		all = append(all, r.Bodies...)
	}
}

func (b *box) status() Status {
	b.t.Helper()
	s, err := b.uplink.Status(context.Background())
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// until waits for a status.
func (b *box) until(what string, ok func(Status) bool) Status {
	b.t.Helper()
	var s Status
	eventually(b.t, what, func() bool { s = b.status(); return ok(s) }, func() string { return fmt.Sprintf("%+v", s) })
	return s
}

func (b *box) untilState(state State) Status {
	b.t.Helper()
	return b.until(string(state), func(s Status) bool { return s.State == state })
}

func (b *box) untilInSync() {
	b.t.Helper()
	b.until("in sync", func(s Status) bool { return s.State == StateInSync && s.Lag == 0 })
}

// eventually polls until ok, for a bounded time.
func eventually(t testing.TB, what string, ok func() bool, seen func() string) {
	t.Helper()
	deadline := time.NewTimer(patienceOfTests)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline.C:
			t.Fatalf("never came: %s; last seen: %s", what, seen())
		case <-tick.C:
		}
	}
}

// sameLog fails the test unless head office holds the store's log, byte for byte.
func sameLog(t testing.TB, o *office, b *box) {
	t.Helper()
	own, theirs := b.log(), o.holds(b)
	if len(own) != len(theirs) {
		t.Fatalf("the store has %d entries, head office %d", len(own), len(theirs))
	}
	for i := range own {
		if !bytes.Equal(own[i], theirs[i]) {
			t.Fatalf("entry %d differs:\n%s\n%s", i+1, own[i], theirs[i])
		}
	}
}

// roundTripper is a function as a line.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answer makes a response that head office might give.
func answer(r *http.Request, p *wire.Problem) *http.Response {
	rec := &recorder{header: http.Header{}}
	if err := wire.WriteProblem(rec, p); err != nil {
		panic(err)
	}
	return &http.Response{StatusCode: rec.status, Header: rec.header, Body: io.NopCloser(&rec.body), Request: r,
		ProtoMajor: 1, ProtoMinor: 1}
}

type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

// copyTree copies a closed database folder.
func copyTree(t testing.TB, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// counter counts from many goroutines.
type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) next() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	return c.n
}

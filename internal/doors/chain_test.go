package doors

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/internal/blank"
	"loyaltill/store"
	"loyaltill/store/agentdb"
	"loyaltill/sync/headoffice"
	"loyaltill/sync/uplink"
	"loyaltill/sync/wire"
)

// patience is how long anything is waited for on a slow machine.
const patience = 60 * time.Second

const programme = `
format: 1
programme: {id: doors, name: {en: Doors}, version: 1, valid_from: 2020-01-01T00:00, currency: EUR}
earn: [{id: base, per: amount, rate: {points: 1, per: 1.00}}]
redeem: {point_value: {points: 100, value: 1.00}}
limits: {redeem_without_purse: 100000%s}
`

// chain is a head office with its stores.
type chain struct {
	t       testing.TB
	ahead   atomic.Int64 // by how much all clocks go on before the machine's
	manager headoffice.Manager
	url     string
	members int64
}

func (c *chain) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// newChain serves a head office that has published a programme with these limits.
func newChain(t testing.TB, limits string) *chain {
	t.Helper()
	c := &chain{t: t}
	home := must[*headoffice.Home](t)(headoffice.Init(filepath.Join(t.TempDir(), "ho"),
		headoffice.Settings{Scheme: "4c595431", Currency: "EUR", Hosts: []string{"127.0.0.1"}}, nil, time.Now))
	layBooks(t, home.DatabasePath())
	options := headoffice.Options{Clock: c.now, Entropy: rand.Reader, Log: zerolog.Nop()}
	c.manager = headoffice.Manager{Home: home, Options: options}
	office := must[*headoffice.Office](t)(headoffice.OpenOffice(t.Context(), home, options))
	listener := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	c.url = "https://" + listener.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- office.Serve(ctx, listener, func() { close(ready) }) }()
	<-ready
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, office.Close()); err != nil {
			t.Error(err)
		}
	})
	must[headoffice.PublishOutcome](t)(c.manager.Publish(t.Context(), fmt.Appendf(nil, programme, limits)))
	return c
}

// member enters a member and gives the number on the card.
func (c *chain) member(t testing.TB) (loyalty.MemberID, string) {
	t.Helper()
	c.members++
	digits := fmt.Sprintf("6034%012d", c.members)
	number := must[loyalty.CardNumber](t)(loyalty.NewCardNumber(digits))
	return must[loyalty.MemberID](t)(c.manager.AddMember(t.Context(), headoffice.NewMember{Number: number, Language: "lv"})), digits
}

// shop is a store's real agent on its real ledger.
type shop struct {
	t        testing.TB
	chain    *chain
	dir      string
	identity *store.Identity
	db       *agentdb.DB
	agent    *agent.Agent
	client   *uplink.Client
	up       *uplink.Uplink // nil: the line is cut
	unlink   func()
	lose     string // what becomes of the next question about points: "question" or "answer" is lost
}

func (c *chain) shop(id loyalty.StoreID) *shop {
	c.t.Helper()
	s := &shop{t: c.t, chain: c, dir: c.t.TempDir(), unlink: func() {}}
	folder := filepath.Join(s.dir, "identity")
	must[loyalty.Epoch](c.t)(c.manager.Enrol(c.t.Context(), headoffice.Enrolment{Store: id, Name: "Store", TimeZone: "Europe/Riga", Language: "lv", HeadOffice: c.url}, folder))
	s.identity = must[*store.Identity](c.t)(store.LoadIdentity(folder))
	s.client = must[*uplink.Client](c.t)(uplink.NewClient(s.identity, c.now))
	s.boot()
	c.t.Cleanup(func() {
		s.cut()
		s.client.Close()
		if err := s.db.Close(); err != nil {
			c.t.Error(err)
		}
	})
	return s
}

var (
	layBooks = blank.Of("../../store/hodb/migrations")
	layStore = blank.OfStore("../../store/agentdb/migrations")
)

// boot starts the agent on what the disk holds.
func (s *shop) boot() {
	s.t.Helper()
	layStore(s.t, filepath.Join(s.dir, "data"))
	s.db = must[*agentdb.DB](s.t)(agentdb.Open(s.t.Context(), filepath.Join(s.dir, "data"), s.identity, zerolog.Nop(), s.chain.now))
	s.agent = must[*agent.Agent](s.t)(agent.New(agent.Parts{
		Config: agent.Config{Language: "lv", Lanes: []agent.LaneConfig{{Number: 1, Name: "Till 1"}}}, Identity: s.identity, DB: s.db,
		Sync: s.reach, Log: zerolog.Nop(), Now: s.chain.now, HeadOffice: agent.HeadOffice{Reserve: s.reserve, Unreserve: s.unreserve},
	}))
}

func (s *shop) reboot() {
	s.t.Helper()
	linked := s.up != nil
	s.cut()
	if err := s.db.Close(); err != nil {
		s.t.Fatal(err)
	}
	s.boot()
	if linked {
		s.link()
	}
}

func (s *shop) reach(ctx context.Context) (agent.SyncState, error) {
	pos, err := s.db.FeedPosition(ctx)
	state := agent.SyncState{State: "offline", Feed: "offline", FeedAt: pos.ToldAt}
	if s.up != nil {
		state.State, state.Feed = "in_sync", "in_sync"
	}
	return state, err
}

var errCut = errors.New("the line is cut")

func (s *shop) reserve(ctx context.Context, r wire.ReserveRequest) error {
	lose := s.lose
	if s.lose = ""; s.up == nil || lose == "question" {
		return errCut
	}
	err := s.client.Reserve(ctx, s.db.Store(), r)
	if lose == "answer" {
		return errCut
	}
	return err
}

func (s *shop) unreserve(ctx context.Context, id loyalty.TxnID, attempt int64) error {
	if s.up == nil {
		return errCut
	}
	return s.client.Unreserve(ctx, s.db.Store(), id, attempt)
}

func (s *shop) cut() {
	s.unlink()
	s.up, s.unlink = nil, func() {}
}

// link opens the line and waits until both sides know all.
func (s *shop) link() {
	s.t.Helper()
	if s.up == nil {
		ctx, cancel := context.WithCancel(context.Background())
		s.up = must[*uplink.Uplink](s.t)(uplink.New(uplink.Options{DB: s.db, HeadOffice: s.client, Agent: "test", Log: zerolog.Nop(), Now: s.chain.now, Linger: time.Millisecond}))
		done := make(chan struct{})
		up := s.up
		go func() {
			defer close(done)
			_ = up.Run(ctx) // ends with ctx
		}()
		s.unlink = func() {
			cancel()
			<-done
		}
	}
	s.settle()
}

// settle waits until head office has posted all, the store has heard so, and no allowance waits to be ended.
func (s *shop) settle() {
	s.t.Helper()
	s.until("head office and the store agree", func() bool {
		st := must[uplink.Status](s.t)(s.up.Status(s.t.Context()))
		counts := must[agentdb.Counts](s.t)(s.db.Counts(s.t.Context()))
		return st.State == uplink.StateInSync && st.FeedState == uplink.StateInSync && st.Lag == 0 && int64(st.Feed.Watermark) == counts.Entries
	})
}

func (s *shop) until(what string, ok func() bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			s.t.Fatalf("not within %s: %s", patience, what)
		}
	}
}

func bread(euros int64) []loyalty.Line {
	return []loyalty.Line{{SKU: "1", Name: "Bread", Category: "food", Quantity: 1000, Amount: euros * 100, Tax: 2100}}
}

// sells a basket to a member known by number, who wants so many points to pay for it, and commits what the till is shown, as often
// as it changes.
func (s *shop) sells(number string, euros int64, points loyalty.Points) (agent.SaleAnswer, error) {
	s.t.Helper()
	r := agent.SaleRequest{Lines: bread(euros), Number: number, Cashier: "anna"}
	if points > 0 {
		r.Redeem = &loyalty.Ask{Points: points}
	}
	id := loyalty.TxnID(uuid.Must(uuid.NewV7()))
	for {
		q := must[agent.Quote](s.t)(s.agent.Quote(s.t.Context(), 1, r))
		paid := r
		if q.ToPay > 0 {
			paid.Tenders = []loyalty.Tender{{Kind: loyalty.TenderCash, Amount: q.ToPay}}
		}
		answer, err := s.agent.Commit(s.t.Context(), 1, id, agent.CommitRequest{SaleRequest: paid, Quote: q.ID})
		var refusal *agent.Refusal
		if !errors.As(err, &refusal) || refusal.Code != agent.CodeQuoteChanged {
			return answer, err
		}
	}
}

package agent_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/devices/card/cardtest"
	"loyaltill/devices/reader"
	"loyaltill/firmware-sim/cardsim"
	"loyaltill/firmware-sim/printersim"
	"loyaltill/internal/blank"
	"loyaltill/internal/stage"
	"loyaltill/store"
	"loyaltill/store/agentdb"
)

// testProgramme: 10 points for 1.00, a point is worth 0.01, from 50 in tens up to half of the bill.
const testProgramme = `
format: 1
programme: { id: test, name: { en: Test }, version: 1, valid_from: 2020-01-01T00:00, currency: EUR }
earn:
  - { id: base, per: amount, rate: { points: 10, per: "1.00" }, steps: proportional }
redeem: { point_value: { points: 1, value: "0.01" }, minimum: 50, step: 10, max_share: "50" }
coupons:
  - { id: coffee, name: { en: Free coffee }, value: "2.00", valid_days: 30 }
discounts:
  - { id: ten-off, name: { en: Ten off }, gives: { percent: "10", of: line, on: sale-goods } }
sets: { sale-goods: { category: [reduced] } }
expiry: { months: 12 }
`

const (
	wait       = time.Minute
	testNumber = "6034000000000018"
	testMember = loyalty.MemberID(1)
)

// shop is one store with one till on real parts: the ledger on disk, a simulated card on the direct link, a simulated
// printer on a pty. The test plays head office and the till.
type shop struct {
	t         testing.TB
	dir       string
	issuer    *cardtest.Issuer
	identity  *store.Identity
	db        *agentdb.DB
	agent     *agent.Agent
	card      *cardsim.Card
	slot      *cardsim.Slot
	printers  *stage.Client
	log       *syncBuffer
	cursor    int64
	lane      agent.LaneConfig
	foreign   *agent.ForeignCards
	paper     agent.PaperConfig
	alerts    agent.AlertsConfig
	staff     agent.StaffConfig
	syncState agent.SyncState // at first: head office has told what is new, and is not in reach
	voucher   agentdb.Change  // the last one that fund made
	stop      func()
	skipped   atomic.Int64 // how far the shop's clock is ahead of the machine's, in nanoseconds
}

// now is the shop's clock.
func (s *shop) now() time.Time { return time.Now().Add(time.Duration(s.skipped.Load())) }

// syncBuffer collects the log of a running agent.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func newShop(t testing.TB) *shop {
	t.Helper()
	s := &shop{t: t, dir: t.TempDir(), issuer: cardtest.NewIssuer(t), log: &syncBuffer{}, staff: agent.StaffConfig{Alone: 1000}, syncState: agent.SyncState{FeedAt: time.Now()}}
	s.identity = s.enrol()
	s.card = must[*cardsim.Card](t)(cardsim.Create(zeroes{}))
	if err := s.card.Personalise(s.issuer.Personalise(t, s.card.Request(), cardtest.Plastic{PIN: "4711", Number: testNumber})); err != nil {
		t.Fatal(err)
	}
	link := must[string](t)(stage.FreeAddress())
	s.slot = cardsim.NewSlot("till", link, zerolog.Nop())
	bench := must[*printersim.Bench](t)(printersim.OpenBench([]printersim.PrinterConfig{{Name: "till", PTYLink: filepath.Join(s.dir, "printer"), Speed: 50}}, zerolog.Nop()))
	s.background(s.slot.Run)
	s.background(bench.Run)
	control := httptest.NewServer(bench.Handler())
	t.Cleanup(control.Close)
	s.printers = &stage.Client{Base: control.URL}
	s.lane = agent.LaneConfig{
		Number: 1, Name: "Till 1", Reader: reader.Selector{Link: link},
		Printer: agent.PrinterConfig{Device: filepath.Join(s.dir, "printer"), Profile: "epson-tm-t20iii-80"},
	}
	s.start(s.lane)
	issuer := &agentdb.Issuer{Key: must[card.KeyID](t)(card.KeyIDOf(&s.issuer.CA.PublicKey)), Statement: s.issuer.Statement(t, nil)}
	s.headOffice(agentdb.Change{Issuer: issuer}, agentdb.Change{Programme: programme(t)}, agentdb.Change{Member: s.member(0)})
	return s
}

// zeroes is entropy for a card whose key nobody guesses in a test.
type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i + 1)
	}
	return len(p), nil
}

// background runs part of the simulated world until the test ends.
func (s *shop) background(run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := run(ctx); err != nil && !errors.Is(err, context.Canceled) {
			s.t.Errorf("simulator: %v", err)
		}
	}()
	s.t.Cleanup(func() {
		cancel()
		<-done
	})
}

// enrol writes the identity folder that head office would have written.
func (s *shop) enrol() *store.Identity {
	dir := filepath.Join(s.dir, "identity")
	files := map[string][]byte{
		store.CertFile: []byte("-"), store.KeyFile: []byte("-"), store.CAFile: []byte("-"), store.NumberKeyFile: bytes.Repeat([]byte{7}, 32),
	}
	point := must[[]byte](s.t)(s.issuer.Root.PublicKey.Bytes())
	files[store.IdentityFile] = must[[]byte](s.t)(json.Marshal(map[string]any{
		"store": 1, "name": "Rīga 1", "epoch": 1, "install_id": strings.Repeat("11", 16), "nonce": strings.Repeat("22", 16),
		"time_zone": "Europe/Riga", "day_cut": "", "currency": "EUR", "language": "lv", "head_office": "https://127.0.0.1:1",
		"scheme": "4c594c31", "card_root": fmt.Sprintf("%x", point), "position_key": fmt.Sprintf("%x", positionKey().Public()),
	}))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		s.t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	return must[*store.Identity](s.t)(store.LoadIdentity(dir))
}

var layStore = blank.OfStore("../store/agentdb/migrations")

// start brings the agent up over whatever the data folder holds; stop takes it down as a service manager does.
func (s *shop) start(lanes ...agent.LaneConfig) {
	s.t.Helper()
	log := zerolog.New(s.log).Level(zerolog.TraceLevel)
	layStore(s.t, filepath.Join(s.dir, "data"))
	s.db = must[*agentdb.DB](s.t)(agentdb.Open(s.t.Context(), filepath.Join(s.dir, "data"), s.identity, log, s.now))
	state := s.syncState // as a test set it before this start
	s.agent = must[*agent.Agent](s.t)(agent.New(agent.Parts{
		Config: agent.Config{Language: "en", Data: filepath.Join(s.dir, "data"), Paper: s.paper, Lanes: lanes, Staff: s.staff, Alerts: s.alerts,
			Training: agent.TrainingConfig{Minutes: 60}}, Identity: s.identity, DB: s.db,
		Sync: func(context.Context) (agent.SyncState, error) { return state, nil }, Foreign: s.foreign, Log: log, Now: s.now, Version: "test",
	}))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	running, db := s.agent, s.db
	go func() { ended <- running.Run(ctx) }()
	var once sync.Once
	s.stop = func() {
		once.Do(func() {
			cancel()
			if err := errors.Join(<-ended, db.Close()); err != nil {
				s.t.Errorf("agent: %v", err)
			}
		})
	}
	s.t.Cleanup(s.stop)
}

// restart ends the agent and starts it again.
func (s *shop) restart(lanes ...agent.LaneConfig) {
	s.stop()
	s.start(lanes...)
}

// positionKey is head office's.
func positionKey() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{0x33}, 32)) }

func programme(t testing.TB) *agentdb.Programme { return compiled(t, testProgramme) }

// compiled is a programme document as head office sends it.
func compiled(t testing.TB, document string) *agentdb.Programme {
	p := must[*loyalty.Programme](t)(loyalty.Compile([]byte(document)))
	return &agentdb.Programme{ID: store.Hash(sha256.Sum256(p.Canonical())), ValidFrom: p.ValidFrom(), Document: p.Canonical(),
		Signature: loyalty.SignProgramme(p.Canonical(), positionKey())}
}

// member is the test's member as head office sends it, with one lot of points.
func (s *shop) member(points loyalty.Points) *agentdb.Member {
	m := &agentdb.Member{
		ID: testMember, Status: agentdb.MemberActive, Language: "en", Balance: points, Cards: []loyalty.CardID{{7: 1}},
		Numbers: []agentdb.Number{{HMAC: s.identity.NumberHMAC(testNumber), Masked: "6034…0018"}},
	}
	if points > 0 {
		m.Lots = []loyalty.Lot{{ID: "9-1-1.1", Remaining: points, Earned: "2026-01-01", Expires: "2099-12-31"}}
	}
	return m
}

// headOffice sends changes down.
func (s *shop) headOffice(changes ...agentdb.Change) {
	s.t.Helper()
	page := agentdb.FeedPage{Epoch: 1, After: s.cursor, UpToDate: true}
	for i := range changes {
		s.cursor++
		changes[i].Seq = s.cursor
	}
	page.Next, page.Changes = s.cursor, changes
	must[agentdb.FeedPosition](s.t)(s.db.ApplyFeed(s.t.Context(), page))
}

// fund gives the member points at head office and a voucher that loads them onto the card at the next tap.
func (s *shop) fund(points int32) {
	s.t.Helper()
	v := s.issuer.Voucher(card.ID{7: 1}, 1, points)
	s.voucher = agentdb.Change{Voucher: &agentdb.Voucher{Card: loyalty.CardID(v.Card), Seq: v.Seq, Kind: uint8(v.Kind), Amount: v.Amount, Ref: v.Ref, MAC: v.MAC}}
	s.headOffice(agentdb.Change{Member: s.member(loyalty.Points(points))}, s.voucher)
}

func (s *shop) until(what string, ok func(agent.LaneState) bool) agent.LaneState {
	s.t.Helper()
	return s.untilLane(1, what, ok)
}

func (s *shop) untilLane(n loyalty.LaneID, what string, ok func(agent.LaneState) bool) agent.LaneState {
	s.t.Helper()
	var lane agent.LaneState
	err := stage.Until(s.t.Context(), what, wait, func(context.Context) (bool, string, error) {
		var err error
		lane, err = s.agent.Lane(n)
		return ok(lane), fmt.Sprintf("%+v %+v", lane, lane.Member), err
	})
	if err != nil {
		s.t.Fatalf("%v\nlog:\n%s", err, s.log)
	}
	return lane
}

// tap takes the card out if it is in, puts it in and waits until the lane has read it.
func (s *shop) tap() agent.LaneState {
	s.t.Helper()
	s.takeOut()
	s.slot.Insert(s.card)
	return s.until("card to be ready", func(l agent.LaneState) bool { return l.Card.State == agent.CardReady })
}

func (s *shop) takeOut() {
	s.t.Helper()
	s.slot.Remove()
	s.until("card to be gone", func(l agent.LaneState) bool {
		return l.Card.State == agent.CardNone || l.Card.State == agent.CardTapAgain
	})
}

func (s *shop) pin(digits string) error {
	s.t.Helper()
	p := must[*card.PIN](s.t)(card.NewPIN([]byte(digits)))
	_, err := s.agent.EnterPIN(s.t.Context(), 1, p, false)
	return err
}

func basket(amount int64) agent.SaleRequest {
	return agent.SaleRequest{
		Lines:   []loyalty.Line{{SKU: "1", Name: "Milk", Category: "food", Quantity: 1000, Amount: amount}},
		Cashier: "ilze",
	}
}

// quoted is a basket with its quote and the money for it.
func (s *shop) quoted(r agent.SaleRequest) agent.CommitRequest {
	s.t.Helper()
	q := must[agent.Quote](s.t)(s.agent.Quote(s.t.Context(), 1, r))
	r.Tenders = []loyalty.Tender{{Kind: loyalty.TenderCash, Amount: q.ToPay}}
	return agent.CommitRequest{SaleRequest: r, Quote: q.ID}
}

func redeeming(amount int64, points loyalty.Points) agent.SaleRequest {
	r := basket(amount)
	r.Redeem = &loyalty.Ask{Points: points}
	return r
}

func newKey() loyalty.TxnID { return loyalty.TxnID(uuid.Must(uuid.NewV7())) }

func (s *shop) commit(key loyalty.TxnID, r agent.CommitRequest) (agent.SaleAnswer, error) {
	return s.agent.Commit(s.t.Context(), 1, key, r)
}

// refused checks that a call was refused with a code.
func refused(t testing.TB, err error, code string) *agent.Refusal {
	t.Helper()
	var r *agent.Refusal
	if !errors.As(err, &r) || r.Code != code {
		t.Fatalf("got %v, want a refusal with %s", err, code)
	}
	return r
}

// entries are the store's log.
func (s *shop) entries() []*loyalty.Entry {
	s.t.Helper()
	log := must[*agentdb.Range](s.t)(s.db.EntriesFrom(s.t.Context(), 1, 1000, 1<<20))
	var all []*loyalty.Entry
	for _, body := range log.Bodies {
		all = append(all, must[*loyalty.Entry](s.t)(loyalty.DecodeEntry(body)))
	}
	return all
}

func (s *shop) kinds() string {
	var kinds []string
	for _, e := range s.entries() {
		kinds = append(kinds, string(e.Kind))
	}
	return strings.Join(kinds, " ")
}

// struckOut is in the row that a driver prints over what it gave up.
const struckOut = "XXXXXXXX"

// sheet waits for the n-th sheet of paper that came out whole and reads it. On a busy machine a driver can give a sheet up,
// strike it out and print it again.
func (s *shop) sheet(n int) string {
	s.t.Helper()
	for at := 1; ; at++ {
		text := s.anySheet(at)
		if !strings.Contains(text, struckOut) {
			n--
		}
		if n == 0 {
			return strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(text)
		}
	}
}

// anySheet waits for a sheet of paper, whole or not, and reads it.
func (s *shop) anySheet(at int) string {
	s.t.Helper()
	var text []byte
	path := fmt.Sprintf("/printers/till/sheets/%d.txt", at)
	err := stage.Until(s.t.Context(), fmt.Sprintf("sheet %d", at), wait, func(ctx context.Context) (bool, string, error) {
		err := s.printers.Do(ctx, "GET", path, nil, &text)
		var missing *stage.Problem
		if errors.As(err, &missing) && missing.Status == 404 {
			return false, "no such sheet yet", nil
		}
		return err == nil, "", err
	})
	if err != nil {
		s.t.Fatalf("%v\nlog:\n%s", err, s.log)
	}
	return string(text)
}

// job waits until a print job has come to a state.
func (s *shop) job(id int64, state string) agent.Job {
	s.t.Helper()
	var found agent.Job
	err := stage.Until(s.t.Context(), "job "+state, wait, func(ctx context.Context) (bool, string, error) {
		jobs, err := s.agent.Jobs(ctx, agent.JobFilter{Limit: 50})
		for _, j := range jobs {
			if j.ID == id {
				found = j
			}
		}
		return found.State == state, fmt.Sprintf("%+v", jobs), err
	})
	if err != nil {
		s.t.Fatalf("%v\nlog:\n%s", err, s.log)
	}
	return found
}

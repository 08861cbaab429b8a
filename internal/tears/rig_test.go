package tears

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	dice "math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/devices/reader"
	"loyaltill/firmware-sim/cardsim"
	"loyaltill/internal/stage"
	"loyaltill/store/agentdb"
)

const lanes = 2 // of each store

// rig is a place where one life of a store at a time can run.
type rig struct {
	t     testing.TB
	chain *chain
	dir   string
	links [lanes + 1]string // by lane number
}

func newRig(t testing.TB, c *chain) *rig {
	t.Helper()
	r := &rig{t: t, chain: c, dir: scratch(t)}
	for n := 1; n <= lanes; n++ {
		r.links[n] = ownAddress(t)
	}
	return r
}

// ownAddress is a loopback address that nobody else takes between two lives, as could happen to a port of 127.0.0.1 when any
// program on the machine calls another.
func ownAddress(t testing.TB) string {
	t.Helper()
	host := fmt.Sprintf("127.%d.%d.%d", 1+dice.IntN(254), dice.IntN(256), 1+dice.IntN(254))
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil { // a system that has 127.0.0.1 alone
		return must[string](t)(stage.FreeAddress())
	}
	defer func() { check(t, listener.Close()) }()
	return listener.Addr().String()
}

// moment is a point of a run at which the power may go for store and till together.
type moment struct {
	exchange int // of the card, that has happened or is about to
	what     string
	world    *world
}

// life is one store from the start of its agent to its end, in a world that changes as it goes.
type life struct {
	rig   *rig
	store int // -1: nobody's, a card in strange hands
	db    *agentdb.DB
	agent *agent.Agent
	card  *plastic

	changes <-chan agent.Event
	in      *inserted

	cut  func() // ends the agent's context, as a limit of time does
	stop func()

	mu      sync.Mutex
	w       *world
	from    int // first exchange that is watched; before it everything happened in an earlier run
	watched bool
	began   bool // a transaction has begun since the files were last copied
	moments []moment
}

// ledgerFiles are copied at each moment; the members' file changes only with head office's feed.
func ledgerFiles() []string { return []string{agentdb.LedgerFile, agentdb.LedgerFile + "-wal"} }

// visit runs an undisturbed life of a store without a card and gives its files.
func (r *rig) visit(w *world, store int, do func(*life)) *disk {
	r.t.Helper()
	return r.run(w, step{store: store, do: do}, nil, 0).world.stores[store]
}

// outcome is what a run has led to.
type outcome struct {
	world     *world
	exchanges []exchange
	moments   []moment
}

// run lets one step happen in a world, with mishaps. Moments are noted from the exchange on that is named; 0 is none.
func (r *rig) run(w *world, s step, plan []mishap, from int) outcome {
	r.t.Helper()
	l := &life{rig: r, store: s.store, w: w.clone(), from: from}
	chip, err := cardsim.Restore(w.card, rand.Reader)
	check(r.t, err)
	l.card = &plastic{card: chip, plan: plan, seen: l.seen}
	if s.deaf {
		defer r.deafen()()
	}
	if s.store >= 0 {
		l.start()
	}
	l.watched = from > 0
	s.do(l)
	l.takeOut()
	l.watched = false
	l.end()
	out := l.snapshot()
	if s.store >= 0 {
		out.stores[s.store] = l.closed()
	}
	return outcome{world: out, exchanges: l.card.exchanges(), moments: l.moments}
}

// deafen takes the readers' addresses, until what it gives is called.
func (r *rig) deafen() (again func()) {
	var taken []net.Listener
	for _, address := range r.links[1:] {
		taken = append(taken, must[net.Listener](r.t)(net.Listen("tcp", address)))
	}
	return func() {
		for _, l := range taken {
			check(r.t, l.Close())
		}
	}
}

func (l *life) folder() string { return filepath.Join(l.rig.dir, "data") }

// start brings the agent up on the world's files.
func (l *life) start() {
	t := l.rig.t
	t.Helper()
	check(t, os.RemoveAll(l.folder()))
	check(t, os.MkdirAll(l.folder(), 0o700))
	for name, content := range l.w.stores[l.store].files {
		check(t, os.WriteFile(filepath.Join(l.folder(), name), content, 0o600))
	}
	log := zerolog.Nop()
	l.db = must[*agentdb.DB](t)(agentdb.Open(t.Context(), l.folder(), l.rig.chain.identities[l.store], log, l.transaction))
	var config agent.Config
	for n := 1; n <= lanes; n++ {
		config.Lanes = append(config.Lanes, agent.LaneConfig{Number: loyalty.LaneID(n), Name: fmt.Sprint(n), Reader: reader.Selector{Link: l.rig.links[n]}})
	}
	config.Language = "en"
	l.agent = must[*agent.Agent](t)(agent.New(agent.Parts{Config: config, Identity: l.rig.chain.identities[l.store], DB: l.db,
		Sync: func(context.Context) (agent.SyncState, error) { return agent.SyncState{FeedAt: noon()}, nil }, Log: log, Now: noon, Version: "tears"}))
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	running := l.agent
	go func() { ended <- running.Run(ctx) }()
	changes, silence := l.agent.Listen()
	l.changes = changes
	l.cut = cancel
	l.stop = func() {
		silence()
		cancel()
		check(t, <-ended)
	}
}

// takeOut takes the card out of whatever reader it is in.
func (l *life) takeOut() {
	if l.in != nil {
		l.in.remove()
		l.in = nil
	}
}

// end stops the agent.
func (l *life) end() {
	if l.agent == nil {
		l.card.card.PowerOff()
		return
	}
	l.stop()
	l.agent = nil
}

// transaction is the ledger's clock, which is read when a transaction has begun and nothing is written yet.
func (l *life) transaction() time.Time {
	l.note(0, beforeCommit)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.db != nil { // a lock is forgotten with the intent's end
		d := *l.w.stores[l.store]
		l.read(&d)
		l.w.stores[l.store] = &d
	}
	l.began = true
	return noon()
}

// seen is told of the card's exchanges.
func (l *life) seen(n int, when string) { l.note(n, when) }

// note keeps the world as it is now.
func (l *life) note(exchange int, what string) {
	if exchange == 0 {
		exchange = max(len(l.card.exchanges()), 1) // between two exchanges nobody adds to them; a sale by number has none
	}
	if !l.watched || exchange < l.from {
		return
	}
	w := l.snapshot()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.moments = append(l.moments, moment{exchange: exchange, what: what, world: w})
}

// snapshot is the world at this moment. The ledger's files are copied when a transaction may have changed them; what one
// has not committed yet is not in them.
func (l *life) snapshot() *world {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.began && l.agent != nil {
		l.w.stores[l.store] = l.copyLedger()
		l.began = false
	}
	w := l.w.clone()
	w.card = l.card.card.Image()
	return w
}

func (l *life) copyLedger() *disk {
	t := l.rig.t
	d := &disk{files: map[string][]byte{}}
	for name, content := range l.w.stores[l.store].files {
		d.files[name] = content
	}
	for _, name := range ledgerFiles() {
		d.files[name] = must[[]byte](t)(os.ReadFile(filepath.Join(l.folder(), name)))
	}
	l.read(d)
	return d
}

// read notes what the files say.
func (l *life) read(d *disk) {
	t := l.rig.t
	known := l.w.stores[l.store].debts
	d.debts = nil
	head, err := l.db.Head(context.Background())
	check(t, err)
	d.head = fmt.Sprint(head.Seq, head.Hash)
	for i := range l.w.sales {
		var locks [][lockSize]byte
		if i < len(known) {
			locks = known[i].locks
		}
		intent, err := l.db.Intent(context.Background(), l.w.sales[i].txn)
		if err != nil && !errors.Is(err, agentdb.ErrNotFound) {
			t.Error(err)
		}
		lock := [lockSize]byte(card.Unlock(intent.Unlock).Lock())
		if err == nil && intent.Unlock != (agentdb.Unlock{}) && !slices.Contains(locks, lock) {
			locks = append(slices.Clip(locks), lock)
		}
		d.debts = append(d.debts, debt{state: intent.State, ctr0: intent.Ctr0, locks: locks})
	}
}

// closed is the store's disk after the agent's end.
func (l *life) closed() *disk {
	t := l.rig.t
	d := &disk{files: map[string][]byte{}}
	l.read(d)
	check(t, l.db.Close())
	for _, name := range []string{agentdb.LedgerFile, agentdb.MembersFile} {
		d.files[name] = must[[]byte](t)(os.ReadFile(filepath.Join(l.folder(), name)))
	}
	return d
}

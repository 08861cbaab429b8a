package fleet

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/agentdb"
	"loyaltill/sync/headoffice"
	"loyaltill/sync/uplink"
)

// shop is one life of a store: its ledger and its uplink, and what the bystander knows of it.
type shop struct {
	w        *world
	no       int // from 0
	dir      string
	identity *store.Identity
	db       *agentdb.DB
	uplink   *uplink.Uplink
	line     *line
	stop     func()

	saved    string // the newest backup
	savedSeq loyalty.Seq
	backups  int
	forked   bool
	woken    time.Time // in the end
	ending   ending
}

// enrol begins a life of a store with the command's own code.
func (w *world) enrol(no int) (*shop, error) {
	s := &shop{w: w, no: no, dir: filepath.Join(w.dir, fmt.Sprintf("store-%d", no+1))}
	folder := filepath.Join(s.dir, "identity")
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, err
	}
	id := loyalty.StoreID(no + 1)
	_, err := w.manager().Enrol(w.ctx, headoffice.Enrolment{Store: id, Name: fmt.Sprintf("Store %d", id), TimeZone: "Europe/Riga",
		Language: "en", HeadOffice: "https://office.example"}, folder)
	if err != nil {
		return nil, err
	}
	if s.identity, err = store.LoadIdentity(folder); err != nil {
		return nil, err
	}
	s.line = &line{w: w, store: id, waiting: map[loyalty.Seq]time.Time{}}
	for i := range s.line.dice {
		s.line.dice[i] = rand.New(rand.NewPCG(w.plan.seed, uint64(2+2*no+i)))
	}
	return s, nil
}

// prove has the line show the certificate of the identity folder.
func (s *shop) prove() error {
	pair, err := tls.LoadX509KeyPair(s.identity.Path(store.CertFile), s.identity.Path(store.KeyFile))
	s.line.cert = pair.Leaf
	return err
}

func (s *shop) folder() string { return filepath.Join(s.dir, "data") }

// open opens the ledger.
func (s *shop) open() (err error) {
	s.db, err = agentdb.Open(s.w.ctx, s.folder(), s.identity, zerolog.Nop(), time.Now)
	return err
}

// start opens the ledger, if nobody has, and lets the uplink run.
func (s *shop) start() error {
	if s.db == nil {
		if err := s.open(); err != nil {
			return err
		}
	}
	if err := s.prove(); err != nil {
		return err
	}
	client, err := uplink.NewClientOver(s.identity, s.w.codec, s.line, time.Now)
	if err != nil {
		return err
	}
	s.uplink, err = uplink.New(uplink.Options{DB: s.db, HeadOffice: client, Agent: "fleet", Log: zerolog.Nop(), Now: time.Now,
		Linger: s.w.plan.linger, Listen: time.Hour, TakeLife: client.TakeLife})
	if err != nil {
		return err
	}
	s.line.heard = unheard
	ctx, cancel := context.WithCancel(s.w.ctx)
	ended, running := make(chan struct{}), s.uplink
	go func() {
		defer close(ended)
		_ = running.Run(ctx) // ends with its context alone
	}()
	s.stop = func() {
		cancel()
		<-ended
	}
	return nil
}

// end is the power cut, as far as a process can have one: nothing that was not on disk is there afterwards.
func (s *shop) end() error {
	if s.stop != nil {
		s.stop()
		s.stop, s.uplink = nil, nil
	}
	if s.db == nil {
		return nil
	}
	db := s.db
	s.db = nil
	return db.Close()
}

func (s *shop) closeDay() error {
	_, err := s.db.CloseDay(s.w.ctx, agentdb.CloseDay{Txn: s.w.txn(s.no, time.Now().UnixNano()), Lane: 1, Cashier: "anna"})
	if errors.Is(err, agentdb.ErrEmptyDay) {
		return nil
	}
	if err == nil {
		s.waits()
	}
	return err
}

// waits notes that the log has grown, for the time that entries take.
func (s *shop) waits() {
	head, err := s.db.Head(s.w.ctx)
	if err != nil {
		return
	}
	s.line.mu.Lock()
	defer s.line.mu.Unlock()
	s.line.waiting[loyalty.Seq(head.Seq)] = time.Now()
}

// txn is a transaction id that follows from the seed.
func (w *world) txn(parts ...any) (id loyalty.TxnID) {
	sum := sha256.Sum256(fmt.Append(binary.BigEndian.AppendUint64(nil, w.plan.seed), parts...))
	copy(id[:], sum[:])
	id[6], id[8] = id[6]&0x0f|0x70, id[8]&0x3f|0x80
	return id
}

// inStep says whether head office has the whole log; then an accident to the disk loses nothing.
func (s *shop) inStep() (head loyalty.Seq, ok bool, err error) {
	p, err := s.db.Head(s.w.ctx)
	if err != nil {
		return 0, false, err
	}
	signed, _, err := s.db.Signed(s.w.ctx)
	return loyalty.Seq(p.Seq), p == signed, err
}

func (s *shop) backup() error {
	head, ok, err := s.inStep()
	if err != nil || !ok || s.forked {
		return err
	}
	s.backups++
	s.saved, s.savedSeq = filepath.Join(s.dir, fmt.Sprintf("backup-%d.db", s.backups)), head
	return s.db.Backup(s.w.ctx, s.saved)
}

// putBack replaces the ledger by its backup; false when there is none, or when the disk that goes has sales that nobody else has.
func (s *shop) putBack() (bool, error) {
	head, ok, err := s.inStep()
	if err != nil || !ok || s.saved == "" || head == s.savedSeq || s.forked {
		return false, err
	}
	if err := s.end(); err != nil {
		return false, err
	}
	return true, s.replace(s.saved)
}

func (s *shop) replace(by string) error {
	ledger := filepath.Join(s.folder(), agentdb.LedgerFile)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(ledger + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	copied, err := os.ReadFile(by)
	if err != nil {
		return err
	}
	return os.WriteFile(ledger, copied, 0o600)
}

// patience is how long, in its own time, a store with a good line may take for what is a matter of seconds.
const patience = 2 * time.Hour

// restore takes the backup back; head office gives what it lacks before anybody sells.
func (s *shop) restore() error {
	want, _, err := s.inStep()
	if err != nil {
		return err
	}
	done, err := s.putBack()
	if err != nil || !done {
		return err
	}
	s.w.count(oldCopy)
	s.w.model.restored(s, s.savedSeq)
	s.line.mend()
	defer s.line.spoil()
	if err := s.start(); err != nil {
		return err
	}
	return s.until("has its entries back", func() (bool, error) {
		head, err := s.db.Head(s.w.ctx)
		return loyalty.Seq(head.Seq) >= want, err
	})
}

// fork takes the backup back and sells before head office has said anything.
func (s *shop) fork() error {
	done, err := s.putBack()
	if err != nil || !done {
		return err
	}
	s.w.count(forkedCopy)
	s.forked = true
	s.w.figures.forks++
	if err := s.open(); err != nil {
		return err
	}
	if err := s.sell(event{id: -s.w.figures.forks, deed: sell, store: s.no, member: -1, cents: 500}); err != nil {
		return err
	}
	return s.start()
}

// until waits for something that the store does by itself.
func (s *shop) until(what string, ok func() (bool, error)) error {
	for began := time.Now(); time.Since(began) < patience; time.Sleep(time.Second) {
		if done, err := ok(); done || err != nil {
			return err
		}
	}
	status, err := s.uplink.Status(s.w.ctx)
	pos, failed := s.db.FeedPosition(s.w.ctx)
	return errors.Join(fmt.Errorf("store %d: waited %v until it %s: %+v, feed %+v", s.no+1, patience, what, status, pos), err, failed)
}

// decide is what a person does about a fork: it is resolved at head office, and the store tells its branch again in a new life.
func (w *world) decide(s *shop) error {
	if !s.forked || s.line.isDown() {
		return nil
	}
	s.line.mend()
	defer s.line.spoil()
	if err := s.untilState(uplink.StateForked); err != nil {
		return err
	}
	w.figures.forksSeen++
	if _, err := w.manager().ResolveFork(w.ctx, s.db.Store(), s.db.Epoch(), "restored from a backup"); err != nil {
		return err
	}
	if err := s.untilState(uplink.StateDecided); err != nil {
		return err
	}
	return errors.Join(s.end(), s.nextLife(), s.start())
}

func (s *shop) untilState(state uplink.State) error {
	return s.until("is "+string(state), func() (bool, error) {
		status, err := s.uplink.Status(s.w.ctx)
		return status.State == state, err
	})
}

// nextLife is the start of the agent after the decision.
func (s *shop) nextLife() error {
	next, err := s.identity.Next()
	if err != nil || next == nil {
		return errors.Join(errors.New("no next life"), err)
	}
	if err := agentdb.NextLife(s.w.ctx, s.folder(), s.identity, next, zerolog.Nop(), time.Now); err != nil {
		return err
	}
	s.forked, s.saved = false, ""
	s.line.mu.Lock()
	clear(s.line.waiting)
	s.line.mu.Unlock()
	s.identity, err = s.identity.TakeNext()
	return err
}

// behind says whether head office and this store still have something to tell each other.
func (s *shop) behind() (bool, error) {
	head, inStep, err := s.inStep()
	if err != nil || !inStep {
		return true, err
	}
	pos, err := s.db.FeedPosition(s.w.ctx)
	return !pos.Complete || pos.Watermark != head, err
}

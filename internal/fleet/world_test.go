package fleet

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/agent/loyalty"
	"loyaltill/sync/headoffice"
	"loyaltill/sync/wire"
)

// settling is how long a fleet whose lines are all up may take until head office has everything, in its own time.
const settling = 2 * day

// hearing is how long a store may wait at most before it asks again for what is new.
const hearing = 10 * time.Minute

// world is a chain at work: a head office, its stores, and what a bystander knows of them.
type world struct {
	ctx       context.Context
	plan      *plan
	dir       string
	home      *headoffice.Home
	programme *loyalty.Programme
	codec     *wire.Codec // of all stores
	members   []loyalty.MemberID
	cards     []*card // of the first members
	shops     []*shop
	model     *model
	began     time.Time
	waits     sync.WaitGroup // requests that come again late

	office *headoffice.Office
	posted chan struct{} // closed when head office has stopped working
	stop   context.CancelFunc

	mu      sync.Mutex
	handler http.Handler  // nil while head office is down
	bell    chan struct{} // closed by the next round of news
	ringing bool
	rounds  int       // of news, so far
	ending  bool      // the plan is done: stores hear at once what is new
	came    time.Time // when head office last took a batch
	figures figures

	today int           // that a long run has come to
	start time.Duration // on the wall

	struck bool // the plan's bug has done what it does once
}

// build makes head office, its members and its stores.
func (w *world) build() error {
	document, err := os.ReadFile("testdata/programme.yaml")
	if err != nil {
		return err
	}
	if w.programme, err = loyalty.Compile(document); err != nil {
		return err
	}
	if w.codec, err = wire.NewCodec(); err != nil {
		return err
	}
	w.home, err = headoffice.Init(filepath.Join(w.dir, "office"), headoffice.Settings{Scheme: "4c595431", Currency: "EUR",
		Hosts: []string{"127.0.0.1"}}, nil, time.Now)
	if err != nil {
		return err
	}
	w.home.Database = w.plan.books
	if w.office, err = headoffice.OpenOffice(w.ctx, w.home, w.options()); err != nil {
		return err
	}
	m := w.manager()
	if _, err := m.Publish(w.ctx, document); err != nil {
		return err
	}
	for i := range w.plan.members {
		number, err := loyalty.NewCardNumber(fmt.Sprintf("%012d", 100_000_000_000+i))
		if err != nil {
			return err
		}
		id, err := m.AddMember(w.ctx, headoffice.NewMember{Number: number, Language: "en"})
		if err != nil {
			return err
		}
		w.members = append(w.members, id)
		if i < w.plan.purses {
			c, err := w.newCard(id, number)
			if err != nil {
				return err
			}
			w.cards = append(w.cards, c)
		}
	}
	for i := range w.plan.stores {
		s, err := w.enrol(i)
		if err != nil {
			return err
		}
		w.shops = append(w.shops, s)
	}
	w.opened()
	return nil
}

func (w *world) options() headoffice.Options {
	return headoffice.Options{Clock: time.Now, Entropy: rand.Reader, Log: zerolog.Nop()}
}

func (w *world) manager() headoffice.Manager {
	return headoffice.Manager{Home: w.home, Options: w.options(), Office: w.office}
}

func (w *world) openOffice() (err error) {
	if w.office, err = headoffice.OpenOffice(w.ctx, w.home, w.options()); err == nil {
		w.opened()
	}
	return err
}

// opened has head office post and answer.
func (w *world) opened() {
	ctx, cancel := context.WithCancel(w.ctx)
	posted, running := make(chan struct{}), w.office
	w.posted, w.stop = posted, cancel
	go func() {
		defer close(posted)
		_ = running.Run(ctx) // ends with its context alone
	}()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.handler = w.office.Handler()
}

func (w *world) closeOffice() error {
	w.mu.Lock()
	w.handler = nil
	w.mu.Unlock()
	w.stop()
	w.stop = nil
	<-w.posted
	books := w.office
	w.office = nil
	return books.Close()
}

// serve has head office answer, or nobody.
func (w *world) serve(to http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	handler := w.handler
	w.mu.Unlock()
	if handler == nil {
		to.WriteHeader(http.StatusBadGateway)
		return
	}
	handler.ServeHTTP(to, r)
	time.Sleep(time.Microsecond) // posting, which begins at that instant, ends before anybody does what follows
}

// later does something once more, in its own time.
func (w *world) later(do func(), pause time.Duration) {
	w.waits.Go(func() {
		time.Sleep(pause)
		do()
	})
}

// arrived has the stores hear of what is new, with all else that comes meanwhile.
func (w *world) arrived() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.came = time.Now()
	if w.ringing {
		return
	}
	w.ringing = true
	w.waits.Go(func() {
		time.Sleep(w.pace())
		w.mu.Lock()
		defer w.mu.Unlock()
		w.ring()
	})
}

// ring begins a round of news. What arrives from now on is for the next one.
func (w *world) ring() {
	w.ringing = false
	w.rounds++
	close(w.bell)
	w.bell = make(chan struct{})
}

func (w *world) newest() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.came
}

// news is the round of news that a store has heard last when it asks now, and what the next one closes.
func (w *world) news() (round int, next <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rounds, w.bell
}

// live runs the plan from its beginning to the moment at which head office has everything, and looks for what is wrong.
func (w *world) live() error {
	if w.plan.lean {
		return w.flood()
	}
	for _, s := range w.shops { // one after the other: what is drawn at one instant is drawn in anybody's order
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if w.plan.shift > 0 {
			break // they begin when the plan says so
		}
		if err := s.start(); err != nil {
			return err
		}
	}
	for n, e := range w.plan.events {
		w.progress(n)
		time.Sleep(time.Until(w.began.Add(e.at)))
		synctest.Wait()
		s := w.shops[e.store]
		if s.db == nil && e.deed.needsBox() {
			continue // its wake was taken out of the plan
		}
		err := w.act(s, e)
		if err == nil {
			err = w.strike(s, e, n)
		}
		if err != nil {
			return fmt.Errorf("%v: %w", e, err)
		}
		synctest.Wait()
		if n%w.plan.sample == 0 && s.db != nil {
			if err := s.check(); err != nil {
				return fmt.Errorf("after %v: %w", e, err)
			}
		}
	}
	if err := w.settle(); err != nil {
		return err
	}
	w.say("all stores are in step")
	return w.judge()
}

func (w *world) act(s *shop, e event) error {
	switch e.deed {
	case sell:
		return s.sell(e)
	case again:
		return s.again(e)
	case giveBack:
		return s.giveBack(e)
	case closeDay:
		return s.closeDay()
	case outage:
		s.line.block(&s.line.down, e.last)
		w.count(cut)
	case busy:
		s.line.block(&s.line.refused, e.last)
		w.count(tooBusy)
	case crash:
		w.count(powerCut)
		return errors.Join(s.end(), s.start())
	case backup:
		return s.backup()
	case restore:
		return s.restore()
	case fork:
		return s.fork()
	case decision:
		return w.decide(s)
	case office:
		w.count(officeRaised)
		return errors.Join(w.closeOffice(), w.openOffice())
	case wake:
		if s.db == nil {
			return s.start()
		}
	case rest:
		return s.end()
	}
	return nil
}

// settle mends all lines and waits until head office has what the stores have, and the stores know it. Boxes that are off tell what
// they have one after the other, and hear of the others when they are judged.
func (w *world) settle() error {
	if w.plan.shift > 0 {
		return w.eachAwake(func(s *shop) error {
			w.figures.recovered = append(w.figures.recovered, time.Since(s.woken))
			return nil
		})
	}
	mended := time.Now()
	for _, s := range w.shops {
		s.line.mend()
		if err := w.decide(s); err != nil {
			return err
		}
		s.line.mend()
	}
	open := slices.Clone(w.shops)
	for time.Since(mended) < settling && len(open) > 0 {
		time.Sleep(10 * time.Second)
		synctest.Wait()
		for i := 0; i < len(open); i++ {
			still, err := open[i].behind()
			if err != nil {
				return err
			}
			if !still {
				w.figures.recovered = append(w.figures.recovered, time.Since(mended))
				open = slices.Delete(open, i, i+1)
				i--
			}
		}
	}
	if len(open) > 0 {
		return fmt.Errorf("store %d is not in step %v after all lines were mended", open[0].no+1, settling)
	}
	w.waits.Wait()
	for quiet := w.plan.news + hearing; time.Since(w.newest()) < quiet; {
		time.Sleep(quiet)
	}
	synctest.Wait()
	return nil
}

// close ends every part.
func (w *world) close() error {
	var errs []error
	for _, s := range w.shops {
		errs = append(errs, s.end())
	}
	switch {
	case w.stop != nil:
		errs = append(errs, w.closeOffice())
	case w.office != nil:
		errs = append(errs, w.office.Close())
	}
	w.waits.Wait()
	return errors.Join(errs...)
}

func (w *world) count(m mishap) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.figures.faults[m]++
}

// lag notes how long an entry took to head office; what was made while a line was cut is told apart.
func (w *world) lag(of loyalty.StoreID, made, came time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.figures.lags = append(w.figures.lags, lag{store: int(of), made: made.Sub(w.began), took: came.Sub(made)})
}

package headoffice

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"sync"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/hodb"
)

// BackTest asks what a programme would have given for the sales that head office holds.
type BackTest struct {
	Trial     []byte // document
	Against   []byte // document to compare with; nil: of each sale the version that judged it
	From, To  string // business days, both included; empty: from the first, to the last
	ShiftDays int    // whole weeks that the sales move for the trial
}

// Limits of a back-test.
const (
	pastChunk   = 256 // sales handed to a worker at once
	pastWaiting = 4   // chunks that wait for a worker
	maxShift    = 3700
)

// BackTest reads the stored sales, also while the server runs, and plays them through both programmes, on every core.
// told is called now and then with how many of all are done.
func (m Manager) BackTest(ctx context.Context, in BackTest, told func(done, all int64)) (report loyalty.BackTestReport, err error) {
	if err := in.check(); err != nil {
		return report, err
	}
	db, err := hodb.OpenReadOnly(ctx, m.Home.books(), m.Options.Clock)
	if errors.Is(err, fs.ErrNotExist) {
		return report, &FieldError{"dir", `no store has sent anything yet: "headoffice serve" first`, err}
	}
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	input, err := in.programmes(ctx, db)
	if err != nil {
		return report, err
	}
	all, err := db.CountSales(ctx, in.From, in.To)
	if err != nil {
		return report, err
	}
	told(0, all)
	crew := newCrew(input, runtime.GOMAXPROCS(0))
	done := int64(0)
	err = db.Sales(ctx, in.From, in.To, func(_ hodb.EntryKey, body []byte) error {
		if done++; done%pastChunk == 0 {
			told(done, all)
		}
		if store.HoldsSealed(body) {
			if body, err = m.Home.Keys.revealBody(ctx, db, body); err != nil {
				return err
			}
		}
		return crew.add(ctx, body)
	})
	report, unread := crew.finish()
	if err == nil {
		told(done, all)
		err = unread
	}
	return report, err
}

func (in *BackTest) check() error {
	if in.To == "" {
		in.To = "9999-12-31"
	}
	for _, day := range []struct{ field, day string }{{"from", in.From}, {"to", in.To}} {
		if _, err := time.Parse(time.DateOnly, day.day); err != nil && day.day != "" {
			return &FieldError{day.field, "give a day such as 2026-01-31", fmt.Errorf("%q", day.day)}
		}
	}
	if in.To < in.From {
		return &FieldError{"to", "give a day that is not before the first", fmt.Errorf("%s is before %s", in.To, in.From)}
	}
	if in.ShiftDays%7 != 0 || max(in.ShiftDays, -in.ShiftDays) > maxShift {
		return &FieldError{"shift-days", "give whole weeks, such as 28 or 364, so that weekdays stay", fmt.Errorf("%d", in.ShiftDays)}
	}
	return nil
}

// programmes compiles the trial and every version that sales may name.
func (in *BackTest) programmes(ctx context.Context, db *hodb.DB) (loyalty.BackTestInput, error) {
	trial, err := loyalty.Compile(in.Trial)
	if err != nil {
		return loyalty.BackTestInput{}, err
	}
	out := loyalty.BackTestInput{Trial: trial, ShiftDays: in.ShiftDays}
	if in.Against != nil {
		p, err := loyalty.Compile(in.Against)
		out.Against = func(string) *loyalty.Programme { return p }
		return out, err
	}
	versions := map[string]*loyalty.Programme{}
	out.Against = func(digest string) *loyalty.Programme { return versions[digest] }
	return out, db.View(ctx, func(tx *hodb.Tx) error {
		digests, err := tx.Programmes()
		if err != nil {
			return err
		}
		for _, digest := range digests {
			document, err := tx.Programme(digest)
			if err != nil {
				return err
			}
			if versions[digest], err = loyalty.Compile(document); err != nil {
				return fmt.Errorf("compile published programme %s: %w", digest, err)
			}
		}
		return nil
	})
}

// crew shares sales out by member: one member's come to one worker, in their order.
type crew struct {
	workers []*pastWorker
	wait    sync.WaitGroup
}

type pastWorker struct {
	test    *loyalty.BackTest
	next    [][]byte
	waiting chan [][]byte
	err     error // the first body that cannot be read
}

func newCrew(in loyalty.BackTestInput, size int) *crew {
	c := &crew{}
	for range size {
		w := &pastWorker{test: loyalty.NewBackTest(in), waiting: make(chan [][]byte, pastWaiting)}
		c.workers = append(c.workers, w)
		c.wait.Go(w.run)
	}
	return c
}

func (w *pastWorker) run() {
	for bodies := range w.waiting { // to the end, whatever happens: the reader must not wait for nobody
		for _, body := range bodies {
			s, err := loyalty.ReadPastSale(body)
			if err != nil && w.err == nil {
				w.err = err
			}
			if w.err == nil {
				w.test.Add(s)
			}
		}
	}
}

func (c *crew) add(ctx context.Context, body []byte) error {
	w := c.workers[uint64(loyalty.PastMember(body))%uint64(len(c.workers))]
	if w.next = append(w.next, body); len(w.next) < pastChunk {
		return nil
	}
	return w.hand(ctx)
}

func (w *pastWorker) hand(ctx context.Context) error {
	select {
	case w.waiting <- w.next:
		w.next = nil
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// finish waits for the workers and merges what they found.
func (c *crew) finish() (report loyalty.BackTestReport, err error) {
	for _, w := range c.workers {
		w.waiting <- w.next
		close(w.waiting)
	}
	c.wait.Wait()
	for i, w := range c.workers {
		if err = errors.Join(err, w.err); i == 0 {
			report = w.test.Report()
		} else {
			report.Merge(w.test.Report())
		}
	}
	return report, err
}

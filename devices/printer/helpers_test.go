package printer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/devices/escpos"
	"loyaltill/devices/escpos/render"
)

const (
	patience = time.Minute            // for what should take milliseconds
	moment   = 100 * time.Millisecond // for what does not come
)

// start runs a printer until the test ends and waits for it.
func start(t testing.TB, p *Printer) *Printer {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("run: %v", err)
			}
		case <-time.After(patience):
			t.Error("the printer does not stop")
		}
	})
	return p
}

func newPrinter(t testing.TB, cfg Config) *Printer {
	t.Helper()
	cfg.Name = "lane 1"
	return New(cfg, zerolog.New(zerolog.NewTestWriter(t)).Level(zerolog.WarnLevel), time.Now)
}

func profile(t testing.TB, id string) *escpos.Profile {
	t.Helper()
	p, err := escpos.LoadProfile(id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// waitStatus waits until the printer's status is as wanted and returns it.
func waitStatus(t testing.TB, p *Printer, what string, wanted func(Status) bool) Status {
	t.Helper()
	deadline := time.After(patience)
	for {
		changed := p.Changed()
		st := p.Status()
		if wanted(st) {
			return st
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("waited for %s; status is %+v", what, st)
		}
	}
}

func waitState(t testing.TB, p *Printer, want State) Status {
	t.Helper()
	return waitStatus(t, p, string(want), func(st Status) bool { return st.Link == LinkUp && st.State == want })
}

// receipt encodes a receipt of the given number of lines. Each line names the job, so that sheets can be told apart.
func receipt(t testing.TB, p *escpos.Profile, no escpos.JobNo, lines int) *escpos.Job {
	t.Helper()
	var all []escpos.Line
	for i := range lines {
		all = append(all, escpos.Line{Kind: escpos.KindText, Text: fmt.Sprintf("job %d line %d of %d  12.50 EUR", no, i+1, lines)})
	}
	return encode(t, p, no, append(all, escpos.Line{Kind: escpos.KindCut})...)
}

func encode(t testing.TB, p *escpos.Profile, no escpos.JobNo, lines ...escpos.Line) *escpos.Job {
	t.Helper()
	r, err := render.New()
	if err != nil {
		t.Fatal(err)
	}
	job, err := escpos.NewEncoder(r).Encode(&escpos.Document{Lines: lines}, p, no)
	if err != nil {
		t.Fatal(err)
	}
	return job
}

// journal is what the owner of a job writes down.
type journal struct {
	mu     sync.Mutex
	stages []Progress
	refuse Stage // the stage that cannot be written
}

var errJournal = errors.New("disk full")

func (j *journal) note(p Progress) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.stages = append(j.stages, p)
	if p.Stage == j.refuse {
		return errJournal
	}
	return nil
}

// count tells how often a stage was reported.
func (j *journal) count(s Stage) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := 0
	for _, p := range j.stages {
		if p.Stage == s {
			n++
		}
	}
	return n
}

func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// printing runs Print beside the test.
type printing struct {
	journal journal
	result  chan outcome
	cancel  context.CancelFunc
}

type outcome struct {
	Result
	err error
}

func begin(t testing.TB, p *Printer, job *escpos.Job) *printing {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	pr := &printing{result: make(chan outcome, 1), cancel: cancel}
	go func() {
		res, err := p.Print(ctx, job, pr.journal.note)
		pr.result <- outcome{res, err}
	}()
	return pr
}

func (pr *printing) wait(t testing.TB) outcome {
	t.Helper()
	select {
	case o := <-pr.result:
		return o
	case <-time.After(2 * patience):
		t.Fatal("the job has no outcome")
		return outcome{}
	}
}

// quick are the waits for a simulated printer that answers within a millisecond, on a machine that may be busy.
func quick() timing {
	return timing{
		reopenMin: 20 * time.Millisecond, reopenMax: 100 * time.Millisecond,
		poll: 200 * time.Millisecond, pollBusy: 50 * time.Millisecond,
		answer: 1500 * time.Millisecond, discover: 3 * time.Second,
		stable: 60 * time.Millisecond, clear: time.Second,
		ping: time.Second, stall: 700 * time.Millisecond, stuckWrite: 2 * time.Second,
		slow: 2 * time.Second,
	}
}

// steadyClock goes only while this process gets to run. On a machine that has other things to do neither the printer nor
// its driver then takes the other for dead.
func steadyClock(t testing.TB) func() time.Time {
	t.Helper()
	const beat = 5 * time.Millisecond
	var passed atomic.Int64
	began, ended := time.Now(), make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer close(ended)
		tick := time.NewTicker(beat)
		defer tick.Stop()
		for last := began; ; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			now := time.Now()
			passed.Add(int64(min(now.Sub(last), 2*beat)))
			last = now
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return func() time.Time { return began.Add(time.Duration(passed.Load())) }
}

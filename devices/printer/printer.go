package printer

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/rs/zerolog"

	"loyaltill/devices"
	"loyaltill/devices/escpos"
)

// maxAbandoned is how many writes may hang at once. Then the port is left alone until one comes back.
const maxAbandoned = 3

// Config is what a printer has to know of itself.
type Config struct {
	Name    string          // in logs
	Device  string          // tcp:host:9100, usb:/dev/usb/lp0, file:path, or the name of a serial port
	Baud    int             // 0: the profile's
	Serial  string          // the printer's own number, if no other may stand in for it
	Profile *escpos.Profile // required

	// Torn says that the newest job of this printer's journal began and was not confirmed. The driver then cuts off
	// what may be on the paper before it prints anything.
	Torn bool
}

// timing names every wait. Tests shorten them; the product uses defaultTiming.
type timing struct {
	reopenMin, reopenMax time.Duration // between attempts to open the port
	poll                 time.Duration // silence after which the printer is asked
	pollBusy             time.Duration // the same while it owes acknowledgements or waits for a person
	answer               time.Duration // for an answer to DLE EOT
	discover             time.Duration // for the first sign of life; some answer after seconds
	stable               time.Duration // an attention state must be gone this long
	clear                time.Duration // for the answer to DLE DC4 fn 8
	ping                 time.Duration // for a process id behind next to nothing, or behind a cut
	stall                time.Duration // for an acknowledgement, beside the time on the wire
	stuckWrite           time.Duration // a Write that takes longer is given up
	slow                 time.Duration // a job that takes longer shows how far it is; answers that do are called slow
}

func defaultTiming() timing {
	return timing{
		reopenMin: 500 * time.Millisecond, reopenMax: 10 * time.Second,
		poll: 2 * time.Second, pollBusy: 300 * time.Millisecond,
		answer: time.Second, discover: 5 * time.Second,
		stable: 300 * time.Millisecond, clear: 1500 * time.Millisecond,
		ping: 3 * time.Second, stall: 6 * time.Second, stuckWrite: 10 * time.Second,
		slow: 2 * time.Second,
	}
}

// Printer is one printer on one port.
type Printer struct {
	cfg      Config
	log      zerolog.Logger
	now      func() time.Time
	timing   timing
	started  atomic.Bool
	requests chan *request
	ended    chan struct{} // closed when Run has returned

	mu      sync.Mutex
	status  Status
	changed chan struct{}

	// Only Run's goroutine touches these; they outlive a link.
	torn    bool     // paper may hold part of a job
	pending *pending // a broken job whose owner waits until the printer is clean
	hung    []<-chan struct{}
	serial  string    // of the printer that answered last
	baud    int       // found by trying; 0: the configured one holds
	hunted  time.Time // when speeds were tried in vain
}

// identity is the serial number by which the printer is known again under another name; empty when it has told none.
func (p *Printer) identity() string {
	if p.cfg.Serial != "" {
		return p.cfg.Serial
	}
	return p.serial
}

// request is a job on its way from Print to Run.
type request struct {
	ctx      context.Context
	job      *escpos.Job
	progress func(Progress) error
	reply    chan reply // takes one
}

type reply struct {
	result Result
	err    error
}

// pending is a job that was broken and is answered once its remains are gone.
type pending struct {
	req   *request
	reply reply
}

// New returns a printer that does nothing until Run.
func New(cfg Config, log zerolog.Logger, now func() time.Time) *Printer {
	return &Printer{
		cfg: cfg, log: log.With().Str("device", cfg.Name).Logger(), now: now, timing: defaultTiming(),
		requests: make(chan *request), ended: make(chan struct{}),
		status: Status{Link: LinkAbsent, State: StateUnknown}, changed: make(chan struct{}),
		torn: cfg.Torn,
	}
}

// Run owns the port until ctx ends: it opens it, opens it again when it is lost, and prints what Print hands over. It
// returns when all its goroutines have ended, except for writes that the system does not let go of.
func (p *Printer) Run(ctx context.Context) error {
	if !p.started.CompareAndSwap(false, true) {
		return fmt.Errorf("run printer %s: it runs already", p.cfg.Name)
	}
	defer close(p.ended)
	defer func() { p.resolve(false) }()
	again := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(p.timing.reopenMin), backoff.WithMaxInterval(p.timing.reopenMax),
		backoff.WithRandomizationFactor(0), backoff.WithMaxElapsedTime(0),
	)
	p.update(nil, func(st *Status) { st.Link = LinkOpening })
	for ctx.Err() == nil {
		if p.connect(ctx) {
			again.Reset()
		}
		p.pause(ctx, again.NextBackOff())
	}
	return nil
}

// abandoned counts the writes that still hang.
func (p *Printer) abandoned() int {
	still := p.hung[:0]
	for _, h := range p.hung {
		select {
		case <-h:
		default:
			still = append(still, h)
		}
	}
	p.hung = still
	p.update(nil, func(st *Status) { st.Abandoned = len(still) })
	return len(still)
}

// pause waits before the next attempt. Whoever waits for a clean printer may give up meanwhile.
func (p *Printer) pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			return
		case <-p.pendingGone():
			p.resolve(false)
		}
	}
}

// lost records why there is no link.
func (p *Printer) lost(state devices.State, code devices.Code, err error) {
	p.update(err, func(st *Status) {
		*st = Status{Link: LinkAbsent, State: StateUnknown, Abandoned: len(p.hung), Model: st.Model, Serial: st.Serial, Health: st.Health.Next(state, code, p.now())}
	})
}

// pendingGone is ready when the owner of the broken job no longer waits; never when there is none.
func (p *Printer) pendingGone() <-chan struct{} {
	if p.pending == nil {
		return nil
	}
	return p.pending.req.ctx.Done()
}

// resolve answers the owner of the broken job.
func (p *Printer) resolve(clean bool) {
	if p.pending == nil {
		return
	}
	p.pending.reply.result.Clean = clean
	p.pending.req.reply <- p.pending.reply
	p.pending = nil
}

// update changes the status and wakes those who watch it, if it did change. A new code is logged, with its cause.
func (p *Printer) update(cause error, change func(*Status)) {
	p.mu.Lock()
	before := p.status
	change(&p.status)
	after := p.status
	before.Health.LastGood = after.Health.LastGood // moves with every sighting; no news
	if after != before {
		close(p.changed)
		p.changed = make(chan struct{})
	}
	p.mu.Unlock()
	if after.Health.Code == before.Health.Code {
		return
	}
	level := zerolog.WarnLevel
	switch {
	case after.Health.State != devices.OK:
	case before.Health.State == devices.OK:
		level = zerolog.DebugLevel // from one job to the next
	default:
		level = zerolog.InfoLevel
	}
	p.log.WithLevel(level).Err(cause).Str("code", string(after.Health.Code)).Msg("printer changed")
}

// Status is what was last seen of the printer.
func (p *Printer) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status
}

// Changed is closed at the next change of the status. Take it before Status, then no change is missed.
func (p *Printer) Changed() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changed
}

// Print prints one job and returns the truth about it. It waits until the printer can begin; while it waits, the end of
// ctx gives NotStarted. Once the first byte has left, ctx counts only while a person has to help, and the result then
// has Clean unset: the printer will still be cleaned before anything else is printed.
//
// progress runs on the printer's goroutine and should return soon. An error from it at Starting stops the job before
// its first byte; later ones do not stop it and are returned beside the result.
func (p *Printer) Print(ctx context.Context, job *escpos.Job, progress func(Progress) error) (Result, error) {
	notStarted := Result{Outcome: NotStarted, Clean: true}
	if err := checkJob(job, window(p.cfg.Profile)); err != nil {
		return notStarted, fmt.Errorf("print on %s: %w", p.cfg.Name, err)
	}
	notStarted.Segments = len(job.Segments)
	req := &request{ctx: ctx, job: job, progress: progress, reply: make(chan reply, 1)}
	select {
	case p.requests <- req:
	case <-ctx.Done():
		return notStarted, fmt.Errorf("print job %d on %s: %w", job.No, p.cfg.Name, ctx.Err())
	case <-p.ended:
		return notStarted, fmt.Errorf("print job %d on %s: %w", job.No, p.cfg.Name, ErrStopped)
	}
	r := <-req.reply
	if r.err != nil {
		return r.result, fmt.Errorf("print job %d on %s: %w", job.No, p.cfg.Name, r.err)
	}
	return r.result, nil
}

// window is the most bytes in flight: what the profile says, and never so much that the buffer could fill.
func window(p *escpos.Profile) int {
	// Queries and pings go on top (printing.md R4).
	const reserve, smallReserve = 256, 40
	if p.IO.RxBuffer >= 2*reserve {
		return min(p.IO.Window, p.IO.RxBuffer-reserve)
	}
	return min(p.IO.Window, p.IO.RxBuffer-smallReserve)
}

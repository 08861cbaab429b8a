package printersim

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// ErrStopped is the answer of a printer whose Run has ended.
var ErrStopped = errors.New("printer has stopped")

const (
	maxSpeed = 10_000
	// tick is how finely a running printer follows its rows. The instants noted for them are exact all the same.
	tick = 2 * time.Millisecond
	// retryLink is how often a cable is tried again that could not be plugged in.
	retryLink = 200 * time.Millisecond
)

// PrinterConfig describes one printer on the bench. Exactly one of PTYLink and TCPAddr is set.
type PrinterConfig struct {
	Name        string
	PTYLink     string  // path of the symbolic link to the pty
	TCPAddr     string  // address to listen on; port 0 takes a free one
	Personality string  // "" is DefaultPersonality
	Speed       float64 // divides mechanical times; 0 is 1
	Serial      string  // answer to GS I 68; "" makes one from the name
	BufferSize  int     // receive buffer; 0 is the personality's
	Virtual     bool    // the printer's clock stands still but for the control interface
	Baud        int     // speed of the serial line: bytes take their time, and another speed gives garbage; 0 takes any, unpaced

	Clock func() time.Time // the printer's; nil is the machine's
}

// cable connects a printer with its host. A pty and a TCP port are the two there are.
type cable interface {
	device() string // what the host opens
	// plug makes the device appear, under its usual name or another one of its kind.
	plug(name string) error
	// serve carries bytes until ctx ends and the cable is unplugged. Answers that no host takes are lost.
	serve(ctx context.Context, in chan<- []byte, out <-chan []byte) error
	unplug()
	// holds says whether the host is made to wait while the receive buffer is full, instead of bytes being lost.
	holds() bool
	// powered says whether the device is gone while the printer is off.
	powered() bool
}

// printer runs one machine in real time. Its loop owns the machine; others ask through do.
type printer struct {
	m       *machine
	cable   cable
	log     zerolog.Logger
	clock   func() time.Time
	virtual time.Time // of a virtual clock

	calls   chan func(*machine)
	in      chan []byte
	out     chan []byte
	stopped chan struct{}

	held     []byte        // received and not yet taken, when the cable holds
	sending  []byte        // on its way to the host
	service  *service      // the cable's life under way
	life     [2]int        // of the cable, as last followed
	retry    time.Time     // when plugging in is tried again
	refused  bool          // plugging in failed, and that was said
	progress chan struct{} // closed when a sheet has come out
	sheets   int
}

// service is one life of a cable, from plug to unplug.
type service struct {
	cancel context.CancelFunc
	ended  sync.WaitGroup
}

func newPrinter(cfg PrinterConfig, clock func() time.Time, log zerolog.Logger) (*printer, error) {
	pers, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	if cfg.Clock == nil {
		cfg.Clock = clock
	}
	m, err := newMachine(cfg, pers, cfg.Clock())
	if err != nil {
		return nil, err
	}
	p := &printer{
		m: m, virtual: m.now, log: log.With().Str("printer", cfg.Name).Logger(), clock: clock,
		calls: make(chan func(*machine)), in: make(chan []byte), out: make(chan []byte),
		stopped: make(chan struct{}), progress: make(chan struct{}),
	}
	if cfg.PTYLink != "" {
		p.cable, err = newPTYCable(cfg, clock)
	} else {
		p.cable = &tcpCable{addr: cfg.TCPAddr}
	}
	if err != nil {
		return nil, err
	}
	if err := p.cable.plug(""); err != nil {
		return nil, err
	}
	return p, nil
}

// complete fills in defaults and refuses what cannot be.
func (c *PrinterConfig) complete() (Personality, error) {
	if c.Personality == "" {
		c.Personality = DefaultPersonality
	}
	pers, ok := Personalities()[c.Personality]
	if !ok {
		return pers, fmt.Errorf("personality %q is none of %v", c.Personality, PersonalityNames())
	}
	if c.Speed == 0 {
		c.Speed = 1
	}
	switch {
	case (c.PTYLink == "") == (c.TCPAddr == ""):
		return pers, errors.New("a printer has either a pty link or a TCP address")
	case !(c.Speed > 0 && c.Speed <= maxSpeed): // also refuses NaN
		return pers, fmt.Errorf("speed %v is not within 0 and %d", c.Speed, maxSpeed)
	case c.BufferSize < 0 || c.Baud < 0:
		return pers, errors.New("buffer size and baud rate are not negative")
	}
	if c.Serial == "" {
		h := fnv.New32a()
		_, _ = h.Write([]byte(c.Name))
		c.Serial = fmt.Sprintf("X%09d", h.Sum32()%1_000_000_000)
	}
	return pers, nil
}

// do runs f on the machine, between two things that the printer does.
func (p *printer) do(ctx context.Context, f func(m *machine)) error {
	done := make(chan struct{})
	call := func(m *machine) {
		defer close(done)
		f(m)
	}
	select {
	case p.calls <- call:
		<-done
		return nil
	case <-p.stopped:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run works until ctx ends, then pulls the cable.
func (p *printer) run(ctx context.Context) error {
	defer close(p.stopped)
	defer p.endService()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		p.follow(ctx)
		timer.Reset(p.pause())
		in, out := p.in, p.out
		if len(p.held) > 0 {
			in = nil
		}
		if p.sending == nil {
			out = nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		case f := <-p.calls:
			p.m.advance(p.now())
			f(p.m)
			p.m.settle()
		case data := <-in:
			p.take(data)
		case out <- p.sending:
			p.sending = nil
		}
	}
}

// now is the printer's time. Only the loop asks for it.
func (p *printer) now() time.Time {
	if p.m.cfg.Virtual {
		return p.virtual
	}
	return p.m.cfg.Clock()
}

// follow brings cable, answers and watchers up to date with the machine.
func (p *printer) follow(ctx context.Context) {
	now := p.now()
	p.m.advance(now)
	p.followCable(ctx, p.clock())
	p.take(nil)
	if p.sending == nil {
		p.sending, _ = p.m.take(now)
	}
	if p.m.counts.Sheets != p.sheets {
		p.sheets = p.m.counts.Sheets
		close(p.progress)
		p.progress = make(chan struct{})
	}
}

// take gives received bytes to the machine, no more than it has room for when the cable can hold the rest.
func (p *printer) take(data []byte) {
	if p.cable.holds() {
		p.held = append(p.held, data...)
		data = p.held[:min(len(p.held), max(p.m.rxSize-len(p.m.rx), 0))]
		p.held = p.held[len(data):]
	}
	if len(data) > 0 {
		p.m.receive(p.now(), data)
	}
}

// pause is how long nothing happens unless somebody asks or writes.
func (p *printer) pause() time.Duration {
	const idle = time.Hour
	pause := idle
	if at, ok := p.m.next(); ok && !p.m.cfg.Virtual {
		pause = max(at.Sub(p.now()), tick)
	}
	if !p.retry.IsZero() {
		pause = min(pause, retryLink)
	}
	return pause
}

// followCable plugs and unplugs as the machine's faults want it.
func (p *printer) followCable(ctx context.Context, now time.Time) {
	power := 0
	if p.cable.powered() && !p.m.power {
		power = 1
	}
	life := [2]int{p.m.linkLives, power}
	if life == p.life || now.Before(p.retry) {
		return
	}
	first := p.life == [2]int{}
	if !first {
		p.endService()
	}
	p.retry = time.Time{}
	if p.m.linked && power == 0 {
		if !first {
			if err := p.cable.plug(p.m.linkName); err != nil {
				if !p.refused {
					p.log.Warn().Err(err).Msg("device cannot appear")
				}
				p.refused, p.retry = true, now.Add(retryLink)
				return
			}
		}
		p.refused = false
		p.startService(ctx)
	}
	p.life = life
}

func (p *printer) startService(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	s := &service{cancel: cancel}
	s.ended.Go(func() {
		if err := p.cable.serve(ctx, p.in, p.out); err != nil {
			p.log.Warn().Err(err).Msg("cable broke")
		}
	})
	p.service = s
}

func (p *printer) endService() {
	if p.service != nil {
		p.service.cancel()
		p.cable.unplug()
		p.service.ended.Wait()
	}
	p.service, p.held, p.sending = nil, nil, nil
}

// hand passes bytes on, unless ctx ends first.
func hand(ctx context.Context, in chan<- []byte, data []byte) bool {
	select {
	case in <- data:
		return true
	case <-ctx.Done():
		return false
	}
}

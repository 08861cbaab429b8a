package reader

import (
	"context"
	"fmt"
	"io/fs"
	"sync"
)

// usbDevices is where the kernel lists USB devices; where there is no such place no reader has a port.
const usbDevices = "/sys/bus/usb/devices"

// plates asks each reader once who it is, when a lane is configured by serial number or port. Asking may hang in the card service,
// so it happens beside the watcher, one reader after the other.
type plates struct {
	wanted bool // before run
	usb    fs.FS
	asked  chan []string // holds one list of names

	mu    sync.Mutex
	known map[string]plate
	round int // grows when a reader goes: an answer of before may be of another reader under the same name
}

func newPlates(usb fs.FS) plates {
	return plates{usb: usb, asked: make(chan []string, 1), known: map[string]plate{}}
}

// fill completes what was seen, forgets readers that went, and has the unknown ones asked.
func (p *plates) fill(seen []sighting) {
	if !p.wanted {
		return
	}
	p.keep(seen)
	p.mu.Lock()
	defer p.mu.Unlock()
	var unknown []string
	for i := range seen {
		known, ok := p.known[seen[i].name]
		seen[i].plate = known
		if !ok && !seen[i].away {
			unknown = append(unknown, seen[i].name)
		}
	}
	if len(unknown) == 0 {
		return
	}
	select {
	case p.asked <- unknown:
	default: // they are being asked; the next look comes soon
	}
}

// keep forgets every reader that is not among those seen.
func (p *plates) keep(seen []sighting) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name := range p.known {
		if !there(seen, name) {
			delete(p.known, name)
			p.round++
		}
	}
}

func there(seen []sighting, name string) bool {
	for _, s := range seen {
		if s.name == name && !s.away {
			return true
		}
	}
	return false
}

// run asks until ctx ends. A reader that cannot answer now, because another program has it, is asked again at a later look.
func (p *plates) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case names := <-p.asked:
			for _, name := range names {
				p.ask(name)
			}
		}
	}
}

func (p *plates) ask(name string) {
	p.mu.Lock()
	round := p.round
	p.mu.Unlock()
	var said plate
	err := guarded(func() (err error) {
		said, err = askPlate(name, p.usb)
		return err
	})
	if err == nil {
		p.note(round, name, said)
	}
}

func (p *plates) note(round int, name string, said plate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.round == round {
		p.known[name] = said
	}
}

// guarded turns a panic of the binding into an error.
func guarded(do func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w: %v", ErrInternal, cause)
		}
	}()
	return do()
}

package cardsim

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/rs/zerolog"
)

// What callers of a bench act on.
var (
	ErrUnknownReader = errors.New("no such reader")
	ErrCardElsewhere = errors.New("card is in another reader")
)

const maxReaders = 64

// ReaderConfig names a virtual reader. Addr is where vpcd waits for a card (host:port), or "unix:" and the path of the socket
// at which our own driver looks for a reader with a pinpad, whose Serial it tells.
type ReaderConfig struct {
	Name   string
	Addr   string
	Serial string
	Pace   Pace
}

// Bench is a table with readers and a folder of cards, each with a name. A card that is in no reader exists as its
// file only, so that other programs may make and personalise cards beside a running bench.
type Bench struct {
	dir     string
	entropy *entropy
	slots   map[string]*Slot
	names   []string // of the readers, in the order given

	mu sync.Mutex // held while a card moves or changes
}

// OpenBench sets the table. No reader is connected before Run.
func OpenBench(dir string, readers []ReaderConfig, log zerolog.Logger) (*Bench, error) {
	if len(readers) > maxReaders {
		return nil, fmt.Errorf("open bench: %d readers, at most %d", len(readers), maxReaders)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open bench: %w", err)
	}
	b := &Bench{dir: dir, slots: map[string]*Slot{}, entropy: newEntropy(nil)}
	for _, r := range readers {
		if !validName(r.Name) {
			return nil, fmt.Errorf("open bench: reader %q: %w", r.Name, ErrName)
		}
		if b.slots[r.Name] != nil {
			return nil, fmt.Errorf("open bench: two readers are called %q", r.Name)
		}
		slot := NewSlot(r.Name, r.Addr, log)
		slot.Serial = r.Serial
		if err := slot.Contacts.SetPace(r.Pace); err != nil {
			return nil, fmt.Errorf("open bench: reader %s: %w", r.Name, err)
		}
		b.slots[r.Name] = slot
		b.names = append(b.names, r.Name)
	}
	return b, nil
}

// UseSeed makes everything that the bench draws follow from a seed: same seed and same actions, same bytes. It is called
// before anything is inserted or armed.
func (b *Bench) UseSeed(seed uint64) { b.entropy = newEntropy(&seed) }

// Run serves all readers until ctx ends.
func (b *Bench) Run(ctx context.Context) error {
	var slots sync.WaitGroup
	errs := make([]error, len(b.names))
	for i, name := range b.names {
		slots.Go(func() { errs[i] = b.slots[name].Run(ctx) })
	}
	slots.Wait()
	return errors.Join(errs...)
}

// Insert puts a card into a reader; a card that was there is swapped for it.
func (b *Bench) Insert(reader, card string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	slot, ok := b.slots[reader]
	if !ok {
		return fmt.Errorf("insert into %q: %w", reader, ErrUnknownReader)
	}
	if other := b.readerOf(card); other != "" && other != reader {
		return fmt.Errorf("insert %s into %s: %w: %s", card, reader, ErrCardElsewhere, other)
	}
	if slot.holds(card) {
		slot.Remove() // swapped for itself it must have left before its file is read
	}
	opened, err := b.open(card, b.entropy.of(card))
	if err != nil {
		return fmt.Errorf("insert into %s: %w", reader, err)
	}
	slot.Insert(opened)
	return nil
}

// Remove takes the card out of a reader; an empty reader stays empty.
func (b *Bench) Remove(reader string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	slot, ok := b.slots[reader]
	if !ok {
		return fmt.Errorf("remove from %q: %w", reader, ErrUnknownReader)
	}
	slot.Remove()
	return nil
}

// Contacts of a reader, to look at its faults and speed.
func (b *Bench) Contacts(reader string) (*Contacts, error) {
	slot, ok := b.slots[reader]
	if !ok {
		return nil, fmt.Errorf("reader %q: %w", reader, ErrUnknownReader)
	}
	return &slot.Contacts, nil
}

// SetFault arms one fault of a reader in place of the one before. A probability without a seed gets one of the bench's.
func (b *Bench) SetFault(reader string, f Fault) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	contacts, err := b.Contacts(reader)
	if err != nil {
		return err
	}
	if f.Seed == 0 && (f.Probability > 0 || f.Kind == OverLong) {
		f.Seed = b.entropy.faultSeed()
	}
	if f.Kind != Swap {
		return contacts.SetFault(f)
	}
	if at := b.readerOf(f.Card); at != "" {
		return fmt.Errorf("swap %s into %s: %w: %s", f.Card, reader, ErrCardElsewhere, at)
	}
	if _, err := b.open(f.Card, rand.Reader); err != nil {
		return fmt.Errorf("swap into %s: %w", reader, err)
	}
	return contacts.arm(f, func() (*Card, error) { return b.open(f.Card, b.entropy.of(f.Card)) })
}

// Pinpad of a reader, to type on.
func (b *Bench) Pinpad(reader string) (*Pinpad, error) {
	slot, ok := b.slots[reader]
	if !ok {
		return nil, fmt.Errorf("reader %q: %w", reader, ErrUnknownReader)
	}
	if !slot.ours() {
		return nil, fmt.Errorf("reader %s: %w", reader, ErrNotOurDriver)
	}
	return &slot.Pinpad, nil
}

// SetPace sets how fast a reader's cards are.
func (b *Bench) SetPace(reader string, p Pace) error {
	contacts, err := b.Contacts(reader)
	if err != nil {
		return err
	}
	return contacts.SetPace(p)
}

// SetPlugged pulls a reader's cable out or puts it back in.
func (b *Bench) SetPlugged(reader string, plugged bool) error {
	slot, ok := b.slots[reader]
	if !ok {
		return fmt.Errorf("reader %q: %w", reader, ErrUnknownReader)
	}
	return slot.SetPlugged(plugged)
}

// ReaderView is the state of a reader.
type ReaderView struct {
	Name      string  `json:"name"`
	Addr      string  `json:"addr"`
	Card      string  `json:"card,omitempty"`
	Connected bool    `json:"connected"`
	Fault     *Fault  `json:"fault,omitempty"`
	Speed     Pace    `json:"speed"`
	Metrics   Metrics `json:"metrics"`

	Pinpad *PinpadView `json:"pinpad,omitempty"` // of a reader that has one
}

// Readers lists the readers in the order of OpenBench.
func (b *Bench) Readers() []ReaderView {
	b.mu.Lock()
	defer b.mu.Unlock()
	views := []ReaderView{}
	for _, name := range b.names {
		slot := b.slots[name]
		v := ReaderView{Name: name, Addr: slot.addr, Connected: slot.Connected(), Speed: slot.Contacts.Pace(), Metrics: slot.Contacts.Metrics()}
		if c := slot.Card(); c != nil {
			v.Card = c.name
		}
		if f, ok := slot.Contacts.Fault(); ok {
			v.Fault = &f
		}
		if slot.ours() {
			pad := slot.Pinpad.View()
			v.Pinpad = &pad
		}
		views = append(views, v)
	}
	return views
}

// readerOf asks the slots: a fault may have taken a card out, or put it in. One that waits for its swap is there already.
func (b *Bench) readerOf(card string) string {
	for _, reader := range b.names {
		if b.slots[reader].holds(card) {
			return reader
		}
	}
	return ""
}

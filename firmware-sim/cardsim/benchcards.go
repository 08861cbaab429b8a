package cardsim

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
)

// open takes a card out of the folder.
func (b *Bench) open(card string, entropy io.Reader) (*Card, error) {
	path, err := cardPath(b.dir, card)
	if err != nil {
		return nil, err
	}
	opened, err := openNamed(path, entropy)
	if err != nil {
		return nil, err
	}
	opened.name = card
	return opened, nil
}

// Status of a card, in a reader or in the folder.
func (b *Bench) Status(card string) (Status, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, err := b.find(card)
	if err != nil {
		return Status{}, err
	}
	return c.Status(), nil
}

// find is the card wherever it is. What happens to it is kept in its file.
func (b *Bench) find(card string) (*Card, error) {
	for _, name := range b.names {
		if c := b.slots[name].Card(); c != nil && c.name == card {
			return c, nil
		}
	}
	return b.open(card, rand.Reader) // looked at, it draws nothing
}

// Put puts a card, wherever it is, into a state.
func (b *Bench) Put(card string, state State) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, err := b.find(card)
	if err != nil {
		return err
	}
	if err := c.Put(state, b.entropy.of(card)); err != nil {
		return fmt.Errorf("%s: %w", card, err)
	}
	return nil
}

// Copy makes a second card of one, wherever that is; see Card.Copy.
func (b *Bench) Copy(card, as string, how CopyKind) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, err := b.find(card)
	if err != nil {
		return err
	}
	return saveCopy(b.dir, c, as, how, b.entropy.of(as))
}

// Load gives a card, wherever it is, a voucher; see Card.Load.
func (b *Bench) Load(card string, voucher []byte) (Loaded, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, err := b.find(card)
	if err != nil {
		return Loaded{}, err
	}
	return c.Load(voucher)
}

// CardView is a card's place on the bench.
type CardView struct {
	Name   string `json:"name"`
	Reader string `json:"reader,omitempty"`
}

// Cards lists the folder.
func (b *Bench) Cards() ([]CardView, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	files, err := os.ReadDir(b.dir)
	if err != nil {
		return nil, fmt.Errorf("list cards: %w", err)
	}
	cards := []CardView{}
	for _, f := range files {
		if name, ok := strings.CutSuffix(f.Name(), cardSuffix); ok && validName(name) {
			cards = append(cards, CardView{Name: name, Reader: b.readerOf(name)})
		}
	}
	sort.Slice(cards, func(i, j int) bool { return cards[i].Name < cards[j].Name })
	return cards, nil
}

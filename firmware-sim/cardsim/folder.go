package cardsim

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// What callers of a folder of cards act on.
var (
	ErrName        = errors.New("a name is letters, digits, - and _, at most 32")
	ErrCardExists  = errors.New("card exists already")
	ErrUnknownCard = errors.New("no such card")
)

const (
	maxNameSize = 32
	cardSuffix  = ".card.json"
)

// CreateCard makes a blank card in a folder and gives the request that head office signs. With a seed the card's keys
// follow from it and the name.
func CreateCard(dir, name string, keys TransportKeys, seed *uint64) (request []byte, err error) {
	path, err := newCardPath(dir, name)
	if err != nil {
		return nil, fmt.Errorf("create card: %w", err)
	}
	card, err := CreateWith(newEntropy(seed).of(name), keys)
	if err != nil {
		return nil, fmt.Errorf("create card %s: %w", name, err)
	}
	return card.Request(), card.Save(path)
}

// newCardPath is the file of a card that there is not yet, in a folder that there is.
func newCardPath(dir, name string) (string, error) {
	path, err := cardPath(dir, name)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("card %s: %w", name, errors.Join(ErrCardExists, err))
	}
	return path, nil
}

// PutCard puts a card in a folder into a state.
func PutCard(dir, name string, state State, seed *uint64) error {
	card, err := openCard(dir, name)
	if err != nil {
		return err
	}
	if err := card.Put(state, newEntropy(seed).of(name)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// CopyCard makes a second card of one in a folder; see Card.Copy.
func CopyCard(dir, name, as string, how CopyKind, seed *uint64) error {
	card, err := openCard(dir, name)
	if err != nil {
		return err
	}
	return saveCopy(dir, card, as, how, newEntropy(seed).of(as))
}

func saveCopy(dir string, card *Card, as string, how CopyKind, entropy io.Reader) error {
	path, err := newCardPath(dir, as)
	if err != nil {
		return fmt.Errorf("copy card: %w", err)
	}
	second, err := card.Copy(how, entropy)
	if err != nil {
		return err
	}
	return second.Save(path)
}

// CardStatus tells the state of a card in a folder.
func CardStatus(dir, name string) (Status, error) {
	card, err := openCard(dir, name)
	if err != nil {
		return Status{}, err
	}
	return card.Status(), nil
}

// RequestCard gives the request of a card in a folder.
func RequestCard(dir, name string) ([]byte, error) {
	card, err := openCard(dir, name)
	if err != nil {
		return nil, err
	}
	return card.Request(), nil
}

// PersonaliseCard gives a blank card in a folder what head office made for it.
func PersonaliseCard(dir, name string, perso []byte) error {
	card, err := openCard(dir, name)
	if err != nil {
		return err
	}
	if err := card.Personalise(perso); err != nil {
		return fmt.Errorf("card %s: %w", name, err)
	}
	return nil
}

func openCard(dir, name string) (*Card, error) {
	path, err := cardPath(dir, name)
	if err != nil {
		return nil, err
	}
	card, err := openNamed(path, rand.Reader)
	if err == nil && card.other != nil {
		return nil, fmt.Errorf("card %s: %w", name, ErrForeign)
	}
	return card, err
}

func openNamed(path string, entropy io.Reader) (*Card, error) {
	card, err := Open(path, entropy)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrUnknownCard, strings.TrimSuffix(filepath.Base(path), cardSuffix))
	}
	return card, err
}

func cardPath(dir, name string) (string, error) {
	if !validName(name) {
		return "", fmt.Errorf("card %q: %w", name, ErrName)
	}
	return filepath.Join(dir, name+cardSuffix), nil
}

// validName keeps names usable as file names on every system and as path segments.
func validName(name string) bool {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	return name != "" && len(name) <= maxNameSize && strings.Trim(name, letters+"-_") == "" && strings.ContainsAny(name[:1], letters)
}

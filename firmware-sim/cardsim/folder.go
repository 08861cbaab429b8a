package cardsim

import (
	"crypto/rand"
	"errors"
	"fmt"
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

// CreateCard makes a blank card in a folder and gives the request that head office signs.
func CreateCard(dir, name string) (request []byte, err error) {
	path, err := cardPath(dir, name)
	if err != nil {
		return nil, fmt.Errorf("create card: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create card %s: %w", name, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("create card %s: %w", name, errors.Join(ErrCardExists, err))
	}
	card, err := Create(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("create card %s: %w", name, err)
	}
	return card.Request(), card.Save(path)
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
	card, err := openNamed(path)
	if err == nil && card.other != nil {
		return nil, fmt.Errorf("card %s: %w", name, ErrForeign)
	}
	return card, err
}

func openNamed(path string) (*Card, error) {
	card, err := Open(path, rand.Reader)
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

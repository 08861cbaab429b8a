package cardsim

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"io"
	chacha "math/rand/v2"
	"sync"
)

// entropy is where a bench's random bytes come from: the system, or a seed that makes every run the same.
type entropy struct {
	seed *uint64

	mu     sync.Mutex
	opened map[string]uint64 // how often each card was taken out of the folder
	faults uint64
}

func newEntropy(seed *uint64) *entropy { return &entropy{seed: seed, opened: map[string]uint64{}} }

// of gives the random bytes of a card. With a seed they follow from it, the card's name, and how often it was taken out of
// the folder before, whatever other cards do.
func (e *entropy) of(card string) io.Reader {
	if e.seed == nil {
		return rand.Reader
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.opened[card]++
	return seededStream(*e.seed, card, e.opened[card])
}

// faultSeed is for the next fault that was armed without a seed.
func (e *entropy) faultSeed() uint64 {
	if e.seed == nil {
		return chacha.Uint64()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.faults++
	return *e.seed + e.faults
}

func seededStream(seed uint64, name string, n uint64) io.Reader {
	b := binary.BigEndian.AppendUint64([]byte(name+"\x00"), seed)
	return chacha.NewChaCha8(sha256.Sum256(binary.BigEndian.AppendUint64(b, n)))
}

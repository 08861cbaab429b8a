package cardsim

import (
	"encoding/binary"
	"math"
	"path/filepath"
	"testing"
)

// BenchmarkDebit is the card's own share of a redemption, memory only.
func BenchmarkDebit(b *testing.B) { benchmarkDebit(b, func(*Card) {}) }

// BenchmarkDebitIntoFile adds what keeping the card on disk costs.
func BenchmarkDebitIntoFile(b *testing.B) {
	path := filepath.Join(b.TempDir(), "anna"+cardSuffix)
	benchmarkDebit(b, func(c *Card) {
		if err := c.Save(path); err != nil {
			b.Fatal(err)
		}
	})
}

func benchmarkDebit(b *testing.B, prepare func(*Card)) {
	card, h := verified(b, newHeadOffice(b, 1), math.MaxInt32)
	prepare(card)
	debit := newSale(1, "").debit()
	for n := uint64(0); b.Loop(); n++ {
		binary.BigEndian.PutUint64(debit[9:], n)
		b.StopTimer()
		capdu := h.wrap(0x84, insDebit, 0, 0, debit)
		b.StartTimer()
		if answer := card.Process(capdu); len(answer) < 20 {
			b.Fatalf("debit %d answers %X", n, answer)
		}
	}
}

// BenchmarkKeyAgree is the card's one public-key operation.
func BenchmarkKeyAgree(b *testing.B) {
	card := newHeadOffice(b, 1).newCard(b, 2, nil)
	card.Process(unhex(selectHex))
	point := card.core.key.PublicKey().Bytes()
	for b.Loop() {
		keyAgree(card.core, point)
	}
}

// BenchmarkSelect is the cheapest command.
func BenchmarkSelect(b *testing.B) {
	card := newHeadOffice(b, 1).newCard(b, 2, nil)
	capdu := unhex(selectHex)
	for b.Loop() {
		card.Process(capdu)
	}
}

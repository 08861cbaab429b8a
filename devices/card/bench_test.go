package card_test

import (
	"testing"

	"loyaltill/devices/card"
	"loyaltill/devices/card/cardtest"
)

// The card is in process here: these figures are the host's and the simulator's own work, without a reader.

func BenchmarkOpenKnownCard(b *testing.B) {
	s := newStore(b, cardtest.Plastic{})
	s.open(b)
	for b.Loop() {
		s.sent = nil
		s.open(b)
	}
}

func BenchmarkOpenUnknownCard(b *testing.B) {
	s := newStore(b, cardtest.Plastic{})
	for b.Loop() {
		s.sent, s.trust = nil, s.issuer.Trust(b, nil)
		s.open(b)
	}
}

func BenchmarkDebit(b *testing.B) {
	s := newStore(b, cardtest.Plastic{NoPINSingle: 1, NoPINCumulative: 1 << 30})
	session := s.load(b, 1<<30)
	for b.Loop() {
		s.sent = nil
		d, _ := debit(1)
		if _, err := session.Debit(b.Context(), d); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCMAC64(b *testing.B) {
	message := make([]byte, 64)
	for b.Loop() {
		card.CMAC(card.Key{}, message)
	}
}

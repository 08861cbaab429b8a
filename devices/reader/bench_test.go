package reader

import (
	"slices"
	"testing"
	"time"

	"loyaltill/devices/card"
)

// benchmarkReader reports medians and 99th percentiles of what a tap is made of, with the simulated card in the reader.
func benchmarkReader(b *testing.B, r *Reader, m *member) {
	b.Run("apdu", func(b *testing.B) {
		conn := connected(b, r)
		selectUnknown := []byte{0, 0xA4, 4, 0, 2, 0xF0, 0x00, 0} // no session, no cryptography: the way there and back
		answer := make([]byte, 258)
		percentiles(b, func() {
			if _, err := conn.Transmit(b.Context(), selectUnknown, answer); err != nil {
				b.Fatal(err)
			}
		})
	})
	b.Run("open", func(b *testing.B) {
		conn := connected(b, r)
		percentiles(b, func() {
			if _, err := card.Open(b.Context(), conn, m.trust, time.Now()); err != nil {
				b.Fatal(err)
			}
		})
	})
	b.Run("connect-open-close", func(b *testing.B) {
		percentiles(b, func() {
			conn, err := r.Connect(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			if _, err := card.Open(b.Context(), conn, m.trust, time.Now()); err != nil {
				b.Fatal(err)
			}
			shut(b, conn)
		})
	})
	b.Run("debit", func(b *testing.B) {
		session, err := card.Open(b.Context(), connected(b, r), m.trust, time.Now())
		if err != nil {
			b.Fatal(err)
		}
		m.load(b, session, 1<<24)
		percentiles(b, func() {
			if _, err := session.Debit(b.Context(), debitOf(1)); err != nil {
				b.Fatal(err)
			}
		})
	})
}

func connected(b *testing.B, r *Reader) card.Transmitter {
	b.Helper()
	conn, err := r.Connect(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { shut(b, conn) })
	return conn
}

func percentiles(b *testing.B, do func()) {
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		do()
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	at := func(percent int) float64 { return float64(took[(len(took)-1)*percent/100].Nanoseconds()) / 1000 }
	b.ReportMetric(at(50), "p50-µs")
	b.ReportMetric(at(99), "p99-µs")
}

func BenchmarkLink(b *testing.B) {
	r, m := linked(b), newMember(b)
	virtualSlot(b, r.Name()).Insert(m.card)
	next(b, r, true)
	benchmarkReader(b, r, m)
}

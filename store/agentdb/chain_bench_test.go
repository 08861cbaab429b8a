package agentdb

import (
	"fmt"
	"testing"

	"loyaltill/store"
)

// manyEntries fills a ledger with entries of a usual size, as fast as they can be written.
func manyEntries(b *testing.B, n int) *box {
	box := newBox(b)
	hash := box.genesis
	body := make([]byte, 700)
	for done := 0; done < n; done += 1000 {
		err := box.ledger.Write(b.Context(), func(tx *store.Tx) error {
			for seq := done + 1; seq <= done+1000; seq++ {
				copy(body, fmt.Sprintf(`{"seq":%d`, seq))
				hash = hash.Next(body)
				id := txn(seq)
				if _, err := tx.Exec(`INSERT INTO entry (seq, txn, kind, day, body, hash) VALUES (?, ?, 'sale', '2026-11-22', ?, ?)`, seq, id[:], body, hash[:]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return box
}

// BenchmarkChain proves the chain of a year of a store; the goal is 2 million entries a second on two cores.
func BenchmarkChain(b *testing.B) {
	const entries = 200_000
	box := manyEntries(b, entries)
	for b.Loop() {
		r, err := box.VerifyChain(b.Context())
		if err != nil || r.Entries != entries || len(r.Findings) > 0 {
			b.Fatalf("%+v, %v", r, err)
		}
	}
	b.ReportMetric(float64(b.N)*entries/b.Elapsed().Seconds(), "entries/s")
}

// BenchmarkHashAlone is the floor: the same hashes without a database.
func BenchmarkHashAlone(b *testing.B) {
	body := make([]byte, 700)
	var h store.Hash
	for b.Loop() {
		h = h.Next(body)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}

package hodb

import (
	"bytes"
	"fmt"
	"testing"

	"loyaltill/store"
)

// BenchmarkCopy is the floor under ingest: the same rows into the same table with its key, each batch a durable commit, and nothing else.
func BenchmarkCopy(b *testing.B) {
	for _, size := range []int{500, 2000} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			db := newDB(b)
			body, hash := bytes.Repeat([]byte("x"), 700), store.Hash{1} // about a sale with its lines
			seq := int64(0)
			for b.Loop() {
				rows := make([][]any, size)
				for i := range rows {
					seq++
					rows[i] = []any{int64(1), int64(1), seq, body, hash[:]}
				}
				err := db.Ingest(b.Context(), func(tx *Tx) error {
					return tx.conn.copyIn("entry", []string{"store_id", "epoch", "seq", "body", "hash"}, rows)
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(seq)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

package wire

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/hex"
	"testing"
	"time"

	"loyaltill/agent/loyalty"
)

// BenchmarkBatch packs and reads a realistic batch and reports its bytes on the wire per entry.
func BenchmarkBatch(b *testing.B) {
	c := newCodec(b)
	batch := &Batch{Store: 17, Epoch: 3, Session: 1, First: 1, Columns: true}
	shop := newGrocer(b)
	raw, floors := 0, [][]byte{}
	for i := range 500 {
		e := shop.sale(b, loyalty.Seq(i+1), 3)
		body, err := e.Encode()
		if err != nil {
			b.Fatal(err)
		}
		raw += len(body)
		floors = append(floors, packedEntry(&e))
		batch.Bodies = append(batch.Bodies, body)
	}
	h := batch.Prev
	for _, body := range batch.Bodies {
		h = h.Next(body)
	}
	batch.Head = h
	packed := c.PackBatch(batch)
	floor := float64(len(c.Pack(floors))) / 500
	b.ReportMetric(float64(len(packed.Content))/500, "zipped-B/entry")
	b.ReportMetric(float64(raw)/500, "raw-B/entry")
	b.Run("pack", func(b *testing.B) {
		for b.Loop() {
			c.PackBatch(batch)
		}
		b.ReportMetric(float64(len(packed.Content))/500, "zipped-B/entry")
		b.ReportMetric(float64(raw)/500, "raw-B/entry")
		b.ReportMetric(float64(gzipped(b, batch.Bodies))/500, "gzip-B/entry")
		b.ReportMetric(floor, "binary-B/entry")
		b.ReportMetric(float64(len(packed.Content))/500/floor, "zipped/binary")
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			got, err := c.ReadBatch(17, packed.Header, bytes.NewReader(packed.Content))
			if err != nil {
				b.Fatal(err)
			}
			if _, err := got.Hashes(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// gzipped is what the most common compressor would send.
func gzipped(b *testing.B, bodies [][]byte) int {
	b.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	for _, body := range bodies {
		if _, err := w.Write(append(body, '\n')); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return out.Len()
}

// packedEntry is the same sale as a binary encoding with numbered fields would have it: what cannot be worked out from the rest and
// nothing else, whole numbers in as many bytes as they need. Compressed, it is the floor for any format.
func packedEntry(e *loyalty.Entry) []byte {
	out := append([]byte{}, e.Txn[:]...)
	number := func(v int64) { out = binary.AppendVarint(out, v) }
	text := func(s string) { number(int64(len(s))); out = append(out, s...) }
	at, err := time.Parse(time.RFC3339Nano, e.At)
	if err != nil {
		panic(err) // the benchmark made it
	}
	number(int64(e.Seq))
	number(at.UnixMilli())
	number(int64(e.Lane))
	text(e.Cashier)
	number(int64(e.Member))
	quote, _ := hex.DecodeString(e.Sale.Quote)
	out = append(out, quote...)
	for _, l := range e.Sale.Lines {
		text(l.SKU)
		text(l.Category)
		number(int64(l.Quantity))
		number(l.Amount)
		number(int64(l.Tax))
	}
	number(int64(e.Sale.Earned))
	return out
}

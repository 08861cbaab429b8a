package wire

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"loyaltill/agent/loyalty"
)

// BenchmarkBatch packs and reads a realistic batch and reports its bytes on the wire per entry.
func BenchmarkBatch(b *testing.B) {
	c := newCodec(b)
	batch := &Batch{Store: 17, Epoch: 3, Session: 1, First: 1}
	dice := rand.New(rand.NewPCG(1, 2))
	raw, floors := 0, [][]byte{}
	for i := range 500 {
		e := saleEntry(dice, loyalty.Seq(i+1))
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

// What a sale may cost on the line, zipped in a batch of 500 as a grocer's day brings them: so much, and so much for each line of the bill.
// A bill of few lines costs more than its share, since ids and the digest of the quote are random and nothing zips them.
const (
	saleBudget = 40
	lineBudget = 12
	smallMost  = 110 // a bill of one to three lines, when all are so small
)

func TestASaleKeepsItsBudgetOnTheLine(t *testing.T) {
	for _, bills := range []struct {
		name        string
		least, most int // lines
	}{{"a grocer's day", 1, 19}, {"one line", 1, 1}, {"three lines", 3, 3}} {
		dice, lines := rand.New(rand.NewPCG(1, 2)), 0
		var bodies [][]byte
		for seq := range loyalty.Seq(500) {
			n := bills.least + dice.IntN(bills.most-bills.least+1)
			e := saleOf(dice, seq+1, n)
			body, err := e.Encode()
			if err != nil {
				t.Fatal(err)
			}
			bodies, lines = append(bodies, body), lines+n
		}
		got, most := len(newCodec(t).Pack(bodies)), saleBudget*500+lineBudget*lines
		if bills.most <= 3 {
			most = smallMost * 500
		}
		t.Logf("%s, %.1f lines: %.1f bytes a sale, at most %.1f", bills.name, float64(lines)/500, float64(got)/500, float64(most)/500)
		if got > most {
			t.Errorf("%s: %d bytes, at most %d", bills.name, got, most)
		}
	}
}

func saleEntry(dice *rand.Rand, seq loyalty.Seq) loyalty.Entry { return saleOf(dice, seq, 3) }

// saleOf is a sale of so many lines as a grocer's till makes them: ids and amounts are random, the range of goods is not.
func saleOf(dice *rand.Rand, seq loyalty.Seq, lines int) loyalty.Entry {
	var txn loyalty.TxnID
	for i := range txn {
		txn[i] = byte(dice.Uint32())
	}
	copy(txn[:6], []byte{1, 0x93, 0xf2, 0xa0, byte(seq >> 8), byte(seq)}) // a UUIDv7's time
	member := loyalty.MemberID(dice.IntN(1_000_000) + 1)
	e := loyalty.Entry{V: 1, Store: 17, Epoch: 3, Seq: seq, Kind: loyalty.KindSale, Txn: txn, Day: "2026-11-22",
		At:   fmt.Sprintf("2026-11-22T%02d:%02d:%02d.%03d+02:00", 8+seq/60, seq%60, dice.IntN(60), dice.IntN(1000)),
		Lane: loyalty.LaneID(1 + dice.IntN(4)), Cashier: []string{"anna", "juris", "ilze"}[dice.IntN(3)], Member: member}
	e.Sale = &loyalty.SaleBody{Programme: strings.Repeat("ab", 32), Currency: "EUR", Medium: loyalty.MediumNumber,
		Quote: fmt.Sprintf("%016x%016x%016x%016x", dice.Uint64(), dice.Uint64(), dice.Uint64(), dice.Uint64())}
	for range lines {
		n := dice.IntN(400)
		price := int64(50 + n*7)
		e.Sale.Lines = append(e.Sale.Lines, loyalty.Line{SKU: fmt.Sprintf("47500%05d", n), Category: "food/dairy", Quantity: 1000, Amount: price, Tax: 2100})
		e.Sale.Total += price
	}
	e.Sale.ToPay, e.Sale.Earned = e.Sale.Total, loyalty.Points(e.Sale.Total/100)
	e.Sale.Tenders = []loyalty.Tender{{Kind: loyalty.TenderCard, Amount: e.Sale.ToPay}}
	e.Moves = []loyalty.Movement{{From: loyalty.AccountIssued, To: loyalty.AccountMain(member), Points: e.Sale.Earned + 1,
		Lot: loyalty.LotID(fmt.Sprintf("17-3-%d.1", seq)), Earned: e.Day, Expires: "2027-11-22"}}
	return e
}

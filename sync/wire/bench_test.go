package wire

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"loyaltill/agent/loyalty"
)

// BenchmarkBatch packs and reads a realistic batch and reports its bytes on the wire per entry.
func BenchmarkBatch(b *testing.B) {
	c := newCodec(b)
	batch := &Batch{Store: 17, Epoch: 3, Session: 1, First: 1}
	dice := rand.New(rand.NewPCG(1, 2))
	raw := 0
	for i := range 500 {
		e := saleEntry(dice, loyalty.Seq(i+1))
		body, err := e.Encode()
		if err != nil {
			b.Fatal(err)
		}
		raw += len(body)
		batch.Bodies = append(batch.Bodies, body)
	}
	h := batch.Prev
	for _, body := range batch.Bodies {
		h = h.Next(body)
	}
	batch.Head = h
	packed := c.PackBatch(batch)
	b.ReportMetric(float64(len(packed.Content))/500, "zipped-B/entry")
	b.ReportMetric(float64(raw)/500, "raw-B/entry")
	b.Run("pack", func(b *testing.B) {
		for b.Loop() {
			c.PackBatch(batch)
		}
		b.ReportMetric(float64(len(packed.Content))/500, "zipped-B/entry")
		b.ReportMetric(float64(raw)/500, "raw-B/entry")
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

// saleEntry is a sale of three lines as a grocer's till makes them: ids and amounts are random, the range of goods is not.
func saleEntry(dice *rand.Rand, seq loyalty.Seq) loyalty.Entry {
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
	for range 3 {
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

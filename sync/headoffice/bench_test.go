package headoffice

import (
	"fmt"
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

const (
	benchMembers = 2000
	benchBatch   = 2000
)

// benchShop is a head office with members and one store's log of sales to them, cut into batches and never sent.
func benchShop(b *testing.B, entries, size int) (*centre, *box, []*wire.Batch) {
	b.Helper()
	c := newCentre(b)
	prog := c.publish()
	box := c.enrol(1, prog)
	members := c.manyMembers(benchMembers)
	for i := range entries {
		box.sell(members[i*7919%benchMembers], 1000+int64(i%5000))
	}
	c.opens(box)
	var batches []*wire.Batch
	for first := loyalty.Seq(1); first <= box.seq(); first += loyalty.Seq(size) {
		batches = append(batches, box.batch(first, min(box.seq(), first+loyalty.Seq(size)-1)))
	}
	return c, box, batches
}

// perEntry reports the figure that matters.
func perEntry(b *testing.B, entries int) {
	b.ReportMetric(float64(b.N*entries)/b.Elapsed().Seconds(), "entries/s")
}

// BenchmarkAppend is stage one: chain, head, durable commit.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{500, 2000} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			c, _, batches := benchShop(b, b.N*size, size)
			b.ResetTimer()
			for _, batch := range batches {
				if _, err := c.office.Push(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
			}
			perEntry(b, size)
		})
	}
}

// BenchmarkReplay is a batch that head office has already.
func BenchmarkReplay(b *testing.B) {
	c, _, batches := benchShop(b, benchBatch, benchBatch)
	if _, err := c.office.Push(b.Context(), batches[0]); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := c.office.Push(b.Context(), batches[0]); err != nil {
			b.Fatal(err)
		}
	}
	perEntry(b, benchBatch)
}

// BenchmarkPost is stage two: every sale judged again, legs, accounts, lots and feed, in one durable commit a batch.
func BenchmarkPost(b *testing.B) {
	c, _, batches := benchShop(b, b.N*benchBatch, benchBatch)
	for _, batch := range batches {
		if _, err := c.office.Push(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	if err := c.office.PostAll(b.Context()); err != nil {
		b.Fatal(err)
	}
	perEntry(b, benchBatch)
}

// BenchmarkUpload is a store's batch through TLS and HTTP to the durable answer, with posting behind it.
func BenchmarkUpload(b *testing.B) {
	const size = 500
	c, box, batches := benchShop(b, b.N*size, size)
	c.serve()
	b.Cleanup(func() { box.client.CloseIdleConnections() })
	b.ResetTimer()
	for _, batch := range batches {
		if _, p := box.push(batch); p != nil {
			b.Fatal(p)
		}
	}
	perEntry(b, size)
	b.StopTimer()
	c.post()
}

// opens begins a store's session in this process.
func (c *centre) opens(s *box) {
	c.t.Helper()
	answer, err := c.office.OpenSession(c.t.Context(), loyalty.StoreID(s.id.Store), wire.SessionRequest{Protocol: wire.Protocol,
		Epoch: loyalty.Epoch(s.id.Epoch), InstallID: s.id.InstallID, BootNonce: s.boot, Head: wire.Head{Hash: s.id.Genesis()}})
	if err != nil {
		c.t.Fatal(err)
	}
	s.session = answer.Session
}

// manyMembers enters members in one transaction.
func (c *centre) manyMembers(n int) []loyalty.MemberID {
	c.t.Helper()
	ids := make([]loyalty.MemberID, n)
	err := c.office.db.Update(c.t.Context(), func(tx *hodb.Tx) error {
		for i := range ids {
			var err error
			if ids[i], err = tx.AddMember(hodb.Member{Language: "lv"}, c.home.Keys.numberRef(number(c.t, fmt.Sprintf("60340000%08d", i))).row()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return ids
}

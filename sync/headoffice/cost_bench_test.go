//go:build unix

package headoffice

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/sync/wire"
)

// spent is a stopwatch for wall time and for the processor's: the second says the same on a machine that is busy.
type spent struct {
	wall, cpu time.Duration
	n         int
}

func processor(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (s *spent) on(b *testing.B, n int, do func()) {
	b.Helper()
	cpu, start := processor(b), time.Now()
	do()
	s.wall += time.Since(start)
	s.cpu += processor(b) - cpu
	s.n += n
}

func (s *spent) report(b *testing.B, arm string) {
	b.Helper()
	b.ReportMetric(float64(s.n)/s.wall.Seconds(), arm+"-entries/s")
	b.ReportMetric(float64(s.cpu.Microseconds())/float64(s.n), arm+"-cpu-µs/entry")
}

// BenchmarkIngest sends the same batches, one after the other, into a bare table with the same key, into the log, through TLS and
// HTTP into the log of a second head office, into the accounts, and into the log again. Each batch is durable in every arm.
func BenchmarkIngest(b *testing.B) {
	for _, size := range []int{500, 2000} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			c, _, batches := benchShop(b, b.N*size, size)
			far, remote, sent := benchShop(b, b.N*size, size)
			far.serve()
			b.Cleanup(func() { remote.client.CloseIdleConnections() })
			bare := newBare(b)
			var inserts, log, overHTTP, post, replay spent
			b.ResetTimer()
			for i, batch := range batches {
				inserts.on(b, size, func() { bare.insert(batch) })
				log.on(b, size, func() { pushed(b, c, batch) })
				overHTTP.on(b, size, func() {
					if _, p := remote.push(sent[i]); p != nil {
						b.Fatal(p)
					}
				})
				far.post() // its posting must not run beside the next arm
				replay.on(b, size, func() { pushed(b, c, batch) })
				post.on(b, size, c.post)
			}
			inserts.report(b, "bare")
			log.report(b, "log")
			post.report(b, "post")
			b.ReportMetric(inserts.wall.Seconds()/log.wall.Seconds(), "log/bare")
			b.ReportMetric(inserts.wall.Seconds()/overHTTP.wall.Seconds(), "http/bare")
			b.ReportMetric(inserts.wall.Seconds()/(log.wall+post.wall).Seconds(), "posted/bare")
			b.ReportMetric(log.wall.Seconds()/replay.wall.Seconds(), "replay/first")
		})
	}
}

func pushed(b *testing.B, c *centre, batch *wire.Batch) {
	b.Helper()
	if _, err := c.office.Push(b.Context(), batch); err != nil {
		b.Fatal(err)
	}
}

// bare is a table of entries with nothing around it, as durable as the books.
type bare struct {
	b  *testing.B
	db *sql.DB
}

func newBare(b *testing.B) *bare {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "bare.db")+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)")
	if err == nil {
		_, err = db.ExecContext(b.Context(), `CREATE TABLE entry (store_id BIGINT, epoch BIGINT, seq BIGINT, body BLOB, hash BLOB, PRIMARY KEY (store_id, epoch, seq))`)
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	return &bare{b, db}
}

func (t *bare) insert(batch *wire.Batch) {
	t.b.Helper()
	tx, err := t.db.BeginTx(t.b.Context(), nil)
	if err != nil {
		t.b.Fatal(err)
	}
	insert, err := tx.PrepareContext(t.b.Context(), `INSERT INTO entry VALUES (?, ?, ?, ?, ?)`)
	if err != nil {
		t.b.Fatal(err)
	}
	hash := make([]byte, len(store.Hash{}))
	for i, body := range batch.Bodies {
		if _, err := insert.ExecContext(t.b.Context(), batch.Store, batch.Epoch, batch.First+loyalty.Seq(i), body, hash); err != nil {
			t.b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.b.Fatal(err)
	}
}

// BenchmarkPostCost is what one posted entry costs as the books grow: by entries already posted, by members, by stores.
// `make cost` draws it.
func BenchmarkPostCost(b *testing.B) {
	axes := []struct {
		name string
		at   []int
	}{{"entries", []int{1000, 4000, 16000}}, {"members", []int{1000, 10_000, 100_000}}, {"stores", []int{1, 10, 100}}}
	for _, axis := range axes {
		for _, n := range axis.at {
			b.Run(fmt.Sprintf("%s=%d", axis.name, n), func(b *testing.B) {
				size := map[string]int{"entries": 1000, "members": 1000, "stores": 1}
				size[axis.name] = n
				benchPostCost(b, size["entries"], size["members"], size["stores"])
			})
		}
	}
}

func benchPostCost(b *testing.B, entries, members, stores int) {
	const batch = 500
	c := newCentre(b)
	prog := c.publish()
	var boxes []*box
	for i := range stores {
		s := c.enrol(loyalty.StoreID(i+1), prog)
		c.opens(s)
		boxes = append(boxes, s)
	}
	ids := c.manyMembers(members)
	sold := 0
	sell := func(n int) {
		for range n / batch {
			s := boxes[sold/batch%stores]
			first := s.seq() + 1
			for range batch {
				s.sell(ids[sold*7919%members], 1000+int64(sold%5000))
				sold++
			}
			pushed(b, c, s.batch(first, s.seq()))
		}
	}
	sell(entries)
	c.post()
	var post spent
	for b.Loop() {
		sell(batch)
		post.on(b, batch, c.post)
	}
	post.report(b, "post")
}

// BenchmarkSnapshot makes the copy of the register that a new store begins with.
func BenchmarkSnapshot(b *testing.B) {
	for _, members := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprintf("members=%d", members), func(b *testing.B) {
			c := newCentre(b)
			s := c.enrol(1, c.publish())
			c.opens(s)
			c.manyMembers(members)
			var made spent
			packed := 0
			for b.Loop() {
				made.on(b, members, func() {
					snapshot, err := c.office.makeSnapshot(b.Context(), 1, loyalty.Epoch(s.id.Epoch))
					if err != nil {
						b.Fatal(err)
					}
					packed = 0
					for _, p := range snapshot.Parts {
						packed += p.Bytes
					}
				})
			}
			made.report(b, "snapshot")
			b.ReportMetric(float64(packed)/float64(members), "B/member")
		})
	}
}

//go:build unix

package agentdb

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// processor is what this process has used: it says the same on a machine that is busy.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// sales makes n sales on some tills at once and gives how long each took.
func (b *box) sales(t *testing.B, tills, n int, next *int) []time.Duration {
	t.Helper()
	took := make([]time.Duration, n)
	var wg sync.WaitGroup
	for till := range tills {
		wg.Go(func() {
			for i := till; i < n; i += tills {
				start := time.Now()
				if _, err := b.Append(t.Context(), commitOf(*next+i+1, loyalty.MemberID((*next+i)%1000+1), 10)); err != nil {
					t.Error(err)
					return
				}
				took[i] = time.Since(start)
			}
		})
	}
	wg.Wait()
	*next += n
	return took
}

func median(took []time.Duration) time.Duration {
	slices.Sort(took)
	return took[len(took)/2]
}

// BenchmarkSaleBesideSync makes sales on one, 16 and 256 tills, and syncs the bytes of five database frames to a plain file, in
// turns: what one of them suffers from the machine, all do.
func BenchmarkSaleBesideSync(b *testing.B) {
	const turn = 256
	box, sold := newBox(b), 0
	f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	frames := make([]byte, 5*(4096+24))
	var raw []time.Duration
	tills := []int{1, 16, 256}
	took, wall := make([][]time.Duration, len(tills)), make([]time.Duration, len(tills))
	for b.Loop() {
		for range 32 {
			start := time.Now()
			if _, err := f.Write(frames); err != nil {
				b.Fatal(err)
			}
			if err := f.Sync(); err != nil {
				b.Fatal(err)
			}
			raw = append(raw, time.Since(start))
		}
		for i, n := range tills {
			start := time.Now()
			took[i] = append(took[i], box.sales(b, n, turn, &sold)...)
			wall[i] += time.Since(start)
		}
	}
	floor := median(raw)
	b.ReportMetric(float64(floor.Microseconds()), "sync-p50-µs")
	for i, n := range tills {
		rate := float64(len(took[i])) / wall[i].Seconds()
		p50 := median(took[i])
		b.ReportMetric(float64(p50.Microseconds()), fmt.Sprintf("%d-tills-p50-µs", n))
		b.ReportMetric(float64(took[i][len(took[i])*99/100].Microseconds()), fmt.Sprintf("%d-tills-p99-µs", n))
		b.ReportMetric(rate*floor.Seconds(), fmt.Sprintf("%d-tills/sync-rate", n))
	}
	s, _ := box.Stats()
	b.ReportMetric(float64(s.Requests)/float64(s.Commits), "sales/commit")
}

// BenchmarkSaleCost is what a durable sale costs as the ledger and the store's copy of members grow. `make cost` draws it.
func BenchmarkSaleCost(b *testing.B) {
	axes := []struct {
		name string
		at   []int
	}{{"entries", []int{1000, 10_000, 100_000}}, {"members", []int{1000, 100_000, 1_000_000}}}
	for _, axis := range axes {
		for _, n := range axis.at {
			b.Run(fmt.Sprintf("%s=%d", axis.name, n), func(b *testing.B) {
				box, sold := newBox(b), 0
				if axis.name == "entries" {
					box.sales(b, 64, n, &sold)
				} else {
					box.manyMembers(b, n)
				}
				const turn = 200
				var took []time.Duration
				var cpu time.Duration
				for b.Loop() {
					before := processor(b)
					took = append(took, box.sales(b, 1, turn, &sold)...)
					cpu += processor(b) - before
				}
				b.ReportMetric(float64(cpu.Microseconds())/float64(len(took)), "cpu-µs/sale")
				b.ReportMetric(float64(median(took).Microseconds()), "p50-µs")
			})
		}
	}
}

// manyMembers fills the store's copy without the feed; each member has a card and a number.
func (b *box) manyMembers(t testing.TB, n int) {
	t.Helper()
	err := b.members.Write(t.Context(), func(tx *store.Tx) error {
		for _, text := range []string{
			`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
				INSERT INTO member (id, status, tier, language, balance, lots, through, feed_epoch) SELECT i, 'active', '', 'lv', 0, x'5B5D', 0, 0 FROM n`,
			`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
				INSERT INTO member_number (hmac, member, masked) SELECT randomblob(32), i, 'OC-…0012' FROM n`,
			`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
				INSERT INTO member_card (card, member) SELECT randomblob(8), i FROM n`,
		} {
			if _, err := tx.Exec(text, n); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// BenchmarkLookUpByCard finds members by the card in the reader among a million, and tells the memory of a process that does so.
func BenchmarkLookUpByCard(b *testing.B) {
	box := newBox(b)
	const members, sample = 1_000_000, 1000
	box.manyMembers(b, members)
	cards, err := query(b.Context(), box.members.Read(), "cards", func(scan func(...any) error) (c loyalty.CardID, err error) {
		var raw []byte
		err = scan(&raw)
		copy(c[:], raw)
		return c, err
	}, `SELECT card FROM member_card WHERE member % ? = 0`, members/sample)
	if err != nil || len(cards) != sample {
		b.Fatal(len(cards), err)
	}
	box.reopen(b)
	debug.FreeOSMemory()
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		if _, err := box.MemberByCard(b.Context(), cards[i%sample]); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	percentiles(b, took)
	b.ReportMetric(resident(b), "RSS-MB")
}

// resident is this process's memory, tests and their framework included.
func resident(b *testing.B) float64 {
	b.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Skip("no /proc here: ", err)
	}
	pages, err := strconv.Atoi(string(bytes.Fields(text)[1]))
	if err != nil {
		b.Fatal(err)
	}
	return float64(pages*os.Getpagesize()) / (1 << 20)
}

// BenchmarkApplyFeed is what a page of the feed costs a store, in turns: of members who are new, of the same with another balance, and of the
// same as they are.
func BenchmarkApplyFeed(b *testing.B) {
	const rows = 2000
	box, next, seq := newBox(b), int64(1), int64(1)
	arms := []string{"new", "balance", "same"}
	wall, cpu := make([]time.Duration, len(arms)), make([]time.Duration, len(arms))
	applied := 0
	for b.Loop() {
		for arm := range arms {
			page := FeedPage{Epoch: 1, After: seq - 1, Next: seq + rows - 1}
			for i := range int64(rows) {
				n := next + i
				m := memberRow(loyalty.MemberID(n), loyalty.Points(30+min(arm, 1)), 0)
				m.Cards = []loyalty.CardID{{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24), 1}}
				m.Numbers[0].HMAC = [32]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24), 1}
				page.Changes = append(page.Changes, Change{Seq: seq + i, Member: m})
			}
			before, start := processor(b), time.Now()
			box.feed(b, page)
			wall[arm] += time.Since(start)
			cpu[arm] += processor(b) - before
			seq += rows
		}
		next += rows
		applied += rows
	}
	for arm, name := range arms {
		b.ReportMetric(float64(applied)/wall[arm].Seconds(), name+"-rows/s")
		b.ReportMetric(float64(cpu[arm].Nanoseconds())/1000/float64(applied), name+"-cpu-µs/row")
	}
}

// BenchmarkVerify measures the whole check of a ledger, JSON and all, and the chain alone.
func BenchmarkVerify(b *testing.B) {
	box := newBox(b)
	const entries = 5000
	var wg sync.WaitGroup
	for till := range 16 {
		wg.Go(func() {
			for n := till + 1; n <= entries; n += 16 {
				if _, err := box.Append(b.Context(), commitOf(n, loyalty.MemberID(n%100+1), 10)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	b.Run("all", func(b *testing.B) {
		before := processor(b)
		for b.Loop() {
			if r, err := box.Verify(b.Context(), nil); err != nil || len(r.Findings) != 0 {
				b.Fatalf("%v, %v", r.Findings, err)
			}
		}
		b.ReportMetric(float64(entries*b.N)/b.Elapsed().Seconds(), "entries/s")
		b.ReportMetric(float64((processor(b)-before).Nanoseconds())/1000/float64(entries*b.N), "cpu-µs/entry")
	})
	r, err := box.EntriesFrom(b.Context(), 1, entries, 1<<30)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("chain", func(b *testing.B) {
		for b.Loop() {
			h := r.Prev
			for _, body := range r.Bodies {
				h = h.Next(body)
			}
			if h != r.Head {
				b.Fatal("the chain is broken")
			}
		}
		b.ReportMetric(float64(entries*b.N)/b.Elapsed().Seconds(), "entries/s")
	})
}

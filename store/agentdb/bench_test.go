package agentdb

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// percentiles reports p50 and p99 of what was measured.
func percentiles(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkRawSync is the floor: appending five database frames to a file and syncing it.
func BenchmarkRawSync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	frames := make([]byte, 5*(4096+24))
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		if _, err := f.Write(frames); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	percentiles(b, took)
}

// BenchmarkDurableSale measures a sale from the call to its answer, for one till and for sixteen.
func BenchmarkDurableSale(b *testing.B) {
	for name, tills := range map[string]int{"one till": 1, "sixteen tills": 16} {
		b.Run(name, func(b *testing.B) {
			box := newBox(b)
			var n atomic.Int64
			var mu sync.Mutex
			var took []time.Duration
			var wg sync.WaitGroup
			b.ResetTimer()
			for range tills {
				wg.Go(func() {
					var own []time.Duration
					for {
						i := int(n.Add(1))
						if i > b.N {
							break
						}
						start := time.Now()
						if _, err := box.Append(b.Context(), commitOf(i, loyalty.MemberID(i%100_000+1), 10)); err != nil {
							b.Error(err)
							return
						}
						own = append(own, time.Since(start))
					}
					mu.Lock()
					defer mu.Unlock()
					took = append(took, own...)
				})
			}
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sales/s")
			percentiles(b, took)
		})
	}
}

// BenchmarkMember measures what a quote needs of a member: by card, with pending entries replayed.
func BenchmarkMember(b *testing.B) {
	box := newBox(b)
	const members = 20_000
	for first := int64(1); first <= members; first += 2000 {
		page := FeedPage{Epoch: 1, After: first - 1, Next: first + 1999, UpToDate: first+2000 > members}
		for i := range int64(2000) {
			m := memberRow(loyalty.MemberID(first+i), 30, 0)
			m.Cards = []loyalty.CardID{{byte(i), byte(first >> 16), byte(first >> 8), byte(first), byte(i >> 8)}}
			m.Numbers[0].HMAC = [32]byte{byte(i), byte(first >> 16), byte(first >> 8), byte(first), byte(i >> 8)}
			page.Changes = append(page.Changes, Change{Seq: first + i, Member: m})
		}
		start := time.Now()
		box.feed(b, page)
		b.Logf("2000 members applied in %v", time.Since(start))
	}
	for n := 1; n <= 5; n++ {
		box.sell(b, n, 7, 10)
	}
	card := loyalty.CardID{6, 0, 0, 1, 0}
	b.Run("by card", func(b *testing.B) {
		for b.Loop() {
			if _, err := box.MemberByCard(b.Context(), card); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("state", func(b *testing.B) {
		for b.Loop() {
			if _, err := box.State(b.Context(), 7); err != nil {
				b.Fatal(err)
			}
		}
	})
	for n := 6; n <= 500; n++ {
		box.sell(b, n, 7, 10)
	}
	b.Run("state with 500 pending", func(b *testing.B) {
		for b.Loop() {
			if _, err := box.State(b.Context(), 7); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkLookUpByNumber finds members by the keyed hash of a number among a million of them.
func BenchmarkLookUpByNumber(b *testing.B) {
	box := newBox(b)
	const members = 1_000_000
	err := box.members.Write(b.Context(), func(tx *store.Tx) error {
		for _, text := range []string{
			`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
				INSERT INTO member (id, status, tier, language, balance, lots, through, feed_epoch) SELECT i, 'active', '', 'lv', 0, x'5B5D', 0, 0 FROM n`,
			`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
				INSERT INTO member_number (hmac, member, masked) SELECT randomblob(32), i, 'OC-…0012' FROM n`,
		} {
			if _, err := tx.Exec(text, members); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	const sample = 1000 // spread over all
	known, err := query(b.Context(), box.members.Read(), "numbers", func(scan func(...any) error) (h [32]byte, err error) {
		var raw []byte
		err = scan(&raw)
		copy(h[:], raw)
		return h, err
	}, `SELECT hmac FROM member_number WHERE member % ? = 0`, members/sample)
	if err != nil || len(known) != sample {
		b.Fatal(len(known), err)
	}
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		if _, err := box.MemberByNumber(b.Context(), known[i%sample]); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	percentiles(b, took)
}

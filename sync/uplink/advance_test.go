package uplink

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
	"loyaltill/sync/wire"
)

func TestAnAdvanceReachesAsFarAsTheProtocolsBatch(t *testing.T) {
	if agentdb.MaxAdvanceEntries != wire.MaxBatchEntries || agentdb.MaxAdvanceBytes != wire.MaxBatchBytes {
		t.Errorf("%d entries and %d bytes go together, a batch takes %d and %d", agentdb.MaxAdvanceEntries, agentdb.MaxAdvanceBytes,
			wire.MaxBatchEntries, wire.MaxBatchBytes)
	}
}

// spendInAdvance commits a sale that is paid with all that the store gave a member and has not sent.
func (b *box) spendInAdvance(member loyalty.MemberID) {
	b.t.Helper()
	id := loyalty.TxnID(uuid.Must(uuid.NewV7()))
	_, err := b.db.Append(context.Background(), agentdb.Commit{Txn: id, RequestHash: [32]byte(bytes.Repeat(id[:1], 32)), Member: member, Newest: math.MaxInt64, Advances: true,
		Build: func(h loyalty.EntryHead, used agentdb.Tally) (loyalty.Entry, error) {
			points := used.Advance.Given
			e := h.Entry(loyalty.KindSale)
			e.Member = member
			e.Sale = &loyalty.SaleBody{Programme: b.prog.Digest(), Currency: "EUR", Medium: loyalty.MediumPurse, Redeemed: points, Quote: "q",
				Lines: []loyalty.Line{}, Tenders: []loyalty.Tender{}, Advance: &loyalty.Advance{Available: points, Points: points, Since: used.Advance.Since}}
			e.Moves = []loyalty.Movement{{From: loyalty.AccountMain(member), To: loyalty.AccountRedeemed, Points: points}}
			return e, nil
		}})
	if err != nil {
		b.t.Fatal(err)
	}
}

// Entry 2 earns what entry 6 spends in advance. Head office, or what stands before it, takes only so many entries at once.
func TestHoweverSmallTheBatchesAnAdvanceGoesWithItsEarn(t *testing.T) {
	for _, row := range []struct {
		takes  int
		ranges string
		state  State
	}{
		{8, "1-8", StateInSync},
		{5, "1-8 1-1 2-6 7-8", StateInSync},
		{4, "1-8 1-1 2-6", StateRefused},
	} {
		t.Run(fmt.Sprint("at most ", row.takes), func(t *testing.T) {
			o := newOffice(t)
			b := o.enrol(17, o.publish())
			member := o.member("6034000000000018")
			b.sell(0, 500)
			b.sell(member, 2000)
			for range 3 {
				b.sell(0, 500)
			}
			b.spendInAdvance(member)
			b.sell(0, 500)
			b.sell(0, 500)
			var mu sync.Mutex
			var ranges []string
			b.line = func(next http.RoundTripper) http.RoundTripper {
				return roundTripper(func(r *http.Request) (*http.Response, error) {
					if !strings.HasSuffix(r.URL.Path, "/batches") {
						return next.RoundTrip(r)
					}
					var epoch, first, count int
					if _, err := fmt.Sscanf(r.Header.Get(wire.HeaderRange), "epoch=%d; first=%d; count=%d", &epoch, &first, &count); err != nil {
						t.Errorf("%s: %v", r.Header.Get(wire.HeaderRange), err)
					}
					mu.Lock()
					ranges = append(ranges, fmt.Sprintf("%d-%d", first, first+count-1))
					mu.Unlock()
					if count > row.takes {
						return answer(r, wire.NewProblem(wire.CodeTooLarge, "too large")), nil
					}
					return next.RoundTrip(r)
				})
			}
			b.connect()
			b.untilState(row.state)
			mu.Lock()
			defer mu.Unlock()
			if got := strings.Join(slices.Compact(ranges), " "); got != row.ranges {
				t.Errorf("batches %s, want %s", got, row.ranges)
			}
		})
	}
}

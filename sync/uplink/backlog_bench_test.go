package uplink

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"
)

// BenchmarkBacklog uploads what a store sold without a line, over one on which a round trip takes 100 ms: three days of a busy store, and
// a month. Real ledger, uplink and head office, TLS and HTTP; posting goes on beside it.
func BenchmarkBacklog(b *testing.B) {
	const trip = 100 * time.Millisecond
	for _, entries := range []int{4500, 45_000} {
		b.Run(fmt.Sprintf("entries=%d", entries), func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				o := newOffice(b)
				s := o.enrol(17, o.publish())
				s.sellMany(entries)
				s.line = func(next http.RoundTripper) http.RoundTripper {
					return roundTripper(func(r *http.Request) (*http.Response, error) {
						if err := sleep(r.Context(), trip); err != nil {
							return nil, err
						}
						return next.RoundTrip(r)
					})
				}
				b.StartTimer()
				s.connect()
				for status := s.status(); status.State != StateInSync || status.Lag > 0; status = s.status() {
					if err := sleep(b.Context(), trip/10); err != nil {
						b.Fatal(err)
					}
				}
				b.StopTimer()
				s.disconnect()
			}
			b.ReportMetric(float64(entries*b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

// sellMany sells on as many tills as one commit takes.
func (b *box) sellMany(n int) {
	const tills = 64
	var selling sync.WaitGroup
	for till := range tills {
		selling.Go(func() {
			for i := till; i < n; i += tills {
				b.sell(0, 500)
			}
		})
	}
	selling.Wait()
}

package uplink

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"loyaltill/store"
	"loyaltill/sync/headoffice"
	"loyaltill/sync/wire"
)

// Head office answers 503 for thirty days. The store asks at least every five minutes, and when head office is back everything that was
// sold meanwhile is there. Real uplink, real head office; the clock and the line between them are the test's.
func TestThirtyDaysOf503AreOutlivedWithoutAPauseAboveFiveMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC))) // the bubble's clock begins before any programme is in force
		o := newOffice(t)
		o.off()
		b := o.enrol(7, o.publish())
		var err error
		if o.Office, err = headoffice.OpenOffice(t.Context(), o.home, o.options()); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := o.Close(); err != nil {
				t.Error(err)
			}
		}()
		line := &deadLine{up: time.Now().Add(30 * 24 * time.Hour), office: o.Handler(), cert: certificateOf(t, b.identity)}
		b.line = func(http.RoundTripper) http.RoundTripper { return line }
		b.connect()
		for range 30 {
			b.sell(0, 500)
			time.Sleep(24 * time.Hour)
		}
		time.Sleep(longestWait + time.Minute)
		synctest.Wait()
		b.disconnect()
		if line.longest > longestWait || line.asked < 30*24*12 {
			t.Errorf("asked %d times, the longest pause was %v", line.asked, line.longest)
		}
		sameLog(t, o, b)
		if own := b.log(); len(own) != 59 { // thirty sales, and the close of every day but the last
			t.Errorf("the store has %d entries", len(own))
		}
		t.Logf("asked %d times in 30 days, longest pause %v", line.asked, line.longest)
	})
}

// deadLine answers 503 until it is up, and notes how long nobody asked for a session.
type deadLine struct {
	up      time.Time
	office  http.Handler
	cert    *x509.Certificate
	last    time.Time
	longest time.Duration
	asked   int
}

func (l *deadLine) RoundTrip(r *http.Request) (*http.Response, error) {
	if time.Now().Before(l.up) {
		if r.URL.Path != "/v1/feed" {
			if l.asked++; !l.last.IsZero() {
				l.longest = max(l.longest, time.Since(l.last))
			}
			l.last = time.Now()
		}
		return answer(r, wire.NewProblem(wire.CodeUnavailable, "deploying")), nil
	}
	rec := httptest.NewRecorder()
	r = r.Clone(r.Context())
	r.TLS = &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{l.cert}}}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	l.office.ServeHTTP(rec, r)
	return rec.Result(), nil
}

func certificateOf(t *testing.T, id *store.Identity) *x509.Certificate {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(id.Path(store.CertFile), id.Path(store.KeyFile))
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf
}

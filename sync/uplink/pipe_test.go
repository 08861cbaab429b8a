package uplink

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"loyaltill/agent/loyalty"
	"loyaltill/sync/headoffice"
)

// fate is what becomes of one request and its answer.
type fate string

const (
	lost       fate = "request lost"
	unanswered fate = "answer lost"
	cutShort   fate = "answer cut short"
	doubled    fate = "request doubled"
	stale      fate = "the answer before comes once more" // and the request never arrives
	mixedUp    fate = "an old answer comes instead"       // and the request arrives
	oldAgain   fate = "an old request comes first"
	slow       fate = "answer late" // so that answers come in another order than they were asked for
)

func fates() []fate {
	return []fate{lost, unanswered, cutShort, doubled, stale, mixedUp, oldAgain, slow}
}

// trouble is a fate with how long an answer is held.
type trouble struct {
	fate
	hold time.Duration
}

// said is an answer, which may be given more than once.
type said struct {
	status int
	header http.Header
	body   []byte
}

func (s *said) response() *http.Response {
	return &http.Response{StatusCode: s.status, Header: s.header.Clone(), Body: io.NopCloser(bytes.NewReader(s.body)), ProtoMajor: 1, ProtoMinor: 1}
}

// pipe carries a store's requests to head office's own handler. What happens to them is drawn beforehand, for the feed and for all else apart:
// the two go on beside each other.
type pipe struct {
	cert *x509.Certificate

	mu     sync.Mutex
	office http.Handler
	cut    bool
	next   [2][]trouble
	old    []*http.Request    // batches
	said   map[string][]*said // of each path
	met    map[fate]int
}

var errCut = errors.New("the line is cut")

func (p *pipe) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	now, before, err := p.draw(r)
	if err != nil {
		return nil, err
	}
	switch now.fate {
	case lost:
		return nil, errCut
	case stale:
		return before.response(), nil
	case doubled:
		p.ask(r)
	case oldAgain:
		p.ask(p.anOld(r))
	}
	answer := p.ask(r)
	if err := sleep(r.Context(), now.hold); err != nil {
		return nil, err
	}
	switch now.fate {
	case unanswered:
		return nil, errCut
	case mixedUp:
		return before.response(), nil
	case cutShort:
		answer = &said{answer.status, answer.header, answer.body[:len(answer.body)/2]}
	}
	return answer.response(), nil
}

// draw takes what is to happen next, and the answer that stale or mixedUp gives again.
func (p *pipe) draw(r *http.Request) (now trouble, before *said, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut {
		return now, nil, errCut
	}
	side := 0
	if r.URL.Path == "/v1/feed" {
		side = 1
	}
	if len(p.next[side]) > 0 {
		now, p.next[side] = p.next[side][0], p.next[side][1:]
	}
	switch all := p.said[r.URL.Path]; {
	case now.fate != stale && now.fate != mixedUp:
	case len(all) == 0:
		now.fate = lost
	case now.fate == stale:
		before = all[len(all)-1]
	default:
		before = all[len(all)/2]
	}
	p.met[now.fate]++
	return now, before, nil
}

// anOld is a batch that came long ago, if there is one.
func (p *pipe) anOld(r *http.Request) *http.Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.old) == 0 {
		return r
	}
	return p.old[len(p.old)/2]
}

// ask calls head office's handler as its server would.
func (p *pipe) ask(r *http.Request) *said {
	p.mu.Lock()
	office := p.office
	p.mu.Unlock()
	in := r.Clone(r.Context())
	in.Body, _ = r.GetBody()
	in.TLS = &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{p.cert}}}
	rec := httptest.NewRecorder()
	office.ServeHTTP(rec, in)
	answer := &said{rec.Code, rec.Header(), rec.Body.Bytes()}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.said[r.URL.Path] = append(p.said[r.URL.Path], answer); strings.HasSuffix(r.URL.Path, "/batches") {
		p.old = append(p.old, r.WithContext(context.Background()))
	}
	return answer
}

func (p *pipe) change(fn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fn()
}

// piped is a store that sells while its pipe does what it likes, and what must come of it.
type piped struct {
	t      *testing.T
	office *office
	prog   *loyalty.Programme
	member loyalty.MemberID
	pipe   *pipe
	stores loyalty.StoreID
	box    *box
	sold   int
}

func openPiped(t *testing.T) *piped {
	t.Helper()
	w := &piped{t: t, office: newOffice(t), pipe: &pipe{met: map[fate]int{}}}
	w.office.off()
	w.prog = w.office.publish()
	w.member = w.office.member("6034000000000018")
	w.openOffice()
	return w
}

// begin puts a new store at the end of the pipe.
func (w *piped) begin() {
	w.t.Helper()
	w.closeOffice()
	w.stores++
	w.box = w.office.enrol(w.stores, w.prog)
	w.sold = 0
	w.openOffice()
	w.pipe.change(func() {
		w.pipe.cert, w.pipe.said, w.pipe.old = certificateOf(w.t, w.box.identity), map[string][]*said{}, nil
	})
	w.box.line = func(http.RoundTripper) http.RoundTripper { return w.pipe }
	w.box.connect()
}

func (w *piped) openOffice() {
	w.t.Helper()
	var err error
	if w.office.Office, err = headoffice.OpenOffice(w.t.Context(), w.office.home, w.office.options()); err != nil {
		w.t.Fatal(err)
	}
	w.pipe.change(func() { w.pipe.office = w.office.Handler() })
}

func (w *piped) closeOffice() {
	w.t.Helper()
	if err := w.office.Close(); err != nil {
		w.t.Fatal(err)
	}
}

func (w *piped) sell(r *rapid.T) {
	for range rapid.IntRange(1, 2).Draw(r, "sales") {
		w.box.sell(w.member, rapid.Int64Range(100, 5000).Draw(r, "cents"))
		w.sold++
	}
}

// spoil draws what becomes of the next requests.
func (w *piped) spoil(r *rapid.T) {
	var drawn [2][]trouble
	for range rapid.IntRange(1, 4).Draw(r, "troubles") {
		now := trouble{fate: rapid.SampledFrom(fates()).Draw(r, "fate")}
		if now.fate == slow { // above and below what the store waits for
			now.hold = time.Duration(rapid.IntRange(1, 90).Draw(r, "seconds")) * time.Second
		}
		side := rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(r, "side")
		drawn[side] = append(drawn[side], now)
	}
	w.pipe.change(func() {
		for side, more := range drawn {
			w.pipe.next[side] = append(w.pipe.next[side], more...)
		}
	})
}

func (w *piped) cutOrMend(*rapid.T) { w.pipe.change(func() { w.pipe.cut = !w.pipe.cut }) }

func (w *piped) timePasses(r *rapid.T) {
	time.Sleep(time.Duration(rapid.IntRange(1, 400).Draw(r, "seconds")) * time.Second)
	synctest.Wait()
}

func (w *piped) restart(*rapid.T) {
	w.box.close()
	w.box.open()
	w.box.connect()
}

func (w *piped) post(*rapid.T) {
	if err := w.office.PostAll(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// inOrder is I3 and I4 at any moment: what head office has is the beginning of the store's log, and holds all that it signed for.
func (w *piped) inOrder(r *rapid.T) {
	acked := w.box.status().AckedThrough
	theirs, own := w.office.holds(w.box), w.box.log()
	if len(theirs) > len(own) || int(acked) > len(theirs) || !slices.EqualFunc(theirs, own[:len(theirs)], bytes.Equal) {
		r.Fatalf("the store has %d entries, head office %d and signed for %d", len(own), len(theirs), acked)
	}
}

// settles mends the line: everything arrives, once, and counts once.
func (w *piped) settles(r *rapid.T) {
	w.pipe.change(func() { w.pipe.cut, w.pipe.next = false, [2][]trouble{} })
	time.Sleep(2 * longestWait)
	synctest.Wait()
	w.post(r)
	time.Sleep(2 * feedWait)
	synctest.Wait()
	w.inOrder(r)
	s := w.box.status()
	if s.State != StateInSync || s.Lag != 0 || len(w.office.holds(w.box)) < w.sold {
		r.Fatalf("on a good line: %+v", s)
	}
	report, err := w.office.Report(w.t.Context())
	if err != nil {
		r.Fatal(err)
	}
	shown, err := w.box.db.Balance(w.t.Context(), w.member)
	if err != nil || shown != report.Members[0].Balance || len(report.Cases)+len(report.Differences) > 0 {
		r.Fatalf("the store shows %d points, %v; head office %+v, cases %+v, differences %+v", shown, err, report.Members, report.Cases, report.Differences)
	}
	found, err := w.office.Verify(w.t.Context())
	if err != nil || len(found) > 0 {
		r.Fatalf("verify: %+v, %v", found, err)
	}
}

// Requests and answers are lost, cut, doubled, held, given again and brought in another order while a store sells, its agent starts anew and
// time passes, in every order that is drawn: at any moment head office has the beginning of the store's log, and in the end all of it, once.
// Real uplink, real head office; clock and line are the test's.
func TestWhateverThePipeDoesHeadOfficeHasTheBeginningOfTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC))) // the bubble's clock begins before any programme is in force
		w := openPiped(t)
		defer w.closeOffice()
		rapid.Check(struct{ testing.TB }{t}, func(r *rapid.T) { // a bubble has no deadline to be asked for
			w.begin()
			defer w.box.close()
			r.Repeat(map[string]func(*rapid.T){"sell": w.sell, "sell again": w.sell, "spoil": w.spoil, "cut or mend": w.cutOrMend,
				"time passes": w.timePasses, "restart": w.restart, "post": w.post, "": w.inOrder})
			w.settles(r)
		})
		t.Logf("what became of requests: %v", w.pipe.met)
	})
}

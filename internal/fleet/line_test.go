package fleet

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/sync/wire"
)

// mishap is what a line does to one request.
type mishap string

const (
	lostRequest  mishap = "request lost"
	lostAnswer   mishap = "answer lost"
	twice        mishap = "sent twice"
	late         mishap = "comes again late"
	damaged      mishap = "damaged"
	shortAnswer  mishap = "answer cut short"
	slow         mishap = "slow"
	tooBusy      mishap = "503"
	cut          mishap = "line cut"
	powerCut     mishap = "power cut"
	oldCopy      mishap = "ledger restored"
	forkedCopy   mishap = "ledger restored, sold on"
	officeRaised mishap = "head office restarted"
)

// unheard is no round of news.
const unheard = -1

var errLine = errors.New("the line is down")

// line is one store's way to head office: its requests become calls of head office's handler, under the faults of the moment.
type line struct {
	w     *world
	store loyalty.StoreID
	heard int // the round of news that the store has had; only requests for the feed touch it
	cert  *x509.Certificate
	dice  [2]*rand.Rand // of the feed, and of all other requests: the two go on beside each other

	mu        sync.Mutex
	down      time.Time // until then nothing passes
	refused   time.Time // until then head office is too busy
	faultless bool
	bytesUp   int64
	waiting   map[loyalty.Seq]time.Time // when entries were made that head office does not have
}

func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	fault, pause := l.draw(r)
	if err := l.sleep(r.Context(), pause); err != nil {
		return nil, err
	}
	if isFeed(r) {
		if err := l.listen(r, fault, pause); err != nil {
			return nil, err
		}
	}
	if answer, err := l.shut(fault); answer != nil || err != nil {
		if isFeed(r) {
			l.heard = unheard
		}
		return answer, err
	}
	if fault == damaged && len(body) > 0 {
		body = bytes.Clone(body)
		body[len(body)/2] ^= 0x10
	}
	answer := l.ask(r, body)
	switch fault {
	case twice:
		answer = l.ask(r, body)
	case late:
		l.w.later(func() { l.ask(r.WithContext(context.Background()), body) }, 10*pause+time.Minute)
	case lostAnswer:
		return nil, errLine
	case shortAnswer:
		whole, err := io.ReadAll(answer.Body)
		if err != nil {
			return nil, err
		}
		answer.Body = io.NopCloser(bytes.NewReader(whole[:len(whole)/2]))
	}
	if err := l.sleep(r.Context(), pause); err != nil {
		return nil, err
	}
	return answer, nil
}

func isFeed(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/feed") }

// draw decides what happens to a request and how long it takes each way.
func (l *line) draw(r *http.Request) (mishap, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	dice := l.dice[0]
	if !isFeed(r) {
		dice = l.dice[1]
	}
	pause := time.Millisecond + within(dice, 60*time.Millisecond)
	if roll := dice.Float64(); l.faultless || roll >= l.w.plan.faults {
		return "", pause
	}
	kinds := []mishap{lostRequest, lostAnswer, shortAnswer, slow}
	if strings.HasSuffix(r.URL.Path, "/batches") {
		kinds = append(kinds, twice, late, damaged)
	}
	fault := kinds[dice.IntN(len(kinds))]
	if fault == slow {
		pause += within(dice, 8*time.Second)
	}
	l.w.count(fault)
	return fault, pause
}

func (l *line) sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// shut is what a request meets that does not get through.
func (l *line) shut(fault mishap) (*http.Response, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	switch {
	case fault == lostRequest || now.Before(l.down):
		return nil, errLine
	case now.Before(l.refused):
		rec := httptest.NewRecorder()
		p := wire.NewProblem(wire.CodeUnavailable, "too busy")
		p.RetryAfter = 7 * time.Second
		err := wire.WriteProblem(rec, p)
		return rec.Result(), err
	}
	return nil, nil
}

// block stops the line for a while, by the moment until which it is blocked.
func (l *line) block(until *time.Time, d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if end := time.Now().Add(d); end.After(*until) {
		*until = end
	}
}

// mend makes the line a good one.
func (l *line) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down, l.refused, l.faultless = time.Time{}, time.Time{}, true
}

// spoil gives the line its faults back, when whoever has just begun has asked without them.
func (l *line) spoil() {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faultless = false
}

func (l *line) isDown() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Now().Before(l.down)
}

// listen holds a request for the feed, in place of head office, until there may be news: a round of news for all stores keeps a
// run short and in order.
func (l *line) listen(r *http.Request, fault mishap, pause time.Duration) error {
	q := r.URL.Query()
	wait, err := strconv.Atoi(q.Get("wait"))
	if err != nil {
		return err
	}
	q.Set("wait", "0")
	r.URL.RawQuery = q.Encode()
	if round, next := l.w.news(); wait > 0 && l.heard == round {
		timer := time.NewTimer(time.Duration(wait) * time.Second)
		defer timer.Stop()
		select {
		case <-next:
		case <-timer.C:
		case <-r.Context().Done():
			return r.Context().Err()
		}
		// No two stores go on at the same instant: their order would be anybody's.
		if err := l.sleep(r.Context(), pause); err != nil {
			return err
		}
	}
	if l.heard, _ = l.w.news(); fault != "" {
		l.heard = unheard // the answer may not arrive
	}
	return nil
}

// ask calls head office's handler as its server would.
func (l *line) ask(r *http.Request, body []byte) *http.Response {
	in := r.Clone(r.Context())
	in.Body, in.ContentLength, in.RequestURI = io.NopCloser(bytes.NewReader(body)), int64(len(body)), r.URL.RequestURI()
	in.TLS = &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{l.cert}}}
	rec := httptest.NewRecorder()
	if l.w.plan.bug.hidesRows() {
		in.Header.Del("Accept-Encoding")
	}
	l.w.serve(rec, in)
	l.w.plan.bug.hideRows(rec)
	answer := rec.Result()
	if strings.HasSuffix(r.URL.Path, "/batches") {
		l.told(rec, len(body))
	}
	return answer
}

// told notes what head office has by now, for the figures.
func (l *line) told(rec *httptest.ResponseRecorder, size int) {
	var accepted wire.Accepted
	if rec.Code != http.StatusOK || json.Unmarshal(rec.Body.Bytes(), &accepted) != nil {
		return
	}
	l.w.arrived()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bytesUp += int64(size)
	for seq, at := range l.waiting {
		if seq <= accepted.AcceptedThrough {
			l.w.lag(l.store, at, time.Now())
			delete(l.waiting, seq)
		}
	}
}

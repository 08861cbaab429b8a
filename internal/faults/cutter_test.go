//go:build linux

package faults

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"loyaltill/store"
	"loyaltill/sync/uplink"
)

// fate is what becomes of one request and its answer.
type fate int

const (
	arrives    fate = iota
	lost            // the request never comes
	unanswered      // head office acts, the answer is lost
	doubled         // the request comes twice
	late            // an old request comes once more, after newer ones
	cutShort        // half of the answer comes
	fates
)

func (f fate) String() string {
	return [...]string{"arrives", "request lost", "answer lost", "request doubled", "old request once more", "answer cut short"}[f]
}

const (
	maxRequest  = 8 << 20
	keptBatches = 20 // old requests that may come once more
)

// cutter stands between a store and head office and meddles with whole requests and answers: it has the keys of both.
type cutter struct {
	url      string
	upstream string
	next     *http.Transport

	mu     sync.Mutex
	choose func(*http.Request) fate
	old    []*http.Request
	counts map[fate]int
}

// newCutter serves until the test has ended.
func newCutter(t testing.TB, headOffice, identity string) *cutter {
	t.Helper()
	id, err := store.LoadIdentity(identity)
	if err != nil {
		t.Fatal(err)
	}
	config, err := uplink.TLSConfig(id, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(headOffice, "keys")
	pair, err := tls.LoadX509KeyPair(filepath.Join(keys, "server.cert.pem"), filepath.Join(keys, "server.key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{upstream: id.HeadOffice, counts: map[fate]int{}, next: &http.Transport{TLSClientConfig: config, DisableCompression: true},
		choose: func(*http.Request) fate { return arrives }}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.url = "https://" + listener.Addr().String()
	server := &http.Server{Handler: c, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0),
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAnyClientCert}}
	done := make(chan error, 1)
	go func() { done <- server.ServeTLS(listener, "", "") }()
	t.Cleanup(func() {
		c.next.CloseIdleConnections()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return c
}

// decide sets what becomes of requests from now on.
func (c *cutter) decide(choose func(*http.Request) fate) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.choose = choose
}

// deck deals the fates: each once in a while, in an order that follows from the seed, and every other request arrives. Only what
// changes something at head office comes twice.
func deck(seed uint64) func(*http.Request) fate {
	random := rand.New(rand.NewPCG(seed, 5)) // called under the cutter's lock
	var cards []fate
	return func(r *http.Request) fate {
		if len(cards) == 0 {
			for f := arrives + 1; f < fates; f++ {
				cards = append(cards, arrives, f)
			}
			random.Shuffle(len(cards), func(i, j int) { cards[i], cards[j] = cards[j], cards[i] })
		}
		i := len(cards) - 1
		for i > 0 && r.Method == http.MethodGet && (cards[i] == doubled || cards[i] == late) {
			i--
		}
		f := cards[i]
		cards = slices.Delete(cards, i, i+1)
		return f
	}
}

// all says that every fate has happened.
func (c *cutter) all() bool { return len(c.counted()) == int(fates) }

func (c *cutter) counted() map[fate]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.counts)
}

func (c *cutter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		panic(http.ErrAbortHandler) // the store is gone
	}
	f, again := c.fateOf(r, body)
	if f == lost {
		panic(http.ErrAbortHandler)
	}
	if f == doubled {
		c.forward(r.Context(), r, body)
	}
	resp, answer := c.forward(r.Context(), r, body)
	if again != nil { // nobody waits for this answer
		old, _ := again.GetBody()
		content, _ := io.ReadAll(old)
		c.forward(r.Context(), again, content)
	}
	if resp == nil || f == unanswered {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), resp.Header)
	w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
	w.WriteHeader(resp.StatusCode)
	if f == cutShort {
		_, _ = w.Write(answer[:len(answer)/2])
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(answer)
}

// fateOf draws, and finds an old request for those that come late.
func (c *cutter) fateOf(r *http.Request, body []byte) (f fate, again *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f = c.choose(r)
	if f == late {
		if len(c.old) == 0 {
			f = arrives
		} else {
			again = c.old[len(c.old)/2]
		}
	}
	c.counts[f]++
	if strings.HasSuffix(r.URL.Path, "/batches") {
		kept := r.Clone(context.Background())
		kept.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		c.old = append(c.old, kept)
		c.old = c.old[max(0, len(c.old)-keptBatches):]
	}
	return f, again
}

// forward asks head office; nothing when it does not answer.
func (c *cutter) forward(ctx context.Context, r *http.Request, body []byte) (*http.Response, []byte) {
	out, err := http.NewRequestWithContext(ctx, r.Method, c.upstream+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return nil, nil
	}
	out.Header = r.Header.Clone()
	resp, err := c.next.RoundTrip(out)
	if err != nil {
		return nil, nil
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, nil
	}
	return resp, answer
}

// throughCutter puts a cutter between the agent and head office.
func (s *till) throughCutter(t testing.TB) *cutter {
	t.Helper()
	c := newCutter(t, s.HeadOfficeDir(), s.Identity)
	s.stop(t)
	pointAt(t, s.Identity, c.url)
	s.start(t)
	return c
}

// Every second request or answer is lost, doubled, late or cut while a store uploads to the real head office. Everything arrives
// once.
func TestLostDoubledLateAndCutAnswersChangeNothing(t *testing.T) {
	t.Parallel()
	s := openTill(t, nil)
	s.stop(t)
	c := newCutter(t, s.HeadOfficeDir(), s.Identity)
	c.decide(deck(*seedFlag))
	b := openBox(t, s.Identity, c.url, time.Now)
	status := b.connect(t)
	const mostSales = 200
	for n := 0; n < mostSales && !c.all(); n++ {
		b.post(t)
		waitFor(t, "the upload", func() (bool, string) { st := status(); return st.Lag == 0, st.Detail })
	}
	if !c.all() {
		t.Errorf("not everything happened: %v", c.counted())
	}
	head, err := b.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "posting", func() (bool, string) {
		held := s.books(t)
		return held.Stores[0].Epochs[0].Posted == head.Seq, fmt.Sprintf("%+v", held)
	})
	if held := s.books(t); held.Stores[0].Epochs[0].Seq != head.Seq || held.Members[0].Balance != salePoints*head.Seq || held.Sum != 0 || len(held.Cases) > 0 {
		t.Errorf("the store has %d entries, head office %+v", head.Seq, held)
	}
	t.Logf("seed %d: %d entries, %v", *seedFlag, head.Seq, c.counted())
}

// Head office commits a batch and dies before its answer is out, again and again. The store sends it again to the head office
// that is started anew, and it counts once.
func TestHeadOfficeThatDiesBetweenCommitAndAnswerTakesEachBatchOnce(t *testing.T) {
	t.Parallel()
	s := openTill(t, nil)
	c := s.throughCutter(t)
	const deaths = 5
	for range deaths {
		committed := make(chan struct{})
		var once sync.Once
		c.decide(func(r *http.Request) fate {
			if strings.HasSuffix(r.URL.Path, "/batches") {
				once.Do(func() { close(committed) })
				return unanswered
			}
			return arrives
		})
		s.sellMany(t, 2)
		select {
		case <-committed:
		case <-time.After(syncLimit):
			t.Fatal("the agent never sent the batch")
		}
		sold := s.entries(t)
		waitFor(t, "the commit that nobody is told of", func() (bool, string) {
			held := s.books(t)
			return held.Stores[0].Epochs[0].Seq == sold, fmt.Sprintf("%+v", held)
		})
		s.HeadOffice.Kill()
		c.decide(func(*http.Request) fate { return arrives })
		if err := s.StartHeadOffice(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.synced(t)
	}
	t.Logf("%d deaths, %v, %+v", deaths, c.counted(), s.nothingLost(t))
}

// entries is how many the store has.
func (s *till) entries(t testing.TB) int64 {
	t.Helper()
	var st struct{ Sync struct{ Head int64 } }
	if err := s.API.Do(t.Context(), "GET", "/v1/status", nil, &st); err != nil {
		t.Fatal(err)
	}
	return st.Sync.Head
}

// Head office is put back to a copy from before the last sales. The store has them still, sends them again, and both agree.
func TestAHeadOfficeRestoredFromAnOlderCopyIsFilledAgainByItsStores(t *testing.T) {
	t.Parallel()
	s := openTill(t, nil)
	s.sellMany(t, 3)
	s.synced(t)
	if err := s.HeadOffice.Stop(); err != nil {
		t.Fatal(err)
	}
	older := filepath.Join(t.TempDir(), "older")
	copyTree(t, s.HeadOfficeDir(), older)
	if err := s.StartHeadOffice(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.sellMany(t, 4)
	s.synced(t)
	if err := s.HeadOffice.Stop(); err != nil {
		t.Fatal(err)
	}
	replaceTree(t, s.HeadOfficeDir(), older)
	if err := s.StartHeadOffice(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.sellMany(t, 1)
	t.Logf("%+v", s.nothingLost(t)) // which waits for the feed: what came down after the copy is not kept for true
}

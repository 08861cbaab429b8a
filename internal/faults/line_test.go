//go:build linux

package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"loyaltill/agent/loyalty"
	"loyaltill/sync/wire"
)

// line is a proxy between a store and head office that can be poisoned.
type line struct{ *toxiproxy.Proxy }

func newLine(t testing.TB, upstream string) *line {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	l := &line{toxiproxy.NewProxy(server, "line", "127.0.0.1:0", upstream)}
	if err := l.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Stop)
	return l
}

func (l *line) url() string { return "https://" + l.Listen }

// toxic is one way in which a line is bad.
type toxic struct {
	name       string
	attributes map[string]int64
	reply      reply
}

func toxics() []toxic {
	return []toxic{
		{"latency", map[string]int64{"latency": 30, "jitter": 20}, repliesLate},
		{"bandwidth", map[string]int64{"rate": 64}, repliesLate},                                         // kB a second
		{"slicer", map[string]int64{"average_size": 90, "size_variation": 40, "delay": 50}, repliesLate}, // bytes, microseconds
		{"slow_close", map[string]int64{"delay": 30}, repliesLate},
		{"limit_data", map[string]int64{"bytes": 2500}, repliesOrNot}, // in the middle of a request, or of an answer
		{"reset_peer", map[string]int64{"timeout": 0}, repliesOrNot},
		{"timeout", map[string]int64{"timeout": 40}, repliesOrNot}, // nothing passes, then the line closes
	}
}

func (l *line) poison(t testing.TB, x toxic, stream string) {
	t.Helper()
	doc, err := json.Marshal(map[string]any{"name": "bad", "type": x.name, "stream": stream, "attributes": x.attributes})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Toxics.AddToxicJson(strings.NewReader(string(doc))); err != nil {
		t.Fatal(err)
	}
}

// endpoint is one thing that a store asks of head office. It gives head office's head as far as the answer tells it, else -1.
type endpoint struct {
	name string
	ask  func(context.Context, *testing.T, *box) (loyalty.Seq, error)
}

func endpoints() []endpoint {
	return []endpoint{
		{"sessions", func(ctx context.Context, t *testing.T, b *box) (loyalty.Seq, error) {
			a, err := b.hello(ctx, b.client)
			if err == nil && a.Verdict != wire.VerdictAhead && a.Verdict != wire.VerdictInSync {
				t.Errorf("verdict %s", a.Verdict)
			}
			return a.Head.Seq, err
		}},
		{"batches", func(ctx context.Context, t *testing.T, b *box) (loyalty.Seq, error) {
			a, err := b.client.Push(ctx, b.batch(t, 1, wire.MaxBatchEntries))
			return a.AcceptedThrough, err
		}},
		{"entries", func(ctx context.Context, t *testing.T, b *box) (loyalty.Seq, error) {
			got, err := b.client.Entries(ctx, wire.EntriesQuery{Store: b.Store(), Epoch: b.Epoch(), From: 1, Limit: 5})
			if err != nil {
				return -1, err
			}
			if want := b.batch(t, 1, 5); got.Head != want.Head || len(got.Bodies) != 5 {
				t.Errorf("entries came back as others")
			}
			return -1, nil
		}},
		{"feed", func(ctx context.Context, t *testing.T, b *box) (loyalty.Seq, error) {
			page, err := b.client.Feed(ctx, wire.FeedQuery{Store: b.Store(), Limit: wire.MaxFeedRows})
			if err == nil && (len(page.Rows) == 0 || !page.UpToDate) {
				t.Errorf("the feed is %+v", page)
			}
			return -1, err
		}},
	}
}

// lineFault is a toxic in one direction, or the line cut.
type lineFault struct {
	name       string
	reply      reply
	begin, end func()
}

// reply is whether a store gets its answer over a bad line.
type reply int

const (
	repliesLate reply = iota // it only takes longer
	repliesOrNot
	repliesNot
)

func (l *line) faults(t testing.TB) []lineFault {
	all := []lineFault{{"cut", repliesNot, l.Stop, func() {
		if err := l.Start(); err != nil {
			t.Fatal(err)
		}
	}}}
	for _, x := range toxics() {
		for _, stream := range []string{"upstream", "downstream"} {
			all = append(all, lineFault{x.name + " " + stream, x.reply, func() { l.poison(t, x, stream) },
				func() { l.Toxics.ResetToxics(context.Background()) }})
		}
	}
	return all
}

// asker is a store that asks head office over a line that may be bad.
type asker struct {
	*box
	t    *testing.T
	held loyalty.Seq // what head office last said that it has
}

// ask opens a connection of its own: what the last fault left of one is gone.
func (a *asker) ask(e endpoint) error {
	a.client.Close()
	ctx, cancel := context.WithTimeout(a.t.Context(), syncLimit)
	defer cancel()
	seq, err := e.ask(ctx, a.t, a.box)
	if err != nil {
		return fmt.Errorf("%s: %w", e.name, err)
	}
	if seq >= 0 && seq < a.held {
		a.t.Errorf("%s: head office is back at %d, it had %d", e.name, seq, a.held)
	}
	a.held = max(a.held, seq)
	return nil
}

// askAll wants every answer, on a good line, and that head office has all that the store has.
func (a *asker) askAll(after string) {
	a.t.Helper()
	for _, e := range endpoints() {
		if err := a.ask(e); err != nil {
			a.t.Fatalf("after %s: %v", after, err)
		}
	}
	if head, err := a.Head(a.t.Context()); err != nil || int64(a.held) != head.Seq {
		a.t.Fatalf("after %s: head office has %d entries, the store %+v, %v", after, a.held, head, err)
	}
}

// Each way in which a line is bad, in each direction, on each thing that a store asks: the answer is right or there is none,
// and what head office holds is a part of the store's log that only grows.
func TestEveryFaultOfTheLineOnEveryEndpoint(t *testing.T) {
	t.Parallel()
	shop := openShop(t, nil)
	if err := shop.Agent.Stop(); err != nil {
		t.Fatal(err)
	}
	l := newLine(t, strings.TrimPrefix(identityURL(t, shop.Identity), "https://"))
	a := &asker{box: openBox(t, shop.Identity, l.url(), time.Now), t: t}
	for range 5 {
		a.post(t)
	}
	a.askAll("nothing yet")
	answered, failed := 0, 0
	for _, f := range l.faults(t) {
		for _, e := range endpoints() {
			a.post(t)
			f.begin()
			err := a.ask(e)
			f.end()
			if err == nil {
				answered++
			} else {
				failed++
			}
			if err != nil && f.reply == repliesLate || err == nil && f.reply == repliesNot {
				t.Errorf("%s: %v", f.name, err)
			}
		}
		a.askAll(f.name)
	}
	t.Logf("%d calls answered, %d failed, %d entries", answered, failed, a.held)
	if out, err := shop.Run(t.Context(), "headoffice", "verify", "--dir", shop.HeadOfficeDir()); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

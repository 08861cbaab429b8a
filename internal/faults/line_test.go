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
}

func toxics() []toxic {
	return []toxic{
		{"latency", map[string]int64{"latency": 30, "jitter": 20}},
		{"bandwidth", map[string]int64{"rate": 64}},                                         // kB a second
		{"slicer", map[string]int64{"average_size": 90, "size_variation": 40, "delay": 50}}, // bytes, microseconds
		{"slow_close", map[string]int64{"delay": 30}},
		{"limit_data", map[string]int64{"bytes": 2500}}, // in the middle of a request, or of an answer
		{"reset_peer", map[string]int64{"timeout": 0}},
		{"timeout", map[string]int64{"timeout": 40}}, // nothing passes, then the line closes
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

// Each way in which a line is bad, in each direction, on each thing that a store asks: the answer is right or there is none,
// and what head office holds is a part of the store's log that only grows.
func TestEveryFaultOfTheLineOnEveryEndpoint(t *testing.T) {
	t.Parallel()
	shop := openShop(t, nil)
	if err := shop.Agent.Stop(); err != nil {
		t.Fatal(err)
	}
	straight := openBox(t, shop.Identity, "", time.Now)
	l := newLine(t, strings.TrimPrefix(straight.id.HeadOffice, "https://"))
	b := openBox(t, shop.Identity, l.url(), time.Now)
	for range 5 {
		b.post(t)
	}
	held := loyalty.Seq(0)
	clean := func(e endpoint) {
		t.Helper()
		b.client.Close() // whatever the fault left of the connection
		ctx, cancel := context.WithTimeout(t.Context(), syncLimit)
		defer cancel()
		seq, err := e.ask(ctx, t, b)
		if err != nil {
			t.Fatalf("on a good line: %v", err)
		}
		held = max(held, seq)
	}
	for _, e := range endpoints() {
		clean(e)
	}
	answeredCalls, failed := 0, 0
	for _, x := range append(toxics(), toxic{name: "cut"}) {
		for _, stream := range []string{"upstream", "downstream"} {
			for _, e := range endpoints() {
				b.post(t)
				b.client.Close()
				if x.name == "cut" {
					l.Stop()
				} else {
					l.poison(t, x, stream)
				}
				seq, err := askBriefly(t, e, b)
				if x.name == "cut" {
					if err := l.Start(); err != nil {
						t.Fatal(err)
					}
				} else {
					l.Toxics.ResetToxics(context.Background())
				}
				if err != nil {
					failed++
				} else if answeredCalls++; seq >= 0 && seq < held {
					t.Errorf("%s, %s, %s: head office is back at %d, it had %d", x.name, stream, e.name, seq, held)
				}
				held = max(held, seq)
			}
			for _, e := range endpoints() {
				clean(e)
			}
			if head, err := b.Head(t.Context()); err != nil || int64(held) != head.Seq {
				t.Fatalf("%s, %s: head office has %d entries, the store %+v, %v", x.name, stream, held, head, err)
			}
		}
	}
	t.Logf("%d calls answered, %d failed, %d entries", answeredCalls, failed, held)
	if failed == 0 || answeredCalls == 0 {
		t.Error("the test shows nothing")
	}
	if out, err := shop.Run(t.Context(), "headoffice", "verify", "--dir", shop.HeadOfficeDir()); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// askBriefly does not wait for ever on a line that may be dead.
func askBriefly(t *testing.T, e endpoint, b *box) (loyalty.Seq, error) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	seq, err := e.ask(ctx, t, b)
	if err != nil {
		return -1, fmt.Errorf("%s: %w", e.name, err)
	}
	return seq, nil
}

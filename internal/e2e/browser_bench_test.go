package e2e

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/rs/zerolog"

	"loyaltill/devices/reader"
	"loyaltill/internal/i18n"
	"loyaltill/internal/stage"
)

// shellFiles are what the till page names: it can be used once they are here.
var shellFiles = regexp.MustCompile(`(?:src|href)="([^"]+)"`)

// watchCard notes when the first sign of a card, and then its member, has been drawn, by the machine's clock.
const watchCard = `(() => {
  window.drawn = {};
  const note = (what) => requestAnimationFrame(() => requestAnimationFrame(() => { window.drawn[what] ??= performance.timeOrigin + performance.now() }));
  new MutationObserver(() => {
    const known = document.querySelector('.member.known');
    if (known || document.querySelector('.member.reading')) note('answer');
    if (known) note('member');
  }).observe(document.body, { subtree: true, childList: true, attributes: true });
})()`

// BenchmarkTillPage measures the till page in Chromium, against the agent with a simulated card: what it loads, how long until
// something is painted, how long from PC/SC's event for a card, as another program gets it, to the first sign of it on the screen, and
// to its member.
func BenchmarkTillPage(b *testing.B) {
	shop := openShop(b, nil)
	rd := watchReader(b, shop)
	p := browseIn(b, i18n.English, shop.API.Base, shop.TillPage())
	p.until("the entry line", `document.activeElement?.id === 'entry'`)
	took := map[string][]float64{}
	for b.Loop() {
		p.do(chromedp.Reload())
		p.until("the entry line", `document.activeElement?.id === 'entry'`)
		p.until("the first paint", `performance.getEntriesByName('first-contentful-paint').length > 0`)
		took["paint"] = append(took["paint"], p.number(`performance.getEntriesByName('first-contentful-paint')[0].startTime`))
		p.eval(watchCard)
		must(b, shop.Insert(b.Context(), 1, "liga"))
		put := putIn(b, rd)
		p.until("the member", `window.drawn.member`)
		for _, what := range [...]string{"answer", "member"} {
			took[what] = append(took[what], p.number(`window.drawn.`+what)-float64(put.UnixMicro())/1e3)
		}
		must(b, shop.Remove(b.Context(), 1), shop.API.Do(b.Context(), "DELETE", "/v1/lanes/1/member", nil, nil))
		p.until("nobody", `document.querySelector('.member.none')`)
	}
	b.ReportMetric(float64(shellBytes(b, shop.API.Base)), "shell-B")
	for what, ms := range took {
		slices.Sort(ms)
		b.ReportMetric(ms[len(ms)/2], what+"-p50-ms")
		b.ReportMetric(ms[len(ms)-1], what+"-max-ms")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	b.ReportMetric(float64(len(p.foreign)), "foreign-requests")
}

var configuredReader = regexp.MustCompile(`reader = \{ name = '([^']+)' \}`)

// watchReader watches the shop's one reader beside the agent.
func watchReader(b *testing.B, shop *stage.Shop) *reader.Reader {
	b.Helper()
	config, err := os.ReadFile(shop.AgentConfig())
	must(b, err)
	name := configuredReader.FindSubmatch(config)
	if name == nil {
		b.Skipf("no PC/SC here, whose event this measures: %s", shop.CardPath)
	}
	service := reader.NewService(zerolog.Nop(), time.Now)
	r, err := service.Reader(reader.Selector{Name: string(name[1])})
	must(b, err)
	ctx, stop := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- service.Run(ctx) }()
	b.Cleanup(func() {
		stop()
		<-ended // with its context
	})
	return r
}

// putIn is when PC/SC told of a card.
func putIn(b *testing.B, r *reader.Reader) time.Time {
	b.Helper()
	limit := time.After(seenWithin)
	for {
		select {
		case e := <-r.Events():
			if e.Present {
				return e.At
			}
		case <-limit:
			b.Fatalf("PC/SC tells of no card: %+v", r.Health())
		}
	}
}

func (p *tillPage) number(expression string) float64 {
	p.t.Helper()
	n, err := chromedp.Run(p.ctx, chromedp.Evaluate[float64](expression))
	must(p.t, err)
	return n
}

// shellBytes is what the till page loads before it can be used, gzipped.
func shellBytes(b *testing.B, base string) int {
	b.Helper()
	page := zippedFrom(b, base+"/till/")
	total := page.zipped
	for _, file := range shellFiles.FindAllSubmatch(page.body, -1) {
		total += zippedFrom(b, base+string(file[1])).zipped
	}
	return total
}

type fetched struct {
	body   []byte
	zipped int
}

func zippedFrom(b *testing.B, address string) fetched {
	b.Helper()
	resp, err := http.Get(address)
	must(b, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(b, err)
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	must(b, err)
	_, err = w.Write(body)
	must(b, err, w.Close())
	return fetched{body, out.Len()}
}

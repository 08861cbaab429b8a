package e2e

import (
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

const (
	pageSources   = "../web/pages/shared"
	goldenFigures = "../i18n/testdata/figures.json"
)

// goldenPage loads what the pages write figures with, and says which rows of the golden table come out otherwise than on paper.
const goldenPage = `<!doctype html><html lang="en"><title>figures</title><script type="module">
	import { differing, TABLES } from './golden';
	const golden = await (await fetch('./figures.json')).json();
	const rows = TABLES.reduce((sum, table) => sum + golden[table].length, 0);
	const wrong = TABLES.flatMap((table) => differing(golden, table).map((r) => table + ' ' + JSON.stringify(r)));
	window.held = { rows, wrong: wrong.join('\n') };
</script>`

// TestABrowserWritesFiguresAsOnPaper holds Chromium's money, points, quantities, rates, dates and plurals in all languages against
// the table that the paper and the pages' own tests are held against.
func TestABrowserWritesFiguresAsOnPaper(t *testing.T) {
	chromium(t)
	modules := t.TempDir()
	var sources []string
	for _, name := range []string{"format", "catalogue", "golden"} {
		sources = append(sources, filepath.Join(pageSources, name+".ts"))
	}
	cmd := exec.Command(peersNode(t), append([]string{filepath.Join(peersDir, "page-modules.mjs"), modules}, sources...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(goldenPage)) // a browser that went away fails the test below
	})
	mux.HandleFunc("GET /figures.json", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, goldenFigures) })
	mux.HandleFunc("GET /{module}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		http.ServeFile(w, r, filepath.Join(modules, filepath.Base(r.PathValue("module"))))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)

	p := browse(t, server.URL, server.URL+"/")
	p.until("the table", `window.held`)
	rows, err := chromedp.Run(p.ctx, chromedp.Evaluate[int](`window.held.rows`))
	must(t, err)
	wrong, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`window.held.wrong`))
	must(t, err)
	if rows == 0 || wrong != "" {
		t.Errorf("of %d rows Chromium writes otherwise than the paper:\n%s", rows, wrong)
	}
	t.Logf("%d rows", rows)
}

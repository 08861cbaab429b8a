package main

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"
)

const (
	headerTimeout = 5 * time.Second
	closeTimeout  = 3 * time.Second
	maxHeader     = 16 << 10
)

var errNotLoopback = errors.New("only loopback addresses are served: a simulator does whatever it is asked")

// loopbackOnly refuses an address that others could reach.
func loopbackOnly(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	if !isLoopback(host) {
		return fmt.Errorf("%s: %w", address, errNotLoopback)
	}
	return nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// guard keeps the pages of other sites out: by origin, and by host name against DNS rebinding.
func guard(h http.Handler) http.Handler {
	sameOrigin := http.NewCrossOriginProtection().Handler(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		if !isLoopback(host) {
			http.Error(w, "this interface is for this machine only", http.StatusMisdirectedRequest)
			return
		}
		sameOrigin.ServeHTTP(w, r)
	})
}

func (b *bench) handler() http.Handler {
	mux := http.NewServeMux()
	printers := b.printers.Handler()
	for _, path := range []string{"/printers", "/printers/", "/paper", "/paper/"} {
		mux.Handle(path, printers)
	}
	if b.cards != nil {
		cards := b.cards.Handler()
		for _, path := range []string{"/cards", "/cards/", "/readers", "/readers/", "/bench", "/bench/", "/openapi.json"} {
			mux.Handle(path, cards)
		}
	}
	mux.HandleFunc("GET /{$}", b.landing)
	return mux
}

// device is one row of the landing page.
type device struct{ Name, Place string }

func devices(places map[string]string) []device {
	rows := make([]device, 0, len(places))
	for _, name := range slices.Sorted(maps.Keys(places)) {
		rows = append(rows, device{name, places[name]})
	}
	return rows
}

func (b *bench) landing(w http.ResponseWriter, _ *http.Request) {
	page := template.Must(template.New("landing").Parse(landingPage))
	var text bytes.Buffer
	err := page.Execute(&text, map[string]any{
		"Printers": devices(b.printers.Devices()), "Readers": devices(b.readers), "Cards": b.cards != nil,
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'")
	_, _ = w.Write(text.Bytes()) // a browser that is gone needs no page
}

const landingPage = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Simulated devices</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; background: #fff }
table { border-collapse: collapse; width: 100% }
th, td { text-align: start; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #ccc; vertical-align: top }
code { font-family: ui-monospace, monospace }
</style></head><body>
<h1>Simulated devices</h1>
<h2>Printers</h2>
{{if .Printers}}<table>
<tr><th scope="col">Name</th><th scope="col">A host opens</th><th scope="col">Look at</th></tr>
{{range .Printers}}<tr><td>{{.Name}}</td><td><code>{{.Place}}</code></td>
<td><a href="/printers/{{.Name}}">state</a> · <a href="/printers/{{.Name}}/paper.png">paper</a> ·
<a href="/printers/{{.Name}}/paper.txt">paper as text</a> · <a href="/printers/{{.Name}}/sheets">sheets</a> ·
<a href="/printers/{{.Name}}/journal">journal</a></td></tr>
{{end}}</table>
<p><a href="/paper">See the paper come out, open covers, plan faults</a> · <a href="/printers">printers</a> as JSON ·
<a href="/printers/openapi.json">description</a></p>{{else}}<p>There is no printer.</p>{{end}}
<h2>Card readers</h2>
{{if .Readers}}<table>
<tr><th scope="col">Name</th><th scope="col">A host connects to</th></tr>
{{range .Readers}}<tr><td>{{.Name}}</td><td><code>{{.Place}}</code></td></tr>
{{end}}</table>{{else}}<p>There is no reader.</p>{{end}}
{{if .Cards}}<p><a href="/bench">Move cards, press keys, arm faults</a> · <a href="/readers">readers</a> and <a href="/cards">cards</a> as JSON ·
<a href="/openapi.json">description</a></p>{{end}}
</body></html>
`

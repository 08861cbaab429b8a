package web

import (
	"embed"
	"encoding/json"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"

	"loyaltill/internal/i18n"
)

// built is what `make web` makes of the sources in pages. It is committed, so that building the product needs no Node.
//
//go:embed all:dist
var built embed.FS

// These begin the keys of texts that only one page says.
const (
	manager = "manager."
	setup   = "setup."
	display = "display."
)

// told begins the keys of what the agent itself puts into sentences.
const told = "change."

// Pages serves the till page under /till/, the manager page under /manager/ and the customer's display under /display/, the files that
// they load, and the texts of each language.
func Pages() http.Handler {
	s := site{}
	mux := http.NewServeMux()
	s.page("till", not(manager, setup, display, told))
	s.page("manager", not(display, told))
	s.page("display", func(key string) bool { return strings.HasPrefix(key, display) })
	for _, name := range [...]string{"till", "manager"} {
		mux.Handle("GET /"+name, http.RedirectHandler("/"+name+"/", http.StatusFound))
	}
	mux.HandleFunc("GET /display", func(w http.ResponseWriter, r *http.Request) { // with the lane; what stands behind # goes along
		http.Redirect(w, r, "/display/?"+r.URL.RawQuery, http.StatusFound)
	})
	s.assets()
	mux.Handle("GET /{$}", http.RedirectHandler("/till/", http.StatusFound))
	mux.Handle("GET /", s)
	return guarded(mux)
}

// SetupPages serves the setup page under /setup/, for an agent that has no configuration yet; other pages lead to it.
func SetupPages() http.Handler {
	s := site{}
	mux := http.NewServeMux()
	s.page("setup", not(display, told))
	s.assets()
	for _, from := range [...]string{"/{$}", "/setup", "/till/", "/manager/"} {
		mux.Handle("GET "+from, http.RedirectHandler("/setup/", http.StatusFound))
	}
	mux.Handle("GET /", s)
	return guarded(mux)
}

// assets adds the files that pages load.
func (s site) assets() {
	assets, err := fs.ReadDir(built, "dist/assets")
	if err != nil {
		panic(err) // the embedded build is broken
	}
	for _, a := range assets {
		s.add("/assets/"+a.Name(), contentType(a.Name()), read("assets/"+a.Name()), forever)
	}
}

// not says of a key that only another page says it.
func not(others ...string) func(string) bool {
	return func(key string) bool {
		return !slices.ContainsFunc(others, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
	}
}

// page adds one page with its licences and those of the texts that it says.
func (s site) page(name string, says func(key string) bool) {
	s.add("/"+name+"/", "text/html; charset=utf-8", read(name+"/index.html"), asked)
	s.add("/"+name+"/licences.txt", contentType(".txt"), read(name+"/licences.txt"), checked)
	for _, l := range i18n.Langs() {
		s.add("/"+name+"/i18n/"+string(l)+".json", contentType(".json"), texts(l, says), checked)
	}
}

// texts is what a page says of a language's catalogue.
func texts(l i18n.Lang, says func(key string) bool) []byte {
	catalogue, err := i18n.CatalogJSON(l)
	if err != nil {
		panic(err) // a language without its catalogue is a broken build
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(catalogue, &all); err != nil {
		panic(err)
	}
	maps.DeleteFunc(all, func(key string, _ json.RawMessage) bool { return !says(key) })
	kept, err := json.Marshal(all)
	if err != nil {
		panic(err)
	}
	return kept
}

func read(name string) []byte {
	b, err := built.ReadFile(path.Join("dist", name))
	if err != nil {
		panic(err) // the embedded build is broken
	}
	return b
}

// contentType is written out: what the machine's registry says about .js must not decide whether the page works.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".txt":
		return "text/plain; charset=utf-8"
	case ".json":
		return "application/json"
	}
	return "application/octet-stream"
}

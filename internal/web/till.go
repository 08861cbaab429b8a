package web

import (
	"embed"
	"io/fs"
	"net/http"
	"path"

	"loyaltill/internal/i18n"
)

// built is what `make web` makes of the sources in pages. It is committed, so that building the product needs no Node.
//
//go:embed all:dist
var built embed.FS

// Till serves the till page under /till/, the files that it loads, and the texts of each language.
func Till() http.Handler {
	s := site{}
	s.add("/till/", "text/html; charset=utf-8", read("till/index.html"), asked)
	s.add("/till/licences.txt", contentType(".txt"), read("till/licences.txt"), checked)
	assets, err := fs.ReadDir(built, "dist/assets")
	if err != nil {
		panic(err) // the embedded build is broken
	}
	for _, a := range assets {
		s.add("/assets/"+a.Name(), contentType(a.Name()), read("assets/"+a.Name()), forever)
	}
	for _, l := range i18n.Langs() {
		texts, err := i18n.CatalogJSON(l)
		if err != nil {
			panic(err) // a language without its catalogue is a broken build
		}
		s.add("/till/i18n/"+string(l)+".json", contentType(".json"), texts, checked)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", http.RedirectHandler("/till/", http.StatusFound))
	mux.Handle("GET /till", http.RedirectHandler("/till/", http.StatusFound))
	mux.Handle("GET /", s)
	return guarded(mux)
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

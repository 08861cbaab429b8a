package printersim

import (
	"embed"
	"net/http"
)

// page holds the description of the control interface and the page that uses it.
//
//go:embed page
var page embed.FS

// pages adds the page and the description. The page asks nobody but this interface.
func pages(mux *http.ServeMux) {
	for path, file := range map[string]struct{ name, kind string }{
		"/printers/openapi.json": {"openapi.json", "application/json"},
		"/paper":                 {"paper.html", "text/html; charset=utf-8"},
		"/paper/paper.css":       {"paper.css", "text/css; charset=utf-8"},
		"/paper/paper.js":        {"paper.js", "text/javascript; charset=utf-8"},
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", file.kind)
			w.Header().Set("Content-Security-Policy",
				"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-ancestors 'none'")
			w.Header().Set("X-Content-Type-Options", "nosniff")
			w.Header().Set("Cache-Control", "no-cache")
			http.ServeFileFS(w, r, page, "page/"+file.name)
		})
	}
}

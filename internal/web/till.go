package web

import (
	"net/http"
)

// Till serves the till page under /till/.
func Till() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", http.RedirectHandler("/till/", http.StatusFound))
	mux.HandleFunc("GET /till/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write([]byte("<!doctype html><meta charset=utf-8><title>Loyaltill</title><p>The agent is running.</p>")) // the browser has gone when this fails
	})
	return mux
}

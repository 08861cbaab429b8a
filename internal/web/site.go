package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"
)

// How long a browser may keep a file without asking.
const (
	asked   = "no-store"                            // a page names its files, so an old one would ask for files that are gone
	checked = "no-cache"                            // may be kept, but is asked about each time
	forever = "public, max-age=31536000, immutable" // the name holds a hash of the content
)

// policy lets a page load from its own server only, run no code that is not in a file of ours, and stand in no frame.
// Svelte makes its templates through one named trusted type; nothing else may turn text into elements.
var policy = strings.Join([]string{
	"default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
	"base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
	"require-trusted-types-for 'script'", "trusted-types svelte-trusted-html",
}, "; ")

// file is one answer.
type file struct {
	kind, keep, tag string
	body            []byte
}

// site is all files by their address. There are no folders to list and no paths to climb.
type site map[string]file

func (s site) add(address, kind string, body []byte, keep string) {
	sum := sha256.Sum256(body)
	s[address] = file{kind: kind, keep: keep, tag: `"` + hex.EncodeToString(sum[:8]) + `"`, body: body}
}

func (s site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := s[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", f.keep)
	if f.keep != asked {
		h.Set("ETag", f.tag)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body))
}

// guarded sets on every answer, errors too, what keeps a page from being misused.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), usb=(), serial=()")
		next.ServeHTTP(w, r)
	})
}

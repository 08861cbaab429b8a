package printersim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"net/http"
	"time"
)

const (
	maxBody = 64 << 10
	maxWait = 2 * time.Minute
)

// The codes of refusals, as openapi.json lists them.
const (
	codeUnknownPrinter = "unknown_printer"
	codeUnknownSheet   = "unknown_sheet"
	codeBadBody        = "bad_body"
	codeBadValue       = "bad_value"
	codeBadFault       = "bad_fault"
	codeRealClock      = "real_clock"
	codeTimeout        = "timeout"
	codeStopped        = "stopped"
	codeInternal       = "internal"
)

// apiError is a refusal with its HTTP status and stable code.
type apiError struct {
	status int
	code   string
	err    error
}

func (e *apiError) Error() string { return e.err.Error() }
func (e *apiError) Unwrap() error { return e.err }

func refuse(status int, code, format string, args ...any) error {
	return &apiError{status, code, fmt.Errorf(format, args...)}
}

type problemBody struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// route is one thing that the control interface does with a printer. Path is as in openapi.json.
type route struct {
	method, path string
	do           func(p *printer, r *http.Request) (any, error)
}

func routes() []route {
	return []route{
		{"GET", "/printers/{name}", (*printer).getState},
		{"GET", "/printers/{name}/journal", (*printer).getJournal},
		{"GET", "/printers/{name}/paper.png", (*printer).getPaperPNG},
		{"GET", "/printers/{name}/paper.txt", (*printer).getPaperText},
		{"GET", "/printers/{name}/sheets", (*printer).getSheets},
		{"GET", "/printers/{name}/sheets/{sheet}", (*printer).getSheet},
		{"DELETE", "/printers/{name}/sheets", (*printer).deleteSheets},
		{"POST", "/printers/{name}/paper", (*printer).postPaper},
		{"POST", "/printers/{name}/tear", (*printer).postTear},
		{"POST", "/printers/{name}/cover", (*printer).postCover},
		{"POST", "/printers/{name}/cutter", (*printer).postCutter},
		{"POST", "/printers/{name}/cable", (*printer).postCable},
		{"POST", "/printers/{name}/drawer", (*printer).postDrawer},
		{"POST", "/printers/{name}/power", (*printer).postPower},
		{"POST", "/printers/{name}/fault", (*printer).postFault},
		{"DELETE", "/printers/{name}/fault", (*printer).deleteFaults},
		{"POST", "/printers/{name}/clock", (*printer).postClock},
		{"POST", "/printers/{name}/wait", (*printer).postWait},
	}
}

// Handler is the control interface, JSON over HTTP as openapi.json describes it, and its page at /paper: it looks at
// printers and does what hands can do to them. It has no access control: it belongs on loopback.
func (b *Bench) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /printers", answer(b.list))
	for _, route := range routes() {
		mux.HandleFunc(route.method+" "+route.path, answer(func(r *http.Request) (any, error) {
			p := b.printers[r.PathValue("name")]
			if p == nil {
				return nil, refuse(http.StatusNotFound, codeUnknownPrinter, "no printer is called %q", r.PathValue("name"))
			}
			return route.do(p, r)
		}))
	}
	pages(mux)
	return mux
}

// pngPage and textPage are answers that are not JSON.
type (
	pngPage  struct{ image.Image }
	textPage string
)

func answer(h func(r *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := h(r)
		if err != nil {
			status, code := problem(err)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			show(w, problemBody{code, err.Error()})
			return
		}
		show(w, v)
	}
}

func problem(err error) (status int, code string) {
	var refused *apiError
	switch {
	case errors.As(err, &refused):
		return refused.status, refused.code
	case errors.Is(err, ErrFault):
		return http.StatusBadRequest, codeBadFault
	case errors.Is(err, ErrStopped), errors.Is(err, context.Canceled):
		return http.StatusServiceUnavailable, codeStopped
	}
	return http.StatusInternalServerError, codeInternal
}

// show sends an answer. A client that has gone by then is no concern of ours.
func show(w http.ResponseWriter, v any) {
	switch v := v.(type) {
	case pngPage:
		var b bytes.Buffer
		if err := writePNG(&b, v.Image); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write(b.Bytes())
	case textPage:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, string(v))
	default:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
}

// decode reads a JSON body strictly; an absent body leaves v as it is.
func decode(r *http.Request, v any) error {
	d := json.NewDecoder(io.LimitReader(r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		return refuse(http.StatusBadRequest, codeBadBody, "read request: %w", err)
	}
	return nil
}

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
	"strconv"
	"strings"
	"time"
)

const (
	maxBody = 64 << 10
	maxWait = 2 * time.Minute
)

// apiError is a refusal with its HTTP status.
type apiError struct {
	status int
	err    error
}

func (e *apiError) Error() string { return e.err.Error() }
func (e *apiError) Unwrap() error { return e.err }

func refuse(status int, format string, args ...any) error {
	return &apiError{status, fmt.Errorf(format, args...)}
}

// Handler is the control interface, JSON over HTTP: it looks at printers and does what hands can do to them. It has no
// access control: it belongs on loopback. Every POST and DELETE answers with the State that follows.
//
//	GET    /printers                       all states
//	GET    /printers/{name}                State
//	GET    /printers/{name}/journal        events after ?after=N
//	GET    /printers/{name}/paper.png      all kept sheets and the strip in the printer; .txt the same as text
//	GET    /printers/{name}/sheets         what has left the printer
//	GET    /printers/{name}/sheets/1.png   one sheet, 0 the newest; .txt the same as text
//	DELETE /printers/{name}/sheets         takes the sheets away; numbers go on
//	POST   /printers/{name}/paper          {"loaded": bool, "mm": left on the roll}
//	POST   /printers/{name}/cover          {"open": bool}
//	POST   /printers/{name}/drawer         {"open": bool}
//	POST   /printers/{name}/power          {"on": bool}
//	POST   /printers/{name}/fault          Fault
//	DELETE /printers/{name}/fault          mends what has struck, forgets what waits
//	POST   /printers/{name}/wait           {"sheets": n, "timeout_ms": t} until n sheets have ever come out; 408 after t
func (b *Bench) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /printers", answer(b.list))
	routes := map[string]func(p *printer, r *http.Request) (any, error){
		"GET /printers/{name}":            (*printer).getState,
		"GET /printers/{name}/journal":    (*printer).getJournal,
		"GET /printers/{name}/paper.png":  (*printer).getPaperPNG,
		"GET /printers/{name}/paper.txt":  (*printer).getPaperText,
		"GET /printers/{name}/sheets":     (*printer).getSheets,
		"GET /printers/{name}/sheets/{n}": (*printer).getSheet,
		"POST /printers/{name}/paper":     (*printer).postPaper,
		"POST /printers/{name}/cover":     (*printer).postCover,
		"POST /printers/{name}/drawer":    (*printer).postDrawer,
		"POST /printers/{name}/power":     (*printer).postPower,
		"POST /printers/{name}/fault":     (*printer).postFault,
		"DELETE /printers/{name}/fault":   (*printer).deleteFaults,
		"POST /printers/{name}/wait":      (*printer).postWait,
		"DELETE /printers/{name}/sheets":  (*printer).deleteSheets,
	}
	for pattern, h := range routes {
		mux.HandleFunc(pattern, answer(func(r *http.Request) (any, error) {
			p := b.printers[r.PathValue("name")]
			if p == nil {
				return nil, refuse(http.StatusNotFound, "no printer is called %q", r.PathValue("name"))
			}
			return h(p, r)
		}))
	}
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
			status := http.StatusInternalServerError
			var refused *apiError
			switch {
			case errors.As(err, &refused):
				status = refused.status
			case errors.Is(err, ErrFault):
				status = http.StatusBadRequest
			case errors.Is(err, ErrStopped), errors.Is(err, context.Canceled):
				status = http.StatusServiceUnavailable
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			show(w, map[string]string{"error": err.Error()})
			return
		}
		show(w, v)
	}
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
		return refuse(http.StatusBadRequest, "read request: %w", err)
	}
	return nil
}

func (b *Bench) list(r *http.Request) (any, error) {
	states := make([]State, 0, len(b.names))
	for _, name := range b.names {
		s, err := b.printers[name].state(r.Context())
		if err != nil {
			return nil, err
		}
		states = append(states, s)
	}
	return map[string]any{"printers": states}, nil
}

func (p *printer) state(ctx context.Context) (State, error) {
	var s State
	err := p.do(ctx, func(m *machine) { s = m.state() })
	s.Device = p.cable.device()
	return s, err
}

// change does something to the machine and answers with the state that follows.
func (p *printer) change(r *http.Request, f func(m *machine)) (any, error) {
	if err := p.do(r.Context(), f); err != nil {
		return nil, err
	}
	return p.state(r.Context())
}

func (p *printer) getState(r *http.Request) (any, error) { return p.state(r.Context()) }

func (p *printer) getJournal(r *http.Request) (any, error) {
	after, err := strconv.Atoi(r.FormValue("after"))
	if err != nil && r.FormValue("after") != "" {
		return nil, refuse(http.StatusBadRequest, "after is not a number")
	}
	var events []Event
	err = p.do(r.Context(), func(m *machine) { events = m.journal.after(after) })
	return map[string]any{"events": events}, err
}

func (p *printer) getPaperPNG(r *http.Request) (any, error) {
	var page pngPage
	err := p.do(r.Context(), func(m *machine) {
		page.Image = picture(m.paper.pieces(m.pers.WidthDots), m.pers.WidthDots)
	})
	return page, err
}

func (p *printer) getPaperText(r *http.Request) (any, error) {
	var page textPage
	err := p.do(r.Context(), func(m *machine) { page = textPage(m.paper.text()) })
	return page, err
}

func (p *printer) getSheets(r *http.Request) (any, error) {
	sheets := []Sheet{}
	err := p.do(r.Context(), func(m *machine) {
		for _, s := range m.paper.sheets {
			sheets = append(sheets, *s)
		}
	})
	return map[string]any{"sheets": sheets}, err
}

// getSheet serves {n}.png and {n}.txt; n counts from 1, and 0 is the newest.
func (p *printer) getSheet(r *http.Request) (any, error) {
	number, kind, _ := strings.Cut(r.PathValue("n"), ".")
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || (kind != "png" && kind != "txt") {
		return nil, refuse(http.StatusNotFound, "a sheet is its number with .png or .txt")
	}
	var page any
	var missing error
	err = p.do(r.Context(), func(m *machine) {
		var s *Sheet
		if s, missing = m.paper.sheet(n); missing != nil {
			return
		}
		if kind == "txt" {
			page = textPage(textOf(s.lines))
			return
		}
		page = pngPage{picture([]piece{{s.dots, m.paper.stride, m.pers.WidthDots}}, m.pers.WidthDots)}
	})
	if missing != nil {
		return nil, &apiError{http.StatusNotFound, missing}
	}
	return page, err
}

// deleteSheets takes the paper from under the printer; numbers go on.
func (p *printer) deleteSheets(r *http.Request) (any, error) {
	return p.change(r, func(m *machine) { m.paper.sheets = nil })
}

package printersim

import (
	"context"
	"net/http"
	"strconv"
	"strings"
)

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
	after, err := queryNumber(r, "after")
	if err != nil {
		return nil, err
	}
	var events []Event
	err = p.do(r.Context(), func(m *machine) { events = m.journal.after(after) })
	return map[string]any{"events": events}, err
}

func (p *printer) getPaperPNG(r *http.Request) (any, error) {
	rows, err := queryNumber(r, "rows")
	if err != nil {
		return nil, err
	}
	var page pngPage
	err = p.do(r.Context(), func(m *machine) {
		page.Image = picture(m.paper.pieces(m.pers.WidthDots, rows), m.pers.WidthDots)
	})
	return page, err
}

// queryNumber reads a number that is not negative from the query, 0 when absent.
func queryNumber(r *http.Request, name string) (int, error) {
	text := r.FormValue(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, refuse(http.StatusBadRequest, codeBadValue, "%s is a number from 0", name)
	}
	return n, nil
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

// getSheet serves N.png and N.txt; N counts from 1, and 0 is the newest.
func (p *printer) getSheet(r *http.Request) (any, error) {
	number, kind, _ := strings.Cut(r.PathValue("sheet"), ".")
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || (kind != "png" && kind != "txt") {
		return nil, refuse(http.StatusNotFound, codeUnknownSheet, "a sheet is its number with .png or .txt")
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
		return nil, &apiError{http.StatusNotFound, codeUnknownSheet, missing}
	}
	return page, err
}

// deleteSheets takes the paper from under the printer; numbers go on.
func (p *printer) deleteSheets(r *http.Request) (any, error) {
	return p.change(r, func(m *machine) { m.paper.sheets = nil })
}

package printersim

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// maxClockMS is how far a virtual clock is moved at once.
const maxClockMS = 3_600_000

// What callers send, next to Fault and bodies of one flag.
type (
	paperBody struct {
		Loaded *bool `json:"loaded"`
		MM     int   `json:"mm"`
	}
	clockBody struct {
		MS int `json:"ms"`
	}
	waitBody struct {
		Sheets    int `json:"sheets"`
		TimeoutMS int `json:"timeout_ms"`
	}
)

// postPaper: {"loaded": bool, "mm": n}. mm is what is on the roll; without it the roll is the same or, if used up, new.
func (p *printer) postPaper(r *http.Request) (any, error) {
	var body paperBody
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	if body.MM < 0 || body.MM > 10*defaultRoll || (body.Loaded == nil && body.MM == 0) {
		return nil, refuse(http.StatusBadRequest, codeBadValue, "paper needs loaded, or mm from 1 to %d", 10*defaultRoll)
	}
	return p.change(r, func(m *machine) {
		m.faults.settled("paper-out")
		if body.Loaded != nil && !*body.Loaded {
			m.setPaper(false)
			return
		}
		if body.MM > 0 {
			m.faults.settled("paper-near-end")
		}
		m.loadRoll(body.MM)
	})
}

// postTear takes off by hand what hangs out of the printer.
func (p *printer) postTear(r *http.Request) (any, error) {
	return p.change(r, (*machine).tearByHand)
}

// postClock: {"ms": n} lets n milliseconds pass at a printer whose clock is virtual.
func (p *printer) postClock(r *http.Request) (any, error) {
	var body clockBody
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	if !p.m.cfg.Virtual {
		return nil, refuse(http.StatusConflict, codeRealClock, "this printer's clock is the real one")
	}
	if body.MS < 1 || body.MS > maxClockMS {
		return nil, refuse(http.StatusBadRequest, codeBadValue, "ms is from 1 to %d", maxClockMS)
	}
	return p.change(r, func(m *machine) {
		p.virtual = p.virtual.Add(time.Duration(body.MS) * time.Millisecond)
		m.advance(p.virtual)
	})
}

// postCover: {"open": bool}.
func (p *printer) postCover(r *http.Request) (any, error) {
	open, err := decodeFlag(r, "open")
	if err != nil {
		return nil, err
	}
	return p.change(r, func(m *machine) {
		m.faults.settled("cover-open")
		m.setCover(open)
	})
}

// postCutter: {"jammed": bool}. Freeing the blade leaves the error, which DLE ENQ or the power switch ends.
func (p *printer) postCutter(r *http.Request) (any, error) {
	jammed, err := decodeFlag(r, "jammed")
	if err != nil {
		return nil, err
	}
	return p.change(r, func(m *machine) {
		m.faults.settled("cutter-jam")
		m.jammed = jammed
	})
}

// postCable: {"plugged": bool}.
func (p *printer) postCable(r *http.Request) (any, error) {
	plugged, err := decodeFlag(r, "plugged")
	if err != nil {
		return nil, err
	}
	return p.change(r, func(m *machine) {
		m.faults.settled("unplug")
		m.setLink(plugged, m.linkName)
	})
}

// postDrawer: {"open": bool}. The pulse opens the drawer; a hand closes it.
func (p *printer) postDrawer(r *http.Request) (any, error) {
	open, err := decodeFlag(r, "open")
	if err != nil {
		return nil, err
	}
	return p.change(r, func(m *machine) {
		m.drawerOpen = open
		m.changed()
	})
}

// postPower: {"on": bool}.
func (p *printer) postPower(r *http.Request) (any, error) {
	on, err := decodeFlag(r, "on")
	if err != nil {
		return nil, err
	}
	return p.change(r, func(m *machine) {
		m.faults.settled("power-off")
		m.setPower(on)
	})
}

// decodeFlag reads a body of one boolean, which must be there.
func decodeFlag(r *http.Request, name string) (bool, error) {
	var body map[string]bool
	if err := decode(r, &body); err != nil {
		return false, err
	}
	v, ok := body[name]
	if !ok || len(body) != 1 {
		return false, refuse(http.StatusBadRequest, codeBadBody, "the body is {%q: true or false}", name)
	}
	return v, nil
}

// postFault takes a Fault.
func (p *printer) postFault(r *http.Request) (any, error) {
	var f Fault
	if err := decode(r, &f); err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	var refused error
	state, err := p.change(r, func(m *machine) { refused = m.faults.plan(m, f) })
	return state, errors.Join(err, refused)
}

// deleteFaults mends everything that has struck and forgets what waits.
func (p *printer) deleteFaults(r *http.Request) (any, error) {
	return p.change(r, func(m *machine) { m.faults.mendAll(m) })
}

// postWait: {"sheets": n, "timeout_ms": t} answers when n sheets have ever left the printer, or with 408 after t.
func (p *printer) postWait(r *http.Request) (any, error) {
	body := waitBody{Sheets: 1, TimeoutMS: 10_000}
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	limit := time.Duration(body.TimeoutMS) * time.Millisecond
	if limit < 0 || limit > maxWait {
		return nil, refuse(http.StatusBadRequest, codeBadValue, "timeout_ms is at most %d", maxWait.Milliseconds())
	}
	ctx, cancel := context.WithTimeout(r.Context(), limit)
	defer cancel()
	if err := p.waitForSheets(ctx, body.Sheets); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return nil, refuse(http.StatusRequestTimeout, codeTimeout, "no sheet %d within %v", body.Sheets, limit)
		}
		return nil, err
	}
	return p.state(r.Context())
}

// waitForSheets ends when n sheets have ever left the printer.
func (p *printer) waitForSheets(ctx context.Context, n int) error {
	for {
		var have int
		var more <-chan struct{}
		if err := p.do(ctx, func(m *machine) { have, more = m.counts.Sheets, p.progress }); err != nil {
			return err
		}
		if have >= n {
			return nil
		}
		select {
		case <-more:
		case <-p.stopped:
			return ErrStopped
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

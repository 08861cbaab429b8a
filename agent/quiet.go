package agent

import (
	"context"
	"errors"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/printer"
	"loyaltill/store/agentdb"
)

// Busy is what a restart has to wait for.
type Busy struct {
	Code string         `json:"code"`
	Lane loyalty.LaneID `json:"lane,omitempty"`
	Name string         `json:"name,omitempty" doc:"of the lane"`
}

// Begin is called before anything is changed by a call, and its end after it. It is not ok while the agent is about to restart.
func (a *Agent) Begin() (end func(), ok bool) {
	if !a.changing.TryRLock() {
		return nil, false
	}
	return a.changing.RUnlock, true
}

// Rest stops changes for good when nothing is under way: no call, no card or member at a till, no paper that is being printed. Else
// it says what is, and changes nothing.
func (a *Agent) Rest() *Busy {
	if !a.changing.TryLock() {
		return &Busy{Code: CodeBusySale}
	}
	for _, l := range a.lanes {
		if code := l.busy(); code != "" {
			a.changing.Unlock()
			return &Busy{Code: code, Lane: l.cfg.Number, Name: l.cfg.Name}
		}
	}
	return nil
}

// busy says what is under way at a till; empty: nothing that a restart would disturb.
func (l *lane) busy() string {
	l.mu.Lock()
	served := l.who != nil || l.waiting != nil || l.card.State != CardNone && l.card.State != CardRefused
	l.mu.Unlock()
	if served {
		return CodeBusySale
	}
	if l.queue != nil && l.queue.printing() {
		return CodeBusyPrint
	}
	return ""
}

// printing says whether a paper is under way, or about to be: what waits for a printer that cannot print stays in the journal.
func (q *queue) printing() bool {
	st := q.printer.Status()
	switch {
	case st.Link != printer.LinkUp:
		return false
	case st.Segments > 0:
		return true
	case st.State != printer.StateReady && st.State != printer.StatePrintedOnly:
		return false
	}
	q.mu.Lock()
	held := q.held != nil
	q.mu.Unlock()
	_, err := q.a.db.NextJob(context.Background(), q.name)
	return held || !errors.Is(err, agentdb.ErrNotFound)
}

// Prints tells whether a lane of this agent has a printer's port open.
func (a *Agent) Prints(device string) bool {
	for _, l := range a.lanes {
		if l.queue != nil && l.cfg.Printer.Device == device {
			return true
		}
	}
	return false
}

// Papers counts what a lane's printer still has to print, or a person to decide.
func (a *Agent) Papers(n loyalty.LaneID) int {
	if l := a.laneOrNil(n); l != nil && l.queue != nil {
		return l.queue.open()
	}
	return 0
}

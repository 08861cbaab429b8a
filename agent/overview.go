package agent

import (
	"context"
	"slices"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices"
	"loyaltill/store"
	"loyaltill/store/agentdb"
)

// Light is how something does, as a traffic light shows it.
type Light string

const (
	LightGood Light = "good"
	LightWarn Light = "warn" // sales go on; somebody should see to it
	LightStop Light = "stop" // no sale can be made
)

func (l Light) rank() int { return slices.Index([]Light{LightGood, LightWarn, LightStop}, l) }

// Part is one part of the store and how it does.
type Part struct {
	What  string         `json:"what" enum:"reader,printer,jobs,head_office,programme,ledger,disk,paper,cards,alerts"`
	Lane  loyalty.LaneID `json:"lane,omitempty"`
	Name  string         `json:"name,omitempty" doc:"of the lane"`
	Light Light          `json:"light" enum:"good,warn,stop"`
	Code  string         `json:"code,omitempty"`
	Since time.Time      `json:"since,omitzero"`
	Count int64          `json:"count,omitempty" doc:"of what the code is about: papers, entries, sales, MB free"`
}

// Overview is the whole store as one light, with the part that decides it first.
type Overview struct {
	Light Light  `json:"light" enum:"good,warn,stop"`
	Parts []Part `json:"parts"`
}

// Codes of parts that have no code of their own.
const (
	codeJobsDoubtful = "jobs_doubtful"
	codeOffline      = "head_office_offline"
	codeOfficeNo     = "head_office_refuses"
	codeDiskFull     = "disk_low"
	codePaperFaults  = "paper_faults"
	codeCardsOpen    = "cards_open"
	codeAlertsOpen   = "alerts_open"
)

const (
	officeLate  = time.Hour // head office out of reach for so long is worth a look
	leastFreeMB = 200
	doubtsAsked = 100
)

// Overview looks at every part, the worst first.
func (a *Agent) Overview(ctx context.Context) (Overview, error) {
	s, err := a.Status(ctx)
	if err != nil {
		return Overview{}, err
	}
	parts := a.storeParts(ctx, &s)
	for _, l := range s.Lanes {
		parts = append(parts, a.laneParts(&l)...)
	}
	doubtful, err := a.Jobs(ctx, JobFilter{States: []string{string(agentdb.JobUncertain), string(agentdb.JobExpired)}, Limit: doubtsAsked})
	if err != nil {
		return Overview{}, err
	}
	doubtful = slices.DeleteFunc(doubtful, func(j Job) bool { return j.Class == agentdb.ClassDrawer })
	if n := len(doubtful); n > 0 {
		parts = append(parts, Part{What: "jobs", Light: LightWarn, Code: codeJobsDoubtful, Count: int64(n)})
	}
	slices.SortStableFunc(parts, func(x, y Part) int { return y.Light.rank() - x.Light.rank() })
	return Overview{Light: parts[0].Light, Parts: parts}, nil
}

// storeParts are those that all lanes share.
func (a *Agent) storeParts(ctx context.Context, s *Status) []Part {
	ledger, programme := Part{What: "ledger", Light: LightGood}, Part{What: "programme", Light: LightGood}
	for _, code := range a.NotReady(ctx) {
		switch code {
		case CodeLedgerUnavailable:
			ledger.Light, ledger.Code = LightStop, code
		case CodeNoProgramme:
			programme.Light, programme.Code = LightStop, code
		}
	}
	parts := []Part{ledger, programme, a.officePart(s.Sync)}
	if free, err := store.FreeMB(a.cfg.Data); err == nil && free < leastFreeMB {
		parts = append(parts, Part{What: "disk", Light: LightWarn, Code: codeDiskFull, Count: int64(free)})
	}
	if s.Paper.State == PaperRefused {
		parts = append(parts, Part{What: "paper", Light: LightWarn, Code: codePaperFaults, Count: int64(len(s.Paper.Faults))})
	}
	if n := len(s.Debits); n > 0 {
		parts = append(parts, Part{What: "cards", Light: LightWarn, Code: codeCardsOpen, Count: int64(n)})
	}
	open := int64(0)
	for _, n := range s.Alerts {
		open += n
	}
	if open > 0 {
		parts = append(parts, Part{What: "alerts", Light: LightWarn, Code: codeAlertsOpen, Count: open})
	}
	return parts
}

func (a *Agent) officePart(s SyncState) Part {
	p := Part{What: "head_office", Light: LightGood, Since: s.Since, Count: int64(s.Head - s.Through)}
	switch s.State {
	case "in_sync", "sending", "fetching", "starting":
	case "offline":
		p.Code = codeOffline
		if a.now().Sub(s.Since) > officeLate {
			p.Light = LightWarn
		}
	default:
		p.Light, p.Code = LightWarn, codeOfficeNo
	}
	return p
}

// laneParts are a lane's reader and printer, where it has them.
func (a *Agent) laneParts(l *LaneState) (parts []Part) {
	of := a.laneOrNil(l.Lane)
	add := func(what string, h devices.Health) {
		p := Part{What: what, Lane: l.Lane, Name: l.Name, Light: LightGood, Code: string(h.Code), Since: h.Since}
		switch h.State {
		case devices.OK, devices.Unknown:
		default:
			p.Light = LightWarn
		}
		parts = append(parts, p)
	}
	if of.reader != nil {
		add("reader", l.Reader)
	}
	if of.queue != nil {
		add("printer", l.Printer.Health)
	}
	return parts
}

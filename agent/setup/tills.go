package setup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/devices/escpos"
	"loyaltill/devices/escpos/render"
	"loyaltill/internal/i18n"
	"loyaltill/store"
)

// ErrRestart asks whoever runs the agent to start it anew, with the configuration as it is then.
var ErrRestart = errors.New("the tills have changed: start anew")

// Limits of a restart that waits until nobody is disturbed.
const (
	restEvery = 250 * time.Millisecond
	restLimit = time.Hour // then it is left to the next start
)

// Tills are the tills of a store that runs: what belongs to each, and the way to another arrangement.
type Tills struct {
	o       TillsOptions
	encoder *escpos.Encoder
	doing   sync.Mutex // held by whoever changes the file or tries a printer

	mu      sync.Mutex
	wanted  chan struct{} // closed while a restart is wanted
	restart Restart
}

// TillsOptions say whose tills they are.
type TillsOptions struct {
	Config string // the file
	Agent  *agent.Agent
	Store  string // name of the store
	Log    zerolog.Logger
	Now    func() time.Time
}

// Restart is how far the tills that were saved last are from holding.
type Restart struct {
	State string      `json:"state" enum:"none,waiting,later" doc:"waiting: for what busy says; later: nobody was idle for an hour, so they hold from the next start on"`
	Busy  *agent.Busy `json:"busy,omitempty"`
}

// Words for how a restart fares.
const (
	restartNone    = "none"
	restartWaiting = "waiting"
	restartLater   = "later"
)

// Fit is what is plugged in, whose it is, and what became of the last change.
type Fit struct {
	agent.Plugged
	Lanes        []agent.LaneConfig   `json:"lanes" doc:"as the configuration file has them"`
	Restart      Restart              `json:"restart"`
	Failed       time.Time            `json:"failed,omitzero" doc:"when a change did not start, and the tills before it came back"`
	Commissioned []agent.Commissioned `json:"commissioned" doc:"what was seen on the newest ticket of each lane"`
}

// NewTills looks after the tills of an agent.
func NewTills(o TillsOptions) (*Tills, error) {
	renderer, err := render.New()
	if err != nil {
		return nil, err
	}
	return &Tills{o: o, encoder: escpos.NewEncoder(renderer), wanted: make(chan struct{}), restart: Restart{State: restartNone}}, nil
}

// Look tells how things are.
func (t *Tills) Look(ctx context.Context, lang i18n.Lang) (Fit, error) {
	cfg, err := agent.LoadConfig(t.o.Config)
	if err != nil {
		return Fit{}, &agent.Refusal{Code: agent.CodeConfigByHand}
	}
	fit := Fit{Plugged: agent.LookAround(cfg.Printers), Lanes: cfg.Lanes}
	if at, err := os.Stat(t.o.Config + agent.FailedExt); err == nil {
		fit.Failed = at.ModTime()
	}
	if fit.Commissioned, err = t.o.Agent.LastCommissioned(ctx, lang); err != nil {
		return Fit{}, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	fit.Restart = t.restart
	return fit, nil
}

// TestSlip tries a printer that no running till has.
func (t *Tills) TestSlip(ctx context.Context, lang i18n.Lang, lane agent.LaneConfig) (Slip, error) {
	t.doing.Lock()
	defer t.doing.Unlock()
	if t.o.Agent.Prints(lane.Printer.Device) {
		return Slip{}, &agent.Refusal{Code: agent.CodePrinterTaken}
	}
	cfg, err := agent.LoadConfig(t.o.Config)
	if err != nil {
		return Slip{}, &agent.Refusal{Code: agent.CodeConfigByHand}
	}
	return trial{printers: cfg.Printers, encoder: t.encoder, now: t.o.Now}.slip(ctx, lane, cfg.Lanes, func(lane agent.LaneConfig) *escpos.Document {
		return agent.TestSlipDocument(lang, t.o.Store, lane.Name, t.o.Now())
	})
}

// Save writes other tills into the configuration. They hold after a restart, which comes by itself once nobody is disturbed.
func (t *Tills) Save(lanes []agent.LaneConfig) error {
	t.doing.Lock()
	defer t.doing.Unlock()
	cfg, err := agent.LoadConfig(t.o.Config)
	if err != nil {
		return &agent.Refusal{Code: agent.CodeConfigByHand}
	}
	if lanes, err = agent.Assign(lanes, cfg.Lanes, agent.LookAround(cfg.Printers), cfg.Printers.Profiles); err != nil {
		return err
	}
	for i, before := range cfg.Lanes {
		stays := slices.ContainsFunc(lanes, func(l agent.LaneConfig) bool {
			return l.Number == before.Number && (l.Printer.Device != "") == (before.Printer.Device != "")
		})
		if !stays && t.o.Agent.Papers(before.Number) > 0 {
			return &agent.Refusal{Code: agent.CodeLanePapers, Field: fmt.Sprintf("lanes[%d]", i)}
		}
	}
	return t.write(lanes)
}

// Commission makes the profile of a lane's printer of the answers to its ticket, and has the lane print by it.
func (t *Tills) Commission(ctx context.Context, by agent.Doer, n loyalty.LaneID, ticket int64, yes []bool) error {
	t.doing.Lock()
	defer t.doing.Unlock()
	cfg, err := agent.LoadConfig(t.o.Config)
	if err != nil {
		return &agent.Refusal{Code: agent.CodeConfigByHand}
	}
	i := slices.IndexFunc(cfg.Lanes, func(l agent.LaneConfig) bool { return l.Number == n })
	if i < 0 || cfg.Lanes[i].Printer.Device == "" {
		return &agent.Refusal{Code: agent.CodePrinterMissing}
	}
	fitted, err := t.o.Agent.FitPrinter(ctx, n, ticket, yes)
	if err != nil {
		return err
	}
	if fitted.Profile, err = own(fitted.Profile, n); err != nil {
		return err
	}
	text, err := fitted.Profile.File()
	if err != nil {
		return err
	}
	folder, named := cfg.Printers.Profiles, fitted.Profile.ID
	if folder == "" { // only a file is found then
		folder = filepath.Join(filepath.Dir(t.o.Config), "printers")
		named = filepath.Join(folder, fitted.Profile.ID+".toml")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return locked(err)
	}
	if err := store.ReplaceFile(filepath.Join(folder, fitted.Profile.ID+".toml"), 0o644, text); err != nil {
		return locked(err)
	}
	cfg.Lanes[i].Printer.Profile = named
	if err := t.write(cfg.Lanes); err != nil {
		return err
	}
	return t.o.Agent.KeepFitting(ctx, by, fitted)
}

// own gives a profile the name of its lane: another printer of the same model has samples of its own.
func own(p *escpos.Profile, n loyalty.LaneID) (*escpos.Profile, error) {
	mine := *p
	if at := strings.LastIndex(p.ID, ownMark); at > 0 {
		mine.ID = p.ID[:at]
	}
	mine.ID = fmt.Sprintf("%s%s%d", mine.ID, ownMark, n)
	text, err := mine.File()
	if err != nil {
		return nil, err
	}
	return escpos.ParseProfile(text)
}

const ownMark = "-till"

// write changes the file and asks for the restart.
func (t *Tills) write(lanes []agent.LaneConfig) error {
	before, err := os.ReadFile(t.o.Config)
	if err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	text, err := agent.WithLanes(t.o.Config, before, lanes)
	if err != nil {
		return err
	}
	if err := agent.ChangeConfig(t.o.Config, text); err != nil {
		return locked(err)
	}
	if err := os.Remove(t.o.Config + agent.FailedExt); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return locked(err)
	}
	t.o.Log.Info().Int("lanes", len(lanes)).Msg("tills changed; the agent restarts when nobody is disturbed")
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.restart.State != restartWaiting {
		t.restart = Restart{State: restartWaiting}
		close(t.wanted)
	}
	return nil
}

// locked says of an error that the agent's user may not write there.
func locked(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return &agent.Refusal{Code: agent.CodeConfigLocked}
	}
	return err
}

// Run waits for changes and ends with ErrRestart once one is to hold and nobody is disturbed; with nil when ctx ends.
func (t *Tills) Run(ctx context.Context) error {
	for {
		t.mu.Lock()
		wanted := t.wanted
		t.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil
		case <-wanted:
		}
		if t.rest(ctx) {
			return ErrRestart
		}
	}
}

// rest waits until nothing is under way; false when time is up.
func (t *Tills) rest(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, restLimit)
	defer cancel()
	again := time.NewTicker(restEvery)
	defer again.Stop()
	for {
		busy := t.o.Agent.Rest()
		if busy == nil {
			return true
		}
		t.tell(Restart{State: restartWaiting, Busy: busy})
		select {
		case <-again.C:
		case <-ctx.Done():
			t.mu.Lock()
			t.restart, t.wanted = Restart{State: restartLater}, make(chan struct{})
			t.mu.Unlock()
			return false
		}
	}
}

func (t *Tills) tell(r Restart) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.restart = r
}

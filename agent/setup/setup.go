package setup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/agent"
	"loyaltill/devices/escpos"
	"loyaltill/devices/escpos/render"
	"loyaltill/internal/i18n"
	"loyaltill/store"
	"loyaltill/store/agentdb"
	"loyaltill/sync/uplink"
	"loyaltill/sync/wire"
)

// Options say where a first start writes, and what it need not ask.
type Options struct {
	Config string // the file that is to be
	Office string // head office's address, for codes that do not bring it
	Listen string // of the API
	Ports  string // folder in which serial ports are named by their device
	Log    zerolog.Logger
	Now    func() time.Time
}

// Setup is a first start under way. One thing is done at a time; looking is free meanwhile.
type Setup struct {
	o       Options
	encoder *escpos.Encoder
	doing   sync.Mutex // held by whoever changes what follows, which they may read then

	mu     sync.Mutex
	cfg    agent.Config // as the file says, or will say
	saved  bool         // the file is there
	paired *store.Identity
	code   string // the first letters of the code that was taken
	done   chan struct{}
}

// Store is who the machine has become.
type Store struct {
	Number uint32 `json:"number"`
	Name   string `json:"name"`
	Office string `json:"head_office"`
}

// State is how far the setup has come, and what is plugged in.
type State struct {
	Store  *Store             `json:"store,omitempty" doc:"left out until head office has been paired with"`
	Office string             `json:"head_office,omitempty" doc:"where a code without an address is used"`
	Saved  bool               `json:"saved" doc:"the configuration is written; only the pairing is missing"`
	Done   bool               `json:"done" doc:"the agent is starting"`
	Lanes  []agent.LaneConfig `json:"lanes" doc:"as saved, or as suggested"`
	agent.Plugged
}

// Begin looks at what is there. needed is false when there is nothing to set up: there is a configuration, and pairing is done or was
// never begun here. An identity that is missing must come back; it is not replaced by a page.
func Begin(o Options) (s *Setup, needed bool, err error) {
	s = &Setup{o: o, cfg: firstConfig(o), done: make(chan struct{})}
	switch _, err := os.Stat(o.Config); {
	case err == nil:
		if s.cfg, err = agent.LoadConfig(o.Config); err != nil {
			return nil, false, err
		}
		s.saved = true
	case !errors.Is(err, fs.ErrNotExist):
		return nil, false, fmt.Errorf("look for the configuration: %w", err)
	}
	hasIdentity, begun := there(filepath.Join(s.cfg.Identity, store.IdentityFile)), there(filepath.Join(s.cfg.Identity, store.KeyFile))
	if s.saved && (hasIdentity || !begun) {
		return nil, false, nil
	}
	if hasIdentity {
		if s.paired, err = store.LoadIdentity(s.cfg.Identity); err != nil {
			return nil, false, err
		}
	}
	if !s.saved {
		tried := s.cfg
		tried.Lanes = []agent.LaneConfig{{Number: 1}}
		if _, err := agent.ParseConfig(o.Config, tried.File()); err != nil { // what the command line gave
			return nil, false, err
		}
	}
	if err := writable(filepath.Dir(o.Config)); err != nil {
		return nil, false, err
	}
	renderer, err := render.New()
	if err != nil {
		return nil, false, err
	}
	s.encoder = escpos.NewEncoder(renderer)
	return s, true, nil
}

// packaged is the folder of the packaged configuration, whose data lie elsewhere; beside any other file they lie in its folder.
const packaged = "/etc/loyaltill"

func firstConfig(o Options) agent.Config {
	folder := filepath.Dir(o.Config)
	cfg := agent.DefaultConfig()
	if folder != packaged {
		cfg.Data = filepath.Join(folder, "data")
		cfg.API.TokenFile = filepath.Join(cfg.Data, "api.token")
	}
	cfg.Identity = filepath.Join(folder, "identity")
	cfg.Printers.Profiles = filepath.Join(folder, "printers")
	cfg.API.Listen, cfg.Printers.Ports = o.Listen, o.Ports
	return cfg
}

// writable finds out before anybody has typed anything.
func writable(folder string) error {
	err := os.MkdirAll(folder, 0o755)
	var probe *os.File
	if err == nil {
		probe, err = os.CreateTemp(folder, ".setup-")
	}
	if err == nil {
		err = errors.Join(probe.Close(), os.Remove(probe.Name()))
	}
	if err != nil {
		return fmt.Errorf("set up: %w; give %s to the agent's user, or write the configuration by hand: `loyaltill config` shows an example", err, folder)
	}
	return nil
}

func there(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (s *Setup) hasLedger() bool { return there(filepath.Join(s.cfg.Data, agentdb.LedgerFile)) }

// Done is closed when configuration and identity are there.
func (s *Setup) Done() <-chan struct{} { return s.done }

// Config is what the agent will start with; its lanes are those that were saved.
func (s *Setup) Config() agent.Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cfg
}

// Look tells how things are.
func (s *Setup) Look(lang i18n.Lang) State {
	found := agent.LookAround(s.Config().Printers)
	s.mu.Lock()
	defer s.mu.Unlock()
	st := State{Office: s.o.Office, Saved: s.saved, Done: s.ended(), Lanes: s.cfg.Lanes, Plugged: found}
	if !s.saved {
		st.Lanes = agent.SuggestLanes(found, func(n int) string { return i18n.Text(lang, "setup.till_name", i18n.Args{"number": n}) })
	}
	if id := s.paired; id != nil {
		st.Store = &Store{Number: id.Store, Name: id.Name, Office: id.HeadOffice}
	}
	return st
}

func (s *Setup) ended() bool { return s.saved && s.paired != nil }

// Pair makes the machine the store that a code is for. Again with the same code after a line that broke, it gets the same answer.
func (s *Setup) Pair(ctx context.Context, typed, office string) error {
	s.doing.Lock()
	defer s.doing.Unlock()
	code, address, err := wire.ParsePairing(typed)
	if err != nil {
		return &agent.Refusal{Code: agent.CodePairForm, Field: "code"}
	}
	office = cmp.Or(address, strings.TrimSpace(office), s.o.Office)
	switch {
	case s.paired != nil:
		return &agent.Refusal{Code: agent.CodePairDone}
	case s.hasLedger():
		return &agent.Refusal{Code: agent.CodePairLedger}
	case office == "":
		return &agent.Refusal{Code: agent.CodePairAddress, Field: "head_office"}
	}
	id, err := uplink.Enrol(ctx, uplink.Enrolment{HeadOffice: office, Code: code, Dir: s.cfg.Identity, Now: s.o.Now})
	if err != nil {
		s.o.Log.Warn().Err(err).Msg("pairing did not succeed")
		return pairRefusal(err)
	}
	s.o.Log.Info().Uint32("store", id.Store).Msg("paired with head office")
	s.change(func() { s.paired, s.code = id, wire.CodeName(code.Secret()) })
	return nil
}

// pairRefusal says what to do about a failure; nil stands for one of this machine, which the log names.
func pairRefusal(err error) error {
	var p *wire.Problem
	var wrong *store.IdentityError
	switch {
	case errors.Is(err, uplink.ErrStranger):
		return &agent.Refusal{Code: agent.CodePairStranger}
	case errors.As(err, &p) && p.Code == wire.CodeCodeRefused:
		return &agent.Refusal{Code: agent.CodePairRefused, Field: "code"}
	case errors.Is(err, uplink.ErrAddress):
		return &agent.Refusal{Code: agent.CodePairAddress, Field: "head_office"}
	case errors.As(err, &wrong), errors.Is(err, fs.ErrPermission):
		return err
	}
	return &agent.Refusal{Code: agent.CodePairSilent, Retryable: true}
}

// Save writes the configuration file. The agent starts as soon as the store is paired too.
func (s *Setup) Save(lang i18n.Lang, lanes []agent.LaneConfig) error {
	s.doing.Lock()
	defer s.doing.Unlock()
	if s.saved {
		return &agent.Refusal{Code: agent.CodePairDone}
	}
	lanes, err := agent.Assign(lanes, nil, agent.LookAround(s.cfg.Printers), s.cfg.Printers.Profiles)
	if err != nil {
		return err
	}
	cfg := s.cfg
	cfg.Language, cfg.Lanes = string(lang), lanes
	text := cfg.File()
	if _, err := agent.ParseConfig(s.o.Config, text); err != nil {
		return &agent.Refusal{Code: agent.CodeLanesWrong, Faults: strings.Split(err.Error(), "\n")}
	}
	if s.paired == nil {
		if _, err := store.EnrolKey(cfg.Identity); err != nil { // begins the pairing, so that another start goes on with it
			return err
		}
	}
	if err := agent.SaveConfig(s.o.Config, text); err != nil {
		return err
	}
	s.change(func() { s.cfg, s.saved = cfg, true })
	return nil
}

// change takes a step, which may be the last one.
func (s *Setup) change(step func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if step(); s.ended() {
		close(s.done)
	}
}

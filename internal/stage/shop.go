package stage

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Member is somebody with a card.
type Member struct {
	Name     string `yaml:"name"` // of the card in the simulator
	Language string `yaml:"language"`
	Number   string `yaml:"number"`

	PIN string `yaml:"-"` // as the letter says; empty until it is chosen, where the shop has PINAtTill
	PUK string `yaml:"-"`
}

// Options say what kind of shop to set up.
type Options struct {
	Bin        string // folder with the three programs
	Dir        string // everything the shop writes; emptied first
	Programme  string // file to publish
	Members    []Member
	Lanes      int      // 1 when zero
	Speed      float64  // of the printer's mechanism, 1 when zero
	Language   string   // of the till, "en" when empty
	APIListen  string   // a free loopback address when empty
	NoPCSC     bool     // cards over the direct link
	Profiles   string   // folder with profiles of foreign cards
	Pinpads    bool     // readers with a keypad, and cards that may be used with it
	PinpadLane bool     // the last lane alone has such a reader, where a private card service can be had
	PINAtTill  bool     // members choose their PINs at the till; else letters bring them
	ByCode     bool     // the store's box enrols itself; else head office writes its identity
	Support    string   // whom the store's bundles are sealed for
	Under      []string // command that the agent is run by, such as a tracer that becomes the agent
	Control    string   // address of the simulators' control; a free one when empty
	Configure  string   // what the agent's configuration says besides, in front of its lanes
	Unwritten  bool     // head office has no programme yet
	TimeZone   string   // of the store, Europe/Riga when empty
}

// Shop is one store and its head office, running.
type Shop struct {
	Options
	HeadOffice, Agent, Sim *Process
	API, Bench             *Client // the agent's API; the simulators' control
	CardPath               string  // how cards reach the agent, in words
	Identity               string  // the store's identity folder
	Code                   string  // with which the box enrolled itself

	hqAddress string
	readers   []readerSeat
	closers   []func() error
}

// readerSeat is one lane's reader: where the simulated card connects, what the agent's configuration says, and the flags
// by which head office finds it.
type readerSeat struct {
	address, config string
	desk            []string
}

const (
	schemeID  = "4c595431"
	storeName = "Veikals Rīga 1"
	timeZone  = "Europe/Riga"
)

// Open sets the shop up and starts everything. Close must be called also after an error.
func Open(ctx context.Context, o Options) (*Shop, error) {
	o.Lanes = max(o.Lanes, 1)
	if o.Speed == 0 {
		o.Speed = 1
	}
	if o.Language == "" {
		o.Language = "en"
	}
	s := &Shop{Options: o}
	return s, s.take(ctx, s.prepare, s.makeFolders, s.foundHeadOffice, s.StartHeadOffice, s.enrol, s.publish,
		s.openReaders, s.startSim, s.issueCards, s.configureAgent, s.StartAgent, s.awaitMembers)
}

// OpenBare sets a shop up whose agent has no configuration and no identity yet, and opens its setup page. Close must be called also
// after an error.
func OpenBare(ctx context.Context, o Options) (*Shop, error) {
	o.Lanes, o.Speed, o.Members = max(o.Lanes, 1), cmp.Or(o.Speed, 1), nil
	s := &Shop{Options: o}
	return s, s.take(ctx, s.prepare, s.makeFolders, s.foundHeadOffice, s.StartHeadOffice, s.publish, s.openReaders, s.startSim, s.FirstStart)
}

// take takes one step after the other.
func (s *Shop) take(ctx context.Context, steps ...func(context.Context) error) error {
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// prepare gives the shop its address and an empty folder.
func (s *Shop) prepare(context.Context) (err error) {
	if s.APIListen == "" { // the same after each restart
		if s.APIListen, err = FreeAddress(); err != nil {
			return err
		}
	}
	if s.Bin, err = filepath.Abs(s.Bin); err != nil {
		return err
	}
	if s.Dir, err = filepath.Abs(s.Dir); err != nil {
		return err
	}
	s.Identity = s.path("store", "identity")
	if err := os.RemoveAll(s.Dir); err != nil {
		return fmt.Errorf("empty %s: %w", s.Dir, err)
	}
	return nil
}

func (s *Shop) path(parts ...string) string {
	return filepath.Join(append([]string{s.Dir}, parts...)...)
}
func (s *Shop) program(name string) string { return filepath.Join(s.Bin, name) }

// AgentData is the folder of the store's ledger.
func (s *Shop) AgentData() string { return s.path("store", "data") }

// AgentConfig is the agent's configuration file.
func (s *Shop) AgentConfig() string { return s.path("store", "loyaltill.toml") }

// HeadOfficeDir is head office's folder.
func (s *Shop) HeadOfficeDir() string { return s.path("head-office") }

// Log is the folder of the processes' logs.
func (s *Shop) Log() string { return s.path("log") }

// Run executes one of the three programs to its end.
func (s *Shop) Run(ctx context.Context, program string, args ...string) ([]byte, error) {
	return run(ctx, "", s.program(program), args...)
}

func (s *Shop) headOffice(ctx context.Context, args ...string) ([]byte, error) {
	return s.Run(ctx, "headoffice", args...)
}

func (s *Shop) makeFolders(context.Context) error {
	for _, d := range []string{"log", "cards", "store/data", "devices", "issued"} {
		if err := os.MkdirAll(s.path(filepath.FromSlash(d)), 0o700); err != nil {
			return err
		}
	}
	return nil
}

func (s *Shop) foundHeadOffice(ctx context.Context) (err error) {
	if s.hqAddress, err = FreeAddress(); err != nil {
		return err
	}
	_, err = s.headOffice(ctx, "init", "--dir", s.HeadOfficeDir(), "--scheme", schemeID, "--currency", "EUR", "--host", "127.0.0.1")
	return err
}

// StartHeadOffice starts head office, again on the same address after it was stopped.
func (s *Shop) StartHeadOffice(ctx context.Context) (err error) {
	s.HeadOffice, err = start(ctx, s.Log(), "headoffice", s.program("headoffice"), "serve", "--dir", s.HeadOfficeDir(), "--listen", s.hqAddress, "--watch", "127.0.0.1:0")
	return err
}

// HeadOfficeURL is where stores find head office.
func (s *Shop) HeadOfficeURL() string { return "https://" + s.hqAddress }

func (s *Shop) enrol(ctx context.Context) (err error) {
	if s.ByCode {
		if s.Code, err = s.EnrolCode(ctx, "1"); err == nil {
			_, err = s.Run(ctx, "loyaltill", "enrol", "--head-office", s.HeadOfficeURL(), "--code", s.Code, "--out", s.Identity)
		}
	} else {
		_, err = s.headOffice(ctx, s.enrolment("1", "--head-office", s.HeadOfficeURL(), "--out", s.Identity)...)
	}
	if err != nil {
		return err
	}
	_, err = s.headOffice(ctx, "enrol", "--dir", s.HeadOfficeDir(), "--backoffice", "accounts", "--head-office", s.HeadOfficeURL(), "--out", s.path("back-office", "identity"))
	return err
}

// EnrolCode has head office print the code with which a store's next box enrols itself.
func (s *Shop) EnrolCode(ctx context.Context, store string) (string, error) {
	out, err := s.headOffice(ctx, s.enrolment(store, "--code")...)
	if err != nil {
		return "", err
	}
	var told struct{ Code string }
	err = json.Unmarshal(out, &told)
	return told.Code, err
}

func (s *Shop) enrolment(store string, more ...string) []string {
	return append([]string{"enrol", "--dir", s.HeadOfficeDir(), "--store", store, "--name", storeName, "--time-zone", cmp.Or(s.TimeZone, timeZone), "--language", "lv"}, more...)
}

func (s *Shop) publish(ctx context.Context) error {
	if s.Unwritten {
		return nil
	}
	_, err := s.headOffice(ctx, "publish", "--yes", "--dir", s.HeadOfficeDir(), s.Programme)
	return err
}

func (s *Shop) startSim(ctx context.Context) (err error) {
	args := []string{"run", "--control", cmp.Or(s.Control, "127.0.0.1:0"), "--cards", s.path("cards"), "--speed", fmt.Sprint(s.Speed)}
	for i, r := range s.readers {
		args = append(args, "--reader", fmt.Sprintf("till%d=%s", i+1, r.address), "--printer", fmt.Sprintf("till%d=pty:%s", i+1, s.printerDevice(i+1)))
	}
	if s.Sim, err = start(ctx, s.Log(), "firmware-sim", s.program("firmware-sim"), args...); err != nil {
		return err
	}
	s.Bench = &Client{Base: s.Sim.Text("control")}
	return nil
}

func (s *Shop) printerDevice(lane int) string {
	return s.path("devices", fmt.Sprintf("printer%d", lane))
}

func (s *Shop) configureAgent(context.Context) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "data = %q\nidentity = %q\nlanguage = %q\n\n[api]\nlisten = %q\ntoken_file = %q\n\n[log]\nlevel = \"debug\"\n",
		s.AgentData(), s.Identity, s.Language, s.APIListen, s.path("store", "api.token"))
	if s.Profiles != "" {
		fmt.Fprintf(&b, "\n[cards]\nprofiles = %q\n", s.Profiles)
	}
	if s.Support != "" {
		_, _ = fmt.Fprintf(&b, "\n[support]\nrecipient = %q\n", s.Support)
	}
	b.WriteString(s.Configure)
	for i, r := range s.readers {
		fmt.Fprintf(&b, "\n[[lane]]\nnumber = %d\nname = \"Till %d\"\nreader = { %s }\nprinter = { device = %q, profile = \"epson-tm-t20iii-80\" }\n",
			i+1, i+1, r.config, s.printerDevice(i+1))
	}
	return os.WriteFile(s.AgentConfig(), b.Bytes(), 0o600)
}

// StartAgent starts the agent, again after it was stopped or killed.
func (s *Shop) StartAgent(ctx context.Context) (err error) {
	line := slices.Concat(s.Under, []string{s.program("loyaltill"), "run", "--config", s.AgentConfig()})
	if s.Agent, err = start(ctx, s.Log(), "agent", line[0], line[1:]...); err != nil {
		return err
	}
	token, err := os.ReadFile(s.path("store", "api.token"))
	if err != nil {
		return err
	}
	s.API = &Client{Base: s.Agent.Text("api"), Token: strings.TrimSpace(string(token))}
	return nil
}

// FirstStart starts an agent that has nothing but the devices around it; its ready line has the setup page.
func (s *Shop) FirstStart(ctx context.Context) (err error) {
	s.Agent, err = start(ctx, s.Log(), "agent", s.program("loyaltill"), "run", "--config", s.AgentConfig(),
		"--listen", s.APIListen, "--ports", s.path("devices"), "--no-browser")
	return err
}

// PairingCode has head office make the code for store 1, all that its setup page asks for.
func (s *Shop) PairingCode(ctx context.Context) (string, error) {
	code, _, err := s.PairingCodes(ctx, 1)
	return code, err
}

// PairingCodes has head office make the code for a store: with head office's address in it, and bare.
func (s *Shop) PairingCodes(ctx context.Context, store int) (pairing, bare string, err error) {
	out, err := s.headOffice(ctx, s.enrolment(strconv.Itoa(store), "--head-office", s.HeadOfficeURL(), "--code")...)
	if err != nil {
		return "", "", err
	}
	var made struct{ Pairing, Code string }
	err = json.Unmarshal(out, &made)
	return made.Pairing, made.Code, err
}

// Started takes up an agent that went on from its setup page.
func (s *Shop) Started() error {
	token, err := os.ReadFile(s.path("store", "data", "api.token"))
	s.API = &Client{Base: "http://" + s.APIListen, Token: strings.TrimSpace(string(token))}
	return err
}

// firstSync is how long a new store may take to get its members and programme.
const firstSync = time.Minute

func (s *Shop) awaitMembers(ctx context.Context) error { return s.Synced(ctx, firstSync) }

// TillPage is the address of the till page for a browser on this machine.
func (s *Shop) TillPage() string { return s.API.Base + "/till/#token=" + s.API.Token }

// Insert puts a member's card into a lane's reader; Remove takes it out.
func (s *Shop) Insert(ctx context.Context, lane int, card string) error {
	return s.Bench.Do(ctx, "PUT", fmt.Sprintf("/readers/till%d/card", lane), map[string]string{"card": card}, nil)
}

func (s *Shop) Remove(ctx context.Context, lane int) error {
	return s.Bench.Do(ctx, "DELETE", fmt.Sprintf("/readers/till%d/card", lane), nil, nil)
}

// ChoosePIN has the member whose card is in the lane's reader choose its first PIN.
func (s *Shop) ChoosePIN(ctx context.Context, lane int, pin string) error {
	return s.API.Do(ctx, "PUT", fmt.Sprintf("/v1/lanes/%d/pin", lane), map[string]string{"pin": pin, "again": pin}, nil)
}

// Report is what head office holds, as `headoffice report` prints it.
func (s *Shop) Report(ctx context.Context, into any) error {
	out, err := s.headOffice(ctx, "report", "--dir", s.HeadOfficeDir())
	if err != nil {
		return err
	}
	return json.Unmarshal(out, into)
}

// Pull fetches the closed days as the back office does and gives the folder with the files.
func (s *Shop) Pull(ctx context.Context) (string, error) {
	out := s.path("back-office", "days")
	_, err := s.headOffice(ctx, "pull", "--identity", s.path("back-office", "identity"), "--head-office", "https://"+s.hqAddress, "--out", out)
	return out, err
}

// Synced waits until head office has acknowledged everything the store has.
func (s *Shop) Synced(ctx context.Context, limit time.Duration) error {
	return Until(ctx, "the upload", limit, func(ctx context.Context) (bool, string, error) {
		var st struct {
			Sync struct {
				State         string `json:"state"`
				Head, Through int64
				FeedThrough   int64 `json:"feed_through"`
				FeedComplete  bool  `json:"feed_complete"`
			} `json:"sync"`
		}
		if err := s.API.Do(ctx, "GET", "/v1/status", nil, &st); err != nil {
			return false, "", err
		}
		// The feed's watermark says that balances and vouchers for these entries are here too.
		return st.Sync.FeedComplete && st.Sync.Through == st.Sync.Head && st.Sync.FeedThrough == st.Sync.Head, fmt.Sprintf("%+v", st.Sync), nil
	})
}

// Close stops what still runs: simulators last, so that nothing sees its devices vanish first.
func (s *Shop) Close() error {
	err := errors.Join(s.Agent.Stop(), s.HeadOffice.Stop(), s.Sim.Stop())
	for i := len(s.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, s.closers[i]())
	}
	return err
}

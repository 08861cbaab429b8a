//go:build linux

package printer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/devices/escpos"
	"loyaltill/firmware-sim/printersim"
)

// rig is a simulated printer and the hands around it.
type rig struct {
	control http.Handler
	device  string
	now     func() time.Time // the time of the printer and of its driver
}

const simName = "p"

func newRig(t testing.TB, cfg printersim.PrinterConfig) *rig {
	t.Helper()
	cfg.Name, cfg.Clock = simName, steadyClock(t)
	if cfg.TCPAddr == "" {
		cfg.PTYLink = filepath.Join(t.TempDir(), "printer")
	}
	b, err := printersim.OpenBench([]printersim.PrinterConfig{cfg}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("simulator: %v", err)
		}
	})
	return &rig{control: b.Handler(), device: b.Devices()[simName], now: cfg.Clock}
}

// driver is a printer on the rig's cable. Its waits are quick ones.
func (r *rig) driver(t testing.TB, cfg Config) *Printer {
	t.Helper()
	if cfg.Device == "" {
		cfg.Device = r.device
	}
	if cfg.Profile == nil {
		cfg.Profile = tmT20III(t)
	}
	p := newPrinter(t, cfg)
	p.now, p.timing = r.now, quick()
	return p
}

// ask talks to the simulator's control interface and decodes the answer into v.
func (r *rig) ask(t testing.TB, method, path string, body, v any) {
	t.Helper()
	in, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	r.control.ServeHTTP(rec, httptest.NewRequest(method, "/printers/"+simName+path, bytes.NewReader(in)))
	if rec.Code != http.StatusOK {
		t.Fatalf("%s %s: %d %s", method, path, rec.Code, rec.Body)
	}
	if text, ok := v.(*string); ok {
		*text = rec.Body.String()
	} else if err := json.Unmarshal(rec.Body.Bytes(), v); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) fault(t testing.TB, f printersim.Fault) {
	t.Helper()
	r.ask(t, "POST", "/fault", f, new(printersim.State))
}

// mend undoes every fault, as a person would.
func (r *rig) mend(t testing.TB) {
	t.Helper()
	r.ask(t, "DELETE", "/fault", nil, new(printersim.State))
}

func (r *rig) counts(t testing.TB) printersim.Counts {
	t.Helper()
	var st printersim.State
	r.ask(t, "GET", "", nil, &st)
	return st.Counts
}

// sheets are the texts of what has left the printer; a torn one says so in its last line.
func (r *rig) sheets(t testing.TB) []string {
	t.Helper()
	var list struct{ Sheets []printersim.Sheet }
	r.ask(t, "GET", "/sheets", nil, &list)
	texts := make([]string, len(list.Sheets))
	for i, s := range list.Sheets {
		r.ask(t, "GET", fmt.Sprintf("/sheets/%d.txt", s.N), nil, &texts[i])
		if s.Torn {
			texts[i] += "torn"
		}
	}
	return texts
}

// story is what happened to the printer, for a test that fails.
func (r *rig) story(t testing.TB) string {
	t.Helper()
	var list struct{ Events []printersim.Event }
	r.ask(t, "GET", "/journal", nil, &list)
	var out strings.Builder
	for _, e := range list.Events {
		fmt.Fprintf(&out, "%s %s %s\n", e.At.Format("05.000"), e.Kind, e.Text)
	}
	return out.String()
}

const (
	simSpeed = 4 // rows of 150 microseconds, a cut of 90 ms, one second to start up
	offMS    = 600
)

func tmT20III(t testing.TB) *escpos.Profile { return profile(t, "epson-tm-t20iii-80") }

// linked returns a simulated printer and the driver on its cable, ready. The waits are quick ones, unless tuned.
func linked(t testing.TB, sim printersim.PrinterConfig, cfg Config, tune ...func(*timing)) (*rig, *Printer) {
	t.Helper()
	if sim.Speed == 0 {
		sim.Speed = simSpeed
	}
	r := newRig(t, sim)
	p := r.driver(t, cfg)
	for _, f := range tune {
		f(&p.timing)
	}
	start(t, p)
	waitState(t, p, StateReady)
	return r, p
}

// complete counts the sheets that hold the whole job and nothing else.
func complete(sheets []string, job *escpos.Job) int {
	want := textOf(job)
	n := 0
	for _, s := range sheets {
		if s == want {
			n++
		}
	}
	return n
}

// mixed counts the sheets with lines of more than one job.
func mixed(sheets []string) int {
	n := 0
	for _, s := range sheets {
		first := ""
		for line := range strings.Lines(s) {
			name, _, ok := strings.Cut(strings.TrimPrefix(line, "[torn] "), " line ")
			if !ok {
				continue
			}
			if first != "" && name != first {
				n++
				break
			}
			first = name
		}
	}
	return n
}

// textOf reads the lines of a job of receipt from its bytes.
func textOf(job *escpos.Job) string {
	var out strings.Builder
	for line := range strings.Lines(string(job.Bytes())) {
		if i := strings.Index(line, "job "); i >= 0 && strings.HasSuffix(line, "\n") {
			out.WriteString(line[i:])
		}
	}
	return out.String()
}

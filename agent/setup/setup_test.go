package setup

import (
	"context"
	"crypto/rand"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/agent"
	"loyaltill/firmware-sim/printersim"
	"loyaltill/internal/i18n"
	"loyaltill/store"
	"loyaltill/store/agentdb"
	"loyaltill/sync/wire"
)

func options(folder string) Options {
	return Options{Config: filepath.Join(folder, "loyaltill.toml"), Listen: "127.0.0.1:8787", Ports: filepath.Join(folder, "ports"), Log: zerolog.Nop(), Now: time.Now}
}

func begin(t *testing.T, o Options) *Setup {
	t.Helper()
	s, needed, err := Begin(o)
	if err != nil || !needed {
		t.Fatalf("needed %v, %v", needed, err)
	}
	return s
}

func wantRefusal(t *testing.T, what string, err error, code string) {
	t.Helper()
	if r := agent.RefusalOf(err); r == nil || r.Code != code {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

// lone is a till with nothing plugged in.
func lone() []agent.LaneConfig { return []agent.LaneConfig{{Number: 1, Name: "Till 1"}} }

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestASetupIsNeededWhileThereIsNoConfigurationOrItsPairingIsNotFinished(t *testing.T) {
	o := options(t.TempDir())
	s := begin(t, o)
	if err := s.Save(i18n.Latvian, lone()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.Done():
		t.Error("done without head office")
	default:
	}
	again := begin(t, o)
	if st := again.Look(i18n.English); !st.Saved || st.Done || st.Store != nil || st.Lanes[0].Name != "Till 1" {
		t.Errorf("state %+v", st)
	}
	wantRefusal(t, "the configuration again", again.Save(i18n.English, lone()), agent.CodePairDone)
	cfg, err := agent.LoadConfig(o.Config)
	if err != nil || cfg.Language != "lv" || cfg.Data != filepath.Join(filepath.Dir(o.Config), "data") {
		t.Errorf("%+v, %v", cfg, err)
	}
	// Whoever configured a store by hand is told to enrol it, as ever.
	if err := os.Remove(filepath.Join(cfg.Identity, store.KeyFile)); err != nil {
		t.Fatal(err)
	}
	if _, needed, err := Begin(o); needed || err != nil {
		t.Errorf("without a pairing that was begun: needed %v, %v", needed, err)
	}
}

func TestASetupThatCannotWriteSaysSoBeforeAnybodyHasTyped(t *testing.T) {
	folder := t.TempDir()
	put(t, filepath.Join(folder, "file"), "")
	o := options(filepath.Join(folder, "file"))
	if _, _, err := Begin(o); err == nil {
		t.Error("it begins where a file stands in the way")
	}
	o = options(folder)
	o.Listen = "0.0.0.0:8787"
	if _, _, err := Begin(o); err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("on every address: %v", err)
	}
	put(t, o.Config, "lane = 7\n")
	if _, _, err := Begin(o); err == nil {
		t.Error("a broken configuration is set up anew")
	}
}

// office answers as head office does to who has no certificate; it knows no code.
func office(t *testing.T) (address string, code wire.EnrolCode) {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	t.Cleanup(server.Close)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/ca" {
			_ = pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
			return
		}
		w.Header().Set("Content-Type", wire.TypeProblem)
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"code":"` + string(wire.CodeCodeRefused) + `"}`))
	})
	code, err := wire.NewEnrolCode(rand.Reader, server.Certificate().Raw)
	if err != nil {
		t.Fatal(err)
	}
	return server.URL, code
}

func TestAPairingThatFailsSaysWhatToDo(t *testing.T) {
	o := options(t.TempDir())
	s := begin(t, o)
	address, code := office(t)
	other, err := wire.NewEnrolCode(rand.Reader, []byte("of another head office"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ what, typed, office, want string }{
		{"half a code", code.String()[:9], address, agent.CodePairForm},
		{"no address", code.String(), "", agent.CodePairAddress},
		{"a web page", code.String(), "http://hq.example.org/page", agent.CodePairAddress},
		{"wrong, used or over", code.Pairing(address), "", agent.CodePairRefused},
		{"another head office", other.Pairing(address), "", agent.CodePairStranger},
		{"nobody there", code.Pairing("https://127.0.0.1:1"), "", agent.CodePairSilent},
	} {
		wantRefusal(t, c.what, s.Pair(t.Context(), c.typed, c.office), c.want)
	}
	o.Office = address
	wantRefusal(t, "the address of the command line", begin(t, o).Pair(t.Context(), code.String(), ""), agent.CodePairRefused)
	put(t, filepath.Join(s.Config().Data, agentdb.LedgerFile), "")
	wantRefusal(t, "a ledger without its identity", s.Pair(t.Context(), code.Pairing(address), ""), agent.CodePairLedger)
}

func TestATestSlipFindsTheProfileOfThePrinter(t *testing.T) {
	bench, err := printersim.OpenBench([]printersim.PrinterConfig{{Name: "till", TCPAddr: "127.0.0.1:0", Personality: "tm-t20iii", Speed: 1000}}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- bench.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	s := begin(t, options(t.TempDir()))
	lane := lone()[0]
	_, err = s.TestSlip(t.Context(), i18n.Persian, lane)
	wantRefusal(t, "no printer", err, agent.CodePrinterMissing)
	lane.Printer.Device = bench.Devices()["till"]
	slip, err := s.TestSlip(t.Context(), i18n.Persian, lane)
	if err != nil || !slip.Out || slip.Code != "" || slip.Model != "EPSON TM-T20III" || slip.Printer.Profile != "epson-tm-t20iii-80" || slip.Printer.Baud != 0 {
		t.Errorf("%+v, %v", slip, err)
	}
	lane.Printer.Device = "file:/etc/passwd"
	_, err = s.TestSlip(t.Context(), i18n.English, lane)
	wantRefusal(t, "any file", err, agent.CodeDeviceUnknown)
	lane.Printer.Device = "tcp:127.0.0.1:1"
	if slip, err := s.TestSlip(t.Context(), i18n.English, lane); err != nil || slip.Out || slip.Code == "" {
		t.Errorf("nobody there: %+v, %v", slip, err)
	}
}

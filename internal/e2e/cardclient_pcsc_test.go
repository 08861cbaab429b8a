//go:build linux && pcsc

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loyaltill/internal/pcscd"
)

// python is the system's: its PC/SC binding is a package of the distribution.
const python = "/usr/bin/python3"

// table is a simulator with cards in a folder and its readers at a card service of the test's own.
type table struct {
	program, cards, control string
	lanes                   []string          // the simulator's names of the readers
	readers                 map[string]string // their names in PC/SC
}

// openTable starts a card service and a simulator that end with the test.
func openTable(t *testing.T, lanes int) table {
	t.Helper()
	daemon, err := pcscd.Start(t.Context(), pcscd.Options{Readers: lanes})
	if errors.Is(err, pcscd.ErrUnavailable) {
		needs(t, "card service", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := daemon.Stop(); err != nil {
			t.Error(err)
		}
	})
	s := table{program: filepath.Join(programs(t), "firmware-sim"), cards: t.TempDir(), readers: map[string]string{}}
	args := []string{"run", "--cards", s.cards}
	for i, port := range daemon.Ports {
		name := fmt.Sprintf("lane-%d", i+1)
		s.lanes, s.readers[name] = append(s.lanes, name), daemon.Readers[i]
		args = append(args, "--reader", fmt.Sprintf("%s=127.0.0.1:%d", name, port))
	}
	s.control = startSimulator(t, s.program, args)
	return s
}

const (
	modules     = 8               // files of tests in clientDir; together they take readersEach × modules readers
	readersEach = 2               // one rests while pcscd notices the other's card: it looks a few times a second
	clientLimit = 2 * time.Minute // a reader that never answers must not hold the tests up
	clientDir   = "testdata/lyl1client"
)

// TestClientWrittenFromThePage lets a client that knows docs/card.md and none of our code do everything that the page has.
func TestClientWrittenFromThePage(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), python, "-c", "import smartcard, cryptography").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, out)
	}
	needs(t, "python3-pyscard and python3-cryptography", err)
	files, err := filepath.Glob(filepath.Join(clientDir, "test_*.py"))
	if err != nil || len(files) != modules {
		t.Fatalf("%d files of tests, %v", len(files), err)
	}
	s := openTable(t, modules*readersEach)
	ctx, cancel := context.WithTimeout(t.Context(), clientLimit)
	defer cancel()
	var runs []*moduleRun // all at once: they mostly wait for pcscd to look at its readers
	for i, file := range files {
		run := &moduleRun{name: strings.TrimSuffix(filepath.Base(file), ".py")}
		if err := run.start(ctx, s, s.lanes[i*readersEach:(i+1)*readersEach]); err != nil {
			t.Fatal(err)
		}
		runs = append(runs, run)
	}
	for _, run := range runs {
		t.Run(run.name, func(t *testing.T) {
			err := run.cmd.Wait()
			if out := run.out.String(); err != nil || strings.Contains(out, "skipped") || !strings.Contains(out, "... ok") {
				t.Error(err)
			}
			t.Logf("%s", run.out.String())
		})
	}
}

// moduleRun is one file of tests, which runs with readers of its own.
type moduleRun struct {
	name string
	cmd  *exec.Cmd
	out  bytes.Buffer
}

func (r *moduleRun) start(ctx context.Context, s table, lanes []string) error {
	readers := map[string]string{}
	for _, lane := range lanes {
		readers[lane] = s.readers[lane]
	}
	where, err := json.Marshal(readers)
	if err != nil {
		return err
	}
	r.cmd = exec.CommandContext(ctx, python, "-B", "-W", "ignore", "-m", "unittest", "-v", r.name) // the warnings are pyscard's own
	r.cmd.Dir, r.cmd.Stdout, r.cmd.Stderr = clientDir, &r.out, &r.out
	r.cmd.Env = append(os.Environ(), "LYL1_SIMULATOR="+s.program, "LYL1_CARDS="+s.cards, "LYL1_CONTROL="+s.control,
		"LYL1_READERS="+string(where), "LYL1_PREFIX="+strings.ReplaceAll(r.name, "_", "-"))
	return r.cmd.Start()
}

//go:build linux

package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"loyaltill/internal/stage"
	"loyaltill/store/agentdb"
)

// tracer is the command that makes system calls on the ledger's files fail as told and leaves the program otherwise alone. It
// becomes the program, so that a signal to it is one to the program; log tells what it did.
func tracer(t testing.TB, data, log string, injections ...string) []string {
	t.Helper()
	path, err := exec.LookPath("strace")
	if err != nil {
		lacks(t, "strace is missing: apt-get install strace")
	}
	line := []string{path, "-D", "-f", "-qq", "-o", log, "-P", filepath.Join(data, agentdb.LedgerFile), "-P", filepath.Join(data, agentdb.LedgerFile+"-wal"),
		"-e", "trace=" + strings.Join([]string{callRead, callWrite, callSync}, ",")}
	for _, i := range injections {
		line = append(line, "-e", "inject="+i)
	}
	return line
}

// The system calls by which SQLite works on its files.
const (
	callRead  = "pread64"
	callWrite = "pwrite64"
	callSync  = "fsync,fdatasync"
)

func injected(t testing.TB, log string) int {
	t.Helper()
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	return meddled(text)
}

func meddled(log []byte) int {
	return bytes.Count(log, []byte("(INJECTED)")) + bytes.Count(log, []byte("(DELAYED)"))
}

// sellUnder sells on a ledger that has sold before, until there was a fault. It gives how the seller ended.
func sellUnder(t *testing.T, name string, injection string) (ended error, faults int) {
	t.Helper()
	const before, during = 30, 120 // at least
	id := newIdentity(t)
	dir, log := memoryDisk(t, 64<<20), filepath.Join(t.TempDir(), "strace.log")
	if out, err := sellCommand(t, id, dir, before).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.Remove(filepath.Join(dir, answeredFile)); err != nil { // the same keys again get the same answers
		t.Fatal(err)
	}
	out, ended := sellUntilFault(t, sellCommand(t, id, dir, before+during), dir, log, injection)
	faults = injected(t, log)
	text, err := os.ReadFile(filepath.Join(dir, answeredFile))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	said, err := answers(string(text))
	if err != nil {
		t.Fatal(err)
	}
	entries, err := checkLedger(context.Background(), id, dir, said)
	if err != nil {
		t.Errorf("%s: %v\n%s", name, err, out)
	}
	t.Logf("%s: %d faults, %d answered, %d in the ledger, ended with %v", name, faults, len(said), entries, ended)
	// One fault is outlived: every sale was answered, those that it hit when the till asked again. A fault that stays ends
	// selling, in words.
	var exit *exec.ExitError
	switch {
	case faults == 0 && !errors.As(ended, &exit):
		t.Errorf("%s: nothing failed in %v", name, syncLimit)
	case faults == 1 && ended != nil:
		t.Errorf("%s: one fault, and selling ended: %v\n%s", name, ended, out)
	case ended == nil && int64(len(said)) != entries:
		t.Errorf("%s: %d of %d sales were answered\n%s", name, len(said), entries, out)
	case errors.As(ended, &exit) && exit.Exited() && !strings.Contains(string(out), "again: "):
		t.Errorf("%s: it ended without a word on the sale that failed:\n%s", name, out)
	}
	return ended, faults
}

// sellUntilFault lets the seller sell until a system call was meddled with, and gives what it said.
func sellUntilFault(t *testing.T, cmd *exec.Cmd, data, log, injection string) (said []byte, ended error) {
	t.Helper()
	line := append(tracer(t, data, log, injection), cmd.Path)
	cmd.Path, cmd.Args = line[0], line
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	enough, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	running, end := context.WithCancel(t.Context())
	var watch sync.WaitGroup
	watch.Go(func() {
		_ = stage.Until(running, "a fault", syncLimit, func(context.Context) (bool, string, error) {
			text, err := os.ReadFile(log) // which strace has yet to make
			return err == nil && meddled(text) > 0, "", nil
		})
		_ = enough.Close()
	})
	ended = cmd.Wait()
	end()
	watch.Wait()
	return out.Bytes(), ended
}

func TestADiskThatFailsOnceIsOutlived(t *testing.T) {
	dice := rand.New(rand.NewPCG(*seedFlag, 3))
	for _, c := range []struct {
		call, err string
		most      int // the fault comes before this call of a thread
	}{{callSync, "EIO", 12}, {callWrite, "ENOSPC", 40}, {callWrite, "EIO", 40}} {
		n := 1 + dice.IntN(c.most)
		name := fmt.Sprintf("%s, %s number %d", c.err, c.call, n)
		t.Run(name, func(t *testing.T) { sellUnder(t, name, fmt.Sprintf("%s:error=%s:when=%d", c.call, c.err, n)) })
	}
}

func TestADiskThatStaysBrokenStopsSellingAndLosesNothing(t *testing.T) {
	for _, c := range []struct{ name, injection string }{
		{"no sync works any more", callSync + ":error=EIO:when=5+"},
		{"the disk is full for good", callWrite + ":error=ENOSPC:when=20+"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if ended, faults := sellUnder(t, c.name, c.injection); ended == nil && faults > 20 {
				t.Error("selling went on although the disk was broken")
			}
		})
	}
}

func TestALedgerThatCannotBeReadIsRefusedByName(t *testing.T) {
	id := newIdentity(t)
	dir, log := t.TempDir(), filepath.Join(t.TempDir(), "strace.log")
	if out, err := sellCommand(t, id, dir, 10).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := sellCommand(t, id, dir, 20)
	line := append(tracer(t, dir, log, callRead+":error=EIO:when=2+"), cmd.Path)
	cmd.Path, cmd.Args = line[0], line
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), agentdb.LedgerFile) || !strings.Contains(string(out), "disk I/O error") {
		t.Errorf("%v\n%s", err, out)
	}
	if entries, err := checkLedger(t.Context(), id, dir, nil); err != nil || entries != 10 {
		t.Errorf("%d entries afterwards, %v", entries, err)
	}
}

func TestASlowDiskOnlyTakesLonger(t *testing.T) {
	name := "each sync takes 5 ms longer"
	if ended, _ := sellUnder(t, name, callSync+":delay_enter=5000"); ended != nil {
		t.Error(ended)
	}
}

func TestAKillAtAnySystemCallLosesNoAnsweredSale(t *testing.T) {
	dice := rand.New(rand.NewPCG(*seedFlag, 4))
	for n := range *kills {
		call, most := callWrite, 60
		if n%2 == 1 {
			call, most = callSync, 20
		}
		at := 1 + dice.IntN(most)
		name := fmt.Sprintf("%s number %d", call, at)
		t.Run(name, func(t *testing.T) {
			if ended, _ := sellUnder(t, name, fmt.Sprintf("%s:signal=KILL:when=%d", call, at)); ended == nil {
				t.Error("it lived on")
			}
		})
	}
}

//go:build linux

package faults

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"loyaltill/internal/stage"
)

// sellUntilRefused sells until the agent refuses for want of its disk, and gives the key of that sale.
func (s *till) sellUntilRefused(t *testing.T) string {
	t.Helper()
	const most = 20_000
	for range most {
		k := newKey()
		err := s.sellAs(t.Context(), k)
		var p *stage.Problem
		if errors.As(err, &p) {
			if p.Status != 503 || p.Code != "ledger_unavailable" {
				t.Errorf("the till is told %v, want that the ledger is unavailable", p)
			}
			return k
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Fatalf("%d sales and the disk never failed", most)
	return ""
}

// The agent's disk is full while it sells. The till is told so; nothing that was answered is lost; when there is room again
// the refused sale goes through under its key.
func TestAFullDiskRefusesSalesAndLosesNone(t *testing.T) {
	t.Parallel()
	s := openTill(t, nil)
	s.stop(t)
	s.moveToMemory(t, 24<<20)
	s.start(t)
	s.sellMany(t, 3)
	ballast := filepath.Join(s.AgentData(), "ballast")
	const room = 64 << 10
	if err := fillDisk(ballast, room); err != nil {
		t.Fatal(err)
	}
	refused := s.sellUntilRefused(t)
	if err := s.sellAs(t.Context(), refused); err == nil {
		t.Error("a second try found room on a full disk")
	}
	if _, err := quote(t.Context(), s.API); err != nil {
		t.Errorf("a full disk keeps the till from reading: %v", err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	s.restart(t)
	if err := s.sellAs(t.Context(), refused); err != nil {
		t.Errorf("there is room again: %v", err)
	}
	s.sellMany(t, 3)
	t.Logf("%+v", s.nothingLost(t))
}

// moveToMemory puts the data of the stopped agent on a disk of its own.
func (s *till) moveToMemory(t *testing.T, bytes int64) {
	t.Helper()
	aside := s.AgentData() + "-aside"
	if err := errors.Join(os.Rename(s.AgentData(), aside), os.Mkdir(s.AgentData(), 0o700)); err != nil {
		t.Fatal(err)
	}
	mountMemory(t, s.AgentData(), bytes)
	if err := os.CopyFS(s.AgentData(), os.DirFS(aside)); err != nil {
		t.Fatal(err)
	}
}

// fillDisk writes a file until the disk has only so much room.
func fillDisk(path string, room uint64) error {
	var st unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(path), &st); err != nil {
		return err
	}
	free := st.Bavail * uint64(st.Bsize)
	err := os.WriteFile(path, make([]byte, free-min(free, room)), 0o600)
	if errors.Is(err, unix.ENOSPC) { // somebody else wrote meanwhile: it is full
		return nil
	}
	return err
}

// Syncs of the real agent fail, and go on failing: it tries once on a new connection, then sells no more until somebody has
// looked at the disk and started it again.
func TestAnAgentWhoseDiskFailsSaysSoAndKeepsWhatItAnswered(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "strace.log")
	s := openTill(t, nil)
	s.sellMany(t, 3)
	s.stop(t)
	s.Under = tracer(t, s.AgentData(), log, callSync+":error=EIO:when=4+")
	s.start(t)
	refused := s.sellUntilRefused(t)
	if _, err := quote(t.Context(), s.API); err != nil {
		t.Errorf("the till cannot even read: %v", err)
	}
	s.Agent.Kill()
	logged, err := os.ReadFile(filepath.Join(s.Log(), "agent.log"))
	if err != nil || !strings.Contains(string(logged), "commit failed, looking on a new connection") {
		t.Errorf("the log does not tell of the disk: %v", err)
	}
	s.Under = nil
	s.start(t)
	if err := s.sellAs(t.Context(), refused); err != nil {
		t.Errorf("on a disk that works: %v", err)
	}
	t.Logf("%d faults, %+v", injected(t, log), s.nothingLost(t))
}

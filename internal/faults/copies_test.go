//go:build linux

package faults

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"loyaltill/internal/stage"
)

// copyOf puts the stopped agent's data somewhere else.
func (s *till) copyOf(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "copy")
	copyTree(t, s.AgentData(), dir)
	return dir
}

// The store's files are replaced by an older copy, or are gone. A box that reaches head office before it sells gets its own
// entries back and goes on in the same log.
func TestAnOlderOrEmptyLedgerThatAsksFirstGetsItsEntriesBack(t *testing.T) {
	t.Parallel()
	s := openTill(t, nil)
	s.sellMany(t, 3)
	s.synced(t)
	s.stop(t)
	older := s.copyOf(t)
	s.start(t)
	s.sellMany(t, 3)
	none := t.TempDir()
	for _, with := range []string{older, none} {
		s.synced(t)
		s.stop(t)
		replaceTree(t, s.AgentData(), with)
		s.start(t)
		s.state(t, "in_sync")
		s.sellMany(t, 2)
		t.Logf("%+v", s.nothingLost(t))
	}
}

// A box whose ledger is gone sells before it reaches head office: its new entries have the numbers of old ones. Head office
// takes none of them, says so, and selling goes on. (An older copy that does the same is in internal/e2e.)
func TestAnEmptyLedgerThatSoldFirstIsForkedAndNothingIsMixed(t *testing.T) {
	t.Parallel()
	s := openTill(t, nil)
	s.sellMany(t, 3)
	s.synced(t)
	s.stop(t)
	// What it sells by comes from head office; the members' file stays, the ledger is lost.
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(filepath.Join(s.AgentData(), "ledger.db"+suffix)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	if err := s.HeadOffice.Stop(); err != nil {
		t.Fatal(err)
	}
	s.start(t)
	s.sellMany(t, 5)
	if err := s.StartHeadOffice(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.state(t, "forked")
	if b := s.books(t); b.Stores[0].Epochs[0].Seq != 3 || b.Members[0].Balance != 3*salePoints || len(b.Cases) != 1 || b.Cases[0].Kind != "fork" {
		t.Errorf("head office holds %+v", b)
	}
	s.sellMany(t, 1)
}

// secondBox is the agent's box copied whole: data, identity and configuration, with an address of its own.
func (s *till) secondBox(t *testing.T) *till {
	t.Helper()
	second := &till{Shop: &stage.Shop{Options: stage.Options{Bin: s.Bin, Dir: t.TempDir()}}, answered: map[string]int64{}}
	store := filepath.Dir(second.AgentConfig())
	if err := os.Mkdir(second.Log(), 0o700); err != nil {
		t.Fatal(err)
	}
	copyTree(t, filepath.Dir(s.AgentConfig()), store)
	address, err := stage.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile(s.AgentConfig())
	if err != nil {
		t.Fatal(err)
	}
	config = bytes.ReplaceAll(config, []byte(filepath.Dir(s.AgentConfig())), []byte(store))
	config = bytes.ReplaceAll(config, []byte(s.APIListen), []byte(address))
	config = config[:bytes.Index(config, []byte("[[lane]]"))] // readers and printers stay with the first
	config = append(config, "[[lane]]\nnumber = 1\nname = \"Till 1\"\n"...)
	if err := os.WriteFile(second.AgentConfig(), config, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := second.Agent.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			showLogs(t, second.Log())
		}
	})
	return second
}

// A box is copied whole and both run. Whoever comes later speaks for the store; the other stops uploading and goes on selling;
// what both sold under one number is a fork and never mixed.
func TestACopiedBoxIsFencedInEitherOrder(t *testing.T) {
	t.Parallel()
	s := openTill(t, nil)
	s.sellMany(t, 2)
	s.synced(t)
	s.stop(t)
	second := s.secondBox(t)
	s.start(t)
	s.state(t, "in_sync")
	second.start(t)
	second.state(t, "in_sync")
	s.sellMany(t, 1) // makes the first speak
	s.state(t, "fenced")
	second.stop(t)
	s.restart(t) // the first comes later now
	s.state(t, "in_sync")
	if err := s.HeadOffice.Stop(); err != nil { // else the second may fetch what the first sold before it sells itself
		t.Fatal(err)
	}
	second.start(t)
	second.sellMany(t, 2) // under numbers that are taken
	if err := s.StartHeadOffice(t.Context()); err != nil {
		t.Fatal(err)
	}
	second.state(t, "forked")
	if b := s.books(t); b.Stores[0].Epochs[0].Seq != 3 || b.Members[0].Balance != 3*salePoints || len(b.Cases) == 0 {
		t.Errorf("head office holds %+v", b)
	}
}

// Two agents are started on one database: the second says who has it and ends; the first does not notice.
func TestASecondAgentOnTheSameLedgerIsRefused(t *testing.T) {
	t.Parallel()
	s := openTill(t, nil)
	s.sellMany(t, 1)
	other := filepath.Join(t.TempDir(), "other.toml")
	config, err := os.ReadFile(s.AgentConfig())
	if err != nil {
		t.Fatal(err)
	}
	address, err := stage.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(other, bytes.ReplaceAll(config, []byte(s.APIListen), []byte(address)), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := s.Run(t.Context(), "loyaltill", "run", "--config", other)
	if err == nil || !strings.Contains(err.Error(), "status 1") || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("the second agent: %v\n%s", err, out)
	}
	s.sellMany(t, 2)
	t.Logf("%+v", s.nothingLost(t))
}

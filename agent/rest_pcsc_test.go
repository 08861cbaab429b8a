//go:build linux && cgo && pcsc

package agent_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/devices"
	"loyaltill/devices/card/cardtest"
	"loyaltill/devices/reader"
	"loyaltill/internal/pcscd"
	"loyaltill/store/agentdb"
)

const restingLanes = 8

// restingStore is an agent whose lanes have a reader each and nobody in front of it.
func restingStore(t testing.TB) {
	t.Helper()
	daemon, err := pcscd.Start(t.Context(), pcscd.Options{Readers: restingLanes})
	if err != nil {
		if os.Getenv("CI") == "" {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	s := &shop{t: t, dir: t.TempDir(), issuer: cardtest.NewIssuer(t), log: &syncBuffer{}}
	s.identity = s.enrol()
	s.db = must[*agentdb.DB](t)(agentdb.Open(t.Context(), filepath.Join(s.dir, "data"), s.identity, zerolog.Nop(), time.Now))
	var lanes []agent.LaneConfig
	for i, name := range daemon.Readers {
		lanes = append(lanes, agent.LaneConfig{Number: loyalty.LaneID(i + 1), Reader: reader.Selector{Name: regexp.QuoteMeta(name)}})
	}
	s.agent = must[*agent.Agent](t)(agent.New(agent.Parts{
		Config: agent.Config{Language: "en", Lanes: lanes}, Identity: s.identity, DB: s.db,
		Sync: func(context.Context) (agent.SyncState, error) { return agent.SyncState{}, nil }, Log: zerolog.Nop(), Now: time.Now, Version: "test",
	}))
	s.background(s.agent.Run)
	t.Cleanup(func() {
		if err := s.db.Close(); err != nil {
			t.Error(err)
		}
		if err := daemon.Stop(); err != nil {
			t.Error(err)
		}
	})
	s.headOffice(agentdb.Change{Programme: programme(t)})
	for n := range restingLanes {
		s.untilLane(loyalty.LaneID(n+1), "reader to be found", func(l agent.LaneState) bool { return l.Reader.State == devices.OK })
	}
}

// processor is the time that this program has had of all processors.
func processor(t testing.TB) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkRest is what a store of eight lanes costs while nobody shops: thousandths of one processor. The goal is below ten.
func BenchmarkRest(b *testing.B) {
	const window = 3 * time.Second
	restingStore(b)
	used, began := processor(b), time.Now()
	for b.Loop() {
		<-time.After(window)
	}
	b.ReportMetric(1000*float64(processor(b)-used)/float64(time.Since(began)), "cpu-permille")
}

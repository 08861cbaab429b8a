package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"strconv"
	"time"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/internal/metrics"
	"loyaltill/store"
	"loyaltill/store/agentdb"
	"loyaltill/sync/uplink"
)

// gauges reads the state of a running agent for Prometheus.
type gauges struct {
	agent    *agent.Agent
	uplink   *uplink.Uplink
	db       *agentdb.DB
	identity *store.Identity
}

func (g gauges) read(ctx context.Context) (metrics.AgentState, error) {
	up, err := g.uplink.Status(ctx)
	if err != nil {
		return metrics.AgentState{}, err
	}
	status, err := g.agent.Status(ctx)
	if err != nil {
		return metrics.AgentState{}, err
	}
	s := metrics.AgentState{
		Sync: string(up.State), SyncSince: up.Since, Feed: string(up.FeedState), FeedTold: up.Feed.ToldAt, FeedCursor: up.Feed.Cursor,
		FeedWatermark: int64(up.Feed.Watermark), Head: int64(up.AckedThrough) + up.Lag, Acked: int64(up.AckedThrough),
		ClockOffset: up.ClockOffset, OpenDebits: len(status.Debits), Ready: len(g.agent.NotReady(ctx)) == 0,
		Alerts: map[string]int64{},
	}
	for _, kind := range agent.AlertKinds() {
		s.Alerts[string(kind)] = status.Alerts[kind]
	}
	if up.Lag > 0 {
		if s.OldestUnsent, err = g.oldest(ctx, up.AckedThrough+1); err != nil {
			return s, err
		}
	}
	if s.CertificateEnd, err = certificateEnd(g.identity.Path(store.CertFile)); err != nil {
		return s, err
	}
	ledger, members := g.db.Stats()
	s.Files = []metrics.File{fileOf("ledger", ledger), fileOf("members", members)}
	for _, l := range status.Lanes {
		s.Lanes = append(s.Lanes, metrics.Lane{Lane: strconv.Itoa(int(l.Lane)), Reader: string(l.Reader.State),
			Printer: string(l.Printer.State), Waiting: l.Jobs})
	}
	return s, nil
}

func fileOf(name string, s store.Stats) metrics.File {
	return metrics.File{Name: name, Queue: s.Waiting, Requests: s.Requests, Commits: s.Commits, GroupsUpTo: s.GroupsUpTo,
		Failures: s.Failures, Bytes: s.Bytes, WAL: s.WAL}
}

// oldest is the age of an entry by its own time.
func (g gauges) oldest(ctx context.Context, seq loyalty.Seq) (time.Duration, error) {
	r, err := g.db.EntriesFrom(ctx, seq, 1, 0)
	if err != nil || len(r.Bodies) == 0 {
		return 0, err
	}
	e, err := loyalty.DecodeEntry(r.Bodies[0])
	if err != nil {
		return 0, fmt.Errorf("entry %d: %w", seq, err)
	}
	at, err := time.Parse(time.RFC3339Nano, e.At)
	if err != nil {
		return 0, fmt.Errorf("entry %d: %w", seq, err)
	}
	return max(0, time.Since(at)), nil
}

func certificateEnd(path string) (time.Time, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return time.Time{}, fmt.Errorf("store certificate: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return time.Time{}, fmt.Errorf("store certificate %s: no certificate in it", path)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return time.Time{}, fmt.Errorf("store certificate %s: %w", path, err)
	}
	return cert.NotAfter, nil
}

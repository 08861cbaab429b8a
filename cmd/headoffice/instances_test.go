//go:build unix

package main

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"loyaltill/internal/pgserver"
	"loyaltill/sync/uplink"
)

const (
	storesAtOnce = 3
	salesOfEach  = 240
	killsOfTwo   = 4
)

// Two instances of head office work on one PostgreSQL database while several stores upload. One after the other is killed at random
// moments and comes back; the stores go to the one that lives. What was acknowledged is there once and in order, and posted to the point.
func TestOneOfTwoInstancesDiesUnderLoadAndTheOtherGoesOn(t *testing.T) {
	t.Setenv("HEADOFFICE_DATABASE", pgserver.New(t))
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	first := newProcess(t)
	both := []*process{first, first.twin()}
	for _, p := range both {
		p.start()
	}
	random := rand.New(rand.NewPCG(seed, 0))
	var stores []*uploader
	var acked atomic.Int64
	var wg sync.WaitGroup
	for i := range storesAtOnce {
		s := first.enrol(string(rune('1' + i)))
		clients := []*uplink.Client{s.client, both[1].clientOf(s)}
		stores = append(stores, s)
		own := rand.New(rand.NewPCG(seed, uint64(i+1)))
		wg.Go(func() { s.uploadTo(clients, own, &acked) })
	}
	ended := make(chan struct{})
	go func() { wg.Wait(); close(ended) }()
	kills := 0
	for i := range killsOfTwo {
		if !reach(ended, &acked, int64(i+1)*storesAtOnce*salesOfEach/(killsOfTwo+2)) {
			break // they were done while an instance was still starting
		}
		kills++
		<-time.After(time.Duration(random.IntN(40)) * time.Millisecond) // any moment of the work
		both[i%2].wait()
		if i < killsOfTwo-1 {
			both[i%2].start()
		}
	}
	<-ended
	if kills == 0 {
		t.Error("the stores ended before head office was killed")
	}
	living := both[kills%2] // the other was killed last
	total, lost := int64(0), 0
	for _, s := range stores {
		s.client = living.clientOf(s)
		s.uploadAll()
		total += int64(s.earned)
		lost += s.unanswered
	}
	living.terminate()

	r := first.report()
	for i, s := range stores {
		head := r.Stores[i].Epochs[0]
		if head.Seq != s.seq() || head.Posted != s.seq() || head.Hash != s.hashAt(s.seq()) {
			t.Errorf("store %d: head office ends at %d (posted %d), the store at %d", i+1, head.Seq, head.Posted, s.seq())
		}
	}
	if m := r.Members[0]; int64(m.Balance) != total {
		t.Errorf("the member has %d points, earned %d", m.Balance, total)
	}
	if len(r.Cases)+len(r.Differences) > 0 {
		t.Errorf("cases %+v, differences %+v", r.Cases, r.Differences)
	}
	first.run("verify", "--dir", first.dir)
	t.Logf("%d stores, %d entries, %d kills, %d answers never came", len(stores), storesAtOnce*salesOfEach, kills, lost)
}

// reach waits until so many entries are acknowledged; false when the stores end before.
func reach(ended <-chan struct{}, acked *atomic.Int64, want int64) bool {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for acked.Load() < want {
		select {
		case <-ended:
			return false
		case <-tick.C:
		}
	}
	return true
}

// twin is another instance of the same head office: its folder is a copy, as on another machine.
func (p *process) twin() *process {
	p.t.Helper()
	q := &process{t: p.t, dir: filepath.Join(p.t.TempDir(), "ho"), listen: freeAddress(p.t)}
	if err := os.CopyFS(q.dir, os.DirFS(p.dir)); err != nil {
		p.t.Fatal(err)
	}
	return q
}

// clientOf is a store's client for this instance.
func (p *process) clientOf(s *uploader) *uplink.Client {
	p.t.Helper()
	identity := *s.id
	identity.HeadOffice = "https://" + p.listen
	client, err := uplink.NewClient(&identity, time.Now)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(client.Close)
	return client
}

// uploadTo sells and sends, and goes to the next instance when one does not answer.
func (s *uploader) uploadTo(clients []*uplink.Client, random *rand.Rand, acked *atomic.Int64) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 5*time.Minute)
	defer cancel()
	greeted := false
	for at := int(s.id.Store); ctx.Err() == nil; {
		s.client = clients[at%len(clients)]
		before := s.acked
		if !greeted && !s.hello() {
			at++
			continue
		}
		greeted = true
		if s.acked == s.seq() {
			if s.seq() >= salesOfEach {
				return
			}
			for range min(1+random.IntN(8), salesOfEach-int(s.seq())) {
				s.sell(int64(100 + random.IntN(5000)))
			}
		}
		if !s.push() {
			s.unanswered++
			greeted = false
			at++
		}
		acked.Add(int64(s.acked - before))
	}
	s.t.Error("the stores' sales did not arrive in time")
}

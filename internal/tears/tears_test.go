package tears

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"
)

var second = flag.Uint64("tears.second", 0, "walk every first mishap, of half written words too, and one in so many of the second ones; 0: the share of make test")

// thinned is how many times fewer mishaps make test takes of the stories with head office's news: their taps are long.
const thinned = 4

// extents: two mishaps in one schedule make a tear and a torn recovery. Of the word that is being written all arrives, which is
// the memory as the next write finds it, or half.
func extents() extent {
	const whole, half = 0xFFFFFFFF, 0xFFFF0000
	e := extent{oneIn: []uint64{1, 1000}, written: [][]uint32{{whole}, {whole}}, seed: 4711}
	switch {
	case *second > 0:
		e.oneIn, e.written[0] = []uint64{1, *second}, []uint32{whole, half}
	case raceDetector:
		e.oneIn = []uint64{20, 5000}
	}
	return e
}

// TestNoPointIsLostOrSpentTwiceWheneverThePowerGoes walks all stories with mishaps at every moment: the power cut before and
// after each exchange with the card, before and after each commit of the ledger, and at each write of the card's memory.
func TestNoPointIsLostOrSpentTwiceWheneverThePowerGoes(t *testing.T) {
	k := newWalk(t, newChain(t, programmeText), extents(), runtime.GOMAXPROCS(0))
	stop := k.progress()
	schedules := k.tell(k.chain.start, stories())
	if *second == 0 {
		k.extent.oneIn = []uint64{k.extent.oneIn[0] * thinned, k.extent.oneIn[1] * thinned}
	}
	schedules += k.tell(k.chain.orders(), told()) + k.tell(k.chain.ended(), told())
	stop()
	k.schedules.Store(schedules)
	t.Log(k)
}

// tell explores stories that begin in one world.
func (k *walk) tell(start *world, stories []story) uint64 {
	var tree []*branch
	for _, s := range stories {
		tree = grow(tree, s.steps)
	}
	w := start.clone()
	w.sales = sales()
	return k.from(tree, w, 0, nil)
}

// progress says every few seconds how far a long walk has come.
func (k *walk) progress() (stop func()) {
	if *second == 0 {
		return func() {}
	}
	began, done := time.Now(), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(5 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				fmt.Fprintf(os.Stderr, "%5.0f s: %v\n", time.Since(began).Seconds(), k)
			}
		}
	})
	return func() {
		close(done)
		wg.Wait()
	}
}

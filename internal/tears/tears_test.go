package tears

import (
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"
)

var full = flag.Bool("tears.full", false, "walk every schedule, not a share of them")

// extents: two mishaps in one schedule are enough for a tear and a torn recovery. A word that is being written arrives wholly,
// which is the memory as the next write finds it, or half.
func extents() extent {
	const whole, half = 0xFFFFFFFF, 0xFFFF0000
	switch {
	case *full:
		return extent{oneIn: []uint64{1, 1}, written: []uint32{whole, half}}
	case raceDetector:
		return extent{oneIn: []uint64{12, 5000}, written: []uint32{whole}, seed: 4711}
	}
	return extent{oneIn: []uint64{1, 1000}, written: []uint32{whole}, seed: 4711}
}

// TestNoPointIsLostOrSpentTwiceWheneverThePowerGoes walks every story with mishaps at every moment, the power cut before and
// after each exchange with the card, before and after each commit of the ledger, and at each write of the card's memory.
func TestNoPointIsLostOrSpentTwiceWheneverThePowerGoes(t *testing.T) {
	c, all := newChain(t), &tally{}
	stop := progress(all)
	t.Run("stories", func(t *testing.T) {
		for _, s := range stories() {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				c.tell(t, s, all)
			})
		}
	})
	stop()
	t.Logf("in all: %v", all)
}

// tell walks one story.
func (c *chain) tell(t *testing.T, s story, all *tally) {
	k := &walk{t: t, rig: newRig(t, c), story: s, extent: extents(), tally: &tally{of: all}, known: map[string]uint64{}, ended: map[string]bool{}}
	w := c.start.clone()
	w.sales = sales()
	k.tally.schedule(k.from(0, w, 0, nil))
	t.Log(k.tally)
}

// progress says every few seconds how far a full walk has come.
func progress(n *tally) (stop func()) {
	if !*full {
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
				fmt.Fprintf(os.Stderr, "%5.0f s: %v\n", time.Since(began).Seconds(), n)
			}
		}
	})
	return func() {
		close(done)
		wg.Wait()
	}
}

package tears

import (
	"crypto/sha256"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// step is something that people do with the card: in a store, or behind everybody's back.
type step struct {
	name  string
	store int // whose agent serves it; nobody: -1
	do    func(*life)
	calm  bool // no mishap ever happens in it
	deaf  bool // the store's readers are dead
}

const nobody = -1

// branch is a step with all that stories let come after it. Stories that begin alike share their beginning.
type branch struct {
	step step
	next []*branch
}

// grow puts a story into the tree.
func grow(tree []*branch, steps []step) []*branch {
	if len(steps) == 0 {
		return tree
	}
	at := slices.IndexFunc(tree, func(b *branch) bool { return b.step.name == steps[0].name })
	if at < 0 {
		at, tree = len(tree), append(tree, &branch{step: steps[0]})
	}
	tree[at].next = grow(tree[at].next, steps[1:])
	return tree
}

// String names everything that can happen from here on: equal names, equal futures.
func (b *branch) String() string { return fmt.Sprint(b.step.name, b.next) }

// extent is how much of the tree of mishaps is walked.
type extent struct {
	oneIn   []uint64   // of the first mishaps of a schedule, of the second, and so on: which share is taken; 1 is all
	written [][]uint32 // likewise, how much of the word that is being written arrives when the power goes
	seed    uint64     // which ones are taken
}

// walk explores stories: each step with every mishap at every moment. Worlds that mean the same are explored once.
type walk struct {
	t      testing.TB
	chain  *chain
	extent extent
	rigs   chan *rig     // as many lives at a time
	hands  chan struct{} // as many goroutines beside the first

	schedules          atomic.Uint64 // ways through, counted when the walk is over; those that meet in one world share the rest
	runs, worlds, ends atomic.Uint64 // lives that were lived; distinct worlds between two steps, and at the end

	mu    sync.Mutex
	known map[string]*found
}

// found is how many schedules lie behind something, once that is explored.
type found struct {
	done      chan struct{}
	schedules uint64
}

func newWalk(t testing.TB, c *chain, e extent, workers int) *walk {
	k := &walk{t: t, chain: c, extent: e, rigs: make(chan *rig, workers), hands: make(chan struct{}, workers-1), known: map[string]*found{}}
	for range workers {
		k.rigs <- newRig(t, c)
	}
	return k
}

func (k *walk) String() string {
	return fmt.Sprintf("%d schedules, %d runs, %d worlds, %d distinct ends", k.schedules.Load(), k.runs.Load(), k.worlds.Load(), k.ends.Load())
}

// path is how a world was reached, for whoever has to find the fault.
type path []string

func (p path) plus(what ...any) path { return append(p[:len(p):len(p)], fmt.Sprint(what...)) }

func (p path) String() string { return strings.Join(p, "\n  ") }

// once explores what is not known yet; whoever comes meanwhile waits for it.
func (k *walk) once(name string, explore func() uint64) uint64 {
	k.mu.Lock()
	f, known := k.known[name]
	if !known {
		f = &found{done: make(chan struct{})}
		k.known[name] = f
	}
	k.mu.Unlock()
	if known {
		<-f.done // never in a circle: what is explored lies later in its story, or after more mishaps
	} else {
		f.schedules = explore()
		close(f.done)
	}
	return f.schedules
}

// all explores several things, each in a goroutine of its own while there are hands, and adds up.
func (k *walk) all(explore []func() uint64) uint64 {
	var sum atomic.Uint64
	var work sync.WaitGroup
	for _, e := range explore {
		if k.t.Failed() {
			break
		}
		select {
		case k.hands <- struct{}{}:
			work.Go(func() {
				defer func() { <-k.hands }()
				sum.Add(e())
			})
		default:
			sum.Add(e())
		}
	}
	work.Wait()
	return sum.Load()
}

// run lives one life.
func (k *walk) run(w *world, s step, plan []mishap, from int) outcome {
	r := <-k.rigs
	defer func() { k.rigs <- r }()
	k.runs.Add(1)
	return r.run(w, s, plan, from)
}

// from goes on in a world in each way that stories go, after so many mishaps, and gives the number of schedules.
func (k *walk) from(next []*branch, w *world, mishaps int, p path) uint64 {
	return k.once(fmt.Sprintf("%v %d %x", next, mishaps*len(next), w.key()), func() uint64 {
		if len(next) == 0 {
			k.end(w, p)
			return 1
		}
		k.worlds.Add(1)
		var ways []func() uint64
		for _, b := range next {
			ways = append(ways, func() uint64 { return k.step(b, w, nil, mishaps, p) })
		}
		return k.all(ways)
	})
}

// step runs a step with the mishaps of plan, and again with each one more that can come after them.
func (k *walk) step(b *branch, w *world, plan []mishap, mishaps int, p path) uint64 {
	p = p.plus(b.step.name, plan)
	from := 1
	if len(plan) > 0 {
		from = plan[len(plan)-1].exchange
	}
	out := k.run(w, b.step, plan, from)
	more := k.from(b.next, out.world, mishaps, p)
	if mishaps == len(k.extent.oneIn) || b.step.calm {
		return more
	}
	if len(plan) > 0 { // what came before the last of them is explored without it
		out.moments = out.moments[slices.IndexFunc(out.moments, func(m moment) bool { return m.exchange == from && strings.HasPrefix(m.what, after) }):]
	}
	return more + k.all(k.oneMore(b, w, plan, mishaps, p, out))
}

// oneMore is one more mishap at each moment of a run: everything without power, or something between card and reader.
func (k *walk) oneMore(b *branch, w *world, plan []mishap, mishaps int, p path, out outcome) (ways []func() uint64) {
	told := said(b, w, plan, mishaps)
	for i, m := range out.moments {
		if k.takes(mishaps, p, m.exchange, m.what) && (len(plan) == 0 || i > 0) {
			ways = append(ways, func() uint64 {
				return k.from(b.next, m.world, mishaps+1, p.plus("everything without power ", m.what, ", exchange ", m.exchange))
			})
		}
		if !strings.HasPrefix(m.what, before) || m.what == beforeCommit {
			continue
		}
		told.hears(m)
		for _, fault := range k.faults(mishaps, m.exchange, out.exchanges[m.exchange-1]) {
			if k.takes(mishaps, p, fault) {
				name := fmt.Sprint(told.name, fault)
				ways = append(ways, func() uint64 {
					return k.once(name, func() uint64 {
						return k.step(b, w, append(plan[:len(plan):len(plan)], fault), mishaps+1, p)
					})
				})
			}
		}
	}
	return ways
}

// hearsay is all that an agent has heard of the card in a run. Whatever the card has done, to the agent it was torn out or spoke
// wrongly; runs of which the agent has heard the same, with the card in the same state, go on alike.
type hearsay struct{ start, name string }

func said(b *branch, w *world, plan []mishap, mishaps int) *hearsay {
	start := fmt.Sprintf("%v %x %d", b, w.key(), mishaps)
	if n := len(plan); n > 0 {
		start = fmt.Sprint(start, plan[:n-1], plan[n-1].exchange, plan[n-1].kind == damaged)
	}
	return &hearsay{start: start}
}

// hears adds what the card will say next, which follows from its state. How it comes to itself at power on nobody hears.
func (h *hearsay) hears(m moment) {
	h.name = fmt.Sprintf("%s %x", h.start, m.world.key())
	if m.what != before+powerOn {
		h.start = fmt.Sprintf("%x", sha256.Sum256([]byte(h.name)))
	}
}

// faults are all that can go wrong with one exchange after so many mishaps.
func (k *walk) faults(mishaps, n int, e exchange) []mishap {
	all := []mishap{{exchange: n, kind: lostBefore}, {exchange: n, kind: lostAfter}}
	if e.writes > 0 && e.what != powerOn {
		all = append(all, mishap{exchange: n, kind: damaged})
	}
	for write := 1; write <= e.writes; write++ {
		for _, written := range k.extent.written[mishaps] {
			all = append(all, mishap{exchange: n, kind: powerLoss, write: write, written: written})
		}
	}
	return all
}

// takes picks the extent's share of the mishaps that can come after so many.
func (k *walk) takes(mishaps int, what ...any) bool {
	share := k.extent.oneIn[mishaps]
	if share == 1 {
		return true
	}
	h := fnv.New64a()
	fmt.Fprint(h, k.extent.seed, what)
	return h.Sum64()%share == 0
}

// end settles a world without any further mishap and judges it.
func (k *walk) end(w *world, p path) {
	r := <-k.rigs
	defer func() { k.rigs <- r }()
	w = r.settle(w)
	k.once(fmt.Sprintf("end %x", w.key()), func() uint64 {
		k.ends.Add(1)
		for _, problem := range r.judge(w) {
			k.t.Errorf("%s\nafter\n  %v", problem, p)
		}
		return 0
	})
}

package tears

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// step is something that people do with the card: in a store, or behind everybody's back.
type step struct {
	name  string
	store int // whose agent serves it; nobody: -1
	do    func(*life)
}

const nobody = -1

// extent is how much of the tree of mishaps is walked.
type extent struct {
	oneIn   []uint64 // of the first mishaps of a schedule, of the second, and so on: which share is taken; 1 is all
	written []uint32 // how much of the word that is being written arrives when the power goes
	seed    uint64   // which ones are taken
}

// tally counts what was walked.
type tally struct {
	of                 *tally        // of all stories, nil for that one itself
	schedules          atomic.Uint64 // ways through a story; those that meet in one world share what comes after
	runs, worlds, ends atomic.Uint64 // lives that were lived; distinct worlds between two steps, and at the end
}

func (n *tally) String() string {
	return fmt.Sprintf("%d schedules, %d runs, %d worlds, %d distinct ends", n.schedules.Load(), n.runs.Load(), n.worlds.Load(), n.ends.Load())
}

func (n *tally) add(what func(*tally) *atomic.Uint64, count uint64) {
	for ; n != nil; n = n.of {
		what(n).Add(count)
	}
}

func (n *tally) schedule(count uint64) {
	n.add(func(n *tally) *atomic.Uint64 { return &n.schedules }, count)
}
func (n *tally) run()   { n.add(func(n *tally) *atomic.Uint64 { return &n.runs }, 1) }
func (n *tally) world() { n.add(func(n *tally) *atomic.Uint64 { return &n.worlds }, 1) }
func (n *tally) end()   { n.add(func(n *tally) *atomic.Uint64 { return &n.ends }, 1) }

// walk explores one story: each of its steps with every mishap at every moment.
type walk struct {
	t      testing.TB
	rig    *rig
	story  story
	extent extent
	tally  *tally
	known  map[string]uint64 // schedules behind what was explored before
	ended  map[string]bool
}

// path is how a world was reached, for whoever has to find the fault.
type path []string

func (p path) plus(what ...any) path { return append(p[:len(p):len(p)], fmt.Sprint(what...)) }

func (p path) String() string { return strings.Join(p, "\n  ") }

// from goes on with the story's step i in a world, after so many mishaps, and gives the number of schedules.
func (k *walk) from(i int, w *world, mishaps int, p path) uint64 {
	if k.t.Failed() {
		return 0
	}
	return k.once(fmt.Sprintf("%d %d %x", i, mishaps, w.key()), func() uint64 {
		if i < len(k.story.steps) {
			k.tally.world()
			return k.step(i, w, nil, mishaps, p)
		}
		k.end(w, p)
		return 1
	})
}

// once explores what is not known yet.
func (k *walk) once(name string, explore func() uint64) uint64 {
	n, known := k.known[name]
	if !known {
		n = explore()
		k.known[name] = n
	}
	return n
}

// step runs step i with the mishaps of plan, and again with each one more that can come after them.
func (k *walk) step(i int, w *world, plan []mishap, mishaps int, p path) uint64 {
	s, from := k.story.steps[i], 1
	if len(plan) > 0 {
		from = plan[len(plan)-1].exchange
	}
	out := k.rig.run(w, s, plan, from)
	k.tally.run()
	p = p.plus(s.name, plan)
	if len(plan) == 0 {
		return k.after(i, w, plan, mishaps, p, out)
	}
	// Whatever the card has done, to the agent it was torn out, or spoke wrongly: worlds differ in the card's memory alone.
	last := plan[len(plan)-1]
	at := slices.IndexFunc(out.moments, func(m moment) bool { return m.exchange == from && strings.HasPrefix(m.what, after) })
	name := fmt.Sprintf("%d %d %x %v %d %v %x", i, mishaps, w.key(), plan[:len(plan)-1], from, last.kind == damaged, out.moments[at].world.key())
	return k.once(name, func() uint64 {
		out.moments = out.moments[at+1:] // those before are explored without the last mishap
		return k.after(i, w, plan, mishaps, p, out)
	})
}

// after follows a run to its end, and lets one more mishap happen at each moment of it.
func (k *walk) after(i int, w *world, plan []mishap, mishaps int, p path, out outcome) uint64 {
	n := k.from(i+1, out.world, mishaps, p)
	if mishaps == len(k.extent.oneIn) {
		return n
	}
	for _, m := range out.moments {
		if k.takes(mishaps, p, m.exchange, m.what) {
			n += k.from(i+1, m.world, mishaps+1, p.plus("everything without power ", m.what, ", exchange ", m.exchange))
		}
	}
	first := 1
	if len(plan) > 0 {
		first = plan[len(plan)-1].exchange + 1
	}
	for e := first; e <= len(out.exchanges); e++ {
		for _, m := range k.faults(e, out.exchanges[e-1]) {
			if k.takes(mishaps, p, m) {
				n += k.step(i, w, append(plan[:len(plan):len(plan)], m), mishaps+1, p)
			}
		}
	}
	return n
}

// faults are all that can go wrong with one exchange.
func (k *walk) faults(n int, e exchange) []mishap {
	all := []mishap{{exchange: n, kind: lostBefore}, {exchange: n, kind: lostAfter}}
	if e.writes > 0 && e.what != "power on" {
		all = append(all, mishap{exchange: n, kind: damaged})
	}
	for write := 1; write <= e.writes; write++ {
		for _, written := range k.extent.written {
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
	fmt.Fprint(h, k.extent.seed, k.story.name, what)
	return h.Sum64()%share == 0
}

// end settles a world without any further mishap and judges it.
func (k *walk) end(w *world, p path) {
	w = k.rig.settle(w)
	name := fmt.Sprintf("%x", w.key())
	if k.ended[name] {
		return
	}
	k.ended[name] = true
	k.tally.end()
	for _, problem := range k.rig.judge(w) {
		k.t.Errorf("%s\nafter\n  %v", problem, p)
	}
}

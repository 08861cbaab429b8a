//go:build linux

package faults

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"loyaltill/internal/stage"
)

var tortureTime = flag.Duration("torture", 0, "how long the shop is tortured; each fault comes once when 0")

const (
	torturers    = 2 // tills that sell without end
	tortureDisk  = 512 << 20
	tortureSpare = 40 << 10 // what a full disk has left
	finalSync    = 5 * time.Minute
)

// torture is a shop to which everything happens.
type torture struct {
	*till
	t      testing.TB
	random *rand.Rand
	cutter *cutter
	line   *line
	counts map[string]int

	copyOfOffice string // an older head office
	copyOfStore  string // an older ledger, all of which head office has
	pause        sync.RWMutex
}

// The shop sells for as long as one likes while its programs are killed, its disk fails and fills up, its line is bad in every way,
// and its ledger and head office are put back to older copies: all faults in an order that is drawn, then all in another one. At the end
// every answered sale is there once.
func TestTorture(t *testing.T) {
	t.Parallel()
	x := newTorture(t)
	ctx, enough := context.WithCancel(t.Context())
	var selling sync.WaitGroup
	for range torturers {
		selling.Go(func() { x.sellOn(ctx) })
	}
	kinds := x.kinds()
	names := slices.Sorted(maps.Keys(kinds))
	for end, more := time.Now().Add(*tortureTime), true; more; more = time.Now().Before(end) {
		x.random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		for _, name := range names {
			kinds[name]()
			x.counts[name]++
			x.waitAWhile()
		}
	}
	x.heal()
	enough()
	selling.Wait()
	x.sellMany(t, 1) // however slow the machine is, somebody has bought
	x.report()
}

func newTorture(t *testing.T) *torture {
	x := &torture{till: openTill(t, nil), t: t, random: rand.New(rand.NewPCG(*seedFlag, 6)), counts: map[string]int{}}
	x.stop(t)
	x.moveToMemory(t, tortureDisk)
	x.line = newLine(t, strings.TrimPrefix(identityURL(t, x.Identity), "https://"))
	pointAt(t, x.Identity, x.line.url())
	x.cutter = newCutter(t, x.HeadOfficeDir(), x.Identity)
	pointAt(t, x.Identity, x.cutter.url)
	x.start(t)
	x.synced(t)
	x.copies()
	return x
}

// kinds are the faults by name. Each leaves the shop running.
func (x *torture) kinds() map[string]func() {
	return map[string]func(){
		"agent killed":                    x.killAgent,
		"agent killed at a system call":   x.killAgentAtCall,
		"a sync or write of a disk fails": x.failDisk,
		"disk full":                       x.fillDisk,
		"head office killed":              x.killOffice,
		"line cut":                        x.cutLine,
		"line poisoned":                   x.poisonLine,
		"requests and answers meddled":    x.meddle,
		"head office put back":            x.putBackOffice,
		"ledger put back":                 x.putBackLedger,
	}
}

// sellOn sells as a till does: a sale is tried under its key until it is answered.
func (x *torture) sellOn(ctx context.Context) {
	for ctx.Err() == nil {
		key := newKey()
		for x.t.Context().Err() == nil { // also when it is enough: the last sale is finished
			x.pause.RLock()
			err := x.sellAs(x.t.Context(), key)
			x.pause.RUnlock()
			if err == nil {
				break
			}
		}
	}
}

// waitAWhile is the shop's quiet time between two faults.
func (x *torture) waitAWhile() {
	select {
	case <-x.t.Context().Done():
	case <-time.After(time.Duration(x.random.IntN(400)) * time.Millisecond):
	}
}

// agentAgain starts the agent, whatever has become of the last one.
func (x *torture) agentAgain(under ...string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.Agent.Kill()
	x.Under = under
	if err := x.StartAgent(x.t.Context()); err == nil {
		return
	}
	x.Under = nil // it did not outlive its start under such a disk
	if err := x.StartAgent(x.t.Context()); err != nil {
		x.t.Fatal(err)
	}
}

func (x *torture) killAgent() { x.agentAgain() }

func (x *torture) killAgentAtCall() {
	call := []string{callWrite, callSync}[x.random.IntN(2)]
	x.agentAgain(tracer(x.t, x.AgentData(), x.traceLog(), fmt.Sprintf("%s:signal=KILL:when=%d", call, 1+x.random.IntN(40)))...)
	select {
	case <-x.Agent.Done():
	case <-time.After(3 * time.Second): // it may not come so far
	case <-x.t.Context().Done():
	}
	x.agentAgain()
}

func (x *torture) failDisk() {
	fault := [][2]string{{callSync, "EIO"}, {callWrite, "EIO"}, {callWrite, "ENOSPC"}}[x.random.IntN(3)]
	x.agentAgain(tracer(x.t, x.AgentData(), x.traceLog(), fmt.Sprintf("%s:error=%s:when=%d", fault[0], fault[1], 1+x.random.IntN(40)))...)
	x.waitAWhile()
	x.agentAgain()
}

func (x *torture) traceLog() string { return filepath.Join(x.Dir, "strace.txt") }

func (x *torture) fillDisk() {
	ballast := filepath.Join(x.AgentData(), "ballast")
	err := fillDisk(ballast, tortureSpare)
	x.waitAWhile()
	if err := errors.Join(err, os.Remove(ballast)); err != nil {
		x.t.Fatal(err)
	}
	x.agentAgain() // a person looks after a disk that failed twice
}

func (x *torture) killOffice() {
	x.HeadOffice.Kill()
	x.waitAWhile()
	if err := x.StartHeadOffice(x.t.Context()); err != nil {
		x.t.Fatal(err)
	}
}

func (x *torture) cutLine() {
	x.line.Stop()
	x.waitAWhile()
	if err := x.line.Start(); err != nil {
		x.t.Fatal(err)
	}
}

func (x *torture) poisonLine() {
	all := toxics()
	x.line.poison(x.t, all[x.random.IntN(len(all))], []string{"upstream", "downstream"}[x.random.IntN(2)])
	x.waitAWhile()
	x.line.Toxics.ResetToxics(context.Background())
}

func (x *torture) meddle() {
	x.cutter.decide(deck(x.random.Uint64()))
	for range 8 { // a batch goes up every two seconds
		x.waitAWhile()
	}
	x.cutter.decide(func(*http.Request) fate { return arrives })
}

// copies keeps an older head office and an older ledger. Both programs stand still for it.
func (x *torture) copies() {
	x.pause.Lock()
	defer x.pause.Unlock()
	if err := x.Synced(x.t.Context(), finalSync); err != nil {
		x.t.Fatal(err)
	}
	if err := errors.Join(x.Agent.Stop(), x.HeadOffice.Stop()); err != nil {
		x.t.Fatal(err)
	}
	n := len(x.answered)
	x.copyOfOffice, x.copyOfStore = fmt.Sprintf("%s-%d", x.HeadOfficeDir(), n), fmt.Sprintf("%s-%d", x.AgentData(), n)
	if err := errors.Join(os.RemoveAll(x.copyOfOffice), os.RemoveAll(x.copyOfStore)); err != nil {
		x.t.Fatal(err)
	}
	copyTree(x.t, x.HeadOfficeDir(), x.copyOfOffice)
	copyTree(x.t, x.AgentData(), x.copyOfStore)
	x.Under = nil
	if err := errors.Join(x.StartHeadOffice(x.t.Context()), x.StartAgent(x.t.Context())); err != nil {
		x.t.Fatal(err)
	}
}

// putBackOffice makes head office an older one, and waits until its store, which sells on, has filled it again: until then what was
// sold since the copy is on the store's disk alone.
func (x *torture) putBackOffice() {
	sold := x.entries(x.t)
	x.HeadOffice.Kill()
	replaceTree(x.t, x.HeadOfficeDir(), x.copyOfOffice)
	if err := x.StartHeadOffice(x.t.Context()); err != nil {
		x.t.Fatal(err)
	}
	err := stage.Until(x.t.Context(), "head office to be filled again", finalSync, func(context.Context) (bool, string, error) {
		held := x.books(x.t).Stores[0].Epochs[0].Seq
		return held >= sold, fmt.Sprintf("%d of %d", held, sold), nil
	})
	if err != nil {
		x.t.Fatal(err)
	}
}

// putBackLedger makes the store's ledger an older one and lets it ask head office before it sells, as the manual says. What
// head office does not have yet would be lost with the disk, so the tills wait until it has everything.
func (x *torture) putBackLedger() {
	x.pause.Lock()
	defer x.pause.Unlock()
	if err := x.Synced(x.t.Context(), finalSync); err != nil {
		x.t.Fatal(err)
	}
	sold := x.entries(x.t)
	x.mu.Lock()
	x.Agent.Kill()
	emptyInto(x.t, x.AgentData(), x.copyOfStore)
	x.Under = nil
	err := x.StartAgent(x.t.Context())
	x.mu.Unlock()
	if err != nil {
		x.t.Fatal(err)
	}
	waitFor(x.t, "the ledger to be whole again", func() (bool, string) {
		held := x.entries(x.t)
		return held == sold, fmt.Sprintf("%d of %d", held, sold)
	})
}

// emptyInto puts a copy into a folder that is a disk of its own and cannot be removed.
func emptyInto(t testing.TB, dir, with string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if err := os.RemoveAll(f); err != nil {
			t.Fatal(err)
		}
	}
	copyTree(t, with+"/.", dir)
}

// heal ends every fault.
func (x *torture) heal() {
	x.cutter.decide(func(*http.Request) fate { return arrives })
	x.line.Toxics.ResetToxics(context.Background())
	x.agentAgain()
}

func (x *torture) report() {
	if err := x.Synced(x.t.Context(), finalSync); err != nil {
		x.t.Fatal(err)
	}
	c, err := x.compare(x.t.Context())
	for f, n := range x.cutter.counted() {
		if f != arrives {
			x.counts["meddled: "+f.String()] += n
		}
	}
	for _, name := range slices.Sorted(maps.Keys(x.counts)) {
		fmt.Printf("torture: %6d %s\n", x.counts[name], name)
	}
	fmt.Printf("torture: seed %d, %v\ntorture: %d sales answered, %d entries at head office, %d lost, %d doubled\n",
		*seedFlag, *tortureTime, c.answered, c.atHeadOffice, c.lost, c.doubled)
	if err != nil || c.lost != 0 || c.doubled != 0 || c.atHeadOffice != c.answered {
		x.t.Errorf("%+v, %v", c, err)
	}
}

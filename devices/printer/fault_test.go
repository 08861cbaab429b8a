//go:build linux

package printer

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"loyaltill/devices/escpos"
	"loyaltill/firmware-sim/printersim"
)

// faults draws what goes wrong and when: at any byte, any row, any acknowledgement, or as the knife starts.
func faults() *rapid.Generator[printersim.Fault] {
	return rapid.Custom(func(t *rapid.T) printersim.Fault {
		f := printersim.Fault{Kind: rapid.SampledFrom([]string{
			"paper-out", "cover-open", "power-off", "unplug", "overheat", "feed-button", "cutter-jam", "ack-lost", "ack-xoff",
		}).Draw(t, "kind")}
		f.At = rapid.SampledFrom([]string{"byte", "row", "segment", "cut"}).Draw(t, "at")
		switch f.At {
		case "byte":
			f.N = rapid.IntRange(1, 1100).Draw(t, "bytes")
		case "row":
			f.N = rapid.IntRange(1, 1000).Draw(t, "rows")
		case "segment":
			f.N = rapid.IntRange(1, 3).Draw(t, "segments")
		}
		switch f.Kind {
		case "power-off":
			f.ForMS = offMS
		case "ack-lost", "ack-xoff":
			f.Count = rapid.IntRange(1, 3).Draw(t, "count")
		}
		return f
	})
}

// I1: confirmed implies exactly one complete sheet. I3: no sheet mixes two jobs. I6: the buffer never overflowed.
func TestWhateverGoesWrongTheJournalTellsTheTruthAboutThePaper(t *testing.T) {
	t.Parallel()
	seeds, hands := 48, 8
	if testing.Short() {
		seeds = 12
	}
	next := make(chan int)
	var work sync.WaitGroup
	for range hands {
		work.Go(func() {
			for seed := range next {
				f := faults().Example(seed)
				t.Run(fmt.Sprintf("seed %d %s at %s %d", seed, f.Kind, f.At, f.N), func(t *testing.T) { printAgainst(t, f) })
			}
		})
	}
	for seed := range seeds {
		next <- seed
	}
	close(next)
	work.Wait()
}

func printAgainst(t *testing.T, f printersim.Fault) {
	r, p := linked(t, printersim.PrinterConfig{}, Config{})
	defer func() {
		if t.Failed() {
			t.Logf("status %+v\n%s", p.Status(), r.story(t))
		}
	}()
	job, after := receipt(t, p.cfg.Profile, 1, 30), receipt(t, p.cfg.Profile, 2, 10)
	r.fault(t, f)
	pr := begin(t, p, job)
	o := mendWhenStuck(t, r, pr, f.ForMS > 0)
	confirm(t, p, after)
	judge(t, r, pr, o, job, after)
}

// mendWhenStuck lets a person see to the printer when the job has no outcome after a while.
func mendWhenStuck(t *testing.T, r *rig, pr *printing, mendsItself bool) outcome {
	t.Helper()
	const noticed = 400 * time.Millisecond
	look := time.NewTimer(noticed)
	defer look.Stop()
	select {
	case o := <-pr.result:
		r.mend(t) // the cable may still be out, or the fault may wait for the next job
		return o
	case <-look.C:
		if !mendsItself {
			r.mend(t)
		}
		return pr.wait(t)
	}
}

func judge(t *testing.T, r *rig, pr *printing, o outcome, job, after *escpos.Job) {
	t.Helper()
	sheets := r.sheets(t)
	whole := complete(sheets, job)
	switch o.Outcome {
	case Confirmed:
		if whole != 1 {
			t.Errorf("I1: confirmed, and %d complete sheets", whole)
		}
	case NotStarted:
		if whole != 0 || len(sheets) > 1 {
			t.Errorf("not started, and paper came out: %q", sheets)
		}
	case Interrupted, Uncertain:
		if whole > 1 {
			t.Errorf("%s, and %d complete sheets", o.Outcome, whole)
		}
	default:
		t.Errorf("outcome %+v", o)
	}
	if got := pr.journal.count(Committed) == 1; got != (o.Outcome == Confirmed) {
		t.Errorf("committed %t, outcome %s", got, o.Outcome)
	}
	if complete(sheets, after) != 1 {
		t.Errorf("the job after it is not on one sheet: %q", sheets)
	}
	if mixed(sheets) != 0 {
		t.Errorf("I3: a sheet mixes two jobs: %q", sheets)
	}
	if n := r.counts(t).BufferOverflows; n > 0 {
		t.Errorf("I6: %d bytes overflowed", n)
	}
}

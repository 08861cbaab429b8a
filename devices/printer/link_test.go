//go:build linux

package printer

import (
	"testing"
	"time"

	"loyaltill/firmware-sim/printersim"
)

func powerLostBehindTheCutLeavesAQuestion(t *testing.T) {
	t.Parallel()
	r, p := linked(t, printersim.PrinterConfig{Speed: 1}, Config{})
	job := receipt(t, p.cfg.Profile, 1, 30)
	pr := begin(t, p, job)
	waitStatus(t, p, "all but the cut to be printed", func(st Status) bool { return st.Segments > 0 && st.Acked == st.Segments-1 })
	r.fault(t, printersim.Fault{Kind: "power-off", At: "segment", ForMS: offMS}) // the cut takes a third of a second
	if o := pr.wait(t); o.Outcome != Uncertain || o.Cause != CausePowerCycle || o.Acked != len(job.Segments)-1 {
		t.Errorf("got %+v\n%s", o, r.story(t))
	}
	next := receipt(t, p.cfg.Profile, 2, 30)
	confirm(t, p, next)
	if s := r.sheets(t); complete(s, job) != 1 || complete(s, next) != 1 || mixed(s) != 0 {
		t.Errorf("sheets: %q", s)
	}
}

func TestPowerLostBetweenJobsCostsNothing(t *testing.T) {
	t.Parallel()
	r, p := linked(t, printersim.PrinterConfig{}, Config{})
	confirm(t, p, receipt(t, p.cfg.Profile, 1, 5))
	r.fault(t, printersim.Fault{Kind: "power-off", ForMS: offMS})
	waitStatus(t, p, "the printer to be missed", func(st Status) bool { return st.State != StateReady })
	waitState(t, p, StateReady)
	confirm(t, p, receipt(t, p.cfg.Profile, 2, 5))
}

func anUnpluggedCableIsNoticedAndThePrinterComesBack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		sim  printersim.PrinterConfig
	}{
		{"serial", printersim.PrinterConfig{}},
		{"network", printersim.PrinterConfig{TCPAddr: "127.0.0.1:0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, p := linked(t, c.sim, Config{})
			confirm(t, p, receipt(t, p.cfg.Profile, 1, 5))
			r.fault(t, printersim.Fault{Kind: "unplug"})
			began := r.now()
			st := waitStatus(t, p, "absent", func(st Status) bool { return st.Link == LinkAbsent })
			if took := r.now().Sub(began); took > 3*time.Second || st.Health.Code != CodeAbsent {
				t.Errorf("after %s: %+v", took, st)
			}
			r.mend(t)
			waitState(t, p, StateReady)
			confirm(t, p, receipt(t, p.cfg.Profile, 2, 5))
		})
	}
}

func unpluggedBeforeTheCutWasSentIsInterrupted(t *testing.T) {
	t.Parallel()
	r, p := linked(t, printersim.PrinterConfig{}, Config{})
	r.fault(t, printersim.Fault{Kind: "unplug", At: "byte", N: 1500})
	job := receipt(t, p.cfg.Profile, 1, 150) // more than the window, so the cut is still here
	pr := begin(t, p, job)
	waitStatus(t, p, "absent", func(st Status) bool { return st.Link == LinkAbsent })
	r.mend(t)
	if o := pr.wait(t); o.Outcome != Interrupted || o.Cause != CauseLinkLost || !o.Clean {
		t.Errorf("got %+v", o)
	}
	next := receipt(t, p.cfg.Profile, 2, 30)
	confirm(t, p, next)
	if s := r.sheets(t); complete(s, job) != 0 || complete(s, next) != 1 || mixed(s) != 0 {
		t.Errorf("sheets: %q\n%s", s, r.story(t))
	}
}

func unpluggedWithTheCutOnItsWayLeavesAQuestion(t *testing.T) {
	t.Parallel()
	r, p := linked(t, printersim.PrinterConfig{}, Config{})
	r.fault(t, printersim.Fault{Kind: "unplug", At: "cut"})
	pr := begin(t, p, receipt(t, p.cfg.Profile, 1, 30))
	o := pr.wait(t) // while the cable is still out
	if o.Outcome != Uncertain || o.Cause != CauseLinkLost || o.Clean {
		t.Errorf("got %+v", o)
	}
	r.mend(t)
	next := receipt(t, p.cfg.Profile, 2, 30)
	confirm(t, p, next)
	if s := r.sheets(t); complete(s, next) != 1 || mixed(s) != 0 {
		t.Errorf("sheets: %q", s)
	}
}

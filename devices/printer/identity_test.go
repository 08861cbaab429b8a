//go:build linux

package printer

import (
	"path/filepath"
	"slices"
	"testing"

	"loyaltill/firmware-sim/printersim"
)

func aPrinterPluggedIntoAnotherSocketIsFoundByItsSerialNumber(t *testing.T) {
	t.Parallel()
	r, p := linked(t, printersim.PrinterConfig{Serial: "J5UF012345"}, Config{})
	confirm(t, p, receipt(t, p.cfg.Profile, 1, 5))
	r.fault(t, printersim.Fault{Kind: "unplug", Name: "printer7"})
	waitStatus(t, p, "absent", func(st Status) bool { return st.Link == LinkAbsent })
	r.mend(t)
	st := waitState(t, p, StateReady)
	if filepath.Base(st.Device) != "printer7" || st.Serial != "J5UF012345" {
		t.Errorf("status %+v", st)
	}
	next := receipt(t, p.cfg.Profile, 2, 5)
	confirm(t, p, next)
	if s := r.sheets(t); complete(s, next) != 1 {
		t.Errorf("sheets: %q", s)
	}
}

func TestAnotherPrinterMayNotStandInForTheConfiguredOne(t *testing.T) {
	t.Parallel()
	r := newRig(t, printersim.PrinterConfig{Serial: "J5UF999999", Speed: simSpeed})
	p := r.driver(t, Config{Serial: "J5UF012345"})
	start(t, p)
	waitStatus(t, p, "another printer", func(st Status) bool { return st.Health.Code == CodeAnother })
	pr := begin(t, p, receipt(t, p.cfg.Profile, 1, 5))
	pr.cancel()
	if o := pr.wait(t); o.Outcome != NotStarted || len(r.sheets(t)) != 0 {
		t.Errorf("got %+v", o)
	}
}

func TestOnlyNamesThatDifferInTheirNumberAreLookedAt(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"ttyUSB0", "ttyUSB1", "ttyUSB12", "ttyUSBx", "ttyACM0", "ttyUSB1.old"} {
		touch(t, filepath.Join(dir, name))
	}
	want := []string{filepath.Join(dir, "ttyUSB1"), filepath.Join(dir, "ttyUSB12")}
	if got := otherNames(filepath.Join(dir, "ttyUSB0")); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if got := otherNames("tcp:10.0.0.7:9100"); got != nil {
		t.Errorf("a network printer has no other names: %q", got)
	}
}

package printer

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"loyaltill/devices"
	"loyaltill/devices/escpos"
)

func TestAFileGetsEveryByteAndNothingIsPromised(t *testing.T) {
	path := filepath.Join(t.TempDir(), "paper.bin")
	p := start(t, newPrinter(t, Config{Device: "file:" + path, Profile: profile(t, "safe")}))
	job := receipt(t, p.cfg.Profile, 1, 20)

	var j journal
	res, err := p.Print(within(t, patience), job, j.note)
	if err != nil || res.Outcome != Sent || res.Level != LevelOneWay || !res.Clean {
		t.Fatalf("got %+v, %v", res, err)
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, job.Bytes()) {
		t.Errorf("%d bytes in the file, want %d, %v", len(got), job.Size(), err)
	}
	if j.count(Starting) != 1 || j.count(Flushed) != 1 || j.count(Committed) != 0 {
		t.Errorf("journal: %+v", j.stages)
	}
	st := waitState(t, p, StatePrintedOnly)
	if st.Health.State != devices.Degraded || st.Health.Code != CodePrintedOnly {
		t.Errorf("health: %+v", st.Health)
	}
}

func TestNothingLeavesBeforeTheJournalHasTheJob(t *testing.T) {
	path := filepath.Join(t.TempDir(), "paper.bin")
	p := start(t, newPrinter(t, Config{Device: "file:" + path, Profile: profile(t, "safe")}))
	j := journal{refuse: Starting}
	res, err := p.Print(within(t, patience), receipt(t, p.cfg.Profile, 1, 3), j.note)
	if !errors.Is(err, errJournal) || res.Outcome != NotStarted || !res.Clean {
		t.Errorf("got %+v, %v", res, err)
	}
	if got, err := os.ReadFile(path); err != nil || len(got) > 0 {
		t.Errorf("%d bytes left, %v", len(got), err)
	}
}

func TestAnErrorOfTheJournalOnTheWayDoesNotTearThePaper(t *testing.T) {
	path := filepath.Join(t.TempDir(), "paper.bin")
	p := start(t, newPrinter(t, Config{Device: "file:" + path, Profile: profile(t, "safe")}))
	j := journal{refuse: Flushed}
	job := receipt(t, p.cfg.Profile, 1, 3)
	res, err := p.Print(within(t, patience), job, j.note)
	if !errors.Is(err, errJournal) || res.Outcome != Sent {
		t.Errorf("got %+v, %v", res, err)
	}
	if got, _ := os.ReadFile(path); !bytes.Equal(got, job.Bytes()) {
		t.Errorf("%d bytes left, want all", len(got))
	}
}

func TestAPrinterThatIsNotThereIsAbsentWithARemedyAndTheJobWaits(t *testing.T) {
	p := start(t, newPrinter(t, Config{Device: "/dev/no-such-printer", Profile: profile(t, "epson-tm-t20iii-80")}))
	st := waitStatus(t, p, "absent", func(st Status) bool { return st.Health.State == devices.Absent })
	if st.Health.Code != CodeAbsent || st.Link != LinkAbsent {
		t.Errorf("got %+v", st)
	}
	var j journal
	res, err := p.Print(within(t, 50*time.Millisecond), receipt(t, p.cfg.Profile, 1, 3), j.note)
	if !errors.Is(err, context.DeadlineExceeded) || res.Outcome != NotStarted || len(j.stages) > 0 {
		t.Errorf("got %+v, %v, journal %+v", res, err, j.stages)
	}
}

func TestAStoppedPrinterTakesNoJob(t *testing.T) {
	p := newPrinter(t, Config{Device: "file:" + filepath.Join(t.TempDir(), "paper.bin"), Profile: profile(t, "safe")})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := p.Run(ctx); err != nil {
		t.Fatal(err)
	}
	res, err := p.Print(context.Background(), receipt(t, p.cfg.Profile, 1, 3), new(journal).note)
	if !errors.Is(err, ErrStopped) || res.Outcome != NotStarted {
		t.Errorf("got %+v, %v", res, err)
	}
	if err := p.Run(context.Background()); err == nil {
		t.Error("it runs a second time")
	}
}

func TestAJobThatCouldOverflowThePrinterIsRefused(t *testing.T) {
	prof := profile(t, "epson-tm-t20iii-80")
	good := receipt(t, prof, 1, 3)
	for _, c := range []struct {
		name string
		job  *escpos.Job
	}{
		{"no job at all", nil},
		{"nothing in it", &escpos.Job{}},
		{"a segment larger than the window", &escpos.Job{
			Confirm:  escpos.ConfirmPrinted,
			Segments: []escpos.Segment{{Bytes: make([]byte, prof.IO.Window+1), Ack: [4]byte{1, 2, 3, 4}}},
		}},
		{"a segment that asks for no acknowledgement", &escpos.Job{
			Confirm:  escpos.ConfirmPrinted,
			Segments: []escpos.Segment{good.Segments[0], {Bytes: []byte("x")}},
		}},
		{"an empty segment", &escpos.Job{Segments: []escpos.Segment{{}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPrinter(t, Config{Device: "unused", Profile: prof})
			res, err := p.Print(context.Background(), c.job, new(journal).note)
			if !errors.Is(err, ErrBadJob) || res.Outcome != NotStarted {
				t.Errorf("got %+v, %v", res, err)
			}
		})
	}
}

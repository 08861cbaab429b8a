package agentdb

import (
	"errors"
	"testing"
	"time"
)

func TestAMovedJobIsMadeAnewForTheOtherPrinterAndTheFirstMayNotSendIt(t *testing.T) {
	b := newBox(t)
	id := addJobOf(t, b, receipt("r1"))
	must(t, b.StoreStream(t.Context(), id, "lane 1", "p", []byte("bytes"), []Segment{{Kind: "text", Bytes: 5}}))
	must(t, b.MoveJob(t.Context(), id, "lane 2"))
	if err := b.StartJob(t.Context(), id, "lane 1"); !errors.Is(err, ErrState) {
		t.Errorf("the first printer starts it: %v", err)
	}
	if err := b.StoreStream(t.Context(), id, "lane 1", "p", []byte("bytes"), nil); !errors.Is(err, ErrState) {
		t.Errorf("the first printer makes its bytes: %v", err)
	}
	j, err := b.NextJob(t.Context(), "lane 2")
	must(t, err)
	if segments, err := b.Segments(t.Context(), id); j.ID != id || len(j.Stream) != 0 || j.Copy != 1 || len(segments) != 0 || err != nil {
		t.Errorf("job %+v, segments %+v, %v", j, segments, err)
	}
	must(t, b.StoreStream(t.Context(), id, "lane 2", "q", []byte("others"), nil))
	must(t, b.StartJob(t.Context(), id, "lane 2"))
	if err := b.MoveJob(t.Context(), id, "lane 1"); !errors.Is(err, ErrState) {
		t.Errorf("a job that has begun was moved: %v", err)
	}
}

func TestAnExpiredJobPrintsOnlyWhenAPersonSaysSo(t *testing.T) {
	b := newBox(t)
	late := receipt("r1")
	late.Expires = b.clock.now().Add(10 * time.Minute)
	kick := NewJob{Key: "k1", Class: ClassDrawer, Printer: "lane 1", Doc: []byte(`{"drawer":true}`), Expires: b.clock.now().Add(5 * time.Second)}
	id, drawer := addJobOf(t, b, late), addJobOf(t, b, kick)
	if err := b.ApproveJob(t.Context(), id, b.clock.now().Add(time.Hour), "person"); !errors.Is(err, ErrState) {
		t.Errorf("a job that waits was approved: %v", err)
	}
	b.clock.set(t, "2026-11-22T10:25:00+02:00")
	if _, err := b.NextJob(t.Context(), "lane 1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("something prints by itself: %v", err)
	}
	if err := b.ApproveJob(t.Context(), drawer, b.clock.now().Add(time.Hour), "person"); !errors.Is(err, ErrState) {
		t.Errorf("the drawer would open late: %v", err)
	}
	if n, err := b.OpenJobs(t.Context(), "lane 1"); err != nil || n != 1 {
		t.Errorf("%d open jobs, %v: a kick that came too late is at its end", n, err)
	}
	must(t, b.ApproveJob(t.Context(), id, b.clock.now().Add(time.Hour), "person"))
	if j, err := b.NextJob(t.Context(), "lane 1"); err != nil || j.ID != id || j.Copy != 1 {
		t.Errorf("next %+v, %v", j, err)
	}
}

func TestACopyThatTheAgentMakesEndsWithItsOriginal(t *testing.T) {
	b := newBox(t)
	r := receipt("r1")
	r.Expires = b.clock.now().Add(10 * time.Minute)
	id := addJobOf(t, b, r)
	must(t, b.StoreStream(t.Context(), id, "lane 1", "p", []byte("bytes"), nil))
	must(t, b.StartJob(t.Context(), id, "lane 1"))
	second, err := b.CopyJob(t.Context(), Copy{Job: id, By: "paper_out", Printer: "lane 2"})
	must(t, err)
	if j, err := b.Job(t.Context(), second); err != nil || !j.Expires.Equal(r.Expires.Truncate(time.Millisecond)) || j.Printer != "lane 2" {
		t.Errorf("copy %+v, %v", j, err)
	}
}

func TestJobsAreListedByWhatIsAskedFor(t *testing.T) {
	b := newBox(t)
	first := addJobOf(t, b, receipt("r1"))
	coupon := receipt("c1")
	coupon.Class = "coupon"
	second := addJobOf(t, b, coupon)
	must(t, b.FinishJob(t.Context(), first, JobEnd{State: JobCancelled, By: "person"}))
	for _, c := range []struct {
		name   string
		filter JobFilter
		want   int64
	}{
		{"class", JobFilter{Class: "coupon", Limit: 9}, second},
		{"state", JobFilter{States: []JobState{JobExpired, JobCancelled}, Limit: 9}, first},
		{"older than", JobFilter{Before: second, Limit: 9}, first},
	} {
		if jobs, err := b.Jobs(t.Context(), c.filter); err != nil || len(jobs) != 1 || jobs[0].ID != c.want {
			t.Errorf("%s: %+v, %v", c.name, jobs, err)
		}
	}
}

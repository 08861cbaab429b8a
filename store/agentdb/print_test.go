package agentdb

import (
	"errors"
	"testing"
	"time"

	"loyaltill/store"
)

func receipt(key string) NewJob {
	return NewJob{Key: key, Class: "receipt", Printer: "lane 1", Doc: []byte(`{"text":"thank you"}`)}
}

func addJobOf(t *testing.T, b *box, j NewJob) int64 {
	t.Helper()
	id, err := b.AddJob(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func jobState(t *testing.T, b *box, id int64) JobState {
	t.Helper()
	j, err := b.Job(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return j.State
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAJobGoesFromTheQueueToPaper(t *testing.T) {
	b := newBox(t)
	id := addJobOf(t, b, receipt("r1"))
	j, err := b.NextJob(t.Context(), "lane 1")
	must(t, err)
	if j.ID != id || j.Copy != 1 || len(j.Stream) != 0 || j.State != JobQueued {
		t.Errorf("job %+v", j)
	}
	must(t, b.StoreStream(t.Context(), id, "lane 1", "epson-80mm@3", []byte("bytes"), []Segment{{Kind: "text", Bytes: 300, AckID: "0001"}, {Kind: "cut", Bytes: 12, AckID: "0002"}}))
	must(t, b.JobProgress(t.Context(), id, JobSending, 0))
	must(t, b.JobProgress(t.Context(), id, JobSending, 1))
	if s, err := b.Segments(t.Context(), id); err != nil || len(s) != 2 || s[0].Acked.IsZero() || !s[1].Acked.IsZero() || s[0].AckID != "0001" {
		t.Errorf("segments %+v, %v", s, err)
	}
	must(t, b.JobProgress(t.Context(), id, JobFlushed, 1))
	must(t, b.FinishJob(t.Context(), id, JobEnd{State: JobConfirmed, By: "printer", Level: "printed"}))
	if n, err := b.OpenJobs(t.Context(), "lane 1"); err != nil || n != 0 {
		t.Errorf("%d open jobs, %v", n, err)
	}
	if _, err := b.NextJob(t.Context(), "lane 1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("next: %v", err)
	}
	events, err := b.JobEvents(t.Context(), id)
	must(t, err)
	var what []string
	for _, e := range events {
		what = append(what, e.What)
	}
	if len(what) != 4 || what[0] != "queued" || what[1] != "sending" || what[2] != "flushed" || what[3] != "confirmed" {
		t.Errorf("history %v", what)
	}
}

func TestTheSameKeyIsTheSameJob(t *testing.T) {
	b := newBox(t)
	id := addJobOf(t, b, receipt("r1"))
	if again := addJobOf(t, b, receipt("r1")); again != id {
		t.Errorf("job %d, then %d", id, again)
	}
	other := receipt("r1")
	other.Doc = []byte(`{"text":"something else"}`)
	if _, err := b.AddJob(t.Context(), other); !errors.Is(err, ErrConflict) {
		t.Errorf("other content: %v", err)
	}
}

func TestAStreamIsMadeOnce(t *testing.T) {
	b := newBox(t)
	id := addJobOf(t, b, receipt("r1"))
	must(t, b.StoreStream(t.Context(), id, "lane 1", "p", []byte("first"), nil))
	if err := b.StoreStream(t.Context(), id, "lane 1", "p", []byte("second"), nil); !errors.Is(err, ErrState) {
		t.Errorf("a second rendering: %v", err)
	}
	b.reopen(t)
	if j, err := b.Job(t.Context(), id); err != nil || string(j.Stream) != "first" {
		t.Errorf("stream %q, %v", j.Stream, err)
	}
}

func TestNothingIsSentBeforeItsBytesAreKept(t *testing.T) {
	b := newBox(t)
	id := addJobOf(t, b, receipt("r1"))
	if err := b.JobProgress(t.Context(), id, JobSending, 0); err == nil {
		t.Error("a job without a stream is being sent")
	}
}

func TestJobsOfAPrinterComeInOrder(t *testing.T) {
	b := newBox(t)
	first := addJobOf(t, b, receipt("r1"))
	addJobOf(t, b, receipt("r2"))
	elsewhere := receipt("r3")
	elsewhere.Printer = "lane 2"
	third := addJobOf(t, b, elsewhere)
	if j, err := b.NextJob(t.Context(), "lane 1"); err != nil || j.ID != first {
		t.Errorf("next of lane 1 is %d, %v", j.ID, err)
	}
	if j, err := b.NextJob(t.Context(), "lane 2"); err != nil || j.ID != third {
		t.Errorf("next of lane 2 is %d, %v", j.ID, err)
	}
	if list, err := b.Jobs(t.Context(), JobFilter{Limit: 10}); err != nil || len(list) != 3 || list[0].ID != third {
		t.Errorf("all jobs %+v, %v", list, err)
	}
}

func TestATornReceiptStartsOverAsAMarkedCopy(t *testing.T) {
	b := newBox(t)
	id := addJobOf(t, b, receipt("r1"))
	must(t, b.StoreStream(t.Context(), id, "lane 1", "p", []byte("bytes"), []Segment{{Kind: "text", Bytes: 5}}))
	must(t, b.JobProgress(t.Context(), id, JobSending, 0))
	b.reopen(t)
	begun, err := b.BegunJobs(t.Context(), "lane 1")
	must(t, err)
	if len(begun) != 1 || begun[0].ID != id {
		t.Fatalf("torn jobs %+v", begun)
	}
	second, err := b.CopyJob(t.Context(), Copy{Job: id, By: "power"})
	must(t, err)
	j, err := b.NextJob(t.Context(), "lane 1")
	must(t, err)
	if j.ID != second || j.Copy != 2 || len(j.Stream) != 0 || string(j.Doc) != string(receipt("").Doc) {
		t.Errorf("copy %+v", j)
	}
	if got := jobState(t, b, id); got != JobSuperseded {
		t.Errorf("the torn one is %s", got)
	}
	if _, err := b.CopyJob(t.Context(), Copy{Job: id, By: "again"}); !errors.Is(err, ErrState) {
		t.Errorf("a superseded job was copied: %v", err)
	}
}

func TestAReprintLeavesTheFirstPrintConfirmed(t *testing.T) {
	b := newBox(t)
	id := addJobOf(t, b, receipt("r1"))
	must(t, b.StoreStream(t.Context(), id, "lane 1", "p", []byte("bytes"), nil))
	must(t, b.JobProgress(t.Context(), id, JobSending, 0))
	must(t, b.FinishJob(t.Context(), id, JobEnd{State: JobConfirmed, By: "printer", Level: "printed"}))
	for want := 2; want <= 3; want++ {
		copyID, err := b.CopyJob(t.Context(), Copy{Job: id, By: "cashier"})
		must(t, err)
		if j, err := b.Job(t.Context(), copyID); err != nil || j.Copy != want {
			t.Errorf("copy number %d, want %d (%v)", j.Copy, want, err)
		}
	}
	if got := jobState(t, b, id); got != JobConfirmed {
		t.Errorf("the first print is %s", got)
	}
}

func TestAJobWhoseTimeIsOverWaitsForAPerson(t *testing.T) {
	b := newBox(t)
	late := receipt("r1")
	late.Expires = b.clock.now().Add(10 * time.Minute)
	id := addJobOf(t, b, late)
	next := addJobOf(t, b, receipt("r2"))
	b.clock.set(t, "2026-11-22T10:25:00+02:00")
	if j, err := b.NextJob(t.Context(), "lane 1"); err != nil || j.ID != next {
		t.Errorf("next is %d, %v", j.ID, err)
	}
	if got := jobState(t, b, id); got != JobExpired {
		t.Errorf("the late one is %s", got)
	}
	if n, err := b.OpenJobs(t.Context(), "lane 1"); err != nil || n != 2 {
		t.Errorf("%d open jobs: an expired one is not forgotten (%v)", n, err)
	}
	must(t, b.FinishJob(t.Context(), id, JobEnd{State: JobCancelled, By: "anna"}))
}

func TestStatesFollowTheJournalsRules(t *testing.T) {
	all := []JobState{JobQueued, JobSending, JobFlushed, JobConfirmed, JobUncertain, JobInterrupted, JobExpired, JobCancelled, JobSuperseded}
	for _, end := range []JobState{JobConfirmed, JobCancelled, JobSuperseded} {
		for _, to := range all {
			if mayFollow(end, to) {
				t.Errorf("%s may become %s", end, to)
			}
		}
	}
	for _, from := range []JobState{JobUncertain, JobInterrupted, JobFlushed} {
		if mayFollow(from, JobQueued) || mayFollow(from, JobSending) {
			t.Errorf("%s may be printed again without a mark", from)
		}
	}
	b := newBox(t)
	if err := b.FinishJob(t.Context(), 99, JobEnd{State: JobConfirmed}); !errors.Is(err, ErrNotFound) {
		t.Errorf("no job: %v", err)
	}
}

func TestTheHistoryOfAJobIsNeverChanged(t *testing.T) {
	b := newBox(t)
	addJobOf(t, b, receipt("r1"))
	for _, text := range []string{`UPDATE print_event SET what = 'x'`, `DELETE FROM print_event`} {
		if err := b.ledger.Write(t.Context(), func(tx *store.Tx) error { _, err := tx.Exec(text); return err }); err == nil {
			t.Errorf("went through: %s", text)
		}
	}
}

package printer

import (
	"testing"

	"loyaltill/devices/escpos"
)

// halfway is a job of four segments, three of them sent and one acknowledged.
func halfway(t *testing.T) *sending {
	t.Helper()
	job := &escpos.Job{No: 7, Confirm: escpos.ConfirmPrinted}
	for i := range 4 {
		job.Segments = append(job.Segments, escpos.Segment{Bytes: []byte("x"), Ack: escpos.ProcessID(7, i)})
	}
	return &sending{job: job, acks: true, next: 3, acked: 1, ping: escpos.ProcessID(9, 9), pingNext: 3}
}

func TestWhatAnAcknowledgementSpeaksFor(t *testing.T) {
	id := func(segment int) [4]byte { return escpos.ProcessID(7, segment) }
	for _, c := range []struct {
		name       string
		id         [4]byte
		continuous bool
		acked      int
		cause      Cause
	}{
		{"the next segment", id(1), true, 2, CauseNone},
		{"the next segment, after a pause", id(1), false, 2, CauseNone},
		{"a later one speaks for the one before it", id(2), true, 3, CauseNone},
		{"a later one after a pause: the earlier may be lost", id(2), false, 1, CausePowerCycle},
		{"our own id speaks for all that was sent", escpos.ProcessID(9, 9), true, 3, CauseNone},
		{"our own id after a pause: what was sent may be lost", escpos.ProcessID(9, 9), false, 1, CausePowerCycle},
		{"an id said twice", id(0), true, 1, CauseNone},
		{"an id of a segment that has not been sent", id(3), true, 1, CauseNone},
		{"an id of another job: somebody else prints", escpos.ProcessID(6, 2), true, 1, CauseForeign},
		{"an older id of our own", escpos.ProcessID(pingJob, pingLast-3), true, 1, CauseNone},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := halfway(t)
			j.acknowledged(c.id, c.continuous)
			if j.acked != c.acked || j.cause != c.cause {
				t.Errorf("acked %d, cause %q; want %d, %q", j.acked, j.cause, c.acked, c.cause)
			}
		})
	}
}

func TestNothingThatIsSaidAfterABreakCounts(t *testing.T) {
	j := halfway(t)
	j.breakOff(CausePaperOut)
	j.breakOff(CausePowerCycle)
	j.acknowledged(escpos.ProcessID(7, 2), true)
	if j.acked != 1 || j.cause != CausePaperOut {
		t.Errorf("acked %d, cause %q", j.acked, j.cause)
	}
}

func TestWhatComesAfterTheLastAcknowledgementDoesNotUndoIt(t *testing.T) {
	j := halfway(t)
	j.next = 4
	j.acknowledged(escpos.ProcessID(7, 3), true)
	j.breakOff(CauseCoverOpen)
	if !j.done() || j.cause != CauseNone {
		t.Errorf("done %t, cause %q", j.done(), j.cause)
	}
}

func TestTheDriversOwnIDsAreNoJobs(t *testing.T) {
	s := &session{}
	last := escpos.ProcessID(escpos.JobNumbers-1, maxJobSegments-1)
	seen := map[[4]byte]bool{}
	for range 2000 {
		id := s.nextPing()
		seen[id] = true
		if string(id[:]) <= string(last[:]) {
			t.Fatalf("ping %q could be a segment of the last job number", id)
		}
	}
	if len(seen) < 400 {
		t.Errorf("only %d different pings", len(seen))
	}
}

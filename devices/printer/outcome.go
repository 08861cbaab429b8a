package printer

import (
	"context"
	"errors"

	"loyaltill/devices/escpos"
)

// conclude answers the job's owner, at once or when the printer is clean.
func (s *session) conclude(ctx context.Context, j *sending, lost error) {
	n := len(j.job.Segments)
	res := Result{Outcome: Confirmed, Acked: j.acked, Segments: n, Level: s.levelOf(j.job), Clean: true}
	whole := j.next == n
	switch {
	case j.next == 0:
		res.Outcome, res.Cause = NotStarted, j.cause
	case j.done() && !j.skipped:
		if j.job.Confirm != escpos.ConfirmPrinted {
			res.Outcome = Sent
		}
		s.committed(j)
	case !j.acks && whole && j.cause == CauseNone && lost == nil:
		res.Outcome = Sent
	default:
		res.Clean = false
		res.Cause = causeOf(ctx, j, lost)
		s.synced = false
		s.p.torn = s.p.torn || prints(j.job)
		res.Outcome = Interrupted
		if whole && j.maybeCut(res.Cause, lost) {
			res.Outcome = Uncertain
			break
		}
		s.p.pending = &pending{req: j.req, reply: reply{res, j.err}}
		return
	}
	j.req.reply <- reply{res, j.err}
}

// committed tells the owner that the commit point has been passed.
func (s *session) committed(j *sending) {
	j.report()
	j.tell(Committed)
}

func causeOf(ctx context.Context, j *sending, lost error) Cause {
	switch {
	case j.cause != CauseNone:
		return j.cause
	case j.done():
		return CauseSkipped
	case ctx.Err() != nil:
		return CauseStopped
	case errors.Is(lost, errStuck):
		return CauseStalled
	default:
		return CauseLinkLost
	}
}

// maybeCut reports whether the sheet may be whole although its last acknowledgement is missing; the cut has been sent.
// After a loss of power at most the answer that was on its way can be missing: the others came as long as there was
// power, and nothing is printed without.
func (j *sending) maybeCut(cause Cause, lost error) bool {
	if j.drying {
		return true
	}
	switch cause {
	case CauseLinkLost, CauseStopped, CauseForeign, CauseSkipped:
		return true
	case CauseStalled:
		return lost != nil // the port hangs; with the link up the printer has said that it printed no more
	case CausePowerCycle:
		return !j.acks || j.acked == len(j.job.Segments)-1
	}
	return false
}

// prints reports whether the job leaves anything on paper.
func prints(job *escpos.Job) bool {
	for _, seg := range job.Segments {
		if seg.Kind != escpos.SegmentDrawer {
			return true
		}
	}
	return false
}

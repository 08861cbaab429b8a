package printer

import (
	"errors"
	"fmt"

	"loyaltill/devices/escpos"
)

// Level says how much a printer tells about what became of the bytes.
type Level int

const (
	LevelOneWay    Level = iota // C0: nothing comes back
	LevelStatus                 // C1: paper, cover and errors, but not what has been printed
	LevelProcessed              // C2: GS r behind each segment; taken from the buffer
	LevelPrinted                // C3: GS ( H behind each segment; on paper
)

func (l Level) String() string {
	switch l {
	case LevelStatus:
		return "status"
	case LevelProcessed:
		return "processed"
	case LevelPrinted:
		return "printed"
	default:
		return "one_way"
	}
}

// Outcome is what became of a job.
type Outcome string

const (
	NotStarted  Outcome = "not_started" // no byte left this machine: printing it again is safe
	Confirmed   Outcome = "confirmed"   // the printer has acknowledged the id behind the cut
	Sent        Outcome = "sent"        // all bytes left; this printer cannot tell more (Result.Level)
	Interrupted Outcome = "interrupted" // broken off; what came out is struck out with a line of X and cut off
	Uncertain   Outcome = "uncertain"   // the cut was sent and not acknowledged: somebody has to look
)

// Cause says why a job was not confirmed.
type Cause string

const (
	CauseNone       Cause = ""
	CausePaperOut   Cause = "paper_out"
	CauseCoverOpen  Cause = "cover_open"
	CauseCutter     Cause = "cutter_error"
	CauseFailed     Cause = "failed"
	CausePowerCycle Cause = "power_cycle"
	CauseLinkLost   Cause = "link_lost"
	CauseStalled    Cause = "stalled"
	CauseSkipped    Cause = "skipped" // a serial line lost an answer, or what it was about
	CauseForeign    Cause = "foreign" // somebody else prints on the same printer
	CauseStopped    Cause = "stopped" // the daemon stopped while the job was printing
)

// Result is the truth about one job.
type Result struct {
	Outcome  Outcome
	Cause    Cause
	Level    Level
	Acked    int // segments known to be on paper
	Segments int

	// Clean says that nothing of the job is left in the printer and the torn part has been struck out and cut off. Confirmed and
	// NotStarted are always clean. When it is false the owner of the journal sets Config.Torn at the next start.
	Clean bool
}

// Stage is a point in a job's life.
type Stage string

const (
	Starting  Stage = "starting"  // the first byte leaves when the callback has returned nil
	Acked     Stage = "acked"     // Progress.Acked segments are on paper
	Flushed   Stage = "flushed"   // the last segment, with the cut, leaves when the callback has returned
	Committed Stage = "committed" // the id behind the cut was acknowledged
)

// Progress is what Print reports while a job runs.
type Progress struct {
	Stage    Stage
	Acked    int
	Segments int
}

var (
	// ErrStopped is the cause when the printer's Run has ended.
	ErrStopped = errors.New("printer is not running")

	// ErrBadJob is the cause when a job cannot be sent as it is.
	ErrBadJob = errors.New("unprintable job")
)

// maxJobSegments keeps job ids apart from the driver's own, which count down from the top.
const maxJobSegments = 8000

// checkJob refuses what would overflow the printer's buffer or could never be confirmed.
func checkJob(job *escpos.Job, window int) error {
	if job == nil || len(job.Segments) == 0 {
		return fmt.Errorf("%w: it is empty", ErrBadJob)
	}
	if len(job.Segments) > maxJobSegments {
		return fmt.Errorf("%w: %d segments, at most %d", ErrBadJob, len(job.Segments), maxJobSegments)
	}
	for i, seg := range job.Segments {
		if len(seg.Bytes) == 0 {
			return fmt.Errorf("%w: segment %d is empty", ErrBadJob, i)
		}
		if job.Confirm != escpos.ConfirmNone && len(seg.Bytes) > window {
			return fmt.Errorf("%w: segment %d has %d bytes, the printer's window is %d", ErrBadJob, i, len(seg.Bytes), window)
		}
		if job.Confirm == escpos.ConfirmPrinted && seg.Ack == [4]byte{} {
			return fmt.Errorf("%w: segment %d asks for no acknowledgement", ErrBadJob, i)
		}
	}
	return nil
}

package printer

import (
	"loyaltill/devices"
	"loyaltill/devices/escpos"
)

// Link is how far the connection has come.
type Link string

const (
	LinkAbsent  Link = "absent"
	LinkOpening Link = "opening"
	LinkSilent  Link = "silent" // the port is open, the printer has not answered
	LinkUp      Link = "linked"
)

// State is what the printer is doing. It means something only while the link is up.
type State string

const (
	StateUnknown     State = "unknown"
	StateReady       State = "ready"
	StatePrinting    State = "printing"
	StateStalled     State = "stalled"
	StatePaperOut    State = "paper_out"
	StateCoverOpen   State = "cover_open"
	StateCutterError State = "cutter_error"
	StateOverheated  State = "overheated"
	StateButton      State = "button_feed"
	StateFailed      State = "failed"
	StateResync      State = "resync"
	StatePrintedOnly State = "printed_only" // ready, but nothing comes back
)

// Codes of a printer's health.
const (
	CodeReady        devices.Code = "printer_ready"
	CodePrinting     devices.Code = "printer_printing"
	CodeAbsent       devices.Code = "printer_absent"
	CodeSilent       devices.Code = "printer_silent"
	CodeNoPermission devices.Code = "printer_no_permission"
	CodePortTaken    devices.Code = "printer_port_taken"
	CodeBadDevice    devices.Code = "printer_bad_device"
	CodePortStuck    devices.Code = "printer_port_stuck"
	CodePaperOut     devices.Code = "printer_paper_out"
	CodePaperLow     devices.Code = "printer_paper_low"
	CodeCoverOpen    devices.Code = "printer_cover_open"
	CodeCutterError  devices.Code = "printer_cutter"
	CodeOverheated   devices.Code = "printer_hot"
	CodeButton       devices.Code = "printer_feed_button"
	CodeFailed       devices.Code = "printer_failed"
	CodeStalled      devices.Code = "printer_stalled"
	CodeResync       devices.Code = "printer_resync"
	CodePrintedOnly  devices.Code = "printer_one_way"
	CodeProgress     devices.Code = "printer_progress" // a job that takes long; Percent tells
	CodeSlow         devices.Code = "printer_slow"     // it answers late
	CodeWrongSpeed   devices.Code = "printer_wrong_speed"
	CodeRefused      devices.Code = "printer_refused" // somebody else prints on it, or it is none
	CodeAnother      devices.Code = "printer_another" // its serial number is not the configured one
)

// Status is what was last seen of the printer.
type Status struct {
	Link       Link
	State      State
	PaperLow   bool
	DrawerOpen bool
	Level      Level  // what a job printed now would be told at most
	Model      string // as the printer names itself, if it does
	Serial     string // the same
	Device     string // the name it was found under
	Baud       int    // of a serial line
	Job        escpos.JobNo
	Acked      int // of Segments of the job being printed; both 0 when there is none
	Segments   int
	Heard      Heard
	Abandoned  int // writes that never came back; each holds a port that was given up
	Health     devices.Health
}

// Heard is what a printer has answered on this link, beside DLE EOT.
type Heard struct {
	ASB       bool // it tells its state by itself
	Cleared   bool // DLE DC4 fn 8
	ProcessID bool // GS ( H fn 48
}

// Percent is how much of the job is on paper, as far as one can know.
func (s Status) Percent() int { return 100 * s.Acked / max(s.Segments, 1) }

// Facts that keep the printer from executing what it is sent.
const blocking = escpos.CondOffline | escpos.CondFeeding | escpos.CondOverheated | breaking

// Facts after which what the printer still holds must not be printed.
const breaking = escpos.CondCoverOpen | escpos.CondPaperEnd | escpos.CondUnrecoverable | recoverable

// Facts that end when the printer is told to recover.
const recoverable = escpos.CondCutterError | escpos.CondMechanical

// attention is one row of the table of states that need somebody, or time. The first row that applies names the state.
type attention struct {
	cond   escpos.Condition
	state  State
	health devices.State
	code   devices.Code
	cause  Cause // what a job broken by it is told
}

func attentions() []attention {
	return []attention{
		{escpos.CondUnrecoverable, StateFailed, devices.Attention, CodeFailed, CauseFailed},
		// The cover comes before the paper: while it is open the sensor sees none.
		{escpos.CondCoverOpen, StateCoverOpen, devices.Attention, CodeCoverOpen, CauseCoverOpen},
		{escpos.CondPaperEnd, StatePaperOut, devices.Attention, CodePaperOut, CausePaperOut},
		{recoverable, StateCutterError, devices.Attention, CodeCutterError, CauseCutter},
		{escpos.CondOverheated, StateOverheated, devices.Degraded, CodeOverheated, CauseNone},
		{escpos.CondFeeding, StateButton, devices.Degraded, CodeButton, CauseNone},
		{escpos.CondOffline, StateButton, devices.Degraded, CodeButton, CauseNone}, // no cause given: somebody is at the panel
	}
}

// attentionOf finds the row for what is known of the printer.
func attentionOf(cond escpos.Condition) (attention, bool) {
	for _, a := range attentions() {
		if cond.Has(a.cond) {
			return a, true
		}
	}
	return attention{}, false
}

// healthOf is the state and code for a printer that is linked and needs nobody.
func healthOf(state State, paperLow bool) (devices.State, devices.Code) {
	switch state {
	case StateStalled:
		return devices.Attention, CodeStalled
	case StateResync, StateUnknown:
		return devices.Degraded, CodeResync
	case StatePrintedOnly:
		return devices.Degraded, CodePrintedOnly
	}
	switch {
	case paperLow:
		return devices.Degraded, CodePaperLow
	case state == StatePrinting:
		return devices.OK, CodePrinting
	default:
		return devices.OK, CodeReady
	}
}

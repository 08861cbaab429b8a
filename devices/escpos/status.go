package escpos

import "strings"

// Condition is a set of facts about the printer, as its status bytes report them.
type Condition uint16

const (
	CondOffline       Condition = 1 << iota // does not execute what is in its buffer
	CondCoverOpen                           //
	CondFeeding                             // somebody holds the feed button
	CondPaperEnd                            //
	CondPaperLow                            // near-end sensor; the printer goes on
	CondCutterError                         //
	CondMechanical                          // recoverable error other than the cutter's
	CondUnrecoverable                       // only switching off and on helps
	CondOverheated                          // recovers by itself
	CondDrawerHigh                          // pin 3 of the drawer plug is high
)

// condNames follows the order of the bits above.
const condNames = "offline cover_open feeding paper_end paper_low cutter_error mechanical unrecoverable overheated drawer_high"

// Has reports whether any of the wanted facts holds.
func (c Condition) Has(wanted Condition) bool { return c&wanted != 0 }

func (c Condition) String() string {
	var names []string
	for i, name := range strings.Fields(condNames) {
		if c&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, "+")
}

// StatusQuery is the n of DLE EOT n: a question the printer answers with one byte as soon as it receives it, even offline.
type StatusQuery byte

const (
	AskPrinter StatusQuery = 1 // drawer, offline
	AskOffline StatusQuery = 2 // why offline
	AskError   StatusQuery = 3 // which error
	AskPaper   StatusQuery = 4 // roll sensors
)

// Bytes is the query on the wire. It must never be sent inside another command's payload: the printer would both
// answer it and count it as data.
func (q StatusQuery) Bytes() []byte { return []byte{0x10, 0x04, byte(q)} }

// StatusKind tells what a StatusEvent is.
type StatusKind byte

const (
	StatusNoise     StatusKind = iota // bytes that fit no answer, or an answer nobody asked for
	StatusASB                         // automatic status: Known, Set
	StatusRealTime                    // answer to DLE EOT n: Query, Known, Set
	StatusByte                        // one-byte answer to GS r n or GS I 1-3: Data
	StatusProcessID                   // answer to GS ( H fn 48: ID
	StatusCleared                     // answer to DLE DC4 fn 8: the buffers are empty
	StatusOffline                     // announced by GS ( H fn 49: Data holds the causes, if any
	StatusInfo                        // text answer to GS I 65 and up, or an unknown block: Data
	StatusXON                         // the printer can receive; also sent after switching on
	StatusXOFF                        // the printer's buffer is full
)

// StatusEvent is one answer of the printer. Which fields mean something depends on Kind.
type StatusEvent struct {
	Kind  StatusKind
	Query StatusQuery
	Known Condition // the facts this answer speaks about
	Set   Condition // those of them that hold
	ID    [4]byte
	Data  string
}

// Apply folds an answer into what was known before.
func (e StatusEvent) Apply(before Condition) Condition { return before&^e.Known | e.Set }

// bitRule maps the bits of one status byte to a fact: any of the bits sets it.
type bitRule struct {
	bits byte
	cond Condition
}

// conditions reads one status byte. Bits without a rule are fixed or reserved.
func conditions(b byte, rules []bitRule) (known, set Condition) {
	for _, r := range rules {
		known |= r.cond
		if b&r.bits != 0 {
			set |= r.cond
		}
	}
	return known, set
}

// realTimeRules are the tables of DLE EOT n in the vendor's manual.
func realTimeRules(q StatusQuery) []bitRule {
	switch q {
	case AskPrinter:
		return []bitRule{{0x04, CondDrawerHigh}, {0x08, CondOffline}}
	case AskOffline:
		return []bitRule{{0x04, CondCoverOpen}, {0x08, CondFeeding}, {0x20, CondPaperEnd}}
	case AskError:
		return []bitRule{{0x04, CondMechanical}, {0x08, CondCutterError}, {0x20, CondUnrecoverable}, {0x40, CondOverheated}}
	case AskPaper:
		return []bitRule{{0x0C, CondPaperLow}, {0x60, CondPaperEnd}}
	}
	return nil
}

// asbEvent reads the four bytes of an automatic status; the fourth is reserved.
func asbEvent(b []byte) StatusEvent {
	ev := StatusEvent{Kind: StatusASB}
	for i, rules := range [...][]bitRule{
		{{0x04, CondDrawerHigh}, {0x08, CondOffline}, {0x20, CondCoverOpen}, {0x40, CondFeeding}},
		{{0x04, CondMechanical}, {0x08, CondCutterError}, {0x20, CondUnrecoverable}, {0x40, CondOverheated}},
		{{0x03, CondPaperLow}, {0x0C, CondPaperEnd}},
	} {
		known, set := conditions(b[i], rules)
		ev.Known |= known
		ev.Set |= set
	}
	return ev
}

package apdu

import (
	"errors"
	"fmt"
)

// SW is the status word at the end of every answer.
type SW uint16

// Status words of ISO/IEC 7816-4, 5.6, as far as cards of the trade use them.
const (
	SWDone             SW = 0x9000
	SWTerminated       SW = 0x6283
	SWFailed           SW = 0x6300
	SWLength           SW = 0x6700
	SWChannel          SW = 0x6881
	SWNoSecureMsg      SW = 0x6882
	SWSecurity         SW = 0x6982
	SWBlocked          SW = 0x6983
	SWNotSet           SW = 0x6984
	SWConditions       SW = 0x6985
	SWSMMissing        SW = 0x6987
	SWSMWrong          SW = 0x6988
	SWData             SW = 0x6A80
	SWFunction         SW = 0x6A81
	SWNoFile           SW = 0x6A82
	SWNoRecord         SW = 0x6A83
	SWNoRoom           SW = 0x6A84
	SWP1P2             SW = 0x6A86
	SWNoReference      SW = 0x6A88
	SWOffset           SW = 0x6B00
	SWInstruction      SW = 0x6D00
	SWClass            SW = 0x6E00
	SWCardFault        SW = 0x6F00
	swMoreData         SW = 0x6100 // low byte: bytes waiting
	swTries            SW = 0x63C0 // low nibble: tries left
	swWrongLe          SW = 0x6C00 // low byte: the Le to use
	highByte, triesBit SW = 0xFF00, 0xFFF0
)

// meaning is the one table from status words to words.
func (s SW) meaning() string {
	switch s {
	case SWDone:
		return "done"
	case SWTerminated:
		return "application terminated"
	case SWFailed:
		return "authentication failed"
	case SWLength:
		return "wrong length"
	case SWChannel:
		return "logical channel not supported"
	case SWNoSecureMsg:
		return "secure messaging not supported"
	case SWSecurity:
		return "security status not satisfied"
	case SWBlocked:
		return "authentication blocked"
	case SWNotSet:
		return "reference data not set"
	case SWConditions:
		return "conditions of use not satisfied"
	case SWSMMissing:
		return "secure messaging object missing"
	case SWSMWrong:
		return "secure messaging object wrong"
	case SWData:
		return "data not acceptable"
	case SWFunction:
		return "function not supported"
	case SWNoFile:
		return "file or application not found"
	case SWNoRecord:
		return "record not found"
	case SWNoRoom:
		return "not enough room"
	case SWP1P2:
		return "wrong p1 p2"
	case SWNoReference:
		return "referenced data not found"
	case SWOffset:
		return "offset outside the file"
	case SWInstruction:
		return "instruction not supported"
	case SWClass:
		return "class not supported"
	case SWCardFault:
		return "fault of the card"
	}
	return "no general meaning"
}

// OK reports whether the command was done.
func (s SW) OK() bool { return s == SWDone }

// Tries is the number of tries left that a 63Cx tells.
func (s SW) Tries() (int, bool) {
	if s&triesBit != swTries {
		return 0, false
	}
	return int(s &^ triesBit), true
}

func (s SW) String() string { return fmt.Sprintf("%04X", uint16(s)) }

// Err is nil when the command was done, else a *StatusError.
func (s SW) Err() error {
	if s.OK() {
		return nil
	}
	return &StatusError{SW: s}
}

// StatusError is a status word other than 9000.
type StatusError struct{ SW SW }

func (e *StatusError) Error() string {
	if n, ok := e.SW.Tries(); ok {
		return fmt.Sprintf("card answered %v: wrong, %d tries left", e.SW, n)
	}
	return fmt.Sprintf("card answered %v: %s", e.SW, e.SW.meaning())
}

// IsStatus reports whether err is the card's answer sw.
func IsStatus(err error, sw SW) bool {
	var status *StatusError
	return errors.As(err, &status) && status.SW == sw
}

package card

import (
	"errors"
	"testing"

	"loyaltill/devices/apdu"
)

// An answer is cut anywhere, also where two of its bytes look like a status word.
func TestACutAnswerIsToldFromARefusal(t *testing.T) {
	for _, c := range []struct {
		answer []byte
		cut    bool
	}{
		{[]byte{1, 2, 3, 0x95, 0xF9}, true},
		{[]byte{1, 2, 3, 0x6A, 0x82}, true},
		{[]byte{1, 2, 3, 0x42, 0x17}, true},
		{[]byte{0x6A, 0x82}, false},
		{[]byte{1, 2, 3, 0x90, 0x00}, false},
	} {
		r, err := apdu.ParseResponse(c.answer)
		if err == nil {
			err = done(r)
		}
		if got := errors.Is(unreadable("a file", err), ErrCut); got != c.cut {
			t.Errorf("%X: cut %t, %v", c.answer, got, err)
		}
	}
}

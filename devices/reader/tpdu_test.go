package reader

import (
	"bytes"
	"testing"
)

func TestCommandForT0HasALengthOrDataNeverBoth(t *testing.T) {
	tests := []struct {
		name       string
		apdu, tpdu []byte
	}{
		{"a header gets an empty length", []byte{0, 0x10, 1, 2}, []byte{0, 0x10, 1, 2, 0}},
		{"a length wanted stays", []byte{0, 0xB0, 1, 2, 9}, []byte{0, 0xB0, 1, 2, 9}},
		{"data stay", []byte{0, 0x20, 0, 1, 2, 7, 7}, []byte{0, 0x20, 0, 1, 2, 7, 7}},
		{"data lose the length wanted", []byte{0, 0xA4, 4, 0, 2, 7, 7, 0}, []byte{0, 0xA4, 4, 0, 2, 7, 7}},
		{"an extended command stays", []byte{0, 0xB0, 0, 0, 0, 1, 1}, []byte{0, 0xB0, 0, 0, 0, 1, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := bytes.Clone(tt.apdu)
			if got := forT0(tt.apdu); !bytes.Equal(got, tt.tpdu) {
				t.Fatalf("got %x, want %x", got, tt.tpdu)
			}
			if !bytes.Equal(tt.apdu, before) {
				t.Fatal("the caller's command was changed")
			}
		})
	}
}

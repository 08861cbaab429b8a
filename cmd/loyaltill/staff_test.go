package main

import (
	"io"
	"strings"
	"testing"
)

func TestAPINIsTypedTwice(t *testing.T) {
	s := streams{io.Discard, io.Discard}
	for in, want := range map[string]string{"4711\n4711\n": "4711", "4711\r\n4711": "4711", "4711\n4712\n": "", "4711\n": ""} {
		got, err := askPIN(s, strings.NewReader(in))
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v", in, got, err)
		}
	}
}

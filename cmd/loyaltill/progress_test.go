package main

import (
	"bytes"
	"testing"
)

func TestWithoutATerminalProgressIsALineForEveryTenth(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(streams{err: &out}, "verify", 20)
	for done := range int64(21) {
		p.at(done, 20)
	}
	p.end()
	if n := bytes.Count(out.Bytes(), []byte("\n")); n != 10 || !bytes.HasSuffix(out.Bytes(), []byte("verify: 20 of 20\n")) {
		t.Errorf("%d lines:\n%s", n, out.String())
	}
}

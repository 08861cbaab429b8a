package main

import (
	"bytes"
	"fmt"
	"testing"

	"loyaltill/store/archive"
)

func TestTheEndOfTheLogIsKeptInWholeLines(t *testing.T) {
	var end tail
	line := func(n int) string {
		return fmt.Sprintf("{\"line\":%d,\"text\":\"%s\"}\n", n, bytes.Repeat([]byte("x"), 1000))
	}
	const lines = 3 * archive.MaxText / 1000
	for n := range lines {
		if _, err := end.Write([]byte(line(n))); err != nil {
			t.Fatal(err)
		}
	}
	got := end.text()
	if len(got) > archive.MaxText || len(got) < archive.MaxText-len(line(lines)) {
		t.Errorf("%d bytes are kept, of %d", len(got), archive.MaxText)
	}
	if !bytes.HasPrefix(got, []byte(`{"line":`)) || !bytes.HasSuffix(got, []byte(line(lines-1))) {
		t.Errorf("it begins %.40q and does not end with the newest line", got)
	}
}

package main

import (
	"bytes"
	"slices"
	"sync"

	"loyaltill/store/archive"
)

// tail keeps the end of the log in memory, for a bundle: as much as one text of it may hold. Each write is a line.
type tail struct {
	mu    sync.Mutex
	lines [][]byte
	size  int
}

func (t *tail) Write(line []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines, t.size = append(t.lines, bytes.Clone(line)), t.size+len(line)
	for t.size > archive.MaxText {
		t.size -= len(t.lines[0])
		t.lines[0], t.lines = nil, t.lines[1:]
	}
	return len(line), nil
}

func (t *tail) text() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Concat(t.lines...)
}

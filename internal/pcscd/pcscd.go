// Package pcscd runs a card service of one's own, with virtual readers, for tests and the demonstration.
//
// The service's socket has a fixed path, so a private one needs a private view of the file system. The recipe, which must run
// as root (or where user namespaces may be made and the run directory exists):
//
//  1. Isolate starts the program again in a mount namespace of its own, with an empty directory where the socket goes.
//  2. Start writes a reader configuration, gives each pair of readers its own copy of the driver (two entries with one
//     driver file disturb each other) and its own two TCP ports, and starts pcscd with it.
//  3. A simulated card connects to a reader's port on 127.0.0.1; the program, and whatever it starts, finds the reader under
//     its name through PC/SC.
//
// Where that cannot be, Running finds a pcscd that somebody else has started with the virtual readers of the distribution.
//
// It owns the processes and files that it makes, and removes them. It must never be part of a store's installation: the
// driver takes cards from anybody who reaches its port.
package pcscd

import (
	"errors"
	"strings"
	"sync"
)

// ErrUnavailable says that no private service can run here. The text names what is missing.
var ErrUnavailable = errors.New("no private card service here")

// ErrNotOurs refuses to touch a service that somebody else runs.
var ErrNotOurs = errors.New("the card service is somebody else's")

// MaxReaders is the most that pcsc-lite before 2.5.0 takes.
const MaxReaders = 16

// Options of a service.
type Options struct {
	Readers int // 1 to MaxReaders
}

// Daemon is a card service with virtual readers. Readers[i] takes cards on 127.0.0.1:Ports[i].
type Daemon struct {
	Readers []string
	Ports   []int
	Log     *Log // what the service printed; nil when somebody else runs it

	process *process
}

const logLimit = 64 << 10

// Log keeps the newest output of a process.
type Log struct {
	mu   sync.Mutex
	text []byte
}

func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	if over := len(l.text) - logLimit; over > 0 {
		l.text = append([]byte(nil), l.text[over:]...)
	}
	return len(p), nil
}

func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.TrimSpace(string(l.text))
}

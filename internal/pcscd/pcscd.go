// Package pcscd runs a card service of one's own, with virtual readers, for tests and the demonstration.
//
// The service's socket has a fixed path, so a private one needs a private view of the file system. The recipe, which must run
// as root (or where user namespaces may be made and the run directory exists):
//
//  1. Isolate starts the program again in a mount namespace of its own, with an empty directory where the socket goes.
//  2. Start writes a reader configuration, gives each pair of readers its own copy of the driver (two entries with one
//     driver file disturb each other) and its own two TCP ports, and starts pcscd with it.
//  3. A simulated card connects to a reader's port on 127.0.0.1; the program, and whatever it starts, finds the reader under
//     its name through PC/SC. Readers with a pinpad are sockets of our own driver instead, which needs a compiler.
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

// Options of a service. There may be MaxReaders of both kinds together; none is a service without readers.
type Options struct {
	Readers int // of vpcd
	Pinpads int // of our own driver, firmware-sim/ifd, which is built for it
}

// Daemon is a card service with virtual readers. Readers[i] takes cards on 127.0.0.1:Ports[i]; Pinpads[i] is a reader whose
// simulator listens on the socket Sockets[i].
type Daemon struct {
	Readers []string
	Ports   []int
	Pinpads []string
	Sockets []string
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

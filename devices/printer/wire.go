package printer

import (
	"errors"
	"io"
	"time"
)

const (
	chunkBytes  = 256 // one Write: a stuck one loses little, and short writes with signals are seen early
	maxNoTake   = 16  // writes in a row that take nothing
	inboxChunks = 64
	readBytes   = 512
	closeGrace  = 300 * time.Millisecond
)

// wire runs a port's reader and writer, so that the owner can wait for either and for everything else at once.
type wire struct {
	port  Port
	in    chan []byte   // what came, in order
	lost  chan error    // the reader's last word
	out   chan []byte   // one hand-over at a time
	wrote chan error    // its result
	stop  chan struct{} // closed by close

	busy       bool // a hand-over has no result yet; the owner's
	readerDone chan struct{}
	writerDone chan struct{}
}

func newWire(port Port) *wire {
	w := &wire{
		port: port, in: make(chan []byte, inboxChunks), lost: make(chan error, 1),
		out: make(chan []byte, 1), wrote: make(chan error, 1), stop: make(chan struct{}),
		readerDone: make(chan struct{}), writerDone: make(chan struct{}),
	}
	if port.OneWay() {
		close(w.readerDone)
	} else {
		go w.read()
	}
	go w.write()
	return w
}

// send hands bytes to the writer. The owner waits for wrote before it sends again.
func (w *wire) send(p []byte) {
	w.busy = true
	w.out <- p
}

func (w *wire) read() {
	defer close(w.readerDone)
	buf := make([]byte, readBytes)
	for {
		n, err := w.port.Read(buf)
		if n > 0 {
			select {
			case w.in <- append([]byte(nil), buf[:n]...):
			case <-w.stop:
				return
			}
		}
		if err != nil {
			w.lost <- err
			return
		}
		select {
		case <-w.stop:
			return
		default:
		}
	}
}

func (w *wire) write() {
	defer close(w.writerDone)
	for {
		select {
		case p := <-w.out:
			w.wrote <- w.writeAll(p)
		case <-w.stop:
			return
		}
	}
}

// writeAll goes on after short writes, which the serial library reports without an error.
func (w *wire) writeAll(p []byte) error {
	idle := 0
	for len(p) > 0 {
		select {
		case <-w.stop:
			return errors.New("port is being closed")
		default:
		}
		n, err := w.port.Write(p[:min(len(p), chunkBytes)])
		if err != nil {
			return err
		}
		if idle++; n > 0 {
			idle = 0
		}
		if idle == maxNoTake {
			return io.ErrNoProgress
		}
		p = p[n:]
	}
	return nil
}

// close ends both goroutines and closes the port. When a Write does not come back even then, close gives the port up
// and returns the channel that is closed when it does.
func (w *wire) close() (stuck <-chan struct{}, err error) {
	close(w.stop)
	if !waitFor(w.writerDone, closeGrace) {
		err = w.port.Close() // ends a blocked Write where the port can
		if !waitFor(w.writerDone, closeGrace) {
			<-w.readerDone
			return w.writerDone, err
		}
	} else {
		err = w.port.Close()
	}
	<-w.readerDone
	return nil, err
}

func waitFor(done <-chan struct{}, limit time.Duration) bool {
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-done:
		return true
	case <-t.C:
		return false
	}
}

package printer

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"time"

	"go.bug.st/serial"

	"loyaltill/devices"
)

// readSlice bounds one Read, so that a reader whose Close is slow to wake it still ends.
const readSlice = 500 * time.Millisecond

// serialPort is a serial line, real or pseudo.
//
// The library's Write goes to a bare descriptor and is not released by Close. A writer that comes back late must not
// write again: the number may belong to another file by then. Hence closed, looked at before every Write.
type serialPort struct {
	port serial.Port
	lock io.Closer

	mu     sync.Mutex
	closed bool
}

func openSerial(name string, line lineSettings) (Port, error) {
	lock, err := lockPort(name)
	if err != nil {
		return nil, err
	}
	// InitialStatusBits stays nil: setting modem bits fails on a pseudo terminal.
	port, err := serial.Open(name, &serial.Mode{BaudRate: line.baud, DataBits: 8, Parity: parityOf(line.parity)})
	if err != nil {
		return nil, errors.Join(explainSerial(err), lock.Close())
	}
	if err := port.SetReadTimeout(readSlice); err != nil {
		return nil, errors.Join(fmt.Errorf("set read timeout: %w", err), port.Close(), lock.Close())
	}
	return &serialPort{port: port, lock: lock}, nil
}

func parityOf(name string) serial.Parity {
	switch name {
	case "even":
		return serial.EvenParity
	case "odd":
		return serial.OddParity
	default:
		return serial.NoParity
	}
}

// explainSerial turns the library's codes into what the rest of the package acts on.
func explainSerial(err error) error {
	var pe *serial.PortError
	if !errors.As(err, &pe) {
		return err
	}
	switch pe.Code() {
	case serial.PortNotFound:
		return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	case serial.PermissionDenied:
		return fmt.Errorf("%w: %w", fs.ErrPermission, err)
	case serial.PortBusy:
		return fmt.Errorf("%w: %w", errPortTaken, err)
	default: // speed, parity, or not a serial port at all: only the configuration can be wrong
		return &openError{devices.Attention, CodeBadDevice, err}
	}
}

func (p *serialPort) Read(b []byte) (int, error) { return p.port.Read(b) }

func (p *serialPort) Write(b []byte) (int, error) {
	p.mu.Lock()
	closed := p.closed
	p.mu.Unlock()
	if closed {
		return 0, fs.ErrClosed
	}
	return p.port.Write(b)
}

// Close drops what the line has not sent: closing would otherwise wait for a printer that takes nothing.
func (p *serialPort) Close() error {
	p.mu.Lock()
	closed := p.closed
	p.closed = true
	p.mu.Unlock()
	if closed {
		return nil
	}
	flush := p.port.ResetOutputBuffer()
	if flush != nil {
		flush = nil // the line is gone; there is nothing left to drop
	}
	return errors.Join(flush, p.port.Close(), p.lock.Close())
}

func (p *serialPort) OneWay() bool { return false }

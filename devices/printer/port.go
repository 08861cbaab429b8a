package printer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"loyaltill/devices"
)

// Port carries bytes to and from a printer.
//
// Read blocks until something comes, or returns 0 and nil now and then; an error means the other side is gone. Write
// may take fewer bytes than it was given without an error, and may block as long as the printer takes none. Close must
// end a blocked Read; whether it ends a blocked Write depends on the port.
type Port interface {
	io.ReadWriteCloser

	// OneWay reports that nothing will ever be read.
	OneWay() bool
}

// lineSettings are what a serial line needs to know.
type lineSettings struct {
	baud   int
	parity string // none, even, odd
}

// openError says why a port could not be opened, in the words a person gets.
type openError struct {
	state devices.State
	code  devices.Code
	err   error
}

func (e *openError) Error() string { return e.err.Error() }
func (e *openError) Unwrap() error { return e.err }

// errPortTaken is the cause when another program, or another printer of ours, holds the port.
var errPortTaken = errors.New("another program holds the port")

// openPort opens what a configuration calls the device: tcp:host:port, usb:name, file:path, or the name of a serial
// port.
func openPort(ctx context.Context, device string, line lineSettings) (Port, error) {
	var port Port
	var err error
	switch kind, rest, _ := strings.Cut(device, ":"); {
	case kind == "tcp" && rest != "":
		port, err = openTCP(ctx, strings.TrimPrefix(rest, "//"))
	case kind == "file" && rest != "":
		port, err = openFile(rest)
	case kind == "usb" && rest != "":
		port, err = openUSB(rest)
	case strings.HasPrefix(device, usbDevices):
		port, err = openUSB(device)
	default:
		port, err = openSerial(device, line)
	}
	if err != nil {
		return nil, explain(fmt.Errorf("open printer port %s: %w", device, err))
	}
	return port, nil
}

// explain gives an error the state and code for it. A port that is not there is the normal case of a printer that is
// not plugged in.
func explain(err error) *openError {
	var known *openError
	switch {
	case errors.As(err, &known):
		return &openError{known.state, known.code, err}
	case errors.Is(err, fs.ErrNotExist):
		return &openError{devices.Absent, CodeAbsent, err}
	case errors.Is(err, fs.ErrPermission):
		return &openError{devices.Attention, CodeNoPermission, err}
	case errors.Is(err, errPortTaken):
		return &openError{devices.Attention, CodePortTaken, err}
	default:
		return &openError{devices.Absent, CodeAbsent, err}
	}
}

// filePort writes to a file or to a spooler's pipe.
type filePort struct{ *os.File }

func openFile(path string) (Port, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	return filePort{f}, nil
}

func (filePort) OneWay() bool { return true }

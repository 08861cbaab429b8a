package printer

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"loyaltill/devices"
)

const (
	// usbDevices is how the kernel's USB printer driver names its devices.
	usbDevices = "/dev/usb/lp"

	// readAgain is the pause after a read that brought nothing: some firmware answers a query only to the second or third.
	readAgain = 20 * time.Millisecond
)

// usbPort is a USB printer as the kernel's printer driver shows it: a character device that carries bytes both ways and
// knows no line settings. The file is non-blocking underneath, so Close ends a blocked Read and Write.
type usbPort struct {
	*os.File
	lock   io.Closer
	closed chan struct{}
}

func openUSB(name string) (Port, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Mode()&fs.ModeCharDevice == 0 {
		return nil, &openError{devices.Attention, CodeBadDevice, fmt.Errorf("%s is no character device", name)}
	}
	lock, err := lockPort(name)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_RDWR|openNonblock, 0)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return &usbPort{File: f, lock: lock, closed: make(chan struct{})}, nil
}

// Read takes an empty read for what it is: the printer has nothing to say.
func (p *usbPort) Read(b []byte) (int, error) {
	n, err := p.File.Read(b)
	if n > 0 || !errors.Is(err, io.EOF) {
		return n, err
	}
	t := time.NewTimer(readAgain)
	defer t.Stop()
	select {
	case <-t.C:
		return 0, nil
	case <-p.closed:
		return 0, fs.ErrClosed
	}
}

func (p *usbPort) Close() error {
	close(p.closed)
	return errors.Join(p.File.Close(), p.lock.Close())
}

func (*usbPort) OneWay() bool { return false }

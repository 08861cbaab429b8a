//go:build unix

package printer

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"golang.org/x/sys/unix"

	"loyaltill/devices"
)

// openNonblock lets Go's poller wait for a device, so that Close ends a Read.
const openNonblock = unix.O_NONBLOCK | unix.O_NOCTTY

// lockPort takes the port for this process. The lock lies on the device itself, so it holds for every name that leads
// to it, leaves no file behind and goes when the process dies. The kernel's exclusive mode does not stop root.
func lockPort(name string) (io.Closer, error) {
	fd, err := unix.Open(name, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	switch {
	case errors.Is(err, unix.EBUSY):
		return nil, fmt.Errorf("%w: %w", errPortTaken, err)
	case errors.Is(err, unix.ENXIO), errors.Is(err, unix.ENODEV), errors.Is(err, unix.EIO):
		return nil, fmt.Errorf("%w: %w", fs.ErrNotExist, err) // the node is there, the device is not
	case errors.Is(err, unix.EISDIR):
		return nil, &openError{devices.Attention, CodeBadDevice, err}
	case err != nil:
		return nil, err
	}
	switch err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); {
	case errors.Is(err, unix.EWOULDBLOCK):
		return nil, errors.Join(errPortTaken, unix.Close(fd))
	case err != nil:
		return nil, errors.Join(fmt.Errorf("lock: %w", err), unix.Close(fd))
	}
	return lockedDevice(fd), nil
}

// lockedDevice is the descriptor that holds the lock; closing it gives the lock back.
type lockedDevice int

func (d lockedDevice) Close() error { return unix.Close(int(d)) }

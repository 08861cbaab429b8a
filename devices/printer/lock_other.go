//go:build !unix

package printer

import "io"

const openNonblock = 0

type noLock struct{}

func (noLock) Close() error { return nil }

// lockPort has nothing to do: the system opens a serial port once only.
func lockPort(string) (io.Closer, error) { return noLock{}, nil }

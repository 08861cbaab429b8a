//go:build !unix

package printer

import "io"

type noLock struct{}

func (noLock) Close() error { return nil }

// lockPort has nothing to do: the system opens a serial port once only.
func lockPort(string) (io.Closer, error) { return noLock{}, nil }

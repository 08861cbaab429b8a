//go:build !linux

package card

// memory holds a secret. This system has no cheap way to keep it out of dumps; it is wiped in time.
type memory struct{ bytes []byte }

func allocate(size int) memory { return memory{bytes: make([]byte, size)} }

func (m memory) wipe() { clear(m.bytes) }

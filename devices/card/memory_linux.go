package card

import (
	"os"

	"golang.org/x/sys/unix"
)

// memory holds a secret: a page of its own, locked and kept out of core dumps and children as far as the system allows.
type memory struct {
	bytes  []byte
	mapped bool
}

func allocate(size int) memory {
	page, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return memory{bytes: make([]byte, size)}
	}
	// A process without the right to lock memory still gets a page that is wiped in time.
	_ = unix.Mlock(page)
	_ = unix.Madvise(page, unix.MADV_DONTDUMP)
	_ = unix.Madvise(page, unix.MADV_DONTFORK)
	return memory{bytes: page, mapped: true}
}

func (m memory) wipe() {
	clear(m.bytes)
	if m.mapped {
		_ = unix.Munmap(m.bytes) // unlocks too
	}
}

//go:build unix

package main

import (
	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"
)

// noCoreDumps keeps what passes through memory, PINs among it, off the disk when the program crashes.
func noCoreDumps(log zerolog.Logger) {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		log.Warn().Err(err).Msg("core dumps could not be switched off")
	}
}

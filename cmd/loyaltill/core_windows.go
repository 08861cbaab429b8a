package main

import "github.com/rs/zerolog"

// noCoreDumps has nothing to do: Windows writes no dump of a service unless it was told to.
func noCoreDumps(zerolog.Logger) {}

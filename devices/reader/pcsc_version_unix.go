//go:build !windows && cgo && pcsc

package reader

import "github.com/ebfe/scard"

func version() string { return "pcsc-lite " + scard.Version() }

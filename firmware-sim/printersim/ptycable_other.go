//go:build !linux

package printersim

import (
	"errors"
	"time"
)

func newPTYCable(PrinterConfig, func() time.Time) (cable, error) {
	return nil, errors.New("printers on a pty need Linux; use a TCP address")
}

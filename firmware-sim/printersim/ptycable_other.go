//go:build !linux

package printersim

import "errors"

func newPTYCable(PrinterConfig) (cable, error) {
	return nil, errors.New("printers on a pty need Linux; use a TCP address")
}

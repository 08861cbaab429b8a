//go:build windows || (cgo && pcsc)

package reader

import (
	"errors"
	"fmt"

	"github.com/ebfe/scard"

	"loyaltill/devices"
)

// classify puts every error of PC/SC into one of this package's classes; the cause stays readable.
func classify(err error) error {
	if err == nil {
		return nil
	}
	var code scard.Error
	if !errors.As(err, &code) {
		return fmt.Errorf("%w: %w", ErrInternal, err)
	}
	return fmt.Errorf("%w: %w", classOf(code), err)
}

func classOf(code scard.Error) error {
	switch code {
	case scard.ErrNoService, scard.ErrServiceStopped, scard.ErrCommError, scard.ErrInvalidHandle, scard.ErrServerTooBusy,
		scard.ErrShutdown, scard.ErrSystemCancelled, scard.ErrCancelled:
		return ErrService
	case scard.ErrSecurityViolation, scard.ErrNoAccess: // polkit, or too many contexts
		return ErrDenied
	case scard.ErrUnknownReader, scard.ErrReaderUnavailable, scard.ErrNoReadersAvailable:
		return ErrNoReader
	case scard.ErrNoSmartcard, scard.ErrRemovedCard, scard.ErrResetCard, scard.ErrNotTransacted:
		return ErrNoCard
	case scard.ErrUnpoweredCard, scard.ErrUnresponsiveCard, scard.ErrInvalidAtr, scard.ErrProtoMismatch,
		scard.ErrUnsupportedCard, scard.ErrNotReady:
		return ErrMute
	case scard.ErrSharingViolation:
		return ErrBusy
	}
	return ErrInternal
}

// healthOf is what an error of the card service means for its health.
func healthOf(err error) (devices.State, devices.Code) {
	if errors.Is(err, ErrDenied) {
		return devices.Attention, CodeDenied
	}
	return devices.Absent, CodeNoService
}

package card

import (
	"context"
	"fmt"

	"loyaltill/devices/apdu"
)

const (
	insRenew = 0xDA
	claPlain = 0x80
)

// RenewalMACInput is what CMAC under K_ld covers, card.md 3.11.
func RenewalMACInput(id ID, certificate []byte) []byte {
	return append(append([]byte("LC1"), id[:]...), certificate...)
}

// Renewal is a new certificate for a card's own key, by order of head office.
type Renewal struct {
	Certificate []byte
	MAC         [16]byte
}

// Hash names the new certificate as SELECT will.
func (r Renewal) Hash() CertificateHash { return hashCertificate(r.Certificate) }

// Renew gives the card a new certificate, outside any session: a running one ends. It tells nothing but that the card answered;
// Open tells which certificate the card holds. Repeating it is harmless.
func Renew(ctx context.Context, t Transmitter, r Renewal) error {
	if len(r.Certificate) != CertificateLength {
		return fmt.Errorf("renew certificate: it has %d bytes, want %d", len(r.Certificate), CertificateLength)
	}
	if _, err := selectApplication(ctx, t); err != nil {
		return fmt.Errorf("renew certificate: %w", err)
	}
	data := append(append(make([]byte, 0, CertificateLength+len(r.MAC)), r.Certificate...), r.MAC[:]...)
	answer, err := apdu.Exchange(ctx, t.Transmit, apdu.Command{CLA: claPlain, INS: insRenew, P1: 1, P2: 1, Data: data, Le: apdu.MaxShortLe})
	switch {
	case err != nil:
		return fmt.Errorf("renew certificate: %w: %w", ErrUnreadable, err)
	case answer.SW == swVoucherSequence:
		return fmt.Errorf("renew certificate: %w", ErrOlder)
	case answer.SW == swVoucherMAC:
		return fmt.Errorf("renew certificate: %w", ErrRenewalMAC)
	}
	if err := refusal(answer.SW); err != nil {
		return fmt.Errorf("renew certificate: %w", err)
	}
	return nil
}

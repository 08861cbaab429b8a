package reader

import (
	"bytes"
	"context"
	"fmt"

	"loyaltill/devices/apdu"
	"loyaltill/devices/card"
)

const (
	minCommand = 4 // CLA INS P1 P2
	minAnswer  = 2 // status word
)

// linkConn is a connection to the card on a direct link. After the first error nothing more is sent.
type linkConn struct {
	link   *link
	card   *linkedCard
	atr    []byte
	broken error
}

func (c *linkConn) ATR() []byte { return bytes.Clone(c.atr) }

// Transmit gives an APDU two seconds.
func (c *linkConn) Transmit(ctx context.Context, capdu, rapdu []byte) (int, error) {
	if c.broken != nil {
		return 0, c.broken
	}
	if len(capdu) < minCommand { // one byte would be an order to the card
		return 0, fmt.Errorf("transmit: command of %d bytes", len(capdu))
	}
	answer, err := c.card.ask(ctx, apduLimit, capdu)
	switch {
	case err != nil:
		c.broken = fmt.Errorf("transmit: %w", err)
	case len(answer) < minAnswer:
		c.broken = fmt.Errorf("transmit: %w: answer of %d bytes", ErrNoCard, len(answer))
	case len(answer) > len(rapdu):
		c.broken = fmt.Errorf("transmit: %w: %d bytes, room for %d", apdu.ErrTooLong, len(answer), len(rapdu))
	}
	if c.broken != nil {
		return 0, c.broken
	}
	return copy(rapdu, answer), nil
}

// Control finds nobody: a link has no pinpad.
func (c *linkConn) Control(context.Context, uint32, []byte) ([]byte, error) {
	return nil, fmt.Errorf("control reader: %w", ErrNoReader)
}

// Close ends the connection; the card stays in the reader. It loses session and PIN state with every disposition but Leave.
func (c *linkConn) Close(how card.Disposition) error {
	defer c.link.unclaim(c.card)
	c.broken = ErrEnded
	// A card that cannot be told has gone, and with it what was to be reset.
	switch how {
	case card.Leave:
	case card.Reset:
		_ = c.card.tell([]byte{orderReset})
	default:
		_ = c.card.tell([]byte{orderPowerOff})
	}
	return nil
}

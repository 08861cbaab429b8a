package apdu

import (
	"context"
	"errors"
	"fmt"
)

const (
	insGetResponse = 0xC0
	// maxRounds bounds the follow-up commands of one exchange: 65 536 bytes in pieces of 256.
	maxRounds = 256
	maxAnswer = MaxExtendedLe
)

var (
	// ErrRounds is a card that keeps asking for one more GET RESPONSE.
	ErrRounds = errors.New("apdu: card never finishes its answer")
	// ErrTooLong is an answer beyond what its command allows.
	ErrTooLong = errors.New("apdu: answer too long")
)

// TransmitFunc sends one command APDU and puts the answer into rapdu; it returns the length of the answer.
type TransmitFunc func(ctx context.Context, capdu, rapdu []byte) (int, error)

// Exchange sends a command and follows what only means "ask again" (ISO/IEC 7816-4, 5.6): 61xx with GET RESPONSE, 6Cxx by
// sending the command again with the Le that the card names. 6Cxx is followed only for commands without data, so that
// nothing which changes the card is ever sent twice. Every command buffer is overwritten before Exchange returns.
func Exchange(ctx context.Context, transmit TransmitFunc, cmd Command) (Response, error) {
	x := exchange{transmit: transmit, rapdu: make([]byte, max(MaxShortResponse, cmd.Le+statusLength))}
	r, err := x.once(ctx, cmd)
	if err != nil {
		return Response{}, err
	}
	if r.SW&highByte == swWrongLe && len(cmd.Data) == 0 {
		cmd.Le = leOf(r.SW)
		if r, err = x.once(ctx, cmd); err != nil {
			return Response{}, err
		}
	}
	if r.SW&highByte != swMoreData {
		return r, nil
	}
	return x.collect(ctx, r)
}

type exchange struct {
	transmit TransmitFunc
	rapdu    []byte
}

func (x exchange) once(ctx context.Context, cmd Command) (Response, error) {
	capdu, err := cmd.Append(make([]byte, 0, len(cmd.Data)+9))
	defer clear(capdu)
	if err != nil {
		return Response{}, err
	}
	n, err := x.transmit(ctx, capdu, x.rapdu)
	if err != nil {
		return Response{}, err
	}
	if n < 0 || n > len(x.rapdu) {
		return Response{}, fmt.Errorf("%w: %d bytes into %d", ErrTooLong, n, len(x.rapdu))
	}
	return ParseResponse(x.rapdu[:n])
}

// collect fetches what the card still holds, piece by piece.
func (x exchange) collect(ctx context.Context, r Response) (Response, error) {
	all := append([]byte(nil), r.Data...)
	for range maxRounds {
		var err error
		get := Command{INS: insGetResponse, Le: leOf(r.SW)}
		if r, err = x.once(ctx, get); err != nil {
			return Response{}, err
		}
		if r.SW&highByte == swWrongLe {
			r.SW = swMoreData | r.SW&^highByte // the same question with the length that the card wants
			continue
		}
		if all = append(all, r.Data...); len(all) > maxAnswer {
			return Response{}, fmt.Errorf("%w: %d bytes", ErrTooLong, len(all))
		}
		if r.SW&highByte != swMoreData {
			return Response{Data: all, SW: r.SW}, nil
		}
	}
	return Response{}, ErrRounds
}

// leOf reads the length in the low byte of 61xx and 6Cxx, where 00 is 256.
func leOf(sw SW) int {
	if low := int(sw &^ highByte); low > 0 {
		return low
	}
	return MaxShortLe
}

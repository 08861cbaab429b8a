package profile

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"loyaltill/devices/apdu"
	"loyaltill/devices/card"
)

// Instructions of ISO/IEC 7816-4, and the readers' own of PC/SC part 3, 3.2.2. None writes to a card.
const (
	insSelect     = 0xA4
	insReadBinary = 0xB0
	insReadRecord = 0xB2
	insGetData    = 0xCA

	claReader       = 0xFF
	insLoadKey      = 0x82 // into the reader's volatile memory
	insAuthenticate = 0x86

	byName       = 0x04
	noAnswer     = 0x0C
	shortFile    = 0x80
	thisRecord   = 0x04
	blockLength  = 16
	authenticate = 0x01 // version of the data of insAuthenticate
)

// command is what a step sends; for a storage block the last of three.
func (s *step) command() apdu.Command {
	cmd := apdu.Command{CLA: s.class, Le: s.length}
	switch s.op {
	case opSelectAID, opSelectFile:
		cmd.INS, cmd.Data = insSelect, s.name
		if s.op == opSelectAID {
			cmd.P1 = byName
		}
		if s.quiet {
			cmd.P2, cmd.Le = noAnswer, 0
		}
	case opReadBinary:
		cmd.INS, cmd.P1, cmd.P2 = insReadBinary, byte(s.offset>>8), byte(s.offset)
		if s.sfi > 0 {
			cmd.P1 = shortFile | s.sfi
		}
	case opReadRecord:
		cmd.INS, cmd.P1, cmd.P2 = insReadRecord, s.record, s.sfi<<3|thisRecord
	case opGetData:
		cmd.INS, cmd.P1, cmd.P2 = insGetData, s.tag[0], s.tag[1]
	case opUID:
		cmd.CLA, cmd.INS = claReader, insGetData
	case opStorageBlock:
		cmd.CLA, cmd.INS, cmd.P2, cmd.Le = claReader, insReadBinary, s.block, blockLength
	}
	return cmd
}

const (
	swEndOfFile   apdu.SW = 0x6282 // the data is there, it is less than was asked for
	swGSMSelected apdu.SW = 0x9F00 // class A0: selected, the low byte tells how much could be read of it
)

func (s *step) succeeded(sw apdu.SW) bool {
	selects := s.op == opSelectAID || s.op == opSelectFile
	return sw.OK() || sw == swEndOfFile && !selects || sw&0xFF00 == swGSMSelected && selects && s.class == 0xA0
}

// do carries out one step other than the PIN and keeps what it read.
func (r *Reading) do(ctx context.Context, s *step) error {
	if s.op == opStorageBlock {
		if err := r.unlock(ctx, s); err != nil {
			return err
		}
	}
	answer, err := r.exchange(ctx, s, s.command(), openData)
	if err != nil {
		return err
	}
	if !s.succeeded(answer.SW) {
		return fmt.Errorf("%s %s: %w", s.place, s.op, &apdu.StatusError{SW: answer.SW})
	}
	if s.op == opUID {
		if err := checkUID(r.t.ATR(), answer.Data); err != nil {
			return err
		}
	}
	if s.reads() {
		r.data[s.as] = bytes.Clone(answer.Data)
	}
	return nil
}

// unlock loads a sector's key into the reader and lets the card check it.
func (r *Reading) unlock(ctx context.Context, s *step) error {
	key, err := r.keys.key(s.keyRef)
	if err != nil {
		return err
	}
	defer clear(key)
	for _, cmd := range []apdu.Command{
		{CLA: claReader, INS: insLoadKey, Data: key},
		{CLA: claReader, INS: insAuthenticate, Data: []byte{authenticate, 0, s.block, s.keyType, 0}},
	} {
		shows := openData
		if cmd.INS == insLoadKey {
			shows = secretData
		}
		answer, err := r.exchange(ctx, s, cmd, shows)
		if err != nil {
			return err
		}
		if !answer.SW.OK() {
			return fmt.Errorf("%s key %s: %w", s.place, s.keyRef, &apdu.StatusError{SW: answer.SW})
		}
	}
	return nil
}

// shown says whether a command's data may be looked at.
type shown bool

const (
	openData   shown = true
	secretData shown = false
)

var errForbidden = errors.New("command is not one that may be sent to a foreign card")

// exchange sends one command and tells the onlooker. No answer at all ends the reading.
func (r *Reading) exchange(ctx context.Context, s *step, cmd apdu.Command, data shown) (apdu.Response, error) {
	if cmd.INS == insSelect && cmd.P1 == byName && isPayment(cmd.Data) {
		return apdu.Response{}, errForbidden // Parse has refused it; this is the last door
	}
	answer, err := apdu.Exchange(ctx, r.t.Transmit, cmd)
	if err != nil {
		return apdu.Response{}, fmt.Errorf("%w: %s: %w", card.ErrUnreadable, s.place, err)
	}
	r.tell(Event{Step: s.place + " " + s.op, Sent: describe(cmd, data), Status: answer.SW.String(), Data: maskedBytes(answer.Data)})
	return answer, nil
}

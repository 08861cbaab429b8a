package card

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"loyaltill/devices/apdu"
)

// aid is the application identifier, card.md 2.
const (
	aid      = aidStart + "\x54\x59\x31\x00\x01"
	aidStart = "\xF0\x4C\x59\x4C" // enough to know an answer of ours that arrives damaged
)

const (
	insSelect     = 0xA4
	insReadBinary = 0xB0
	p1ByName      = 0x04
	shortFile     = 0x80 // READ BINARY P1: the low bits are a short file identifier
	sfiCert       = 1
	sfiInfo       = 2
)

// Flags are the flags that SELECT answers.
type Flags byte

func (f Flags) PINSet() bool     { return f&1 != 0 }
func (f Flags) PINBlocked() bool { return f&2 != 0 }

// Ratified means that the answer to the last transaction is known to have reached some host.
func (f Flags) Ratified() bool   { return f&4 != 0 }
func (f Flags) terminated() bool { return f&8 != 0 }
func (f Flags) PUKBlocked() bool { return f&16 != 0 }
func (f Flags) blank() bool      { return f&32 != 0 }

// selection is what SELECT answers, card.md 2. Nothing of it is proved yet.
type selection struct {
	card    ID
	ca      KeyID
	hash    CertificateHash
	ctr     uint32
	loadSeq uint32
	flags   Flags
	tries   int // at the PIN
}

func selectApplication(ctx context.Context, t Transmitter) (selection, error) {
	cmd := apdu.Command{INS: insSelect, P1: p1ByName, Data: []byte(aid), Le: apdu.MaxShortLe}
	r, err := apdu.Exchange(ctx, t.Transmit, cmd)
	switch {
	case err != nil:
		return selection{}, unreadable("select", err)
	case r.SW == apdu.SWTerminated:
		sel, _ := parseSelection(r.Data) // a session with it is still possible, see OpenLast
		return sel, ErrTerminated
	case !r.SW.OK() && bytes.Contains(r.Data, []byte(aidStart)):
		return selection{}, fmt.Errorf("%w: select: %w", ErrCut, r.SW.Err())
	case !r.SW.OK():
		return selection{}, fmt.Errorf("%w: %w", ErrNotLYL1, r.SW.Err())
	}
	return parseSelection(r.Data)
}

// IsLYL1 says whether a card has our application, whoever issued it.
func IsLYL1(ctx context.Context, t Transmitter) (bool, error) {
	_, err := selectApplication(ctx, t)
	if errors.Is(err, ErrUnreadable) {
		return false, err
	}
	return !errors.Is(err, ErrNotLYL1), nil
}

func parseSelection(b []byte) (selection, error) {
	garbled := func(err error) error {
		if bytes.Contains(b, []byte(aidStart)) {
			return fmt.Errorf("%w: select: %w", ErrCut, err)
		}
		return fmt.Errorf("%w: answer to select: %w", ErrNotLYL1, err)
	}
	outer, err := take(b, field{0x6F, anyLength})
	if err != nil {
		return selection{}, garbled(err)
	}
	fci, err := take(outer[0], field{0x84, len(aid)}, field{0xA5, anyLength})
	if err != nil {
		return selection{}, garbled(err)
	}
	v, err := take(fci[1], field{0x80, 1}, field{0x81, 8}, field{0x82, 8}, field{0x83, 8}, field{0x84, 4}, field{0x85, 4},
		field{0x86, 1}, field{0x87, 1})
	if err != nil {
		return selection{}, garbled(err)
	}
	if string(fci[0]) != aid || v[0][0] != 1 {
		return selection{}, fmt.Errorf("%w: application %x version %d", ErrNotLYL1, fci[0], v[0][0])
	}
	s := selection{
		card: ID(v[1]), ca: KeyID(v[2]), hash: CertificateHash(v[3]),
		ctr: binary.BigEndian.Uint32(v[4]), loadSeq: binary.BigEndian.Uint32(v[5]), flags: Flags(v[6][0]), tries: int(v[7][0]),
	}
	if s.flags.terminated() {
		return s, ErrTerminated
	}
	return s, nil
}

// readFile reads a free file. Its offsets are one byte, so one READ BINARY takes it whole.
func readFile(ctx context.Context, t Transmitter, sfi byte) ([]byte, error) {
	r, err := apdu.Exchange(ctx, t.Transmit, apdu.Command{INS: insReadBinary, P1: shortFile | sfi, Le: apdu.MaxShortLe})
	if err == nil {
		err = done(r)
	}
	if err != nil {
		return nil, unreadable(fmt.Sprintf("read file %d", sfi), err)
	}
	return r.Data, nil
}

// info is EF.INFO. The certificate does not cover it.
type info struct {
	number   Number
	scheme   Scheme
	tier     string
	language string
}

func parseInfo(b []byte) (info, error) {
	v, err := take(b, field{0x61, anyLength}, field{0x62, 4}, field{0x63, anyLength}, field{0x64, 2})
	if err != nil {
		return info{}, fmt.Errorf("%w: card information: %w", ErrUnreadable, err)
	}
	number, tier, language := v[0], v[2], v[3]
	if len(number) == 0 || len(number) > maxNumber || !all(number, '0', '9') || !all(tier, ' ', '~') || !all(language, 'a', 'z') {
		return info{}, fmt.Errorf("%w: card information is garbled", ErrUnreadable)
	}
	return info{number: Number(number), scheme: Scheme(v[1]), tier: string(tier), language: string(language)}, nil
}

func all(b []byte, low, high byte) bool {
	for _, c := range b {
		if c < low || c > high {
			return false
		}
	}
	return true
}

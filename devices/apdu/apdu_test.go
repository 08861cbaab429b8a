package apdu_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"loyaltill/devices/apdu"
)

func TestCommandIsEncodedInTheSevenFormsOfISO7816(t *testing.T) {
	long := bytes.Repeat([]byte{0xAB}, 256)
	tests := []struct {
		name string
		cmd  apdu.Command
		want string
	}{
		{"case 1: header only", apdu.Command{CLA: 0x80, INS: 0x10}, "80100000"},
		{"case 2: data expected", apdu.Command{INS: 0xB0, P1: 0x81, Le: 169}, "00B08100A9"},
		{"case 2: 256 is written 00", apdu.Command{INS: 0xB0, P1: 0x81, Le: 256}, "00B0810000"},
		{"case 3: data sent", apdu.Command{INS: 0x20, P2: 1, Data: []byte{1, 2}}, "00200001020102"},
		{"case 4: both", apdu.Command{INS: 0xA4, P1: 4, Data: []byte{0xF0}, Le: 256}, "00A4040001F000"},
		{"extended case 2", apdu.Command{INS: 0xB0, Le: 257}, "00B00000000101"},
		{"extended case 2: 65536 is written 0000", apdu.Command{INS: 0xB0, Le: 65536}, "00B00000000000"},
		{"extended case 3", apdu.Command{INS: 0xD6, Data: long}, "00D60000000100" + strings.Repeat("AB", 256)},
		{"extended case 4", apdu.Command{INS: 0xD6, Data: []byte{7}, Le: 300}, "00D6000000000107012C"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.cmd.Append(nil)
			if err != nil {
				t.Fatal(err)
			}
			if s := strings.ToUpper(hex.EncodeToString(got)); s != tt.want {
				t.Fatalf("got  %s\nwant %s", s, tt.want)
			}
		})
	}
}

func TestCommandOutOfRangeIsRefused(t *testing.T) {
	for _, cmd := range []apdu.Command{{Le: -1}, {Le: 65537}, {Data: make([]byte, 65536)}} {
		if _, err := cmd.Append(nil); !errors.Is(err, apdu.ErrCommand) {
			t.Errorf("%d bytes, le %d: got %v, want ErrCommand", len(cmd.Data), cmd.Le, err)
		}
	}
}

func TestAnswerWithoutStatusWordIsShort(t *testing.T) {
	for _, b := range [][]byte{nil, {0x90}} {
		if _, err := apdu.ParseResponse(b); !errors.Is(err, apdu.ErrShort) {
			t.Errorf("%x: got %v, want ErrShort", b, err)
		}
	}
	r, err := apdu.ParseResponse([]byte{1, 2, 0x63, 0xC2})
	if tries, ok := r.SW.Tries(); err != nil || !ok || tries != 2 || !bytes.Equal(r.Data, []byte{1, 2}) {
		t.Fatalf("got %+v, tries %d %t, %v", r, tries, ok, err)
	}
}

func TestStatusWordsBecomeErrors(t *testing.T) {
	if err := apdu.SWDone.Err(); err != nil {
		t.Fatalf("9000 is %v", err)
	}
	for sw, want := range map[apdu.SW]string{
		0x63C1: "card answered 63C1: wrong, 1 tries left",
		0x6983: "card answered 6983: authentication blocked",
		0x9401: "card answered 9401: no general meaning",
	} {
		err := sw.Err()
		if err == nil || err.Error() != want || !apdu.IsStatus(err, sw) || apdu.IsStatus(err, sw+1) {
			t.Errorf("%v: got %q, want %q", sw, err, want)
		}
	}
}

// oldCard holds an answer and gives it out as a T=0 card does: it names the length, then hands over piece by piece.
type oldCard struct {
	answer   []byte
	wantLe   byte // when set, a command with another Le is answered 6Cxx
	piece    int
	commands [][]byte
}

func (c *oldCard) transmit(_ context.Context, capdu, rapdu []byte) (int, error) {
	c.commands = append(c.commands, bytes.Clone(capdu))
	le := capdu[len(capdu)-1]
	if c.wantLe != 0 && le != c.wantLe {
		return copy(rapdu, []byte{0x6C, c.wantLe}), nil
	}
	c.wantLe = 0
	if capdu[1] != 0xC0 && c.piece > 0 {
		return copy(rapdu, []byte{0x61, byte(c.piece)}), nil
	}
	n := len(c.answer)
	if c.piece > 0 {
		n = min(n, c.piece)
	}
	out := append(bytes.Clone(c.answer[:n]), 0x90, 0x00)
	if c.answer = c.answer[n:]; len(c.answer) > 0 {
		out[n], out[n+1] = 0x61, byte(c.piece)
	}
	return copy(rapdu, out), nil
}

func TestExchangeCollectsAnAnswerThatTheCardGivesInPieces(t *testing.T) {
	want := bytes.Repeat([]byte("points"), 100)
	card := &oldCard{answer: bytes.Clone(want), piece: 250}
	r, err := apdu.Exchange(t.Context(), card.transmit, apdu.Command{INS: 0x88, Data: []byte{1}, Le: 256})
	if err != nil || !bytes.Equal(r.Data, want) || r.SW != apdu.SWDone {
		t.Fatalf("got %d bytes, %v, %v", len(r.Data), r.SW, err)
	}
	if len(card.commands) != 4 {
		t.Fatalf("%d commands, want the command and three GET RESPONSE", len(card.commands))
	}
}

func TestExchangeAsksAgainWithTheLengthThatTheCardNames(t *testing.T) {
	card := &oldCard{answer: []byte{1, 2, 3}, wantLe: 3}
	r, err := apdu.Exchange(t.Context(), card.transmit, apdu.Command{INS: 0xB0, Le: 256})
	if err != nil || !bytes.Equal(r.Data, []byte{1, 2, 3}) {
		t.Fatalf("got %x, %v", r.Data, err)
	}
}

func TestExchangeNeverSendsACommandWithDataTwice(t *testing.T) {
	card := &oldCard{wantLe: 3}
	r, err := apdu.Exchange(t.Context(), card.transmit, apdu.Command{INS: 0x20, Data: []byte("1234"), Le: 256})
	if err != nil || r.SW != 0x6C03 {
		t.Fatalf("got %v, %v", r.SW, err)
	}
	if len(card.commands) != 1 {
		t.Fatalf("sent %d times", len(card.commands))
	}
}

func TestExchangeEndsWithACardThatNeverFinishes(t *testing.T) {
	sent := 0
	endless := func(_ context.Context, _, rapdu []byte) (int, error) {
		sent++
		return copy(rapdu, []byte{0x61, 0x01}), nil
	}
	if _, err := apdu.Exchange(t.Context(), endless, apdu.Command{Le: 1}); !errors.Is(err, apdu.ErrRounds) {
		t.Fatalf("got %v, want ErrRounds", err)
	}
	if sent > 300 {
		t.Fatalf("%d commands", sent)
	}
}

func TestExchangeOverwritesWhatItSent(t *testing.T) {
	var kept []byte
	keep := func(_ context.Context, capdu, rapdu []byte) (int, error) {
		kept = capdu
		return copy(rapdu, []byte{0x90, 0x00}), nil
	}
	if _, err := apdu.Exchange(t.Context(), keep, apdu.Command{INS: 0x20, Data: []byte("31415926")}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, make([]byte, len(kept))) {
		t.Fatalf("command still in memory: %x", kept)
	}
}

// FuzzExchange plays any script of answers: the exchange must end, in bounds, whatever the card says.
func FuzzExchange(f *testing.F) {
	f.Add([]byte{0x02, 0x90, 0x00}, uint16(256))
	f.Add([]byte{0x02, 0x61, 0x10, 0x03, 0x01, 0x90, 0x00}, uint16(0))
	f.Add([]byte{0x02, 0x6C, 0x00, 0x02, 0x61, 0x00, 0x00}, uint16(4096))
	f.Fuzz(func(t *testing.T, script []byte, le uint16) {
		sent := 0
		play := func(_ context.Context, _, rapdu []byte) (int, error) {
			if sent++; len(script) == 0 {
				return 0, nil
			}
			n := min(int(script[0]), len(script)-1)
			answer := script[1 : 1+n]
			script = script[1+n:]
			return copy(rapdu, answer), nil
		}
		r, err := apdu.Exchange(context.Background(), play, apdu.Command{INS: 0xB0, Le: int(le)})
		if err == nil && len(r.Data) > apdu.MaxExtendedLe {
			t.Fatalf("%d bytes", len(r.Data))
		}
		if sent > 300 {
			t.Fatalf("%d commands", sent)
		}
	})
}

// FuzzCommand reads every encoded command back with a reader written from ISO/IEC 7816-4, table 1.
func FuzzCommand(f *testing.F) {
	f.Add([]byte{}, 0)
	f.Add([]byte{1, 2, 3}, 256)
	f.Add(make([]byte, 300), 65536)
	f.Fuzz(func(t *testing.T, data []byte, le int) {
		b, err := apdu.Command{CLA: 4, INS: 0x54, Data: data, Le: le}.Append(nil)
		if err != nil {
			return
		}
		gotData, gotLe := readCommand(b[4:])
		if !bytes.Equal(gotData, data) || gotLe != le {
			t.Fatalf("data %d le %d came back as %d and %d", len(data), le, len(gotData), gotLe)
		}
	})
}

func readCommand(body []byte) (data []byte, le int) {
	short := func(b byte) int { return (int(b)+255)%256 + 1 }
	extended := func(b []byte) int { return (int(b[0])<<8+int(b[1])+65535)%65536 + 1 }
	switch {
	case len(body) == 0:
		return nil, 0
	case len(body) == 1:
		return nil, short(body[0])
	case body[0] != 0:
		n := int(body[0])
		if data = body[1 : 1+n]; len(body) > 1+n {
			le = short(body[1+n])
		}
		return data, le
	case len(body) == 3:
		return nil, extended(body[1:])
	}
	n := int(body[1])<<8 + int(body[2])
	if data = body[3 : 3+n]; len(body) > 3+n {
		le = extended(body[3+n:])
	}
	return data, le
}

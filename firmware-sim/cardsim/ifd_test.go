package cardsim

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// cDriver is the driver's side, as handler.c speaks it.
type cDriver struct {
	t    *testing.T
	conn net.Conn
}

// plugged is a slot of our own driver, and the driver connected to it.
func plugged(t *testing.T) (*Slot, *cDriver) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "reader.sock")
	slot := NewSlot("lane-1", ifdScheme+path, zerolog.Nop())
	running(t, slot)
	return slot, dialDriver(t, path)
}

func dialDriver(t *testing.T, path string) *cDriver {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		conn, err := net.Dial("unix", path)
		if err == nil {
			t.Cleanup(func() { _ = conn.Close() })
			return &cDriver{t: t, conn: conn}
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func (d *cDriver) send(call byte, input ...byte) {
	d.t.Helper()
	frame := binary.BigEndian.AppendUint32(nil, uint32(1+len(input)))
	if _, err := d.conn.Write(append(append(frame, call), input...)); err != nil {
		d.t.Fatal(err)
	}
}

func (d *cDriver) receive() (byte, []byte, error) {
	if err := d.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return 0, nil, err
	}
	var size [4]byte
	if _, err := io.ReadFull(d.conn, size[:]); err != nil {
		return 0, nil, err
	}
	body := make([]byte, binary.BigEndian.Uint32(size[:]))
	_, err := io.ReadFull(d.conn, body)
	if err != nil || len(body) == 0 {
		return 0, nil, errors.Join(err, io.ErrUnexpectedEOF)
	}
	return body[0], body[1:], nil
}

// want makes a call and expects its result.
func (d *cDriver) want(result byte, call byte, input ...byte) []byte {
	d.t.Helper()
	d.send(call, input...)
	return d.result(result)
}

func (d *cDriver) result(want byte) []byte {
	d.t.Helper()
	got, data, err := d.receive()
	if err != nil || got != want {
		d.t.Fatalf("result %d %X, %v; want %d", got, data, err, want)
	}
	return data
}

func (d *cDriver) transmit(capdu []byte) []byte { return d.want(ifdDone, ifdTransmit, capdu...) }

func (d *cDriver) present() bool { return d.want(ifdDone, ifdPresence)[0] == 1 }

// pinStructure is what a host sends for a PIN of 4 to 8 digits, 30 seconds long.
func pinStructure(capdu string) []byte {
	b := unhex("1E1E8208000804020109040000000000000000")
	data := unhex(capdu)
	binary.LittleEndian.PutUint32(b[pinDataLength:], uint32(len(data)))
	return append(b, data...)
}

const plainVerify = "0020000108FFFFFFFFFFFFFFFF"

func (d *cDriver) askPIN(structure []byte) {
	d.t.Helper()
	d.send(ifdControl, append(binary.BigEndian.AppendUint32(nil, codeVerifyPIN), structure...)...)
}

// type presses keys once the pinpad asks.
func (d *cDriver) types(pad *Pinpad, keys ...string) {
	d.t.Helper()
	for deadline := time.Now().Add(patience); !pad.View().Asks; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			d.t.Fatal("the pinpad asks nobody")
		}
	}
	if err := pad.Press(keys...); err != nil {
		d.t.Fatal(err)
	}
}

func TestDriverFindsTheCardPowersItAndTalksToIt(t *testing.T) {
	slot, d := plugged(t)
	slot.Serial, slot.Channel = "0100", 0x00200203
	if d.present() {
		t.Fatal("a card in an empty reader")
	}
	d.want(ifdNoCard, ifdPower, 1)
	card := newHeadOffice(t, 1).newCard(t, 2, nil)
	card.PowerOff()
	slot.Insert(card)
	if !d.present() || !slot.Connected() {
		t.Fatal("no card")
	}
	if got := d.transmit(unhex(selectHex)); len(got) != 0 {
		t.Fatalf("without power the card says %X", got)
	}
	if atr := d.want(ifdDone, ifdPower, 1); string(atr) != string(card.ATR()) {
		t.Fatalf("ATR %X", atr)
	}
	newTap(t, d.transmit)
	if got := d.want(ifdDone, ifdAttribute, 0, 1, 1, 3); string(got) != "0100" {
		t.Errorf("serial number %q", got)
	}
	if got := d.want(ifdDone, ifdAttribute, 0, 2, 1, 0x10); string(got) != "\x03\x02\x20\x00" {
		t.Errorf("channel %X", got)
	}
	d.want(ifdNotSupported, ifdAttribute, 0, 0, 0, 1)
	d.want(ifdNotSupported, ifdControl, 0, 0, 0, 1)
	d.want(ifdDone, ifdPower, 0)
	if got := d.transmit(unhex(selectHex)); len(got) != 0 {
		t.Fatalf("switched off the card says %X", got)
	}
}

func TestSwapBetweenTwoLooksIsARemovalForTheDriver(t *testing.T) {
	slot, d := plugged(t)
	office := newHeadOffice(t, 1)
	slot.Insert(office.newCard(t, 2, nil))
	d.present()
	slot.Insert(office.newCard(t, 3, nil))
	if d.present() {
		t.Fatal("the swap was not seen")
	}
	if d.present() {
		t.Fatal("the reader was empty for one look only")
	}
	for deadline := time.Now().Add(patience); !d.present(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the second card is not there")
		}
	}
}

func TestUnpluggedReaderHasNoSocketAndNoPower(t *testing.T) {
	slot, d := plugged(t)
	card := newHeadOffice(t, 1).newCard(t, 2, nil)
	slot.Insert(card)
	d.want(ifdDone, ifdPower, 1)
	if err := slot.SetPlugged(false); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.receive(); !errors.Is(err, io.EOF) {
		t.Fatalf("the driver is still answered: %v", err)
	}
	if card.Process(unhex(selectHex)) != nil {
		t.Fatal("the card has power")
	}
	path := d.conn.RemoteAddr().String()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the socket is still there")
		}
	}
	if err := slot.SetPlugged(true); err != nil {
		t.Fatal(err)
	}
	d = dialDriver(t, d.conn.RemoteAddr().String())
	if !d.present() {
		t.Fatal("the card went with the cable")
	}
	if err := NewSlot("lane-2", "127.0.0.1:1", zerolog.Nop()).SetPlugged(false); !errors.Is(err, ErrNotOurDriver) {
		t.Errorf("a reader of vpcd: %v", err)
	}
}

func TestCustomerTypesThePINAtTheReader(t *testing.T) {
	cases := []struct {
		why    string
		keys   []string
		answer string
	}{
		{"the right PIN", []string{"4", "7", "1", "1", KeyOK}, "9000"},
		{"corrected with clear", []string{"9", "9", KeyClear, "4", "7", "1", "1", KeyOK}, "9000"},
		{"a wrong one", []string{"1", "2", "3", "4", KeyOK}, "63C2"},
		{"one digit too many is not taken", []string{"4", "7", "1", "1", "2", "2", "2", "2", "9", KeyOK}, "63C2"},
		{"too short", []string{"4", "7", "1", KeyOK}, "6403"},
		{"cancelled", []string{"4", KeyCancel}, "6401"},
		{"walked away", []string{"4", KeyTimeout}, "6400"},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			slot, d := plugged(t)
			slot.Insert(pinpadCard(t))
			d.want(ifdDone, ifdPower, 1)
			d.transmit(unhex(selectHex))
			if err := slot.Pinpad.Press("1"); !errors.Is(err, ErrPinpadIdle) {
				t.Fatalf("a key before the question: %v", err)
			}
			d.askPIN(pinStructure(plainVerify))
			d.types(&slot.Pinpad, c.keys...)
			if got := sw(d.result(ifdDone)); got != c.answer {
				t.Fatalf("answer %s, want %s", got, c.answer)
			}
			if slot.Pinpad.View().Asks {
				t.Error("the pinpad asks on")
			}
		})
	}
}

func TestStructureThatThePinpadCannotFillIsRefused(t *testing.T) {
	slot, d := plugged(t)
	slot.Insert(pinpadCard(t))
	good := pinStructure(plainVerify)
	for why, spoil := range map[string]func([]byte) []byte{
		"cut off":                func(b []byte) []byte { return b[:10] },
		"longer than it says":    func(b []byte) []byte { return append(b, 0) },
		"BCD digits":             func(b []byte) []byte { b[pinFormatString] = 0x81; return b },
		"another block":          func(b []byte) []byte { b[pinBlockString] = 0x10; return b },
		"a length in the PIN":    func(b []byte) []byte { b[pinLengthFormat] = 1; return b },
		"nothing ends the entry": func(b []byte) []byte { b[pinValidation] = 0; return b },
		"more digits than room":  func(b []byte) []byte { b[pinMax] = 12; return b },
		"no room for the PIN":    func([]byte) []byte { return pinStructure("00200001") },
	} {
		d.askPIN(spoil(append([]byte(nil), good...)))
		if got := sw(d.result(ifdDone)); got != "6B80" {
			t.Errorf("%s: %s", why, got)
		}
	}
}

func TestTypingEndsWithTheCardTheDriverOrTheReader(t *testing.T) {
	card := pinpadCard(t)
	for why, end := range map[string]func(*Slot, *cDriver){
		"card taken out":    func(s *Slot, _ *cDriver) { s.Remove() },
		"driver gone":       func(_ *Slot, d *cDriver) { _ = d.conn.Close() },
		"cable pulled":      func(s *Slot, _ *cDriver) { _ = s.SetPlugged(false) },
		"simulator stopped": nil,
	} {
		t.Run(why, func(t *testing.T) {
			slot, d := plugged(t)
			slot.Insert(card)
			d.want(ifdDone, ifdPower, 1)
			d.askPIN(pinStructure(plainVerify))
			d.types(&slot.Pinpad, "4")
			if end == nil {
				return // running stops it, and waits
			}
			end(slot, d)
			for deadline := time.Now().Add(patience); slot.Pinpad.View().Asks; time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("the pinpad asks on")
				}
			}
		})
	}
}

func TestReaderTakesTheSocketOfASimulatorThatWasKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "reader.sock")
	left, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	left.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = left.Close()
	slot := NewSlot("lane-1", ifdScheme+path, zerolog.Nop())
	running(t, slot)
	if dialDriver(t, path).present() {
		t.Fatal("a card in an empty reader")
	}
	nowhere := NewSlot("lane-2", ifdScheme+filepath.Join(path, "x"), zerolog.Nop())
	if err := nowhere.Run(context.Background()); err == nil || errors.Is(err, os.ErrNotExist) {
		t.Fatalf("a socket in no folder: %v", err)
	}
}

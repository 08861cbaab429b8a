package profile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"loyaltill/devices/apdu"
	"loyaltill/devices/card"
	"loyaltill/firmware-sim/cardsim"
)

// plastic is a simulated card in a reader that keeps what it was sent.
type plastic struct {
	*cardsim.Card
	sent [][]byte
	fail error
}

func (p *plastic) Transmit(ctx context.Context, capdu, rapdu []byte) (int, error) {
	if p.fail != nil {
		return 0, p.fail
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	p.sent = append(p.sent, bytes.Clone(capdu))
	return copy(rapdu, p.Process(capdu)), nil
}

func (p *plastic) Control(context.Context, uint32, []byte) ([]byte, error) {
	return nil, errors.New("no pinpad")
}
func (p *plastic) Close(card.Disposition) error { return p.Reset() }

func insert(tb testing.TB, description string) *plastic {
	tb.Helper()
	c, err := cardsim.NewForeign([]byte(description), bytes.NewReader(bytes.Repeat([]byte{7}, 64)))
	if err != nil {
		tb.Fatal(err)
	}
	if err := c.PowerOn(); err != nil {
		tb.Fatal(err)
	}
	return &plastic{Card: c}
}

func secrets(tb testing.TB) Keys {
	tb.Helper()
	k, err := ParseKeys([]byte(`{"oldchain-keyA": "A0A1A2A3A4A5"}`))
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

func typed(tb testing.TB, digits string) *card.PIN {
	tb.Helper()
	p, err := card.NewPIN([]byte(digits))
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// Cards as their makers personalised them.
const (
	// A record of the old chain: 70 { 5F20 number in BCD, filled with F; 5F24 }. Its bytes are asked for by 61xx and 6Cxx.
	recordCard = `{ "format": "ISO 7816 card 1", "t0": true, "applications": [ { "aid": "D276000124010200", "files": [
		{ "fid": "EF04", "records": ["70115F2008970000000000006F5F2403271231"] } ] } ] }`
	pinCard = `{ "format": "ISO 7816 card 1", T0 "pin": { "reference": "01", "block": "34373131FFFFFFFF", "tries": 3, "left": 3 },
		"applications": [ { "aid": "F04F4C44434841494E01", "files": [ { "fid": "EF01", "pin": true, "data": "38363039353734323731392020202020" } ] } ] }`
	classicCard = `{ "format": "MIFARE Classic 1", "uid": "11223344", "keys": { "1": { "a": "A0A1A2A3A4A5" } }, "blocks": { "4": "970000000012" } }`
	uidCard     = `{ "format": "contactless UID 1", "uid": "04A1B2C3D4E5F6" }`
	paymentCard = `{ "format": "ISO 7816 card 1", "applications": [
		{ "files": [ { "fid": "EF04", "sfi": 1, "records": ["700A5A084111111111111111"] } ] },
		{ "aid": "315041592E5359532E4444463031" }, { "aid": "325041592E5359532E4444463031" },
		{ "aid": "A0000000031010", "files": [ { "fid": "EF04", "sfi": 1, "records": ["700A5A084111111111111111"] } ] },
		{ "aid": "A0000000041010" } ] }`
)

func TestEveryReadyProfileOfACardReadsItsOwn(t *testing.T) {
	for _, c := range []struct{ what, card, profile, number string }{
		{"a record of a card of the old chain", recordCard, "oldchain-ef04", "OC-970000000000006"},
		{"a serial number", uidCard, "contactless-uid", "UID-04A1B2C3D4E5F6"},
		{"a block behind a key", classicCard, "mifare-classic-block", "MC-970000000012"},
	} {
		r, err := ready(t).Tap(t.Context(), insert(t, c.card), secrets(t), nil)
		if err != nil || r.Profile.Name != c.profile || string(r.Number()) != c.number || r.NeedsPIN() {
			t.Errorf("%s: %+v, %v", c.what, r, err)
		}
	}
}

func TestACardWithAPINIsReadByItsProfileAlone(t *testing.T) {
	for _, t0 := range []string{"", `"t0": true,`} {
		p := insert(t, strings.Replace(pinCard, "T0", t0, 1))
		r, err := ready(t).Tap(t.Context(), p, Keys{}, nil)
		if err != nil || r.Profile.Name != "iso7816-file-pin" || !r.NeedsPIN() || r.Number() != "" || r.Profile.Trust.Level != LevelKeyed {
			t.Fatalf("tap: %+v, %v", r, err)
		}
		var wrong *card.PINError
		if err := r.EnterPIN(t.Context(), typed(t, "1234"), false); !errors.As(err, &wrong) || wrong.TriesLeft != 2 {
			t.Fatalf("a wrong pin: %v", err)
		}
		if sent := verifies(p); sent != 1 {
			t.Fatalf("one entry made %d VERIFYs", sent)
		}
		pin := typed(t, "4711")
		if err := r.EnterPIN(t.Context(), pin, false); err != nil || string(r.Number()) != "FP-86095742719" || r.NeedsPIN() {
			t.Fatalf("the right pin: %v, number %s", err, string(r.Number()))
		}
		if _, err := pin.AppendDigits(nil); err == nil {
			t.Error("the pin can be used again")
		}
		if err := r.EnterPIN(t.Context(), typed(t, "4711"), false); !errors.Is(err, card.ErrSessionGone) {
			t.Errorf("another pin afterwards: %v", err)
		}
	}
}

func verifies(p *plastic) (n int) {
	for _, c := range p.sent {
		if c[1] == insVerify && len(c) > 5 {
			n++
		}
	}
	return n
}

func TestTheThirdWrongPINBlocksTheCard(t *testing.T) {
	p := insert(t, strings.Replace(pinCard, "T0", "", 1))
	r, err := ready(t).Tap(t.Context(), p, Keys{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tries := range []int{2, 1} {
		var wrong *card.PINError
		if err := r.EnterPIN(t.Context(), typed(t, "0000"), false); !errors.As(err, &wrong) || wrong.TriesLeft != tries {
			t.Fatalf("%d tries: %v", tries, err)
		}
	}
	for _, pin := range []string{"0000", "4711"} {
		if err := r.EnterPIN(t.Context(), typed(t, pin), true); !errors.Is(err, card.ErrPINBlocked) {
			t.Fatalf("got %v", err)
		}
	}
}

// keyed is a profile whose PIN step is given.
func keyed(pin string) string {
	return `{ "profile": "keyed", "version": 1, "priority": 9, "read": [ { "op": "select_aid", "aid": "F04F4C44434841494E01" },
		{ "op": "pin", "reference": "01", ` + pin + ` }, { "op": "select_file", "fid": "EF01" }, { "op": "read_binary", "as": "b" } ],
		"member": { "decode": "ascii", "length": 11, "prefix": "FP-" }, "trust": { "level": "keyed" } }`
}

func TestAPINIsSentInTheCardsOwnForm(t *testing.T) {
	for _, c := range []struct{ what, form, pin, sent string }{
		{"ascii", `"encoding": "ascii"`, "4711", "34373131FFFFFFFF"},
		{"ascii filled with zeroes", `"encoding": "ascii", "length": 6, "padding": "00"`, "4711", "343731310000"},
		{"bcd", `"encoding": "bcd", "length": 4`, "471112", "471112FF"},
		{"bcd of an odd number of digits", `"encoding": "bcd", "length": 8`, "47111", "47111FFFFFFFFFFF"},
		{"bcd filled with zeroes", `"encoding": "bcd", "length": 3, "padding": "00"`, "47111", "471110"},
	} {
		p := insert(t, strings.NewReplacer("T0", "", "34373131FFFFFFFF", c.sent).Replace(pinCard))
		r, err := set(t, parse(t, keyed(c.form))).Tap(t.Context(), p, Keys{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.EnterPIN(t.Context(), typed(t, c.pin), false); err != nil {
			t.Errorf("%s: %v; sent %X", c.what, err, p.sent[len(p.sent)-1])
		}
	}
}

func TestAPINOfTheWrongFormCostsNoTry(t *testing.T) {
	p := insert(t, strings.Replace(pinCard, "T0", "", 1))
	r, err := set(t, parse(t, keyed(`"encoding": "bcd", "length": 2`))).Tap(t.Context(), p, Keys{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.EnterPIN(t.Context(), typed(t, "12345"), false); !errors.Is(err, card.ErrPINFormat) || verifies(p) != 0 {
		t.Errorf("%v, %d sent", err, verifies(p))
	}
}

func TestTheLastTryIsAskedForWhereTheCardTellsTries(t *testing.T) {
	p := insert(t, strings.NewReplacer("T0", "", `"left": 3`, `"left": 1`).Replace(pinCard))
	r, err := set(t, parse(t, keyed(`"encoding": "ascii", "ask_tries": true`))).Tap(t.Context(), p, Keys{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.EnterPIN(t.Context(), typed(t, "4711"), false); !errors.Is(err, card.ErrLastTry) || verifies(p) != 0 {
		t.Fatalf("%v, %d sent", err, verifies(p))
	}
	if err := r.EnterPIN(t.Context(), typed(t, "4711"), true); err != nil {
		t.Fatal(err)
	}
}

func TestACardsOwnStatusWordsOfAWrongPIN(t *testing.T) {
	f := pinForm{wrong: []swPattern{{0x9804, false}, {0x6A50, true}}, blocked: []apdu.SW{0x9840}}
	var wrong *card.PINError
	if err := f.judge(0x9804); !errors.As(err, &wrong) || wrong.TriesLeft != card.TriesUnknown || err.Error() != "wrong pin" {
		t.Errorf("9804: %v", err)
	}
	if err := f.judge(0x6A52); !errors.As(err, &wrong) || wrong.TriesLeft != 2 {
		t.Errorf("6A52: %v", err)
	}
	for _, sw := range []apdu.SW{0x9840, 0x6A50, 0x6983, 0x63C0} {
		if err := f.judge(sw); !errors.Is(err, card.ErrPINBlocked) {
			t.Errorf("%v: %v", sw, err)
		}
	}
	if err := f.judge(0x6A80); errors.As(err, &wrong) || err == nil {
		t.Errorf("6A80: %v", err)
	}
	if f.judge(0x9000) != nil {
		t.Error("9000 is a wrong pin")
	}
}

func TestSerialNumbersThatAreNobodysAreRefused(t *testing.T) {
	for what, description := range map[string]string{
		"a phone's":        `{ "format": "contactless UID 1", "random": true }`,
		"a type B card's":  `{ "format": "contactless UID 1", "uid": "11223344", "atr": "3B888001000000003381810039" }`,
		"of type B memory": `{ "format": "contactless UID 1", "uid": "11223344", "atr": "3B8F8001804F0CA0000003060700060000000069" }`,
		"of five bytes":    `{ "format": "contactless UID 1", "uid": "1122334455" }`,
	} {
		if r, err := ready(t).Tap(t.Context(), insert(t, description), secrets(t), nil); !errors.Is(err, ErrRandomUID) {
			t.Errorf("%s: %+v, %v", what, r, err)
		}
	}
	if _, err := ready(t).Tap(t.Context(), insert(t, `{ "format": "contactless UID 1", "uid": "11223344" }`), secrets(t), nil); err != nil {
		t.Errorf("a single-size UID of type A: %v", err)
	}
}

func TestAPaymentCardIsNeitherSelectedNorRead(t *testing.T) {
	s := ready(t)
	p := insert(t, paymentCard)
	if ours, err := card.IsLYL1(t.Context(), p); ours || err != nil { // what a store sends before it asks its profiles
		t.Fatalf("taken for our card: %t, %v", ours, err)
	}
	if r, err := s.Tap(t.Context(), p, secrets(t), nil); !errors.Is(err, ErrNoProfile) {
		t.Fatalf("%+v, %v", r, err)
	}
	if len(p.sent) == 0 {
		t.Fatal("nothing was tried")
	}
	for _, c := range p.sent {
		if c[1] == insSelect && c[2] == byName && isPayment(c[5:5+c[4]]) {
			t.Errorf("sent %X", c)
		}
	}
	// A profile for this very answer to reset that reads what the card has selected by itself gets no number out of it.
	atr := fmt.Sprintf("%X", p.ATR())
	greedy := parse(t, `{ "profile": "greedy", "version": 1, "priority": 1, "match": { "atr": "`+atr+`" },
		"read": [ { "op": "read_record", "record": 1, "sfi": 1, "as": "r" } ],
		"member": { "tlv": "5A", "decode": "bcd", "prefix": "X-" } }`)
	if r, err := set(t, greedy).Tap(t.Context(), insert(t, paymentCard), Keys{}, nil); !errors.Is(err, ErrPaymentCard) {
		t.Fatalf("%+v, %v", r, err)
	}
}

func TestOnlyReadingCommandsAreEverSent(t *testing.T) {
	s := ready(t)
	allowed := []byte{insSelect, insReadBinary, insReadRecord, insGetData, 0xC0, insLoadKey, insAuthenticate}
	for _, description := range []string{recordCard, strings.Replace(pinCard, "T0", "", 1), classicCard, uidCard, paymentCard} {
		p := insert(t, description)
		_, _ = s.Tap(t.Context(), p, secrets(t), nil) // what it comes to is the other tests' matter
		for _, c := range p.sent {
			if !slices.Contains(allowed, c[1]) || c[1] >= insLoadKey && c[1] <= insAuthenticate && c[0] != claReader {
				t.Errorf("sent %X", c)
			}
		}
	}
}

func TestACardThatDoesNotAnswerEndsTheReading(t *testing.T) {
	p := insert(t, recordCard)
	p.fail = errors.New("torn out")
	if _, err := ready(t).Tap(t.Context(), p, Keys{}, nil); !errors.Is(err, card.ErrUnreadable) || !errors.Is(err, p.fail) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ready(t).Tap(ctx, insert(t, recordCard), Keys{}, nil); !errors.Is(err, card.ErrUnreadable) {
		t.Errorf("time is over: %v", err)
	}
}

func TestAnOnlookerSeesTheStepsAndNoSecret(t *testing.T) {
	var seen strings.Builder
	look := func(e Event) {
		fmt.Fprintf(&seen, "%s|%s|%s|%s|%s|%v\n", e.Profile, e.Step, e.Sent, e.Status, e.Data, e.Err)
	}
	for _, description := range []string{recordCard, classicCard, uidCard} {
		if _, err := ready(t).Tap(t.Context(), insert(t, description), secrets(t), look); err != nil {
			t.Fatal(err)
		}
	}
	r, err := ready(t).Tap(t.Context(), insert(t, strings.Replace(pinCard, "T0", "", 1)), Keys{}, look)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.EnterPIN(t.Context(), typed(t, "4711"), false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"oldchain-ef04|read[2] read_record|00 B2 01 04 le 32|9000|70115F20… (19 bytes)|<nil>",
		"mifare-classic-block|read[0] storage_block|FF 82 00 00 [************]|9000||<nil>",
		"contactless-uid|read[0] uid|FF CA 00 00 le 256|9000|04… (7 bytes)|<nil>",
		"iso7816-file-pin|read[2] pin|00 20 00 01 [****************]|9000||<nil>",
		"iso7816-file-pin||||",
	} {
		if !strings.Contains(seen.String(), want) {
			t.Errorf("not seen: %s", want)
		}
	}
	for _, secret := range []string{"A0A1A2A3", "34373131", "4711", "9700000000", "A1B2C3D4", "8609574"} {
		if strings.Contains(seen.String(), secret) {
			t.Errorf("seen: %s", secret)
		}
	}
	if t.Failed() {
		t.Log(seen.String())
	}
}

func TestAnATRIsComparedWhereItCounts(t *testing.T) {
	p := parse(t, string(file(t, "oldchain-ef04")))
	for atr, fits := range map[string]bool{
		"3B68000000734F4C44433031": true, "3B6800AABBCCDDEE": true, "3B6900AABBCCDDEE": false, "3B68": false, "": false,
		"3B8F8001804F0CA000000306030001000000006A": false,
	} {
		if err := p.fits(unhex(atr)); (err == nil) != fits {
			t.Errorf("%s: %v", atr, err)
		}
	}
	if MediumOf(unhex("3B8F8001804F0CA000000306030001000000006A")) != Contactless || MediumOf(unhex("3B68000000734F4C44433031")) != Contact {
		t.Error("the interface is told wrong")
	}
}

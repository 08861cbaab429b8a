package cardsim

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

const oldChain = `{ "format": "ISO 7816 card 1", T0
	"pin": { "reference": "01", "block": "31323334FFFFFFFF", "tries": 3, "left": 3 },
	"applications": [
		{ "files": [ { "fid": "2F00", "data": "0102" } ] },
		{ "aid": "F04F4C44434841494E01", "objects": { "0101": "AABB" }, "files": [
			{ "fid": "EF01", "sfi": 1, "pin": true, "data": "30313233343536373839" },
			{ "fid": "EF04", "sfi": 4, "records": ["70035A0112", "7000"] } ] } ] }`

// play powers a card and sends it commands, with the answers that are expected of it.
func play(t *testing.T, card *Card, script ...string) {
	t.Helper()
	if err := card.PowerOn(); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(script); i += 2 {
		command, err := hex.DecodeString(script[i])
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(card.Process(command)); got != script[i+1] {
			t.Errorf("%s: the card answers %s, want %s", script[i], got, script[i+1])
		}
	}
}

func foreign(t *testing.T, description string) *Card {
	t.Helper()
	card, err := NewForeign([]byte(description), bytes.NewReader([]byte{1, 2, 3, 4, 5, 6}))
	if err != nil {
		t.Fatal(err)
	}
	return card
}

func TestACardOfFilesAnswersAsISO7816Says(t *testing.T) {
	card := foreign(t, string(bytes.ReplaceAll([]byte(oldChain), []byte("T0"), nil)))
	play(t, card,
		"00B2012405", "6a82", // no application yet, and the master file has no such file
		"00A4040C05A000000003", "6a82",
		"00A4040005F04F4C4443"+"00", "6f0c840af04f4c44434841494e019000", // part of a name
		"00A4000C02EF01", "9000",
		"00B000000A", "6982",
		"0020000100", "63c3", // no data: how many tries are left, in the form of T=0
		"002000010831323333FFFFFFFF", "63c2",
		"00200001", "63c2",
		"002000010831323334FFFFFFFF", "9000",
		"00B0000004", "303132339000",
		"00B0000820", "38396282",
		"00B000200A", "6b00",
		"00B0810104", "313233349000", // by its short identifier
		"00B2012405", "70035a01129000",
		"00B2032400", "6a83",
		"00CA010100", "aabb9000",
		"00CA010200", "6a88",
		"00D6000001FF", "6d00", // it cannot be written
		"80B0000004", "6e00",
	)
	play(t, card, "00A4040C0AF04F4C44434841494E01", "9000", "00B0810004", "6982") // power forgets the PIN
}

func TestACardOfT0AsksForTheRightLength(t *testing.T) {
	card := foreign(t, string(bytes.ReplaceAll([]byte(oldChain), []byte("T0"), []byte(`"t0": true,`))))
	if card.ATR()[0] != 0x3B || card.ATR()[1] != 0x68 {
		t.Errorf("atr %x", card.ATR())
	}
	play(t, card,
		"00A404000AF04F4C44434841494E01", "610e",
		"00C000000E", "6f0c840af04f4c44434841494e019000",
		"00C000000E", "6985",
		"00A40000"+"02EF04", "6106",
		"00B2010400", "6c05",
		"00B2010405", "70035a01129000",
	)
}

func TestThreeWrongPINsBlockACardAndItsFileRemembers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "old"+cardSuffix)
	text := bytes.ReplaceAll([]byte(oldChain), []byte("T0"), nil)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	const wrong = "002000010831323333FFFFFFFF"
	for _, want := range []string{"63c2", "63c1", "6983"} {
		card, err := Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		play(t, card, wrong, want)
		if s := card.Status(); s.Kind != formatFiles || !s.PINSet {
			t.Errorf("status %+v", s)
		}
	}
}

func TestAMIFAREClassicGivesABlockForTheRightKey(t *testing.T) {
	card := foreign(t, `{ "format": "MIFARE Classic 1", "uid": "11223344", "keys": { "1": { "a": "A0A1A2A3A4A5" } }, "blocks": { "4": "970000000012" } }`)
	if got := hex.EncodeToString(card.ATR()); got != "3b8f8001804f0ca000000306030001000000006a" { // PC/SC part 3, the example
		t.Errorf("atr %s", got)
	}
	play(t, card,
		"FFCA000000", "112233449000",
		"FFB0000410", "6982",
		"FF82000006FFFFFFFFFFFF", "9000", "FF860000050100046000", "6300",
		"FF82000006A0A1A2A3A4A5", "9000", "FF860000050100046000", "9000",
		"FFB0000410", "970000000012000000000000000000009000",
		"FFB0000810", "6982", // another sector
		"FFD600041000000000000000000000000000000000", "6d00",
		"00A4040005F000000000", "6e00",
	)
}

func TestARandomUIDIsAnotherOneEachTime(t *testing.T) {
	card := foreign(t, `{ "format": "contactless UID 1", "random": true }`)
	play(t, card, "FFCA000000", "080102039000")
	play(t, card, "FFCA000000", "080405069000", "FFB0000410", "6a81")
}

func TestACardOfAnotherMakerIsNotPersonalised(t *testing.T) {
	dir := t.TempDir()
	text := []byte(`{ "format": "contactless UID 1", "uid": "04A1B2C3D4E5F6" }`)
	if err := os.WriteFile(filepath.Join(dir, "tag"+cardSuffix), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := RequestCard(dir, "tag"); !errors.Is(err, ErrForeign) {
		t.Errorf("got %v", err)
	}
	for _, bad := range []string{`{"format":"MIFARE Classic 1"}`, `{"format":"contactless UID 1","uid":"0"}`, `{"format":"ISO 7816 card 1","colour":1}`, `{"format":"?"}`, `[]`} {
		if _, err := NewForeign([]byte(bad), nil); err == nil {
			t.Errorf("%s is a card", bad)
		}
	}
}

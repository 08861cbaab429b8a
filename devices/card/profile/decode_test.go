package profile

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

// Published numbers, each with the digits that prove it.
func TestCheckDigitsOfPublishedNumbers(t *testing.T) {
	for _, c := range []struct{ check, number, source string }{
		{"luhn", "79927398713", "the example of the patent's explanations"},
		{"luhn", "4111111111111111", "the test number of payment networks"},
		{"luhn", "490154203237518", "an IMEI, 3GPP TS 23.003"},
		{"luhn", "89014103211118510720", "an ICCID, ITU-T E.118"},
		{"ean", "4006381333931", "EAN-13, GS1"},
		{"ean", "73513537", "EAN-8"},
		{"ean", "036000291452", "UPC-A"},
		{"ean", "6291041500213", "GTIN-13, GS1's explanation of the check digit"},
		{"mod97", "79444", "ISO/IEC 7064, the example of MOD 97-10"},
		{"mod97", "5493001KJTIIGC8Y1R12", "an LEI, ISO 17442"},
		{"mod97", "WEST12345698765432GB82", "the IBAN GB82 WEST 1234 5698 7654 32 with its head behind"},
		{"iso7064-11-10", "07945", "ISO/IEC 7064, the example of MOD 11,10"},
		{"iso7064-11-10", "86095742719", "a German tax number"},
		{"iso7064-11-10", "136695976", "a German VAT number"},
	} {
		check := checkNamed(c.check)
		if !check(c.number) {
			t.Errorf("%s refuses %s (%s)", c.check, c.number, c.source)
		}
		for i := range c.number {
			wrong := []byte(c.number)
			wrong[i] = '0' + (wrong[i]-'0'+1)%10
			if c.number[i] <= '9' && check(string(wrong)) {
				t.Errorf("%s takes %s, which differs from %s in one digit", c.check, wrong, c.number)
			}
		}
		for _, no := range []string{"", "x", c.number + "-"} {
			if check(no) {
				t.Errorf("%s takes %q", c.check, no)
			}
		}
	}
	if checkNamed("none") != nil {
		t.Error("none checks something")
	}
}

func TestBytesBecomeText(t *testing.T) {
	for _, c := range []struct{ decode, hex, want string }{
		{"ascii", "4D2D31323334", "M-1234"},
		{"ascii", "4D09", ""},
		{"bcd", "9712345678901F", "9712345678901F"},
		{"bcd", "97A1", ""},
		{"bcd-swapped", "98101430121181157002", "89014103211118510720"}, // EF.ICCID, 3GPP TS 31.102 4.2.1
		{"hex", "04a1b2c3d4e5f6", "04A1B2C3D4E5F6"},
		{"uint-be", "00000000499602D2", "1234567890"},
		{"uint-le", "D2029649", "1234567890"},
		{"uint-be", "FFFFFFFFFFFFFFFF", "18446744073709551615"},
		{"uint-be", "010000000000000000", ""},
		{"utf8", "C4815A31", "āZ1"},
		{"utf8", "C4", ""},
		{"digits-of-hex", "04A1B2C3D4E5F6", "04123456"},
	} {
		b, err := hex.DecodeString(c.hex)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decoderNamed(c.decode)(b)
		if got != c.want || (err != nil) != (c.want == "") || err != nil && !errors.Is(err, errDecode) {
			t.Errorf("%s of %s is %q, %v; want %q", c.decode, c.hex, got, err, c.want)
		}
	}
}

func TestObjectsAreFoundAtAnyDepth(t *testing.T) {
	// EMV Book 3, annex B, and ISO/IEC 7816-4, 5.2.2: tags of one to three bytes, lengths of one to three, padding between.
	const data = "0000700A" + "5F2003414243" + "C10101" + "FF" + "6F8104" + "DF810102" + "99" + "5A00"
	b, err := hex.DecodeString(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ tag, want string }{{"5F20", "414243"}, {"C1", "01"}, {"70", "5F2003414243C10101FF"}} {
		got, ok := findTLV(b, unhex(c.tag), 0)
		if !ok || strings.ToUpper(hex.EncodeToString(got)) != c.want {
			t.Errorf("tag %s: %x, %t; want %s", c.tag, got, ok, c.want)
		}
	}
	for _, no := range []string{"5F21", "DF8101", "20"} { // the one with a wrong length ends the search
		if got, ok := findTLV(b, unhex(no), 0); ok {
			t.Errorf("tag %s: found %x", no, got)
		}
	}
	if got, ok := findTLV(unhex("7F4C83010000"), unhex("01"), 0); ok {
		t.Errorf("found %x behind a length that does not end", got)
	}
}

func FuzzTLV(f *testing.F) {
	f.Add(unhex("700A5F2003414243C10101"), unhex("5F20"))
	f.Fuzz(func(t *testing.T, b, tag []byte) {
		if v, ok := findTLV(b, tag, 0); ok && len(v) > len(b) {
			t.Fatalf("%d bytes out of %d", len(v), len(b))
		}
	})
}

package printersim

import (
	"slices"
	"strings"
	"testing"

	"github.com/boombuler/barcode/code128"
)

func TestAnIndependentReaderReadsTheSymbols(t *testing.T) {
	for _, c := range []struct{ name, bytes, want, text string }{
		{"Code 128 set B", "\x1dkI\x0c{BLYL-000123", "CODE-128:LYL-000123", "[code128 LYL-000123]"},
		{"Code 128 set C", "\x1dkI\x06{C\x0c\x22\x38\x00", "CODE-128:12345600", "[code128 12345600]"},
		{"Code 128 changes sets", "\x1dkI\x0a{BAB{C\x0c\x22{A", "CODE-128:AB1234", "[code128 AB1234]"},
		{"Code 128 brace", "\x1dkI\x06{Ba{{b", "CODE-128:a{b", "[code128 a{b]"},
		{"Code 128 chosen by the printer", "\x1dkO\x08AB123456", "CODE-128:AB123456", "[code128 AB123456]"},
		{"GS1-128", "\x1dkJ\x12(01)04750000000011", "CODE-128:0104750000000011", "[gs1-128 (01)04750000000011]"},
		{"EAN-13", "\x1dkC\x0c475000000012", "EAN-13:4750000000123", "[ean13 4750000000123]"},
		{"EAN-13, form A", "\x1dk\x024750000000123\x00", "EAN-13:4750000000123", "[ean13 4750000000123]"},
		{"EAN-8", "\x1dkD\x071234567", "EAN-8:12345670", "[ean8 12345670]"},
		{"UPC-A", "\x1dkA\x0b03600029145", "EAN-13:0036000291452", "[upc-a 036000291452]"},
		{"UPC-E", "\x1dkB\x0b04210000526", "EAN-13:0042100005264", "[upc-e 04252614]"},
		{"Code 39", "\x1dkE\x07*AB-12*", "CODE-39:AB-12", "[code39 *AB-12*]"},
		{"ITF", "\x1dkF\x0812345678", "I2/5:12345678", "[itf 12345678]"},
		{"Codabar", "\x1dkG\x08A123456B", "Codabar:A123456B", "[codabar A123456B]"},
		{"Code 93", "\x1dkH\x05AB123", "CODE-93:AB123", "[code93 AB123]"},
		{"QR", "\x1d(k\x04\x001A2\x00\x1d(k\x03\x001C\x06\x1d(k\x03\x001E1\x1d(k\x13\x001P0https://e.lv/123\x1d(k\x03\x001Q0", "QR-Code:https://e.lv/123", "[qr https://e.lv/123]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBed(t)
			b.send("\x1ba\x01\x1dH\x02\x1dw\x02\x1dh\x60\n", c.bytes, "\n", feedAndCut)
			if got := b.text(); !strings.Contains(got, c.text+"\n") {
				t.Errorf("text layer: %q", got)
			}
			if got := zbar(t, savePNG(t, b.sheet(1), 576)); !slices.Contains(got, c.want) {
				t.Errorf("the reader sees %q, want %q", got, c.want)
			}
		})
	}
}

func TestUPCEIsShortenedAndLengthened(t *testing.T) {
	for six, eleven := range map[string]string{"425261": "04210000526", "123453": "01230000045", "123464": "01234000006", "123457": "01234500007"} {
		if got := lengthenUPC(six); got != eleven {
			t.Errorf("%s: %s, want %s", six, got, eleven)
		}
		if got, ok := shortenUPC(eleven); !ok || got != six {
			t.Errorf("%s: %s, want %s", eleven, got, six)
		}
	}
	if got := upcCheck("04210000526"); got != 4 {
		t.Errorf("check digit %d", got)
	}
}

// The widths were typed in from the standard; another program's table must agree.
func TestCode128WidthsAgreeWithAnotherTable(t *testing.T) {
	for c := byte(' '); c < 0x7F; c++ {
		text := "A" + string(rune(c)) + "a" // a keeps the other program in set B
		want, err := code128.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := code128Bars([]byte("{B" + strings.ReplaceAll(text, "{", "{{")))
		if err != nil || !slices.Equal(got, barsOf(want)) {
			t.Errorf("%q: %v", c, err)
		}
	}
	for n := range 100 {
		want, err := code128.Encode(string([]byte{'0' + byte(n/10), '0' + byte(n%10), '0', '0'}))
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := code128Bars([]byte{'{', 'C', byte(n), 0})
		if err != nil || !slices.Equal(got, barsOf(want)) {
			t.Errorf("%02d: %v", n, err)
		}
	}
}

func TestASymbolThatCannotBePrinted(t *testing.T) {
	for _, c := range []struct{ why, bytes, want string }{
		{"data that do not fit print as text", "\x1dkC\x0547500\n", "47500\n"},
		{"Code 128 without a set prints as text", "\x1dkI\x04AB12\n", "AB12\n"},
		{"in the middle of a line it prints as text", "x\x1dkD\x071234567\n", "x1234567\n"},
		{"bars wider than the paper print nothing", "\x1dw\x06\x1dkI\x0c{BLYL-000123z\n", "z\n"},
		{"a QR code wider than the paper prints nothing", "\x1d(k\x03\x001C\x10\x1d(k\x53\x001P0" + strings.Repeat("q", 80) + "\x1d(k\x03\x001Q0z\n", "z\n"},
		{"a QR code without data prints nothing", "\x1d(k\x03\x001Q0z\n", "z\n"},
	} {
		b := newBed(t)
		b.send(c.bytes)
		b.want(c.why, b.text(), c.want)
	}
}

func TestTheSizeOfAQRCodeIsTold(t *testing.T) {
	b := newBed(t)
	b.send("\x1d(k\x03\x001C\x04\x1d(k\x06\x001P0abc\x1d(k\x03\x001R0")
	b.want("fn 182", b.answers(), "\x37\x3684\x1f84\x1f1\x1f0\x00")
}

func TestBothFormsOfABarCodeAreTheSame(t *testing.T) {
	for m, data := range []string{"03600029145", "04210000526", "475000000012", "1234567", "AB-12", "12345678", "A123456B"} {
		counted, ended := newBed(t), newBed(t)
		counted.send("\x1dk", string(rune('A'+m)), string(rune(len(data))), data, feedAndCut)
		ended.send("\x1dk", string(rune(m)), data, "\x00", feedAndCut)
		counted.settle()
		ended.settle()
		if string(counted.sheet(1).dots) != string(ended.sheet(1).dots) || !strings.Contains(counted.text(), "["+symbologies()[byte('A'+m)].name+" ") {
			t.Errorf("%s: %q and %q", data, counted.text(), ended.text())
		}
	}
}

package wire

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"loyaltill/agent/loyalty"
)

func TestColumnsGiveBackTheBytesThatWereHashed(t *testing.T) {
	c := newCodec(t)
	piece := rapid.OneOf(rapid.StringMatching(`"[a-c]{1,2}":-?[0-9]{1,21}`), rapid.StringMatching(`"[a-c]":"([0-9]{1,4}|\\"|[-=+a-z/]){0,9}"`),
		rapid.SampledFrom([]string{",", "{", "}", "[1,2,3]", `"=a"`, "1.5e7", "-", "true", `"a":`, `"a" :1`, "é", "\x7f"}))
	rapid.Check(t, func(t *rapid.T) {
		want := &Batch{Store: 17, Epoch: 3, First: 1, Columns: true}
		for _, line := range rapid.SliceOfN(rapid.SliceOfN(piece, 1, 12), 1, 20).Draw(t, "lines") {
			want.Bodies = append(want.Bodies, []byte(strings.Join(line, "")))
		}
		packed := c.PackBatch(want)
		got, err := c.ReadBatch(17, packed.Header, bytes.NewReader(packed.Content))
		if err != nil {
			t.Fatal(err)
		}
		if string(bytes.Join(got.Bodies, []byte{'\n'})) != string(bytes.Join(want.Bodies, []byte{'\n'})) {
			t.Fatalf("got %q, want %q", got.Bodies, want.Bodies)
		}
	})
}

func TestColumnsHoldNumbersByWhatIsThereAlready(t *testing.T) {
	text, ok := toColumns([][]byte{[]byte(`{"seq":9,"member":42,"to":"member/42/main","total":310,"paid":310}`),
		[]byte(`{"seq":10,"member":7,"to":"member/7/main","total":310,"paid":0}`)})
	want := "{\"seq\":\x02,\"member\":\x02,\"to\":\x01,\"total\":\x02,\"paid\":\x02}\n{\"seq\":\x02,\"member\":\x02,\"to\":\x01,\"total\":\x02,\"paid\":\x02}\n\n" +
		"9\n+\n42\n7\nmember/\x02member\x02/main\nmember/7/main\n310\n310\n=total\n0\n"
	if !ok || string(text) != want {
		t.Errorf("got %q\nwant %q", text, want)
	}
}

func TestWhatHasNoColumnsTravelsLineByLine(t *testing.T) {
	keys := &strings.Builder{}
	for i := range maxColumns + 1 {
		fmt.Fprintf(keys, `"k%d":1`, i)
	}
	for name, body := range map[string]string{"a control character": "{\"a\":\x02}", "in a string": "{\"a\":\"\x01\"}", "a string without an end": `{"a`,
		"a backslash at the end": `"\`, "too many keys": keys.String(), "a long number": strings.Repeat("1", maxNumber+1)} {
		packed := newCodec(t).PackBatch(&Batch{Store: 17, Epoch: 3, First: 1, Columns: true, Bodies: [][]byte{[]byte(body)}})
		if kind := packed.Header.Get("Content-Type"); kind != TypeNDJSON {
			t.Errorf("%s: %s", name, kind)
		}
	}
}

// damagedColumns are texts that no store makes, with the code that each gets.
var damagedColumns = map[string]struct {
	text string
	want Code
}{
	"nothing":                    {"", CodeDamaged},
	"no empty line":              {"{\"a\":\x02}\n1\n", CodeDamaged},
	"a value too few":            {"{\"a\":\x02}\n\n", CodeDamaged},
	"a value too many":           {"{\"a\":\x02}\n\n1\n2\n", CodeDamaged},
	"a value that is cut":        {"{\"a\":\x02}\n\n1", CodeDamaged},
	"a string left in its line":  {"{\"a\":\"b\"}\n\n", CodeDamaged},
	"no number":                  {"{\"a\":\x02}\n\n\n", CodeDamaged},
	"a number without an end":    {"{\"a\":\x02}\n\n" + strings.Repeat("1", maxNumber+1) + "\n", CodeDamaged},
	"counts on from nothing":     {"{\"a\":\x02}\n\n+\n", CodeDamaged},
	"a key of another line":      {"{\"a\":\x02}\n{\"b\":\x02}\n\n1\n=a\n", CodeDamaged},
	"a string with no such key":  {"{\"a\":\x01}\n\n\x02b\x02\n", CodeDamaged},
	"a key that does not end":    {"{\"b\":\x02,\"a\":\x01}\n\n12\n\x02b\n", CodeDamaged},
	"an empty entry":             {"\x01\n\n\n", ""},
	"too many keys":              {manyKeys(maxColumns + 1), CodeTooLarge},
	"more than a batch may hold": {"{\"b\":\x02,\"a\":\x01}\n\n12345678901234567890\n" + strings.Repeat("\x02b\x02", 1<<20) + "\n", CodeTooLarge},
}

func manyKeys(n int) string {
	lines, values := &strings.Builder{}, &strings.Builder{}
	for i := range n {
		fmt.Fprintf(lines, "\"k%d\":\x02\n", i)
		values.WriteString("1\n")
	}
	return lines.String() + "\n" + values.String()
}

func TestDamagedColumnsAreRefused(t *testing.T) {
	c := newCodec(t)
	for name, tc := range damagedColumns {
		_, err := c.unpackColumns(c.enc.EncodeAll([]byte(tc.text), nil))
		if got := code(err); got != tc.want && (tc.want != "" || err != nil) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}

// FuzzColumns: whatever arrives is bodies within the limits or a typed refusal, and what was read is written and read the same.
func FuzzColumns(f *testing.F) {
	for _, tc := range damagedColumns {
		f.Add([]byte(tc.text))
	}
	var bodies [][]byte
	for seq, shop := loyalty.Seq(1), newGrocer(f); seq < 4; seq++ {
		e := shop.sale(f, seq, 3)
		body, err := e.Encode()
		if err != nil {
			f.Fatal(err)
		}
		bodies = append(bodies, body)
	}
	text, _ := toColumns(bodies)
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		plain, err := fromColumns(text, MaxBatchBytes)
		if len(plain) > MaxBatchBytes || err != nil && code(err) != CodeDamaged && code(err) != CodeTooLarge {
			t.Fatalf("%d bytes, %v", len(plain), err)
		}
		bodies, splitErr := SplitBodies(plain)
		if err != nil || splitErr != nil {
			return
		}
		if again, ok := toColumns(bodies); ok {
			if back, err := fromColumns(again, MaxBatchBytes); err != nil || !bytes.Equal(back, plain) {
				t.Fatalf("%q came back as %q: %v", plain, back, err)
			}
		}
	})
}

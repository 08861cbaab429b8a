package profile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func file(tb testing.TB, name string) []byte {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("profiles", name+".json"))
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

func parse(tb testing.TB, text string) *Profile {
	tb.Helper()
	p, err := Parse([]byte(text))
	if err != nil {
		tb.Fatalf("%v\n%s", err, text)
	}
	return p
}

func set(tb testing.TB, profiles ...*Profile) *Set {
	tb.Helper()
	s, err := NewSet(profiles...)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// ready is every profile that comes with the product.
func ready(tb testing.TB) *Set {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join("profiles", "*.json"))
	if err != nil || len(files) < 8 {
		tb.Fatalf("%d profiles, %v", len(files), err)
	}
	var all []*Profile
	for _, f := range files {
		p := parse(tb, string(file(tb, strings.TrimSuffix(filepath.Base(f), ".json"))))
		if p.Name+".json" != filepath.Base(f) {
			tb.Errorf("%s holds profile %s", f, p.Name)
		}
		all = append(all, p)
	}
	return set(tb, all...)
}

func TestTheHighestPriorityIsTriedFirst(t *testing.T) {
	s := ready(t)
	for i, p := range s.Profiles()[1:] {
		if before := s.Profiles()[i]; before.Priority < p.Priority {
			t.Errorf("%s (%d) comes before %s (%d)", before.Name, before.Priority, p.Name, p.Priority)
		}
	}
	if _, err := NewSet(s.Profiles()[0], s.Profiles()[0]); err == nil {
		t.Error("one name twice is taken")
	}
}

const good = `{
  "profile": "x", "version": 1, "priority": 1,
  "match": { "medium": "contact" },
  "read": [
    { "op": "select_aid", "aid": "F00102030405" },
    { "op": "read_binary", "length": 16, "as": "b" }
  ],
  "member": { "decode": "ascii" },
  "trust": { "level": "number" }
}`

func TestAMalformedProfileNamesLineFieldAndRemedy(t *testing.T) {
	parse(t, good)
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown field", `"priority": 1`, `"priority": 1, "colour": "red"`, "2:48: colour: is not known here; known are $schema, profile"},
		{"unknown field of a step", `"length": 16`, `"lenght": 16`, "6:28: read[1].lenght: is not known here"},
		{"missing field", `"profile": "x", `, ``, "1:1: profile: is missing; add it: name of the profile"},
		{"wrong type", `"priority": 1`, `"priority": "high"`, "2:33: priority: is a text in quotes; make it a number"},
		{"a fraction", `"priority": 1`, `"priority": 1.5`, "2:33: priority: 1.5 is out of range; write a whole number from 0 to 1000"},
		{"unknown word", `"contact"`, `"air"`, `3:14: match.medium: "air" is none of the words for it; write one of contact, contactless`},
		{"wrong form", `F00102030405`, `F0 01`, `read[0].aid: "F0 01" has the wrong form; write it like D276000124010200`},
		{"a write command", `"read_binary"`, `"update_binary"`, "read[1].op: \"update_binary\" is none of the words for it; write one of select_aid, select_file, read_binary"},
		{"no JSON", `"match":`, `"match"`, "3:11: is not JSON here"},
		{"text behind it", `"trust": { "level": "number" }` + "\n}", `"trust": {} } {`, "9:17: there is text behind the profile"},
		{"a field twice", `"version": 1`, `"version": 1, "version": 2`, "2:33: version: stands here twice; keep one"},
		{"a payment application", `F00102030405`, `A0000000031010`, "5:27: read[0].aid: is, or could select, a payment application"},
		{"the payment directory", `F00102030405`, `325041592E5359532E4444463031`, "read[0].aid: is, or could select, a payment application"},
		{"the beginning of the payment directory", `F00102030405`, `315041592E`, "read[0].aid: is, or could select, a payment application"},
		{"whatever is selected", `{ "op": "select_aid", "aid": "F00102030405" },`, ``, "read[0]: reads from any card whatever it has selected by itself"},
		{"a field of another step", `"length": 16`, `"length": 16, "record": 3`, "read[1].record: does not belong to read_binary; leave it out"},
		{"a field that the step needs", `"aid": "F00102030405"`, `"class": "00"`, "read[0].aid: is missing, and select_aid needs it; add it"},
		{"smart tap", `"read_binary"`, `"smarttap"`, "read[1].op: smarttap is reserved"},
		{"nothing read", `{ "op": "read_binary", "length": 16, "as": "b" }`, `{ "op": "select_file", "fid": "EF01" }`, "read: reads nothing"},
		{"another step's name", `"decode": "ascii"`, `"decode": "ascii", "from": "c"`, "member.from: names no step that reads; name one of [b]"},
		{"no expression", `"decode": "ascii"`, `"decode": "ascii", "pattern": "("`, "member.pattern: is no RE2 expression: missing closing )"},
		{"two groups", `"decode": "ascii"`, `"decode": "ascii", "pattern": "(1)(2)"`, "member.pattern: has 2 groups"},
		{"letters without a prefix", `"decode": "ascii"`, `"decode": "hex"`, "member.prefix: is missing"},
		{"trust of a purse", `"level": "number"`, `"level": "purse"`, "trust.level: \"purse\" is none of the words for it; write one of keyed, number"},
		{"keyed without a PIN", `"level": "number"`, `"level": "keyed"`, "trust.level: is keyed, and no step has a PIN checked"},
		{"a cap without redeeming", `"level": "number"`, `"offline_cap": 5`, "trust.offline_cap: lets points be redeemed, and redeem does not"},
		{"numbers in clear", `"trust"`, `"privacy": { "store": "clear" }, "trust"`, `privacy.store: "clear" is none of the words for it; write one of hmac`},
		{"unmasked logs", `"trust"`, `"privacy": { "mask_log": false }, "trust"`, "privacy.mask_log: is false, and numbers are always masked"},
		{"the keys of a sector", `{ "op": "read_binary", "length": 16, "as": "b" }`, `{ "op": "storage_block", "card": "classic-1k", "block": 7, "key_ref": "secret:k", "key_type": "A" }`,
			"read[1].block: 7 holds the sector's keys"},
		{"a key in the file", `{ "op": "read_binary", "length": 16, "as": "b" }`, `{ "op": "storage_block", "card": "classic-1k", "block": 4, "key_ref": "A0A1A2A3A4A5", "key_type": "A" }`,
			"read[1].key_ref: \"A0A1A2A3A4A5\" has the wrong form; write it like secret:oldchain-keyA"},
	} {
		text := strings.Replace(good, c.old, c.new, 1)
		if text == good {
			t.Fatalf("%s: nothing was replaced", c.name)
		}
		_, err := Parse([]byte(text))
		var faults Faults
		if !errors.As(err, &faults) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got\n%v\nwant %s", c.name, err, c.want)
		}
		for _, f := range faults {
			if f.Line < 1 || f.Column < 1 {
				t.Errorf("%s: %v has no place", c.name, f)
			}
		}
	}
}

func TestAllFaultsAreNamedAtOnce(t *testing.T) {
	text := strings.NewReplacer(`"x"`, `"X Y"`, `"contact"`, `"air"`, `"ascii"`, `"ebcdic"`).Replace(good)
	_, err := Parse([]byte(text))
	var faults Faults
	if !errors.As(err, &faults) || len(faults) != 3 || faults[0].Field != "profile" || faults[1].Field != "match.medium" || faults[2].Field != "member.decode" {
		t.Fatalf("got %v", err)
	}
}

func TestAProfileHasAtMostTwentySteps(t *testing.T) {
	const step = `{ "op": "select_file", "fid": "EF01" },`
	text := strings.Replace(good, `{ "op": "read_binary"`, strings.Repeat(step, MaxSteps-2)+`{ "op": "read_binary"`, 1)
	parse(t, text)
	_, err := Parse([]byte(strings.Replace(text, step, step+step, 1)))
	if err == nil || !strings.Contains(err.Error(), "4:3: read: has 21 items; give 1 to 20") {
		t.Fatalf("got %v", err)
	}
}

// FuzzParse: any bytes are a profile or a list of faults with places.
func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	files, err := filepath.Glob(filepath.Join("profiles", "*.json"))
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		f.Add(file(f, strings.TrimSuffix(filepath.Base(name), ".json")))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Parse(text)
		if err == nil {
			for _, s := range p.steps {
				if s.op == opSelectAID && isPayment(s.name) {
					t.Fatalf("selects %X", s.name)
				}
			}
			_, _ = p.readText(Text{Text: string(text)}) // whatever it is, it is judged
			return
		}
		var faults Faults
		if !errors.As(err, &faults) || len(faults) == 0 {
			t.Fatalf("not a list of faults: %v", err)
		}
		for _, one := range faults {
			if one.Line < 1 || one.Column < 1 {
				t.Fatalf("%v has no place", one)
			}
		}
	})
}

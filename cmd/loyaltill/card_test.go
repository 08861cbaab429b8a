package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"loyaltill/firmware-sim/cardsim"
	"loyaltill/internal/stage"
)

var profilesDir = filepath.Join("..", "..", "devices", "card", "profile", "profiles")

// command runs the program and gives what it printed.
func command(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), args, streams{&out, &errs})
	return code, out.String() + errs.String()
}

func TestAProfilesAuthorSeesEveryFaultWithItsPlace(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.json")
	if err := os.WriteFile(bad, []byte("{\n \"profile\": \"B\",\n \"version\": 1, \"priority\": 1,\n \"read\": [], \"member\": { \"decode\": \"ascii\" } }"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out := command(t, "card", "check", filepath.Join(profilesDir, "iso7816-file-pin.json"), bad)
	for _, want := range []string{
		"iso7816-file-pin.json: iso7816-file-pin, version 1, priority 60, keyed, earns and redeems, without head office up to 500 points a day\n",
		bad + `:2:2: profile: "B" has the wrong form; write it like oldchain-ef04` + "\n",
		bad + ":4:2: read: has 0 items; give 1 to 20\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("not said: %s", want)
		}
	}
	if code != 1 {
		t.Errorf("exit status %d", code)
	}
	if t.Failed() {
		t.Log(out)
	}
}

// explained puts a card into a simulated reader and explains it.
func explained(t *testing.T, description string, more ...string) (int, string) {
	t.Helper()
	plastic, err := cardsim.NewForeign([]byte(description), nil)
	if err != nil {
		t.Fatal(err)
	}
	link, err := stage.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	secrets := filepath.Join(t.TempDir(), "secrets.json")
	if err := os.WriteFile(secrets, []byte(`{"oldchain-keyA": "A0A1A2A3A4A5"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	slot := cardsim.NewSlot("explain", link, zerolog.Nop())
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- slot.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	slot.Insert(plastic)
	return command(t, append([]string{"card", "explain", "--profiles", profilesDir, "--secrets", secrets, "--link", link}, more...)...)
}

func TestExplainShowsEachStepOnTheCardInTheReader(t *testing.T) {
	code, out := explained(t, `{ "format": "MIFARE Classic 1", "uid": "11223344", "keys": { "1": { "a": "A0A1A2A3A4A5" } }, "blocks": { "4": "970000000012" } }`)
	for _, want := range []string{
		"card 3B8F8001804F0CA000000306030001000000006A, contactless\n",
		"iso7816-file-pin: not this one: the card is on the other interface: it is contactless\n",
		"mifare-classic-block: read[0] storage_block  FF 82 00 00 [************] -> 9000\n",
		"mifare-classic-block: read[0] storage_block  FF B0 00 04 le 16 -> 9000 97000000… (16 bytes)\n",
		"number MC-…0012 by mifare-classic-block: number, earns and redeems, without head office up to 0 points a day\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("not said: %s", want)
		}
	}
	if code != 0 || strings.Contains(out, "970000000012") || strings.Contains(out, "A0A1A2") {
		t.Errorf("exit status %d, or a secret is told", code)
	}
	if t.Failed() {
		t.Log(out)
	}
}

func TestExplainSaysWhyThereIsNoNumber(t *testing.T) {
	code, out := explained(t, `{ "format": "ISO 7816 card 1", "applications": [ { "aid": "A0000000031010" } ] }`)
	for _, want := range []string{
		"oldchain-ef04: not this one: the answer to reset differs: it is 3B9696",
		"iso7816-file-pin: not this one: read[0] select_aid: card answered 6A82: file or application not found\n",
		"printed-ean13: not this one: the profile is for text that the till sends\n",
		"no number: no profile reads it\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("not said: %s", want)
		}
	}
	if code != 1 {
		t.Errorf("exit status %d", code)
	}
	if t.Failed() {
		t.Log(out)
	}
}

func TestExplainReadsATextAsTheTillSendsIt(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--text", "]E02900000000018", "--source", "barcode"}, 0, "number 2900…0018 by printed-ean13: number, earns\n"},
		{[]string{"--text", "970000000012", "--source", "keypad", "--show-number"}, 0, "number OC-970000000012 by typed-number"},
		{[]string{"--text", "970000000013", "--source", "keypad"}, 1, "typed-number: not this one: the check digit is wrong\n"},
		{[]string{"--text", ";4111111111111111=2512?", "--source", "magstripe"}, 1, "no number: looks like a payment card\n"},
	} {
		code, out := command(t, append([]string{"card", "explain", "--profiles", profilesDir}, c.args...)...)
		if code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("%v: exit status %d\n%s", c.args, code, out)
		}
	}
	if code, out := command(t, "card", "explain", "--text", "1", "--profiles", t.TempDir()); code != 1 || !strings.Contains(out, "there are no profiles") {
		t.Errorf("no profiles: exit status %d\n%s", code, out)
	}
}

func TestTheSchemaIsPrinted(t *testing.T) {
	code, out := command(t, "card", "schema")
	published, err := os.ReadFile(filepath.Join("..", "..", "docs", "foreign-card.schema.json"))
	if err != nil || code != 0 || out != string(published) {
		t.Errorf("exit status %d, %v", code, err)
	}
}

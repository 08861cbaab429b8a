package cardsim

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// contract is docs/card-vectors.txt.
func contract(t *testing.T) map[string][]byte {
	t.Helper()
	text, err := os.ReadFile("../../docs/card-vectors.txt")
	if err != nil {
		t.Fatal(err)
	}
	v := map[string][]byte{}
	for line := range strings.Lines(string(text)) {
		if name, value, found := strings.Cut(line, " = "); found && name[0] != '#' {
			v[strings.TrimSpace(name)] = unhex(strings.TrimSpace(value))
		}
	}
	return v
}

// TestTheCardAnswersThePublishedVectorsToTheByte plays the whole file: a blank card is personalised through its channel, loaded,
// and debited in the very session of the vectors. What is random on a card comes from them.
func TestTheCardAnswersThePublishedVectorsToTheByte(t *testing.T) {
	v := contract(t)
	const loads = "a nonce of 16 by"
	random := bytes.Join([][]byte{v["card_private"], v["card_challenge"], v["card_private"], []byte(loads), v["nc"]}, nil)
	keys := TransportKeys{Version: 1, Enc: [16]byte(v["k_enc"]), MAC: [16]byte(v["k_mac"])}
	card, err := CreateWith(bytes.NewReader(random), keys)
	if err != nil {
		t.Fatal(err)
	}
	if err := card.PowerOn(); err != nil {
		t.Fatal(err)
	}
	answers := func(what string, capdu []byte, want ...[]byte) {
		t.Helper()
		if got := card.Process(capdu); !bytes.Equal(got, bytes.Join(want, nil)) {
			t.Errorf("%s: the card answers\n%x, want\n%x", what, got, bytes.Join(want, nil))
		}
	}
	ok := unhex("9000")
	card.Process(unhex(selectHex))
	answers("INITIALIZE UPDATE", append(unhex("8050010008"), v["host_challenge"]...),
		make([]byte, 10), unhex("010360"), v["card_challenge"], v["card_cryptogram"], ok)
	answers("EXTERNAL AUTHENTICATE", v["external_authenticate"], ok)
	answers("GENERATE KEY", v["generate_key_command"], v["generate_key_answer"])
	if sw := sw(card.Process(v["store_data_command"])); sw != "9000" {
		t.Errorf("STORE DATA: %s", sw)
	}
	if err := card.core.personalise(identity{certificate: v["certificate"], ktx: v["k_tx"], kld: v["k_ld"], info: unhex("61013062044c5954316300 64026c76"), pin: block("4711")}); err != nil {
		t.Fatal(err)
	}
	loaded := newTap(t, card.Process).want(0x9000, 0x84, 0x52, 0, 0, v["voucher_points"])
	if !bytes.Equal(loaded[12:], v["load_txmac"]) {
		t.Errorf("LOAD: TXMAC %x", loaded[12:])
	}
	card.Process(unhex(selectHex))
	agree := bytes.Join([][]byte{unhex("0088010151"), v["nh"], v["host_public"]}, nil)
	answers("KEY AGREE", agree, v["nc"], v["sealed"], v["cryptogram"], ok)
	answers("VERIFY", v["verify_command"], v["verify_answer"])
	answers("DEBIT", v["debit_command"], v["debit_answer"])
	if last, _ := card.core.nth(1); !bytes.Equal(last.bytes(), v["debit_record"]) {
		t.Errorf("record %x", last.bytes())
	}
	card.Process(unhex(selectHex))
	answers("RENEW", append(unhex("80DA0101B9"), v["renewal"]...), v["renewed_hash"], ok)
	card.core.entropy = seeded(1)
	for _, voucher := range []string{"voucher_limits", "voucher_terminate"} {
		newTap(t, card.Process).want(0x9000, 0x84, 0x52, 0, 0, v[voucher])
	}
	if got := sw(card.Process(unhex(selectHex))); got != "6283" {
		t.Errorf("after the last voucher SELECT answers %s", got)
	}
}

package card

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"testing"

	"loyaltill/devices/apdu"
)

func fromText(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A channel that was recorded between another host and a card that is not ours, a SIM, at the same security level.
const (
	recordedHost       = "fdf38259a1e0de44"
	recordedCard       = "3b1aca81e821f219"
	recordedCryptogram = "081cdc01c26b372d"
	recordedAuth       = "84823300108c36f96bcc00724a4e13ad591d7da3f0"
	recordedCommand    = "84e2910018267a85dfe4a98fca6fb0527e0dfecce4914e40401433c87f00"
	recordedAnswer     = "f3ba2b1013aa6224f5e1c138d71805c569e5439b47576260b75fc021b25097cb2e68f8a0144975b9"
)

func recordedKeys(t *testing.T) TransportKeys {
	t.Helper()
	return TransportKeys{
		Version: 0x30,
		Enc:     Key(fromText(t, "000102030405060708090a0b0c0d0e0f")),
		MAC:     Key(fromText(t, "101112131415161718191a1b1c1d1e1f")),
	}
}

func TestChannelToABlankIsTheOneThatOtherHostsAndCardsSpeak(t *testing.T) {
	transport := newTransport(recordedKeys(t), fromText(t, recordedHost+recordedCard))
	if got := hex.EncodeToString(transport.card[:]); got != recordedCryptogram {
		t.Errorf("card cryptogram %s, want %s", got, recordedCryptogram)
	}
	channel := newChannel(&transport.keys)
	auth, err := channel.externalAuthenticate(transport.host).Append(nil)
	if got := hex.EncodeToString(auth); err != nil || got != recordedAuth {
		t.Fatalf("external authenticate %s (%v), want %s", got, err, recordedAuth)
	}
	cmd, err := channel.wrap(apdu.Command{CLA: 0x80, INS: 0xE2, P1: 0x91, Data: fromText(t, "bf3e035c015a")})
	if err != nil {
		t.Fatal(err)
	}
	sent, err := cmd.Append(nil)
	if got := hex.EncodeToString(sent); err != nil || got != recordedCommand {
		t.Errorf("wrapped command %s (%v), want %s", got, err, recordedCommand)
	}
	plain, err := channel.unwrap(apdu.Response{Data: fromText(t, recordedAnswer), SW: apdu.SWDone})
	if want := "bf3e125a1089882119900000000000000000000005"; err != nil || hex.EncodeToString(plain) != want {
		t.Errorf("unwrapped answer %x (%v), want %s", plain, err, want)
	}
}

func TestChannelKeysAreWhatOpenSSLDerives(t *testing.T) {
	keys, challenges := recordedKeys(t), fromText(t, recordedHost+recordedCard)
	transport := newTransport(keys, challenges)
	cmac := func(key Key, constant byte, bits uint16) []byte { // card.md 5.1, byte for byte
		in := fmt.Sprintf("%022x%02x00%04x01%x", 0, constant, bits, challenges)
		out := openssl(t, fromText(t, in), "mac", "-cipher", "AES-128-CBC", "-macopt", "hexkey:"+hex.EncodeToString(key[:]), "CMAC")
		return fromText(t, string(bytes.ToLower(bytes.TrimSpace(out))))
	}
	for _, c := range []struct {
		name      string
		got, want []byte
	}{
		{"S-ENC", transport.keys.enc[:], cmac(keys.Enc, 0x04, 0x80)},
		{"S-MAC", transport.keys.mac[:], cmac(keys.MAC, 0x06, 0x80)},
		{"S-RMAC", transport.keys.rmac[:], cmac(keys.MAC, 0x07, 0x80)},
		{"card cryptogram", transport.card[:], cmac(transport.keys.mac, 0x00, 0x40)[:8]},
		{"host cryptogram", transport.host[:], cmac(transport.keys.mac, 0x01, 0x40)[:8]},
	} {
		if !bytes.Equal(c.got, c.want) {
			t.Errorf("%s is %x, openssl says %x", c.name, c.got, c.want)
		}
	}
}

func TestPersonalisationNamesWhatACardCannotHold(t *testing.T) {
	good := Personalisation{Number: "6034000000000018", Language: "lv"}
	for _, c := range []struct {
		name  string
		spoil func(*Personalisation)
	}{
		{"number that is no number", func(p *Personalisation) { p.Number = "60340000x" }},
		{"language that is no language", func(p *Personalisation) { p.Language = "LV" }},
		{"tier beyond what the card takes", func(p *Personalisation) {
			p.Tier = string(bytes.Repeat([]byte("g"), 250))
			p.Certificate = make([]byte, 250)
		}},
	} {
		p := good
		c.spoil(&p)
		if _, err := p.marshal(); err == nil {
			t.Errorf("%s: was accepted", c.name)
		}
	}
	if _, err := good.marshal(); err != nil {
		t.Error(err)
	}
}

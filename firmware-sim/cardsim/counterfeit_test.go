package cardsim

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/big"
	"strings"
	"testing"
)

// inspect is what a host finds wrong with a card, in the order of card.md 3.1.
func inspect(t *testing.T, office *headOffice, card *Card, today uint16) string {
	t.Helper()
	fci := card.Process(unhex(selectHex))
	cert := card.Process(unhex("00B0810000"))[:certSize]
	digest := sha256.Sum256(cert[:103])
	r, s := new(big.Int).SetBytes(cert[105:137]), new(big.Int).SetBytes(cert[137:169])
	caPoint, err := office.ca.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	ca, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), caPoint)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256(cert)
	switch {
	case !ecdsa.Verify(ca, digest[:], r, s):
		return "signature"
	case binary.BigEndian.Uint16(cert[98:]) < today:
		return "expired"
	case !bytes.Equal(cert[certCardID:certCardID+8], fci[20:28]) || !bytes.Equal(hash[:8], fci[40:48]):
		return "other certificate than selected"
	}
	host, err := ecdh.P256().NewPrivateKey(bytes.Repeat([]byte{0x42}, 32))
	if err != nil {
		t.Fatal(err)
	}
	certified, err := ecdh.P256().NewPublicKey(cert[certPublicKey : certPublicKey+pointSize])
	if err != nil {
		t.Fatal(err)
	}
	z, err := host.ECDH(certified)
	if err != nil {
		t.Fatal(err)
	}
	core, qh := card.core, host.PublicKey().Bytes()
	answer := keyAgree(core, qh)
	if !bytes.Equal(answer[32:48], cryptogramOf(core, z, qh, answer)) {
		return "cryptogram"
	}
	return "genuine"
}

func TestCounterfeitCardsAreMadeThroughPersonalisation(t *testing.T) {
	office, forger := newHeadOffice(t, 1), newHeadOffice(t, 66)
	const today = 9700
	genuine := office.newCard(t, 2, nil)
	if got := inspect(t, office, genuine, today); got != "genuine" {
		t.Errorf("a genuine card: %s", got)
	}
	if got := inspect(t, office, forger.newCard(t, 3, nil), today); got != "signature" {
		t.Errorf("a certificate of somebody else's CA: %s", got)
	}
	if got := inspect(t, office, genuine, 11001); got != "expired" {
		t.Errorf("the day after the last valid day: %s", got)
	}
	if got := inspect(t, office, genuine, 11000); got != "genuine" {
		t.Errorf("the last valid day: %s", got)
	}

	clone, err := Create(seeded(4))
	if err != nil {
		t.Fatal(err)
	}
	copied := forger.perso(t, clone.Request(), map[string]any{
		"card_id": hex.EncodeToString(genuine.core.cardID()), "certificate": hex.EncodeToString(genuine.core.certificate()),
	})
	if err := clone.Personalise(copied); !errors.Is(err, ErrOtherKey) {
		t.Errorf("another card's certificate by mistake: %v", err)
	}
	if err := clone.PersonaliseClone(copied); err != nil {
		t.Fatal(err)
	}
	if err := clone.PowerOn(); err != nil {
		t.Fatal(err)
	}
	if got := inspect(t, office, clone, today); got != "cryptogram" {
		t.Errorf("a cloned certificate: %s", got)
	}
}

func TestPersonalisationRefusesWhatIsNotForACard(t *testing.T) {
	office := newHeadOffice(t, 1)
	for name, overrides := range map[string]map[string]any{
		"unknown field":          {"colour": "red"},
		"short key":              {"k_tx": "00"},
		"key that is no hex":     {"k_ld": strings.Repeat("x", 32)},
		"another card's id":      {"card_id": "0000000000000002"},
		"certificate cut short":  {"certificate": "5001"},
		"certificate of rubbish": {"certificate": strings.Repeat("00", certSize)},
		"number with letters":    {"number": "60x"},
		"number missing":         {"number": ""},
		"number too long":        {"number": strings.Repeat("1", 25)},
		"tier too long":          {"tier": strings.Repeat("x", 25)},
		"tier not ASCII":         {"tier": "želta"},
		"language":               {"language": "LVA"},
		"PIN of three digits":    {"pin": "471"},
		"PIN of nine digits":     {"pin": "471147114"},
		"PUK with letters":       {"puk": "1234567x"},
		"negative limit":         {"no_pin_single": -1},
	} {
		card, err := Create(seeded(2))
		if err != nil {
			t.Fatal(err)
		}
		office.lastID = 0
		err = card.Personalise(office.perso(t, card.Request(), overrides))
		if err == nil || card.Status().Personalised {
			t.Errorf("%s was taken", name)
			continue
		}
		for _, secret := range []string{"471", "12345678", "1234567x"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error tells a secret: %v", name, err)
			}
		}
	}
}

func TestACardIsPersonalisedOnce(t *testing.T) {
	office := newHeadOffice(t, 1)
	card := office.newCard(t, 2, nil)
	if err := card.Personalise(office.perso(t, card.Request(), nil)); !errors.Is(err, ErrPersonalised) {
		t.Errorf("second personalisation: %v", err)
	}
}

func TestTheSameEntropyMakesTheSameCard(t *testing.T) {
	a, err := Create(seeded(2))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Create(seeded(2))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Request(), b.Request()) {
		t.Error("two keys from one seed")
	}
	if _, err := Create(bytes.NewReader(nil)); err == nil {
		t.Error("a key without entropy")
	}
	if _, err := Create(bytes.NewReader(bytes.Repeat([]byte{0xFF}, 1024))); err == nil {
		t.Error("a key from entropy that gives none")
	}
}

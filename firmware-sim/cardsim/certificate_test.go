package cardsim

import (
	"bytes"
	"testing"
)

// renewal is RENEW's data, card.md 3.11.
func (h *headOffice) renewal(cardID, cert []byte) []byte {
	mac := newCMAC(derive(h.ld, "LYL1-LD", cardID)).sum([]byte("LC1"), cardID, cert)
	return append(bytes.Clone(cert), mac[:]...)
}

func TestACertificateIsRenewedForTheSameKey(t *testing.T) {
	office, other := newHeadOffice(t, 1), newHeadOffice(t, 5)
	card := office.newCard(t, 2, nil)
	id, point := card.core.cardID(), card.core.key.PublicKey().Bytes()
	cert := func(h *headOffice, id, point []byte, day uint16) []byte {
		return h.certificate(t, certificateOrder{id, point, day, 1})
	}
	held := bytes.Clone(card.core.certificate())
	later := cert(other, id, point, 11365)    // by next year's CA key
	sameDay := cert(office, id, point, 11365) // by this year's
	otherScheme := bytes.Clone(later)
	otherScheme[certScheme] ^= 1
	otherForm := bytes.Clone(later)
	otherForm[0] = 0x51
	otherPoint := bytes.Clone(point)
	otherPoint[10] ^= 1
	spoilt := office.renewal(id, later)
	spoilt[184] ^= 1
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"a byte less", office.renewal(id, later)[:184], "6700"},
		{"a bit of the MAC", spoilt, "9405"},
		{"another card's key", other.renewal(id, later), "9405"},
		{"another card id", office.renewal(id, cert(office, unhex("0000000000000009"), point, 11365)), "6A80"},
		{"another key", office.renewal(id, cert(office, id, otherPoint, 11365)), "6A80"},
		{"another scheme", office.renewal(id, otherScheme), "6A80"},
		{"another form", office.renewal(id, otherForm), "6A80"},
		{"an earlier last day", office.renewal(id, cert(office, id, point, 10999)), "9404"},
		{"the one that it holds", office.renewal(id, held), "9000"},
		{"a later one", office.renewal(id, later), "9000"},
		{"a later one again", office.renewal(id, later), "9000"},
		{"the one before", office.renewal(id, held), "9404"},
		{"another of the same last day", office.renewal(id, sameDay), "9000"},
		{"and back", office.renewal(id, later), "9000"},
	} {
		card.Process(unhex(selectHex))
		capdu := append([]byte{0x80, 0xDA, 1, 1, byte(len(c.data))}, c.data...)
		answer := card.Process(capdu)
		if got := sw(answer); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if hash := certificate(c.data[:min(certSize, len(c.data))]).hash(); c.want == "9000" && !bytes.Equal(answer[:8], hash) {
			t.Errorf("%s: hash %X, want %X", c.name, answer[:8], hash)
		}
	}
	if !bytes.Equal(card.core.certificate(), later) {
		t.Error("the card holds another certificate")
	}
	h := newTap(t, card.Process) // agrees by the new certificate's hash
	h.send(append([]byte{0x80, 0xDA, 1, 1, 185}, office.renewal(id, later)...))
	if got := sw(h.send(h.wrap(0x84, 0x5C, 0, 0, nil))); got != "6985" {
		t.Errorf("the session outlives the renewal: %s", got)
	}
	if got := sw(h.send(append([]byte{0x80, 0xDA, 1, 0, 185}, office.renewal(id, later)...))); got != "6A86" {
		t.Errorf("another P2: %s", got)
	}
	if err := card.Terminate(); err != nil {
		t.Fatal(err)
	}
	if got := sw(h.send(append([]byte{0x80, 0xDA, 1, 1, 185}, office.renewal(id, later)...))); got != "6985" {
		t.Errorf("a terminated card: %s", got)
	}
}

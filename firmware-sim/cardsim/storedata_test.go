package cardsim

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

// stored are the TLVs of card.md 5.2 for the card with this key.
func (h *headOffice) stored(t testing.TB, publicKey []byte) []byte {
	t.Helper()
	h.lastID++
	cardID := binary.BigEndian.AppendUint64(nil, h.lastID)
	tx, ld := derive(h.tx, "LYL1-TX", cardID), derive(h.ld, "LYL1-LD", cardID)
	i := info{[]byte("6034000000000018"), []byte("LYT1"), []byte("gold"), []byte("lv")}
	return bytes.Join([][]byte{
		tlv(0x70, h.certificate(t, certificateOrder{cardID, publicKey, 11000, 0})...), tlv(0x71, tx[:]...), tlv(0x72, ld[:]...),
		tlv(0x73, i.bytes()...), tlv(0x74, block("4711")...), tlv(0x75, block("12345678")...), tlv(0x76, unhex("00000014 00000032")...),
	}, nil)
}

// store sends the pieces and gives the last status word.
func (i *issuer) store(data []byte, size int) (got statusWord) {
	i.t.Helper()
	for n := byte(0); len(data) > 0; n++ {
		piece := data[:min(size, len(data))]
		data = data[len(piece):]
		p1 := byte(0)
		if len(data) == 0 {
			p1 = 0x80
		}
		if _, got = i.do(0x84, 0xE2, p1, n, piece); got != swDone {
			return got
		}
	}
	return got
}

func TestABlankCardIsPersonalisedThroughTheChannel(t *testing.T) {
	for _, size := range []int{7, 100, 231} {
		office, card := newHeadOffice(t, 1), newBlank(t, 2)
		i := newIssuer(t, card.Process)
		i.open()
		first := i.generateKey()
		qc := i.generateKey()
		if bytes.Equal(first, qc) {
			t.Error("two pairs are one")
		}
		data := office.stored(t, qc)
		if got := i.store(data, size); got != swDone {
			t.Fatalf("STORE DATA in pieces of %d: %04X", size, got)
		}
		if got := i.send(i.wrap(0x84, 0x5C, 0, 0, nil)); !bytes.Equal(got, unhex("6985")) {
			t.Errorf("who has transport keys reads an active card's purse: %X", got)
		}
		h := newTap(t, card.Process)
		if h.fci[62] != flagPINSet|flagRatified || h.verify("4711") != swDone {
			t.Errorf("flags %02X, PIN wrong", h.fci[62])
		}
		h.load(office, 1, 100)
		h.selectCard()
		if got := sw(card.Process(unhex("8050000008 0102030405060708"))); got != "6985" {
			t.Errorf("INITIALIZE UPDATE of an active card: %s", got)
		}
		if !bytes.Equal(card.core.nvm.bytes(transportAt, 4*transportWords), make([]byte, 4*transportWords)) {
			t.Error("the transport keys are still there")
		}
	}
}

func TestAKeyWaitsForItsCertificateWithoutPower(t *testing.T) {
	office, card := newHeadOffice(t, 1), newBlank(t, 2)
	i := newIssuer(t, card.Process)
	i.open()
	qc := i.generateKey()
	card.PowerOff()
	if err := card.PowerOn(); err != nil {
		t.Fatal(err)
	}
	i = newIssuer(t, card.Process)
	i.open()
	if got := i.store(office.stored(t, qc), 200); got != swDone {
		t.Fatalf("%04X", got)
	}
	newTap(t, card.Process)
}

func TestPiecesComeInOrderAndAnErrorForgetsThem(t *testing.T) {
	office, card := newHeadOffice(t, 1), newBlank(t, 2)
	i := newIssuer(t, card.Process)
	i.open()
	data := office.stored(t, i.generateKey())
	half := data[:200]
	i.want(0x6A86, 0x84, 0xE2, 0, 1, half)
	i.want(0x9000, 0x84, 0xE2, 0, 0, half)
	i.want(0x6A86, 0x84, 0xE2, 0, 2, data[200:])
	i.want(0x6A86, 0x84, 0xE2, 0x80, 1, data[200:]) // the gap has forgotten piece 00
	i.want(0x9000, 0x84, 0xE2, 0, 0, half)
	i.want(0x6A86, 0x84, 0xE2, 0x40, 1, data[200:])
	i.want(0x9000, 0x84, 0xE2, 0, 0, half)
	i.want(0x6700, 0x84, 0xE2, 0, 1, nil)
	i.want(0x9000, 0x84, 0xE2, 0, 0, half)
	i.want(0x9000, 0x84, 0xE2, 0, 1, half)
	i.want(0x6A84, 0x84, 0xE2, 0, 2, half)
	i.want(0x9000, 0x84, 0xE2, 0, 0, half)
	i.want(0x9000, 0x84, 0xE2, 0, 0, half) // piece 00 begins anew
	i.want(0x9000, 0x84, 0xE2, 0x80, 1, data[200:])
	newTap(t, card.Process)
}

func TestWhatIsNotWholeIsNotStored(t *testing.T) {
	office, card := newHeadOffice(t, 1), newBlank(t, 2)
	i := newIssuer(t, card.Process)
	i.open()
	old := i.generateKey()
	data := office.stored(t, i.generateKey())
	spoil := func(at int, b byte) []byte { d := bytes.Clone(data); d[at] = b; return d }
	infoAt := 2 + 169 + 18 + 18
	pinAt := infoAt + 2 + int(data[infoAt+1])
	for name, d := range map[string][]byte{
		"another key":               office.stored(t, old),
		"another version":           spoil(4, 2),
		"certificate out of form":   spoil(5, 0x50),
		"tag out of order":          spoil(171, 0x72),
		"short key":                 append(bytes.Clone(data[:172]), append([]byte{15}, data[174:]...)...),
		"a PIN of letters":          spoil(pinAt+2, 'A'),
		"a PIN that is cut":         spoil(pinAt+1, 7),
		"number with a letter":      spoil(infoAt+4, 'x'),
		"language in great letters": spoil(pinAt-1, 'V'),
		"something behind":          append(bytes.Clone(data), 0x77, 0),
		"cut":                       data[:len(data)-1],
		"no EF.INFO":                append(bytes.Clone(data[:infoAt]), data[pinAt:]...),
	} {
		if got := i.store(d, 200); got != swData {
			t.Errorf("%s: %04X", name, got)
		}
	}
	if got := i.store(data[:pinAt], 200); got != swDone { // no PIN, no PUK, no limits
		t.Fatalf("%04X", got)
	}
	h := newTap(t, card.Process)
	h.want(0x6984, 0x04, 0x20, 0, 1, nil)
	h.want(0x6984, 0x04, 0x2C, 0, 1, append(block("12345678"), block("4711")...))
}

// TestPowerLostDuringPersonalisationLeavesBlankOrActive takes the power at every write of the last STORE DATA and of
// GENERATE KEY; a blank card can then be personalised as if nothing had been.
func TestPowerLostDuringPersonalisationLeavesBlankOrActive(t *testing.T) {
	office, card := newHeadOffice(t, 1), newBlank(t, 2)
	blank := card.core.nvm.Image()
	b := &tornBench{t: t, base: blank}
	for k := 1; ; k++ {
		core := b.boot(blank)
		if err := core.PowerOn(); err != nil {
			t.Fatal(err)
		}
		i := newIssuer(t, core.Process)
		i.open()
		core.nvm.FailAfter(k, 0x0FF0)
		lost := false
		send := i.send
		i.send = func(capdu []byte) []byte {
			answer := send(capdu)
			lost = lost || answer == nil
			return answer
		}
		personalise := func() {
			answer := i.send(i.wrap(0x84, 0x46, 0, 0, nil))
			qc, _, proven := i.unwrap(answer)
			if !proven {
				return
			}
			data := office.stored(t, qc)
			i.send(i.wrap(0x84, 0xE2, 0, 0, data[:200]))
			i.send(i.wrap(0x84, 0xE2, 0x80, 1, data[200:]))
		}
		personalise()
		if !lost {
			t.Logf("%d writes", k-1)
			return
		}
		if err := core.PowerOn(); err != nil {
			t.Fatal(err)
		}
		if core.blank() {
			i = newIssuer(t, core.Process)
			i.open()
			personalise()
		}
		if h := newTap(t, core.Process); h.verify("4711") != swDone {
			t.Fatalf("write %d: the card is not whole", k)
		}
	}
}

func TestAPersonalisedCardTakesNoFile(t *testing.T) {
	office, card := newHeadOffice(t, 1), newBlank(t, 2)
	i := newIssuer(t, card.Process)
	i.open()
	if got := i.store(office.stored(t, i.generateKey()), 200); got != swDone {
		t.Fatalf("%04X", got)
	}
	if err := card.Personalise(office.perso(t, card.Request(), nil)); !errors.Is(err, ErrPersonalised) {
		t.Errorf("%v", err)
	}
}

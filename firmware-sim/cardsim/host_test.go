package cardsim

import (
	"bytes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
)

// The other side of the contract as far as the tests need it: a head office that makes cards and vouchers, and a
// host that talks to one card. Written from docs/card.md, like the card.

type headOffice struct {
	ca       *ecdsa.PrivateKey
	tx, ld   cmacKey
	lastID   uint64
	template map[string]any
}

func seeded(seed byte) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{seed}) }

func newHeadOffice(t testing.TB, seed byte) *headOffice {
	t.Helper()
	entropy := seeded(seed)
	d := make([]byte, 32)
	_, _ = entropy.Read(d)
	ca, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d)
	if err != nil {
		t.Fatal(err)
	}
	var tx, ld [16]byte
	_, _ = entropy.Read(tx[:])
	_, _ = entropy.Read(ld[:])
	return &headOffice{ca: ca, tx: newCMAC(tx), ld: newCMAC(ld), template: map[string]any{
		"number": "6034000000000018", "scheme": "4c595431", "tier": "gold", "language": "lv", "pin": "4711",
		"puk": "12345678", "no_pin_single": 0, "no_pin_cumulative": 0,
	}}
}

// derive is SP 800-108 in counter mode, card.md 1.
func derive(master cmacKey, label string, cardID []byte) [16]byte {
	return master.sum([]byte{0, 0, 0, 1}, []byte(label), []byte{0}, cardID, []byte{0, 0, 0, 0x80})
}

type certificateOrder struct {
	cardID, publicKey []byte
	lastDay           uint16
	flags             byte
}

func (h *headOffice) certificate(t testing.TB, o certificateOrder) []byte {
	t.Helper()
	caPoint, err := h.ca.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	keyID := sha256.Sum256(caPoint)
	cert := tlv(0x50, 1)
	cert = append(cert, tlv(0x51, keyID[:8]...)...)
	cert = append(cert, tlv(0x52, o.cardID...)...)
	cert = append(cert, tlv(0x53, o.publicKey...)...)
	cert = append(cert, tlv(0x54, []byte("LYT1")...)...)
	cert = append(cert, tlv(0x55, byte(o.lastDay>>8), byte(o.lastDay))...)
	cert = append(cert, tlv(0x56, o.flags)...)
	signature, err := sign(h.ca, cert)
	if err != nil {
		t.Fatal(err)
	}
	return append(cert, tlv(0x5F, signature...)...)
}

// perso signs a request; with overrides the file says otherwise.
func (h *headOffice) perso(t testing.TB, request []byte, overrides map[string]any) []byte {
	t.Helper()
	var asked struct {
		PublicKey string `json:"public_key"`
	}
	if err := json.Unmarshal(request, &asked); err != nil {
		t.Fatal(err)
	}
	point, err := hex.DecodeString(asked.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	h.lastID++
	cardID := binary.BigEndian.AppendUint64(nil, h.lastID)
	tx, ld := derive(h.tx, "LYL1-TX", cardID), derive(h.ld, "LYL1-LD", cardID)
	file := map[string]any{
		"card_id": hex.EncodeToString(cardID), "k_tx": hex.EncodeToString(tx[:]), "k_ld": hex.EncodeToString(ld[:]),
		"certificate": hex.EncodeToString(h.certificate(t, certificateOrder{cardID, point, 11000, 0})),
	}
	for _, more := range []map[string]any{h.template, overrides} {
		for k, v := range more {
			file[k] = v
		}
	}
	return marshal(t, file)
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (h *headOffice) voucher(cardID []byte, seq uint32, kind byte, amount int32, ref string) []byte {
	v := append(u32(seq), kind)
	v = binary.BigEndian.AppendUint32(v, uint32(amount))
	v = append(v, (ref + strings.Repeat("-", 8))[:8]...)
	key := derive(h.ld, "LYL1-LD", cardID)
	mac := newCMAC(key).sum([]byte("LV1"), cardID, v)
	return append(v, mac[:]...)
}

// txmac recomputes what only head office can check.
func (h *headOffice) txmac(cardID, record []byte) []byte {
	key := derive(h.tx, "LYL1-TX", cardID)
	mac := newCMAC(key).sum([]byte("LT1"), cardID, record[:34])
	return mac[:8]
}

// newCard is a card of this head office with its power on.
func (h *headOffice) newCard(t testing.TB, seed byte, overrides map[string]any) *Card {
	t.Helper()
	card, err := Create(seeded(seed))
	if err != nil {
		t.Fatal(err)
	}
	if err := card.Personalise(h.perso(t, card.Request(), overrides)); err != nil {
		t.Fatal(err)
	}
	if err := card.PowerOn(); err != nil {
		t.Fatal(err)
	}
	return card
}

// tap is one host in session with one card.
type tap struct {
	t        testing.TB
	send     func([]byte) []byte
	entropy  *rand.ChaCha8
	cardID   []byte
	certHash []byte
	fci      []byte

	enc           cipher.Block
	mac, rmac     cmacKey
	chain, last   [16]byte
	commandsCount uint64
}

const selectHex = "00A4040009F04C594C545931000100"

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// newTap selects and agrees.
func newTap(t testing.TB, send func([]byte) []byte) *tap {
	t.Helper()
	h := &tap{t: t, send: send, entropy: seeded(77)}
	h.selectCard()
	h.agree()
	return h
}

func (h *tap) selectCard() {
	h.t.Helper()
	answer := h.send(unhex(selectHex))
	if len(answer) != 68 {
		h.t.Fatalf("SELECT answers %X", answer)
	}
	h.fci = answer
	h.cardID = answer[20:28]
	h.certHash = answer[40:48]
}

func (h *tap) agree() {
	h.t.Helper()
	d := make([]byte, 32)
	_, _ = h.entropy.Read(d)
	key, err := ecdh.P256().NewPrivateKey(d)
	if err != nil {
		h.t.Fatal(err)
	}
	nh := make([]byte, 16)
	_, _ = h.entropy.Read(nh)
	qh := key.PublicKey().Bytes()
	cert := h.send(unhex("00B0810000"))
	if len(cert) != 171 {
		h.t.Fatalf("READ BINARY answers %X", cert)
	}
	answer := h.send(append(append(unhex("0088010151"), nh...), qh...))
	if len(answer) != 50 {
		h.t.Fatalf("KEY AGREE answers %X", answer)
	}
	nc, sealed, cryptogram := answer[:16], answer[16:32], answer[32:48]
	qc, err := ecdh.P256().NewPublicKey(cert[25:90])
	if err != nil {
		h.t.Fatal(err)
	}
	z, err := key.ECDH(qc)
	if err != nil {
		h.t.Fatal(err)
	}
	k := oneStepKDF(z, bytes.Join([][]byte{[]byte("LYL1"), h.cardID, h.certHash, nh, nc}, nil))
	want := newCMAC([16]byte(k[:16])).sum([]byte("KC_1_V"), h.cardID, qh, sealed)
	if !bytes.Equal(cryptogram, want[:]) {
		h.t.Fatalf("cryptogram %X, want %X", cryptogram, want)
	}
	h.start([16]byte(k[16:32]), [16]byte(k[32:48]), [16]byte(k[48:64]))
}

func (h *tap) start(enc, mac, rmac [16]byte) {
	h.enc, h.mac, h.rmac = newAES(enc), newCMAC(mac), newCMAC(rmac)
	h.chain, h.commandsCount = [16]byte{}, 0
}

// wrap is card.md 3.2 from the host's side.
func (h *tap) wrap(cla, ins, p1, p2 byte, data []byte) []byte {
	if len(data) > 0 {
		data = append(bytes.Clone(data), 0x80)
		data = append(data, make([]byte, (16-len(data)%16)%16)...)
	}
	return h.wrapPadded(cla, ins, p1, p2, data)
}

// wrapPadded takes the padding as it comes, right or wrong.
func (h *tap) wrapPadded(cla, ins, p1, p2 byte, data []byte) []byte {
	h.commandsCount++
	if whole := len(data) / 16 * 16; whole > 0 {
		data = bytes.Clone(data)
		cipher.NewCBCEncrypter(h.enc, h.iv(0)).CryptBlocks(data[:whole], data[:whole])
	}
	head := []byte{cla, ins, p1, p2, byte(len(data) + 8)}
	h.last = h.mac.sum(h.chain[:], head, data)
	h.chain = h.last
	return append(append(head, data...), h.last[:8]...)
}

func (h *tap) iv(first byte) []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 8), h.commandsCount)
	b[0] = first
	h.enc.Encrypt(b, b)
	return b
}

// unwrap checks the R-MAC; false means that the answer is no outcome.
func (h *tap) unwrap(answer []byte) (data []byte, sw statusWord, proven bool) {
	if len(answer) < 2 {
		return nil, 0, false
	}
	n := len(answer) - 2
	sw = statusWord(binary.BigEndian.Uint16(answer[n:]))
	if n < 8 {
		return nil, sw, false
	}
	encrypted, mac := answer[:n-8], answer[n-8:n]
	want := h.rmac.sum(h.last[:], encrypted, answer[n:])
	if !bytes.Equal(mac, want[:8]) {
		return nil, sw, false
	}
	if len(encrypted) == 0 {
		return nil, sw, true
	}
	data = make([]byte, len(encrypted))
	cipher.NewCBCDecrypter(h.enc, h.iv(0x80)).CryptBlocks(data, encrypted)
	return data[:bytes.LastIndexByte(data, 0x80)], sw, true
}

func (h *tap) do(cla, ins, p1, p2 byte, data []byte) ([]byte, statusWord) {
	h.t.Helper()
	answer := h.send(h.wrap(cla, ins, p1, p2, data))
	plain, sw, proven := h.unwrap(answer)
	if !proven {
		h.t.Fatalf("INS %02X: answer %X carries no right R-MAC", ins, answer)
	}
	return plain, sw
}

// want runs a wrapped command that must answer this status word.
func (h *tap) want(sw statusWord, cla, ins, p1, p2 byte, data []byte) []byte {
	h.t.Helper()
	answer, got := h.do(cla, ins, p1, p2, data)
	if got != sw {
		h.t.Fatalf("INS %02X answers %04X, want %04X", ins, got, sw)
	}
	return answer
}

func block(digits string) []byte {
	return append([]byte(digits), bytes.Repeat([]byte{0xFF}, 8-len(digits))...)
}

func (h *tap) verify(pin string) statusWord {
	h.t.Helper()
	_, sw := h.do(0x04, 0x20, 0, 1, block(pin))
	return sw
}

// sale is one DEBIT with everything that a store writes into its intent.
type sale struct {
	amount, store uint32
	lane          byte
	txid, r       string // 16 characters each
}

func newSale(amount uint32, txid string) sale {
	return sale{amount: amount, store: 7, lane: 2, txid: fill(txid), r: fill("secret of " + txid)}
}

func fill(s string) string { return (s + strings.Repeat(".", 16))[:16] }

func (s sale) debit() []byte {
	lock := sha256.Sum256([]byte(s.r))
	b := binary.BigEndian.AppendUint32(u32(s.amount), s.store)
	return append(append(append(b, s.lane), s.txid...), lock[:16]...)
}

func (s sale) undo() []byte { return []byte(s.txid + s.r) }

func (h *tap) debit(s sale) statusWord {
	h.t.Helper()
	_, sw := h.do(0x84, 0x54, 0, 0, s.debit())
	return sw
}

func (h *tap) load(office *headOffice, seq uint32, amount int32) {
	h.t.Helper()
	h.want(0x9000, 0x84, 0x52, 0, 0, office.voucher(h.cardID, seq, 1, amount, "ref"))
}

// purse is BALANCE: balance, ctr, load sequence, spent without PIN.
func (h *tap) purse() (p [4]uint32) {
	h.t.Helper()
	b := h.want(0x9000, 0x84, 0x5C, 0, 0, nil)
	for i := range p {
		p[i] = binary.BigEndian.Uint32(b[4*i:])
	}
	return p
}

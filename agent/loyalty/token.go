package loyalty

import (
	"crypto/ed25519"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
)

// tokenLabel keeps a signature over a bill from being one over anything else; its number is the format.
const tokenLabel = "loyaltill bill 1"

// MaxTokenBytes bounds a token: the largest sale, with room to spare. A sale of twenty lines has about 300.
const MaxTokenBytes = 32 << 10

// ErrToken says that a bill token is not one, or not signed with the key that was expected.
var ErrToken = errors.New("not a bill token of this key")

// Token is the sale as its bill carries it to another store: a short binary form with the selling store's signature, so that
// goods can be taken back there without a line to head office. Whose key it is, is the caller's to know. The sum of
// returns made before cannot be on it: who settles offline asks for the bill itself, and head office finds a second use.
func (r *Returnable) Token(key ed25519.PrivateKey) ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	programme, err := hex.DecodeString(r.Programme)
	if err != nil {
		return nil, errors.New("sign bill: the programme is no digest")
	}
	d := digester{buf: make([]byte, 0, 256+16*len(r.Lines))}
	d.ints(int64(r.Store), int64(r.Epoch), int64(r.Seq), int64(r.Member), tokenDay(r.Day))
	d.text(string(programme))
	d.text(r.Currency)
	d.ints(r.ToPay, int64(r.Earned), int64(len(r.Lines)))
	for _, l := range r.Lines {
		d.ints(l.Quantity, l.Price, l.Paid, int64(l.Earned), int64(l.Spent))
	}
	d.lots(r.Lots, r.Spent)
	for _, w := range r.Wallets {
		d.wallet(&w)
	}
	if len(r.Partners) > 0 {
		d.text(tokenPartners)
		d.partners(r.Partners)
	}
	d.spentGiftCards(r)
	d.returnableStamps(r.Stamps)
	return append(d.buf, ed25519.Sign(key, slices.Concat([]byte(tokenLabel), d.buf))...), nil
}

func (d *digester) lots(made []LotID, spent []SpentLot) {
	d.ints(int64(len(made)))
	for _, id := range made {
		d.text(string(id))
	}
	d.ints(int64(len(spent)))
	for _, l := range spent {
		d.text(strings.TrimSuffix(string(l.Lot), otherBranch))
		d.ints(int64(l.Points), tokenDay(l.Earned), tokenDay(l.Expires))
	}
}

// What not every sale has stands at the end of a token, each part with its label, so that one without it stays as it was.
const (
	tokenWallet    = "wallet"
	tokenPartners  = "partners"
	tokenGiftCards = "gift cards"
	tokenStamps    = "stamps"
)

func (d *digester) wallet(w *ReturnableWallet) {
	d.text(tokenWallet)
	d.text(string(w.Wallet))
	d.ints(int64(w.Earned), int64(len(w.Lines)))
	for _, l := range w.Lines {
		d.ints(int64(l.Earned), int64(l.Spent))
	}
	d.lots(w.Lots, w.Spent)
	d.partners(w.Partners)
}

func (d *digester) partners(parts []PartnerPart) {
	d.ints(int64(len(parts)))
	for _, p := range parts {
		d.text(p.Partner)
		d.ints(int64(p.Points))
	}
}

// tokenDay is a day as a number; 0 is none.
func tokenDay(day string) int64 {
	d, _ := parseDay(day)
	return int64(d)
}

// ReadToken checks a bill token against the selling store's key and gives the sale. Its error is ErrToken.
func ReadToken(token []byte, key ed25519.PublicKey) (Returnable, error) {
	if len(token) < ed25519.SignatureSize || len(token) > MaxTokenBytes || len(key) != ed25519.PublicKeySize {
		return Returnable{}, ErrToken
	}
	body, signature := token[:len(token)-ed25519.SignatureSize], token[len(token)-ed25519.SignatureSize:]
	if !ed25519.Verify(key, slices.Concat([]byte(tokenLabel), body), signature) {
		return Returnable{}, ErrToken
	}
	t := tokenReader{left: body, ok: true}
	r := t.returnable()
	if !t.ok || len(t.left) > 0 || r.check() != nil {
		return Returnable{}, ErrToken
	}
	return r, nil
}

// tokenReader reads what Token wrote; after the first fault it gives zeros.
type tokenReader struct {
	left []byte
	ok   bool
}

func (t *tokenReader) int() int64 {
	n, size := binary.Varint(t.left)
	if size <= 0 {
		t.left, t.ok = nil, false
		return 0
	}
	t.left = t.left[size:]
	return n
}

// count reads how many follow; every one of them takes a byte at least, so that no number makes more than the token holds.
func (t *tokenReader) count() int {
	n := t.int()
	if n < 0 || n > int64(len(t.left)) {
		t.left, t.ok = nil, false
		return 0
	}
	return int(n)
}

func (t *tokenReader) text() string {
	n, size := binary.Uvarint(t.left)
	if size <= 0 || n > uint64(len(t.left)-size) {
		t.left, t.ok = nil, false
		return ""
	}
	s := t.left[size : size+int(n)]
	t.left = t.left[size+int(n):]
	return string(s)
}

const lastTokenDay = 2_932_896 // 9999-12-31

func (t *tokenReader) day() string {
	n := t.int()
	if n == 0 {
		return ""
	}
	if n < 0 || n > lastTokenDay {
		t.ok = false
		return ""
	}
	return date(n).String()
}

func (t *tokenReader) returnable() Returnable {
	r := Returnable{Store: StoreID(t.int()), Epoch: Epoch(t.int()), Seq: Seq(t.int()), Member: MemberID(t.int()), Day: t.day()}
	r.Programme, r.Currency = hex.EncodeToString([]byte(t.text())), t.text()
	r.ToPay, r.Earned = t.int(), Points(t.int())
	for range t.count() {
		r.Lines = append(r.Lines, ReturnableLine{Quantity: t.int(), Price: t.int(), Paid: t.int(), Earned: Points(t.int()), Spent: Points(t.int())})
	}
	r.Lots, r.Spent = t.lots()
	for t.ok && len(t.left) > 0 {
		switch t.text() {
		case tokenWallet:
			r.Wallets = append(r.Wallets, t.wallet())
		case tokenPartners:
			r.Partners = t.partners()
		case tokenStamps:
			r.Stamps = append(r.Stamps, t.stamp())
		case tokenGiftCards:
			t.giftCards(&r)
		default:
			t.ok = false
		}
	}
	return r
}

func (t *tokenReader) wallet() ReturnableWallet {
	w := ReturnableWallet{Wallet: WalletID(t.text()), Earned: Points(t.int())}
	for range t.count() {
		w.Lines = append(w.Lines, ReturnedPart{Points(t.int()), Points(t.int())})
	}
	w.Lots, w.Spent = t.lots()
	w.Partners = t.partners()
	return w
}

func (t *tokenReader) partners() (parts []PartnerPart) {
	for range t.count() {
		parts = append(parts, PartnerPart{t.text(), Points(t.int())})
	}
	return parts
}

func (t *tokenReader) lots() (made []LotID, spent []SpentLot) {
	for range t.count() {
		made = append(made, LotID(t.text()))
	}
	for range t.count() {
		spent = append(spent, SpentLot{Lot: LotID(t.text()), Points: Points(t.int()), Earned: t.day(), Expires: t.day()})
	}
	return made, spent
}

// Package cardtest is a small head office for tests: it signs cards, makes vouchers and checks what cards prove.
//
// It owns keys made anew for each test. It must never be imported by anything but tests: a store's program holds no such
// keys.
package cardtest

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"
	"time"

	"loyaltill/devices/card"
)

// Issuer has everything that only head office has.
type Issuer struct {
	Root   *ecdsa.PrivateKey
	CA     *ecdsa.PrivateKey // the issuing key
	Scheme card.Scheme

	masterTX, masterLoad card.Key
}

// NewIssuer makes an issuer of scheme "LYL1" with fresh keys.
func NewIssuer(tb testing.TB) *Issuer {
	tb.Helper()
	var keys [2]*ecdsa.PrivateKey
	for i := range keys {
		var err error
		if keys[i], err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			tb.Fatal(err)
		}
	}
	i := &Issuer{Root: keys[0], CA: keys[1], Scheme: card.Scheme([]byte("LYL1"))}
	rand.Read(i.masterTX[:])
	rand.Read(i.masterLoad[:])
	return i
}

// Statement is what the root says of the issuing key. Change changes it before it is signed; nil changes nothing.
func (i *Issuer) Statement(tb testing.TB, change func(*card.IssuingKey)) []byte {
	tb.Helper()
	k := &card.IssuingKey{Key: &i.CA.PublicKey, Scheme: i.Scheme, LastDay: 1<<16 - 1}
	if change != nil {
		change(k)
	}
	tbs, err := k.MarshalTBS()
	if err != nil {
		tb.Fatal(err)
	}
	digest := sha256.Sum256(tbs)
	der, err := i.Root.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		tb.Fatal(err)
	}
	if err := k.SetSignatureASN1(der); err != nil {
		tb.Fatal(err)
	}
	statement, err := k.Marshal()
	if err != nil {
		tb.Fatal(err)
	}
	return statement
}

// Trust is what a store of this issuer believes.
func (i *Issuer) Trust(tb testing.TB, hot func(card.ID) bool) *card.Trust {
	tb.Helper()
	statement := i.Statement(tb, nil)
	trust, err := card.NewTrust(i.Scheme, &i.Root.PublicKey, card.Lists{Hot: hot, IssuingKey: func(id card.KeyID) []byte {
		if own, err := card.KeyIDOf(&i.CA.PublicKey); err != nil || id != own {
			return nil
		}
		return statement
	}})
	if err != nil {
		tb.Fatal(err)
	}
	return trust
}

// Plastic is what a card is made with. Zero fields get ordinary values.
type Plastic struct {
	ID              card.ID
	Number          string
	Tier            string
	PIN, PUK        string // PIN "-" is none
	LastDay         card.Day
	Flags           card.CertificateFlags
	NoPINSingle     uint32
	NoPINCumulative uint32
	PretendCA       *card.KeyID // names another CA than the one that signs
}

func (p Plastic) filled() Plastic {
	if p.ID == (card.ID{}) {
		p.ID = card.ID{7: 1}
	}
	if p.Number == "" {
		p.Number = "6034000000000018"
	}
	switch p.PIN {
	case "":
		p.PIN = "4711"
	case "-":
		p.PIN = ""
	}
	if p.PUK == "" {
		p.PUK = "12345678"
	}
	if p.LastDay == 0 {
		p.LastDay = card.DayOf(time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC))
	}
	return p
}

// Certificate signs the card's public key.
func (i *Issuer) Certificate(tb testing.TB, point []byte, p Plastic) *card.Certificate {
	tb.Helper()
	p = p.filled()
	key, err := ecdh.P256().NewPublicKey(point)
	if err != nil {
		tb.Fatal(err)
	}
	ca, err := card.KeyIDOf(&i.CA.PublicKey)
	if err != nil {
		tb.Fatal(err)
	}
	if p.PretendCA != nil {
		ca = *p.PretendCA
	}
	c := &card.Certificate{CA: ca, Card: p.ID, Key: key, Scheme: i.Scheme, LastDay: p.LastDay, Flags: p.Flags}
	digest := sha256.Sum256(c.MarshalTBS())
	der, err := i.CA.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		tb.Fatal(err)
	}
	if err := c.SetSignatureASN1(der); err != nil {
		tb.Fatal(err)
	}
	return c
}

// Personalise answers a card's request with its file, card.md 6.
func (i *Issuer) Personalise(tb testing.TB, request []byte, p Plastic) []byte {
	tb.Helper()
	p = p.filled()
	var asked struct {
		PublicKey string `json:"public_key"`
	}
	if err := json.Unmarshal(request, &asked); err != nil {
		tb.Fatal(err)
	}
	point, err := hex.DecodeString(asked.PublicKey)
	if err != nil {
		tb.Fatal(err)
	}
	ktx, kld := i.keys(p.ID)
	file, err := json.Marshal(map[string]any{
		"card_id":     p.ID.String(),
		"certificate": hex.EncodeToString(i.Certificate(tb, point, p).Marshal()),
		"k_tx":        hex.EncodeToString(ktx[:]), "k_ld": hex.EncodeToString(kld[:]),
		"number": p.Number, "scheme": i.Scheme.String(), "tier": p.Tier, "language": "lv", "pin": p.PIN, "puk": p.PUK,
		"no_pin_single": p.NoPINSingle, "no_pin_cumulative": p.NoPINCumulative,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return file
}

// Personalisation is what a blank with that public key is made a member's card with. PIN and PUK are left to the caller.
func (i *Issuer) Personalisation(tb testing.TB, point []byte, p Plastic) card.Personalisation {
	tb.Helper()
	p = p.filled()
	ktx, kld := i.keys(p.ID)
	return card.Personalisation{Certificate: i.Certificate(tb, point, p).Marshal(), KTX: ktx, KLD: kld, Number: card.Number(p.Number),
		Scheme: i.Scheme, Tier: p.Tier, Language: "lv", NoPINSingle: p.NoPINSingle, NoPINCumulative: p.NoPINCumulative}
}

func (i *Issuer) keys(id card.ID) (ktx, kld card.Key) {
	return card.CMAC(i.masterTX, card.DerivationInput(card.LabelTX, id)),
		card.CMAC(i.masterLoad, card.DerivationInput(card.LabelLoad, id))
}

// Voucher makes a voucher of points.
func (i *Issuer) Voucher(id card.ID, seq uint32, amount int32) card.Voucher {
	return i.Sign(card.Order{Kind: card.KindPoints, Amount: amount, Ref: [8]byte{0xAB, byte(seq >> 8), byte(seq)}}.Voucher(id, seq))
}

// Sign gives a voucher its MAC.
func (i *Issuer) Sign(v card.Voucher) card.Voucher {
	_, kld := i.keys(v.Card)
	v.MAC = card.CMAC(kld, card.VoucherMACInput(v))
	return v
}

// Renewal orders a card to take a certificate.
func (i *Issuer) Renewal(c *card.Certificate) card.Renewal {
	_, kld := i.keys(c.Card)
	raw := c.Marshal()
	return card.Renewal{Certificate: raw, MAC: card.CMAC(kld, card.RenewalMACInput(c.Card, raw))}
}

// Proves reports whether card id made the record.
func (i *Issuer) Proves(id card.ID, r card.Record) bool {
	ktx, _ := i.keys(id)
	mac := card.CMAC(ktx, card.TXMACInput(id, r))
	return r.MAC == card.TXMAC(mac[:])
}

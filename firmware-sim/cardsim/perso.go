package cardsim

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

var (
	// ErrPersonalised says that a card has its identity already; it never gets a second one.
	ErrPersonalised = errors.New("card is personalised already")
	// ErrOtherKey says that a certificate was made for the key of another card.
	ErrOtherKey = errors.New("certificate is for another key")
)

// identity is what personalisation gives to a blank card, by file (card.md 6) or through the channel (card.md 5.2).
type identity struct {
	certificate        certificate
	ktx, kld, info     []byte
	pin, puk           []byte // nil when not set
	single, cumulative uint32
}

// perso is the personalisation file of card.md 6.
type perso struct {
	CardID          string `json:"card_id"`
	Certificate     string `json:"certificate"`
	KTx             string `json:"k_tx"`
	KLd             string `json:"k_ld"`
	Number          string `json:"number"`
	Scheme          string `json:"scheme"`
	Tier            string `json:"tier"`
	Language        string `json:"language"`
	PIN             string `json:"pin"`
	PUK             string `json:"puk"`
	NoPINSingle     uint32 `json:"no_pin_single"`
	NoPINCumulative uint32 `json:"no_pin_cumulative"`
}

// parsePerso never quotes what it read: the file holds keys and PIN.
func parsePerso(file []byte) (identity, error) {
	var p perso
	decoder := json.NewDecoder(bytes.NewReader(file))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		return identity{}, errors.New("not a personalisation file: JSON or a field is wrong")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return identity{}, errors.New("data behind the personalisation")
	}
	return p.identity()
}

// identity decodes and checks the fields.
func (p perso) identity() (identity, error) {
	var cardID, cert, scheme []byte
	id := identity{single: p.NoPINSingle, cumulative: p.NoPINCumulative}
	for _, f := range []struct {
		name, hex string
		size      int
		into      *[]byte
	}{
		{"card_id", p.CardID, cardIDSize, &cardID},
		{"certificate", p.Certificate, certSize, &cert},
		{"k_tx", p.KTx, 16, &id.ktx},
		{"k_ld", p.KLd, 16, &id.kld},
		{"scheme", p.Scheme, schemeSize, &scheme},
	} {
		b, err := hex.DecodeString(f.hex)
		if err != nil || len(b) != f.size {
			return identity{}, fmt.Errorf("%s: want %d bytes in hexadecimal", f.name, f.size)
		}
		*f.into = b
	}
	id.certificate = cert
	if err := id.certificate.checkForm(); err != nil {
		return identity{}, err
	}
	if !bytes.Equal(id.certificate.cardID(), cardID) {
		return identity{}, errors.New("certificate is for another card id")
	}
	i := info{number: []byte(p.Number), scheme: scheme, tier: []byte(p.Tier), language: []byte(p.Language)}
	if err := i.check(); err != nil {
		return identity{}, err
	}
	id.info = i.bytes()
	var err error
	if id.pin, err = secretBlock("pin", p.PIN); err != nil {
		return identity{}, err
	}
	id.puk, err = secretBlock("puk", p.PUK)
	return id, err
}

// secretBlock is the block of card.md 3.3, nil for a secret that is not set.
func secretBlock(name, digits string) ([]byte, error) {
	if digits == "" {
		return nil, nil
	}
	block := append([]byte(digits), bytes.Repeat([]byte{0xFF}, max(0, blockSize-len(digits)))...)
	if !validBlock(block) {
		return nil, fmt.Errorf("%s: want %d to %d digits", name, minDigits, blockSize)
	}
	return block, nil
}

// personalise gives a blank card without power its identity.
func (c *Core) personalise(id identity) error {
	if err := c.nvm.powerOn(); err != nil {
		return err
	}
	if !c.blank() {
		return ErrPersonalised
	}
	return c.activate(id)
}

// activate writes the identity in one atomic step, and forgets the transport keys in the same.
func (c *Core) activate(id identity) error {
	t := c.nvm.begin()
	t.set(lifeAt, lifeActive)
	c.setCertificate(t, id.certificate)
	t.setBytes(ktxAt, id.ktx)
	t.setBytes(kldAt, id.kld)
	t.set(infoLenAt, uint32(len(id.info)))
	t.setBytes(infoAt, id.info)
	t.set(singleLimitAt, id.single)
	t.set(cumulativeLimitAt, id.cumulative)
	secrets := uint32(0)
	if id.pin != nil {
		t.setBytes(pinAt, id.pin)
		t.set(pinTriesAt, maxPINTries)
		secrets |= pinSecret.bit()
	}
	if id.puk != nil {
		t.setBytes(pukAt, id.puk)
		t.set(pukTriesAt, maxPUKTries)
		secrets |= pukSecret.bit()
	}
	t.set(secretsAt, secrets)
	t.setBytes(transportAt, make([]byte, 4*transportWords))
	return t.commit()
}

// terminate ends the card's life; the contract's way is a voucher (card.md 3.9), this one is the bench's.
func (c *Core) terminate() error {
	if err := c.nvm.powerOn(); err != nil {
		return err
	}
	t := c.nvm.begin()
	t.set(lifeAt, lifeTerminated)
	return t.commit()
}

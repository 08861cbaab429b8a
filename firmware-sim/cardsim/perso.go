package cardsim

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

var (
	// ErrPersonalised says that a card has its identity already; it never gets a second one.
	ErrPersonalised = errors.New("card is personalised already")
	// ErrOtherKey says that a certificate was made for the key of another card.
	ErrOtherKey = errors.New("certificate is for another key")
)

const (
	maxNumberDigits = 24
	maxTierSize     = 24
)

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

// identity is a perso file decoded and checked.
type identity struct {
	certificate, ktx, kld, info []byte
	pin, puk                    []byte // nil when not set
	single, cumulative          uint32
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
	var cardID, scheme []byte
	id := identity{single: p.NoPINSingle, cumulative: p.NoPINCumulative}
	for _, f := range []struct {
		name, hex string
		size      int
		into      *[]byte
	}{
		{"card_id", p.CardID, cardIDSize, &cardID},
		{"certificate", p.Certificate, certSize, &id.certificate},
		{"k_tx", p.KTx, 16, &id.ktx},
		{"k_ld", p.KLd, 16, &id.kld},
		{"scheme", p.Scheme, 4, &scheme},
	} {
		b, err := hex.DecodeString(f.hex)
		if err != nil || len(b) != f.size {
			return identity{}, fmt.Errorf("%s: want %d bytes in hexadecimal", f.name, f.size)
		}
		*f.into = b
	}
	if err := checkCertificate(id.certificate, cardID); err != nil {
		return identity{}, err
	}
	var err error
	if id.info, err = p.info(scheme); err != nil {
		return identity{}, err
	}
	if id.pin, err = secretBlock("pin", p.PIN); err != nil {
		return identity{}, err
	}
	id.puk, err = secretBlock("puk", p.PUK)
	return id, err
}

// checkCertificate looks at the form only. Whether the signature is head office's is for the host to find out, and
// counterfeit cards must be possible.
func checkCertificate(cert, cardID []byte) error {
	at := 0
	for _, f := range []struct{ tag, size byte }{
		{0x50, 1}, {0x51, keyIDSize}, {0x52, cardIDSize}, {0x53, pointSize}, {0x54, 4}, {0x55, 2}, {0x56, 1}, {0x5F, 64},
	} {
		if cert[at] != f.tag || cert[at+1] != f.size {
			return fmt.Errorf("certificate: want tag %02X with %d bytes at offset %d", f.tag, f.size, at)
		}
		at += 2 + int(f.size)
	}
	if !bytes.Equal(cert[certCardID:certCardID+cardIDSize], cardID) {
		return errors.New("certificate is for another card id")
	}
	return nil
}

// info is EF.INFO, card.md 2.
func (p perso) info(scheme []byte) ([]byte, error) {
	switch {
	case len(p.Number) == 0 || len(p.Number) > maxNumberDigits || strings.Trim(p.Number, "0123456789") != "":
		return nil, fmt.Errorf("number: want 1 to %d digits", maxNumberDigits)
	case len(p.Tier) > maxTierSize || strings.ContainsFunc(p.Tier, func(r rune) bool { return r < ' ' || r > '~' }):
		return nil, fmt.Errorf("tier: want at most %d ASCII characters", maxTierSize)
	case len(p.Language) != 2 || strings.ContainsFunc(p.Language, func(r rune) bool { return r < 'a' || r > 'z' }):
		return nil, errors.New("language: want two small ASCII letters")
	}
	info := tlv(0x61, []byte(p.Number)...)
	info = append(info, tlv(0x62, scheme...)...)
	info = append(info, tlv(0x63, []byte(p.Tier)...)...)
	return append(info, tlv(0x64, []byte(p.Language)...)...), nil
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

// personalise gives a blank card its identity in one atomic step.
func (c *Core) personalise(id identity) error {
	if err := c.nvm.powerOn(); err != nil {
		return err
	}
	if c.nvm.word(lifeAt) != lifeBlank {
		return ErrPersonalised
	}
	t := c.nvm.begin()
	t.set(lifeAt, lifeActive)
	t.setBytes(certAt, id.certificate)
	t.setBytes(ktxAt, id.ktx)
	t.setBytes(kldAt, id.kld)
	t.set(infoLenAt, uint32(len(id.info)))
	t.setBytes(infoAt, id.info)
	t.set(singleLimitAt, id.single)
	t.set(cumulativeLimitAt, id.cumulative)
	t.set(ratifiedAt, 1) // card.md 2: when nothing was ever done it is set
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
	return t.commit()
}

// terminate ends the card's life; no command of the contract does, head office's tools would.
func (c *Core) terminate() error {
	if err := c.nvm.powerOn(); err != nil {
		return err
	}
	t := c.nvm.begin()
	t.set(lifeAt, lifeTerminated)
	return t.commit()
}

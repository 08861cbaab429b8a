package card_test

import (
	"context"
	"errors"
	"testing"

	"loyaltill/devices/card"
	"loyaltill/devices/card/cardtest"
	"loyaltill/firmware-sim/cardsim"
)

// press is head office's desk: a blank card in a reader, and the keys that came with it.
type press struct {
	*store
	reader card.Transmitter
	keys   card.TransportKeys
}

func newPress(t *testing.T) *press {
	t.Helper()
	issuer := cardtest.NewIssuer(t)
	p := &press{store: &store{slot: &slot{card: blank(t)}, issuer: issuer, trust: issuer.Trust(t, nil), id: card.ID{7: 1}}}
	p.reader = p.slot
	theirs := cardsim.TestTransportKeys()
	p.keys = card.TransportKeys{Version: theirs.Version, Enc: theirs.Enc, MAC: theirs.MAC}
	p.insert(t)
	return p
}

// make personalises the card in the reader.
func (p *press) make(t *testing.T, change func(*card.Personalisation)) error {
	t.Helper()
	b, err := card.OpenBlank(t.Context(), p.reader, p.keys)
	if err != nil {
		return err
	}
	defer b.End()
	key, err := b.GenerateKey(t.Context())
	if err != nil {
		return err
	}
	perso := p.issuer.Personalisation(t, key.Bytes(), cardtest.Plastic{ID: p.id})
	perso.PIN, perso.PUK = pin(t, "4711"), pin(t, "12345678")
	if change != nil {
		change(&perso)
	}
	return b.Store(t.Context(), perso)
}

func TestBlankBecomesAMembersCard(t *testing.T) {
	p := newPress(t)
	if look, err := card.LookAt(t.Context(), p.slot); err != nil || !look.Blank {
		t.Fatalf("%+v %v", look, err)
	}
	if err := p.make(t, nil); err != nil {
		t.Fatal(err)
	}
	if look, err := card.LookAt(t.Context(), p.slot); err != nil || look.Blank || look.Card != p.id {
		t.Errorf("%+v %v", look, err)
	}
	session := p.load(t, 500)
	if err := session.VerifyPIN(t.Context(), pin(t, "4711")); err != nil {
		t.Error(err)
	}
	if got := session.Identity(); string(got.Number) != "6034000000000018" || got.Language != "lv" {
		t.Errorf("%q %q", string(got.Number), got.Language)
	}
}

func TestBlankWithoutPINLetsTheMemberChooseOne(t *testing.T) {
	p := newPress(t)
	if err := p.make(t, func(c *card.Personalisation) { c.PIN = nil }); err != nil {
		t.Fatal(err)
	}
	status, err := p.open(t).PINStatus(t.Context())
	if err != nil || status.Set {
		t.Errorf("%+v %v", status, err)
	}
}

func TestActiveCardIsNotMadeAnew(t *testing.T) {
	p := newPress(t)
	if err := p.make(t, nil); err != nil {
		t.Fatal(err)
	}
	wantErr(t, p.make(t, nil), card.ErrNotBlank)
}

func TestWrongTransportKeysChangeNothing(t *testing.T) {
	for name, spoil := range map[string]func(*card.TransportKeys){
		"encryption key": func(k *card.TransportKeys) { k.MAC[0] ^= 1 },
		"version":        func(k *card.TransportKeys) { k.Version = 0x77 },
	} {
		p := newPress(t)
		good := p.keys
		spoil(&p.keys)
		if err := p.make(t, nil); !errors.Is(err, card.ErrTransportKey) {
			t.Errorf("%s: %v", name, err)
		}
		p.keys = good
		if err := p.make(t, nil); err != nil {
			t.Errorf("%s: the blank is spoilt: %v", name, err)
		}
	}
}

func TestCertificateForAnotherKeyLeavesTheCardBlank(t *testing.T) {
	p := newPress(t)
	other := newPress(t)
	b, err := card.OpenBlank(t.Context(), other.slot, other.keys)
	if err != nil {
		t.Fatal(err)
	}
	key, err := b.GenerateKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stolen := p.issuer.Certificate(t, key.Bytes(), cardtest.Plastic{ID: p.id}).Marshal()
	if err := p.make(t, func(c *card.Personalisation) { c.Certificate = stolen }); err == nil {
		t.Fatal("the card took another card's certificate")
	}
	if look, err := card.LookAt(t.Context(), p.slot); err != nil || !look.Blank {
		t.Errorf("%+v %v", look, err)
	}
}

// Every answer of the way from blank to active is lost once. LookAt tells what happened, and the blank can be made after all.
func TestCardTornWhileItIsMadeIsBlankOrActive(t *testing.T) {
	for lost := range 7 {
		p := newPress(t)
		p.reader = &tearing{slot: p.slot, left: lost}
		err := p.make(t, nil)
		p.reader = p.slot
		p.insert(t)
		look, lerr := card.LookAt(t.Context(), p.slot)
		if lerr != nil {
			t.Fatal(lerr)
		}
		if err != nil && !look.Blank {
			wantErr(t, err, card.ErrOutcomeUnknown)
		}
		if look.Blank {
			if err := p.make(t, nil); err != nil {
				t.Errorf("answer %d lost: %v", lost, err)
			}
		}
		p.insert(t)
		p.open(t).End()
	}
}

// tearing is a reader from which the card is taken after so many commands: it has done the last one, and its answer is lost.
type tearing struct {
	*slot
	left int
}

func (r *tearing) Transmit(ctx context.Context, capdu, rapdu []byte) (int, error) {
	n, err := r.slot.Transmit(ctx, capdu, rapdu)
	if r.left--; r.left < 0 {
		r.torn = true
		return 0, errTorn
	}
	return n, err
}

package loyalty

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func tokenKey() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32)) }

func TestABillTokenCarriesTheSaleToAnotherStore(t *testing.T) {
	key := tokenKey()
	rapid.Check(t, func(t *rapid.T) {
		_, sale, _ := genSold(t)
		sale.Coupons = nil // coupons do not travel with a bill
		token, err := sale.Token(key)
		if err != nil {
			t.Fatal(err)
		}
		read, err := ReadToken(token, key.Public().(ed25519.PublicKey))
		if err != nil || !reflect.DeepEqual(read, sale) {
			t.Fatalf("%v\n%+v\n%+v", err, read, sale)
		}
		token[rapid.IntRange(0, len(token)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if _, err := ReadToken(token, key.Public().(ed25519.PublicKey)); !errors.Is(err, ErrToken) {
			t.Fatalf("a changed token was read: %v", err)
		}
	})
}

func TestABillTokenOfAnotherStoreOrCutShortIsRefused(t *testing.T) {
	p := compileFile(t, "full.yaml")
	_, e := sell(t, p, QuoteInput{Sale: Sale{Lines: groceries()}, Member: &MemberState{ID: 1, Medium: MediumPurse}}, testHead(1))
	sale, err := ReturnableOf(&e)
	if err != nil {
		t.Fatal(err)
	}
	token, err := sale.Token(tokenKey())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes for %d lines", len(token), len(sale.Lines))
	other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32)).Public().(ed25519.PublicKey)
	for name, given := range map[string]struct {
		token []byte
		key   ed25519.PublicKey
	}{"another key": {token, other}, "no key": {token, nil}, "cut short": {token[:len(token)-1], tokenKey().Public().(ed25519.PublicKey)}, "nothing": {nil, other}} {
		if _, err := ReadToken(given.token, given.key); !errors.Is(err, ErrToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzTokenBody: whatever was signed is a sale that can be returned, or ErrToken.
func FuzzTokenBody(f *testing.F) {
	key := tokenKey()
	f.Add([]byte{2, 2, 2, 2, 2})
	f.Fuzz(func(t *testing.T, body []byte) {
		token := append(bytes.Clone(body), ed25519.Sign(key, append([]byte(tokenLabel), body...))...)
		sale, err := ReadToken(token, key.Public().(ed25519.PublicKey))
		if err != nil {
			if !errors.Is(err, ErrToken) {
				t.Fatal(err)
			}
			return
		}
		if _, err := Return(ReturnInput{Sale: sale, All: true, Policy: ReturnPolicy{Shortage: ShortageClamp}}, testHead(2)); err != nil {
			var bad *SaleError
			if !errors.As(err, &bad) {
				t.Fatal(err)
			}
		}
	})
}

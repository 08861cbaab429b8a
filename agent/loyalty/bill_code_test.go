package loyalty

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestABillIsReadWithTheKeyOfTheStoreThatSold(t *testing.T) {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, ed25519.SeedSize))
	keys := func(s StoreID) ed25519.PublicKey {
		switch s {
		case 3:
			return key.Public().(ed25519.PublicKey)
		case 4:
			return other.Public().(ed25519.PublicKey)
		}
		return nil
	}
	bill := Returnable{Store: 3, Epoch: 1, Seq: 12, Day: "2026-11-22", Member: 1, Programme: strings.Repeat("ab", 32), Currency: "EUR", ToPay: 900,
		Earned: 90, Lines: []ReturnableLine{{Quantity: 1000, Price: 900, Earned: 90}}, Lots: []LotID{"3-1-12.1"}}
	code, err := bill.Code(key)
	if err != nil || !IsBillCode(code) {
		t.Fatalf("%q, %v", code, err)
	}
	if got, err := ReadBillCode(code, keys); err != nil || !reflect.DeepEqual(got, bill) {
		t.Errorf("got %+v, %v", got, err)
	}
	bill.Store = 4
	forged, err := bill.Code(key)
	if err != nil {
		t.Fatal(err)
	}
	bill.Store = 5
	nobody, err := bill.Code(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"another store's key": forged, "a store of nobody": nobody, "no code": "4750001", "cut off": code[:len(code)-3],
		"nothing": "LB1:", "no base 45": "LB1:€"} {
		if _, err := ReadBillCode(text, keys); !errors.Is(err, ErrToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBase45KeepsEveryByte(t *testing.T) {
	if got := encode45([]byte("Hello!!")); got != "%69 VD92EX0" { // RFC 9285, 4.3
		t.Errorf("got %q", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOf(rapid.Byte()).Draw(t, "data")
		if got, ok := decode45(encode45(data)); !ok || !bytes.Equal(got, data) {
			t.Fatalf("got %x, %v", got, ok)
		}
	})
}

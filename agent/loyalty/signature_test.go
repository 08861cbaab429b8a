package loyalty

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"testing"
)

func TestAProgrammeIsTakenOnlyAsItWasSigned(t *testing.T) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	public := key.Public().(ed25519.PublicKey)
	document := compile(t, goodHead).Canonical()
	signature := SignProgramme(document, key)
	if err := VerifyProgramme(document, signature, public); err != nil {
		t.Fatal(err)
	}
	other := ed25519.NewKeyFromSeed([]byte("00000000000000000000000000000001"))
	for name, err := range map[string]error{
		"another document":   VerifyProgramme(append(document[:len(document):len(document)], ' '), signature, public),
		"another key":        VerifyProgramme(document, signature, other.Public().(ed25519.PublicKey)),
		"no signature":       VerifyProgramme(document, nil, public),
		"no key":             VerifyProgramme(document, signature, nil),
		"a bare digest":      VerifyProgramme(document, ed25519.Sign(key, programmeMessage(document)[len(programmeLabel):]), public),
		"a bill's signature": VerifyProgramme(document, ed25519.Sign(key, append([]byte(tokenLabel), document...)), public),
	} {
		if !errors.Is(err, ErrProgrammeSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// docs/wire.md gives this vector to others.
func TestTheSignatureIsThatOfTheWire(t *testing.T) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	const want = "a5d3cb063c93c4fe7843bf756db8402d4280c79e5d732cf71a7493a24518d6b8" +
		"f50bf228d66ddcedf5d5c4b8576140c9a1a5c8e211920b6dbcf72dcc5911da0a"
	if got := hex.EncodeToString(SignProgramme([]byte(`{"format":1}`), key)); got != want {
		t.Errorf("got %s", got)
	}
}

package loyalty

import (
	"crypto/ed25519"
	"strings"
)

// billPrefix lets a till tell a bill from the other codes that it scans; its number is the format.
const billPrefix = "LB1:"

// IsBillCode says whether a scanned text claims to be the code of a bill.
func IsBillCode(text string) bool { return strings.HasPrefix(text, billPrefix) }

// Code is Token as text that fits the alphanumeric mode of a QR code.
func (r *Returnable) Code(key ed25519.PrivateKey) (string, error) {
	token, err := r.Token(key)
	if err != nil {
		return "", err
	}
	return billPrefix + encode45(token), nil
}

// ReadBillCode reads what Code wrote and checks it against the key of the store that it names. keys gives nil for a store
// that is not known. Its error is ErrToken.
func ReadBillCode(text string, keys func(StoreID) ed25519.PublicKey) (Returnable, error) {
	text, found := strings.CutPrefix(text, billPrefix)
	if !found || len(text) > MaxTokenBytes*3/2 {
		return Returnable{}, ErrToken
	}
	token, ok := decode45(text)
	if !ok {
		return Returnable{}, ErrToken
	}
	t := tokenReader{left: token, ok: true}
	return ReadToken(token, keys(StoreID(t.int())))
}

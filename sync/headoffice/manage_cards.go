package headoffice

import (
	"context"
	"time"

	"loyaltill/devices/card"
)

// NewIssuingKey makes an issuing key and writes what the root is to sign. Zero days are as usual: from yesterday, for a year of
// signing and the life of the last card.
func (m Manager) NewIssuingKey(first, last time.Time, path string) (card.KeyID, error) {
	now := m.Options.Clock()
	if first.IsZero() {
		first = now.Add(-startsBefore)
	}
	if last.IsZero() {
		last = first.Add(issuingLife)
	}
	in, id, err := m.Home.makeIssuingKey(first, last)
	if err != nil {
		return id, err
	}
	return id, in.write(path)
}

// AcceptStatement takes over what the root has signed, and tells what issuing keys there are.
func (m Manager) AcceptStatement(ctx context.Context, statement []byte) (out []IssuingKeyState, err error) {
	err = m.call(ctx, opAccept, statementInput{statement}, &out)
	return out, err
}

// IssuingKeys lists them.
func (m Manager) IssuingKeys(ctx context.Context) (out []IssuingKeyState, err error) {
	err = m.call(ctx, opKeys, none{}, &out)
	return out, err
}

package card

import (
	"bytes"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"sync"
	"time"
)

// A verified certificate is remembered, so that a card that comes again need not send it again.
const (
	cacheLimit = 4096
	cacheTime  = 24 * time.Hour
)

// Trust is what a store believes about cards: the chain, its CA keys, and which cards are blocked. Lanes share it.
type Trust struct {
	scheme Scheme
	cas    map[KeyID]*ecdsa.PublicKey
	hot    func(ID) bool

	mu    sync.Mutex
	known map[ID]knownCertificate
}

type knownCertificate struct {
	hash  CertificateHash
	cert  *Certificate
	until time.Time
}

// NewTrust pins the CA keys of a chain. hot says whether a card is on the hot list at this moment; it is asked at every tap, by
// several lanes at once. nil means no list.
func NewTrust(scheme Scheme, cas []*ecdsa.PublicKey, hot func(ID) bool) (*Trust, error) {
	if len(cas) == 0 {
		return nil, errors.New("trust without a ca key")
	}
	if hot == nil {
		hot = func(ID) bool { return false }
	}
	t := &Trust{scheme: scheme, cas: map[KeyID]*ecdsa.PublicKey{}, hot: hot, known: map[ID]knownCertificate{}}
	for _, ca := range cas {
		id, err := KeyIDOf(ca)
		if err != nil {
			return nil, err
		}
		t.cas[id] = ca
	}
	return t, nil
}

// verify judges the certificate raw of the card that SELECT described.
func (t *Trust) verify(raw []byte, sel selection, now time.Time) (*Certificate, error) {
	if hashCertificate(raw) != sel.hash {
		return nil, fmt.Errorf("%w: certificate and its hash differ", ErrUnreadable)
	}
	cert, err := ParseCertificate(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCounterfeit, err)
	}
	ca, pinned := t.cas[cert.CA]
	switch {
	case !pinned:
		return nil, fmt.Errorf("%w: ca key %v is not pinned", ErrWrongIssuer, cert.CA)
	case !cert.SignedBy(ca) || !bytes.Equal(raw, cert.Marshal()):
		return nil, fmt.Errorf("%w: signature of certificate", ErrCounterfeit)
	case cert.Card != sel.card || cert.CA != sel.ca:
		return nil, fmt.Errorf("%w: certificate of another card", ErrCounterfeit)
	case cert.Scheme != t.scheme:
		return nil, fmt.Errorf("%w: scheme %v", ErrWrongIssuer, cert.Scheme)
	}
	return cert, t.stillGood(cert, now)
}

// stillGood judges what may change between two taps.
func (t *Trust) stillGood(cert *Certificate, now time.Time) error {
	if DayOf(now) > cert.LastDay {
		return fmt.Errorf("%w: last day %s", ErrExpired, cert.LastDay.Date().Format(time.DateOnly))
	}
	if t.hot(cert.Card) {
		return fmt.Errorf("%w: %v", ErrHot, cert.Card)
	}
	return nil
}

// withoutHotList believes the same but blocks no card. It remembers nothing: it is for one tap.
func (t *Trust) withoutHotList() *Trust {
	return &Trust{scheme: t.scheme, cas: t.cas, hot: func(ID) bool { return false }, known: map[ID]knownCertificate{}}
}

// remembered is the verified certificate of the card that SELECT described, or nil.
func (t *Trust) remembered(sel selection, now time.Time) *Certificate {
	t.mu.Lock()
	defer t.mu.Unlock()
	k, ok := t.known[sel.card]
	if !ok || k.hash != sel.hash || k.cert.CA != sel.ca || now.After(k.until) {
		return nil
	}
	return k.cert
}

// remember keeps a verified certificate of a card that has proved to own its key.
func (t *Trust) remember(sel selection, cert *Certificate, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.known[sel.card]; !known && len(t.known) >= cacheLimit {
		t.forgetOne(now)
	}
	t.known[sel.card] = knownCertificate{hash: sel.hash, cert: cert, until: now.Add(cacheTime)}
}

// forgetOne makes room: any entry that is over, else any at all; the card only has to send its certificate again.
func (t *Trust) forgetOne(now time.Time) {
	var victim ID
	for id, k := range t.known {
		if victim = id; now.After(k.until) {
			break
		}
	}
	delete(t.known, victim)
}

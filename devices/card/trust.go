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

// Trust is what a store believes about cards: the chain, its root key, and what head office says of issuing keys and blocked
// cards at this moment. Lanes share it.
type Trust struct {
	scheme Scheme
	root   *ecdsa.PublicKey
	lists  Lists

	mu      sync.Mutex
	known   map[ID]knownCard
	issuers map[KeyID]knownIssuer
}

// Lists are asked at every tap, by several lanes at once: what head office sent since the last one counts.
type Lists struct {
	Hot        func(ID) bool      // whether a card is on the hot list; nil: there is no list
	IssuingKey func(KeyID) []byte // the statement of a key; nil when there is none
}

type knownCard struct {
	hash  CertificateHash
	cert  *Certificate
	info  info
	seq   uint32 // the load sequence when info was read
	until time.Time
}

// knownIssuer is a statement that was found good, so that the root's signature is checked once.
type knownIssuer struct {
	statement []byte
	key       *IssuingKey
}

// maxIssuers bounds what is remembered; a chain has a key a year.
const maxIssuers = 64

// NewTrust pins the root key of a chain.
func NewTrust(scheme Scheme, root *ecdsa.PublicKey, lists Lists) (*Trust, error) {
	if _, err := KeyIDOf(root); err != nil {
		return nil, fmt.Errorf("card root: %w", err)
	}
	if lists.IssuingKey == nil {
		return nil, errors.New("trust without issuing keys")
	}
	if lists.Hot == nil {
		lists.Hot = func(ID) bool { return false }
	}
	return &Trust{scheme: scheme, root: root, lists: lists, known: map[ID]knownCard{}, issuers: map[KeyID]knownIssuer{}}, nil
}

// issuer finds the key that a card says it was signed with, as the root speaks of it now.
func (t *Trust) issuer(id KeyID, now time.Time) (*IssuingKey, error) {
	statement := t.lists.IssuingKey(id)
	if statement == nil {
		return nil, fmt.Errorf("%w: issuing key %v is not known", ErrWrongIssuer, id)
	}
	k, err := t.stated(id, statement)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrWrongIssuer, err)
	case k.ID() != id || k.Scheme != t.scheme:
		return nil, fmt.Errorf("%w: issuing key %v of scheme %v", ErrWrongIssuer, k.ID(), k.Scheme)
	case k.Revoked:
		return nil, fmt.Errorf("%w: %v", ErrIssuerRevoked, id)
	case DayOf(now) < k.FirstDay || DayOf(now) > k.LastDay:
		return nil, fmt.Errorf("%w: issuing key %v is good from %s to %s", ErrExpired, id,
			k.FirstDay.Date().Format(time.DateOnly), k.LastDay.Date().Format(time.DateOnly))
	}
	return k, nil
}

// stated reads a statement, or remembers it.
func (t *Trust) stated(id KeyID, statement []byte) (*IssuingKey, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if k, ok := t.issuers[id]; ok && bytes.Equal(k.statement, statement) {
		return k.key, nil
	}
	k, err := ParseIssuingKey(statement, t.root)
	if err == nil && len(t.issuers) < maxIssuers {
		t.issuers[id] = knownIssuer{bytes.Clone(statement), k}
	}
	return k, err
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
	issuer, err := t.issuer(cert.CA, now)
	if err != nil {
		return nil, err
	}
	switch {
	case !cert.SignedBy(issuer.Key) || !bytes.Equal(raw, cert.Marshal()):
		return nil, fmt.Errorf("%w: signature of certificate", ErrCounterfeit)
	case cert.Card != sel.card || cert.CA != sel.ca:
		return nil, fmt.Errorf("%w: certificate of another card", ErrCounterfeit)
	case cert.Scheme != t.scheme:
		return nil, fmt.Errorf("%w: scheme %v", ErrWrongIssuer, cert.Scheme)
	case cert.LastDay > issuer.LastDay:
		return nil, fmt.Errorf("%w: certificate beyond the last day of its issuing key", ErrCounterfeit)
	}
	return cert, t.stillGood(cert, now)
}

// stillGood judges what may change between two taps.
func (t *Trust) stillGood(cert *Certificate, now time.Time) error {
	if DayOf(now) > cert.LastDay {
		return fmt.Errorf("%w: last day %s", ErrExpired, cert.LastDay.Date().Format(time.DateOnly))
	}
	if t.lists.Hot(cert.Card) {
		return fmt.Errorf("%w: %v", ErrHot, cert.Card)
	}
	return nil
}

// withoutHotList believes the same but blocks no card. It remembers nothing: it is for one tap.
func (t *Trust) withoutHotList() *Trust {
	lists := Lists{Hot: func(ID) bool { return false }, IssuingKey: t.lists.IssuingKey}
	return &Trust{scheme: t.scheme, root: t.root, lists: lists, known: map[ID]knownCard{}, issuers: map[KeyID]knownIssuer{}}
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

// informed is what EF.INFO of that card says, when nothing was loaded since it was read.
func (t *Trust) informed(sel selection) (info, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	k, ok := t.known[sel.card]
	return k.info, ok && k.hash == sel.hash && k.seq == sel.loadSeq
}

// remember keeps a verified certificate, and the free information, of a card that has proved to own its key.
func (t *Trust) remember(sel selection, cert *Certificate, i info, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.known[sel.card]; !known && len(t.known) >= cacheLimit {
		t.forgetOne(now)
	}
	t.known[sel.card] = knownCard{hash: sel.hash, cert: cert, info: i, seq: sel.loadSeq, until: now.Add(cacheTime)}
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

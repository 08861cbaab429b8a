package card

import (
	"encoding"
	"encoding/hex"
	"fmt"
	"io"
	"time"
)

// ID names one card for ever; the certificate proves it.
type ID [8]byte

// ParseID reads the sixteen hexadecimal digits that ID prints as.
func ParseID(s string) (ID, error) {
	var id ID
	return id, id.UnmarshalText([]byte(s))
}

func (id ID) String() string                { return hex.EncodeToString(id[:]) }
func (id ID) MarshalText() ([]byte, error)  { return hexText(id[:]), nil }
func (id *ID) UnmarshalText(b []byte) error { return fromHex("card id", id[:], b) }

// Scheme is the chain that a card belongs to.
type Scheme [4]byte

func (s Scheme) String() string                { return hex.EncodeToString(s[:]) }
func (s Scheme) MarshalText() ([]byte, error)  { return hexText(s[:]), nil }
func (s *Scheme) UnmarshalText(b []byte) error { return fromHex("scheme", s[:], b) }

// KeyID names a CA key: the first bytes of the SHA-256 of its uncompressed point.
type KeyID [8]byte

func (k KeyID) String() string { return hex.EncodeToString(k[:]) }

// CertificateHash is the first bytes of a certificate's SHA-256.
type CertificateHash [8]byte

func (h CertificateHash) String() string { return hex.EncodeToString(h[:]) }

// TxID names one transaction; the store makes it before it sends anything.
type TxID [16]byte

func (id TxID) String() string                { return hex.EncodeToString(id[:]) }
func (id TxID) MarshalText() ([]byte, error)  { return hexText(id[:]), nil }
func (id *TxID) UnmarshalText(b []byte) error { return fromHex("transaction id", id[:], b) }

// TXMAC is what a card proves a transaction with. Only head office can check it.
type TXMAC [8]byte

// Number is the printed card number. It prints masked; string(n) is the number itself. Unlike the ID it is only what the
// card says.
type Number string

const (
	maxNumber   = 19
	shownDigits = 4
)

func (n Number) masked() string {
	if len(n) < 3*shownDigits {
		return "…"
	}
	return string(n[:shownDigits]) + "…" + string(n[len(n)-shownDigits:])
}

// Format prints the masked number for every verb.
func (n Number) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, n.masked()) }
func (n Number) MarshalText() ([]byte, error) { return []byte(n.masked()), nil }

// Day counts days since 2000-01-01, UTC. card.md 1, tag 55.
type Day uint16

const secondsPerDay = 24 * 60 * 60

func firstDay() time.Time { return time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC) }

// DayOf is the day that t falls on in UTC; days that a certificate cannot name become the nearest it can.
func DayOf(t time.Time) Day {
	days := (t.Unix() - firstDay().Unix()) / secondsPerDay
	return Day(min(max(days, 0), 1<<16-1))
}

// Date is the first instant of the day.
func (d Day) Date() time.Time { return firstDay().AddDate(0, 0, int(d)) }

func hexText(b []byte) []byte { return hex.AppendEncode(nil, b) }

func fromHex(what string, dst, text []byte) error {
	if len(text) != hex.EncodedLen(len(dst)) {
		return fmt.Errorf("%s: %d characters, want %d", what, len(text), hex.EncodedLen(len(dst)))
	}
	if _, err := hex.Decode(dst, text); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

var (
	_ encoding.TextUnmarshaler = (*ID)(nil)
	_ encoding.TextUnmarshaler = (*Scheme)(nil)
	_ encoding.TextUnmarshaler = (*TxID)(nil)
	_ fmt.Formatter            = Number("")
)

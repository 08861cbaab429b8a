package loyalty

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"github.com/google/uuid"
)

// Points is an amount of one wallet's unit.
type Points int64

// StoreID, LaneID and MemberID are given out by head office.
type (
	StoreID  uint32
	LaneID   uint8
	MemberID int64
)

// StaffNumber is what somebody who works in a store signs in with there. It is given once; 0 is nobody.
type StaffNumber int64

// Epoch counts the lives of one store's log; Seq counts its entries from 1 without a gap.
type (
	Epoch uint32
	Seq   int64
)

// TxnID names one transaction. The till makes it (UUIDv7) before the first write and repeats it on every retry; for a
// sale it is the sale's id and idempotency key.
type TxnID [16]byte

// ParseTxnID reads the usual text form of a UUID.
func ParseTxnID(s string) (TxnID, error) {
	id, err := uuid.Parse(s)
	if err != nil || len(s) != 36 {
		return TxnID{}, fmt.Errorf("transaction id %q: want a UUID such as 0193f2a0-6c1e-7a52-8f3e-2b6f0a6d9c11", s)
	}
	return TxnID(id), nil
}

func (t TxnID) String() string               { return uuid.UUID(t).String() }
func (t TxnID) IsZero() bool                 { return t == TxnID{} }
func (t TxnID) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

func (t *TxnID) UnmarshalText(b []byte) error {
	id, err := ParseTxnID(string(b))
	if err != nil {
		return err
	}
	*t = id
	return nil
}

// CardID names a chip card. It is not secret and is not the printed number.
type CardID [8]byte

func (c CardID) String() string               { return hex.EncodeToString(c[:]) }
func (c CardID) IsZero() bool                 { return c == CardID{} }
func (c CardID) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

func (c *CardID) UnmarshalText(b []byte) error {
	if len(b) != 16 {
		return fmt.Errorf("card id: want 16 hexadecimal digits, got %d characters", len(b))
	}
	_, err := hex.Decode(c[:], b)
	return err
}

// CardNumber is the number printed on a card. Every way of printing it shows the masked form; the digits leave it only
// through Digits, for a keyed hash.
type CardNumber struct{ digits string }

// foreignNumber is the number of a card of another maker, as its profile gives it: with a prefix that makes it nobody else's.
var foreignNumber = regexp.MustCompile(`^[A-Z][A-Z0-9]{0,7}-[0-9A-Za-z]{4,32}$`)

// NewCardNumber accepts 8 to 19 digits, of which blanks and hyphens are dropped, or the number of a foreign card with its
// prefix: OC-970000000012.
func NewCardNumber(s string) (CardNumber, error) {
	if foreignNumber.MatchString(s) {
		return CardNumber{s}, nil
	}
	s = strings.NewReplacer(" ", "", "-", "").Replace(s)
	if len(s) < 8 || len(s) > 19 || strings.Trim(s, "0123456789") != "" {
		return CardNumber{}, fmt.Errorf("card number: want 8 to 19 digits, or a prefix, a hyphen and 4 to 32 letters and digits")
	}
	return CardNumber{s}, nil
}

func (n CardNumber) Digits() string               { return n.digits }
func (n CardNumber) String() string               { return n.Masked() }
func (n CardNumber) GoString() string             { return n.Masked() }
func (n CardNumber) MarshalText() ([]byte, error) { return []byte(n.Masked()), nil }

// Masked keeps the first and last four digits: 6034…0018. Of a foreign number it keeps the prefix and the last four.
func (n CardNumber) Masked() string {
	if prefix, rest, foreign := strings.Cut(n.digits, "-"); foreign {
		return prefix + "-…" + rest[max(len(rest)-4, 4):]
	}
	if len(n.digits) < 8 {
		return ""
	}
	return n.digits[:4] + "…" + n.digits[len(n.digits)-4:]
}

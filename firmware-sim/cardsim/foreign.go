package cardsim

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Cards of other makers are described by files that people write; the first line says of what kind a card is.
const (
	formatFiles   = "ISO 7816 card 1"
	formatUID     = "contactless UID 1"
	formatClassic = "MIFARE Classic 1"
)

// ErrForeign says that a card is of another maker and cannot do what only our own can.
var ErrForeign = errors.New("card is of another maker")

// chip is what answers in a card of another maker.
type chip interface {
	atr() []byte
	powerOn() error
	process(cmd command) reply
	status() Status
}

// foreignFile is a card of another maker at rest. Bytes are hexadecimal.
type foreignFile struct {
	Format string   `json:"format"`
	ATR    HexBytes `json:"atr,omitempty"` // empty: the usual one of the kind

	UID    HexBytes             `json:"uid,omitempty"`
	Random bool                 `json:"random,omitempty"` // another UID at each power on, as phones have
	Keys   map[int]sectorKeys   `json:"keys,omitempty"`   // by sector; others have the transport key
	Blocks map[int]HexBytes     `json:"blocks,omitempty"` // others hold zeroes
	T0     bool                 `json:"t0,omitempty"`     // answers as T=0 does: 61xx and 6Cxx
	PIN    *foreignPIN          `json:"pin,omitempty"`
	Apps   []foreignApplication `json:"applications,omitempty"` // the one without an aid is the master file
}

type foreignApplication struct {
	AID     HexBytes            `json:"aid,omitempty"`
	Files   []foreignElement    `json:"files,omitempty"`
	Objects map[string]HexBytes `json:"objects,omitempty"` // by tag, four digits: for GET DATA
}

// foreignElement is an elementary file: transparent, or of records.
type foreignElement struct {
	FID     HexBytes   `json:"fid"`
	SFI     byte       `json:"sfi,omitempty"`
	PIN     bool       `json:"pin,omitempty"` // is read after the PIN only
	Data    HexBytes   `json:"data,omitempty"`
	Records []HexBytes `json:"records,omitempty"`
}

// HexBytes are written in hexadecimal.
type HexBytes []byte

// MarshalText writes two digits a byte.
func (v HexBytes) MarshalText() ([]byte, error) { return []byte(fmt.Sprintf("%X", []byte(v))), nil }

// UnmarshalText reads two digits a byte.
func (v *HexBytes) UnmarshalText(text []byte) (err error) {
	*v, err = hex.DecodeString(string(text))
	return err
}

// openForeign makes a card of another maker out of its file; nil when the file is of our own card. save keeps what changes.
func openForeign(text []byte, entropy io.Reader, save func([]byte) error) (*Card, error) {
	var kind struct {
		Format string `json:"format"`
	}
	if err := json.Unmarshal(text, &kind); err != nil {
		return nil, fmt.Errorf("not a card: %w", err)
	}
	if kind.Format != formatFiles && kind.Format != formatUID && kind.Format != formatClassic {
		return nil, nil
	}
	var f foreignFile
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		return nil, fmt.Errorf("not a card: %w", err)
	}
	keep := func() error {
		text, err := json.MarshalIndent(f, "", " ")
		if err != nil {
			return err
		}
		return save(append(text, '\n'))
	}
	if f.Format == formatFiles {
		return &Card{other: &fileChip{file: &f, keep: keep}}, nil
	}
	if len(f.UID) == 0 && !f.Random {
		return nil, errors.New("not a card: uid is missing")
	}
	return &Card{other: &storageChip{file: &f, entropy: entropy}}, nil
}

// NewForeign makes a card of another maker from its description, in memory only.
func NewForeign(description []byte, entropy io.Reader) (*Card, error) {
	card, err := openForeign(description, entropy, func([]byte) error { return nil })
	if err == nil && card == nil {
		err = fmt.Errorf("not a card: want format %q, %q or %q", formatFiles, formatUID, formatClassic)
	}
	return card, err
}

// exchangeForeign is exchange for a card of another maker.
func (c *Card) exchangeForeign(capdu []byte) (answer []byte, powered bool) {
	if !c.otherOn {
		return nil, false
	}
	cmd, ok := parseCommand(capdu)
	if !ok {
		return refuse(swLength).bytes(), true
	}
	return c.other.process(cmd).bytes(), true
}

// withCheck ends an answer to reset with its check byte, ISO/IEC 7816-3 8.2.5.
func withCheck(atr []byte) []byte {
	var tck byte
	for _, b := range atr[1:] {
		tck ^= b
	}
	return append(atr, tck)
}

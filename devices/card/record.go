package card

import (
	"encoding/binary"
	"fmt"
)

// RecordType is the kind of a transaction.
type RecordType byte

const (
	TypeDebit RecordType = 1
	TypeUndo  RecordType = 2
	TypeLoad  RecordType = 3
)

func (t RecordType) String() string {
	switch t {
	case TypeDebit:
		return "debit"
	case TypeUndo:
		return "undo"
	case TypeLoad:
		return "load"
	}
	return fmt.Sprintf("type %02x", byte(t))
}

// RecordLength is the size of a record in the card's journal.
const RecordLength = 48

// Record is one transaction of the purse as the card tells it, card.md 3.10. MAC is the card's proof to head office.
type Record struct {
	Ctr        uint32
	Type       RecordType
	Amount     int32 // of a load: what was really taken or given
	NewBalance uint32
	Store      uint32
	Lane       uint8
	TxID       TxID
	MAC        TXMAC
	LoadSeq    uint32 // of the moment; not covered by MAC
}

// Marshal is the record as it stands in the journal.
func (r Record) Marshal() []byte {
	b := make([]byte, 0, RecordLength)
	b = r.appendProved(b)
	b = append(b, r.MAC[:]...)
	b = binary.BigEndian.AppendUint32(b, r.LoadSeq)
	return append(b, 0, 0)
}

func (r Record) appendProved(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, r.Ctr)
	b = append(b, byte(r.Type))
	b = binary.BigEndian.AppendUint32(b, uint32(r.Amount))
	b = binary.BigEndian.AppendUint32(b, r.NewBalance)
	b = binary.BigEndian.AppendUint32(b, r.Store)
	b = append(b, r.Lane)
	return append(b, r.TxID[:]...)
}

// ParseRecord reads a record of the journal.
func ParseRecord(b []byte) (Record, error) {
	if len(b) != RecordLength {
		return Record{}, fmt.Errorf("record of %d bytes, want %d", len(b), RecordLength)
	}
	u32 := binary.BigEndian.Uint32
	r := Record{
		Ctr: u32(b), Type: RecordType(b[4]), Amount: int32(u32(b[5:])), NewBalance: u32(b[9:]), Store: u32(b[13:]),
		Lane: b[17], TxID: TxID(b[18:]), MAC: TXMAC(b[34:]), LoadSeq: u32(b[42:]),
	}
	if r.Type < TypeDebit || r.Type > TypeLoad || b[46] != 0 || b[47] != 0 {
		return Record{}, fmt.Errorf("record of %v ends in %x", r.Type, b[46:])
	}
	return r, nil
}

// TXMACInput is what the first 8 bytes of CMAC under K_tx prove, card.md 3.10. Only head office has K_tx.
func TXMACInput(id ID, r Record) []byte { return r.appendProved(append([]byte("LT1"), id[:]...)) }

package card

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"loyaltill/devices/apdu"
)

// Purse commands, card.md 3.4 to 3.9.
const (
	claPurse   = 0x80
	insBalance = 0x5C
	insDebit   = 0x54
	insUndo    = 0x56
	insQuery   = 0x58
	insLoad    = 0x52
	insRecord  = 0xB2

	p2Journal = 0x1C // SFI 3, record number in P1

	balanceAnswer = 16
	debitAnswer   = 16
	loadAnswer    = 20
	queryMissing  = 9
	queryFound    = queryMissing + RecordLength
)

// Balance is the purse at one moment.
type Balance struct {
	Points          uint32
	Ctr             uint32 // transactions so far
	LoadSeq         uint32 // vouchers so far
	SpentWithoutPIN uint32 // since the PIN was last verified
}

// Unlock is the random value that only the debiting store knows; it alone can undo the debit. It prints masked.
type Unlock [16]byte

// Lock is what the card keeps of it.
type Lock [16]byte

// NewUnlock makes an unlock for one debit.
func NewUnlock() Unlock {
	var u Unlock
	rand.Read(u[:])
	return u
}

// Lock is the lock that u opens, card.md 3.5.
func (u Unlock) Lock() Lock {
	sum := sha256.Sum256(u[:])
	return Lock(sum[:])
}

// Format prints a mask for every verb.
func (u Unlock) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "Unlock(***)") }

// Debit asks for points. It must stand in an intent on disk before it is sent.
type Debit struct {
	Amount uint32
	Store  uint32
	Lane   uint8
	TxID   TxID
	Lock   Lock
}

func (d Debit) marshal() []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, 41), d.Amount)
	b = binary.BigEndian.AppendUint32(b, d.Store)
	b = append(b, d.Lane)
	b = append(b, d.TxID[:]...)
	return append(b, d.Lock[:]...)
}

func (d Debit) record(t RecordType, answer []byte, loadSeq uint32) Record {
	return Record{
		Ctr: binary.BigEndian.Uint32(answer), Type: t, Amount: int32(d.Amount), NewBalance: binary.BigEndian.Uint32(answer[4:]),
		Store: d.Store, Lane: d.Lane, TxID: d.TxID, MAC: TXMAC(answer[8:]), LoadSeq: loadSeq,
	}
}

// ReadBalance asks the card for the purse.
func (s *Session) ReadBalance(ctx context.Context) (Balance, error) {
	data, err := s.answer(ctx, apdu.Command{CLA: claPurse, INS: insBalance}, reads, balanceAnswer)
	if err != nil {
		return Balance{}, fmt.Errorf("read balance: %w", err)
	}
	s.balance = parseBalance(data)
	return s.balance, nil
}

func parseBalance(b []byte) Balance {
	u32 := binary.BigEndian.Uint32
	return Balance{Points: u32(b), Ctr: u32(b[4:]), LoadSeq: u32(b[8:]), SpentWithoutPIN: u32(b[12:])}
}

// Debit takes points. Sending the same debit again is harmless: the card gives the same record.
func (s *Session) Debit(ctx context.Context, d Debit) (Record, error) {
	if d.Amount == 0 || d.Amount > math.MaxInt32 { // the record's amount is signed
		return Record{}, fmt.Errorf("debit %v: %w: %d", d.TxID, ErrAmount, d.Amount)
	}
	data, err := s.answer(ctx, apdu.Command{CLA: claPurse, INS: insDebit, Data: d.marshal()}, changes, debitAnswer)
	if err != nil {
		return Record{}, fmt.Errorf("debit %v: %w", d.TxID, err)
	}
	r := d.record(TypeDebit, data, s.balance.LoadSeq)
	s.take(r)
	return r, nil
}

// Undo gives back the card's last debit, d, to whoever knows its unlock. Repeating it is harmless.
func (s *Session) Undo(ctx context.Context, d Debit, unlock Unlock) (Record, error) {
	if unlock.Lock() != d.Lock {
		return Record{}, fmt.Errorf("undo %v: %w", d.TxID, ErrWrongLock)
	}
	request := append(append([]byte(nil), d.TxID[:]...), unlock[:]...)
	defer clear(request)
	data, err := s.answer(ctx, apdu.Command{CLA: claPurse, INS: insUndo, Data: request}, changes, debitAnswer)
	if err != nil {
		return Record{}, fmt.Errorf("undo %v: %w", d.TxID, err)
	}
	r := d.record(TypeUndo, data, s.balance.LoadSeq)
	s.take(r)
	return r, nil
}

// Load presents a voucher. A voucher that was the last one loaded gives the same record again.
func (s *Session) Load(ctx context.Context, v Voucher) (Record, error) {
	if v.Card != s.identity.ID {
		return Record{}, fmt.Errorf("load voucher %d: %w: it names card %v", v.Seq, ErrVoucherMAC, v.Card)
	}
	s.pin = nil // a voucher may have opened it again
	data, err := s.answer(ctx, apdu.Command{CLA: claPurse, INS: insLoad, Data: v.Marshal()}, changes, loadAnswer)
	if err != nil {
		return Record{}, fmt.Errorf("load voucher %d: %w", v.Seq, err)
	}
	u32 := binary.BigEndian.Uint32
	r := Record{
		Ctr: u32(data), Type: TypeLoad, NewBalance: u32(data[4:]), Amount: int32(u32(data[8:])), TxID: v.txID(),
		MAC: TXMAC(data[12:]), LoadSeq: v.Seq,
	}
	s.take(r)
	return r, nil
}

// take moves the known balance on; the answer to a repeated command is older than what is known.
func (s *Session) take(r Record) {
	if r.Ctr > s.balance.Ctr {
		s.balance.Points, s.balance.Ctr, s.balance.LoadSeq = r.NewBalance, r.Ctr, r.LoadSeq
	}
}

// QueryResult is what the card knows of a transaction.
type QueryResult struct {
	Found  bool
	Record Record // the newest of that id, when found
	Ctr    uint32
	Oldest uint32 // the oldest counter in the journal, 0 while it is empty
}

// NeverHappened reports whether "not found" proves that nothing happened, for an intent written when the card's counter was
// ctr0, card.md 3.7.
func (q QueryResult) NeverHappened(ctr0 uint32) bool {
	return !q.Found && uint64(q.Oldest) <= uint64(ctr0)+1
}

// Query asks what became of a transaction.
func (s *Session) Query(ctx context.Context, id TxID) (QueryResult, error) {
	sw, data, err := s.exchange(ctx, apdu.Command{CLA: claPurse, INS: insQuery, Data: id[:]}, reads)
	if err == nil {
		err = refusal(sw)
	}
	if err != nil {
		return QueryResult{}, fmt.Errorf("query %v: %w", id, err)
	}
	q, err := parseQuery(id, data)
	if err != nil {
		return QueryResult{}, fmt.Errorf("query %v: %w", id, s.lost(reads, err))
	}
	return q, nil
}

func parseQuery(id TxID, b []byte) (QueryResult, error) {
	tail := len(b) - (queryMissing - 1)
	if (len(b) != queryMissing || b[0] != 0) && (len(b) != queryFound || b[0] != 1) {
		return QueryResult{}, fmt.Errorf("answer of %d bytes", len(b))
	}
	q := QueryResult{Found: b[0] == 1, Ctr: binary.BigEndian.Uint32(b[tail:]), Oldest: binary.BigEndian.Uint32(b[tail+4:])}
	if !q.Found {
		return q, nil
	}
	var err error
	if q.Record, err = ParseRecord(b[1:tail]); err == nil && q.Record.TxID != id {
		err = fmt.Errorf("record of transaction %v", q.Record.TxID)
	}
	return q, err
}

// JournalSlots is how many records a card remembers.
const JournalSlots = 16

// errNoRecord says that the journal is shorter than that.
var errNoRecord = errors.New("no such record")

// ReadRecord reads one record of the card's journal; 1 is the newest.
func (s *Session) ReadRecord(ctx context.Context, n int) (Record, error) {
	r, err := s.readRecord(ctx, n)
	if err != nil {
		return r, fmt.Errorf("read journal %d: %w", n, err)
	}
	return r, nil
}

func (s *Session) readRecord(ctx context.Context, n int) (Record, error) {
	if n < 1 || n > JournalSlots {
		return Record{}, errNoRecord
	}
	sw, data, err := s.exchange(ctx, apdu.Command{INS: insRecord, P1: byte(n), P2: p2Journal}, reads)
	switch {
	case err != nil:
		return Record{}, err
	case sw == apdu.SWNoRecord:
		return Record{}, errNoRecord
	}
	if err := refusal(sw); err != nil {
		return Record{}, err
	}
	r, err := ParseRecord(data)
	if err != nil {
		return r, s.lost(reads, err)
	}
	return r, nil
}

// ReadJournal reads the card's records, newest first, at most limit of them.
func (s *Session) ReadJournal(ctx context.Context, limit int) ([]Record, error) {
	var records []Record
	for n := 1; n <= min(limit, JournalSlots); n++ {
		r, err := s.ReadRecord(ctx, n)
		if errors.Is(err, errNoRecord) {
			break
		}
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}

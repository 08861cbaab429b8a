package cardsim

import "encoding/binary"

// Record types, card.md 3.10.
const (
	recordDebit = 1
	recordUndo  = 2
	recordLoad  = 3

	txidSize  = 16
	txmacSize = 8
)

// record is one row of EF.JOURNAL.
type record struct {
	ctr     uint32
	kind    byte
	amount  int32
	balance uint32
	store   uint32
	lane    byte
	txid    [txidSize]byte
	txmac   [txmacSize]byte
	loadSeq uint32
}

// proven are the bytes that TXMAC covers behind "LT1" and the card id; the record begins with them.
func (r record) proven() []byte {
	b := u32(r.ctr)
	b = append(b, r.kind)
	b = binary.BigEndian.AppendUint32(b, uint32(r.amount))
	b = binary.BigEndian.AppendUint32(b, r.balance)
	b = binary.BigEndian.AppendUint32(b, r.store)
	b = append(b, r.lane)
	return append(b, r.txid[:]...)
}

func (r record) bytes() []byte {
	b := append(r.proven(), r.txmac[:]...)
	b = binary.BigEndian.AppendUint32(b, r.loadSeq)
	return append(b, 0, 0)
}

func parseRecord(b []byte) record {
	return record{
		ctr:     binary.BigEndian.Uint32(b),
		kind:    b[4],
		amount:  int32(binary.BigEndian.Uint32(b[5:])),
		balance: binary.BigEndian.Uint32(b[9:]),
		store:   binary.BigEndian.Uint32(b[13:]),
		lane:    b[17],
		txid:    [txidSize]byte(b[18:]),
		txmac:   [txmacSize]byte(b[34:]),
		loadSeq: binary.BigEndian.Uint32(b[42:]),
	}
}

// outcome is the answer to DEBIT and UNDO.
func (r record) outcome() reply {
	b := binary.BigEndian.AppendUint32(u32(r.ctr), r.balance)
	return done(append(b, r.txmac[:]...)...)
}

func slotAt(ctr uint32) int { return journalAt + int((ctr-1)%journalSlots)*recordSize/4 }

// nth is the n-th newest record, 1 being the newest.
func (c *Core) nth(n uint32) (record, bool) {
	ctr := c.nvm.word(ctrAt)
	if n == 0 || n > journalSlots || n > ctr {
		return record{}, false
	}
	r := parseRecord(c.nvm.bytes(slotAt(ctr-n+1), recordSize))
	return r, r.ctr == ctr-n+1
}

// newest is the newest record that matches.
func (c *Core) newest(match func(record) bool) (record, bool) {
	for n := uint32(1); ; n++ {
		r, ok := c.nth(n)
		if !ok || match(r) {
			return r, ok
		}
	}
}

func (c *Core) byTxid(txid [txidSize]byte) (record, bool) {
	return c.newest(func(r record) bool { return r.txid == txid })
}

// oldestCtr is 0 while the journal is empty.
func (c *Core) oldestCtr() uint32 {
	oldest := uint32(0)
	c.newest(func(r record) bool { oldest = r.ctr; return false })
	return oldest
}

// book appends a record and moves counter and balance in the transaction that the caller has begun.
func (c *Core) book(t *tx, r record) record {
	r.ctr = c.nvm.word(ctrAt) + 1
	mac := c.cmac([16]byte(c.nvm.bytes(ktxAt, 16)), []byte("LT1"), c.cardID(), r.proven())
	r.txmac = [txmacSize]byte(mac[:])
	t.set(ctrAt, r.ctr)
	t.set(balanceAt, r.balance)
	t.set(ratifiedAt, 0)
	t.setBytes(slotAt(r.ctr), r.bytes())
	return r
}

// commitPurse commits what book has prepared and remembers that no host has confirmed it yet.
func (c *Core) commitPurse(t *tx) error {
	if err := t.commit(); err != nil {
		return err
	}
	c.unratified = true
	return nil
}

// readJournal is card.md 3.8: P1 is the number of the record, P2 names SFI 3.
func (c *Core) readJournal(cmd command) reply {
	const sfiJournal = 0x1C
	switch {
	case cmd.p2 != sfiJournal:
		return refuse(swParameters)
	case len(cmd.data) != 0:
		return refuse(swLength)
	}
	r, ok := c.nth(uint32(cmd.p1))
	if !ok {
		return refuse(swNoRecord)
	}
	return done(r.bytes()...)
}

// query is card.md 3.7.
func (c *Core) query(data []byte) reply {
	answer := []byte{0}
	if r, ok := c.byTxid([txidSize]byte(data)); ok {
		answer = append([]byte{1}, r.bytes()...)
	}
	answer = binary.BigEndian.AppendUint32(answer, c.nvm.word(ctrAt))
	return done(binary.BigEndian.AppendUint32(answer, c.oldestCtr())...)
}

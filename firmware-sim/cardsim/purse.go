package cardsim

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"math"
)

const (
	lockSize  = 16
	debitSize = 4 + 4 + 1 + txidSize + lockSize // card.md 3.5
	undoSize  = txidSize + lockSize             // card.md 3.6
)

// balance is card.md 3.4.
func (c *Core) balance([]byte) reply {
	b := u32(c.nvm.word(balanceAt))
	b = binary.BigEndian.AppendUint32(b, c.nvm.word(ctrAt))
	b = binary.BigEndian.AppendUint32(b, c.nvm.word(loadSeqAt))
	return done(binary.BigEndian.AppendUint32(b, c.nvm.word(spentAt))...)
}

type debitOrder struct {
	amount, store uint32
	lane          byte
	txid          [txidSize]byte
	lock          []byte
}

// debit is card.md 3.5. A repeat is answered before anything else is judged, so that a host that lost the answer
// gets it also without the PIN and with an empty purse.
func (c *Core) debit(data []byte) reply {
	d := debitOrder{
		amount: binary.BigEndian.Uint32(data),
		store:  binary.BigEndian.Uint32(data[4:]),
		lane:   data[8],
		txid:   [txidSize]byte(data[9:]),
		lock:   data[25:],
	}
	// The record keeps the amount as i32 (3.10); more than that cannot be told to head office.
	if d.amount == 0 || d.amount > math.MaxInt32 {
		return refuse(swData)
	}
	if known, ok := c.byTxid(d.txid); ok {
		if !c.isRepeat(d, known) {
			return refuse(swTxidKnown)
		}
		return known.outcome()
	}
	balance := c.nvm.word(balanceAt)
	switch {
	case c.nvm.word(ctrAt) == math.MaxUint32:
		return refuse(swCounterEnd)
	case d.amount > balance:
		return refuse(swPoints)
	case !c.verified && c.needsPIN(d.amount):
		return refuse(swSecurity)
	}
	t := c.nvm.begin()
	r := c.book(t, record{
		kind: recordDebit, amount: int32(d.amount), balance: balance - d.amount,
		store: d.store, lane: d.lane, txid: d.txid, loadSeq: c.nvm.word(loadSeqAt),
	})
	t.setBytes(lockAt, d.lock)
	spent := uint32(0)
	if !c.verified {
		spent = c.nvm.word(spentAt) + d.amount
	}
	t.set(spentAt, spent)
	if err := c.commitPurse(t); err != nil {
		return refuse(swFault)
	}
	return r.outcome()
}

// isRepeat: the lock can only be compared while no later DEBIT has replaced it.
func (c *Core) isRepeat(d debitOrder, known record) bool {
	if known.kind != recordDebit || uint32(known.amount) != d.amount || known.store != d.store || known.lane != d.lane {
		return false
	}
	last, _ := c.newest(func(r record) bool { return r.kind == recordDebit })
	return last.ctr != known.ctr || c.isLastLock(d.lock)
}

func (c *Core) isLastLock(lock []byte) bool {
	return subtle.ConstantTimeCompare(lock, c.nvm.bytes(lockAt, lockSize)) == 1
}

func (c *Core) needsPIN(amount uint32) bool {
	spent := uint64(c.nvm.word(spentAt)) + uint64(amount)
	return amount > c.nvm.word(singleLimitAt) || spent > uint64(c.nvm.word(cumulativeLimitAt))
}

// undo is card.md 3.6: only the last debit, and only by who knows what its lock was made of.
func (c *Core) undo(data []byte) reply {
	txid, hash := [txidSize]byte(data), sha256.Sum256(data[txidSize:])
	last, ok := c.nth(1)
	c.work.add(opHash)
	switch {
	case !ok || last.txid != txid || last.kind == recordLoad:
		return refuse(swNotLastDebit)
	case !c.isLastLock(hash[:lockSize]):
		return refuse(swWrongLock)
	case last.kind == recordUndo:
		return last.outcome()
	case last.ctr == math.MaxUint32:
		return refuse(swCounterEnd)
	}
	t := c.nvm.begin()
	r := last
	r.kind = recordUndo
	r.balance += uint32(last.amount)
	r = c.book(t, r)
	if err := c.commitPurse(t); err != nil {
		return refuse(swFault)
	}
	return r.outcome()
}

package cardsim

import (
	"bytes"
	"crypto/subtle"
	"encoding/binary"
	"math"
)

// Kinds of vouchers, card.md 3.9.
const (
	voucherPoints    = 1
	voucherUnblock   = 2
	voucherLimits    = 3
	voucherInfo      = 4
	voucherTerminate = 5

	voucherSize = 33 // seq, kind, amount, ref, MAC
	loadRefAt   = 9
	loadMACAt   = 17

	loadAnswerSize = 20 // ctr, new balance, taken, TXMAC
)

// fromHeadOffice checks a MAC under K_ld.
func (c *Core) fromHeadOffice(label string, message, mac []byte) bool {
	want := c.cmac([16]byte(c.nvm.bytes(kldAt, 16)), []byte(label), c.cardID(), message)
	return subtle.ConstantTimeCompare(want[:], mac) == 1
}

// voucher is one row of the table of card.md 3.9.
type voucher struct {
	kind   byte
	amount int32
	ref    []byte
}

// load is card.md 3.9.
func (c *Core) load(data []byte) reply {
	seq := binary.BigEndian.Uint32(data)
	v := voucher{kind: data[4], amount: int32(binary.BigEndian.Uint32(data[5:])), ref: data[loadRefAt:loadMACAt]}
	loaded := c.nvm.word(loadSeqAt)
	switch {
	case !c.fromHeadOffice("LV1", data[:loadMACAt], data[loadMACAt:]):
		return refuse(swVoucherMAC)
	case loaded != 0 && seq == loaded && bytes.Equal(data, c.nvm.bytes(voucherAt, voucherSize)):
		return done(c.nvm.bytes(loadAnswerAt, loadAnswerSize)...)
	case c.terminated():
		return refuse(swConditions)
	case uint64(seq) != uint64(loaded)+1:
		return refuse(swVoucherSeq)
	case !c.acceptable(v):
		return refuse(swData)
	case c.nvm.word(ctrAt) == math.MaxUint32:
		return refuse(swCounterEnd)
	}
	before := int64(c.nvm.word(balanceAt))
	taken := v.taken(before)
	if before+taken > math.MaxUint32 {
		return refuse(swData)
	}
	t := c.nvm.begin()
	answer := c.bookVoucher(t, data, record{
		kind: recordLoad, amount: int32(taken), balance: uint32(before + taken),
		txid: [txidSize]byte(data[loadRefAt:]), loadSeq: seq,
	})
	c.apply(t, v)
	if err := c.commitPurse(t); err != nil {
		return refuse(swFault)
	}
	if v.forgetsPIN() {
		c.verified = false
	}
	return done(answer...)
}

// acceptable judges kind, amount and ref by their row.
func (c *Core) acceptable(v voucher) bool {
	switch v.kind {
	case voucherPoints:
		return true
	case voucherUnblock:
		return v.amount == 0 || v.amount == 1
	case voucherLimits, voucherTerminate:
		return v.amount == 0
	case voucherInfo:
		_, ok := c.newInfo(v)
		return ok
	}
	return false
}

func (v voucher) forgetsPIN() bool { return v.kind == voucherUnblock && v.amount == 1 }

// taken is the signed change of the balance. A record holds i32, so even a terminated card may keep what lies beyond.
func (v voucher) taken(balance int64) int64 {
	switch v.kind {
	case voucherPoints:
		return max(int64(v.amount), -balance)
	case voucherTerminate:
		return max(math.MinInt32, -balance)
	}
	return 0
}

// newInfo is EF.INFO with the language and the tier of the voucher.
func (c *Core) newInfo(v voucher) (info, bool) {
	i, ok := parseInfo(c.nvm.bytes(infoAt, int(c.nvm.word(infoLenAt))))
	if v.amount != 0 {
		language := u32(uint32(v.amount))
		ok = ok && language[0] == 0 && language[1] == 0
		i.language = language[2:]
	}
	i.tier = bytes.TrimRight(v.ref, "\x00")
	return i, ok && i.check() == nil
}

// apply puts what the kind does beside the record into the same transaction.
func (c *Core) apply(t *tx, v voucher) {
	switch v.kind {
	case voucherUnblock:
		t.set(pinTriesAt, maxPINTries)
		t.set(pukTriesAt, maxPUKTries)
		if v.forgetsPIN() {
			t.set(secretsAt, c.nvm.word(secretsAt)&^pinSecret.bit())
			t.setBytes(pinAt, make([]byte, blockSize))
		}
	case voucherLimits:
		t.set(singleLimitAt, binary.BigEndian.Uint32(v.ref))
		t.set(cumulativeLimitAt, binary.BigEndian.Uint32(v.ref[4:]))
		t.set(spentAt, 0)
	case voucherInfo:
		i, _ := c.newInfo(v)
		b := i.bytes()
		t.set(infoLenAt, uint32(len(b)))
		t.setBytes(infoAt, b)
	case voucherTerminate:
		t.set(lifeAt, lifeTerminated)
	}
}

// bookVoucher keeps voucher and answer beside the record: the journal may have moved on before the repeat comes.
func (c *Core) bookVoucher(t *tx, data []byte, r record) (answer []byte) {
	r = c.book(t, r)
	answer = binary.BigEndian.AppendUint32(u32(r.ctr), r.balance)
	answer = binary.BigEndian.AppendUint32(answer, uint32(r.amount))
	answer = append(answer, r.txmac[:]...)
	t.set(loadSeqAt, r.loadSeq)
	t.setBytes(voucherAt, data)
	t.setBytes(loadAnswerAt, answer)
	return answer
}

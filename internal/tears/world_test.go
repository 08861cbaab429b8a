package tears

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"slices"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/firmware-sim/cardsim"
	"loyaltill/store/agentdb"
)

// world is all that outlives a loss of power: the card's memory, the stores' files, and what the tills were told. Worlds are
// never changed; a run makes new ones.
type world struct {
	card   []byte
	stores [2]*disk
	sales  []sale

	sent     loyalty.Seq       // last entry of the first store that a batch took away
	home     string            // head office's folder, which nobody touches meanwhile
	vouchers []agentdb.Voucher // that the second store has
}

// disk is one store's files as they lie there at one moment, and what they say.
type disk struct {
	files map[string][]byte
	head  string // of the ledger
	debts []debt // of each sale of the world
}

// debt is what a store knows of a sale's debit.
type debt struct {
	state agentdb.IntentState // empty: no intent
	ctr0  uint32
	locks [][lockSize]byte // that were ever sent for it, the newest last
}

const lockSize = 16 // card.md 3.5

// sale is what a till knows of one sale.
type sale struct {
	txn    loyalty.TxnID
	store  int
	lane   loyalty.LaneID
	points loyalty.Points
	number string // of a member without a card, who earns and spends nothing

	request  *agent.CommitRequest // nil: not quoted yet
	answer   *agent.SaleAnswer    // nil: not answered yet
	refused  string               // the code with which it ended, if it did
	unwanted bool                 // the customer has changed his mind
	dropped  bool                 // and the agent knows
}

func (s *sale) settled() bool { return s.answer != nil || s.refused != "" || s.dropped }

func (w *world) clone() *world {
	c := *w
	c.sales = slices.Clone(w.sales)
	return &c
}

// key tells worlds apart. Two worlds with one key differ in nothing that can ever matter: in the random secret of a debit,
// which is replaced by its owner's name, and in how SQLite has laid the same rows out.
func (w *world) key() [sha256.Size]byte {
	h := sha256.New()
	h.Write(w.unnamed())
	fmt.Fprintln(h, w.home, w.sent)
	for _, d := range w.stores {
		fmt.Fprintln(h, d.head)
		for _, debt := range d.debts {
			fmt.Fprintln(h, debt.state, debt.ctr0, len(debt.locks))
		}
	}
	for i := range w.sales {
		w.sales[i].sum(h)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

func (s *sale) sum(h hash.Hash) {
	fmt.Fprintln(h, s.txn, s.refused, s.unwanted, s.dropped, s.request != nil, s.answer != nil)
	if s.request != nil {
		fmt.Fprintln(h, s.request.Quote)
	}
	if s.answer != nil {
		fmt.Fprintln(h, s.answer.Seq, s.answer.Redeemed)
	}
}

// unnamed is the card's memory with the name of the debit in place of each lock.
func (w *world) unnamed() []byte {
	image := cardsim.Lasting(w.card)
	for _, d := range w.stores {
		for i, debt := range d.debts {
			for n, lock := range debt.locks {
				age := len(debt.locks) - n // 1: of the intent that is open now
				for at := 0; at < lockSize; at += 4 {
					name := binary.BigEndian.AppendUint32(nil, uint32(0x5A<<24|i<<16|age<<8|at))
					replaceWord(image, lock[at:at+4], name)
				}
			}
		}
	}
	return image
}

func replaceWord(image, word, name []byte) {
	for at := 0; at < len(image); at += 4 {
		if bytes.Equal(image[at:at+4], word) {
			copy(image[at:], name)
		}
	}
}

// pointsOf is what a sale takes.
func (w *world) pointsOf(txn loyalty.TxnID) loyalty.Points {
	for _, s := range w.sales {
		if s.txn == txn {
			return s.points
		}
	}
	return 0
}

package cardsim

import "encoding/hex"

// Status is what tests may know of a card: never a key, a PIN or the printed number.
type Status struct {
	Kind             string   `json:"kind,omitempty"` // of a card of another maker; the rest is ours
	Personalised     bool     `json:"personalised"`
	CardID           string   `json:"card_id,omitempty"`
	Balance          uint32   `json:"balance"`
	Ctr              uint32   `json:"ctr"`
	LoadSeq          uint32   `json:"load_seq"`
	SpentWithoutPIN  uint32   `json:"spent_without_pin"`
	PINSet           bool     `json:"pin_set"`
	PINTriesLeft     uint32   `json:"pin_tries_left"`
	PUKTriesLeft     uint32   `json:"puk_tries_left"`
	Ratified         bool     `json:"ratified"`
	Terminated       bool     `json:"terminated"`
	InterruptedWrite bool     `json:"interrupted_write"` // power was lost in a commit; the next power on settles it
	Journal          []Record `json:"journal"`           // newest first
}

// Record is a journal record for people and tests.
type Record struct {
	Ctr     uint32 `json:"ctr"`
	Type    string `json:"type"` // debit, undo, load
	Amount  int32  `json:"amount"`
	Balance uint32 `json:"balance"`
	Store   uint32 `json:"store"`
	Lane    byte   `json:"lane"`
	Txid    string `json:"txid"`
	TXMAC   string `json:"txmac"`
	LoadSeq uint32 `json:"load_seq"`
}

// Status reads the memory as the next power on would leave it, and changes nothing.
func (c *Card) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.other != nil {
		return c.other.status()
	}
	view := c.core.recovered()
	n := view.nvm
	s := Status{
		Personalised:     n.word(lifeAt) != lifeBlank,
		Balance:          n.word(balanceAt),
		Ctr:              n.word(ctrAt),
		LoadSeq:          n.word(loadSeqAt),
		SpentWithoutPIN:  n.word(spentAt),
		PINSet:           pinSecret.isSet(n),
		PINTriesLeft:     n.word(pinTriesAt),
		PUKTriesLeft:     n.word(pukTriesAt),
		Ratified:         n.word(ratifiedAt) != 0,
		Terminated:       view.terminated(),
		InterruptedWrite: c.core.nvm.word(markerAt) != 0,
		Journal:          []Record{},
	}
	if s.Personalised {
		s.CardID = hex.EncodeToString(view.cardID())
	}
	for i := uint32(1); ; i++ {
		r, ok := view.nth(i)
		if !ok {
			return s
		}
		s.Journal = append(s.Journal, r.status())
	}
}

// recovered is a copy of the card after recovery, for looking only.
func (c *Core) recovered() *Core {
	n := newNVM()
	copy(n.words, c.nvm.words)
	if entries, ok := n.committed(); ok {
		for _, e := range entries {
			n.words[e.at] = e.word
		}
	}
	return &Core{nvm: n}
}

func (r record) status() Record {
	kinds := map[byte]string{recordDebit: "debit", recordUndo: "undo", recordLoad: "load"}
	return Record{
		Ctr: r.ctr, Type: kinds[r.kind], Amount: r.amount, Balance: r.balance, Store: r.store, Lane: r.lane,
		Txid: hex.EncodeToString(r.txid[:]), TXMAC: hex.EncodeToString(r.txmac[:]), LoadSeq: r.loadSeq,
	}
}

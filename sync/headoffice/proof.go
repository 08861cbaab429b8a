package headoffice

import (
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/store/hodb"
)

// prove checks the card's record of an entry: a card of ours, of the right kind, for this store and transaction, with the
// card's MAC, and counted by no other entry. A record that proves nothing opens a case and gives ok false.
func (j *judge) prove(m *matter, want card.RecordType) (c hodb.Card, ok bool, err error) {
	r := m.entry.Card
	if why := fits(m.entry, want); why != "" {
		return c, false, j.open(hodb.CaseCardRecord, m.key, why)
	}
	c, kept, err := j.witness(m, r, true)
	if err != nil || c.ID.IsZero() {
		return c, false, err
	}
	if kept.By != m.key {
		return c, false, j.open(hodb.CaseCardRecord, m.key, fmt.Sprintf("record %d of card %v was shown by %v", r.Ctr, r.Card, kept.By))
	}
	return c, true, nil
}

// fits says why a record cannot belong to its entry; empty when it can.
func fits(e *loyalty.Entry, want card.RecordType) string {
	r := e.Card
	switch {
	case r == nil:
		return "the card's record is missing"
	case card.RecordType(r.Type) != want:
		return fmt.Sprintf("record is a %v, not a %v", card.RecordType(r.Type), want)
	case r.Store != e.Store:
		return fmt.Sprintf("record was made for store %d", r.Store)
	case r.Txn != e.Txn:
		return fmt.Sprintf("record was made for transaction %v", r.Txn)
	case r.Amount <= 0:
		return fmt.Sprintf("record takes %d points", r.Amount)
	}
	return ""
}

// witness takes a card's record as evidence, whichever store shows it; counts says that the entry is the record's own. What it
// means for vouchers and for debits that nobody wants follows at once. No card: the record proves nothing, which is a case.
func (j *judge) witness(m *matter, r *loyalty.CardRecord, counts bool) (c hodb.Card, kept hodb.Kept, err error) {
	c, err = j.tx.Card(r.Card)
	if errors.Is(err, hodb.ErrNotFound) {
		return hodb.Card{}, kept, j.open(hodb.CaseCardRecord, m.key, fmt.Sprintf("card %v is not in the register", r.Card))
	}
	if err != nil {
		return c, kept, err
	}
	mac, err := j.office.home.Keys.checkRecord(r)
	if err != nil {
		return hodb.Card{}, kept, j.open(hodb.CaseCardRecord, m.key, fmt.Sprintf("card %v: %v", r.Card, err))
	}
	kept, err = j.tx.AddProof(hodb.Proof{Record: *r, MAC: mac, Shown: m.key, Counts: counts})
	if err != nil || !kept.New {
		return c, kept, err
	}
	if err := j.clones(m, r, kept.Rivals); err != nil {
		return c, kept, err
	}
	if card.RecordType(r.Type) == card.TypeLoad {
		err = j.loaded(m, c, r)
	}
	if err == nil {
		err = j.repayAround(c, r)
	}
	return c, kept, err
}

// clones blocks a card that has shown two records under one counter: its key is in two places. Both entries stand, both
// get the case, so that it is the same whichever came first.
func (j *judge) clones(m *matter, r *loyalty.CardRecord, rivals []hodb.EntryKey) error {
	if len(rivals) == 0 {
		return nil
	}
	if err := j.tx.BlockCard(r.Card, "two records for one counter: cloned card"); err != nil {
		return err
	}
	note := fmt.Sprintf("card %v has two records under counter %d; the card is blocked", r.Card, r.Ctr)
	for _, k := range append(rivals, m.key) {
		if err := j.open(hodb.CaseCardCloned, k, note); err != nil {
			return err
		}
	}
	return nil
}

// load takes a card's word that a voucher is in its purse. It may come from every store that reads the card.
func (j *judge) load(m *matter) error {
	r := m.entry.Card
	if r == nil || card.RecordType(r.Type) != card.TypeLoad {
		return j.open(hodb.CaseCardRecord, m.key, "the card's record of a load is missing")
	}
	_, _, err := j.witness(m, r, false)
	return err
}

// loaded books what a voucher did. Its points went to the card's account when it was made; what it took less than asked goes back.
func (j *judge) loaded(m *matter, c hodb.Card, r *loyalty.CardRecord) error {
	v, err := j.tx.VoucherOf(r.Card, r.Txn)
	if errors.Is(err, hodb.ErrNotFound) {
		return j.open(hodb.CaseVoucher, m.key, fmt.Sprintf("card %v took in a voucher that is not in the register", r.Card))
	}
	if err != nil {
		return err
	}
	made := card.Voucher{Card: card.ID(v.Card), Seq: v.Seq, Kind: card.VoucherKind(v.Kind), Amount: v.Amount, Ref: v.Ref, MAC: v.MAC}
	if !made.Explains(card.TxID(r.Txn), r.Amount) {
		return j.open(hodb.CaseVoucher, m.key, fmt.Sprintf("card %v took %d points from voucher %d of %d", r.Card, r.Amount, v.Seq, v.Amount))
	}
	j.vouchers[c.Member] = true // there is room for more, or points are off the card
	return j.tx.MarkLoaded(v, r.Amount)
}

// carried takes in what a store read of a card's journal: records of other stores, or of its own that no entry of it holds. They
// prove what the card did; points move by them only where the rules of vouchers and of dropped sales say so.
func (j *judge) carried(m *matter) error {
	body := m.entry.Journal
	if body == nil || len(body.Records) == 0 || len(body.Records) > card.JournalSlots {
		return j.notInterpreted(m.key, errors.New("journal without its records"))
	}
	for i := range body.Records {
		if r := &body.Records[i]; r.Card != body.Card {
			return j.notInterpreted(m.key, fmt.Errorf("journal of card %v with a record of card %v", body.Card, r.Card))
		}
	}
	for i := range body.Records {
		if _, _, err := j.witness(m, &body.Records[i], false); err != nil {
			return err
		}
	}
	return nil
}

// suspect opens a case for a card that a store refused, or for a voucher that a card refused. Nothing of it is
// proved here, so nothing follows by itself; but a lost card is blocked.
func (j *judge) suspect(m *matter) error {
	s := m.entry.Suspect
	if s == nil {
		return j.notInterpreted(m.key, errors.New("suspect without its body"))
	}
	known := "not in the register"
	c, err := j.tx.Card(s.Card)
	switch {
	case err == nil:
		known = fmt.Sprintf("member %d's", c.Member)
	case !errors.Is(err, hodb.ErrNotFound):
		return err
	}
	if s.Voucher > 0 {
		return j.open(hodb.CaseVoucherRefused, m.key, fmt.Sprintf("lane %d: card %v, %s, refused voucher %d at %s: %.40q",
			m.entry.Lane, s.Card, known, s.Voucher, m.entry.At, s.Reason))
	}
	if s.Reason == loyalty.SuspectLost {
		return j.lost(m, known)
	}
	if honest(s.Reason) {
		return nil // the entry is the evidence
	}
	return j.open(hodb.CaseCardSuspect, m.key, fmt.Sprintf("lane %d refused card %v, %s, certificate %.16q, at %s: %.40q",
		m.entry.Lane, s.Card, known, s.Certificate, m.entry.At, s.Reason))
}

// lost blocks a card that its member says is gone: whoever found it must not have the time until somebody looks. What a member is to
// have instead, a person decides: the case is for them.
func (j *judge) lost(m *matter, known string) error {
	if err := j.tx.BlockCard(m.entry.Suspect.Card, "reported lost"); err != nil {
		return err
	}
	return j.open(hodb.CaseCardSuspect, m.key, fmt.Sprintf("lane %d was told at %s that card %v, %s, is lost: it is blocked; replace it",
		m.entry.Lane, m.entry.At, m.entry.Suspect.Card, known))
}

// honest says which refusals happen to people who do no wrong: their card has ended, is another chain's, or is worn out. The codes
// are those that the till shows.
func honest(reason string) bool {
	switch reason {
	case "card_expired", "card_terminated", "card_wrong_issuer", "card_mute", "card_answer_cut", "card_answer_long", "card_session_stale", "card_unproved":
		return true
	}
	return false
}

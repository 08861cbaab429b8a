package hodb

import (
	"cmp"
	"fmt"
	"slices"

	"loyaltill/agent/loyalty"
)

// CaseKind says what a person has to look at.
type CaseKind string

const (
	CaseFork             CaseKind = "fork"              // two entries under one number
	CaseNotInterpreted   CaseKind = "not_interpreted"   // a body that this version cannot read or judge
	CaseTxnRepeated      CaseKind = "txn_repeated"      // a transaction told twice
	CaseDifference       CaseKind = "difference"        // head office's figures are not the store's
	CaseCardRecord       CaseKind = "card_record"       // a card's proof is missing, wrong, or used before
	CaseCardCloned       CaseKind = "card_cloned"       // two records for one counter of a card
	CaseVoucherRefused   CaseKind = "voucher_refused"   // a card of ours did not take a voucher
	CaseCardSuspect      CaseKind = "card_suspect"      // a store refused a card as false or blocked
	CaseMemberUnknown    CaseKind = "member_unknown"    // points for nobody in the register
	CaseProgramme        CaseKind = "programme_unknown" // judged by a programme that head office never published
	CaseVoucher          CaseKind = "voucher_unknown"   // a load that no voucher explains
	CaseUndoAfterSale    CaseKind = "undo_after_sale"   // the card got points back for a sale that stands
	CaseCloseTotals      CaseKind = "close_totals"      // a day's totals are not those of its entries
	CaseSaleMissing      CaseKind = "sale_missing"      // a return or reversal of an entry that has not arrived
	CaseActivityRepeated CaseKind = "activity_repeated" // what counts once for a member was told again
	CaseReversedTwice    CaseKind = "reversed_twice"    // an entry that was undone before
	CaseUnsettled        CaseKind = "unsettled"         // judging entries again came to no end: a fault of ours
	CaseCouponReused     CaseKind = "coupon_reused"     // used in more sales than it may be, or although it was withdrawn
	CaseLease            CaseKind = "lease"             // a store spent of an allowance what it did not hold, or says otherwise than its sales
	CaseOverdrawn        CaseKind = "overdrawn"         // a sale spent points that had been spent elsewhere
	CaseReturnRefused    CaseKind = "return_refused"    // goods that the sale had not, or that came back before
	CaseTailLost         CaseKind = "tail_lost"         // a life ended; entries after its head may be on the old box's disk
	CaseCopiedBox        CaseKind = "copied_box"        // two boxes speak for one life in turn
	CaseAdopted          CaseKind = "adopted"           // a life that head office had forgotten, taken up again by its grant
	CaseSignedLost       CaseKind = "signed_lost"       // a position that head office had signed lies beyond its head
)

// stays says that a case is not of what judging one entry finds: it is about a card, an allowance, or a life of a log that it merely names by an entry.
func (k CaseKind) stays() bool {
	switch k {
	case CaseCardCloned, CaseLease, CaseOverdrawn, CaseFork, CaseTailLost, CaseCopiedBox, CaseAdopted, CaseSignedLost:
		return true
	}
	return false
}

// Case is one open question.
type Case struct {
	Store loyalty.StoreID `json:"store"`
	No    int64           `json:"no"`
	Kind  CaseKind        `json:"kind"`
	Epoch loyalty.Epoch   `json:"epoch"`
	Seq   loyalty.Seq     `json:"seq"`
	State string          `json:"state"`
	Note  string          `json:"note"`
}

// OpenCase opens a case; the same kind for the same entry is opened once.
func (tx *Tx) OpenCase(kind CaseKind, k EntryKey, note string) error {
	err := tx.exec(`INSERT INTO case_file (store_id, case_no, kind, epoch, seq, state, note, opened_at)
		SELECT $1, COALESCE(MAX(case_no), 0) + 1, $2, $3, $4, 'open', $5, $6 FROM case_file WHERE store_id = $1
		ON CONFLICT (store_id, kind, epoch, seq) DO UPDATE SET note = excluded.note`, k.Store, kind, k.Epoch, k.Seq, note, tx.now.UnixMilli())
	if err != nil {
		return fmt.Errorf("open case %s for %v: %w", kind, k, err)
	}
	return nil
}

// Unjudge takes back what was found about an entry that is judged again: differences and what is in suspense.
func (tx *Tx) Unjudge(k EntryKey) error {
	err := tx.exec(`DELETE FROM difference WHERE store_id = $1 AND epoch = $2 AND seq = $3`, k.Store, k.Epoch, k.Seq)
	if err == nil {
		err = tx.exec(`DELETE FROM suspense WHERE store_id = $1 AND epoch = $2 AND seq = $3`, k.Store, k.Epoch, k.Seq)
	}
	if err != nil {
		return fmt.Errorf("judge %v again: %w", k, err)
	}
	return nil
}

// DropCases takes back the cases of an entry that was judged again, but for those that were found once more.
func (tx *Tx) DropCases(k EntryKey, keep []CaseKind) error {
	open, err := collect(tx, func(scan func(...any) error) (kind CaseKind, err error) {
		err = scan(&kind)
		return kind, err
	}, `SELECT kind FROM case_file WHERE store_id = $1 AND epoch = $2 AND seq = $3`, k.Store, k.Epoch, k.Seq)
	for _, kind := range open {
		if err == nil && !slices.Contains(keep, kind) && !kind.stays() {
			err = tx.exec(`DELETE FROM case_file WHERE store_id = $1 AND epoch = $2 AND seq = $3 AND kind = $4`, k.Store, k.Epoch, k.Seq, kind)
		}
	}
	if err != nil {
		return fmt.Errorf("cases of %v: %w", k, err)
	}
	return nil
}

// Cases lists all cases by store and number.
func (tx *Tx) Cases() ([]Case, error) {
	return collect(tx, func(scan func(...any) error) (c Case, err error) {
		err = scan(&c.Store, &c.No, &c.Kind, &c.Epoch, &c.Seq, &c.State, &c.Note)
		return c, err
	}, `SELECT store_id, case_no, kind, epoch, seq, state, note FROM case_file ORDER BY store_id, case_no`)
}

// Difference is one figure that head office works out otherwise than the store did.
type Difference struct {
	EntryKey
	Field    string `json:"field"`
	Claimed  string `json:"claimed"`
	Verified string `json:"verified"`
}

// AddDifference keeps a difference.
func (tx *Tx) AddDifference(d Difference) error {
	err := tx.exec(`INSERT INTO difference (store_id, epoch, seq, field, claimed, verified) VALUES ($1, $2, $3, $4, $5, $6)`,
		d.Store, d.Epoch, d.Seq, d.Field, d.Claimed, d.Verified)
	if err != nil {
		return fmt.Errorf("difference in %v, %s: %w", d.EntryKey, d.Field, err)
	}
	return nil
}

// Differences lists all differences in order.
func (tx *Tx) Differences() ([]Difference, error) {
	return collect(tx, func(scan func(...any) error) (d Difference, err error) {
		err = scan(&d.Store, &d.Epoch, &d.Seq, &d.Field, &d.Claimed, &d.Verified)
		return d, err
	}, `SELECT store_id, epoch, seq, field, claimed, verified FROM difference ORDER BY store_id, epoch, seq, field`)
}

// Suspended is a figure or a whole entry that could not be given to anybody.
type Suspended struct {
	EntryKey
	No     int            `json:"no"`
	Points loyalty.Points `json:"points"` // in the store's suspense account; 0 when the entry itself waits
	Unit   string         `json:"unit"`
	Reason string         `json:"reason"`
}

// Suspend keeps the reason why something is in suspense.
func (tx *Tx) Suspend(s Suspended) error {
	err := tx.exec(`INSERT INTO suspense (store_id, epoch, seq, no, points, unit, reason)
		SELECT $1, $2, $3, COUNT(*) + 1, $4, $5, $6 FROM suspense WHERE store_id = $1 AND epoch = $2 AND seq = $3`,
		s.Store, s.Epoch, s.Seq, s.Points, cmp.Or(s.Unit, Points), s.Reason)
	if err != nil {
		return fmt.Errorf("suspend %v: %w", s.EntryKey, err)
	}
	return nil
}

// AllSuspended lists everything in suspense, in order.
func (tx *Tx) AllSuspended() ([]Suspended, error) {
	return collect(tx, func(scan func(...any) error) (s Suspended, err error) {
		err = scan(&s.Store, &s.Epoch, &s.Seq, &s.No, &s.Points, &s.Unit, &s.Reason)
		return s, err
	}, `SELECT store_id, epoch, seq, no, points, unit, reason FROM suspense ORDER BY store_id, epoch, seq, no`)
}

// HasCase says whether a case of a kind is open, of any store.
func (tx *Tx) HasCase(kind CaseKind) (has bool, err error) {
	err = tx.one(`SELECT EXISTS (SELECT 1 FROM case_file WHERE kind = $1 AND state = 'open')`, kind)(&has)
	return has, err
}

// SettleCase closes an open case with a note; ErrNotFound when there is none, or when it is a fork's, which a decision ends.
func (tx *Tx) SettleCase(id loyalty.StoreID, no int64, note string) error {
	n, err := tx.changed(`UPDATE case_file SET state = 'settled', note = note || ' / ' || $3
		WHERE store_id = $1 AND case_no = $2 AND state = 'open' AND kind <> 'fork'`, id, no, note)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("settle case %d of store %d: %w", no, id, err)
	}
	return nil
}

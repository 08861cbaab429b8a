package headoffice

import (
	"context"
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// Report is everything that head office holds, for people and for checks.
type Report struct {
	Scheme      string                     `json:"scheme"`
	Currency    string                     `json:"currency"`
	Stores      []StoreReport              `json:"stores"`
	Members     []MemberReport             `json:"members"`
	Programmes  []string                   `json:"programmes"`
	Closes      []CloseReport              `json:"closes"`
	Suspense    []hodb.Suspended           `json:"suspense"`
	Cases       []hodb.Case                `json:"cases"`
	Differences []hodb.Difference          `json:"differences"`
	Accounts    map[hodb.AccountKind]int64 `json:"accounts"` // sum of all accounts of a kind
	Sum         loyalty.Points             `json:"sum"`      // of all accounts: zero
}

// StoreReport is one store with the lives of its log; Seq is the head of the newest.
type StoreReport struct {
	hodb.Store
	Seq      loyalty.Seq                `json:"seq"`
	Epochs   []EpochReport              `json:"epochs"`
	Accounts map[hodb.AccountKind]int64 `json:"accounts"`
}

// EpochReport is how far one life of a log has come.
type EpochReport struct {
	Epoch   loyalty.Epoch  `json:"epoch"`
	State   hodb.HeadState `json:"state"`
	Seq     loyalty.Seq    `json:"seq"`
	Hash    store.Hash     `json:"hash"`
	Posted  loyalty.Seq    `json:"posted"`
	Session uint64         `json:"session"`
}

// MemberReport is one member: Balance is Main, OnCard, Reserved and Leased together, and the sum of the lots. Of OnCard, InPurse is what cards
// have proved to hold, the rest is in vouchers on their way.
type MemberReport struct {
	ID        loyalty.MemberID `json:"id"`
	Status    string           `json:"status"`
	Tier      string           `json:"tier"`
	Language  string           `json:"language"`
	Numbers   []string         `json:"numbers"` // masked
	Balance   loyalty.Points   `json:"balance"`
	Main      loyalty.Points   `json:"main"`
	OnCard    loyalty.Points   `json:"on_card"`
	InPurse   loyalty.Points   `json:"in_purse"`
	Reserved  loyalty.Points   `json:"reserved,omitempty"`
	Leased    loyalty.Points   `json:"leased,omitempty"` // in allowances of stores
	Overdrawn bool             `json:"overdrawn"`
	Lots      []loyalty.Lot    `json:"lots"`

	Overspent []OverspentReport `json:"overspent,omitempty"` // where the deficit among the lots comes from

	Wallets []wire.WalletRow    `json:"wallets,omitempty"` // beside the points, those that hold something
	Stamps  []loyalty.StampPast `json:"stamps,omitempty"`

	Referrals []ReferralReport `json:"referrals,omitempty"` // for those whom the member brought

	Cards    []CardReport    `json:"cards"`
	Vouchers []VoucherReport `json:"vouchers"`
}

// OverspentReport is a sale that took points which the member did not have any more, and what of them is still open.
type OverspentReport struct {
	Store loyalty.StoreID `json:"store"`
	Epoch loyalty.Epoch   `json:"epoch"`
	Seq   loyalty.Seq     `json:"seq"`
	Open  loyalty.Points  `json:"open"`
}

// CardReport is one chip card.
type CardReport struct {
	ID      loyalty.CardID `json:"id"`
	LoadSeq uint32         `json:"load_seq"`
	Blocked string         `json:"blocked,omitempty"` // the reason
}

// VoucherReport is one voucher; other orders than points have no amount.
type VoucherReport struct {
	Card   loyalty.CardID `json:"card"`
	Seq    uint32         `json:"seq"`
	Amount loyalty.Points `json:"amount"`
	Loaded bool           `json:"loaded"`
}

// CloseReport is one published day.
type CloseReport struct {
	Store    loyalty.StoreID `json:"store"`
	Epoch    loyalty.Epoch   `json:"epoch"`
	Day      string          `json:"day"`
	Revision int             `json:"rev"`
	First    loyalty.Seq     `json:"first"`
	Last     loyalty.Seq     `json:"last"`
}

// maxReportCloses bounds a report; older days are pulled, not reported.
const maxReportCloses = 10000

// Report reads one unchanging state.
func (o *Office) Report(ctx context.Context) (r Report, err error) {
	r = Report{Scheme: o.home.Settings.Scheme, Currency: o.home.Settings.Currency}
	err = o.db.View(ctx, func(tx *hodb.Tx) error {
		rules, err := o.published(tx)
		if err != nil {
			return err
		}
		if err := r.readStores(tx); err != nil {
			return err
		}
		if err := r.readMembers(tx, idleBy(rules)); err != nil {
			return err
		}
		return r.readRest(tx)
	})
	return r, err
}

func (r *Report) readStores(tx *hodb.Tx) error {
	stores, err := tx.Stores()
	if err != nil {
		return err
	}
	heads, err := tx.Heads()
	if err != nil {
		return err
	}
	r.Stores = []StoreReport{}
	for _, s := range stores {
		row := StoreReport{Store: s}
		for _, h := range heads {
			if h.Store == s.ID {
				row.Seq = h.Seq
				row.Epochs = append(row.Epochs, EpochReport{h.Epoch, h.State, h.Seq, h.Hash, h.Posted, h.Session})
			}
		}
		if row.Accounts, err = tx.Accounts(hodb.StoreOwner(s.ID)); err != nil {
			return err
		}
		r.Stores = append(r.Stores, row)
	}
	return nil
}

func (r *Report) readMembers(tx *hodb.Tx, idle hodb.Idle) error {
	ids, err := tx.Members()
	if err != nil {
		return err
	}
	r.Members = make([]MemberReport, 0, len(ids))
	for _, id := range ids {
		m, err := readMember(tx, id, idle)
		if err != nil {
			return err
		}
		r.Members = append(r.Members, m)
	}
	return nil
}

func readMember(tx *hodb.Tx, id loyalty.MemberID, idle hodb.Idle) (MemberReport, error) {
	m, err := tx.Member(id)
	if err != nil {
		return MemberReport{}, err
	}
	tier, err := tx.TierOn(m, lastDay)
	if err != nil {
		return MemberReport{}, err
	}
	row := MemberReport{ID: id, Status: m.Status, Tier: tier, Language: m.Language,
		Numbers: []string{}, Lots: []loyalty.Lot{}, Cards: []CardReport{}, Vouchers: []VoucherReport{}}
	if row.Main, row.OnCard, err = tx.Balances(id); err != nil {
		return row, err
	}
	row.Overdrawn = row.Main < 0 || row.OnCard < 0
	lots, err := tx.Lots(id, hodb.Points)
	if err != nil {
		return row, err
	}
	row.Lots = append(row.Lots, lots...)
	row.Balance = loyalty.Balance(lots)
	for _, l := range lots {
		row.Reserved += l.Reserved
	}
	if row.Leased, err = tx.Leased(id); err != nil {
		return row, err
	}
	if err := row.readBeside(tx, m); err != nil {
		return row, err
	}
	if err := row.readReferrals(tx); err != nil {
		return row, err
	}
	if loyalty.Deficit(lots) > 0 {
		if err := row.readOverspent(tx, idle); err != nil {
			return row, err
		}
	}
	numbers, err := tx.Numbers(id)
	if err != nil {
		return row, err
	}
	for _, n := range numbers {
		row.Numbers = append(row.Numbers, n.Masked)
	}
	return row, row.readCards(tx)
}

func (m *MemberReport) readOverspent(tx *hodb.Tx, idle hodb.Idle) error {
	all, err := tx.Overspent(m.ID, hodb.Points, idle)
	for _, o := range all {
		m.Overspent = append(m.Overspent, OverspentReport{o.Store, o.Epoch, o.Seq, o.Open})
	}
	return err
}

// readBeside reads what a member has beside points; the stamps of who became part of another are that one's.
func (m *MemberReport) readBeside(tx *hodb.Tx, member *hodb.Member) error {
	wallets, err := walletsOf(tx, m.ID)
	if err != nil {
		return err
	}
	m.Wallets = slices.DeleteFunc(wallets, func(w wire.WalletRow) bool { return len(w.Lots) == 0 })
	if m.Status == hodb.MemberErased {
		return nil
	}
	record, err := tx.Record(member)
	m.Stamps = record.Stamps
	return err
}

func (m *MemberReport) readCards(tx *hodb.Tx) error {
	cards, err := tx.Cards(m.ID)
	if err != nil {
		return err
	}
	for _, c := range cards {
		reason, err := tx.Hot(c.ID)
		if err != nil {
			return err
		}
		m.Cards = append(m.Cards, CardReport{ID: c.ID, LoadSeq: c.LoadSeq, Blocked: reason})
	}
	m.InPurse = m.OnCard
	vouchers, err := tx.Vouchers(m.ID)
	for _, v := range vouchers {
		m.Vouchers = append(m.Vouchers, VoucherReport{Card: v.Card, Seq: v.Seq, Amount: v.Points(), Loaded: v.Loaded})
		if !v.Loaded && m.Status != hodb.MemberErased { // a merge took back what was on its way to his card
			m.InPurse -= v.Points()
		}
	}
	return err
}

func (r *Report) readRest(tx *hodb.Tx) (err error) {
	if r.Programmes, err = tx.Programmes(); err != nil {
		return err
	}
	closes, err := tx.Closes(0, maxReportCloses)
	if err != nil {
		return err
	}
	r.Closes = []CloseReport{}
	for _, c := range closes {
		r.Closes = append(r.Closes, CloseReport{c.Range.Store, c.Range.Epoch, c.Day, c.Revision, c.Range.First, c.Range.Last})
	}
	if r.Suspense, err = tx.AllSuspended(); err != nil {
		return err
	}
	if r.Cases, err = tx.Cases(); err != nil {
		return err
	}
	if r.Differences, err = tx.Differences(); err != nil {
		return err
	}
	if r.Accounts, err = tx.Accounts(hodb.Everyone); err != nil {
		return err
	}
	for _, sum := range r.Accounts {
		r.Sum += loyalty.Points(sum)
	}
	return nil
}

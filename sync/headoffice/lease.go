package headoffice

import (
	"context"
	"errors"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// Grant is an allowance to be made: points of a member that a store may spend without asking.
type Grant struct {
	Member loyalty.MemberID `json:"member"`
	Store  loyalty.StoreID  `json:"store"`
	Points loyalty.Points   `json:"points"`
	Hours  int64            `json:"hours"`
}

// maxLeaseHours bounds how long an allowance lasts.
const maxLeaseHours = wire.MaxLeaseSeconds / 3600

// leaseGuard is the part of an allowance's time that is waited beyond it before a closed log's is taken back: clocks may go wrong
// by so much.
const leaseGuard = 10

// LeaseInfo is an allowance as the administrator sees it.
type LeaseInfo struct {
	hodb.Lease
	Closed bool `json:"closed,omitempty"` // the log of the box that has it is closed: it will not say what it spent
}

func (o *Office) grantLease(ctx context.Context, g Grant) (out LeaseInfo, err error) {
	if g.Hours < 1 || g.Hours > maxLeaseHours {
		return out, &FieldError{"hours", fmt.Sprintf("give 1 to %d", maxLeaseHours), nil}
	}
	err = o.db.Update(ctx, func(tx *hodb.Tx) error {
		epoch, err := tx.NewestEpoch(g.Store)
		if err == nil && epoch == 0 {
			err = &FieldError{"store", "give a store that is enrolled", nil}
		}
		if err != nil {
			return err
		}
		m, err := tx.Member(g.Member)
		if errors.Is(err, hodb.ErrNotFound) || err == nil && m.Status != hodb.MemberActive {
			return &FieldError{"member", "give an active member of the register", err}
		}
		if err != nil {
			return err
		}
		free, err := o.free(tx, g.Member)
		if err != nil {
			return err
		}
		if g.Points < 1 || g.Points > free {
			return &FieldError{"points", fmt.Sprintf("give 1 to %d, which is what the member has on no card and set aside for no store", max(free, 0)), nil}
		}
		out.Lease, err = tx.Grant(hodb.Lease{Member: g.Member, Store: g.Store, Epoch: epoch, Granted: g.Points,
			Ends: tx.Now().Add(time.Duration(g.Hours) * time.Hour)})
		if errors.Is(err, hodb.ErrLeased) {
			err = &FieldError{"store", `reclaim the one it has first, with "headoffice lease reclaim"`, err}
		}
		return err
	})
	return out, err
}

// free is what may be promised of a member's points: spendable today, on no card, and promised to no store.
func (o *Office) free(tx *hodb.Tx, id loyalty.MemberID) (loyalty.Points, error) {
	today, err := o.today(tx)
	if err != nil {
		return 0, err
	}
	return freeOn(tx, id, today)
}

func freeOn(tx *hodb.Tx, id loyalty.MemberID, day string) (loyalty.Points, error) {
	lots, err := tx.Lots(id, hodb.Points)
	if err != nil {
		return 0, err
	}
	_, onCard, err := tx.Balances(id)
	if err != nil {
		return 0, err
	}
	setAside, err := tx.SetAside(id, 0)
	return loyalty.Spendable(lots, day) - onCard - setAside, err
}

func (o *Office) listLeases(ctx context.Context, _ none) (out []LeaseInfo, err error) {
	out = []LeaseInfo{}
	err = o.db.View(ctx, func(tx *hodb.Tx) error {
		leases, err := tx.Leases()
		for _, l := range leases {
			if err != nil {
				break
			}
			info := LeaseInfo{Lease: l}
			info.Closed, err = leaseClosed(tx, &l)
			out = append(out, info)
		}
		return err
	})
	return out, err
}

func leaseClosed(tx *hodb.Tx, l *hodb.Lease) (bool, error) {
	head, err := tx.Head(l.Store, l.Epoch)
	return err == nil && head.State == hodb.HeadClosed, err
}

// Reclaim is an allowance that head office wants back. WrittenOff says that what a closed log did not tell is lost: nothing waits for it.
type Reclaim struct {
	Lease      loyalty.LeaseNo `json:"lease"`
	WrittenOff bool            `json:"written_off"`
}

// reclaimLease asks the store for an allowance. What is left comes back with the store's own word; of a box whose log is closed, which
// gives none, when its time and the guard are over and a person has written the rest of that log off.
func (o *Office) reclaimLease(ctx context.Context, in Reclaim) (out LeaseInfo, err error) {
	err = o.db.Update(ctx, func(tx *hodb.Tx) error {
		l, err := tx.FindLease(in.Lease)
		if errors.Is(err, hodb.ErrNotFound) || err == nil && l.State == hodb.LeaseEnded {
			return &FieldError{"lease", `give one that "headoffice lease list" prints`, err}
		}
		if err != nil {
			return err
		}
		if out.Closed, err = leaseClosed(tx, l); err != nil {
			return err
		}
		switch sure := l.Ends.Add(l.Ends.Sub(l.Since) / leaseGuard); {
		case !out.Closed && in.WrittenOff:
			err = &FieldError{"written-off", "leave it out: the store's log is open and will say what it spent", nil}
		case in.WrittenOff && tx.Now().Before(sure):
			err = &FieldError{"written-off", fmt.Sprintf("wait until %s: until then the old box may spend it", sure.UTC().Format(time.RFC3339)), nil}
		case in.WrittenOff:
			if err = tx.EndLease(l); err == nil {
				err = o.makeVouchers(tx, l.Member)
			}
		default:
			err = tx.ReclaimLease(l)
		}
		out.Lease = *l
		return err
	})
	return out, err
}

// doors closes what was set aside for a sale or transfer that has come, though it may want no points any more: what it takes it takes as any other.
func (j *judge) doors(m *matter) error {
	s := m.entry.Sale
	if s == nil && m.entry.Transfer == nil || m.entry.Member == 0 {
		return nil
	}
	if j.reserved {
		r := hodb.OnlineReservation{Store: m.key.Store, Txn: m.entry.Txn, Member: m.entry.Member}
		if err := j.tx.CloseReservation(r, hodb.ReservationPosted); err != nil {
			return err
		}
	}
	if s == nil || s.Lease == nil {
		return nil
	}
	l, err := j.leaseOf(m, s.Lease)
	if err != nil || l == nil {
		return err
	}
	took, err := j.tx.UseLease(l, s.Lease.Points)
	if err == nil && took != s.Lease.Points {
		err = j.open(hodb.CaseLease, m.key, fmt.Sprintf("the sale spent %d points of allowance %d, which held %d", s.Lease.Points, l.No, took))
	}
	return err
}

// leaseEnds gives back what a store did not spend of an allowance.
func (j *judge) leaseEnds(m *matter) error {
	if m.entry.Lease == nil {
		return j.notInterpreted(m.key, errors.New("the end of an allowance without its body"))
	}
	l, err := j.leaseOf(m, m.entry.Lease)
	if err != nil || l == nil {
		return err
	}
	if said := m.entry.Lease.Points; said != l.Used {
		if err := j.open(hodb.CaseLease, m.key, fmt.Sprintf("the store says that it spent %d points of allowance %d; its sales spent %d", said, l.No, l.Used)); err != nil {
			return err
		}
	}
	j.vouchers[l.Member] = true
	return j.tx.EndLease(l)
}

// leaseOf is the allowance that an entry names; nil, with a case, when the store has no such one.
func (j *judge) leaseOf(m *matter, use *loyalty.LeaseUse) (*hodb.Lease, error) {
	l, err := j.tx.Lease(use.Member, use.Lease)
	if err == nil && l.Store == m.key.Store {
		return l, nil
	}
	if err != nil && !errors.Is(err, hodb.ErrNotFound) {
		return nil, err
	}
	return nil, j.open(hodb.CaseLease, m.key, fmt.Sprintf("the store never had allowance %d of member %d", use.Lease, use.Member))
}

// lease is nil when the box that asks has it no more, or must not spend it.
func (w *feedWriter) lease(key string) (*wire.LeaseRow, error) {
	member, no, err := hodb.ParseLeaseKey(key)
	if err != nil {
		return nil, err
	}
	l, err := w.tx.Lease(member, no)
	if err != nil || l.State == hodb.LeaseEnded || l.Epoch != w.head.Epoch || w.head.State != hodb.HeadOpen || w.head.Quarantined {
		return nil, err
	}
	left := max(l.Ends.Sub(w.tx.Now()), 0)
	return &wire.LeaseRow{Lease: l.No, Member: l.Member, Granted: l.Granted, Used: l.Used, Seconds: int64(left / time.Second),
		Reclaim: l.State == hodb.LeaseReclaim}, nil
}

// GrantLease lets a store spend points of a member without asking.
func (m Manager) GrantLease(ctx context.Context, g Grant) (out LeaseInfo, err error) {
	err = m.call(ctx, opGrant, g, &out)
	return out, err
}

// Leases lists the allowances that have not ended.
func (m Manager) Leases(ctx context.Context) (out []LeaseInfo, err error) {
	err = m.call(ctx, opLeases, none{}, &out)
	return out, err
}

// ReclaimLease wants an allowance back.
func (m Manager) ReclaimLease(ctx context.Context, r Reclaim) (out LeaseInfo, err error) {
	err = m.call(ctx, opReclaim, r, &out)
	return out, err
}

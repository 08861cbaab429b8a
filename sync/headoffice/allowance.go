package headoffice

import (
	"errors"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// allotter gives allowances by the programme's policy, as a day begins: to the store in which a member buys most.
type allotter struct {
	tx     *hodb.Tx
	day    string
	policy loyalty.Allowance
	given  bool                               // there is a policy
	since  string                             // purchases from this day on count
	room   map[loyalty.StoreID]loyalty.Points // what may still be set aside for a store
	n      int                                // allowances that were given, extended or wanted back
}

// allotSome sees to the allowances of the next members after one, and gives the last of them; 0 when there are no more.
func (o *Office) allotSome(tx *hodb.Tx, out *DayOutcome, after loyalty.MemberID) (last loyalty.MemberID, err error) {
	p, err := o.inForce(tx, out.Day)
	if err != nil {
		return 0, err
	}
	a := allotter{tx: tx, day: out.Day, room: map[loyalty.StoreID]loyalty.Points{}}
	members := tx.MembersWithAllowances
	if p != nil {
		a.policy, a.given = p.Allowance()
	}
	if a.given {
		a.since, members = dayAfter(out.Day, -int(a.policy.Days)), tx.MembersForAllowances
	}
	ids, err := members(after, membersAtOnce)
	for _, id := range ids {
		if err != nil {
			return 0, err
		}
		last, err = id, a.member(id)
	}
	out.Allowances += a.n
	return last, err
}

// member gives a member's usual store its allowance, lets the one that it has last longer, and wants the others back. One that is
// spent to its half, or has become small beside what the member has, is wanted back too: the store's word makes room for a fresh one.
func (a *allotter) member(id loyalty.MemberID) error {
	usual, err := a.usual(id)
	if err != nil {
		return err
	}
	leases, err := a.tx.LeasesOf(id)
	if err != nil {
		return err
	}
	free, err := freeOn(a.tx, id, a.day)
	if err != nil {
		return err
	}
	has := false
	for i := range leases {
		l := &leases[i]
		mine := usual != nil && l.Store == usual.Store
		has = has || mine
		if !l.Automatic || l.State != hodb.LeaseOpen {
			continue
		}
		if err := a.review(l, mine && l.Epoch == usual.Epoch, free); err != nil {
			return err
		}
	}
	if usual == nil || has {
		return nil
	}
	return a.grant(id, usual, free)
}

// usual is the log of the store in which a member buys most; nil when he gets no allowance.
func (a *allotter) usual(id loyalty.MemberID) (*hodb.Head, error) {
	if !a.given {
		return nil, nil
	}
	m, err := a.tx.Member(id)
	if err != nil || m.Status != hodb.MemberActive {
		return nil, err
	}
	store, err := a.tx.UsualStore(id, a.since, a.policy.Visits)
	if err != nil || store == 0 {
		return nil, err
	}
	epoch, err := a.tx.NewestEpoch(store)
	if err != nil {
		return nil, err
	}
	head, err := a.tx.Head(store, epoch)
	if errors.Is(err, hodb.ErrNotFound) || err == nil && (head.State != hodb.HeadOpen || head.Quarantined) {
		return nil, nil
	}
	return head, err
}

// review extends an allowance or wants it back.
func (a *allotter) review(l *hodb.Lease, mine bool, free loyalty.Points) error {
	a.n++
	if mine {
		want, err := a.points(l.Store, free, l.Open())
		if err != nil {
			return err
		}
		if 2*l.Open() >= want {
			return a.tx.ExtendLease(l, a.ends())
		}
	}
	return a.tx.ReclaimLease(l)
}

// points is what a store gets of a member who has so many free, beside what it has of him.
func (a *allotter) points(store loyalty.StoreID, free, has loyalty.Points) (loyalty.Points, error) {
	if _, known := a.room[store]; !known {
		leased, err := a.tx.LeasedTo(store)
		if err != nil {
			return 0, err
		}
		a.room[store] = a.policy.Store - leased
	}
	return min(a.policy.Of(free+has), a.room[store]+has), nil
}

func (a *allotter) grant(id loyalty.MemberID, to *hodb.Head, free loyalty.Points) error {
	points, err := a.points(to.Store, free, 0)
	if err != nil || points < 1 {
		return err
	}
	a.n++
	a.room[to.Store] -= points
	_, err = a.tx.Grant(hodb.Lease{Member: id, Store: to.Store, Epoch: to.Epoch, Granted: points, Ends: a.ends(), Automatic: true})
	return err
}

func (a *allotter) ends() time.Time { return a.tx.Now().Add(time.Duration(a.policy.Hours) * time.Hour) }

package agent

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/agent/staff"
)

// A refused action can be answered for this long, and so many of them at once; the oldest gives way.
const (
	liftKept = 5 * time.Minute
	maxLifts = 64
)

// lift is an action that was refused to a cashier and that somebody with the right may answer for: this one request under this
// one key, once.
type lift struct {
	asked
	do       loyalty.Action
	limit    int64 // 0: it is the store that wants an answer
	by       Doer  // who was refused
	until    time.Time
	approver loyalty.StaffNumber // 0: nobody yet
}

// lifts live in memory: after a restart the action is refused, and asked for, once more.
type lifts struct {
	mu  sync.Mutex
	all map[loyalty.TxnID]lift
}

// refused notes an action of which somebody may be asked.
func (s *lifts) refused(id loyalty.TxnID, one lift, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[loyalty.TxnID]lift{}
	}
	if _, known := s.all[id]; !known && len(s.all) >= maxLifts {
		s.dropOldest()
	}
	one.until = now.Add(liftKept)
	s.all[id] = one
}

func (s *lifts) dropOldest() {
	var oldest loyalty.TxnID
	var until time.Time
	for id, one := range s.all {
		if until.IsZero() || one.until.Before(until) {
			oldest, until = id, one.until
		}
	}
	delete(s.all, oldest)
}

func (s *lifts) find(id loyalty.TxnID, now time.Time) (lift, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, known := s.all[id]
	return one, known && now.Before(one.until)
}

// approve has somebody answer for exactly what was refused; false when the till has asked for something else meanwhile.
func (s *lifts) approve(id loyalty.TxnID, request [32]byte, by loyalty.StaffNumber) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, known := s.all[id]
	if !known || one.request != request {
		return false
	}
	one.approver = by
	s.all[id] = one
	return true
}

// answers says whether somebody may answer for it: not for what they did themselves, and for a correction one of the two is a manager.
func (l *lift) answers(who StaffMember) bool {
	if !who.Role.May(staff.Override) || who.Number == l.by.Number {
		return false
	}
	return l.do.Kind != loyalty.ActionAdjust || who.Role == staff.Manager || l.by.Role == staff.Manager
}

// approver is who answered for a request; 0 for nobody.
func (s *lifts) approver(id loyalty.TxnID, request [32]byte, now time.Time) loyalty.StaffNumber {
	one, known := s.find(id, now)
	if !known || one.request != request {
		return 0
	}
	return one.approver
}

// used ends what was answered for: it is in the ledger.
func (s *lifts) used(id loyalty.TxnID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, id)
}

// Approval says who answers for an action.
type Approval struct {
	Staff loyalty.StaffNumber `json:"staff"`
	Name  string              `json:"name"`
	Until time.Time           `json:"until" doc:"when it is over, unless the action was done before"`
}

// Approve has a supervisor or manager answer, by number and PIN, for the one action that was refused under a key. The same request
// under the same key is then judged by a manager's limits.
func (a *Agent) Approve(ctx context.Context, id loyalty.TxnID, by SecondPerson) (Approval, error) {
	asked, known := a.lifts.find(id, a.now())
	if !known {
		return Approval{}, refuse(CodeApprovalUnknown, nil)
	}
	who, err := a.ProvePIN(ctx, by.Number, by.PIN)
	if err != nil {
		return Approval{}, err
	}
	if !asked.answers(who) {
		return Approval{}, refuse(CodeApproverRole, nil)
	}
	doer := Doer{Number: who.Number, Name: who.Name, Role: who.Role}
	cashier, signedIn := doerOf(ctx)
	if signedIn {
		doer = cashier
	}
	act := doer.act("override")
	if signedIn {
		act.Second = who.Number
	}
	act.About = fmt.Sprintf("%s, lane %d", cmp.Or(asked.what, string(asked.do.Kind)), asked.lane)
	if asked.limit > 0 {
		act.Before = fmt.Sprint(asked.limit)
	}
	if much := max(int64(asked.do.Points), asked.do.Money); much > 0 {
		act.After = fmt.Sprint(much)
	}
	err = a.witness(ctx, act, func() error {
		if !a.lifts.approve(id, asked.request, who.Number) {
			return refuse(CodeApprovalUnknown, nil)
		}
		return nil
	})
	if err != nil {
		return Approval{}, err
	}
	return Approval{Staff: who.Number, Name: who.Name, Until: asked.until}, nil
}

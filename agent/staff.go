package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/agent/staff"
	"loyaltill/internal/i18n"
	"loyaltill/store/agentdb"
)

// StaffMember is somebody who works in the store.
type StaffMember struct {
	Number    agentdb.StaffNumber `json:"number" doc:"to sign in with"`
	Name      string              `json:"name"`
	Role      staff.Role          `json:"role"`
	Language  string              `json:"language,omitempty" doc:"of the pages; the store's when left out"`
	Since     time.Time           `json:"since"`
	Ended     time.Time           `json:"ended,omitzero" doc:"does not work here any more"`
	WaitUntil time.Time           `json:"wait_until,omitzero" doc:"no PIN of theirs is looked at before: too many were wrong"`
	OwnCard   bool                `json:"own_card,omitempty" doc:"it is noted which card is theirs"`
	Version   int64               `json:"-"`
}

// Works says whether somebody may still do anything here.
func (m *StaffMember) Works() bool { return m.Ended.IsZero() }

func (a *Agent) staffView(s agentdb.Staff) StaffMember {
	m := StaffMember{Number: s.Number, Name: s.Name, Role: staff.Role(s.Role), Language: s.Language, Since: s.Since, Ended: s.Ended, Version: s.Version}
	if s.WaitUntil.After(a.now()) {
		m.WaitUntil = s.WaitUntil
	}
	return m
}

// Doer is who does something by hand.
type Doer struct {
	Number agentdb.StaffNumber // 0: whoever has the command line of this machine
	Name   string
	Role   staff.Role
}

// May says whether they have a right. Whoever has the machine has the store.
func (d *Doer) May(right staff.Right) bool { return d.Number == 0 || d.Role.May(right) }

// act begins a row of the trail.
func (d *Doer) act(what string) agentdb.Act {
	return agentdb.Act{Staff: d.Number, Name: d.Name, What: what}
}

// StaffRequest is somebody who begins to work here, or what is changed of them.
type StaffRequest struct {
	Name     string     `json:"name" minLength:"1" maxLength:"40"`
	Role     staff.Role `json:"role" enum:"cashier,supervisor,manager,technician"`
	Language string     `json:"language,omitempty" enum:",en,lv,pl,et,fa,hy" doc:"of the pages; the store's when left out"`
}

func (r *StaffRequest) check() error {
	r.Name = strings.TrimSpace(r.Name)
	if r.Name == "" || strings.ContainsFunc(r.Name, func(c rune) bool { return c < ' ' }) {
		return &Refusal{Code: CodeFieldInvalid, Field: "name"}
	}
	if !r.Role.Known() {
		return &Refusal{Code: CodeFieldInvalid, Field: "role"}
	}
	if _, ok := i18n.Parse(r.Language); !ok && r.Language != "" {
		return &Refusal{Code: CodeFieldInvalid, Field: "language"}
	}
	return nil
}

// Staff is everybody who works here, or did.
func (a *Agent) Staff(ctx context.Context) ([]StaffMember, error) {
	rows, err := a.people.AllStaff(ctx)
	if err != nil {
		return nil, err
	}
	cards, err := a.people.StaffCards(ctx)
	all := make([]StaffMember, len(rows))
	for i, r := range rows {
		all[i] = a.staffView(r)
		all[i].OwnCard = cards[r.Number] != 0
	}
	return all, err
}

// StaffMember is one of them as they are now.
func (a *Agent) StaffMember(ctx context.Context, n agentdb.StaffNumber) (StaffMember, error) {
	s, err := a.people.StaffByNumber(ctx, n)
	if err != nil {
		return StaffMember{}, staffRefusal(err)
	}
	return a.staffView(s), nil
}

// SignIn says whether staff sign in at the tills.
type SignIn string

const (
	SignInNone SignIn = "none" // nobody works here yet who could
	SignInMay  SignIn = "may"
	SignInMust SignIn = "must"
)

// SignIn says whether staff sign in at the tills of this store.
func (a *Agent) SignIn(ctx context.Context) (SignIn, error) {
	all, err := a.Staff(ctx)
	if err != nil {
		return SignInNone, err
	}
	for _, m := range all {
		if m.Works() && m.Role.May(staff.Sell) {
			if a.cfg.Staff.Required {
				return SignInMust, nil
			}
			return SignInMay, nil
		}
	}
	return SignInNone, nil
}

// ProvePIN says who a number is when the PIN is theirs. Each try is on disk before the PIN is looked at.
func (a *Agent) ProvePIN(ctx context.Context, n agentdb.StaffNumber, pin []byte) (StaffMember, error) {
	a.proving.Lock() // a hash takes much memory: one at a time
	defer a.proving.Unlock()
	s, err := a.people.TryPIN(ctx, n, staff.WaitAfter, staff.LongestWait)
	if errors.Is(err, agentdb.ErrNotFound) {
		return StaffMember{}, &Refusal{Code: CodeStaffPINWrong, cause: err}
	}
	if err != nil {
		return StaffMember{}, staffRefusal(err)
	}
	good, err := staff.VerifyPIN(s.PIN, pin)
	if err != nil {
		return StaffMember{}, fmt.Errorf("staff %d: %w", n, err)
	}
	if !good || !s.Ended.IsZero() {
		return StaffMember{}, &Refusal{Code: CodeStaffPINWrong, Wait: staff.WaitAfter(s.Wrong)}
	}
	s.WaitUntil = time.Time{}
	return a.staffView(s), a.people.PINRight(ctx, n)
}

// AddStaff lets somebody work here. The same key gives the same person.
func (a *Agent) AddStaff(ctx context.Context, by Doer, key loyalty.TxnID, r StaffRequest, pin []byte) (StaffMember, error) {
	if err := r.check(); err != nil {
		return StaffMember{}, err
	}
	hash, err := requestHash(0, "staff", r)
	if err != nil {
		return StaffMember{}, err
	}
	kept, err := a.hashPIN(pin)
	if err != nil {
		return StaffMember{}, err
	}
	act := by.act("staff_add")
	act.After = r.words()
	s, err := a.people.AddStaff(ctx, key, hash, agentdb.Staff{Name: r.Name, Role: string(r.Role), Language: r.Language, PIN: kept}, act)
	if err != nil {
		return StaffMember{}, staffRefusal(err)
	}
	if s.PIN != kept { // added by an earlier call: with this PIN?
		if good, err := staff.VerifyPIN(s.PIN, pin); err != nil || !good {
			return StaffMember{}, refuse(CodeKeyReused, err)
		}
	}
	return a.staffView(s), nil
}

// words is a person as the trail shows them.
func (r *StaffRequest) words() string {
	return strings.TrimSuffix(fmt.Sprintf("%s, %s, %s", r.Name, r.Role, r.Language), ", ")
}

func wordsOf(s *agentdb.Staff) string {
	r := StaffRequest{Name: s.Name, Role: staff.Role(s.Role), Language: s.Language}
	return r.words()
}

// ChangeStaff gives somebody another name, role or language.
func (a *Agent) ChangeStaff(ctx context.Context, by Doer, n agentdb.StaffNumber, r StaffRequest) (StaffMember, error) {
	if err := r.check(); err != nil {
		return StaffMember{}, err
	}
	return a.changeStaff(ctx, by, n, "staff_change", func(s *agentdb.Staff) {
		s.Name, s.Role, s.Language, s.Ended = r.Name, string(r.Role), r.Language, time.Time{}
	})
}

// EndStaff lets somebody work here no more. Their number and what they did stay known.
func (a *Agent) EndStaff(ctx context.Context, by Doer, n agentdb.StaffNumber) (StaffMember, error) {
	now := a.now()
	return a.changeStaff(ctx, by, n, "staff_end", func(s *agentdb.Staff) { s.Ended = now })
}

// SetStaffPIN gives somebody a new PIN and forgets their wrong tries.
func (a *Agent) SetStaffPIN(ctx context.Context, by Doer, n agentdb.StaffNumber, pin []byte) (StaffMember, error) {
	kept, err := a.hashPIN(pin)
	if err != nil {
		return StaffMember{}, err
	}
	return a.changeStaff(ctx, by, n, "staff_pin", func(s *agentdb.Staff) {
		s.PIN, s.Wrong, s.WaitUntil = kept, 0, time.UnixMilli(0)
	})
}

func (a *Agent) changeStaff(ctx context.Context, by Doer, n agentdb.StaffNumber, what string, change func(*agentdb.Staff)) (StaffMember, error) {
	s, err := a.people.ChangeStaff(ctx, n, by.Number != 0, func(s *agentdb.Staff) agentdb.Act {
		act := by.act(what)
		act.About, act.Before = fmt.Sprint(n), wordsOf(s)
		change(s)
		if s.Ended.IsZero() {
			act.After = wordsOf(s)
		}
		return act
	})
	if err != nil {
		return StaffMember{}, staffRefusal(err)
	}
	return a.staffView(s), nil
}

func (a *Agent) hashPIN(pin []byte) (string, error) {
	a.proving.Lock()
	defer a.proving.Unlock()
	kept, err := staff.HashPIN(pin)
	switch {
	case errors.Is(err, staff.ErrPINForm):
		return "", refuse(CodePINFormat, err)
	case errors.Is(err, staff.ErrPINEasy):
		return "", refuse(CodeStaffPINEasy, err)
	}
	return kept, err
}

func staffRefusal(err error) error {
	var wait *agentdb.WaitError
	switch {
	case errors.As(err, &wait):
		return &Refusal{Code: CodeStaffWait, Retryable: true, Wait: wait.Left, cause: err}
	case errors.Is(err, agentdb.ErrNotFound):
		return refuse(CodeStaffUnknown, err)
	case errors.Is(err, agentdb.ErrName):
		return &Refusal{Code: CodeStaffName, Field: "name", cause: err}
	case errors.Is(err, agentdb.ErrLastManager):
		return refuse(CodeStaffLast, err)
	case errors.Is(err, agentdb.ErrConflict):
		return refuse(CodeKeyReused, err)
	}
	return err
}

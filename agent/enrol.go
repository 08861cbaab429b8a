package agent

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card/profile"
	"loyaltill/internal/i18n"
	"loyaltill/store/agentdb"
)

// EnrolRequest makes a member of who carries a card or number that is nobody's yet. Nothing else is asked: a store keeps no names.
type EnrolRequest struct {
	Lane     loyalty.LaneID   `json:"lane" minimum:"1"`
	Card     *IdentifyRequest `json:"card,omitempty" doc:"the number as scanned, swiped or typed; leave out for the card in the lane's reader"`
	Language string           `json:"language" minLength:"2" maxLength:"3" doc:"in which the member is spoken to"`
	Consent  string           `json:"consent" minLength:"1" maxLength:"40" doc:"version of the text that the customer agreed to, from GET /v1/consent"`
	Cashier  string           `json:"cashier,omitempty" maxLength:"40" doc:"who took it"`
}

// EnrolAnswer is a member made.
type EnrolAnswer struct {
	Member   loyalty.MemberID `json:"member"`
	Number   string           `json:"number" doc:"masked"`
	Seq      loyalty.Seq      `json:"seq"`
	Replayed bool             `json:"replayed"`
}

// nobody is a number that no member has. The number itself is kept nowhere.
type nobody struct {
	hash   [sha256.Size]byte
	masked string
	trust  trust
}

func (n *nobody) Error() string { return "nobody has number " + n.masked }

// Consent is the text that customers agree to who become members at a till.
func (a *Agent) Consent(ctx context.Context) (loyalty.Consent, error) {
	p, err := a.programmeAt(ctx, a.now())
	if err != nil {
		return loyalty.Consent{}, err
	}
	c, on := p.Consent()
	if !on {
		return c, refuse(CodeEnrolOff, nil)
	}
	return c, nil
}

// Enrol makes a member, who then stands at the till as after a tap.
func (a *Agent) Enrol(ctx context.Context, id loyalty.TxnID, r EnrolRequest) (EnrolAnswer, error) {
	l, err := a.lane(r.Lane)
	if err != nil {
		return EnrolAnswer{}, err
	}
	hash, err := requestHash(r.Lane, "enrol", r)
	if err != nil {
		return EnrolAnswer{}, err
	}
	a.enrolling.Lock() // two tills with one number: the second finds the member
	defer a.enrolling.Unlock()
	c, err := a.db.EntryByTxn(ctx, id)
	switch {
	case errors.Is(err, agentdb.ErrNotFound):
		c, err = a.makeMember(ctx, l, id, hash, r)
	case err == nil && c.RequestHash != hash || err == nil && c.Entry.Enrol == nil:
		err = refuse(CodeKeyReused, nil)
	default:
		c.Replayed = true
	}
	if err != nil {
		return EnrolAnswer{}, err
	}
	return EnrolAnswer{Member: c.Entry.Member, Number: c.Entry.Enrol.Masked, Seq: c.Entry.Seq, Replayed: c.Replayed}, nil
}

// makeMember books the enrolment and shows the member here. Should the second fail, the log has the member and the next start
// shows them.
func (a *Agent) makeMember(ctx context.Context, l *lane, id loyalty.TxnID, hash [32]byte, r EnrolRequest) (c agentdb.Committed, err error) {
	if _, ok := i18n.Parse(r.Language); !ok {
		return c, &Refusal{Code: CodeFieldInvalid, Field: "language"}
	}
	p, err := a.programmeAt(ctx, a.now())
	if err != nil {
		return c, err
	}
	who, err := a.stranger(ctx, l, r)
	if err != nil {
		return c, err
	}
	ranges, err := a.db.MemberRanges(ctx)
	if err != nil {
		return c, err
	}
	c, err = a.enter(ctx, agentdb.Commit{Txn: id, RequestHash: hash, Enrols: true,
		Build: func(head loyalty.EntryHead, used agentdb.Tally) (loyalty.Entry, error) {
			head.Lane, head.Cashier = r.Lane, r.Cashier
			return p.Enrol(loyalty.Enrolment{Member: loyalty.NextMember(ranges, used.Enrolled), Number: who.hash, Masked: who.masked,
				Language: r.Language, Consent: r.Consent}, head)
		}})
	if err != nil {
		return c, enrolRefusal(err)
	}
	if err := a.db.ShowEnrolled(ctx); err != nil {
		return c, err
	}
	return c, l.call(ctx, func(context.Context) error {
		l.endSession()
		l.setStranger(nil)
		l.setWho(&identified{member: c.Entry.Member, number: who.masked, language: r.Language, trust: who.trust, byNumber: r.Card != nil, gone: a.now()})
		return nil
	})
}

// stranger is whose number is to become a member's: of the text given, else of the card that the lane refused as nobody's.
func (a *Agent) stranger(ctx context.Context, l *lane, r EnrolRequest) (*nobody, error) {
	var who *nobody
	if r.Card == nil {
		if who = l.stranger(); who == nil {
			return nil, refuse(CodeCardNeeded, nil)
		}
		// It may have become a member's on another lane since.
		_, err := a.memberOfHash(ctx, who)
		if !unknownMember(err) {
			return nil, knownAlready(err)
		}
		return who, nil
	}
	_, err := a.lookUp(ctx, profile.Text(r.Card.text()))
	if !errors.As(err, &who) {
		return nil, knownAlready(err)
	}
	return who, nil
}

// knownAlready is why a number cannot be enrolled that is not nobody's.
func knownAlready(err error) error {
	if err == nil {
		return refuse(CodeMemberKnown, nil)
	}
	return err
}

func enrolRefusal(err error) error {
	var e *loyalty.SaleError
	if !errors.As(err, &e) {
		return appendRefusal(err)
	}
	switch e.Code {
	case loyalty.EnrolOff:
		return refuse(CodeEnrolOff, err)
	case loyalty.EnrolConsent:
		return refuse(CodeConsentChanged, err)
	case loyalty.EnrolNumbers:
		return refuseForNow(CodeMemberNumbers, err)
	}
	return fmt.Errorf("enrol: %w", err)
}

// stranger is the card here that is nobody's yet, nil for none.
func (l *lane) stranger() *nobody {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.unknown
}

func (l *lane) setStranger(n *nobody) {
	l.mu.Lock()
	l.unknown = n
	l.mu.Unlock()
}

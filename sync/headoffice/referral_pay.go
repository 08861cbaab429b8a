package headoffice

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// ofReferral judges an entry about a friend among the referrer's own.
func (j *judge) ofReferral(e *hodb.MemberEntry, b before) (points loyalty.Points, err error) {
	all, err := j.tx.Referrals(loyalty.MemberID(e.Key.Seq))
	if err != nil {
		return 0, err
	}
	i := slices.IndexFunc(all, func(r hodb.Referral) bool { return r.Place.Key == e.Key })
	if i < 0 {
		return 0, fmt.Errorf("%v is about nobody", e.Key)
	}
	r, step := &all[i], loyalty.PastStep{}
	if i%2 == 0 {
		step, err = j.payReferrer(r, b)
	} else {
		step, err = j.takeFromReferrer(r, all[i-1].Entry, b.held)
	}
	if err == nil {
		err = j.tx.PutReferral(r)
	}
	if err != nil {
		return 0, err
	}
	var legs []hodb.Leg
	if r.Entry != nil {
		claims, err := j.claimsOf(r.Entry.Moves, 0, reasonReferral)
		if err != nil {
			return 0, err
		}
		legs = append(j.legsOf(r.Entry.Moves, 0, reasonReferral), claims...)
	}
	post := hodb.Posting{Key: e.Key, Day: e.Day(), At: r.Place.At, Member: r.Referrer, Legs: legs}
	if _, err := j.poster.Settle(post, hodb.MemberOwner(r.Referrer), hodb.HeadOffice); err != nil {
		return 0, err
	}
	return step.Counts.Points, j.restep(e, b.member, step)
}

// reasonReferral stands on the legs of what is paid for a friend.
const reasonReferral = "referral"

// payReferrer works out what a referrer gets by the version under which the friend was claimed; nil for nothing, as beyond a cap.
func (j *judge) payReferrer(r *hodb.Referral, b before) (step loyalty.PastStep, err error) {
	claim, err := j.read(r.Claim)
	if err != nil {
		return step, err
	}
	sale, err := j.read(r.Sale)
	if err != nil {
		return step, err
	}
	p, err := j.published(claim.Activity.Programme)
	if err != nil {
		return step, err
	}
	body := *sale.Sale // with the past that head office knows
	body.History = &loyalty.History{Referred: claim.Activity.Activity}
	sale.Sale = &body
	in := loyalty.ReferralInput{Claim: claim, Sale: sale, Referrer: &loyalty.MemberState{ID: r.Referrer, Medium: loyalty.MediumNumber}}
	if in.Referrer.Tier, err = j.tx.TierOn(b.member, r.Place.Day); err != nil {
		return step, err
	}
	if in.Referrer.History, _, err = recall(p, nil, b, r.Place.Day); err != nil {
		return step, err
	}
	e, err := p.PayReferral(in, ownHead(r.Place))
	var refused *loyalty.SaleError
	if r.Entry = nil; errors.As(err, &refused) {
		return step, nil
	}
	if err != nil {
		return step, err
	}
	r.Entry = &e
	return loyalty.StepOfActivity(&e), nil
}

// takeFromReferrer works out what goes back of what was paid.
func (j *judge) takeFromReferrer(r *hodb.Referral, paid *loyalty.Entry, held loyalty.Points) (step loyalty.PastStep, err error) {
	if r.Entry = nil; paid == nil {
		return step, nil
	}
	p, err := j.published(paid.Activity.Programme)
	if err != nil {
		return step, err
	}
	e, err := p.TakeBackReferral(paid, held, ownHead(r.Place))
	if err != nil {
		return step, err
	}
	r.Entry = &e
	return loyalty.StepOfReferralBack(paid, &e), nil
}

// ownHead begins an entry of head office's own.
func ownHead(at hodb.Place) loyalty.EntryHead {
	return loyalty.EntryHead{Store: at.Key.Store, Epoch: at.Key.Epoch, Seq: at.Key.Seq, Day: at.Day, At: at.At.UTC().Format(entryTime)}
}

// ReferralReport is what a member got for one he brought, or had taken back.
type ReferralReport struct {
	Friend loyalty.MemberID  `json:"friend"`
	Day    string            `json:"day"`
	At     time.Time         `json:"at"`
	Points loyalty.Points    `json:"points"` // below zero: taken back
	Claim  hodb.EntryKey     `json:"claim"`
	Sale   hodb.EntryKey     `json:"sale"`
	Why    []loyalty.Finding `json:"why,omitempty"`
}

func (m *MemberReport) readReferrals(tx *hodb.Tx) error {
	all, err := tx.ReferralsOf(m.ID)
	for _, r := range all {
		row := ReferralReport{Friend: r.Friend, Day: r.Place.Day, At: r.Place.At.UTC(), Claim: r.Claim, Sale: r.Sale}
		if e := r.Entry; e != nil && e.Activity != nil {
			row.Points, row.Why = e.Activity.Points, e.Activity.Why
		} else if e != nil {
			for _, move := range e.Moves {
				row.Points -= move.Points
			}
		}
		m.Referrals = append(m.Referrals, row)
	}
	return err
}

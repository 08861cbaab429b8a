package agent

import (
	"context"
	"errors"
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/internal/i18n"
	"loyaltill/store/agentdb"
)

// ActivityRequest is something that a member did without buying.
type ActivityRequest struct {
	Activity string `json:"activity" minLength:"1" maxLength:"40"`
	Proof    string `json:"proof,omitempty" maxLength:"200" doc:"as typed; only a keyed hash of it is kept"`
	Referrer string `json:"referrer,omitempty" maxLength:"23" doc:"number of the member who brought this one"`
	Number   string `json:"number,omitempty" maxLength:"23" doc:"identifies a member without a card; leave out when a card was tapped"`
	Sale     string `json:"sale,omitempty" maxLength:"36" doc:"id of a sale of this store: its member did it; with the answer to its question"`
	Answer   int64  `json:"answer,omitempty" minimum:"1" maximum:"5" doc:"to the activity's question; 1 is the worst"`
	Cashier  string `json:"cashier,omitempty" maxLength:"40"`
}

// ActivityAnswer is an activity that was booked. The same key gives the same answer.
type ActivityAnswer struct {
	ID       loyalty.TxnID     `json:"id"`
	Seq      loyalty.Seq       `json:"seq"`
	Day      string            `json:"day"`
	Activity string            `json:"activity"`
	Member   loyalty.MemberID  `json:"member"`
	Points   loyalty.Points    `json:"points" doc:"given now; nothing yet for a referral"`
	Expires  string            `json:"expires,omitempty" doc:"last valid day of them"`
	Usable   string            `json:"usable,omitempty" doc:"first day on which they can be spent, when that is still to come"`
	Why      []loyalty.Finding `json:"why"`
	Replayed bool              `json:"replayed"`
}

// Activity is something that the programme gives points for.
type Activity struct {
	ID       string         `json:"activity"`
	Name     string         `json:"name"`
	Points   loyalty.Points `json:"points" doc:"of a referral, for who brought the friend"`
	Proof    string         `json:"proof" doc:"what the till asks for: none, text, phone or email"`
	Referral bool           `json:"referral" doc:"asks who brought the member"`
	Question string         `json:"question,omitempty" doc:"asked after a sale, in the language asked for"`
	Done     bool           `json:"done" doc:"the member asked for has had it as often as they may for now"`
}

// Activities is what the programme in force offers, and what of it a member has done: the one of a number, else whoever stands at
// a lane; without both it asks of nobody.
func (a *Agent) Activities(ctx context.Context, lang i18n.Lang, n loyalty.LaneID, number string) ([]Activity, error) {
	p, err := a.programmeAt(ctx, a.now())
	if err != nil {
		return nil, err
	}
	var l *lane
	if n != 0 {
		if l, err = a.lane(n); err != nil {
			return nil, err
		}
	}
	who, err := a.whoFor(ctx, l, number)
	if err != nil {
		return nil, err
	}
	var in loyalty.ActivityInput
	if who != nil {
		if in, err = a.doing(ctx, p, who); err != nil {
			return nil, err
		}
		if in.Place, err = a.place(ctx, 0, a.now()); err != nil {
			return nil, err
		}
	}
	all := []Activity{}
	for _, k := range p.Activities() {
		v := Activity{ID: k.ID, Name: p.RuleName(k.ID, string(lang)), Points: k.Points, Proof: k.Proof, Referral: k.Referral, Question: p.Question(k.ID, string(lang))}
		if in.Member != nil {
			in.Activity = k.ID
			var bad *loyalty.SaleError
			_, err := p.QuoteActivity(in)
			v.Done = errors.As(err, &bad) && bad.Code == loyalty.ActivityDone
		}
		all = append(all, v)
	}
	return all, nil
}

// doing is a member with what they did before, as head office and this store know it.
func (a *Agent) doing(ctx context.Context, p *loyalty.Programme, who *identified) (loyalty.ActivityInput, error) {
	m, done, err := a.memberNow(ctx, p, who.member)
	if err != nil {
		return loyalty.ActivityInput{}, err
	}
	m.Medium = who.trust.medium
	here, err := a.db.Done(ctx, who.member)
	return loyalty.ActivityInput{Member: m, Done: append(done, here...)}, err
}

// Do books an activity of the member at the till: once under its key, and once with its proof.
func (a *Agent) Do(ctx context.Context, n loyalty.LaneID, id loyalty.TxnID, r ActivityRequest) (ActivityAnswer, error) {
	l, err := a.lane(n)
	if err != nil {
		return ActivityAnswer{}, err
	}
	kept := r // what may be kept of a request holds no number and no proof
	kept.Number, kept.Referrer, kept.Proof = a.hashed(r.Number), a.hashed(r.Referrer), a.hashed(r.Proof)
	hash, err := requestHash(n, "activity", kept)
	if err != nil {
		return ActivityAnswer{}, err
	}
	c, err := a.once(ctx, id, hash, loyalty.KindActivity, func() (agentdb.Committed, error) { return a.bookActivity(ctx, l, id, hash, r) })
	if err != nil {
		return ActivityAnswer{}, err
	}
	e, b := &c.Entry, c.Entry.Activity
	v := ActivityAnswer{ID: e.Txn, Seq: e.Seq, Day: e.Day, Activity: b.Activity, Member: e.Member, Points: b.Points, Why: b.Why, Replayed: c.Replayed}
	if len(e.Moves) > 0 {
		v.Expires, v.Usable = e.Moves[0].Expires, e.Moves[0].Usable
	}
	return v, nil
}

func (a *Agent) bookActivity(ctx context.Context, l *lane, id loyalty.TxnID, hash [32]byte, r ActivityRequest) (agentdb.Committed, error) {
	var none agentdb.Committed
	p, err := a.programmeAt(ctx, a.now())
	if err != nil {
		return none, err
	}
	who, err := a.whoDid(ctx, l, r)
	if err != nil {
		return none, err
	}
	if who == nil {
		return none, refuseForNow(CodeCardNeeded, nil)
	}
	in, err := a.doing(ctx, p, who)
	if err != nil {
		return none, err
	}
	in.Activity, in.Answer = r.Activity, r.Answer
	if in.Proof, err = a.proof(p, r); err != nil {
		return none, err
	}
	if r.Referrer != "" {
		if err := a.referral(ctx, &in, r.Referrer); err != nil {
			return none, err
		}
	}
	limits, err := a.watch(ctx, p, who.member, asked{l.cfg.Number, id, hash, ApproveActivity})
	if err != nil {
		return none, err
	}
	c, err := a.enter(ctx, agentdb.Commit{
		Txn: id, RequestHash: hash, Deed: agentdb.Deed{Member: who.member, Activity: r.Activity, Proof: in.Proof},
		Build: func(head loyalty.EntryHead, used agentdb.Tally) (loyalty.Entry, error) {
			head.Lane, head.Cashier = l.cfg.Number, r.Cashier
			in := in
			in.Done, in.ProofUsed = append(in.Done[:len(in.Done):len(in.Done)], used.Done...), used.ProofUsed
			e, err := p.Activity(in, head)
			if err == nil {
				err = limits.allow(loyalty.Action{Kind: loyalty.ActionActivity})
			}
			return e, err
		},
	})
	if err != nil {
		return none, appendRefusal(err)
	}
	return c, nil
}

// whoDid is the member of the sale that an activity names, else who is named by number or stands at the till.
func (a *Agent) whoDid(ctx context.Context, l *lane, r ActivityRequest) (*identified, error) {
	if r.Sale == "" {
		return a.whoFor(ctx, l, r.Number)
	}
	id, err := loyalty.ParseTxnID(r.Sale)
	if err != nil {
		return nil, &Refusal{Code: CodeSaleUnknown, Field: "sale", cause: err}
	}
	member, err := a.buyer(ctx, id)
	if err != nil || member == 0 {
		return nil, &Refusal{Code: CodeSaleUnknown, Field: "sale", cause: err}
	}
	return &identified{member: member, trust: ownNumber()}, nil
}

// buyer is the member of a sale of this store, 0 when it had none.
func (a *Agent) buyer(ctx context.Context, sale loyalty.TxnID) (loyalty.MemberID, error) {
	c, err := a.db.EntryByTxn(ctx, sale)
	if err != nil || c.Entry.Kind != loyalty.KindSale {
		return 0, err
	}
	return c.Entry.Member, nil
}

// Feedback is what to ask a customer after a sale.
type Feedback struct {
	Activity string         `json:"activity"`
	Text     string         `json:"text" doc:"in the language asked for"`
	Points   loyalty.Points `json:"points" doc:"that an answer gives"`
}

// Feedback is the question that the member of a sale may be asked now; nil for none. A sale stands without it: what cannot be found out
// is not asked.
func (a *Agent) Feedback(ctx context.Context, sale loyalty.TxnID, lang i18n.Lang) *Feedback {
	p, err := a.programmeAt(ctx, a.now())
	if err != nil {
		return nil
	}
	asking := slices.DeleteFunc(p.Activities(), func(k loyalty.ActivityKind) bool { return !k.Asks })
	if len(asking) == 0 {
		return nil
	}
	member, err := a.buyer(ctx, sale)
	if err != nil || member == 0 {
		return nil
	}
	in, err := a.doing(ctx, p, &identified{member: member, trust: ownNumber()})
	if err != nil {
		return nil
	}
	if in.Place, err = a.place(ctx, 0, a.now()); err != nil {
		return nil
	}
	in.Answer = loyalty.MaxAnswer
	for _, k := range asking {
		in.Activity = k.ID
		if q, err := p.QuoteActivity(in); err == nil && q.Points > 0 {
			return &Feedback{Activity: k.ID, Text: p.Question(k.ID, string(lang)), Points: q.Points}
		}
	}
	return nil
}

// proof is the keyed hash of what was typed; nothing for nothing.
func (a *Agent) proof(p *loyalty.Programme, r ActivityRequest) (string, error) {
	for _, k := range p.Activities() {
		if k.ID == r.Activity && r.Proof != "" {
			return loyalty.HashProof(a.identity.ProofKey(), k.Proof, r.Proof)
		}
	}
	return "", nil
}

// referral names both sides. Two members are one person when they have a card in common.
func (a *Agent) referral(ctx context.Context, in *loyalty.ActivityInput, number string) error {
	who, err := a.whoFor(ctx, nil, number)
	if unknownMember(err) {
		return &Refusal{Code: CodeReferralUnknown, Field: "referrer", cause: err}
	}
	if err != nil {
		return err
	}
	for _, side := range []struct {
		id   loyalty.MemberID
		into **loyalty.Person
	}{{in.Member.ID, &in.Friend}, {who.member, &in.Referrer}} {
		m, err := a.db.Member(ctx, side.id)
		if err != nil {
			return err
		}
		person := &loyalty.Person{Member: side.id}
		for _, c := range m.Cards {
			person.Cards = append(person.Cards, c.String())
		}
		*side.into = person
	}
	return nil
}

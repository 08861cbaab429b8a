package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/devices/card/profile"
	"loyaltill/store/agentdb"
	"loyaltill/sync/wire"
)

// TransferRequest moves points of one member to another.
type TransferRequest struct {
	Number  string         `json:"number,omitempty" maxLength:"23" doc:"of who gives; leave out when their card was tapped"`
	To      string         `json:"to" minLength:"1" maxLength:"23" doc:"number of who gets them"`
	Points  loyalty.Points `json:"points" minimum:"1"`
	Reason  string         `json:"reason" minLength:"1" maxLength:"40" doc:"an id; one of the programme's, where it has a list"`
	Split   bool           `json:"split,omitempty" doc:"one member became two: neither the programme's limits nor its wait, always answered for by a supervisor"`
	Cashier string         `json:"cashier,omitempty" maxLength:"40"`
}

// TransferCommit is a transfer and what was shown of it.
type TransferCommit struct {
	TransferRequest
	Quote string `json:"quote" minLength:"64" maxLength:"64" doc:"from the answer to quote"`
}

// TransferQuote is what a transfer would move.
type TransferQuote struct {
	ID     string           `json:"quote" doc:"send it with the commit"`
	From   loyalty.MemberID `json:"from"`
	To     loyalty.MemberID `json:"to"`
	Points loyalty.Points   `json:"points"`
	Lots   []Held           `json:"lots" doc:"what goes, by its last valid day, which it keeps"`
	Usable string           `json:"usable,omitempty" doc:"first day on which the receiver can spend it, when that is still to come"`
	Left   loyalty.Points   `json:"left" doc:"what the giver has after it, on the card too"`
	OnCard loyalty.Points   `json:"on_card,omitempty" doc:"of it: what is on the card, or comes onto it with the next tap, cannot be given"`
}

// TransferAnswer is a transfer that was booked. The same key gives the same answer.
type TransferAnswer struct {
	ID       loyalty.TxnID    `json:"id"`
	Seq      loyalty.Seq      `json:"seq"`
	Day      string           `json:"day"`
	From     loyalty.MemberID `json:"from"`
	To       loyalty.MemberID `json:"to"`
	Points   loyalty.Points   `json:"points"`
	Usable   string           `json:"usable,omitempty"`
	Job      int64            `json:"job,omitempty" doc:"of the giver's slip"`
	Replayed bool             `json:"replayed"`
}

// TransferTerms is what a member may give now, before an amount is known.
type TransferTerms struct {
	From     loyalty.MemberID `json:"from"`
	Number   string           `json:"number" doc:"of the giver, masked"`
	Have     loyalty.Points   `json:"have" doc:"that can be given: not what is on the card, nor what comes later"`
	OnCard   loyalty.Points   `json:"on_card,omitempty" doc:"what is on the card, or comes onto it with the next tap, cannot be given"`
	Allowed  bool             `json:"allowed" doc:"the programme lets members give; a split needs no leave"`
	Most     loyalty.Points   `json:"most,omitempty" doc:"at once; absent: no limit"`
	Month    *loyalty.Points  `json:"month,omitempty" doc:"that this month still allows, as far as this store booked it; absent: no limit"`
	WaitDays int              `json:"wait_days,omitempty" doc:"before the receiver may spend them"`
	Reasons  []string         `json:"reasons" doc:"the programme's; empty: any id"`
	PIN      bool             `json:"pin_needed,omitempty" doc:"the giver's card wants its PIN first"`
}

// handing is points on their way from one member to another.
type handing struct {
	programme *loyalty.Programme
	who       *identified // gives
	to        string      // masked number of who gets
	input     loyalty.TransferInput
	newest    loyalty.Seq
	reach     bill // only how far what is known of the giver can be trusted
}

// QuoteTransfer says what a transfer would move. It writes nothing.
func (a *Agent) QuoteTransfer(ctx context.Context, n loyalty.LaneID, r TransferRequest) (TransferQuote, error) {
	l, err := a.lane(n)
	if err != nil {
		return TransferQuote{}, err
	}
	h, err := a.handOver(ctx, l, r)
	if err != nil {
		return TransferQuote{}, err
	}
	return a.transferNow(ctx, n, h)
}

// transferNow is what a transfer would move at this moment.
func (a *Agent) transferNow(ctx context.Context, n loyalty.LaneID, h *handing) (TransferQuote, error) {
	place, err := a.place(ctx, n, a.now())
	if err != nil {
		return TransferQuote{}, err
	}
	e, err := h.programme.Transfer(h.input, loyalty.EntryHead{Store: place.Store, Epoch: a.db.Epoch(), Day: place.Day, At: place.At, Lane: n})
	if err != nil {
		return TransferQuote{}, err
	}
	return h.view(&e)
}

// Transfer moves the points: one entry, after head office has set them aside. While it is out of reach nothing is moved, since another
// store may be spending the same points.
func (a *Agent) Transfer(ctx context.Context, n loyalty.LaneID, id loyalty.TxnID, r TransferCommit) (TransferAnswer, error) {
	l, err := a.lane(n)
	if err != nil {
		return TransferAnswer{}, err
	}
	kept := r
	kept.Number, kept.To = a.hashed(r.Number), a.hashed(r.To)
	hash, err := requestHash(n, "transfer", kept)
	if err != nil {
		return TransferAnswer{}, err
	}
	c, err := a.once(ctx, id, hash, loyalty.KindTransfer, func() (agentdb.Committed, error) { return a.bookTransfer(ctx, l, id, hash, r) })
	if err != nil {
		return TransferAnswer{}, err
	}
	return transferAnswer(c), nil
}

// transferAnswer is made from what is stored alone, so that every asking gets the same.
func transferAnswer(c agentdb.Committed) TransferAnswer {
	e, b := &c.Entry, c.Entry.Transfer
	return TransferAnswer{ID: e.Txn, Seq: e.Seq, Day: e.Day, From: e.Member, To: b.To, Points: b.Points, Usable: b.Usable, Job: firstJob(c), Replayed: c.Replayed}
}

// Transferred answers for a transfer that went through, to who has lost the answer.
func (a *Agent) Transferred(ctx context.Context, id loyalty.TxnID) (TransferAnswer, error) {
	c, err := a.db.EntryByTxn(ctx, id)
	switch {
	case err == nil && c.Entry.Kind == loyalty.KindTransfer:
		c.Replayed = true
		return transferAnswer(c), nil
	case err == nil || errors.Is(err, agentdb.ErrNotFound):
		return TransferAnswer{}, refuse(CodeTransferUnknown, err)
	}
	return TransferAnswer{}, err
}

// TransferTerms says what whoever stands at the till, or the member of a number, may give.
func (a *Agent) TransferTerms(ctx context.Context, n loyalty.LaneID, number string) (TransferTerms, error) {
	l, err := a.lane(n)
	if err != nil {
		return TransferTerms{}, err
	}
	h, err := a.giver(ctx, l, number)
	if err != nil {
		return TransferTerms{}, err
	}
	day, err := a.db.BusinessDay(ctx, a.now())
	if err != nil {
		return TransferTerms{}, err
	}
	from := &h.input.From
	v := TransferTerms{From: from.Member, Number: h.who.number, OnCard: from.OnCard, Have: max(loyalty.Spendable(from.Lots, day)-from.OnCard, 0),
		Reasons: append([]string{}, h.programme.Reasons()...), PIN: h.wantsPIN()}
	rules, allowed := h.programme.Giving(from.Wallet)
	v.Allowed, v.Most, v.WaitDays = allowed, rules.Once, rules.WaitDays
	if rules.Month > 0 {
		left := max(rules.Month-h.input.Given, 0)
		v.Month = &left
	}
	return v, nil
}

// wantsPIN says whether the giver's card has still to be opened.
func (h *handing) wantsPIN() bool { return h.who.pin != nil && !h.who.pin.Verified }

func (a *Agent) bookTransfer(ctx context.Context, l *lane, id loyalty.TxnID, hash [32]byte, r TransferCommit) (agentdb.Committed, error) {
	var none agentdb.Committed
	h, err := a.handOver(ctx, l, r.TransferRequest)
	if err != nil {
		return none, err
	}
	now, err := a.transferNow(ctx, l.cfg.Number, h)
	if err == nil && now.ID != r.Quote {
		err = refuse(CodeQuoteChanged, nil)
	}
	if err != nil {
		return none, err
	}
	if h.wantsPIN() {
		return none, refuseForNow(CodePINNeeded, nil)
	}
	what := ApproveTransfer
	if r.Split {
		what = approveSplit
	}
	limits, err := a.watch(ctx, h.programme, h.who.member, asked{l.cfg.Number, id, hash, what})
	if err != nil {
		return none, err
	}
	act := agentdb.Commit{Txn: id, RequestHash: hash, Member: h.who.member, Newest: h.newest,
		Build: func(head loyalty.EntryHead, _ agentdb.Tally) (loyalty.Entry, error) {
			head.Lane, head.Cashier = l.cfg.Number, r.Cashier
			e, err := h.programme.Transfer(h.input, head)
			if err != nil {
				return e, err
			}
			if shown, err := h.view(&e); err != nil || shown.ID != r.Quote {
				return e, errors.Join(err, refuse(CodeQuoteChanged, nil))
			}
			return e, nil
		},
		Jobs: l.jobs(func(e *loyalty.Entry) []paper { return []paper{a.transferPaper(e, h)} })}
	if err := limits.ownRule(loyalty.Action{Kind: "transfer", By: limits.roleNow(), Points: r.Points}); err != nil {
		return none, err
	}
	if err := a.setAsideTransfer(ctx, h, id); err != nil {
		return none, err
	}
	c, err := a.enter(ctx, act)
	if err == nil {
		l.printSoon()
		return c, nil
	}
	a.asking.giveUp(id)
	if errors.Is(err, agentdb.ErrMoved) {
		return none, refuse(CodeQuoteChanged, err)
	}
	return none, appendRefusal(err)
}

// setAsideTransfer has head office set the points aside for this transfer, as for a sale.
func (a *Agent) setAsideTransfer(ctx context.Context, h *handing, id loyalty.TxnID) error {
	err := a.ask(ctx, wire.ReserveRequest{Txn: id, Member: h.who.member, Points: h.input.Points, Through: h.reach.through, Unsent: h.reach.unsent})
	if pointsShort(err) {
		return refuse(CodePointsElsewhere, err)
	}
	if err != nil {
		return refuseForNow(CodeOfficeAway, err)
	}
	return nil
}

// handOver reads what a transfer depends on.
func (a *Agent) handOver(ctx context.Context, l *lane, r TransferRequest) (*handing, error) {
	h, err := a.giver(ctx, l, r.Number)
	if err != nil {
		return nil, err
	}
	to, err := a.lookUp(ctx, profile.Text{Text: r.To})
	if unknownMember(err) {
		return nil, &Refusal{Code: CodeReceiverUnknown, Field: "to", cause: err}
	}
	if err != nil {
		return nil, err
	}
	h.to = to.number
	h.input.To, h.input.Points, h.input.Reason, h.input.Split = to.member, r.Points, r.Reason, r.Split
	return h, nil
}

// withOffice is the programme in force, for what is done only while head office is in reach.
func (a *Agent) withOffice(ctx context.Context, b *bill) (*loyalty.Programme, error) {
	p, err := a.programmeAt(ctx, a.now())
	if err == nil {
		err = a.reach(ctx, b)
	}
	if err == nil && (b.away || b.astray || a.headOffice.Reserve == nil) {
		err = refuseForNow(CodeOfficeAway, nil)
	}
	return p, err
}

// giver reads who gives and what they have. Without head office nobody can say what that is.
func (a *Agent) giver(ctx context.Context, l *lane, number string) (*handing, error) {
	h := &handing{}
	var err error
	if h.programme, err = a.withOffice(ctx, &h.reach); err != nil {
		return nil, err
	}
	if h.who, err = a.whoFor(ctx, l, number); err != nil {
		return nil, err
	}
	if h.who == nil {
		return nil, refuseForNow(CodeCardNeeded, nil)
	}
	if h.input.From, h.newest, err = a.holding(ctx, h.who, AdjustRequest{Points: -1}); err != nil {
		return nil, err
	}
	if h.who.trust.medium == loyalty.MediumPurse {
		waiting, err := a.db.OnItsWay(ctx, h.who.card, uint8(card.KindPoints), h.who.loaded)
		if err != nil {
			return nil, err
		}
		h.input.From.OnCard += waiting // head office has put them there already
	}
	state, err := a.db.State(ctx, h.who.member)
	if err != nil {
		return nil, err
	}
	h.reach.through, h.reach.unsent = state.Through, state.Unsent
	day, err := a.db.BusinessDay(ctx, a.now())
	if err != nil {
		return nil, err
	}
	h.input.Given, err = a.db.Given(ctx, h.who.member, day)
	return h, err
}

// view is what an entry of these points would do, and the name of exactly that.
func (h *handing) view(e *loyalty.Entry) (TransferQuote, error) {
	b := e.Transfer
	q := TransferQuote{From: e.Member, To: b.To, Points: b.Points, Usable: b.Usable, OnCard: h.input.From.OnCard,
		Left: loyalty.Balance(h.input.From.Lots) - b.Points, Lots: []Held{}}
	for _, m := range e.Moves {
		if m.To != loyalty.AccountMain(b.To) {
			continue
		}
		i := slices.IndexFunc(q.Lots, func(l Held) bool { return l.Expires == m.Expires && l.Usable == m.Usable })
		if i < 0 {
			i, q.Lots = len(q.Lots), append(q.Lots, Held{Expires: m.Expires, Usable: m.Usable})
		}
		q.Lots[i].Points += m.Points
	}
	body, err := json.Marshal(q)
	sum := sha256.Sum256(body)
	q.ID = hex.EncodeToString(sum[:])
	return q, err
}

package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card/profile"
	"loyaltill/internal/i18n"
	"loyaltill/store/agentdb"
)

// MergeRequest makes one member part of another: two numbers that are one person's.
type MergeRequest struct {
	Number  string `json:"number,omitempty" maxLength:"23" doc:"of who stays; leave out when their card was tapped"`
	Gone    string `json:"gone" minLength:"1" maxLength:"23" doc:"the number that is given up, such as that of an old card"`
	Cashier string `json:"cashier,omitempty" maxLength:"40"`
}

// MergeCommit is a merge and what was shown of it.
type MergeCommit struct {
	MergeRequest
	Quote string `json:"quote" minLength:"64" maxLength:"64" doc:"from the answer to quote"`
}

// MergeQuote is what a merge would bring.
type MergeQuote struct {
	ID      string           `json:"quote" doc:"send it with the commit"`
	Member  loyalty.MemberID `json:"member" doc:"who stays"`
	Number  string           `json:"number" doc:"theirs, masked"`
	Gone    loyalty.MemberID `json:"gone"`
	Old     string           `json:"gone_number" doc:"the number that is given up, masked"`
	Points  loyalty.Points   `json:"points" doc:"that come; below zero for what was owed"`
	Balance loyalty.Points   `json:"balance" doc:"of who stays, after it"`
	Tier    string           `json:"tier,omitempty" doc:"the higher of both: its name, in the language asked for"`
	Wallets []HeldWallet     `json:"wallets" doc:"what comes beside the points"`
	Cards   int              `json:"cards,omitempty" doc:"of the old number: blocked everywhere from then on"`
	More    bool             `json:"more,omitempty" doc:"more parts than one entry can name: merge once more for the rest"`
}

// MergeAnswer is a merge that was booked. The same key gives the same answer.
type MergeAnswer struct {
	ID       loyalty.TxnID    `json:"id"`
	Seq      loyalty.Seq      `json:"seq"`
	Day      string           `json:"day"`
	Member   loyalty.MemberID `json:"member"`
	Gone     loyalty.MemberID `json:"gone"`
	Points   loyalty.Points   `json:"points"`
	More     bool             `json:"more,omitempty"`
	Job      int64            `json:"job,omitempty" doc:"of the slip that tells how the account stands now"`
	Replayed bool             `json:"replayed"`
}

// joining is two members about to become one.
type joining struct {
	programme     *loyalty.Programme
	stays, goes   *identified
	keeps, brings loyalty.MergeSide
	newest        loyalty.Seq // of who goes
	cards         int         // theirs, that are not blocked
}

// QuoteMerge says what a merge would bring. It writes nothing.
func (a *Agent) QuoteMerge(ctx context.Context, n loyalty.LaneID, lang i18n.Lang, r MergeRequest) (MergeQuote, error) {
	l, err := a.lane(n)
	if err != nil {
		return MergeQuote{}, err
	}
	j, err := a.join(ctx, l, r)
	if err != nil {
		return MergeQuote{}, err
	}
	e, err := a.mergeNow(ctx, n, j)
	if err != nil {
		return MergeQuote{}, err
	}
	return j.view(&e, lang)
}

// mergeNow is the entry that a merge would make at this moment.
func (a *Agent) mergeNow(ctx context.Context, n loyalty.LaneID, j *joining) (loyalty.Entry, error) {
	place, err := a.place(ctx, n, a.now())
	if err != nil {
		return loyalty.Entry{}, err
	}
	return j.programme.Merge(j.keeps, j.brings, loyalty.EntryHead{Store: place.Store, Epoch: a.db.Epoch(), Day: place.Day, At: place.At, Lane: n})
}

// Merge makes one member part of another: one entry, for which a supervisor always answers. What the other earned or spent in a
// store that has yet to tell it follows when head office hears of it. A slip tells how the account stands.
func (a *Agent) Merge(ctx context.Context, n loyalty.LaneID, id loyalty.TxnID, r MergeCommit) (MergeAnswer, error) {
	l, err := a.lane(n)
	if err != nil {
		return MergeAnswer{}, err
	}
	kept := r
	kept.Number, kept.Gone = a.hashed(r.Number), a.hashed(r.Gone)
	hash, err := requestHash(n, "merge", kept)
	if err != nil {
		return MergeAnswer{}, err
	}
	c, err := a.once(ctx, id, hash, loyalty.KindMerge, func() (agentdb.Committed, error) { return a.bookMerge(ctx, l, id, hash, r) })
	if err != nil {
		return MergeAnswer{}, err
	}
	e, b := &c.Entry, c.Entry.Merge
	return MergeAnswer{ID: e.Txn, Seq: e.Seq, Day: e.Day, Member: e.Member, Gone: b.Gone, Points: b.Points, More: !b.Ends(), Job: firstJob(c), Replayed: c.Replayed}, nil
}

func (a *Agent) bookMerge(ctx context.Context, l *lane, id loyalty.TxnID, hash [32]byte, r MergeCommit) (agentdb.Committed, error) {
	var none agentdb.Committed
	j, err := a.join(ctx, l, r.MergeRequest)
	if err != nil {
		return none, err
	}
	now, err := a.mergeNow(ctx, l.cfg.Number, j)
	if err == nil {
		err = j.shown(&now, r.Quote)
	}
	if err != nil {
		return none, err
	}
	limits, err := a.watch(ctx, j.programme, j.stays.member, asked{l.cfg.Number, id, hash, approveMerge})
	if err != nil {
		return none, err
	}
	if err := limits.ownRule(loyalty.Action{Kind: approveMerge, By: limits.roleNow(), Points: max(now.Merge.Points, 0)}); err != nil {
		return none, err
	}
	slip, err := a.balancePaper(ctx, l, j.stays)
	if err != nil {
		return none, err
	}
	c, err := a.enter(ctx, agentdb.Commit{Txn: id, RequestHash: hash, Member: j.goes.member, Newest: j.newest,
		Build: func(head loyalty.EntryHead, _ agentdb.Tally) (loyalty.Entry, error) {
			head.Lane, head.Cashier = l.cfg.Number, r.Cashier
			e, err := j.programme.Merge(j.keeps, j.brings, head)
			if err != nil {
				return e, err
			}
			return e, j.shown(&e, r.Quote)
		},
		Jobs: l.jobs(func(e *loyalty.Entry) []paper { return []paper{j.slip(slip, e)} })})
	if errors.Is(err, agentdb.ErrMoved) {
		return none, refuse(CodeQuoteChanged, err)
	}
	if err != nil {
		return none, appendRefusal(err)
	}
	l.printSoon()
	return c, nil
}

// join reads both members. Without head office nobody can say what either has, or whether one has gone before.
func (a *Agent) join(ctx context.Context, l *lane, r MergeRequest) (*joining, error) {
	j := &joining{}
	var err error
	if j.programme, err = a.withOffice(ctx, &bill{}); err != nil {
		return nil, err
	}
	if j.stays, err = a.whoFor(ctx, l, r.Number); err != nil {
		return nil, err
	}
	if j.stays == nil {
		return nil, refuseForNow(CodeCardNeeded, nil)
	}
	if j.goes, err = a.lookUp(ctx, profile.Text{Text: r.Gone}); err != nil {
		var refusal *Refusal
		if errors.As(err, &refusal) {
			refusal.Field = "gone"
		}
		return nil, err
	}
	if j.keeps, _, err = a.mergeSide(ctx, j.stays); err != nil {
		return nil, err
	}
	if j.brings, j.newest, err = a.mergeSide(ctx, j.goes); err != nil {
		return nil, err
	}
	cards, err := a.cardsInUse(ctx, j.goes.member)
	j.cards = len(cards)
	return j, err
}

// mergeSide is all that a member has here, and their newest entry. What lies in a purse is in the lots too; head office takes it
// off the card, which it blocks.
func (a *Agent) mergeSide(ctx context.Context, who *identified) (loyalty.MergeSide, loyalty.Seq, error) {
	s, err := a.db.State(ctx, who.member)
	return loyalty.MergeSide{
		Holding: loyalty.Holding{Member: who.member, Lots: s.Lots}, Wallets: s.Wallets, Stamps: s.Past.Stamps, Tier: loyalty.TierState{Tier: s.Tier},
	}, s.Newest, err
}

// shown refuses what is not what was shown.
func (j *joining) shown(e *loyalty.Entry, quote string) error {
	v, err := j.view(e, i18n.English)
	if err == nil && v.ID != quote {
		err = refuse(CodeQuoteChanged, nil)
	}
	return err
}

// view is what an entry would bring, and the name of exactly that, whatever the language.
func (j *joining) view(e *loyalty.Entry, lang i18n.Lang) (MergeQuote, error) {
	b := e.Merge
	v := MergeQuote{Member: e.Member, Number: j.stays.number, Gone: b.Gone, Old: j.goes.number, Points: b.Points, Cards: j.cards, More: !b.Ends(),
		Balance: loyalty.Balance(loyalty.Apply(j.keeps.Lots, e.Moves, e.Member)), Wallets: []HeldWallet{}}
	body, err := json.Marshal(struct {
		Shown MergeQuote
		Body  *loyalty.MergeBody
	}{v, b})
	sum := sha256.Sum256(body)
	v.ID = hex.EncodeToString(sum[:])
	v.Tier = j.programme.TierName(b.Tier.Tier, string(lang))
	for _, w := range b.Wallets {
		v.Wallets = append(v.Wallets, HeldWallet{Name: j.programme.NameOf(loyalty.ArgWallet, string(w.Wallet), string(lang)),
			Money: j.programme.IsMoney(w.Wallet), Balance: w.Points, Ending: []Held{}})
	}
	return v, err
}

// slip is how the account stands once the entry is made; what wallets and stamps come to, the next one tells.
func (j *joining) slip(before paper, e *loyalty.Entry) paper {
	account := before.Balance.Account
	lots := loyalty.Apply(j.keeps.Lots, e.Moves, e.Member)
	holds := held(lots, e.Day)
	account.Balance, account.Ending, account.Coming = loyalty.Balance(lots), endingSoon(holds, e.Day), coming(holds)
	account.Wallets, account.Stamps, account.Progress = nil, nil, nil
	slip := *before.Balance
	slip.Account = account
	return paper{Balance: &slip}
}

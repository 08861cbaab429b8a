package agent

import (
	"context"
	"crypto/sha256"
	"slices"

	"loyaltill/agent/loyalty"
)

// LostRequest says that a member has lost their card.
type LostRequest struct {
	Number  string `json:"number,omitempty" maxLength:"40" doc:"of the member; left out: whoever stands at the till"`
	Cashier string `json:"cashier,omitempty" maxLength:"40" doc:"who was told"`
}

// LostAnswer is what was blocked.
type LostAnswer struct {
	Member loyalty.MemberID `json:"member"`
	Number string           `json:"number" doc:"masked"`
	Cards  int              `json:"cards" doc:"that are refused here from now on, and everywhere once head office has heard of it; 0: they were blocked before"`
}

// ReportLost blocks the cards of a member who says that theirs is gone: here at once, everywhere when head office has the entries.
// Nothing is taken from the member, whose points wait for the card that takes its place. Told again, nothing more happens.
func (a *Agent) ReportLost(ctx context.Context, n loyalty.LaneID, r LostRequest) (LostAnswer, error) {
	l, err := a.lane(n)
	if err != nil {
		return LostAnswer{}, err
	}
	who, err := a.whoFor(ctx, l, r.Number)
	if err != nil {
		return LostAnswer{}, err
	}
	if who == nil {
		return LostAnswer{}, refuseForNow(CodeCardNeeded, nil)
	}
	if l.holds(who) {
		return LostAnswer{}, refuse(CodeCardHere, nil)
	}
	m, err := a.db.Member(ctx, who.member)
	if err != nil {
		return LostAnswer{}, err
	}
	if len(m.Cards) == 0 {
		return LostAnswer{}, refuse(CodeMemberNoCard, nil)
	}
	cards, err := a.cardsInUse(ctx, who.member)
	if err != nil {
		return LostAnswer{}, err
	}
	for _, id := range cards {
		if err := a.blockLost(ctx, n, id, r.Cashier); err != nil {
			return LostAnswer{}, appendRefusal(err)
		}
	}
	return LostAnswer{Member: who.member, Number: who.number, Cards: len(cards)}, nil
}

// cardsInUse is the cards of a member that are not on the hot list.
func (a *Agent) cardsInUse(ctx context.Context, id loyalty.MemberID) ([]loyalty.CardID, error) {
	m, err := a.db.Member(ctx, id)
	if err != nil {
		return nil, err
	}
	var failed error
	cards := slices.DeleteFunc(m.Cards, func(c loyalty.CardID) bool {
		_, hot, err := a.db.Hot(ctx, c)
		if err != nil {
			failed = err
		}
		return hot
	})
	return cards, failed
}

// blockLost writes the report down, once a day for each card: the entry blocks the card.
func (a *Agent) blockLost(ctx context.Context, n loyalty.LaneID, id loyalty.CardID, cashier string) error {
	day := a.identity.Calendar().BusinessDay(a.now())
	sum := sha256.Sum256([]byte("lost " + day + " " + id.String()))
	return a.appendEvidence(ctx, n, sum, func(head loyalty.EntryHead) loyalty.Entry {
		head.Cashier = cashier
		e := head.Entry(loyalty.KindSuspect)
		e.Suspect = &loyalty.SuspectBody{Card: id, Reason: loyalty.SuspectLost}
		return e
	})
}

// holds says whether this very member's card lies in the lane's reader.
func (l *lane) holds(who *identified) bool {
	here := l.atTill()
	return here != nil && here.member == who.member && here.gone.IsZero() && here.trust.medium == loyalty.MediumPurse
}

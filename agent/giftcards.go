package agent

import (
	"context"
	"fmt"
	"strconv"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

// GiftCardView is a gift card that this store sold.
type GiftCardView struct {
	Serial  string              `json:"serial"`
	Kind    string              `json:"kind"`
	State   agentdb.GiftCardUse `json:"state" enum:"live,spent,off" doc:"off: void, or not paid for yet"`
	Balance int64               `json:"balance" doc:"minor units, as this store knows it"`
	Expires string              `json:"expires,omitempty" doc:"last valid day"`
	Uses    int64               `json:"uses" doc:"sales that it paid"`
}

func viewGiftCard(c loyalty.GiftCardState) GiftCardView {
	v := GiftCardView{Serial: c.Serial, Kind: c.Kind, State: agentdb.GiftCardLive, Balance: c.Balance, Expires: c.Expires, Uses: c.Uses}
	switch {
	case !c.Active:
		v.State = agentdb.GiftCardOff
	case c.Balance <= 0:
		v.State = agentdb.GiftCardSpent
	}
	return v
}

// GiftCardFilter is which gift cards are asked for; what is left out asks for all.
type GiftCardFilter struct {
	Serial string              `query:"serial" maxLength:"40"`
	Kind   string              `query:"kind" maxLength:"40"`
	State  agentdb.GiftCardUse `query:"state" enum:"live,spent,off"`
	After  string              `query:"after" maxLength:"40" doc:"only serials behind this one; the last of the page before"`
	Limit  int                 `query:"limit" minimum:"1" maximum:"500" default:"50"`
}

// maxGiftCards bounds one page.
const maxGiftCards = 500

// GiftCards lists what this store sold, by serial.
func (a *Agent) GiftCards(ctx context.Context, f GiftCardFilter) ([]GiftCardView, error) {
	rows, err := a.db.GiftCards(ctx, agentdb.GiftCardFilter{Serial: f.Serial, Kind: f.Kind, State: f.State, After: f.After, Limit: min(max(f.Limit, 1), maxGiftCards)})
	all := make([]GiftCardView, len(rows))
	for i, c := range rows {
		all[i] = viewGiftCard(c)
	}
	return all, err
}

// GiftCardVoid takes a gift card out of use, as if it had not been sold.
type GiftCardVoid struct {
	Serial string             `json:"serial" minLength:"1" maxLength:"40"`
	Reason loyalty.VoidReason `json:"reason" enum:"misprint,lost,unwanted"`
}

// VoidGiftCard takes everything off a card. Beyond the store's limit for one person another one has to agree by PIN, as for a correction.
func (a *Agent) VoidGiftCard(ctx context.Context, by Doer, n loyalty.LaneID, id loyalty.TxnID, r GiftCardVoid, second *SecondPerson) (GiftCardView, error) {
	l, err := a.lane(n)
	if err != nil {
		return GiftCardView{}, err
	}
	hash, err := requestHash(n, "gift_card_void", r)
	if err != nil {
		return GiftCardView{}, err
	}
	c, err := a.once(ctx, id, hash, loyalty.KindGiftCard, func() (agentdb.Committed, error) { return a.bookGiftCardVoid(ctx, by, l, id, hash, r, second) })
	if err != nil {
		return GiftCardView{}, err
	}
	b := c.Entry.GiftCard
	return GiftCardView{Serial: b.Serial, Kind: b.Kind, State: agentdb.GiftCardOff, Balance: b.Balance, Expires: b.Expires}, nil
}

func (a *Agent) bookGiftCardVoid(ctx context.Context, by Doer, l *lane, id loyalty.TxnID, hash [32]byte, r GiftCardVoid, second *SecondPerson) (agentdb.Committed, error) {
	var none agentdb.Committed
	p, err := a.programmeAt(ctx, a.now())
	if err != nil {
		return none, err
	}
	known, err := a.db.GiftCards(ctx, agentdb.GiftCardFilter{Serial: r.Serial, Limit: 1})
	if err != nil {
		return none, err
	}
	if len(known) == 0 {
		return none, &loyalty.SaleError{Field: "serial", Code: loyalty.GiftCardUnknown}
	}
	_, agreed, err := a.agreed(ctx, by, loyalty.Points(known[0].Balance), second)
	if err != nil {
		return none, err
	}
	act := by.act("gift_card_void")
	act.Second, act.About, act.Before, act.After = agreed, r.Serial, strconv.FormatInt(known[0].Balance, 10), string(r.Reason)
	var c agentdb.Committed
	err = a.witness(ctx, act, func() (err error) {
		c, err = a.enter(ctx, agentdb.Commit{Txn: id, RequestHash: hash, GiftCards: []string{r.Serial},
			Build: func(head loyalty.EntryHead, used agentdb.Tally) (loyalty.Entry, error) {
				head.Lane, head.Cashier = l.cfg.Number, by.Name
				if len(used.GiftCards) != 1 || !used.GiftCards[0].Active {
					return loyalty.Entry{}, &loyalty.SaleError{Field: "serial", Code: loyalty.GiftCardInactive}
				}
				if used.GiftCards[0].Balance > known[0].Balance { // more than was agreed to
					return loyalty.Entry{}, refuseForNow(CodeLedgerUnavailable, fmt.Errorf("gift card %s: money came onto it meanwhile", r.Serial))
				}
				return p.VoidGiftCard(used.GiftCards[0], head)
			}})
		if err != nil {
			return appendRefusal(err)
		}
		return nil
	})
	return c, err
}

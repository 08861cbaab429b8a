package agent

import (
	"context"

	"loyaltill/agent/loyalty"
	"loyaltill/internal/i18n"
)

// GiftCardKind is a kind of gift card that the programme in force has, as a till needs it to sell one.
type GiftCardKind struct {
	Kind   string  `json:"kind"`
	Name   string  `json:"name"`
	Values []int64 `json:"values,omitempty" doc:"what can be put on it, minor units; or"`
	From   int64   `json:"from,omitempty" doc:"anything from this"`
	To     int64   `json:"to,omitempty" doc:"to this"`
	TopUp  bool    `json:"top_up" doc:"a card that was sold takes more money"`
	Holder bool    `json:"holder" doc:"for one member: whoever stands at the till when it is sold"`
}

// GiftCardKinds lists them in a language.
func (a *Agent) GiftCardKinds(ctx context.Context, lang i18n.Lang) ([]GiftCardKind, error) {
	p, err := a.programmeAt(ctx, a.now())
	if err != nil {
		return nil, err
	}
	all := []GiftCardKind{}
	for _, k := range p.GiftCards() {
		name, _ := p.GiftCardName(k.ID, string(lang))
		all = append(all, GiftCardKind{Kind: k.ID, Name: name, Values: k.Values, From: k.Least, To: k.Most, TopUp: k.TopUp, Holder: k.Holder})
	}
	return all, nil
}

// GiftCardState is one gift card as this store knows it.
type GiftCardState struct {
	Serial  string `json:"serial"`
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Balance int64  `json:"balance" doc:"minor units"`
	Expires string `json:"expires,omitempty" doc:"last valid day"`
	Lowers  bool   `json:"lowers,omitempty" doc:"it lowers the price: name it in gift_cards with off, and not as a tender"`
	Code    string `json:"code,omitempty" doc:"why it pays nothing: gift_card_inactive, gift_card_expired, gift_card_too_little"`
}

// GiftCardBySerial looks a card up that this store sold. What other stores sold is not known here.
func (a *Agent) GiftCardBySerial(ctx context.Context, lang i18n.Lang, serial string) (GiftCardState, error) {
	now := a.now()
	p, err := a.programmeAt(ctx, now)
	if err != nil {
		return GiftCardState{}, err
	}
	place, err := a.place(ctx, 0, now)
	if err != nil {
		return GiftCardState{}, err
	}
	used, err := a.db.Tally(ctx, loyalty.TxnID{}, []string{serial})
	if err != nil {
		return GiftCardState{}, err
	}
	if len(used.GiftCards) == 0 {
		return GiftCardState{}, &loyalty.SaleError{Field: "serial", Code: loyalty.GiftCardUnknown}
	}
	c := used.GiftCards[0]
	name, _ := p.GiftCardName(c.Kind, string(lang))
	v := GiftCardState{Serial: c.Serial, Kind: c.Kind, Name: name, Balance: c.Balance, Expires: c.Expires, Lowers: p.GiftCardLowers(c.Kind)}
	switch {
	case !c.Active:
		v.Code = "gift_card_inactive"
	case c.Expires != "" && c.Expires < place.Day:
		v.Code = "gift_card_expired"
	case c.Balance == 0:
		v.Code = "gift_card_too_little"
	}
	return v, nil
}

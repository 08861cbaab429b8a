package agent

import (
	"context"

	"loyaltill/agent/loyalty"
	"loyaltill/agent/receipt"
	"loyaltill/devices/escpos"
	"loyaltill/internal/i18n"
)

// Printable is what the programme in force lets a store print and do by hand.
type Printable struct {
	Currency  string      `json:"currency"`
	Coupons   []PaperKind `json:"coupons"`
	GiftCards []PaperKind `json:"gift_cards"`
	Reasons   []string    `json:"reasons" doc:"for corrections; empty: any id"`
	Wallets   []Wallet    `json:"wallets" doc:"beside the points"`
}

// PaperKind is a kind of coupon or gift card.
type PaperKind struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Value int64  `json:"value,omitempty" doc:"minor units"`
}

// Wallet is something that members have beside points.
type Wallet struct {
	ID    loyalty.WalletID `json:"wallet"`
	Name  string           `json:"name"`
	Money bool             `json:"money" doc:"in minor units"`
}

// Printable lists it in a language.
func (a *Agent) Printable(ctx context.Context, lang i18n.Lang) (Printable, error) {
	p, err := a.programmeAt(ctx, a.now())
	if err != nil {
		return Printable{}, err
	}
	all := Printable{Currency: p.Currency(), Coupons: []PaperKind{}, GiftCards: []PaperKind{}, Reasons: append([]string{}, p.Reasons()...), Wallets: []Wallet{}}
	for _, k := range p.Coupons() {
		all.Coupons = append(all.Coupons, PaperKind{ID: k.ID, Name: k.Name(string(lang)), Value: k.Value})
	}
	for _, k := range p.GiftCards() {
		name, _ := p.GiftCardName(k.ID, string(lang))
		all.GiftCards = append(all.GiftCards, PaperKind{ID: k.ID, Name: name})
	}
	for _, w := range p.Wallets() {
		if w != loyalty.MainWallet {
			all.Wallets = append(all.Wallets, Wallet{ID: w, Name: p.NameOf(loyalty.ArgWallet, string(w), string(lang)), Money: p.IsMoney(w)})
		}
	}
	return all, nil
}

// IssuePreviewRequest asks what the first paper of a batch would look like.
type IssuePreviewRequest struct {
	Coupon   string `json:"coupon,omitempty" maxLength:"40"`
	GiftCard string `json:"gift_card,omitempty" maxLength:"40" doc:"a kind, instead of a coupon"`
	Count    int    `json:"count" minimum:"1" maximum:"500"`
	Language string `json:"language,omitempty" maxLength:"8"`
}

// PreviewIssue draws the first paper of a batch as the lane would print it. Nothing is issued: its serial is nobody's.
func (a *Agent) PreviewIssue(ctx context.Context, n loyalty.LaneID, r IssuePreviewRequest) (*PaperPreview, error) {
	q, err := a.queueOf(n)
	if err != nil {
		return nil, err
	}
	p, err := a.programmeAt(ctx, a.now())
	if err != nil {
		return nil, err
	}
	lang := a.storeLanguage()
	if asked, ok := i18n.Parse(r.Language); ok {
		lang = asked
	}
	var content receipt.Paper
	if r.GiftCard != "" {
		name, known := p.GiftCardName(r.GiftCard, string(lang))
		if !known {
			return nil, &loyalty.SaleError{Field: "gift_card", Code: loyalty.GiftCardUnknown}
		}
		content = &receipt.BlankGiftCard{Print: a.print(lang, p), Name: name, Serial: loyalty.GiftCardSerial(loyalty.StoreID(a.identity.Store), loyalty.TxnID{}, 0), Number: 1, Of: r.Count}
	} else if content, err = a.sampleCoupon(ctx, n, p, r, lang); err != nil {
		return nil, err
	}
	return a.drawn(a.papers.lay(content).Document, q.profile)
}

// sampleCoupon is the coupon that would be issued, of a transaction that never is.
func (a *Agent) sampleCoupon(ctx context.Context, n loyalty.LaneID, p *loyalty.Programme, r IssuePreviewRequest, lang i18n.Lang) (receipt.Paper, error) {
	place, err := a.place(ctx, n, a.now())
	if err != nil {
		return nil, err
	}
	if _, ok := p.Coupon(r.Coupon); !ok {
		return nil, &Refusal{Code: CodeCouponUnknown, Field: "coupon"}
	}
	head := loyalty.EntryHead{Store: place.Store, Epoch: 1, Seq: 1, Day: place.Day, At: place.At, Lane: n}
	e, err := p.IssueCoupon(loyalty.CouponAsk{Coupon: r.Coupon, Count: int64(r.Count)}, head)
	if err != nil {
		return nil, appendRefusal(err)
	}
	sample := a.couponPapers(&e, p, lang)[0].Coupon
	sample.Code, sample.Symbol = "", "" // a picture of a real code could be spent in another store
	return sample, nil
}

func (a *Agent) drawn(doc *escpos.Document, profile *escpos.Profile) (*PaperPreview, error) {
	drawn, err := a.encoder.Preview(doc, profile)
	if err != nil {
		return nil, err
	}
	out := &PaperPreview{Lines: []PreviewLine{}}
	if out.PNG, err = drawn.Paper.PNG(); err != nil {
		return nil, err
	}
	out.Text, err = a.encoder.PlainText(doc, profile)
	return out, err
}

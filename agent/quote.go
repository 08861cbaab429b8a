package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card/profile"
)

// Quote says what a sale would earn and cost for whoever stands at the till. It writes nothing.
func (a *Agent) Quote(ctx context.Context, n loyalty.LaneID, r SaleRequest) (Quote, error) {
	l, err := a.lane(n)
	if err != nil {
		return Quote{}, err
	}
	turn := l.beginQuote()
	b, err := a.price(ctx, l, loyalty.TxnID{}, r)
	if err != nil {
		l.endQuote(ctx, turn, nil)
		return Quote{}, err
	}
	v := b.view()
	l.endQuote(ctx, turn, b.shown(r, v))
	return v, nil
}

// bill is a sale priced at one moment.
type bill struct {
	programme *loyalty.Programme
	input     loyalty.QuoteInput
	quote     loyalty.Quote
	who       *identified // nil: no member
	balance   loyalty.Points
	elsewhere loyalty.Points // of it, set aside for other stores
	lease     loyalty.Points // of it, that this store may spend without asking
	through   loyalty.Seq    // own entry up to which head office has told of the member
	unsent    loyalty.Points // what own entries above it gave
	asked     loyalty.Points // what head office has set aside for this sale
	newest    loyalty.Seq    // the member's newest entry here that is counted in
	away      bool           // head office was not in reach
	astray    bool           // its log and this store's differ
	asOf      time.Time      // when it last told this store about its members
	silence   time.Duration  // so long ago

	used     map[string]int64     // how often other stores used the coupons shown
	reserved *loyalty.Reservation // which the sale confirms; nil: none
}

// price reads what the rules need and applies them. id is the sale's, zero before it has one.
func (a *Agent) price(ctx context.Context, l *lane, id loyalty.TxnID, r SaleRequest) (*bill, error) {
	who, err := a.whoFor(ctx, l, r.Number)
	if err != nil {
		return nil, err
	}
	now := a.now()
	b := &bill{who: who}
	if b.programme, err = a.programmeAt(ctx, now); err != nil {
		return nil, err
	}
	if b.input.Sale, b.used, err = a.sale(ctx, b.programme, id, r); err != nil {
		return nil, err
	}
	if b.input.Place, err = a.place(ctx, l.cfg.Number, now); err != nil {
		return nil, err
	}
	if b.reserved, err = a.reservedFor(ctx, who, r.Reservation); err != nil {
		return nil, err
	}
	if who != nil {
		if err := a.remember(ctx, b); err != nil {
			return nil, fmt.Errorf("quote: %w", err)
		}
	}
	if err := a.tellUsed(ctx, b, id, r.GiftCards); err != nil {
		return nil, err
	}
	if err := b.admitCoupons(); err != nil {
		return nil, err
	}
	if b.quote, err = b.programme.Quote(b.input); err != nil {
		return nil, quoteRefusal(err)
	}
	return b, nil
}

// remember puts the member into a bill as this store knows them now.
func (a *Agent) remember(ctx context.Context, b *bill) error {
	state, err := a.db.State(ctx, b.who.member)
	if err != nil {
		return err
	}
	b.balance, b.newest, b.elsewhere = loyalty.Balance(state.Lots), state.Newest, state.Elsewhere
	b.through, b.unsent = state.Through, state.Unsent
	if err := a.reach(ctx, b); err != nil {
		return err
	}
	state.Medium, state.Available = b.who.trust.medium, b.who.purse // of any other medium tell says
	if state.Reserved = b.reserved; b.reserved != nil {
		state.Available = 0 // no card is debited: a debit cannot be taken back when the reservation runs out meanwhile
	}
	for i := range state.Wallets {
		w := &state.Wallets[i]
		w.Available = 0
		if !b.astray && b.who.trust.mayUseWallets(b.away) {
			w.Available = max(loyalty.Spendable(w.Lots, b.input.Place.Day), 0)
		}
	}
	if err := b.programme.Recall(&state.MemberState, &state.Past, b.input.Place.Day); err != nil {
		return err
	}
	b.input.Member = &state.MemberState
	return nil
}

// reach notes how far what is known of members can be trusted.
func (a *Agent) reach(ctx context.Context, b *bill) error {
	sync, err := a.sync(ctx)
	b.astray = sync.astray()
	b.away = !sync.inReach() || sync.FeedAt.Before(a.asking.silentSince()) // it has to be heard of first after it did not answer
	b.asOf, b.silence = sync.FeedAt, a.now().Sub(sync.FeedAt)
	return err
}

// whoFor is the member of a sale: the number in the request, else whoever tapped.
func (a *Agent) whoFor(ctx context.Context, l *lane, number string) (*identified, error) {
	if number == "" {
		return l.atTill(), nil
	}
	return a.lookUp(ctx, profile.Text{Text: number})
}

// quoteRefusal keeps what the till can mend apart from what it cannot.
func quoteRefusal(err error) error {
	var sale *loyalty.SaleError
	if !errors.As(err, &sale) {
		return fmt.Errorf("quote: %w", err)
	}
	if sale.Code == loyalty.SaleOverpaid || sale.Code == loyalty.SaleUnpaid {
		return &Refusal{Code: CodeTendersWrong, Field: sale.Field, cause: err}
	}
	return err
}

func (b *bill) view() Quote {
	q := b.quote
	v := Quote{
		ID: q.Digest, Programme: q.Programme, Currency: q.Currency, Total: q.Total, Reduced: q.Reduced, ToPay: q.ToPay, Redeem: q.Redeem,
		Earned: q.Earned, Expires: q.EarnedExpires, Balance: b.balance, Lines: q.Lines, Why: q.Why,
		Wallets: q.Wallets, Reductions: q.Reductions, RewardPoints: q.RewardPoints, Taxes: q.Taxes, Lots: q.Lots, Rewards: q.Rewards, NextReward: q.NextReward, Tier: q.Tier,
		Stamps: q.Stamps, Issues: q.Issues, GiftCards: q.GiftCards, GiftCardsSold: q.GiftCardsSold, Coupons: b.coupons(),
		Occasions: q.Occasions, Advance: q.Advance,
	}
	if b.input.Member != nil {
		v.Available = b.input.Member.CanSpend()
		v.Holds = held(b.input.Member.Lots, b.input.Place.Day)
	}
	v.PINNeeded = (b.redeemsFromCard() || b.paysBesideCard() || b.paysByPractice()) && b.who.pin != nil && !b.who.pin.Verified
	return v
}

// paysBesideCard says whether a wallet beside the points, or an advance, pays a part: the card's PIN guards it, though it is not on
// the card.
func (b *bill) paysBesideCard() bool {
	return b.quote.Advance > 0 || slices.ContainsFunc(b.quote.Wallets, func(w loyalty.WalletQuote) bool { return w.Redeem.Points > 0 })
}

// walletBalances writes down what the wallets hold after the sale, as the store knows it.
func (b *bill) walletBalances(wallets []loyalty.WalletBody) {
	for i := range wallets {
		w := &wallets[i]
		for _, held := range b.input.Member.Wallets {
			if held.Wallet == w.Wallet {
				w.Balance = loyalty.Balance(held.Lots)
			}
		}
		w.Balance += w.Earned - w.Redeemed
	}
}

func (b *bill) redeemsFromCard() bool {
	return b.quote.Debit() > 0 && b.reserved == nil && b.input.Member != nil && b.input.Member.Medium == loyalty.MediumPurse && !b.who.practice
}

// paysByPractice says that points go off a practice card: it wants its PIN, and the books alone know of them.
func (b *bill) paysByPractice() bool {
	return b.quote.Debit() > 0 && b.reserved == nil && b.who != nil && b.who.practice
}

package agent

import (
	"fmt"
	"slices"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/agent/receipt"
	"loyaltill/internal/i18n"
)

// What a receipt has room for.
const (
	maxWhyOnPaper  = 10
	maxDaysOnPaper = 4
	endsSoonDays   = 60
	maxBillCode    = 1200 // characters; a longer bill comes back in the store that sold
)

// toldElsewhere is what a receipt does not repeat among its reasons: reductions stand with the goods, gift cards with the
// payments, stamps with the account, and a draw is over.
func toldElsewhere(code string) bool {
	switch code {
	case loyalty.ExplainReduced, loyalty.ExplainReward, loyalty.ExplainGiftCardPaid, loyalty.ExplainStamps, loyalty.ExplainSurpriseChance:
		return true
	}
	return false
}

// whyOnPaper is the reasons for points, those that gave some first.
func whyOnPaper(lang i18n.Lang, p *loyalty.Programme, found []loyalty.Finding) []string {
	var gave, rest []string
	for _, f := range found {
		switch {
		case toldElsewhere(f.Code):
		case f.Applied:
			gave = append(gave, explain(lang, p, f))
		default:
			rest = append(rest, explain(lang, p, f))
		}
	}
	all := append(gave, rest...)
	return all[:min(len(all), maxWhyOnPaper)]
}

// memberPaper is how the member's account stands after a sale.
func (a *Agent) memberPaper(e *loyalty.Entry, b *bill, lang i18n.Lang) *receipt.Member {
	m := &receipt.Member{
		Earned: e.Sale.Earned, Rewards: e.Sale.RewardPoints,
		Account: receipt.Account{Card: b.who.number, Balance: e.Sale.Balance, Provisional: b.away},
	}
	if b.away {
		m.AsOf = b.asOf
	}
	tier := e.Sale.Tier
	if t := b.quote.Tier; t != nil {
		tier = t.Counted
		m.Progress = explained(lang, b.programme, t.Why)
	}
	m.Tier = b.programme.TierName(tier, string(lang))
	lots := loyalty.Apply(b.input.Member.Lots, e.Moves, e.Member)
	holds := held(lots, e.Day)
	m.Ending, m.Coming = endingSoon(holds, e.Day), coming(holds)
	m.ActiveUntil, m.Wallets, m.Stamps = day(b.activeUntil(e)), b.walletsOnPaper(e, lang), b.stampsOnPaper(lang)
	m.Next = b.nextReward(lang, max(loyalty.Spendable(lots, e.Day), 0))
	return m
}

// endingSoon is what ends within weeks; when nothing does, what ends first.
func endingSoon(holds []Held, today string) []receipt.Points {
	until := day(today).AddDate(0, 0, endsSoonDays).Format(time.DateOnly)
	var soon []receipt.Points
	for _, h := range holds {
		if h.Expires == "" || h.Expires > until && len(soon) > 0 || len(soon) == maxDaysOnPaper {
			break
		}
		on := day(h.Expires)
		if last := len(soon) - 1; last >= 0 && soon[last].On.Equal(on) {
			soon[last].Points += h.Points
			continue
		}
		soon = append(soon, receipt.Points{Points: h.Points, On: on})
		if h.Expires > until {
			break
		}
	}
	return soon
}

// coming is what can be spent from a later day on, the nearest day first.
func coming(holds []Held) []receipt.Points {
	var all []receipt.Points
	for _, h := range holds {
		if h.Usable == "" {
			continue
		}
		on := day(h.Usable)
		if i := slices.IndexFunc(all, func(p receipt.Points) bool { return p.On.Equal(on) }); i >= 0 {
			all[i].Points += h.Points
			continue
		}
		all = append(all, receipt.Points{Points: h.Points, On: on})
	}
	slices.SortFunc(all, func(x, y receipt.Points) int { return x.On.Compare(y.On) })
	return all[:min(len(all), maxDaysOnPaper)]
}

// nextReward is the dearest reward that the member's points pay now, or else the one that the least is missing to. A card will
// have them by the next visit.
func (b *bill) nextReward(lang i18n.Lang, left loyalty.Points) *receipt.Reward {
	var best *loyalty.RewardOffer
	for i := range b.quote.Rewards {
		r := &b.quote.Rewards[i]
		if !r.CanHave && (r.Why == nil || r.Why.Code != loyalty.ExplainRewardShort) { // not for points alone
			continue
		}
		if best == nil || nearer(r.Cost, best.Cost, left) {
			best = r
		}
	}
	if best == nil {
		return nil
	}
	return &receipt.Reward{Name: b.programme.RuleName(best.Reward, string(lang)), Cost: best.Cost, Missing: max(best.Cost-left, 0)}
}

// nearer says whether a reward is better to tell of than another: the dearer of two that can be had, the cheaper otherwise.
func nearer(cost, than, left loyalty.Points) bool {
	if than <= left {
		return cost <= left && cost > than
	}
	return cost < than
}

// billCode is what another store needs to take the goods back; nothing when the programme does not want returns, or when no
// symbol holds it.
func (a *Agent) billCode(e *loyalty.Entry, p *loyalty.Programme) string {
	if !p.TakesReturns() {
		return ""
	}
	sale, err := loyalty.ReturnableOf(e)
	if err == nil {
		var code string
		if code, err = sale.Code(a.identity.PaperKey(a.identity.Store)); err == nil && len(code) <= maxBillCode {
			return code
		}
	}
	if err != nil {
		a.log.Error().Err(err).Int64("seq", int64(e.Seq)).Msg("receipt has no code for returns in other stores")
	}
	return ""
}

// transferPaper is the giver's slip of a transfer, in their language. It tells nothing of who gets the points but the masked number.
func (a *Agent) transferPaper(e *loyalty.Entry, h *handing) paper {
	before := loyalty.Balance(h.input.From.Lots)
	return paper{Transfer: &receipt.Transfer{
		Print: a.print(a.languageOf(h.who.language), h.programme), Number: receiptNumber(e.Store, e.Epoch, e.Seq), Lane: fmt.Sprint(e.Lane), Cashier: e.Cashier,
		At: localTime(e.At), From: h.who.number, To: h.to, Reason: e.Transfer.Reason, Points: e.Transfer.Points, Usable: day(e.Transfer.Usable),
		Before: before, After: before - e.Transfer.Points,
	}}
}

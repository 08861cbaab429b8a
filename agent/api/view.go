package api

import (
	"context"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/devices"
	"loyaltill/internal/i18n"
)

// healthView adds the sentence for the cashier to a device's health.
type healthView struct {
	devices.Health
	Message string `json:"message,omitempty" doc:"what happened and what to do, in the language asked for"`
}

// printerView adds the sentences for the cashier.
type printerView struct {
	agent.PrinterState
	Message string `json:"message,omitempty" doc:"what happened and what to do, in the language asked for"`
	Says    string `json:"says,omitempty" doc:"what the level means, in the language asked for"`
}

func printerOf(l i18n.Lang, s agent.PrinterState) printerView {
	v := printerView{PrinterState: s, Message: health(l, s.Health).Message}
	if s.Percent > 0 {
		v.Message = i18n.Text(l, "cashier."+string(s.Code), i18n.Args{"percent": s.Percent})
	}
	if s.Level != "" {
		v.Says = sentence(l, "level_"+s.Level)
	}
	return v
}

type cardView struct {
	agent.CardState
	Message string `json:"message,omitempty"`
}

type waitingView struct {
	agent.Waiting
	Message string `json:"message"`
}

// laneView is a lane with its sentences.
type laneView struct {
	Lane    loyalty.LaneID `json:"lane"`
	Name    string         `json:"name"`
	Reader  healthView     `json:"reader"`
	Printer printerView    `json:"printer"`
	Card    cardView       `json:"card"`
	Member  *agent.Member  `json:"member,omitempty"`
	Waiting *waitingView   `json:"waiting,omitempty"`
	Jobs    int            `json:"jobs" doc:"print jobs that are not on paper yet"`

	Training *agent.Training `json:"training,omitempty" doc:"somebody practises here; absent: sales count"`
}

// sentence is the text for the cashier behind a code, nothing for no code.
func sentence(l i18n.Lang, code string) string {
	if code == "" {
		return ""
	}
	return i18n.Text(l, "cashier."+code, nil)
}

func health(l i18n.Lang, h devices.Health) healthView {
	v := healthView{Health: h}
	if h.State != devices.OK {
		v.Message = sentence(l, string(h.Code))
	}
	return v
}

func view(l i18n.Lang, s agent.LaneState) laneView {
	v := laneView{
		Lane: s.Lane, Name: s.Name, Reader: health(l, s.Reader), Printer: printerOf(l, s.Printer),
		Card: cardView{s.Card, sentence(l, s.Card.Code)}, Member: s.Member, Jobs: s.Jobs, Training: s.Training,
	}
	if s.Waiting != nil {
		v.Waiting = &waitingView{*s.Waiting, sentence(l, s.Waiting.Code)}
	}
	return v
}

// findingView is one step of the explanation in words.
type findingView struct {
	loyalty.Finding
	Text string `json:"text"`
}

// quoteView is a quote that explains itself.
type quoteView struct {
	agent.Quote
	Why        []findingView   `json:"why"`
	Redeem     redemptionView  `json:"redeem"`
	Wallets    []walletView    `json:"wallets,omitempty"`
	Reductions []reductionView `json:"reductions,omitempty"`
	Rewards    []rewardView    `json:"rewards,omitempty"`
	Coupons    []couponView    `json:"coupons,omitempty"`
	Tier       *tierView       `json:"tier,omitempty"`
	NextReward *findingView    `json:"next_reward,omitempty"`
	Message    string          `json:"message,omitempty" doc:"the programme's own text for the screen"`
}

type redemptionView struct {
	loyalty.Redemption
	Clamps []findingView `json:"clamps"`
}

type walletView struct {
	loyalty.WalletQuote
	Name   string         `json:"name" doc:"in the language asked for"`
	Redeem redemptionView `json:"redeem"`
}

type reductionView struct {
	loyalty.Reduction
	Name string `json:"name" doc:"in the language asked for"`
}

type couponView struct {
	agent.CouponTaken
	Name string `json:"name" doc:"in the language asked for"`
}

type rewardView struct {
	loyalty.RewardOffer
	Name string       `json:"name" doc:"in the language asked for"`
	Why  *findingView `json:"why,omitempty" doc:"why it cannot be had"`
}

type tierView struct {
	loyalty.TierProgress
	Name     string        `json:"name,omitempty" doc:"of the tier counted, in the language asked for"`
	NextName string        `json:"next_name,omitempty"`
	Why      []findingView `json:"why,omitempty"`
}

func (s *Server) explain(ctx context.Context, q agent.Quote) quoteView {
	say := s.agent.Voice(ctx, language(ctx))
	v := quoteView{
		Quote: q, Why: findings(say, q.Why), Redeem: redemptionView{q.Redeem, findings(say, q.Redeem.Clamps)},
		Message: say.Message(loyalty.MessageScreen),
	}
	for _, w := range q.Wallets {
		v.Wallets = append(v.Wallets, walletView{w, say.Name(loyalty.ArgWallet, string(w.Wallet)), redemptionView{w.Redeem, findings(say, w.Redeem.Clamps)}})
	}
	for _, r := range q.Reductions {
		v.Reductions = append(v.Reductions, reductionView{r, say.Name(loyalty.ArgRule, r.Rule)})
	}
	for _, r := range q.Rewards {
		v.Rewards = append(v.Rewards, rewardView{r, say.Name(loyalty.ArgRule, r.Reward), finding(say, r.Why)})
	}
	v.NextReward = finding(say, q.NextReward)
	for _, c := range q.Coupons {
		v.Coupons = append(v.Coupons, couponView{c, say.Name(loyalty.ArgRule, c.Coupon)})
	}
	if t := q.Tier; t != nil {
		v.Tier = &tierView{*t, say.Name(loyalty.ArgTier, t.Counted), say.Name(loyalty.ArgTier, t.Next), findings(say, t.Why)}
	}
	return v
}

// saleView is a committed sale that tells what was won with it.
type saleView struct {
	agent.SaleAnswer
	Surprises []surpriseView  `json:"surprises,omitempty" doc:"won with this sale"`
	Question  *agent.Feedback `json:"question,omitempty" doc:"to ask the customer, when the programme has one that this member may still answer; POST …/activities with the answer, or go on without"`
}

type surpriseView struct {
	loyalty.Surprise
	Name string `json:"name" doc:"in the language asked for"`
	Text string `json:"text,omitempty" doc:"for the customer, as the receipt has it"`
}

func (s *Server) sold(ctx context.Context, a agent.SaleAnswer) saleView {
	v := saleView{SaleAnswer: a, Question: s.agent.Feedback(ctx, a.Sale, language(ctx))}
	if len(a.Surprises) == 0 {
		return v
	}
	say := s.agent.Voice(ctx, language(ctx))
	for _, won := range a.Surprises {
		v.Surprises = append(v.Surprises, surpriseView{won, say.Name(loyalty.ArgRule, won.Rule), say.Surprise(won.Rule)})
	}
	return v
}

func finding(say agent.Voice, f *loyalty.Finding) *findingView {
	if f == nil {
		return nil
	}
	return &findingView{*f, say.Words(*f)}
}

func findings(say agent.Voice, found []loyalty.Finding) []findingView {
	views := make([]findingView, len(found))
	for i, f := range found {
		views[i] = findingView{f, say.Words(f)}
	}
	return views
}

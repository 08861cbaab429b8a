package api

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/danielgtaylor/huma/v2/sse"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/internal/i18n"
)

// displayPrefix tells a token of a customer's display from the store's own. It stands where customers do, so it opens the stream of its
// lane and nothing else.
const displayPrefix = "display_"

func displayPath(lane loyalty.LaneID) string { return fmt.Sprintf("/v1/lanes/%d/display", lane) }

// displayToken is the one of a lane: it holds for as long as the store's token does.
func (s *Server) displayToken(lane loyalty.LaneID) string {
	mac := hmac.New(sha256.New, s.token[:])
	mac.Write([]byte(displayPath(lane)))
	return displayPrefix + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// displayMay says why a display may not make a call; empty: it asks for its own lane.
func (s *Server) displayMay(r *http.Request, token string) string {
	for _, lane := range s.agent.Lanes() {
		if hmac.Equal([]byte(token), []byte(s.displayToken(lane.Lane))) {
			if r.Method != http.MethodGet || r.URL.Path != displayPath(lane.Lane) {
				return codeRoleRefused
			}
			return ""
		}
	}
	return codeTokenWrong
}

// displayView is what a customer's display shows. There is nothing in it that does not stand on the till or the receipt.
type displayView struct {
	Lane     loyalty.LaneID  `json:"lane"`
	Shop     string          `json:"shop"`
	Language i18n.Lang       `json:"language" doc:"to tell it in: the member's, else the one asked for, else the store's"`
	Currency string          `json:"currency"`
	Screen   agent.Screen    `json:"screen" enum:"idle,bill,moment,paid" doc:"moment: no figure holds until the till has asked for a new quote"`
	Prompt   agent.Prompt    `json:"prompt,omitempty" enum:"hold,tap_again,pin,help" doc:"hold: the card is being read; tap_again: the same card once more; pin: to be typed on the reader; help: the card was refused, the cashier knows why"`
	Training bool            `json:"training,omitempty" doc:"somebody practises at this till: it does not serve customers, and whatever is shown is practice"`
	Balance  *loyalty.Points `json:"balance,omitempty" doc:"points of the member whom the lane let in by card"`
	Bill     *shownBill      `json:"bill,omitempty" doc:"with bill"`
	Paid     *shownSale      `json:"paid,omitempty" doc:"with paid"`
}

type shownLine struct {
	Name     string `json:"name"`
	Quantity int64  `json:"quantity" doc:"thousandths"`
	Amount   int64  `json:"amount"`
}

// shownPart is something that makes a bill smaller.
type shownPart struct {
	Name   string `json:"name"`
	Amount int64  `json:"amount"`
}

type shownBill struct {
	Lines      []shownLine    `json:"lines"`
	Sum        int64          `json:"sum" doc:"of the lines"`
	Reductions []shownPart    `json:"reductions,omitempty" doc:"what lowers the price"`
	Points     loyalty.Points `json:"points,omitempty" doc:"that pay"`
	Value      int64          `json:"value,omitempty" doc:"of these points"`
	Others     []shownPart    `json:"others,omitempty" doc:"what else pays: wallets, coupons and rewards that pay"`
	GiftCards  int64          `json:"gift_cards,omitempty" doc:"paid by gift cards"`
	ToPay      int64          `json:"to_pay"`
	Earned     loyalty.Points `json:"earned" doc:"by this sale, as quoted"`
	NextReward string         `json:"next_reward,omitempty" doc:"a sentence: the reward that is nearest"`
	Message    string         `json:"message,omitempty" doc:"the programme's own text"`
}

type shownSale struct {
	Paid     int64           `json:"paid" doc:"with money"`
	Points   loyalty.Points  `json:"points,omitempty" doc:"that paid, those of rewards among them"`
	Earned   loyalty.Points  `json:"earned"`
	Balance  *loyalty.Points `json:"balance,omitempty" doc:"after the sale, as on the receipt; absent without a member"`
	Won      []string        `json:"won,omitempty" doc:"what a surprise says"`
	Vouchers []shownPart     `json:"gift_cards,omitempty" doc:"that paid: the end of the number, and what is left"`
}

// displayOf puts a lane's display into words.
func (s *Server) displayOf(ctx context.Context, d agent.Display) displayView {
	lang, known := i18n.Parse(d.Language)
	if d.Language == "" || !known {
		lang = language(ctx)
	}
	v := displayView{Lane: d.Lane, Shop: d.Shop, Language: lang, Currency: d.Currency, Screen: d.Screen, Prompt: d.Prompt, Training: d.Training, Balance: d.Balance}
	say := s.agent.Voice(ctx, lang)
	if d.Bill != nil {
		v.Bill = billOf(say, d.Bill)
	}
	if d.Paid != nil {
		v.Paid = saleOf(say, d.Paid)
	}
	return v
}

func billOf(say agent.Voice, b *agent.ShownBill) *shownBill {
	q := &b.Quote
	v := &shownBill{Points: q.Redeem.Points, Value: q.Redeem.Value, GiftCards: q.ToPay - b.Due, ToPay: b.Due, Earned: q.Earned, Message: say.Message(loyalty.MessageScreen)}
	for _, l := range b.Lines {
		name := l.Name
		if name == "" {
			name = l.SKU
		}
		v.Lines = append(v.Lines, shownLine{name, l.Quantity, l.Amount})
		v.Sum += l.Amount
	}
	for _, r := range q.Reductions {
		part := shownPart{say.Name(loyalty.ArgRule, r.Rule), r.Amount}
		if r.Tender {
			v.Others = append(v.Others, part)
		} else {
			v.Reductions = append(v.Reductions, part)
		}
	}
	for _, w := range q.Wallets {
		if w.Redeem.Value > 0 {
			v.Others = append(v.Others, shownPart{say.Name(loyalty.ArgWallet, string(w.Wallet)), w.Redeem.Value})
		}
	}
	if next := finding(say, q.NextReward); next != nil {
		v.NextReward = next.Text
	}
	return v
}

func saleOf(say agent.Voice, s *agent.ShownSale) *shownSale {
	a := &s.Answer
	v := &shownSale{Paid: a.ToPay, Points: a.Redeemed + a.RewardPoints, Earned: a.Earned}
	if s.Member() {
		v.Balance = &a.Balance
	}
	for _, c := range a.GiftCards {
		v.Paid -= c.Paid
		v.Vouchers = append(v.Vouchers, shownPart{"…" + c.Serial[max(0, len(c.Serial)-shownDigits):], c.Left})
	}
	for _, won := range a.Surprises {
		if text := say.Surprise(won.Rule); text != "" {
			v.Won = append(v.Won, text)
		}
	}
	return v
}

// shownDigits is how much of a gift card's number a customer may see where others can, too.
const shownDigits = 4

// addressView is where a lane's display is.
type addressView struct {
	Address string `json:"address" doc:"on this agent; behind # is a token that opens this lane's display alone"`
}

func (s *Server) displayAddress(ctx context.Context, in *LaneIn) (*reply[addressView], error) {
	_, err := s.agent.Lane(in.Lane)
	return answer(ctx, s, addressView{fmt.Sprintf("/display/?lane=%d#token=%s", in.Lane, s.displayToken(in.Lane))}, err)
}

func (s *Server) dropQuote(ctx context.Context, in *LaneIn) (*reply[laneView], error) {
	v, err := s.agent.DropQuote(in.Lane)
	return answer(ctx, s, view(language(ctx), v), err)
}

// displayRoutes are for the screen that customers see.
func (s *Server) displayRoutes(api huma.API) {
	route(s, api, tills(), "GET", "/v1/lanes/{lane}/display/address", 200, "Where the customer's display of a lane is, with its token", s.displayAddress)
	sse.Register(api, huma.Operation{
		OperationID: "display", Method: "GET", Path: "/v1/lanes/{lane}/display", Summary: "What the customer's display of a lane shows, each time whole",
		Description: "For the lane's display, and for tills and POS software.", Middlewares: huma.Middlewares{s.laneKnown},
	}, map[string]any{"display": displayView{}}, s.display)
}

// laneKnown refuses a stream of a lane that is not there, while that can still be said.
func (s *Server) laneKnown(ctx huma.Context, next func(huma.Context)) {
	n, err := strconv.ParseUint(ctx.Param("lane"), 10, 8)
	if err == nil {
		_, err = s.agent.Lane(loyalty.LaneID(n))
	}
	if err != nil {
		_, w := humago.Unwrap(ctx)
		newProblem(ctx.Context(), agent.CodeLaneUnknown).write(w)
		return
	}
	next(ctx)
}

// display sends what a lane's display shows, then every change. One that falls behind is cut off and comes back.
func (s *Server) display(ctx context.Context, in *LaneIn, send sse.Sender) {
	now, changes, stop, err := s.agent.WatchDisplay(in.Lane)
	if err != nil {
		return // laneKnown has refused it
	}
	defer stop()
	if send.Data(s.displayOf(ctx, now)) != nil {
		return
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			err = send.Comment("still here")
		case e, open := <-changes:
			if !open {
				return
			}
			if d, ok := e.Data.(agent.Display); ok {
				err = send.Data(s.displayOf(ctx, d))
			}
		}
		if err != nil {
			return
		}
	}
}

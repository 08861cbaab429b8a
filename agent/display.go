package agent

import (
	"context"
	"reflect"
	"time"

	"loyaltill/agent/loyalty"
)

// What stands on a customer's display goes by itself: who comes next must not read it.
const (
	thanksKept = 30 * time.Second // after a sale
	greetKept  = 30 * time.Second // without a bill, after the card was taken away
	billKept   = 10 * time.Minute // that nobody asks about any more
)

// Screen is what a customer's display is about.
type Screen string

const (
	ScreenIdle   Screen = "idle"
	ScreenBill   Screen = "bill"
	ScreenMoment Screen = "moment" // the bill is being worked out anew: no figure of before holds
	ScreenPaid   Screen = "paid"
)

// Prompt is what a customer is asked to do.
type Prompt string

const (
	PromptNone     Prompt = ""
	PromptHold     Prompt = "hold"
	PromptTapAgain Prompt = "tap_again"
	PromptPIN      Prompt = "pin"
	PromptHelp     Prompt = "help"
)

// Display is what a lane tells the customer who stands at it: what the till and the receipt tell them, and of nobody else.
type Display struct {
	Lane     loyalty.LaneID
	Shop     string
	Language string // the member's; empty: nobody's
	Currency string // of the programme in the quote; empty without one
	Screen   Screen
	Prompt   Prompt
	Training bool            // somebody practises at the lane: it does not serve customers
	Balance  *loyalty.Points // of whom the lane let in; nil: nobody, or only typed by number
	Bill     *ShownBill
	Paid     *ShownSale
}

// ShownBill is a bill as the cashier's quote has it.
type ShownBill struct {
	Lines []loyalty.Line
	Quote Quote
	Due   int64 // what money has to pay, behind the gift cards

	member   loyalty.MemberID
	language string
	byNumber bool
}

// ShownSale is a sale as its receipt has it.
type ShownSale struct {
	Answer   SaleAnswer
	Currency string

	member   loyalty.MemberID
	language string
}

// Member says whether the sale is a member's, who then has a balance.
func (s *ShownSale) Member() bool { return s.member != 0 }

// told is what the till and the receipt told last. The lane's mutex guards it.
type told struct {
	turn  uint64 // of the quote that was begun last
	bill  *ShownBill
	unfit bool // the newest quote was refused: the bill is not what it was
	paid  *ShownSale
	at    time.Time
}

// beginQuote gives a quote its turn: of two that are under way the later one counts.
func (l *lane) beginQuote() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told.turn++
	return l.told.turn
}

// endQuote has the display show what the till is told; nil: the quote was refused.
func (l *lane) endQuote(ctx context.Context, turn uint64, shown *ShownBill) {
	if ctx.Err() != nil {
		return // the till has gone on and is not told either
	}
	l.mu.Lock()
	if turn == l.told.turn {
		l.told = told{turn: turn, bill: shown, unfit: shown == nil, at: l.a.now()}
	}
	l.mu.Unlock()
	if l.screens.heard() { // nobody else is told anything by a quote
		l.publish()
	}
}

// thank has the display thank for a sale, by the quote that it was shown for.
func (l *lane) thank(quote string, answer SaleAnswer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	over := told{turn: l.told.turn + 1, at: l.a.now()}
	if b := l.told.bill; b != nil && b.Quote.ID == quote {
		over.paid = &ShownSale{Answer: answer, Currency: b.Quote.Currency, member: b.member, language: b.language}
	}
	l.told = over
}

// thankAgain does so for a sale that went through before the till knew. Its answer may come late: then another's bill is shown by now,
// and stays.
func (a *Agent) thankAgain(n loyalty.LaneID, quote string, answer SaleAnswer) {
	l := a.laneOrNil(n)
	if l == nil || !answer.Replayed {
		return
	}
	l.mu.Lock()
	shown := l.told.bill != nil && l.told.bill.Quote.ID == quote
	l.mu.Unlock()
	if shown {
		l.thank(quote, answer)
		l.publish()
	}
}

// DropQuote has a lane's display forget the bill: the cashier gave it up.
func (a *Agent) DropQuote(n loyalty.LaneID) (LaneState, error) {
	l, err := a.lane(n)
	if err != nil {
		return LaneState{}, err
	}
	l.mu.Lock()
	l.told.turn++
	l.told.bill, l.told.unfit = nil, false
	l.mu.Unlock()
	l.publish()
	return l.state(), nil
}

// shown is a bill for the customer's eyes.
func (b *bill) shown(r SaleRequest, q Quote) *ShownBill {
	s := &ShownBill{Lines: r.Lines, Quote: q, Due: q.ToPay, byNumber: r.Number != ""}
	for _, t := range r.Tenders {
		if t.Kind == loyalty.TenderGiftCard {
			s.Due -= t.Amount
		}
	}
	if b.who != nil {
		s.member, s.language = b.who.member, b.who.language
	}
	return s
}

// WatchDisplay gives a lane's display as it is, the stream of its changes, and the function that ends that.
func (a *Agent) WatchDisplay(n loyalty.LaneID) (Display, <-chan Event, func(), error) {
	l, err := a.lane(n)
	if err != nil {
		return Display{}, nil, nil, err
	}
	l.publishing.Lock()
	defer l.publishing.Unlock()
	l.show(l.state())
	changes, stop := l.screens.listen()
	return l.shown, changes, stop, nil
}

// show tells the displays when they have to show something else. publishing is held.
func (l *lane) show(s LaneState) {
	d := l.display(s)
	if reflect.DeepEqual(d, l.shown) {
		return
	}
	l.shown = d
	l.screens.publish(Event{Type: "display", Data: d})
}

// display is the lane as its customer may see it now.
func (l *lane) display(s LaneState) Display {
	l.mu.Lock()
	now, told, gone := l.a.now(), l.told, time.Time{}
	if l.who != nil {
		gone = l.who.gone
	}
	l.mu.Unlock()
	d := Display{Lane: s.Lane, Shop: l.a.identity.Name, Screen: ScreenIdle, Prompt: promptOf(s), Training: s.Training != nil}
	member := loyalty.MemberID(0)
	if s.Member != nil {
		member = s.Member.ID
	}
	age := now.Sub(told.at)
	switch bill, paid := told.bill, told.paid; {
	case paid != nil && age < thanksKept && (member == 0 || member == paid.member):
		d.Screen, d.Paid, d.Language, d.Currency = ScreenPaid, paid, paid.language, paid.Currency
		return d
	case bill != nil && age < billKept && (bill.member == 0 || bill.byNumber || bill.member == member):
		d.Screen, d.Bill, d.Language, d.Currency = ScreenBill, bill, bill.language, bill.Quote.Currency
		if bill.byNumber {
			return d
		}
	case age < billKept && (bill != nil || told.unfit):
		d.Screen = ScreenMoment
		return d
	case !gone.IsZero() && now.Sub(gone) >= greetKept:
		return d
	}
	if s.Member != nil {
		d.Balance, d.Language = &s.Member.Balance, s.Member.Language
	}
	return d
}

// promptOf says what a card wants of its owner. Why it was refused is between them and the cashier.
func promptOf(s LaneState) Prompt {
	if s.Waiting != nil {
		return PromptTapAgain
	}
	switch s.Card.State {
	case CardReading:
		return PromptHold
	case CardTapAgain:
		return PromptTapAgain
	case CardPINEntry:
		return PromptPIN
	case CardRefused:
		return PromptHelp
	case CardNone, CardReady, CardPINFirst:
	}
	return PromptNone
}

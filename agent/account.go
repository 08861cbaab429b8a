package agent

import (
	"context"
	"errors"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/agent/receipt"
	"loyaltill/internal/i18n"
)

// Account is how a member stands, for a screen. It says what the balance slip says.
type Account struct {
	Number      string         `json:"number" doc:"masked"`
	Balance     loyalty.Points `json:"balance"`
	Tier        string         `json:"tier,omitempty" doc:"its name, in the language asked for"`
	AsOf        time.Time      `json:"as_of,omitzero" doc:"while head office is not in reach: what it told last is of then"`
	Ending      []Held         `json:"ending" doc:"what ends within weeks; when nothing does, what ends first"`
	Coming      []Held         `json:"coming" doc:"what can be spent from a later day on"`
	ActiveUntil string         `json:"active_until,omitempty" doc:"without a purchase until then all points end"`
	Wallets     []HeldWallet   `json:"wallets" doc:"beside the points"`
	Progress    []string       `json:"progress" doc:"to the next tier and to stay in this one, in sentences"`
	Stamps      []string       `json:"stamps" doc:"how far each stamp card is, in sentences"`
	Cards       int            `json:"cards" doc:"of the chain, that are not blocked"`
}

// HeldWallet is what a member has beside points.
type HeldWallet struct {
	Name    string         `json:"name"`
	Money   bool           `json:"money,omitempty" doc:"its figures are minor units"`
	Balance loyalty.Points `json:"balance"`
	Ending  []Held         `json:"ending"`
}

// Account tells how whoever stands at the till stands, or the member of a number.
func (a *Agent) Account(ctx context.Context, n loyalty.LaneID, lang i18n.Lang, number string) (Account, error) {
	l, err := a.lane(n)
	if err != nil {
		return Account{}, err
	}
	who, err := a.whoFor(ctx, l, number)
	if err != nil {
		return Account{}, err
	}
	if who == nil {
		return Account{}, refuseForNow(CodeCardNeeded, nil)
	}
	s, err := a.standing(ctx, l, who, lang)
	if err != nil {
		return Account{}, err
	}
	cards, err := a.cardsInUse(ctx, who.member)
	if err != nil {
		return Account{}, err
	}
	v := Account{
		Number: s.Card, Balance: s.Balance, Tier: s.Tier, AsOf: s.AsOf, Ending: ending(s.Ending), Coming: []Held{}, ActiveUntil: dateOf(s.ActiveUntil),
		Wallets: []HeldWallet{}, Progress: append([]string{}, s.Progress...), Stamps: append([]string{}, s.Stamps...), Cards: len(cards),
	}
	for _, p := range s.Coming {
		v.Coming = append(v.Coming, Held{Points: p.Points, Usable: dateOf(p.On)})
	}
	for _, w := range s.Wallets {
		v.Wallets = append(v.Wallets, HeldWallet{Name: w.Name, Money: w.Money, Balance: w.Balance, Ending: ending(w.Ending)})
	}
	return v, nil
}

func ending(points []receipt.Points) []Held {
	all := make([]Held, len(points))
	for i, p := range points {
		all[i] = Held{Points: p.Points, Expires: dateOf(p.On)}
	}
	return all
}

// dateOf is a day as the API writes it; nothing for none.
func dateOf(day time.Time) string {
	if day.IsZero() {
		return ""
	}
	return day.Format(time.DateOnly)
}

// standing is a member's account as this store knows it now, with the moment, and the programme by which it is told: nil when none
// is in force.
type standing struct {
	receipt.Account
	place     loyalty.Place
	programme *loyalty.Programme
}

func (a *Agent) standing(ctx context.Context, l *lane, who *identified, lang i18n.Lang) (s standing, err error) {
	now := a.now()
	state, err := a.db.State(ctx, who.member)
	if err != nil {
		return s, err
	}
	if s.place, err = a.place(ctx, l.cfg.Number, now); err != nil {
		return s, err
	}
	sync, err := a.sync(ctx)
	if err != nil {
		return s, err
	}
	holds := held(state.Lots, s.place.Day)
	s.Account = receipt.Account{Card: who.number, Balance: loyalty.Balance(state.Lots), Ending: endingSoon(holds, s.place.Day), Coming: coming(holds)}
	if !sync.inReach() {
		s.Provisional, s.AsOf = true, sync.FeedAt
	}
	s.programme, err = a.programmeAt(ctx, now)
	if err != nil && !errors.As(err, new(*Refusal)) { // without a programme the points are told all the same
		return s, err
	}
	if s.programme == nil {
		return s, nil
	}
	return s, tellProgramme(&s.Account, s.programme, &state, s.place.Day, lang)
}

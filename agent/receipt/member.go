package receipt

import (
	"strings"
	"time"

	"loyaltill/agent/loyalty"
)

// Points is points with a day of their own.
type Points struct {
	Points loyalty.Points
	On     time.Time
}

func pointsFields() []field[Points] {
	return []field[Points]{
		count("count", "how many points", func(_ *voice, p Points) any { return int64(p.Points) }).always().must(),
		words("date", "the day", func(v *voice, p Points) any { return v.date(p.On) }).always().must(),
	}
}

// Reward is what the member can have for points, or is nearest to.
type Reward struct {
	Name    string
	Cost    loyalty.Points
	Missing loyalty.Points // 0: it can be had
}

// Account is how a member's account stands.
type Account struct {
	Card        string // masked
	Tier        string // its name; empty when the programme has none
	Balance     loyalty.Points
	AsOf        time.Time // when head office last told this store; zero leaves the line out
	Provisional bool      // decided without head office
	Ending      []Points  // last valid days that come soon
	Coming      []Points  // earned, and spendable from a day on
	ActiveUntil time.Time // without a purchase until then the points end; zero when they do not
	Wallets     []Wallet  // beside the points
	Stamps      []string  // how far each card is: texts of Explain
	Progress    []string  // to the next tier, and to stay in the one held: texts of Explain
	Next        *Reward
}

// ofAccount is a field of papers that have an account, or may have.
func ofAccount[T any](f field[Account], account func(T) *Account) field[T] {
	return field[T]{f.Field, func(v *voice, t T) any {
		if m := account(t); m != nil {
			return f.read(v, *m)
		}
		return nil
	}}
}

// accountFields are what a paper can tell of a member; account gives nil when nobody was identified.
func accountFields[T any](account func(T) *Account) []field[T] {
	var all []field[T]
	for _, f := range []field[Account]{
		figure("member_card", "the member's card, masked", func(_ *voice, m Account) any { return m.Card }),
		words("tier", "name of the member's tier", func(_ *voice, m Account) any { return m.Tier }),
		count("balance", "points that the member has now", func(_ *voice, m Account) any { return int64(m.Balance) }).must(),
		words("as_of", "when head office last told this store of its members, when it is out of reach",
			func(v *voice, m Account) any { return v.dateTime(m.AsOf) }).must(),
		marked("provisional", "decided without head office, which has the last word", func(_ *voice, m Account) any { return m.Provisional }).must(),
		list("ending", "points that end within 60 days; when none do, those that end first", pointsFields(),
			func(m Account) []Points { return m.Ending }).must(),
		list("coming", "points that can be spent from a day on", pointsFields(), func(m Account) []Points { return m.Coming }),
		words("active_until", "without a purchase by this day the points end", func(v *voice, m Account) any { return v.date(m.ActiveUntil) }).must(),
		list("wallets", "what the member has beside points", walletFields(), func(m Account) []Wallet { return m.Wallets }).must(),
		words("stamps", "how far each stamp card is, a line each", func(_ *voice, m Account) any { return strings.Join(m.Stamps, "\n") }),
		words("progress", "what is missing to the next tier, and to stay in this one, a line each",
			func(_ *voice, m Account) any { return strings.Join(m.Progress, "\n") }),
		words("reward", "the dearest reward that the points pay, or the nearest", func(_ *voice, m Account) any {
			if m.Next == nil {
				return nil
			}
			return m.Next.Name
		}),
		count("reward_missing", "points that are missing to it; absent when it can be had", func(_ *voice, m Account) any {
			if m.Next == nil || m.Next.Missing == 0 {
				return nil
			}
			return int64(m.Next.Missing)
		}),
		count("reward_cost", "what it costs, when it can be had", func(_ *voice, m Account) any {
			if m.Next == nil || m.Next.Missing > 0 {
				return nil
			}
			return int64(m.Next.Cost)
		}),
	} {
		all = append(all, ofAccount(f, account))
	}
	return all
}

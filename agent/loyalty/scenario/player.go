package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"loyaltill/agent/loyalty"
)

// player is a story being played.
type player struct {
	p       *loyalty.Programme
	line    int
	store   loyalty.StoreID
	at, day string
	seq     loyalty.Seq
	members map[string]*person
	who     *person // nil: nobody is identified
	bills   []*bill // of the story, in their order
	bill    *bill   // the one at hand: put together, or sold; nil before the first
	result  Result
}

// person is a member with all that head office would know.
type person struct {
	name    string
	id      loyalty.MemberID
	medium  loyalty.Medium
	lots    map[loyalty.WalletID][]loyalty.Lot
	tier    loyalty.TierState
	record  loyalty.Record
	expired map[walletLot]loyalty.Points
}

// walletLot names a lot of one wallet.
type walletLot struct {
	wallet loyalty.WalletID
	lot    loyalty.LotID
}

// wallets are all that a member has: the points, and those beside them.
func wallets(p *loyalty.Programme) []loyalty.WalletID {
	return append([]loyalty.WalletID{loyalty.MainWallet}, p.Wallets()...)
}

// apply takes an entry's movements over.
func (m *person) apply(p *loyalty.Programme, moves []loyalty.Movement) {
	for _, w := range wallets(p) {
		m.lots[w] = loyalty.ApplyWallet(m.lots[w], moves, m.id, w)
	}
}

func (r *player) atStore(text string) error {
	n, err := strconv.ParseUint(text, 10, 32)
	r.store = loyalty.StoreID(n)
	return errors.Join(err, r.settle())
}

// onDay moves the clock: 2026-11-24, with or without a time of day and an offset from UTC. The days between pass one by one.
func (r *player) onDay(text string) error {
	if err := r.settle(); err != nil {
		return err
	}
	day, clock, offset := "", "10:00", "+02:00"
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
			day = word
		case strings.HasPrefix(word, "+"), strings.HasPrefix(word, "-"):
			offset = word
		default:
			clock = word
		}
	}
	at := day + "T" + clock + ":00.000" + offset
	if _, err := time.Parse(time.RFC3339, at); err != nil {
		return fmt.Errorf("%q is not a day such as 2026-11-24, 2026-11-24 22:30 or 2026-11-24 22:30 +03:00", text)
	}
	business, err := r.p.BusinessDay(at)
	if err != nil {
		return err
	}
	if begun := len(r.members) > 0 || r.seq > 0; begun && business < r.day {
		return fmt.Errorf("%s is before %s; days only pass", business, r.day)
	}
	from := r.day
	r.at, r.day = at, business
	return r.pass(from, business)
}

// pass does what head office does at the beginning of every day: points expire, tiers are reviewed.
func (r *player) pass(from, to string) error {
	const longest = 20 * 366
	if from == "" || len(r.members) == 0 {
		return nil
	}
	day, err1 := time.Parse(time.DateOnly, from)
	last, err2 := time.Parse(time.DateOnly, to)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	if last.Sub(day) > longest*24*time.Hour {
		return fmt.Errorf("%s is too long after %s", to, from)
	}
	for day = day.AddDate(0, 0, 1); !day.After(last); day = day.AddDate(0, 0, 1) {
		for _, m := range r.members {
			if err := m.begin(r.p, day.Format(time.DateOnly)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *person) begin(p *loyalty.Programme, day string) error {
	for _, w := range wallets(p) {
		moves := loyalty.ExpireWallet(m.id, w, m.lots[w], day)
		if len(moves) == 0 && m.record.Last != "" {
			var err error
			if moves, err = p.ExpireInactiveWallet(m.id, w, m.lots[w], m.record.Last, day); err != nil {
				return err
			}
		}
		for _, move := range moves {
			m.expired[walletLot{w, move.Lot}] += move.Points
		}
		m.apply(p, moves)
	}
	return m.review(p, day)
}

// review settles the member's tier.
func (m *person) review(p *loyalty.Programme, day string) error {
	from, to, err := p.TierWindow(day)
	if err != nil || to == "" {
		return err
	}
	year, err := strconv.Atoi(day[:len("2026")])
	if err != nil {
		return err
	}
	before := strconv.Itoa(year - 1)
	review, err := p.ReviewTier(loyalty.ReviewInput{State: m.tier, Now: m.record.Between(from, to), Day: day,
		Ended: m.record.Between(before+"-01-01", before+"-12-31")})
	m.tier = review.State
	return err
}

// member introduces a member, or says who stands at the till now: "member anna tier gold points 300 until 2027-01-31".
func (r *player) member(text string) error {
	if err := r.settle(); err != nil {
		return err
	}
	words := strings.Fields(text)
	if len(words) == 0 {
		return errors.New("say who: member anna, or member nobody")
	}
	if words[0] == "nobody" {
		r.who = nil
		return nil
	}
	m := r.members[words[0]]
	if m == nil {
		m = &person{name: words[0], id: loyalty.MemberID(len(r.members) + 1), medium: loyalty.MediumPurse,
			lots: map[loyalty.WalletID][]loyalty.Lot{}, expired: map[walletLot]loyalty.Points{}}
		r.members[m.name] = m
	}
	r.who = m
	for words = words[1:]; len(words) > 0; {
		n, err := r.know(m, words)
		if err != nil {
			return err
		}
		words = words[n:]
	}
	return nil
}

// know takes one thing that is told of a member and gives how many words it took.
func (r *player) know(m *person, words []string) (int, error) {
	switch words[0] {
	case "card":
		m.medium = loyalty.MediumPurse
		return 1, nil
	case "number":
		m.medium = loyalty.MediumNumber
		return 1, nil
	}
	if len(words) < 2 {
		return 0, fmt.Errorf("%s what?", words[0])
	}
	n, err := 0, error(nil)
	switch words[0] {
	case "tier":
		m.tier = loyalty.TierState{Tier: words[1], Since: r.day}
	case "born":
		m.record.Birthday = words[1]
	case "joined":
		m.record.Joined = words[1]
	case "segments":
		m.record.Segments = strings.Split(words[1], ",")
		slices.Sort(m.record.Segments)
	case "purchases":
		n, err = strconv.Atoi(words[1])
		m.record.Add(loyalty.PastStep{Day: r.day, Purchases: int64(n), Counts: loyalty.Standing{Visits: int64(n)}})
	case "spend":
		var amount int64
		amount, err = r.amount(words[1])
		m.record.Add(loyalty.PastStep{Day: r.day, Counts: loyalty.Standing{Spend: amount}})
	case "is":
		m.record.Attributes = append(m.record.Attributes, words[1])
		slices.Sort(m.record.Attributes)
	default:
		if w, ok := r.wallet(words[0]); ok {
			return r.own(m, w, words)
		}
		return 0, fmt.Errorf("a member has no %q; known are card, number, tier, born, joined, segments, is, purchases, spend, points and the programme's wallets", words[0])
	}
	return 2, err
}

// wallet finds a wallet by its name in a story.
func (r *player) wallet(name string) (loyalty.WalletID, bool) {
	if name == "points" {
		return loyalty.MainWallet, true
	}
	w := loyalty.WalletID(name)
	return w, slices.Contains(r.p.Wallets(), w)
}

// unit reads what is in a wallet: whole points, or an amount.
func (r *player) unit(w loyalty.WalletID, text string) (loyalty.Points, error) {
	if r.p.IsMoney(w) {
		n, err := r.amount(text)
		return loyalty.Points(n), err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no number of points", text)
	}
	return loyalty.Points(n), nil
}

// units is what is in a wallet as stories write it.
func (r *player) units(w loyalty.WalletID, n loyalty.Points) string {
	if r.p.IsMoney(w) {
		return r.written(int64(n))
	}
	return strconv.FormatInt(int64(n), 10)
}

// own gives a member points: "points 300 until 2027-01-31", "credit 2.50".
func (r *player) own(m *person, w loyalty.WalletID, words []string) (int, error) {
	n, err := r.unit(w, words[1])
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("%q is nothing to own", words[1])
	}
	lot := loyalty.Lot{ID: loyalty.LotID(fmt.Sprintf("0-0-%d.%d", m.id, len(m.lots[w])+1)), Remaining: n, Earned: r.day}
	took := 2
	if len(words) >= 4 && words[2] == "until" {
		lot.Expires, took = words[3], 4
	}
	m.lots[w] = append(m.lots[w], lot)
	loyalty.SortLots(m.lots[w])
	return took, nil
}

// state is what a till is told of the member.
func (m *person) state(p *loyalty.Programme, day string) (*loyalty.MemberState, error) {
	lots := m.lots[loyalty.MainWallet]
	s := &loyalty.MemberState{ID: m.id, Tier: m.tier.Tier, Lots: lots, Medium: m.medium, Available: max(loyalty.Spendable(lots, day), 0)}
	for _, w := range p.Wallets() {
		s.Wallets = append(s.Wallets, loyalty.WalletState{Wallet: w, Lots: m.lots[w], Available: max(loyalty.Spendable(m.lots[w], day), 0),
			Balance: loyalty.Balance(m.lots[w])})
	}
	return s, p.Recall(s, &m.record, day)
}

func (r *player) head() loyalty.EntryHead {
	r.seq++
	return loyalty.EntryHead{Store: r.store, Epoch: 1, Seq: r.seq, Txn: loyalty.TxnID{14: byte(r.seq >> 8), 15: byte(r.seq)}, Day: r.day, At: r.at, Lane: 1}
}

// amount reads 12.50 in the programme's currency.
func (r *player) amount(text string) (int64, error) {
	digits := r.p.CurrencyDigits()
	whole, part, _ := strings.Cut(text, ".")
	if len(part) > digits {
		return 0, fmt.Errorf("%q has more than %d places", text, digits)
	}
	n, err := strconv.ParseInt(whole+part+strings.Repeat("0", digits-len(part)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no amount such as 12.50", text)
	}
	return n, nil
}

// written is an amount as stories write it.
func (r *player) written(minor int64) string {
	digits := r.p.CurrencyDigits()
	text := fmt.Sprintf("%0*d", digits+1, max(minor, -minor))
	if digits > 0 {
		text = text[:len(text)-digits] + "." + text[len(text)-digits:]
	}
	if minor < 0 {
		text = "-" + text
	}
	return text
}

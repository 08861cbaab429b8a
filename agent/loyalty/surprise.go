package loyalty

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
)

// A surprise is drawn when a sale is posted, never when it is quoted: nobody at the till can see a draw before the bill is
// paid, and none can be had again, for a place in the ledger is given once. What is drawn follows from the programme, the
// place of the sale in the ledger, its transaction, and a seed that the store may add for this place (HMAC under a key that
// it shares with head office): with it even who writes the till's software cannot work the next draw out beforehand. All
// of it stands in the entry, so that head office draws the same again.

// Surprise is one draw.
type Surprise struct {
	Rule   string `json:"rule"`
	Number int64  `json:"number"` // drawn, from 1 ...
	Of     int64  `json:"of"`     // ... to this
	Won    bool   `json:"won,omitempty"`
	Points Points `json:"points,omitempty"`
	Coupon string `json:"coupon,omitempty"` // kind, issued with the sale
	Reward string `json:"reward,omitempty"` // to be handed out
}

const maxSeed = 64

// chances is the surprises that the bill is drawn for, with a finding for each of the programme's.
func (b *bill) chances(issued []Issue) (open []int, why []Finding) {
	for i := range b.p.surprises {
		s := &b.p.surprises[i]
		f, ok := s.when.check(s.id, &b.at)
		room, short := b.left(s.id)
		if ok && room > 0 && s.coupon != "" {
			room, short = b.issuable(b.p.couponIndex(s.coupon), issued)
		}
		switch {
		case !ok:
		case s.points > 0 && b.in.Member == nil:
			f = Finding{Code: ExplainMembersOnly}
		case room <= 0:
			f = short
		default:
			open = append(open, i)
			f = Finding{Code: ExplainSurpriseChance, Base: s.win, Limit: s.of}
		}
		f.Rule = s.id
		why = append(why, f)
	}
	return open, why
}

// surprise says what the bill is drawn for; what is drawn, a quote does not know.
func (q *Quote) surprise(b *bill) {
	var why []Finding
	if q.chances, why = b.chances(q.Issues); len(why) > 0 {
		q.Why = append(q.Why, why...)
	}
}

// number draws from 1 to of.
func (s *surprise) number(programme string, head *EntryHead) int64 {
	d := digester{}
	d.text("loyaltill surprise 1")
	d.text(programme)
	d.text(s.id)
	d.ints(int64(head.Store), int64(head.Epoch), int64(head.Seq))
	d.text(string(head.Txn[:]))
	d.text(head.Seed)
	sum := sha256.Sum256(d.buf)
	high, _ := bits.Mul64(binary.BigEndian.Uint64(sum[:]), uint64(s.of))
	return int64(high) + 1
}

// draw draws the surprises of a sale at its place in the ledger, and adds to the quote what was won. Of a limit that two
// surprises share, the first has what is left.
func (p *Programme) draw(q *Quote, head *EntryHead) {
	for _, i := range q.chances {
		s := &p.surprises[i]
		n := Surprise{Rule: s.id, Number: s.number(p.digest, head), Of: s.of}
		shared := s.coupon != "" && slices.ContainsFunc(q.surprises, func(o Surprise) bool { return o.Coupon == s.coupon })
		if n.Won = n.Number <= s.win && !shared; n.Won {
			n.Points, n.Coupon, n.Reward = s.points, s.coupon, s.reward
			q.win(p, &n, head.Day)
		}
		q.surprises = append(q.surprises, n)
	}
}

// win adds one surprise to what the sale gives. Points lie on the lines by their prices, so that goods which come back take
// their part along.
func (q *Quote) win(p *Programme, n *Surprise, day string) {
	f := Finding{Rule: n.Rule, Code: ExplainSurprise, Applied: true, Detail: n.Coupon}
	if n.Points > 0 {
		f.Code, f.Points = ExplainSurprisePoints, n.Points
		q.Earned += n.Points
		on, _ := parseDay(day)
		lot := EarnedLot{Points: n.Points, Expires: p.expiry.lastDay(on)}
		q.Lots = slices.Clone(q.Lots)
		if i := slices.IndexFunc(q.Lots, func(l EarnedLot) bool { return l.Expires == lot.Expires && l.Usable == "" && l.Partner == "" }); i >= 0 {
			q.Lots[i].Points += lot.Points
		} else {
			q.Lots = append(q.Lots, lot)
		}
		if p.keepsShares {
			q.shares.addEarned(n.Points, q.Lines)
		}
	}
	if n.Coupon != "" {
		q.Issues = append(slices.Clone(q.Issues), Issue{Rule: n.Rule, Coupon: n.Coupon, Count: 1})
	}
	q.Why = append(slices.Clone(q.Why), f)
}

// addEarned lays points on lines by their prices, or on the first where nothing costs anything.
func (s *Shares) addEarned(points Points, lines []QuotedLine) {
	weights, earned := make([]int64, len(lines)), make([]Points, len(lines))
	for i := range lines {
		weights[i] = lines[i].net()
	}
	if sum(weights) == 0 {
		weights[0] = 1
	}
	for i, n := range Split(int64(points), weights) {
		earned[i] = shareOf(s.Earned, i) + Points(n)
	}
	s.Earned = trimmed(earned)
}

func (c *comparison) surprises(s, o []Surprise) {
	c.figure("surprises", int64(len(s)), int64(len(o)))
	for i := range min(len(s), len(o)) {
		c.text(fmt.Sprintf("surprises[%d]", i), fmt.Sprint(s[i]), fmt.Sprint(o[i]))
	}
}

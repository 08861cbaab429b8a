package scenario

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"loyaltill/agent/loyalty"
)

// bill is a sale that is put together, then sold, then perhaps brought back.
type bill struct {
	line    int
	sale    loyalty.Sale
	sold    bool
	refused string // code, when the engine refused the last thing asked
	told    bool   // the story expected that
	who     *person
	quote   loyalty.Quote
	entry   loyalty.Entry
	returns []loyalty.ReturnBody
	last    *loyalty.ReturnBody // the return at hand
}

// open is the sale being put together.
func (r *player) open() (*loyalty.Sale, error) {
	if r.bill == nil || r.bill.sold {
		return nil, errors.New("there is no open sale; begin one with basket")
	}
	return &r.bill.sale, nil
}

// gap parts the goods of a basket.
var gap = regexp.MustCompile(`\s{2,}|\t`)

// basket begins a sale, or adds to the one that is open: goods parted by two blanks.
func (r *player) basket(text string) error {
	if r.bill == nil || r.bill.sold {
		r.finish()
		r.bill = &bill{line: r.line, who: r.who}
		r.bills = append(r.bills, r.bill)
	}
	for _, item := range gap.Split(text, -1) {
		l, err := r.goods(strings.Fields(item))
		if err != nil {
			return err
		}
		r.bill.sale.Lines = append(r.bill.sale.Lines, l)
	}
	return nil
}

// goods reads one line of a bill: "apples 1.350kg 2.70 food/fruit +fresh @Acme tax=21 off=0.30".
func (r *player) goods(words []string) (loyalty.Line, error) {
	if len(words) < 2 {
		return loyalty.Line{}, fmt.Errorf("%q: write what it is and what it costs, such as milk 2.40", strings.Join(words, " "))
	}
	l := loyalty.Line{SKU: words[0], Name: words[0], Quantity: 1000}
	priced := false
	for _, w := range words[1:] {
		var err error
		switch {
		case strings.HasPrefix(w, "x"), strings.HasSuffix(w, "kg"):
			l.Quantity, err = quantity(strings.TrimSuffix(strings.TrimPrefix(w, "x"), "kg"))
		case strings.HasPrefix(w, "+"):
			l.Labels = append(l.Labels, w[1:])
		case strings.HasPrefix(w, "@"):
			l.Brand = w[1:]
		case strings.HasPrefix(w, "tax="):
			l.Tax, err = strconv.ParseInt(w[len("tax="):], 10, 64)
			l.Tax *= 100
		case strings.HasPrefix(w, "off="):
			l.Discount, err = r.amount(w[len("off="):])
		case !priced:
			l.Amount, err = r.amount(w)
			priced = true
		default:
			l.Category = w
		}
		if err != nil {
			return l, err
		}
	}
	if !priced {
		return l, fmt.Errorf("%s has no price", l.SKU)
	}
	return l, nil
}

// quantity reads pieces or kilograms into thousandths.
func quantity(text string) (int64, error) {
	const places = 3
	whole, part, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(whole+part+strings.Repeat("0", max(places-len(part), 0)), 10, 64)
	if err != nil || len(part) > places {
		return 0, fmt.Errorf("%q is no quantity", text)
	}
	return n, nil
}

// redeem pays with a wallet: "redeem 300", "redeem all", "redeem credit 2.50".
func (r *player) redeem(text string) error {
	sale, err := r.open()
	if err != nil {
		return err
	}
	w, amount := r.inWallet(strings.TrimSuffix(text, " points"))
	ask := loyalty.Ask{All: amount == "all", Rest: amount == "rest"}
	if !ask.All && !ask.Rest {
		if ask.Points, err = r.unit(w, amount); err != nil {
			return err
		}
	}
	if w == loyalty.MainWallet {
		sale.Redeem = &ask
	} else {
		sale.Wallets = append(sale.Wallets, loyalty.WalletAsk{Wallet: w, Ask: ask})
	}
	return nil
}

// inWallet parts the wallet from what follows it; without one it is the points.
func (r *player) inWallet(text string) (w loyalty.WalletID, rest string) {
	name, rest, _ := strings.Cut(text, " ")
	if w, ok := r.wallet(name); ok {
		return w, rest
	}
	return loyalty.MainWallet, text
}

// reward asks for one: "reward coffee-free", "reward coffee-free x2".
func (r *player) reward(text string) error {
	sale, err := r.open()
	if err != nil {
		return err
	}
	id, times, many := strings.Cut(text, " x")
	ask := loyalty.RewardAsk{Reward: id}
	if many {
		ask.Times, err = strconv.ParseInt(times, 10, 64)
	}
	sale.Rewards = append(sale.Rewards, ask)
	return err
}

// coupon shows one: "coupon ten", "coupon ten 7-1-9", "coupon ten until 2026-11-30".
func (r *player) coupon(text string) error {
	sale, err := r.open()
	if err != nil {
		return err
	}
	words := strings.Fields(text)
	if len(words) == 0 {
		return errors.New("which coupon?")
	}
	c := loyalty.ShownCoupon{Coupon: words[0], Serial: fmt.Sprintf("%s-%d", words[0], len(sale.Shown)+1)}
	for i := 1; i < len(words); i++ {
		if words[i] == "until" && i+1 < len(words) {
			c.ValidTo = words[i+1]
			i++
		} else {
			c.Serial = words[i]
		}
	}
	sale.Shown = append(sale.Shown, c)
	return nil
}

// pay gives a part of the price: "pay gift_card 5.00". What is left is paid in cash.
func (r *player) pay(text string) error {
	sale, err := r.open()
	if err != nil {
		return err
	}
	kind, amount, _ := strings.Cut(text, " ")
	n, err := r.amount(strings.TrimSpace(amount))
	sale.Tenders = append(sale.Tenders, loyalty.Tender{Kind: loyalty.TenderKind(kind), Amount: n})
	return err
}

func (r *player) rounding(text string) error {
	sale, err := r.open()
	if err != nil {
		return err
	}
	sale.Rounding, err = r.amount(text)
	return err
}

// pick takes an earlier sale in hand again: "bill 1" is the story's first.
func (r *player) pick(text string) error {
	if err := r.settle(); err != nil {
		return err
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > len(r.bills) {
		return fmt.Errorf("there is no bill %q; %d were made", text, len(r.bills))
	}
	r.finish()
	r.bill = r.bills[n-1]
	r.who = r.bill.who
	return nil
}

// finish leaves a sale behind: what was refused must have been expected.
func (r *player) finish() {
	if b := r.bill; b != nil && b.refused != "" && !b.told {
		r.result.Misses = append(r.result.Misses, Miss{b.line, "refused", "none", b.refused})
	}
}

// settle sells what is open.
func (r *player) settle() error {
	if r.bill == nil || r.bill.sold {
		return nil
	}
	b := r.bill
	b.sold = true
	row := Row{Line: b.line, At: r.at, What: "sale"}
	err := r.sell(b)
	var refusal *loyalty.SaleError
	if errors.As(err, &refusal) {
		b.refused, row.What = refusal.Code, refusal.Code
	} else if err != nil {
		return err
	} else {
		s := b.entry.Sale
		row.Total, row.ToPay, row.Spent, row.Earned, row.Why = s.Total, s.ToPay, s.Redeemed+s.RewardPoints, s.Earned, s.Why
	}
	if b.who != nil {
		row.Member, row.Balance = b.who.name, loyalty.Balance(b.who.lots[loyalty.MainWallet])
	}
	r.result.Rows = append(r.result.Rows, row)
	return nil
}

// input is what the engine is asked.
func (r *player) input(b *bill) (in loyalty.QuoteInput, err error) {
	in = loyalty.QuoteInput{Sale: b.sale, Place: loyalty.Place{Store: r.store, Lane: 1, At: r.at, Day: r.day}}
	if b.who != nil {
		in.Member, err = b.who.state(r.p, r.day)
	}
	return in, err
}

// sell quotes, pays the rest in cash, posts, and judges the entry as head office does.
func (r *player) sell(b *bill) error {
	in, err := r.input(b)
	if err != nil {
		return err
	}
	if b.quote, err = r.p.Quote(in); err != nil {
		return err
	}
	if b.quote.Due > 0 {
		in.Sale.Tenders = append(slices.Clone(in.Sale.Tenders), loyalty.Tender{Kind: loyalty.TenderCash, Amount: b.quote.Due})
		if b.quote, err = r.p.Quote(in); err != nil {
			return err
		}
	}
	if b.entry, err = r.p.Post(b.quote, in, r.head()); err != nil {
		return err
	}
	if b.who == nil {
		return nil
	}
	if _, found, err := r.p.Requote(&b.entry, in.Member.Tier, in.Member.Available); err != nil || len(found) > 0 {
		return fmt.Errorf("head office judges the sale otherwise: %v %w", found, err)
	}
	b.who.apply(r.p, b.entry.Moves)
	b.who.record.Add(loyalty.StepOf(&b.entry))
	return b.who.review(r.p, r.day)
}

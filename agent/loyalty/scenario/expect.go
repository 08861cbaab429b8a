package scenario

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"loyaltill/agent/loyalty"
)

// expect compares one thing with what came out: "expect earned 12", "expect why fresh-days not_today".
func (r *player) expect(text string) error {
	if err := r.settle(); err != nil {
		return err
	}
	what, want, _ := strings.Cut(text, " ")
	want = strings.TrimSuffix(strings.TrimSpace(want), " points")
	look, known := looks()[what]
	if !known {
		return fmt.Errorf("nothing is called %q; known are %s", what, strings.Join(slices.Sorted(maps.Keys(looks())), ", "))
	}
	got, err := look(r, want)
	if err == nil && got != want {
		r.result.Misses = append(r.result.Misses, Miss{r.line, what, want, got})
	}
	return err
}

// looks is everything that can be expected: each gives what there is, written as the story writes it.
func looks() map[string]func(*player, string) (string, error) {
	return map[string]func(*player, string) (string, error){
		"total":    ofSale(func(r *player, b *bill) string { return r.written(b.entry.Sale.Total) }),
		"to-pay":   ofSale(func(r *player, b *bill) string { return r.written(b.entry.Sale.ToPay) }),
		"reduced":  ofSale(func(r *player, b *bill) string { return r.written(b.entry.Sale.Reduced) }),
		"earned":   ofWallet(func(s *loyalty.SaleBody) loyalty.Points { return s.Earned }, func(w *loyalty.WalletBody) loyalty.Points { return w.Earned }),
		"redeemed": ofWallet(func(s *loyalty.SaleBody) loyalty.Points { return s.Redeemed }, func(w *loyalty.WalletBody) loyalty.Points { return w.Redeemed }),
		"spent":    ofSale(func(_ *player, b *bill) string { return points(b.entry.Sale.Redeemed + b.entry.Sale.RewardPoints) }),
		"offer":    ofSale(func(_ *player, b *bill) string { return points(b.quote.Redeem.Max) }),
		"until":    ofSale(func(_ *player, b *bill) string { return orNone(b.quote.EarnedExpires) }),
		"next":     ofSale(next),
		"why":      why,
		"used":     used,
		"refused":  refused,

		"refund":   ofReturn(func(r *player, b *loyalty.ReturnBody) string { return r.written(b.Refund) }),
		"withheld": ofReturn(func(r *player, b *loyalty.ReturnBody) string { return r.written(b.Withheld) }),
		"taken":    ofReturn(func(_ *player, b *loyalty.ReturnBody) string { return points(b.Taken) }),
		"back":     ofReturn(func(_ *player, b *loyalty.ReturnBody) string { return points(b.Back) }),
		"short":    ofReturn(func(_ *player, b *loyalty.ReturnBody) string { return points(b.Short) }),
		"lapsed":   ofReturn(func(_ *player, b *loyalty.ReturnBody) string { return points(b.Lapsed) }),

		"balance": inLots(func(r *player, w loyalty.WalletID, l []loyalty.Lot) string { return r.units(w, loyalty.Balance(l)) }),
		"spendable": inLots(func(r *player, w loyalty.WalletID, l []loyalty.Lot) string {
			return r.units(w, loyalty.Spendable(l, r.day))
		}),
		"lots":   inLots(lots),
		"tier":   tier,
		"stamps": stamps,
	}
}

func points(n loyalty.Points) string { return strconv.FormatInt(int64(n), 10) }

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// ofSale looks at the sale at hand, which the engine must have taken.
func ofSale(look func(*player, *bill) string) func(*player, string) (string, error) {
	return func(r *player, _ string) (string, error) {
		if r.bill == nil {
			return "", errors.New("there was no sale")
		}
		if r.bill.entry.Sale == nil {
			return "no sale: " + r.bill.refused, nil
		}
		return look(r, r.bill), nil
	}
}

func ofReturn(look func(*player, *loyalty.ReturnBody) string) func(*player, string) (string, error) {
	return func(r *player, _ string) (string, error) {
		if r.bill == nil || r.bill.last == nil {
			return "", errors.New("nothing was brought back")
		}
		return look(r, r.bill.last), nil
	}
}

// ofWallet looks at the points of a sale, or with its name first at another wallet: "earned credit 0.50".
func ofWallet(main func(*loyalty.SaleBody) loyalty.Points, other func(*loyalty.WalletBody) loyalty.Points) func(*player, string) (string, error) {
	return func(r *player, want string) (string, error) {
		return ofSale(func(r *player, b *bill) string {
			w, _ := r.inWallet(want)
			if w == loyalty.MainWallet {
				return points(main(b.entry.Sale))
			}
			none := loyalty.WalletBody{Wallet: w}
			found := &none
			if i := slices.IndexFunc(b.entry.Sale.Wallets, func(o loyalty.WalletBody) bool { return o.Wallet == w }); i >= 0 {
				found = &b.entry.Sale.Wallets[i]
			}
			return string(w) + " " + r.units(w, other(found))
		})(r, want)
	}
}

// inLots looks at what the member has of points, or with its name first of another wallet.
func inLots(look func(*player, loyalty.WalletID, []loyalty.Lot) string) func(*player, string) (string, error) {
	return func(r *player, want string) (string, error) {
		if r.who == nil {
			return "", errors.New("nobody stands at the till; say who with member")
		}
		w, _ := r.inWallet(want)
		got := look(r, w, r.who.lots[w])
		if w != loyalty.MainWallet {
			got = string(w) + " " + got
		}
		return got, nil
	}
}

func tier(r *player, _ string) (string, error) {
	if r.who == nil {
		return "", errors.New("nobody stands at the till; say who with member")
	}
	return orNone(r.who.tier.Tier), nil
}

// stamps is what is on a card: "stamps coffee-card 9".
func stamps(r *player, want string) (string, error) {
	if r.who == nil {
		return "", errors.New("nobody stands at the till; say who with member")
	}
	card, _, _ := strings.Cut(want, " ")
	count := int64(0)
	for _, s := range r.who.record.Stamps {
		if s.Stamp == card {
			count = s.Count
		}
	}
	return card + " " + strconv.FormatInt(count, 10), nil
}

// why looks for a finding: "why fresh-days not_today", "why redeem_share".
func why(r *player, want string) (string, error) {
	if r.bill == nil || r.bill.entry.Sale == nil {
		return "", errors.New("there was no sale")
	}
	var all []string
	for _, f := range slices.Concat(r.bill.entry.Sale.Why, r.bill.quote.Redeem.Clamps) {
		code := strings.TrimPrefix(f.Code, "explain.")
		if want == code || want == f.Rule+" "+code {
			return want, nil
		}
		all = append(all, strings.TrimSpace(f.Rule+" "+code))
	}
	return strings.Join(all, ", "), nil
}

// used says whether something lowered the price: "used ten", "used no ten" of a coupon that is kept.
func used(r *player, want string) (string, error) {
	if r.bill == nil || r.bill.entry.Sale == nil {
		return "", errors.New("there was no sale")
	}
	id := strings.TrimPrefix(want, "no ")
	if slices.ContainsFunc(r.bill.entry.Sale.Reductions, func(t loyalty.Reduction) bool { return t.Rule == id }) {
		return id, nil
	}
	return "no " + id, nil
}

func refused(r *player, _ string) (string, error) {
	if r.bill == nil {
		return "", errors.New("there was no sale")
	}
	r.bill.told = true
	return orNone(r.bill.refused), nil
}

// next is the tier above with what is missing: "next gold 120.00".
func next(r *player, b *bill) string {
	t := b.quote.Tier
	if t == nil || t.Next == "" {
		return "none"
	}
	if t.By == "spend" {
		return t.Next + " " + r.written(t.Missing)
	}
	return t.Next + " " + strconv.FormatInt(t.Missing, 10)
}

// lots is what the member holds, in the order of drawing: "11 until 2027-11-30, 5".
func lots(r *player, w loyalty.WalletID, held []loyalty.Lot) string {
	var all []string
	for _, l := range held {
		text := r.units(w, l.Remaining)
		if l.Expires != "" {
			text += " until " + l.Expires
		}
		all = append(all, text)
	}
	return orNone(strings.Join(all, ", "))
}

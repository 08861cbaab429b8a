package loyalty

import (
	"fmt"
	"slices"
	"strconv"
)

// MaxWallets bounds the wallets beside the points, so that one sale can tell of all of them.
const MaxWallets = 4

// pointsWallet is what accounts call the main wallet.
const pointsWallet = "points"

func (c *compiler) compileWallets() {
	c.p.wallets = []wallet{{expiry: c.p.expiry}} // the first is the points; mainWallet adds what other sections say of them
	if len(c.doc.Wallets) > MaxWallets {
		c.fault("wallets", fmt.Sprintf("has %d wallets", len(c.doc.Wallets)), fmt.Sprintf("keep to %d", MaxWallets))
		return
	}
	seen := map[string]bool{}
	for i := range c.doc.Wallets {
		c.compileWallet(i, seen)
	}
	c.p.keepsShares = c.p.keepsShares || len(c.doc.Wallets) > 0
}

func (c *compiler) compileWallet(i int, seen map[string]bool) {
	def, path := &c.doc.Wallets[i], fmt.Sprintf("wallets[%d]", i)
	c.checkNewID(path+".id", def.ID, seen)
	if def.ID == pointsWallet {
		c.fault(path+".id", "is the name of the main wallet", "give it another id")
	}
	c.checkTexts(path+".name", def.Name, false)
	w := wallet{id: WalletID(def.ID), earns: def.Earns}
	def.Stores = c.storeList(path+".stores", def.Stores)
	w.stores = def.Stores
	w.money = c.choice(path+".unit", &def.Unit, "points", "money") == 1
	w.expiry = c.compileExpiry(path+".expiry", &def.Expiry)
	w.inactive = c.inactive(path+".expiry", def.Expiry)
	if def.Redeem != nil {
		w.redeem = c.redeemRule(path+".redeem", def.Redeem, w.money)
		w.noPurse = Points(c.figure(path+".without_purse", &def.WithoutPurse, w.money, 0))
	} else if def.Earns || def.WithoutPurse != "" {
		c.fault(path, "says how it pays, and cannot pay", "write redeem, or leave earns and without_purse out")
	}
	c.p.wallets = append(c.p.wallets, w)
}

// mainWallet puts what other sections say of the points into the one form that wallets have.
func (c *compiler) mainWallet() {
	c.p.wallets[0] = wallet{earns: c.p.tenderEarns[TenderPoints], expiry: c.p.expiry, inactive: c.p.inactive, redeem: c.p.redeem,
		noPurse: c.p.noPurse}
}

// walletNamed resolves the wallet of a rule; the main one when there is no such wallet.
func (c *compiler) walletNamed(path, id string) int {
	if id == "" {
		return 0
	}
	known := make([]string, len(c.doc.Wallets))
	for i := range c.doc.Wallets {
		known[i] = c.doc.Wallets[i].ID
	}
	i := slices.Index(known, id)
	if i < 0 || i+1 >= len(c.p.wallets) {
		c.fault(path, fmt.Sprintf("there is no wallet %q", id), didYouMean(id, known))
		return 0
	}
	return i + 1
}

// figure reads an amount of a wallet's unit, minor units for money, and puts its one spelling back.
func (c *compiler) figure(path string, f *figure, money bool, least int64) int64 {
	if *f == "" && least == 0 {
		return 0
	}
	if money {
		n, ok := parseDecimal(string(*f), c.p.digits)
		if !ok || n < least || n > maxMoney {
			c.fault(path, fmt.Sprintf("%q is not an amount", string(*f)),
				fmt.Sprintf("write it with at most %d decimal places, such as %s", c.p.digits, formatDecimal(2000, c.p.digits, false)))
			return least
		}
		*f = figure(formatDecimal(n, c.p.digits, false))
		if n == 0 {
			*f = ""
		}
		return n
	}
	n, err := strconv.ParseInt(string(*f), 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != string(*f) {
		c.fault(path, fmt.Sprintf("%q is not a whole number", string(*f)), "write digits only, such as 100")
		return least
	}
	c.checkPoints(path, n, least)
	if n == 0 {
		*f = ""
	}
	return n
}

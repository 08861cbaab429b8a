package loyalty

import "slices"

// WalletID names a wallet of the programme, each of one unit; empty is the main wallet, the programme's points.
type WalletID string

// MainWallet is the programme's points.
const MainWallet WalletID = ""

// wallet is one compiled wallet; the first of a programme is the main one.
type wallet struct {
	id       WalletID
	money    bool    // its unit is the currency's minor unit; else points
	stores   []int64 // rising; empty: every store
	earns    bool    // what it pays earns all the same
	redeem   *redeemRule
	noPurse  Points // most on one sale without the card
	expiry   expiry
	inactive int // months without a purchase that end everything; 0: never
}

// here says whether the wallet can be used and filled in a store.
func (w *wallet) here(store StoreID) bool {
	_, found := slices.BinarySearch(w.stores, int64(store))
	return found || len(w.stores) == 0
}

// WalletAsk is what the cashier asks to take from a wallet beside the points; its Points are minor units where the wallet
// holds money.
type WalletAsk struct {
	Wallet WalletID `json:"wallet"`
	Ask
}

// WalletState is what is known of a member's wallet beside the points.
type WalletState struct {
	Wallet    WalletID `json:"wallet"`
	Lots      []Lot    `json:"lots,omitempty"`
	Available Points   `json:"available"`         // what may be spent now
	Balance   Points   `json:"balance,omitempty"` // for rules with a cap on it
}

// WalletQuote is what a sale takes from a wallet beside the points, and gives to it.
type WalletQuote struct {
	Wallet        WalletID    `json:"wallet"`
	Money         bool        `json:"money,omitempty"` // its points are minor units
	Redeem        Redemption  `json:"redeem"`
	Earned        Points      `json:"earned"`
	EarnedExpires string      `json:"earned_expires,omitempty"` // last valid day of the lot that ends first
	Lots          []EarnedLot `json:"lots,omitempty"`
}

// used says whether the sale moves or promises anything in the wallet.
func (w *WalletQuote) used(s *Sale) bool { return w.Earned > 0 || s.askOf(w.Wallet).wanted() }

// WalletBody is what the entry of a sale holds of a wallet beside the points.
type WalletBody struct {
	Wallet    WalletID `json:"wallet"`
	Available Points   `json:"available,omitempty"` // what could be redeemed before this sale
	Held      Points   `json:"held,omitempty"`      // balance before, that a cap was told
	Asked     *Ask     `json:"asked,omitempty"`
	Redeemed  Points   `json:"redeemed,omitempty"`
	Value     int64    `json:"value,omitempty"` // what they paid, minor units
	Earned    Points   `json:"earned,omitempty"`
	Balance   Points   `json:"balance,omitempty"` // after the sale, as the store knew it; stands on the receipt
}

func (s *Sale) askOf(id WalletID) *Ask {
	if id == MainWallet {
		return s.Redeem
	}
	for i := range s.Wallets {
		if s.Wallets[i].Wallet == id {
			return &s.Wallets[i].Ask
		}
	}
	return nil
}

// wallet is what is known of a wallet beside the points; nothing, when nothing was told.
func (m *MemberState) wallet(id WalletID) WalletState {
	if i := slices.IndexFunc(m.Wallets, func(w WalletState) bool { return w.Wallet == id }); i >= 0 {
		return m.Wallets[i]
	}
	return WalletState{Wallet: id}
}

// walletIndex is where the programme has a wallet; -1 when it has none of this name.
func (p *Programme) walletIndex(id WalletID) int {
	return slices.IndexFunc(p.wallets, func(w wallet) bool { return w.id == id })
}

// Wallets names the wallets beside the points, in the order of the document.
func (p *Programme) Wallets() []WalletID {
	ids := make([]WalletID, 0, len(p.wallets))
	for _, w := range p.wallets[1:] {
		ids = append(ids, w.id)
	}
	return ids
}

// StampCards names the stamp cards, in the order of the document.
func (p *Programme) StampCards() []string {
	ids := make([]string, 0, len(p.stamps))
	for i := range p.stamps {
		ids = append(ids, p.stamps[i].id)
	}
	return ids
}

// IsMoney says whether a wallet of the programme holds money: its amounts are minor units.
func (p *Programme) IsMoney(id WalletID) bool {
	i := p.walletIndex(id)
	return i >= 0 && p.wallets[i].money
}

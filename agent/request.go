package agent

import (
	"crypto/sha256"
	"encoding/json"

	"loyaltill/agent/loyalty"
)

// SaleRequest is the bill so far, as the till sends it.
type SaleRequest struct {
	Lines    []loyalty.Line   `json:"lines"`
	Tenders  []loyalty.Tender `json:"tenders,omitempty"`
	Rounding int64            `json:"rounding,omitempty" doc:"cash rounding added to the sum of the lines; minor units, may be below zero"`
	Redeem   *loyalty.Ask     `json:"redeem,omitempty"`

	Wallets []loyalty.WalletAsk `json:"wallets,omitempty" doc:"what to take from wallets beside the points; minor units where they hold money"`
	Rewards []loyalty.RewardAsk `json:"rewards,omitempty" doc:"what the member wants for points"`
	Coupons []Coupon            `json:"coupons,omitempty" doc:"what the customer shows"`

	GiftCards []GiftCard `json:"gift_cards,omitempty" doc:"shown, to see what each could pay; cards of tenders and lines need not be named again"`

	Reservation string `json:"reservation,omitempty" maxLength:"36" doc:"id of one of this store and member: the sale spends of it and gives the rest back"`

	Cashier string `json:"cashier,omitempty" maxLength:"40"`
	Number  string `json:"number,omitempty" maxLength:"23" doc:"identifies a member without a card; leave out when a card was tapped"`
}

// Coupon is a coupon shown: the code that stands on it, or a kind and serial that the caller has checked.
type Coupon struct {
	Code   string `json:"code,omitempty" maxLength:"1200" doc:"as scanned or typed"`
	Coupon string `json:"coupon,omitempty" maxLength:"40" doc:"kind in the programme"`
	Serial string `json:"serial,omitempty" maxLength:"40"`
}

// GiftCard is a gift card shown.
type GiftCard struct {
	Serial string `json:"serial" maxLength:"40"`
	Off    int64  `json:"off,omitempty" doc:"to take off the price, of a kind that lowers it; minor units. Others pay as a tender with their serial"`
}

// CommitRequest is the bill and the quote that was shown for it.
type CommitRequest struct {
	SaleRequest
	Quote string `json:"quote" minLength:"64" maxLength:"64" doc:"from the answer to quote"`
}

// requestHash is what is kept of a request, to know it again.
func requestHash(n loyalty.LaneID, what string, v any) ([32]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return [32]byte{}, err
	}
	h := sha256.New()
	h.Write([]byte{byte(n)})
	h.Write([]byte(what))
	h.Write(body)
	return [32]byte(h.Sum(nil)), nil
}

// Quote is what a sale would earn and cost, for the till.
type Quote struct {
	ID        string               `json:"quote" doc:"send it with the commit"`
	Programme string               `json:"programme"`
	Currency  string               `json:"currency"`
	Total     int64                `json:"total" doc:"after reductions"`
	Reduced   int64                `json:"reduced,omitempty" doc:"what the programme took off the lines"`
	ToPay     int64                `json:"to_pay"`
	Redeem    loyalty.Redemption   `json:"redeem"`
	Earned    loyalty.Points       `json:"earned"`
	Expires   string               `json:"expires,omitempty" doc:"last valid day of what this sale earns"`
	Balance   loyalty.Points       `json:"balance" doc:"before the sale"`
	Available loyalty.Points       `json:"available"`
	PINNeeded bool                 `json:"pin_needed" doc:"the card wants its PIN before this can be committed"`
	Lines     []loyalty.QuotedLine `json:"lines"`
	Why       []loyalty.Finding    `json:"why"`

	Wallets       []loyalty.WalletQuote   `json:"wallets,omitempty" doc:"those beside the points, in the order in which they pay"`
	Reductions    []loyalty.Reduction     `json:"reductions,omitempty" doc:"what lowers the price, in this order; a coupon by its serial, a reward by its points"`
	RewardPoints  loyalty.Points          `json:"reward_points,omitempty" doc:"what the rewards among them cost"`
	Advance       loyalty.Points          `json:"advance,omitempty" doc:"of all points taken, what the card does not pay: given by this store, and not on the card yet"`
	Taxes         []loyalty.TaxShare      `json:"taxes,omitempty" doc:"of a bill with reductions: what is sold at each rate"`
	Lots          []loyalty.EarnedLot     `json:"lots,omitempty" doc:"what is earned, by its life"`
	Holds         []Held                  `json:"holds,omitempty" doc:"what the member holds before the sale, soonest to end first"`
	Rewards       []loyalty.RewardOffer   `json:"rewards,omitempty" doc:"what there is for points, and whether it can be had once more beside what the sale takes"`
	NextReward    *loyalty.Finding        `json:"next_reward,omitempty" doc:"the reward that takes the fewest points more after this sale"`
	Stamps        []loyalty.StampUse      `json:"stamps,omitempty"`
	Issues        []loyalty.Issue         `json:"issues,omitempty" doc:"coupons for another time: they are printed with the receipt"`
	GiftCards     []loyalty.GiftCardQuote `json:"gift_cards,omitempty" doc:"what each card named could pay, and pays"`
	GiftCardsSold []loyalty.GiftCardSold  `json:"gift_cards_sold,omitempty" doc:"what lines of this bill put on cards"`
	Coupons       []CouponTaken           `json:"coupons,omitempty" doc:"those shown, in the order of the request"`
	Tier          *loyalty.TierProgress   `json:"tier,omitempty" doc:"where the sale leaves the member"`
	Occasions     []string                `json:"occasions,omitempty" doc:"used up by this sale"`
}

// Held is points of a member that end, or become spendable, on one day.
type Held struct {
	Points  loyalty.Points `json:"points"`
	Expires string         `json:"expires,omitempty" doc:"last valid day"`
	Usable  string         `json:"usable,omitempty" doc:"first day on which they can be spent, when that is still to come"`
}

// CouponTaken is a coupon shown and what became of it.
type CouponTaken struct {
	Coupon string `json:"coupon"`
	Serial string `json:"serial"`
	Used   bool   `json:"used" doc:"it is used up by the sale; if not, it had no effect and is kept"`
	Amount int64  `json:"amount,omitempty" doc:"what it takes off, or pays"`
}

// SaleAnswer is a committed sale. The same key gives the same answer for as long as the entry is kept.
type SaleAnswer struct {
	Sale     loyalty.TxnID     `json:"sale"`
	Seq      loyalty.Seq       `json:"seq"`
	Day      string            `json:"day"`
	Total    int64             `json:"total"`
	ToPay    int64             `json:"to_pay"`
	Redeemed loyalty.Points    `json:"redeemed"`
	Value    int64             `json:"value"`
	Earned   loyalty.Points    `json:"earned"`
	Balance  loyalty.Points    `json:"balance" doc:"after the sale, as this store knew it then"`
	Job      int64             `json:"job,omitempty" doc:"the receipt's print job"`
	Replayed bool              `json:"replayed" doc:"this sale was committed by an earlier call"`
	Why      []loyalty.Finding `json:"why"`

	Reduced      int64               `json:"reduced,omitempty"`
	Reductions   []loyalty.Reduction `json:"reductions,omitempty"`
	RewardPoints loyalty.Points      `json:"reward_points,omitempty" doc:"what the rewards among the reductions cost"`
	Advance      loyalty.Points      `json:"advance,omitempty" doc:"of all points taken, what the card did not pay"`

	Surprises     []loyalty.Surprise     `json:"surprises,omitempty" doc:"won with this sale"`
	GiftCards     []GiftCardLeft         `json:"gift_cards,omitempty" doc:"that paid"`
	GiftCardsSold []loyalty.GiftCardSold `json:"gift_cards_sold,omitempty" doc:"what lines put on cards"`
}

// GiftCardLeft is a gift card after it paid.
type GiftCardLeft struct {
	Serial string `json:"serial"`
	Paid   int64  `json:"paid" doc:"minor units"`
	Left   int64  `json:"left" doc:"on the card after the sale, as this store knew it then"`
}

// CouponRequest asks for coupons of a kind of the programme.
type CouponRequest struct {
	Coupon   string `json:"coupon" minLength:"1" maxLength:"40"`
	Count    int64  `json:"count,omitempty" minimum:"1" maximum:"500" doc:"so many alike, numbered; one when left out"`
	Source   string `json:"source,omitempty" maxLength:"40" doc:"the campaign or channel that they are for"`
	Cashier  string `json:"cashier,omitempty" maxLength:"40"`
	Language string `json:"language,omitempty" maxLength:"8" doc:"of the paper; the store's when left out"`
}

// CouponAnswer is what was issued.
type CouponAnswer struct {
	Seq       loyalty.Seq `json:"seq"`
	Serial    string      `json:"serial" doc:"of the first"`
	Count     int         `json:"count"`
	Value     int64       `json:"value"`
	Currency  string      `json:"currency"`
	ValidFrom string      `json:"valid_from"`
	ValidTo   string      `json:"valid_to"`
	Job       int64       `json:"job,omitempty"`
	Replayed  bool        `json:"replayed"`
}

// CloseAnswer is a closed business day.
type CloseAnswer struct {
	Seq      loyalty.Seq       `json:"seq"`
	Day      string            `json:"day"`
	Totals   loyalty.CloseBody `json:"totals"`
	Job      int64             `json:"job,omitempty"`
	Replayed bool              `json:"replayed"`
}

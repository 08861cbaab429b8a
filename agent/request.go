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

	Cashier string `json:"cashier,omitempty" maxLength:"40"`
	Number  string `json:"number,omitempty" maxLength:"23" doc:"identifies a member without a card; leave out when a card was tapped"`
}

// sale is what the rules judge. Coupons shown and rewards wanted come in when the till can take them.
func (r SaleRequest) sale() loyalty.Sale {
	return loyalty.Sale{Lines: r.Lines, Tenders: r.Tenders, Rounding: r.Rounding, Redeem: r.Redeem}
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
}

// CouponRequest asks for one coupon of a kind of the programme.
type CouponRequest struct {
	Coupon   string `json:"coupon" minLength:"1" maxLength:"40"`
	Cashier  string `json:"cashier,omitempty" maxLength:"40"`
	Language string `json:"language,omitempty" maxLength:"8" doc:"of the paper; the store's when left out"`
}

// CouponAnswer is an issued coupon.
type CouponAnswer struct {
	Seq       loyalty.Seq `json:"seq"`
	Serial    string      `json:"serial"`
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

// Job is a print job.
type Job struct {
	ID      int64          `json:"id"`
	Lane    loyalty.LaneID `json:"lane"`
	Class   string         `json:"class" doc:"receipt, coupon or report"`
	State   string         `json:"state"`
	Copy    int            `json:"copy" doc:"1 is the original; from 2 on the paper says COPY"`
	Seq     loyalty.Seq    `json:"seq" doc:"the entry that is printed"`
	Created string         `json:"created"`
}

package loyalty

import (
	"fmt"
	"strings"
)

// DocError is one fault of a programme document, placed so that its author can find it.
type DocError struct {
	Line    int    `json:"line"` // from 1; 0 when the fault has no place
	Column  int    `json:"column"`
	Field   string `json:"field"` // earn[2].rate.per
	Problem string `json:"problem"`
	Remedy  string `json:"remedy,omitempty"`
}

func (e DocError) Error() string {
	var b strings.Builder
	if e.Line > 0 {
		fmt.Fprintf(&b, "%d:%d: ", e.Line, e.Column)
	}
	if e.Field != "" {
		b.WriteString(e.Field + ": ")
	}
	b.WriteString(e.Problem)
	if e.Remedy != "" {
		b.WriteString("; " + e.Remedy)
	}
	return b.String()
}

// Errors is every fault found in one document, in the order of the document.
type Errors []DocError

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// SaleError says why a sale cannot be quoted or posted. Field names the input as the till wrote it, Code is stable.
type SaleError struct {
	Field string `json:"field"` // lines[3].amount
	Code  string `json:"code"`
}

func (e *SaleError) Error() string { return e.Field + ": " + e.Code }

// Codes of a SaleError.
const (
	SaleEmpty       = "sale.empty"        // no lines
	SaleTooLarge    = "sale.too_large"    // more lines, tenders or text than one entry can hold
	SaleNegative    = "sale.negative"     // an amount, quantity or discount below zero
	SaleRange       = "sale.range"        // beyond the greatest value that the engine takes
	SaleText        = "sale.text"         // missing, too long, or not clean UTF-8
	SaleTender      = "sale.tender"       // a kind of tender that the till may not send
	SaleOverpaid    = "sale.overpaid"     // tenders exceed what is left to pay
	SaleUnpaid      = "sale.unpaid"       // tenders were given and do not cover what is to pay
	SaleCurrency    = "sale.currency"     // not the programme's currency
	SaleWallet      = "sale.wallet"       // a wallet that the programme does not have, or named twice
	SaleCoupon      = "sale.coupon"       // a kind of coupon that the programme does not have
	SaleReward      = "sale.reward"       // a reward that the programme does not have, or asked twice
	SaleMedium      = "sale.medium"       // medium and member do not go together
	SaleTier        = "sale.tier"         // a tier that cannot be one
	SaleTime        = "sale.time"         // not a local time with offset, or not a day
	SaleNotInForce  = "sale.not_in_force" // before the programme's first moment
	SaleQuoteChange = "sale.quote_change" // the quote confirmed at the till is not what this input gives

	CouponUnreadable    = "coupon.unreadable"     // not the code of a coupon, or not all of it
	CouponUnknownIssuer = "coupon.unknown_issuer" // signed by a store that is not of the chain
	CouponForged        = "coupon.forged"         // not signed by the store that it names
	CouponCurrency      = "coupon.currency"       // worth an amount of another currency
	CouponNotHere       = "coupon.not_here"       // not for this store
	CouponNotYet        = "coupon.not_yet"        // before its first day
	CouponExpired       = "coupon.expired"        // after its last day
	CouponUsed          = "coupon.used"           // as often as it may be
	CouponNotYours      = "coupon.not_yours"      // not for this member, or nobody is identified
	CouponGone          = "coupon.gone"           // no more of its kind may be issued

	PaymentOther = "payment.other_sale" // an earlier payment is of another sale, or the member is not the sale's

	ReturnNothing = "return.nothing"        // no lines named, or nothing of the sale is left to return
	ReturnLine    = "return.line"           // a line that the sale does not have, or named twice
	ReturnMore    = "return.more_than_sold" // a quantity of nothing, or more than is left of the line
	ReturnOther   = "return.other_sale"     // an earlier return is of another sale

	ReturnTokenUsed = "return.token_used"   // by the bill's token, what has come back before
	ReturnNoBill    = "return.without_bill" // the programme takes nothing back without its bill
)

// RuleError is an overflow: a rule whose figures cannot be computed exactly for this sale.
type RuleError struct{ Rule string }

func (e *RuleError) Error() string { return fmt.Sprintf("rule %s: figures beyond 64 bits", e.Rule) }

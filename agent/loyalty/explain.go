package loyalty

// Finding says what one rule, or one limit, did to a sale and with which figures. It is stored with the entry; words are
// put to it at the edge, by code and arguments.
type Finding struct {
	Rule       string `json:"rule,omitempty"` // empty for a limit of the programme
	Code       string `json:"code"`
	Applied    bool   `json:"applied,omitempty"`     // it changed the result
	Points     Points `json:"points,omitempty"`      // given; below zero for points cut
	Base       int64  `json:"base,omitempty"`        // minor units, or thousandths of a unit, that the rule counted on
	RatePoints int64  `json:"rate_points,omitempty"` // RatePoints points ...
	RatePer    int64  `json:"rate_per,omitempty"`    // ... for each RatePer of Base
	Factor     int64  `json:"factor,omitempty"`      // thousandths: 1500 multiplies by 1.5
	Limit      int64  `json:"limit,omitempty"`       // the minimum, step, cap or share that decided
	Value      int64  `json:"value,omitempty"`       // minor units taken off a price, or kept back
	Missing    int64  `json:"missing,omitempty"`     // how much more would have done
	Detail     string `json:"detail,omitempty"`      // a set, a day, hours, or weekdays such as "tue,wed"

	Wallet WalletID `json:"wallet,omitempty"` // whose unit Points and limits on them are in; empty: the points
}

// Codes of findings about earning.
const (
	ExplainApplied       = "explain.applied"
	ExplainAppliedUnits  = "explain.applied_units"
	ExplainAppliedSale   = "explain.applied_sale"
	ExplainMultiplied    = "explain.multiplied"
	ExplainBonus         = "explain.bonus"
	ExplainCapReached    = "explain.cap_reached"
	ExplainSaleCap       = "explain.sale_cap" // the programme's limit on one sale
	ExplainBelowMinimum  = "explain.below_minimum"
	ExplainBelowStep     = "explain.below_step"
	ExplainBelowQuantity = "explain.below_quantity"
	ExplainExcluded      = "explain.excluded"
	ExplainUnpaidBase    = "explain.not_earning_tender"
	ExplainNotYet        = "explain.not_yet"
	ExplainEnded         = "explain.ended"
	ExplainNotToday      = "explain.not_today"
	ExplainNotNow        = "explain.not_now"
	ExplainNotHere       = "explain.not_here"
	ExplainNotTier       = "explain.not_tier"
	ExplainNotPilot      = "explain.not_pilot"
	ExplainNotSegment    = "explain.not_segment"
	ExplainNotOccasion   = "explain.not_occasion"
	ExplainNotPurchase   = "explain.not_purchase"
	ExplainNotEvery      = "explain.not_every"
	ExplainNoMember      = "explain.no_member"
	ExplainBelowGoods    = "explain.below_goods"
	ExplainBelowPieces   = "explain.below_pieces"
	ExplainVisited       = "explain.visited"
	ExplainMore          = "explain.more"
)

// Codes of findings about conditions on people, goods and tenders, and about budgets.
const (
	ExplainOnlyCard       = "explain.only_card"
	ExplainOnlyNumber     = "explain.only_number"
	ExplainOnlyKeyed      = "explain.only_keyed"
	ExplainNotAttribute   = "explain.not_attribute"
	ExplainNotJoined      = "explain.not_joined"
	ExplainContainsUnits  = "explain.contains_units"
	ExplainContainsAmount = "explain.contains_amount"
	ExplainNotMet         = "explain.not_met" // the rule's expression is false
	ExplainFailed         = "explain.failed"  // it cannot be worked out
	ExplainNotTender      = "explain.not_tender"
	ExplainNotForMember   = "explain.excluded_member"
	ExplainActivity       = "explain.activity"
	ExplainReferral       = "explain.referral"
	ExplainDiscountCap    = "explain.discount_cap"
	ExplainBudgetPoints   = "explain.budget_points"
	ExplainBudgetMoney    = "explain.budget_money"
	ExplainSegmentSpend   = "explain.segment_spend"
	ExplainSegmentPoints  = "explain.segment_points"
	ExplainSegmentVisits  = "explain.segment_visits"
)

// Codes of findings about what people may do at the till.
const (
	ExplainLimitPIN    = "explain.limit_pin"
	ExplainLimitPoints = "explain.limit_points"
	ExplainLimitMoney  = "explain.limit_money"
	ExplainLimitHour   = "explain.limit_hour"
	ExplainLimitDay    = "explain.limit_day"
)

// Codes of findings about redeeming.
const (
	ExplainRedeemed        = "explain.redeemed"
	ExplainRedeemNone      = "explain.redeem_none"
	ExplainRedeemNoMember  = "explain.redeem_no_member"
	ExplainRedeemAvailable = "explain.redeem_available"
	ExplainRedeemKeep      = "explain.redeem_keep"
	ExplainRedeemNoPurse   = "explain.redeem_no_purse"
	ExplainRedeemBill      = "explain.redeem_bill"
	ExplainRedeemSet       = "explain.redeem_set"
	ExplainRedeemTendered  = "explain.redeem_tendered"
	ExplainRedeemShare     = "explain.redeem_share"
	ExplainRedeemStep      = "explain.redeem_step"
	ExplainRedeemMinimum   = "explain.redeem_minimum"
	ExplainRedeemNotHere   = "explain.redeem_not_here"

	ExplainAdvance = "explain.advance"

	ExplainFloorAstray  = "explain.floor_astray" // head office's log and the store's differ
	ExplainFloorOff     = "explain.floor_off"
	ExplainFloorCard    = "explain.floor_card"
	ExplainFloorMember  = "explain.floor_member"
	ExplainFloorStore   = "explain.floor_store"
	ExplainFloorSilence = "explain.floor_silence"
)

// Codes of findings about price reductions and rewards.
const (
	ExplainReduced       = "explain.reduced"
	ExplainReward        = "explain.reward"
	ExplainReduceGroup   = "explain.reduce_group"
	ExplainReduceNothing = "explain.reduce_nothing"
	ExplainRewardShort   = "explain.reward_short"
	ExplainReducedMore   = "explain.reduced_more"
	ExplainOfferPays     = "explain.offer_pays" // a coupon or reward that is a tender
)

// Codes of findings about coupons.
const (
	ExplainCouponUsed     = "explain.coupon_used"
	ExplainCouponNotYours = "explain.coupon_not_yours"
	ExplainCouponCurrency = "explain.coupon_currency"
	ExplainCouponBurned   = "explain.coupon_burned"

	ExplainIssued        = "explain.issued"
	ExplainIssueMore     = "explain.issue_more"
	ExplainIssueMost     = "explain.issue_most" // the engine's limit on one bill
	ExplainMostOff       = "explain.most_off"   // the limits on all reductions together
	ExplainRewardNext    = "explain.reward_next"
	ExplainRewardCoupon  = "explain.reward_coupon"
	ExplainRewardProduct = "explain.reward_product" // the article is not on the bill
	ExplainMembersOnly   = "explain.members_only"
	ExplainStockGone     = "explain.stock_gone"
	ExplainTimesReached  = "explain.times_reached"
)

// Codes of findings about wallets of money: each says of an amount what the code without credit_ says of points.
const (
	ExplainCreditApplied         = "explain.credit_applied"
	ExplainCreditAppliedUnits    = "explain.credit_applied_units"
	ExplainCreditAppliedSale     = "explain.credit_applied_sale"
	ExplainCreditMultiplied      = "explain.credit_multiplied"
	ExplainCreditBonus           = "explain.credit_bonus"
	ExplainCreditCapReached      = "explain.credit_cap_reached"
	ExplainCreditNoMember        = "explain.credit_no_member"
	ExplainCreditRedeemed        = "explain.credit_redeemed"
	ExplainCreditRedeemNone      = "explain.credit_redeem_none"
	ExplainCreditRedeemNoMember  = "explain.credit_redeem_no_member"
	ExplainCreditRedeemAvailable = "explain.credit_redeem_available"
	ExplainCreditRedeemKeep      = "explain.credit_redeem_keep"
	ExplainCreditRedeemNoPurse   = "explain.credit_redeem_no_purse"
	ExplainCreditRedeemBill      = "explain.credit_redeem_bill"
	ExplainCreditRedeemSet       = "explain.credit_redeem_set"
	ExplainCreditRedeemTendered  = "explain.credit_redeem_tendered"
	ExplainCreditRedeemShare     = "explain.credit_redeem_share"
	ExplainCreditRedeemStep      = "explain.credit_redeem_step"
	ExplainCreditRedeemMinimum   = "explain.credit_redeem_minimum"
	ExplainCreditRedeemNotHere   = "explain.credit_redeem_not_here"
	ExplainCreditReturnTaken     = "explain.credit_return_taken"
	ExplainCreditReturnBack      = "explain.credit_return_back"
	ExplainCreditReturnLapsed    = "explain.credit_return_lapsed"
	ExplainCreditReturnShort     = "explain.credit_return_short"
)

// Codes of findings about stamps.
const (
	ExplainStamps      = "explain.stamps"
	ExplainStampsFull  = "explain.stamps_full"
	ExplainStampsEnded = "explain.stamps_ended"
)

// Codes of findings about surprises.
const (
	ExplainSurprise       = "explain.surprise"
	ExplainSurprisePoints = "explain.surprise_points"
	ExplainSurpriseChance = "explain.surprise_chance"
)

// Codes of findings about gift cards. What its condition says against a card has the codes of conditions.
const (
	ExplainGiftCardPaid     = "explain.gift_card_paid"
	ExplainGiftCardInactive = "explain.gift_card_inactive"
	ExplainGiftCardUsed     = "explain.gift_card_used"
	ExplainGiftCardHolder   = "explain.gift_card_holder"
	ExplainGiftCardGoods    = "explain.gift_card_goods"
	ExplainGiftCardBill     = "explain.gift_card_bill"
	ExplainGiftCardWhole    = "explain.gift_card_whole"
)

// Codes of findings about tiers.
const (
	ExplainTierReached    = "explain.tier_reached"
	ExplainTierNextSpend  = "explain.tier_next_spend"
	ExplainTierNextPoints = "explain.tier_next_points"
	ExplainTierNextVisits = "explain.tier_next_visits"
	ExplainTierStaySpend  = "explain.tier_stay_spend"
	ExplainTierStayPoints = "explain.tier_stay_points"
	ExplainTierStayVisits = "explain.tier_stay_visits"
	ExplainTierGrace      = "explain.tier_grace"
	ExplainTierLost       = "explain.tier_lost"
)

// Codes of findings about a return.
const (
	ExplainReturnTaken    = "explain.return_taken"
	ExplainReturnBack     = "explain.return_back"
	ExplainReturnLapsed   = "explain.return_lapsed"
	ExplainReturnShort    = "explain.return_short"
	ExplainReturnWithheld = "explain.return_withheld"
)

// ArgKind says how an argument of an explanation is written for people.
type ArgKind string

const (
	ArgRule     ArgKind = "rule"     // a rule's id; its name by language is in the programme
	ArgPoints   ArgKind = "points"   // whole points
	ArgMoney    ArgKind = "money"    // minor units of the quote's currency
	ArgQuantity ArgKind = "quantity" // thousandths of a unit
	ArgFactor   ArgKind = "factor"   // thousandths
	ArgShare    ArgKind = "share"    // basis points
	ArgCount    ArgKind = "count"
	ArgDay      ArgKind = "day"      // 2026-11-22
	ArgWeekdays ArgKind = "weekdays" // mon,tue
	ArgHours    ArgKind = "hours"    // 08:00-12:00,17:00-19:00
	ArgSet      ArgKind = "set"      // a set's id, or several with commas; names by language are in the programme
	ArgTier     ArgKind = "tier"     // likewise
	ArgWallet   ArgKind = "wallet"   // likewise
	ArgTenders  ArgKind = "tenders"  // kinds of tender with commas: cash,card
)

// ArgSpec names one argument of an explanation.
type ArgSpec struct {
	Name string
	Kind ArgKind
}

// Arg is an argument with its value: Int for kinds that count, Text for the others.
type Arg struct {
	ArgSpec
	Int  int64
	Text string
}

type explainArg struct {
	ArgSpec
	figure func(*Finding) int64
	text   func(*Finding) string
}

type explainRow struct {
	code string
	args []explainArg
}

// ExplainCodes is every code that a quote can carry, in a fixed order, so that a catalogue can be checked against it.
func ExplainCodes() []string {
	rows := explainTable()
	codes := make([]string, len(rows))
	for i, r := range rows {
		codes[i] = r.code
	}
	return codes
}

// ExplainArgs names the arguments that the text of a code may use; nil for a code that does not exist.
func ExplainArgs(code string) []ArgSpec {
	for _, r := range explainTable() {
		if r.code == code {
			specs := make([]ArgSpec, len(r.args))
			for i, a := range r.args {
				specs[i] = a.ArgSpec
			}
			return specs
		}
	}
	return nil
}

// Args gives the figures of a finding under the names that its text uses.
func (f *Finding) Args() []Arg {
	for _, r := range explainTable() {
		if r.code != f.Code {
			continue
		}
		args := make([]Arg, len(r.args))
		for i, a := range r.args {
			args[i].ArgSpec = a.ArgSpec
			if a.figure != nil {
				args[i].Int = a.figure(f)
			} else {
				args[i].Text = a.text(f)
			}
		}
		return args
	}
	return nil
}

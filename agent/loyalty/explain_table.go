package loyalty

import "slices"

// explainTable is the one list of codes with what their texts may say.
func explainTable() []explainRow {
	return slices.Concat(earnRows(), redeemRows(), reduceRows(), couponRows(), giftCardRows(), stampRows(), surpriseRows(), tierRows(), returnRows(), conditionRows(), creditRows())
}

func reduceRows() []explainRow {
	rule := textArg("rule", ArgRule, func(f *Finding) string { return f.Rule })
	off, cost := intArg("value", ArgMoney, value), intArg("cost", ArgPoints, limit)
	return []explainRow{
		{ExplainReduced, []explainArg{rule, off}},
		{ExplainReward, []explainArg{rule, off, cost}},
		{ExplainReduceGroup, []explainArg{rule, textArg("other", ArgRule, func(f *Finding) string { return f.Detail })}},
		{ExplainReduceNothing, []explainArg{rule}},
		{ExplainRewardShort, []explainArg{rule, cost, intArg("missing", ArgPoints, missing)}},
		{ExplainOfferPays, []explainArg{rule, off}},
		{ExplainReducedMore, []explainArg{intArg("count", ArgCount, limit), off}},
	}
}

func couponRows() []explainRow {
	coupon := textArg("coupon", ArgRule, func(f *Finding) string { return f.Detail })
	rule := textArg("rule", ArgRule, func(f *Finding) string { return f.Rule })
	return []explainRow{
		{ExplainCouponUsed, []explainArg{rule}},
		{ExplainCouponNotYours, []explainArg{rule}},
		{ExplainCouponCurrency, []explainArg{rule}},
		{ExplainCouponBurned, []explainArg{rule}},
		{ExplainIssued, []explainArg{rule, coupon, intArg("count", ArgCount, limit)}},
		{ExplainIssueMore, []explainArg{rule, intArg("missing", ArgMoney, missing)}},
		{ExplainIssueMost, []explainArg{rule, intArg("count", ArgCount, limit)}},
		{ExplainRewardCoupon, []explainArg{rule, coupon, intArg("cost", ArgPoints, limit)}},
		{ExplainMostOff, []explainArg{rule, intArg("cut", ArgMoney, missing)}},
		{ExplainRewardNext, []explainArg{rule, intArg("missing", ArgPoints, missing)}},
		{ExplainRewardProduct, []explainArg{rule, textArg("article", ArgRule, func(f *Finding) string { return f.Detail })}},
		{ExplainMembersOnly, []explainArg{rule}},
		{ExplainStockGone, []explainArg{rule, intArg("count", ArgCount, limit)}},
		{ExplainTimesReached, []explainArg{rule, intArg("count", ArgCount, limit)}},
	}
}

func stampRows() []explainRow {
	rule := textArg("rule", ArgRule, func(f *Finding) string { return f.Rule })
	count := intArg("count", ArgCount, limit)
	return []explainRow{
		{ExplainStamps, []explainArg{rule, intArg("held", ArgCount, base), count, intArg("missing", ArgCount, missing)}},
		{ExplainStampsFull, []explainArg{rule, count}},
		{ExplainStampsEnded, []explainArg{rule, count, textArg("to", ArgDay, func(f *Finding) string { return f.Detail })}},
	}
}

func surpriseRows() []explainRow {
	rule := textArg("rule", ArgRule, func(f *Finding) string { return f.Rule })
	return []explainRow{
		{ExplainSurprise, []explainArg{rule}},
		{ExplainSurprisePoints, []explainArg{rule, intArg("points", ArgPoints, func(f *Finding) int64 { return int64(f.Points) })}},
		{ExplainSurpriseChance, []explainArg{rule, intArg("win", ArgCount, base), intArg("count", ArgCount, limit)}},
	}
}

func giftCardRows() []explainRow {
	rule := textArg("rule", ArgRule, func(f *Finding) string { return f.Rule })
	most := intArg("limit", ArgMoney, limit)
	return []explainRow{
		{ExplainGiftCardPaid, []explainArg{rule, intArg("value", ArgMoney, value), intArg("left", ArgMoney, base)}},
		{ExplainGiftCardInactive, []explainArg{rule}},
		{ExplainGiftCardUsed, []explainArg{rule}},
		{ExplainGiftCardHolder, []explainArg{rule}},
		{ExplainGiftCardGoods, []explainArg{rule, most}},
		{ExplainGiftCardBill, []explainArg{rule, most}},
		{ExplainGiftCardWhole, []explainArg{rule, most}},
	}
}

func tierRows() []explainRow {
	tier := textArg("tier", ArgTier, func(f *Finding) string { return f.Detail })
	held := textArg("tier", ArgTier, func(f *Finding) string { return f.Rule })
	until := textArg("until", ArgDay, func(f *Finding) string { return f.Detail })
	return []explainRow{
		{ExplainTierReached, []explainArg{tier}},
		{ExplainTierNextSpend, []explainArg{tier, intArg("missing", ArgMoney, missing)}},
		{ExplainTierNextPoints, []explainArg{tier, intArg("missing", ArgPoints, missing)}},
		{ExplainTierNextVisits, []explainArg{tier, intArg("missing", ArgCount, missing)}},
		{ExplainTierStaySpend, []explainArg{held, until, intArg("missing", ArgMoney, missing)}},
		{ExplainTierStayPoints, []explainArg{held, until, intArg("missing", ArgPoints, missing)}},
		{ExplainTierStayVisits, []explainArg{held, until, intArg("missing", ArgCount, missing)}},
		{ExplainTierGrace, []explainArg{held, until}},
		{ExplainTierLost, []explainArg{tier}},
	}
}

func returnRows() []explainRow {
	return []explainRow{
		{ExplainReturnTaken, []explainArg{intArg("points", ArgPoints, cut)}},
		{ExplainReturnBack, []explainArg{intArg("points", ArgPoints, func(f *Finding) int64 { return int64(f.Points) })}},
		{ExplainReturnLapsed, []explainArg{intArg("points", ArgPoints, limit)}},
		{ExplainReturnShort, []explainArg{intArg("points", ArgPoints, missing)}},
		{ExplainReturnWithheld, []explainArg{intArg("value", ArgMoney, value)}},
	}
}

func earnRows() []explainRow {
	rule := textArg("rule", ArgRule, func(f *Finding) string { return f.Rule })
	points := intArg("points", ArgPoints, func(f *Finding) int64 { return int64(f.Points) })
	detail := func(name string, kind ArgKind) explainArg {
		return textArg(name, kind, func(f *Finding) string { return f.Detail })
	}
	amount := intArg("amount", ArgMoney, base)
	quantity := intArg("quantity", ArgQuantity, base)
	ratePoints := intArg("rate_points", ArgPoints, func(f *Finding) int64 { return f.RatePoints })
	per := func(f *Finding) int64 { return f.RatePer }
	return []explainRow{
		{ExplainApplied, []explainArg{rule, points, amount, ratePoints, intArg("rate_per", ArgMoney, per)}},
		{ExplainAppliedUnits, []explainArg{rule, points, quantity, ratePoints, intArg("rate_per", ArgQuantity, per)}},
		{ExplainAppliedSale, []explainArg{rule, points}},
		{ExplainMultiplied, []explainArg{rule, points, intArg("factor", ArgFactor, func(f *Finding) int64 { return f.Factor })}},
		{ExplainBonus, []explainArg{rule, points}},
		{ExplainCapReached, []explainArg{rule, intArg("limit", ArgPoints, limit), intArg("cut", ArgPoints, cut)}},
		{ExplainSaleCap, []explainArg{intArg("limit", ArgPoints, limit), intArg("cut", ArgPoints, cut)}},
		{ExplainBelowMinimum, []explainArg{rule, intArg("minimum", ArgMoney, limit), intArg("missing", ArgMoney, missing)}},
		{ExplainBelowStep, []explainArg{rule, amount, intArg("rate_per", ArgMoney, per), intArg("missing", ArgMoney, missing)}},
		{ExplainBelowQuantity, []explainArg{rule, quantity, intArg("rate_per", ArgQuantity, per), intArg("missing", ArgQuantity, missing)}},
		{ExplainBelowGoods, []explainArg{rule, intArg("minimum", ArgMoney, limit), intArg("missing", ArgMoney, missing)}},
		{ExplainBelowPieces, []explainArg{rule, intArg("minimum", ArgQuantity, limit), intArg("missing", ArgQuantity, missing)}},
		{ExplainVisited, []explainArg{rule}},
		{ExplainExcluded, []explainArg{amount, detail("set", ArgSet)}},
		{ExplainUnpaidBase, []explainArg{amount}},
		{ExplainNotYet, []explainArg{rule, detail("from", ArgDay)}},
		{ExplainEnded, []explainArg{rule, detail("to", ArgDay)}},
		{ExplainNotToday, []explainArg{rule, detail("weekdays", ArgWeekdays)}},
		{ExplainNotNow, []explainArg{rule, detail("hours", ArgHours)}},
		{ExplainNotHere, []explainArg{rule}},
		{ExplainNotTier, []explainArg{rule, detail("tiers", ArgTier)}},
		{ExplainNotPilot, []explainArg{rule}},
		{ExplainNotSegment, []explainArg{rule}},
		{ExplainNotOccasion, []explainArg{rule, detail("occasion", ArgRule)}},
		{ExplainNotPurchase, []explainArg{rule, intArg("count", ArgCount, limit)}},
		{ExplainNotEvery, []explainArg{rule, intArg("count", ArgCount, limit), intArg("missing", ArgCount, missing)}},
		{ExplainNoMember, []explainArg{points}},
		{ExplainMore, []explainArg{intArg("count", ArgCount, limit), points}},
	}
}

func redeemRows() []explainRow {
	most := intArg("limit", ArgPoints, limit)
	pays := intArg("value", ArgMoney, base)
	share := intArg("share", ArgShare, func(f *Finding) int64 { return f.Factor })
	return []explainRow{
		{ExplainRedeemed, []explainArg{intArg("points", ArgPoints, cut), pays}},
		{ExplainRedeemNone, nil},
		{ExplainRedeemNoMember, nil},
		{ExplainRedeemAvailable, []explainArg{most}},
		{ExplainRedeemKeep, []explainArg{most, intArg("keep", ArgPoints, base)}},
		{ExplainRedeemNoPurse, []explainArg{most}},
		{ExplainRedeemBill, []explainArg{most, pays}},
		{ExplainRedeemSet, []explainArg{most, pays}},
		{ExplainRedeemTendered, []explainArg{most, pays}},
		{ExplainRedeemShare, []explainArg{most, pays, share}},
		{ExplainRedeemStep, []explainArg{most, intArg("step", ArgPoints, base)}},
		{ExplainRedeemMinimum, []explainArg{intArg("minimum", ArgPoints, limit), intArg("missing", ArgPoints, missing)}},
		{ExplainRedeemNotHere, nil},
		{ExplainAdvance, []explainArg{intArg("points", ArgPoints, base)}},
		{ExplainFloorAstray, nil},
		{ExplainFloorOff, nil},
		{ExplainFloorCard, []explainArg{most}},
		{ExplainFloorMember, []explainArg{most}},
		{ExplainFloorStore, []explainArg{most}},
		{ExplainFloorSilence, []explainArg{intArg("hours", ArgCount, base)}},
	}
}

func base(f *Finding) int64    { return f.Base }
func limit(f *Finding) int64   { return f.Limit }
func value(f *Finding) int64   { return f.Value }
func missing(f *Finding) int64 { return f.Missing }
func cut(f *Finding) int64     { return -int64(f.Points) }

func intArg(name string, kind ArgKind, get func(*Finding) int64) explainArg {
	return explainArg{ArgSpec: ArgSpec{name, kind}, figure: get}
}

func textArg(name string, kind ArgKind, get func(*Finding) string) explainArg {
	return explainArg{ArgSpec: ArgSpec{name, kind}, text: get}
}

func conditionRows() []explainRow {
	points := intArg("points", ArgPoints, func(f *Finding) int64 { return int64(f.Points) })
	rule := textArg("rule", ArgRule, func(f *Finding) string { return f.Rule })
	detail := func(name string, kind ArgKind) explainArg {
		return textArg(name, kind, func(f *Finding) string { return f.Detail })
	}
	return []explainRow{
		{ExplainOnlyCard, []explainArg{rule}},
		{ExplainOnlyNumber, []explainArg{rule}},
		{ExplainOnlyKeyed, []explainArg{rule}},
		{ExplainNotAttribute, []explainArg{rule}},
		{ExplainNotJoined, []explainArg{rule}},
		{ExplainContainsUnits, []explainArg{rule, detail("set", ArgSet), intArg("quantity", ArgQuantity, limit), intArg("missing", ArgQuantity, missing)}},
		{ExplainContainsAmount, []explainArg{rule, detail("set", ArgSet), intArg("amount", ArgMoney, limit), intArg("missing", ArgMoney, missing)}},
		{ExplainNotMet, []explainArg{rule}},
		{ExplainFailed, []explainArg{rule}},
		{ExplainNotTender, []explainArg{rule, detail("tenders", ArgTenders)}},
		{ExplainNotForMember, nil},
		{ExplainLimitPIN, []explainArg{intArg("limit", ArgPoints, limit)}},
		{ExplainLimitPoints, []explainArg{intArg("limit", ArgPoints, limit)}},
		{ExplainLimitMoney, []explainArg{intArg("limit", ArgMoney, base)}},
		{ExplainLimitHour, []explainArg{intArg("limit", ArgCount, limit)}},
		{ExplainLimitDay, []explainArg{intArg("limit", ArgCount, limit)}},
		{ExplainActivity, []explainArg{rule, points}},
		{ExplainReferral, []explainArg{rule, points}},
		{ExplainDiscountCap, []explainArg{rule, intArg("limit", ArgMoney, limit), intArg("cut", ArgMoney, missing)}},
		{ExplainBudgetPoints, []explainArg{rule, intArg("cut", ArgPoints, cut)}},
		{ExplainBudgetMoney, []explainArg{rule, intArg("cut", ArgMoney, missing)}},
		{ExplainSegmentSpend, []explainArg{rule, intArg("missing", ArgMoney, missing)}},
		{ExplainSegmentPoints, []explainArg{rule, intArg("missing", ArgPoints, missing)}},
		{ExplainSegmentVisits, []explainArg{rule, intArg("missing", ArgCount, missing)}},
	}
}

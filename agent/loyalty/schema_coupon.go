package loyalty

func couponNotes() map[string]schemaNote {
	return map[string]schemaNote{
		"coupon": {"", all(schemaNode{"anyOf": []schemaNode{{"required": []string{"value"}}, {"required": []string{"gives"}}}},
			oneOf("valid_days", "valid_to"))},
		"coupon.id":         {"Names the kind in every entry.", anID()},
		"coupon.name":       {"Its headline.", someText()},
		"coupon.text":       {"What is printed under it.", nil},
		"coupon.value":      {"So much off the bill.", nil},
		"coupon.start_days": {"Days until it can be used.", between(0, maxExpiryDays)},
		"coupon.valid_days": {"Days on which it can be used, the first included.", between(1, maxExpiryDays)},
		"coupon.valid_to":   {"The last day of all of them.", aDay()},
		"coupon.uses":       {"How often one may be used, once a bill.", between(0, maxTimes)},
		"coupon.holder":     {"Only for the member to whom it was issued.", nil},
		"coupon.no_effect":  {"What becomes of one that lowered nothing.", oneWord("keep", "burn")},
		"coupon.reprint":    {"What a paper that may be lost is printed again as: the same coupon, or a new one in place of it.", oneWord("same", "new")},
		"coupon.same_hours": {"With reprint same: a new one all the same once head office was not heard for so many hours.", between(1, maxSameHours)},
		"coupon.symbol":     {"What scanners read; left out, a QR code.", nil},
		"couponSymbol": {"", schemaNode{"oneOf": []schemaNode{
			{"required": []string{"code128"}}, {"required": []string{"ean13"}}, {"required": []string{"gs1"}}}}},
		"couponSymbol.code128": {"The kind's number, for scanners that read no QR codes.", between(1, MaxShortNumber)},
		"couponSymbol.ean13":   {"The prefix; only the store that issued it takes it.", schemaNode{"pattern": "^2[0-9]$"}},
		"couponSymbol.gs1":     {"Issuer, 4 digits, and reference, 2 digits, of a GS1 euro coupon.", schemaNode{"pattern": "^[0-9]{6}$"}},
		"coupon.stock":         {"How many may be issued.", nil},
		"coupon.per_member":    {"How many a member may get.", nil},
		"coupon.gives":         {"What is taken off; left out, value off the bill.", nil},
		"coupon.as":            {"Lowers the price, or pays and leaves the price and its tax.", oneWord("reduction", "tender")},
		"coupon.when":          {"The condition; left out, always.", nil},
		"coupon.group":         {"Of one group one applies.", nil},
		"coupon.priority":      {"The highest first.", between(-maxPriority, maxPriority)},
	}
}

func issueNotes() map[string]schemaNote {
	return map[string]schemaNote{
		"document.issue":     {"Coupons that come with a bill, for the next one.", schemaNode{"maxItems": MaxIssueRules}},
		"issue":              {"", schemaNode{"dependentRequired": schemaNode{"times": []string{"each"}, "on": []string{"each"}}}},
		"issue.id":           {"Names the rule in every entry.", anID()},
		"issue.name":         {"For receipts and screens.", nil},
		"issue.coupon":       {"A kind of coupon.", nil},
		"issue.when":         {"The condition; left out, always.", nil},
		"issue.each":         {"One for every full such amount; left out, one.", nil},
		"issue.on":           {"With each: only goods of this set.", nil},
		"issue.times":        {"With each: at most so many.", between(0, MaxIssued)},
		"issue.source":       {"The campaign or channel that is written on them.", anID()},
		"stock":              {"How many there are.", schemaNode{"minProperties": 1}},
		"stock.total":        {"In the whole chain.", between(0, maxPoints)},
		"stock.store":        {"In every store, with or without a line.", between(0, maxPoints)},
		"perMember":          {"How many one member may have.", schemaNode{"minProperties": 1}},
		"perMember.day":      {"On a business day.", between(0, maxPoints)},
		"perMember.week":     {"In a week, from Monday.", between(0, maxPoints)},
		"perMember.month":    {"In a month.", between(0, maxPoints)},
		"perMember.year":     {"In a year.", between(0, maxPoints)},
		"perMember.lifetime": {"Ever.", between(0, maxPoints)},
	}
}

func rewardNotes() map[string]schemaNote {
	return map[string]schemaNote{
		"reward.id":           {"Names the reward in every entry.", anID()},
		"reward.name":         {"For receipts and screens.", nil},
		"reward.cost":         {"Points for one.", between(1, maxPoints)},
		"reward.gives":        {"What is taken off; left out, a perk without money value.", schemaNode{"properties": schemaNode{"each": false, "buy": false}}},
		"reward.as":           {"Lowers the price, or pays and leaves the price and its tax.", oneWord("reduction", "tender")},
		"reward.when":         {"The condition; left out, always.", nil},
		"reward.group":        {"Of one group one applies.", nil},
		"reward.priority":     {"The highest first.", between(-maxPriority, maxPriority)},
		"reward.per_sale":     {"Times on one bill.", between(0, maxTimes)},
		"reward.with_earned":  {"The points of the same sale may pay.", nil},
		"reward.text":         {"What is printed with it.", nil},
		"reward.cost_by_tier": {"Points for members of these tiers, instead of cost.", schemaNode{"additionalProperties": schemaNode{"type": "integer", "minimum": 0, "maximum": maxPoints}}},
		"reward.partial":      {"It may be taken for fewer points, and gives less in proportion.", nil},
		"reward.stock":        {"How many there are.", nil},
		"reward.per_member":   {"How many a member may have.", nil},
		"gives.product":       {"Of a reward: pieces of this article for nothing.", schemaNode{"minLength": 1, "maxLength": maxMark}},
		"gives.coupon":        {"Of a reward: a coupon of this kind.", nil},
	}
}

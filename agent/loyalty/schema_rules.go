package loyalty

func earnNotes() map[string]schemaNote {
	return map[string]schemaNote{
		"earn": {"", all(oneOf("per", "multiply", "bonus"), schemaNode{"dependentRequired": schemaNode{"per": []string{"rate"}}},
			without("per", "rules"), without("bonus", "rate", "steps", "base", "rules", "rounding"),
			schemaNode{"dependentSchemas": schemaNode{"bonus": schemaNode{"properties": schemaNode{"cap": schemaNode{"properties": schemaNode{"sale": false}}}}}},
			without("multiply", "rate", "steps", "base", "cap", "rounding", "expiry", "pending_days"))},
		"earn.id":           {"Names the rule in every entry; never given to another.", anID()},
		"earn.name":         {"For receipts and screens.", nil},
		"earn.per":          {"What is counted.", oneWord("amount", "unit", "sale", "tender", "visit")},
		"earn.rate":         {"How many points for how much.", nil},
		"earn.steps":        {"whole: only full steps count; proportional: parts of a step too.", oneWord("whole", "proportional")},
		"earn.base":         {"The amount that is counted.", nil},
		"earn.multiply":     {"Multiplies what rules with per give on the lines it bears on.", schemaNode{"maximum": maxFactor / factorUnit}},
		"earn.rules":        {"Which rules are multiplied; left out, all.", nil},
		"earn.bonus":        {"Points given once, not multiplied.", between(1, maxPoints)},
		"earn.on":           {"A set; left out, everything.", nil},
		"earn.when":         {"The condition; left out, always.", nil},
		"earn.cap":          {"Most points of this rule.", nil},
		"earn.rounding":     {"How and where parts of a point are rounded.", nil},
		"earn.expiry":       {"The last day of these points; left out, as the section expiry says.", schemaNode{"properties": schemaNode{"inactive_months": false}}},
		"earn.pending_days": {"Days until the points can be spent.", between(0, maxExpiryDays)},
		"rate.points":       {"Points for one step.", between(1, maxPoints)},
		"rate.per":          {"One step: an amount, or a quantity.", nil},
		"base.discount":     {"after: the price paid; before: with what the till took off.", oneWord("after", "before")},
		"base.tax":          {"with tax, or without.", oneWord("with", "without")},
		"round.mode":        {"How.", oneWord("floor", "half_up", "half_even", "ceil")},
		"round.at":          {"At each line, for the rule, or once for the sale with all rules of the same mode.", oneWord("rule", "line", "sale")},
		"cap":               {"", schemaNode{"anyOf": anyOfCaps()}},
		"cap.sale":          {"On one sale.", between(0, maxPoints)},
		"cap.day":           {"A business day.", between(0, maxPoints)},
		"cap.week":          {"A week from Monday.", between(0, maxPoints)},
		"cap.month":         {"A calendar month.", between(0, maxPoints)},
		"cap.year":          {"A calendar year.", between(0, maxPoints)},
		"cap.lifetime":      {"Ever.", between(0, maxPoints)},
		"cap.balance":       {"What the member may hold.", between(0, maxPoints)},
		"cap.over":          {"cut: gives what is left; refuse: gives nothing rather than less.", oneWord("cut", "refuse")},
	}
}

func anyOfCaps() []schemaNode {
	var choices []schemaNode
	for _, name := range []string{"sale", "day", "week", "month", "year", "lifetime", "balance"} {
		choices = append(choices, schemaNode{"required": []string{name}})
	}
	return choices
}

func whenNotes() map[string]schemaNote {
	return map[string]schemaNote{
		"when":              {"All of these must hold.", all(schemaNode{"minProperties": 1}, without("purchase", "every"))},
		"when.from":         {"First business day.", aDay()},
		"when.to":           {"Last business day.", aDay()},
		"when.weekdays":     {"Business days of the week.", eachItem(oneWord("mon", "tue", "wed", "thu", "fri", "sat", "sun"))},
		"when.hours":        {"Spans of the wall clock, the end not included: 22:00-02:00.", all(schemaNode{"maxItems": maxHours}, eachItem(schemaNode{"pattern": `^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$`}))},
		"when.stores":       {"Numbers of stores.", all(schemaNode{"maxItems": maxStores}, eachItem(between(1, 1<<32-1)))},
		"when.tiers":        {"The member is in one of these tiers.", schemaNode{"maxItems": maxWhenTiers}},
		"when.minimum":      {"Least amount of the whole bill.", nil},
		"when.purchase":     {"Only the member's first, second, ... purchase.", between(0, maxPurchase)},
		"when.every":        {"Only every n-th purchase.", schemaNode{"minimum": 0, "maximum": maxPurchase, "not": schemaNode{"const": 1}}},
		"when.occasion":     {"An occasion is on.", nil},
		"when.segments":     {"The member is in one of these segments.", all(schemaNode{"maxItems": MaxSegments}, eachItem(anID()))},
		"when.not_segments": {"The member is in none of these.", all(schemaNode{"maxItems": MaxSegments}, eachItem(anID()))},
		"when.pilot":        {"A share of all members, always the same.", nil},
		"pilot.name":        {"Pilots of one name take the same members.", anID()},
		"pilot.share":       {"Percent of all members.", schemaNode{"exclusiveMaximum": 100}},
		"pilot.rest":        {"The members that the pilot does not take.", nil},
		"occasion.id":       {"Conditions name it.", schemaNode{"pattern": idForm.String(), "maxLength": maxOccasionID}},
		"occasion.name":     {"For receipts and screens.", nil},
		"occasion.of":       {"The birthday, or the anniversaries of joining.", oneWord("birthday", "joined")},
		"occasion.before":   {"Days before that count too.", between(0, maxWindowDays)},
		"occasion.after":    {"Days after that count too.", between(0, maxWindowDays)},
		"occasion.leap":     {"The day of 29 February where there is none.", oneWord("feb28", "mar01")},
	}
}

func expiryNotes() map[string]schemaNote {
	return map[string]schemaNote{
		"expiry": {"The last valid day of points.", all(schemaNode{"minProperties": 1},
			without("never", "days", "months", "end", "dates"), without("days", "months"), without("end", "dates"))},
		"expiry.never":           {"They never expire.", nil},
		"expiry.days":            {"Days after they were earned.", between(0, maxExpiryDays)},
		"expiry.months":          {"Months after they were earned.", between(0, maxExpiryMonth)},
		"expiry.end":             {"The last day of that month, quarter or year.", oneWord("month", "quarter", "year")},
		"expiry.dates":           {"The first of these days from then on: 12-31.", all(schemaNode{"maxItems": maxExpiryDates}, eachItem(schemaNode{"pattern": `^((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|[12][0-9]))$`}))},
		"expiry.inactive_months": {"Of the programme: everything ends after so many months without a purchase.", between(0, maxExpiryMonth)},
	}
}

func redeemNotes() map[string]schemaNote {
	return map[string]schemaNote{
		"redeem.point_value": {"What points pay.", nil},
		"redeem.minimum":     {"Fewest points at once.", between(0, maxPoints)},
		"redeem.step":        {"Only multiples of so many points.", between(0, maxPoints)},
		"redeem.keep":        {"Points that must stay.", between(0, maxPoints)},
		"redeem.max_share":   {"Percent of the bill.", aShare()},
		"redeem.except":      {"Sets that points do not pay.", nil},
		"pointValue.points":  {"So many points ...", between(1, maxPoints)},
		"pointValue.value":   {"... pay so much.", nil},
	}
}

func reduceNotes() map[string]schemaNote {
	rank := between(-maxPriority, maxPriority)
	return map[string]schemaNote{
		"discount.id":       {"Names the discount in every entry.", anID()},
		"discount.name":     {"For receipts and screens.", nil},
		"discount.gives":    {"What is taken off.", nil},
		"discount.when":     {"The condition; left out, always.", nil},
		"discount.group":    {"Of one group one applies.", nil},
		"discount.priority": {"The highest first.", rank},
		"gives": {"", all(oneOf("percent", "amount", "price", "product", "coupon"), without("percent", "each"), without("price", "each"),
			schemaNode{"if": ofPieces("bundle"), "then": schemaNode{"required": []string{"units"}, "properties": schemaNode{"units": schemaNode{"minimum": 2}}}},
			schemaNode{"dependentSchemas": schemaNode{"units": schemaNode{"anyOf": []schemaNode{ofPieces("cheapest", "bundle"), {"required": []string{"product"}}}}, "buy": ofPieces("cheapest"),
				"buy_from": schemaNode{"required": []string{"buy"}}, "gift_card": schemaNode{"required": []string{"amount"}},
				"times": schemaNode{"anyOf": []schemaNode{{"required": []string{"each"}}, {"required": []string{"buy"}}, ofPieces("bundle")}}}})},
		"gives.percent":           {"So many percent off.", aShare()},
		"gives.amount":            {"So much off.", nil},
		"gives.gift_card":         {"Of a reward: the amount off a gift card of that kind, which the bill sells.", nil},
		"gives.price":             {"What is left to pay.", nil},
		"gives.of":                {"Of all goods together, of each line, of each piece or kilogram, of the cheapest pieces, of every bundle of so many.", oneWord("bill", "line", "unit", "cheapest", "bundle")},
		"gives.on":                {"A set; left out, everything.", nil},
		"gives.base":              {"running: counts on what the reductions before left; initial: on the prices before all of them.", oneWord("running", "initial")},
		"gives.rounding":          {"Of a percentage.", oneWord("half_up", "floor", "half_even", "ceil")},
		"gives.each":              {"Of an amount off the bill: once for every full such amount.", nil},
		"gives.buy":               {"Of the cheapest: for every so many pieces besides.", between(0, maxTimes)},
		"gives.buy_from":          {"The set whose pieces must be bought; left out, those of on.", nil},
		"gives.units":             {"Of the cheapest: so many pieces. Of a bundle: what makes one.", between(0, maxTimes)},
		"gives.times":             {"With each, buy or bundle: at most so often.", between(0, maxTimes)},
		"gives.most":              {"At most so much off.", nil},
		"stacking.group":          {"The highest priority, or the lowest price to pay.", oneWord("priority", "best_for_customer")},
		"stacking.max_amount":     {"All reductions of a bill together take at most so much off.", nil},
		"stacking.max_share":      {"At most so many percent of the bill before them.", schemaNode{"exclusiveMaximum": 100}},
		"stacking.max_line_share": {"And of every line.", schemaNode{"exclusiveMaximum": 100}},
	}
}

func ofPieces(kinds ...string) schemaNode {
	return schemaNode{"required": []string{"of"}, "properties": schemaNode{"of": schemaNode{"enum": kinds}}}
}

func tierNotes() map[string]schemaNote {
	return map[string]schemaNote{
		"tier.id":           {"Conditions name it.", anID()},
		"tier.name":         {"For receipts and screens.", someText()},
		"tier.from":         {"What reaches it: an amount, points or visits, as the ladder counts.", nil},
		"ladder":            {"", schemaNode{"if": schemaNode{"required": []string{"months"}}, "then": rolling(), "else": schemaNode{"not": rolling()}}},
		"ladder.by":         {"spend: prices paid; points earned; visits.", oneWord("spend", "points", "visits")},
		"ladder.over":       {"The time that counts.", oneWord("lifetime", "calendar_year", "rolling")},
		"ladder.months":     {"Of rolling.", between(1, maxExpiryMonth)},
		"ladder.upgrade":    {"When a tier reached begins.", oneWord("at_once", "next_sale", "period_end")},
		"ladder.downgrade":  {"How far a review takes a member down.", oneWord("none", "step", "full")},
		"ladder.grace_days": {"How long a tier is kept after the first review that finds too little.", between(0, maxExpiryDays)},
	}
}

func rolling() schemaNode {
	return schemaNode{"required": []string{"over"}, "properties": schemaNode{"over": schemaNode{"const": "rolling"}}}
}

func returnNotes() map[string]schemaNote {
	return map[string]schemaNote{
		"returns.earned":       {"per_line: what the line earned; pro_rata: the bill's points in proportion to the line's price.", oneWord("pro_rata", "per_line")},
		"returns.spent":        {"original: with the life that they had; reissue: as new points.", oneWord("original", "reissue")},
		"returns.grace_days":   {"Life of spent points whose own has ended.", between(0, maxExpiryDays)},
		"returns.kept":         {"pro_rata: each line has its part in the bill; reprice: what is kept costs what it would have cost alone.", oneWord("pro_rata", "reprice")},
		"returns.coupons":      {"A coupon of the sale that has lost its effect: burn: it stays used; keep: it can be used again.", oneWord("burn", "keep")},
		"returns.without_bill": {"refused, or at the lowest price without points.", oneWord("refused", "lowest_price")},
		"returns.shortage":     {"Earned points that are gone.", oneWord(string(ShortageClamp), string(ShortageNegative), string(ShortageWithhold))},
	}
}

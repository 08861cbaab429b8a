package loyalty

import "maps"

// schemaNotes says what is written in every field of a document, by the type's name without Def and the field's; a row with
// the type's name alone bears on the whole section. A field that is not here keeps Schema from being written.
func schemaNotes() map[string]schemaNote {
	all := map[string]schemaNote{}
	for _, rows := range []map[string]schemaNote{
		walletNotes(),
		documentNotes(), headNotes(), earnNotes(), whenNotes(), expiryNotes(), redeemNotes(), reduceNotes(), couponNotes(), issueNotes(), rewardNotes(), giftCardNotes(), surpriseNotes(), tierNotes(), returnNotes(),
		conditionNotes(), segmentNotes(), campaignNotes(), activityNotes(), actionNotes(), memberNotes(),
	} {
		maps.Copy(all, rows)
	}
	return all
}

// What several fields may hold.

func oneWord(words ...string) schemaNode { return schemaNode{"enum": words} }
func between(least, most int64) schemaNode {
	return schemaNode{"minimum": least, "maximum": most}
}
func anID() schemaNode     { return schemaNode{"pattern": idForm.String()} }
func someText() schemaNode { return schemaNode{"minProperties": 1} }
func aShare() schemaNode   { return schemaNode{"maximum": 100} }
func aClock() schemaNode   { return schemaNode{"pattern": `^([01][0-9]|2[0-3]):[0-5][0-9]$`} }
func aDay() schemaNode {
	return schemaNode{"pattern": `^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$`}
}
func eachItem(more schemaNode) schemaNode {
	return schemaNode{"items": more}
}

// oneOf asks for exactly one of the fields.
func oneOf(fields ...string) schemaNode {
	choices := make([]schemaNode, len(fields))
	for i, f := range fields {
		choices[i] = schemaNode{"required": []string{f}}
	}
	return schemaNode{"oneOf": choices}
}

// without refuses fields beside the one named, where they would do nothing.
func without(with string, fields ...string) schemaNode {
	refused := schemaNode{}
	for _, f := range fields {
		refused[f] = false
	}
	return schemaNode{"dependentSchemas": schemaNode{with: schemaNode{"properties": refused}}}
}

// all puts rules for one section together.
func all(rules ...schemaNode) schemaNode {
	out := schemaNode{}
	for _, r := range rules {
		mergeSchema(out, r)
	}
	return out
}

func documentNotes() map[string]schemaNote {
	return map[string]schemaNote{
		"document":           {"What a sale earns, what points pay, and when they expire.", nil},
		"document.format":    {"The format of this document.", schemaNode{"const": DocumentFormat}},
		"document.programme": {"Which programme this is, and which version of it.", nil},
		"document.tiers":     {"The tiers that conditions may name, the lowest first.", schemaNode{"maxItems": MaxTiers}},
		"document.ladder":    {"Who is in which tier; left out, head office says.", nil},
		"document.occasions": {"Days of the year that are the member's own.", schemaNode{"maxItems": MaxOccasions}},
		"document.sets":      {"Product sets by name.", schemaNode{"propertyNames": anID()}},
		"document.exclude":   {"Sets that earn nothing and are never reduced, whatever else is said.", nil},
		"document.tenders": {"What counts when it is paid with; by default all but points.",
			schemaNode{"propertyNames": oneWord(string(TenderCash), string(TenderCard), string(TenderGiftCard), string(TenderPoints), string(TenderAccount))}},
		"document.earn":       {"Rules that give points.", schemaNode{"maxItems": MaxRules}},
		"document.redeem":     {"Paying with points; left out, points cannot pay.", schemaNode{"required": []string{"point_value"}}},
		"document.discounts":  {"Price reductions without asking.", schemaNode{"maxItems": MaxDiscounts}},
		"document.rewards":    {"What members get for points.", schemaNode{"maxItems": MaxRewards}},
		"document.coupons":    {"Kinds of coupons that the till may print, and that lower the price when they are shown.", schemaNode{"maxItems": MaxCoupons}},
		"document.gift_cards": {"Kinds of gift cards that the till may sell.", schemaNode{"maxItems": MaxGiftCardKinds}},
		"document.stamps":     {"Stamp cards: buy so many, get something.", schemaNode{"maxItems": MaxStampKinds}},
		"document.surprises":  {"Gifts by chance, or on a condition, when a bill is paid.", schemaNode{"maxItems": MaxSurprises}},
		"document.stacking":   {"Which of a group applies.", nil},
		"document.expiry":     {"The last day of points from rules without their own.", nil},
		"document.returns":    {"What happens to points when goods come back.", nil},
		"document.limits":     {"Limits of one sale.", nil},
		"document.messages":   {"The programme's own texts.", schemaNode{"propertyNames": oneWord(MessageReceipt, MessageScreen)}},
	}
}

// headNotes is of the sections that belong to no kind of rule.
func headNotes() map[string]schemaNote {
	return map[string]schemaNote{
		"header.id":              {"The same in every version.", anID()},
		"header.name":            {"What members call the programme.", someText()},
		"header.version":         {"Counted from 1.", schemaNode{"minimum": 1}},
		"header.valid_from":      {"Its first moment, in each store's local time: 2026-01-31T00:00.", schemaNode{"pattern": `^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$`}},
		"header.currency":        {"ISO 4217.", schemaNode{"pattern": currencyForm.String()}},
		"header.currency_digits": {"Places of the minor unit; usually left out.", between(0, 4)},
		"header.points":          {"What the points are called.", nil},
		"header.business_day":    {"The time at which a new day begins.", aClock()},

		"set":          {"", schemaNode{"anyOf": []schemaNode{{"required": []string{"all"}}, {"required": []string{"personal"}}, {"required": []string{"sku"}}, {"required": []string{"category"}}, {"required": []string{"label"}}, {"required": []string{"brand"}}, {"required": []string{"sets"}}, {"required": []string{"price"}}}}},
		"set.name":     {"For receipts.", nil},
		"set.all":      {"Everything.", nil},
		"set.personal": {"What head office listed for the member.", nil},
		"set.sku":      {"Article numbers.", eachItem(aMark())},
		"set.category": {"Categories, and every category below them: food/dairy.", eachItem(aMark())},
		"set.label":    {"Labels of lines.", eachItem(aMark())},
		"set.brand":    {"Brands.", eachItem(aMark())},
		"set.sets":     {"Sets whose goods belong here too.", nil},
		"set.without":  {"Sets whose goods do not belong here.", nil},

		"tender.earns": {"What is so paid counts in rules that earn.", nil},

		"limits.earn_per_sale":        {"Most points of one sale; 0 is no limit.", between(0, maxPoints)},
		"limits.redeem_without_purse": {"Most points that pay a sale of a member without a card with a purse.", between(0, maxPoints)},
		"limits.floor":                {"What may be spent without a purse while head office is out of reach; left out, nothing.", nil},
		"limits.allowance":            {"What head office sets aside for the store in which a member buys most, for it to spend while it is cut off; left out, nothing.", nil},
		"allowance.member":            {"Most points of one member; no more than floor.member_day where there are floor limits.", between(1, maxPoints)},
		"allowance.store":             {"Most points of all members in one store; no more than floor.store_day where there are floor limits.", between(1, maxPoints)},
		"allowance.share":             {"So many percent of the points that a member has free.", between(1, 100)},
		"allowance.days":              {"Purchases of so many days decide which store is the member's.", between(1, maxAllowanceDays)},
		"allowance.visits":            {"So many purchases there at least.", between(1, maxAllowanceVisits)},
		"allowance.hours":             {"How long the store may spend them.", between(1, MaxAllowanceHours)},
		"floor.member_day":            {"Most points of one member in one store on one business day.", between(0, maxPoints)},
		"floor.store_day":             {"Most points of all members in one store on one business day.", between(0, maxPoints)},
		"floor.bears":                 {"Who bears points that were spent twice all the same; left out, the member.", oneWord(BearsMember, BearsChain)},
		"floor.block":                 {"The cards of a member who spent points twice are blocked until a person has settled the case.", nil},
		"floor.advance":               {"A member with a purse may spend, within these limits, what the store gave and has not sent to head office yet.", nil},
		"floor.hours":                 {"For so many hours after head office last told the store about its members.", between(0, maxFloorHours)},
	}
}

// aMark is what a line carries; article numbers are often written without quotes.
func aMark() schemaNode { return schemaNode{"type": []string{"string", "number"}, "minLength": 1} }

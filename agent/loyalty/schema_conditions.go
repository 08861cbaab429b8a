package loyalty

// conditionNotes are those of conditions on stores, people, goods and tenders.
func conditionNotes() map[string]schemaNote {
	aDay := schemaNode{"pattern": `^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$`}
	return map[string]schemaNote{
		"document.store_groups":    {"Groups of stores by name.", schemaNode{"propertyNames": anID(), "maxProperties": MaxStoreGroups, "additionalProperties": schemaNode{"minItems": 1, "items": between(1, 1<<32-1)}}},
		"document.exclude_members": {"Members who take no part: those of any of these.", nil},
		"people":                   {"", schemaNode{"minProperties": 1}},
		"people.segments":          {"Segments.", all(schemaNode{"maxItems": MaxSegments}, eachItem(anID()))},
		"people.tiers":             {"Tiers.", schemaNode{"maxItems": maxWhenTiers}},
		"people.attributes":        {"Attributes, each with its values.", someAttributes()},

		"when.groups":     {"Store groups, beside stores: a store of either will do.", schemaNode{"maxItems": maxWhenGroups}},
		"when.medium":     {"card: the member's card is in the reader; number: it was typed or scanned; keyed: a card of another maker has checked its PIN.", oneWord("card", "number", "keyed")},
		"when.attributes": {"Of each attribute the member has one of the values.", someAttributes()},
		"when.joined":     {"When the member joined.", nil},
		"when.cel":        {"One CEL expression, looked at when all else holds.", schemaNode{"minLength": 1, "maxLength": maxExpression}},
		"when.contains":   {"Goods that the bill must have, all of them.", schemaNode{"maxItems": maxContains}},
		"when.tenders":    {"Something of the bill is paid with one of these.", eachItem(oneWord(string(TenderCash), string(TenderCard), string(TenderGiftCard)))},

		"joined":              {"", all(schemaNode{"minProperties": 1}, without("least_days", "least_months"))},
		"joined.from":         {"The first day of joining.", aDay},
		"joined.to":           {"The last day of joining.", aDay},
		"joined.least_days":   {"Joined so many days ago or more.", between(0, maxExpiryDays)},
		"joined.least_months": {"Joined so many months ago or more.", between(0, maxExpiryMonth)},
		"joined.most_days":    {"Joined at most so many days ago.", between(0, maxExpiryDays)},
		"contains":            {"", without("units", "amount")},
		"contains.set":        {"The set.", nil},
		"contains.units":      {"So many pieces, or kilograms; left out, 1.", nil},
		"contains.amount":     {"Goods for so much.", nil},
	}
}

func someAttributes() schemaNode {
	return schemaNode{"maxProperties": maxAttributes, "propertyNames": anID(),
		"additionalProperties": schemaNode{"minItems": 1, "maxItems": maxValues, "items": anID()}}
}

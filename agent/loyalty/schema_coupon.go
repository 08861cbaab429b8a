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
		"coupon.gives":      {"What is taken off; left out, value off the bill.", nil},
		"coupon.as":         {"Lowers the price, or pays and leaves the price and its tax.", oneWord("reduction", "tender")},
		"coupon.when":       {"The condition; left out, always.", nil},
		"coupon.group":      {"Of one group one applies.", nil},
		"coupon.priority":   {"The highest first.", between(-maxPriority, maxPriority)},
	}
}

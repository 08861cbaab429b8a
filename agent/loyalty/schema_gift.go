package loyalty

func giftCardNotes() map[string]schemaNote {
	return map[string]schemaNote{
		"giftCard":           {"", schemaNode{"oneOf": []schemaNode{{"required": []string{"values"}}, {"required": []string{"from", "to"}}}}},
		"giftCard.id":        {"Names the kind in every entry.", anID()},
		"giftCard.name":      {"What customers call it.", someText()},
		"giftCard.values":    {"The amounts that a card can be sold with.", schemaNode{"maxItems": maxFaceValues}},
		"giftCard.from":      {"The least amount, where any in a range will do.", nil},
		"giftCard.to":        {"The greatest amount.", nil},
		"giftCard.top_up":    {"More money can be put on a card later.", nil},
		"giftCard.most":      {"Most on one card after a top-up.", nil},
		"giftCard.whole":     {"Pays all that is on it, or nothing.", nil},
		"giftCard.uses":      {"Bills that it may pay; what is left then ends. 0 is any number.", between(0, maxTimes)},
		"giftCard.holder":    {"Pays only for the member it was sold for.", nil},
		"giftCard.pays":      {"Sets that it may pay; left out, everything.", nil},
		"giftCard.except":    {"Sets that it may not pay.", nil},
		"giftCard.paid_with": {"What may buy it beside money.", eachItem(oneWord(string(TenderPoints), string(TenderGiftCard)))},
		"giftCard.when":      {"The condition on the bill that it pays; left out, always.", nil},
		"giftCard.expiry":    {"The last day, from the sale or the last top-up.", nil},
		"giftCard.as":        {"Pays and leaves the price and its tax, or lowers the price.", oneWord("tender", "reduction")},
		"giftCard.refund":    {"Where the money goes when goods that it paid come back.", oneWord("card", "money")},
	}
}

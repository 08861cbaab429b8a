package loyalty

func walletNotes() map[string]schemaNote {
	return map[string]schemaNote{
		"document.wallets": {"Wallets beside the points.", schemaNode{"maxItems": MaxWallets}},
		"wallet.id":        {"Names the wallet in every entry and account.", schemaNode{"pattern": idForm.String(), "not": schemaNode{"const": pointsWallet}}},
		"wallet.name":      {"For receipts and screens.", nil},
		"wallet.unit":      {"What it holds: points of its own, or money of the programme's currency.", oneWord("points", "money")},
		"wallet.stores":    {"Where it is filled and used; left out, everywhere.", all(schemaNode{"maxItems": maxStores}, eachItem(between(1, 1<<32-1)))},
		"wallet.earns":     {"What it pays counts in rules that earn.", nil},
		"wallet.redeem":    {"How it pays; left out, it cannot. Money needs no point_value, and its figures are amounts.", nil},
		"wallet.without_purse": {"Most of it that pays a sale of a member without a card with a purse.",
			between(0, maxPoints)},
		"wallet.expiry":  {"The last day of what is in it, of rules without their own.", nil},
		"earn.wallet":    {"To which wallet the rule gives; left out, the points.", anID()},
		"earn.partner":   {"Who pays for what the rule gives.", anID()},
		"earn.tenders":   {"Of a rule per tender: what is counted when it is paid with these.", eachItem(oneWord(string(TenderCash), string(TenderCard), string(TenderGiftCard), string(TenderAccount)))},
		"earn.minimum":   {"What the goods of the rule must come to.", nil},
		"least":          {"", schemaNode{"minProperties": 1}},
		"least.amount":   {"In money, after reductions.", nil},
		"least.quantity": {"In units.", nil},
		"set.price":      {"Of one unit; it narrows what the other fields hold. Alone: of everything.", nil},
		"price":          {"", schemaNode{"minProperties": 1}},
		"price.from":     {"The lowest, included.", nil},
		"price.to":       {"The highest, included.", nil},
		"rate.value":     {"Of a wallet of money, in place of points: the amount for one step.", nil},
	}
}

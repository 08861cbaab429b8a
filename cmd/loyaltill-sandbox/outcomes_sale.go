package main

func saleOutcomes() group {
	return group{"Sales", []outcome{
		{"replayed", 201, "the key and body of a sale once more: its first answer, nothing is sold", `
			sale=uuid
			quote=.quote till POST /v1/lanes/1/quote {"lines":[$BREAD],"number":"$NORA"}
			till POST /v1/lanes/1/sales {"lines":[$BREAD],"number":"$NORA","quote":"$quote","tenders":[$CASH]} key=$sale
			till POST /v1/lanes/1/sales {"lines":[$BREAD],"number":"$NORA","quote":"$quote","tenders":[$CASH]} key=$sale`, "1", false},
		{"quote_changed", 409, "a bill other than the one shown", `
			quote=.quote till POST /v1/lanes/1/quote {"lines":[$BREAD]}
			till POST /v1/lanes/1/sales {"lines":[$FRUIT],"quote":"$quote","tenders":[{"kind":"cash","amount":500}]} key`, "1", false},
		{"tenders_wrong", 422, "a cent less than there is to pay", `
			quote=.quote till POST /v1/lanes/1/quote {"lines":[$BREAD]}
			till POST /v1/lanes/1/sales {"lines":[$BREAD],"quote":"$quote","tenders":[{"kind":"cash","amount":128}]} key`, "1", false},
		{"too_much", 422, "801 points: a cashier may take 800", `
			quote=.quote till POST /v1/lanes/1/quote {"lines":[$CRATE],"number":"$NORA","redeem":{"points":801}}
			till POST /v1/lanes/1/sales {"lines":[$CRATE],"number":"$NORA","redeem":{"points":801},"quote":"$quote","tenders":[{"kind":"cash","amount":9199}]} key`, "1", false},
		{"card_needed", 409, "1001 points by number: beyond 1000 it takes the card and its PIN", `
			quote=.quote till POST /v1/lanes/1/quote {"lines":[$CRATE],"number":"$NORA","redeem":{"points":1001}}
			till POST /v1/lanes/1/sales {"lines":[$CRATE],"number":"$NORA","redeem":{"points":1001},"quote":"$quote","tenders":[{"kind":"cash","amount":8999}]} key`, "1", false},
		{"sale_settled", 409, "a sale dropped that went through", `
			sale=uuid
			quote=.quote till POST /v1/lanes/1/quote {"lines":[$BREAD]}
			till POST /v1/lanes/1/sales {"lines":[$BREAD],"quote":"$quote","tenders":[$CASH]} key=$sale
			till DELETE /v1/sales/$sale`, "1", false},
		{"basket_unknown", 404, "a bill that nobody set aside", `
			basket=uuid
			till POST /v1/baskets/$basket/take {"lane":1}`, "1", false},
		{"basket_taken", 409, "a bill that a till is at work on", `
			basket=uuid
			till PUT /v1/baskets/$basket {"lines":[$BREAD]}
			till POST /v1/baskets/$basket/take {"lane":1}
			till POST /v1/baskets/$basket/take {"lane":2}`, "1", false},
		{"baskets_full", 409, "fifty bills that wait", `
			times 50 ? till PUT /v1/baskets/$uuid {"lines":[$BREAD]}
			till PUT /v1/baskets/$uuid {"lines":[$BREAD]}`, "", true},
	}}
}

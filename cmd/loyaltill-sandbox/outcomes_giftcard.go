package main

func giftCardOutcomes() group {
	return group{"Gift cards", []outcome{
		{"gift_card_unknown", 422, "serial G-404", `till GET /v1/gift-cards/G-404`, "5", false},
		{"gift_card_value", 422, "a card of 11.00 where there are those of 10.00 and 25.00", `till POST /v1/lanes/5/quote {"lines":[{"sku":"gc","name":"Gift card","quantity":1000,"amount":1100,"gift_card":{"kind":"gift","serial":"G-77"}}]}`, "5", false},
		{"gift_card_line", 422, "two cards of one serial on one line", `till POST /v1/lanes/5/quote {"lines":[{"sku":"gc","name":"Gift card","quantity":2000,"amount":2000,"gift_card":{"kind":"gift","serial":"G-77"}}]}`, "5", false},
		{"gift_card_serial", 422, "a serial with a blank", `till POST /v1/lanes/5/quote {"lines":[{"sku":"gc","name":"Gift card","quantity":1000,"amount":1000,"gift_card":{"kind":"gift","serial":"G 77"}}]}`, "5", false},
		{"gift_card_holder_missing", 422, "kind purse, and nobody at the till", `till POST /v1/lanes/5/quote {"lines":[{"sku":"gc","name":"Gift card","quantity":1000,"amount":500,"gift_card":{"kind":"purse","serial":"G-77"}}]}`, "5", false},
		{"gift_card_too_little", 422, "30.00 from a card of 25.00", `
			card=.serials.0 till POST /v1/lanes/5/gift-cards {"kind":"gift","count":1} key
			sale=uuid
			quote=.quote till POST /v1/lanes/5/quote {"lines":[{"sku":"gc","name":"Gift card","quantity":1000,"amount":2500,"gift_card":{"kind":"gift","serial":"$card"}}]}
			till POST /v1/lanes/5/sales {"lines":[{"sku":"gc","name":"Gift card","quantity":1000,"amount":2500,"gift_card":{"kind":"gift","serial":"$card"}}],"quote":"$quote","tenders":[{"kind":"cash","amount":2500}]} key=$sale
			till POST /v1/lanes/5/quote {"lines":[$CRATE],"tenders":[{"kind":"gift_card","amount":3000,"serial":"$card"}]}`, "5", false},
		{"gift_card_no_top_up", 422, "more money on a card of kind gift", `
			card=.serials.0 till POST /v1/lanes/5/gift-cards {"kind":"gift","count":1} key
			sale=uuid
			quote=.quote till POST /v1/lanes/5/quote {"lines":[{"sku":"gc","name":"Gift card","quantity":1000,"amount":1000,"gift_card":{"kind":"gift","serial":"$card"}}]}
			till POST /v1/lanes/5/sales {"lines":[{"sku":"gc","name":"Gift card","quantity":1000,"amount":1000,"gift_card":{"kind":"gift","serial":"$card"}}],"quote":"$quote","tenders":[{"kind":"cash","amount":1000}]} key=$sale
			till POST /v1/lanes/5/quote {"lines":[{"sku":"gc","name":"Gift card","quantity":1000,"amount":1000,"gift_card":{"kind":"gift","serial":"$card"}}]}`, "5", false},
		{"gift_card_inactive", 422, "a card that is paid later", `
			card=.serials.0 till POST /v1/lanes/5/gift-cards {"kind":"gift","count":1} key
			sale=uuid
			quote=.quote till POST /v1/lanes/5/quote {"lines":[{"sku":"gc","name":"Gift card","quantity":1000,"amount":1000,"gift_card":{"kind":"gift","serial":"$card"}}]}
			till POST /v1/lanes/5/sales {"lines":[{"sku":"gc","name":"Gift card","quantity":1000,"amount":1000,"gift_card":{"kind":"gift","serial":"$card"}}],"quote":"$quote","tenders":[{"kind":"account","amount":1000}]} key=$sale
			till POST /v1/lanes/5/quote {"lines":[$FRUIT],"tenders":[{"kind":"gift_card","amount":500,"serial":"$card"}]}`, "5", false},
		{"gift_card_whole_only", 422, "kind once: 3.00 of 5.00", `
			card=.serials.0 till POST /v1/lanes/5/gift-cards {"kind":"once","count":1} key
			sale=uuid
			quote=.quote till POST /v1/lanes/5/quote {"lines":[{"sku":"gc","name":"Gift card","quantity":1000,"amount":500,"gift_card":{"kind":"once","serial":"$card"}}]}
			till POST /v1/lanes/5/sales {"lines":[{"sku":"gc","name":"Gift card","quantity":1000,"amount":500,"gift_card":{"kind":"once","serial":"$card"}}],"quote":"$quote","tenders":[{"kind":"cash","amount":500}]} key=$sale
			till POST /v1/lanes/5/quote {"lines":[$CRATE],"tenders":[{"kind":"gift_card","amount":300,"serial":"$card"}]}`, "5", false},
		{"gift_card_used", 422, "kind once a second time", `
			card=.serials.0 till POST /v1/lanes/5/gift-cards {"kind":"once","count":1} key
			sale=uuid
			quote=.quote till POST /v1/lanes/5/quote {"lines":[{"sku":"gc","name":"Gift card","quantity":1000,"amount":500,"gift_card":{"kind":"once","serial":"$card"}}]}
			till POST /v1/lanes/5/sales {"lines":[{"sku":"gc","name":"Gift card","quantity":1000,"amount":500,"gift_card":{"kind":"once","serial":"$card"}}],"quote":"$quote","tenders":[{"kind":"cash","amount":500}]} key=$sale
			quote=.quote till POST /v1/lanes/5/quote {"lines":[$FRUIT],"tenders":[{"kind":"gift_card","amount":500,"serial":"$card"}]}
			till POST /v1/lanes/5/sales {"lines":[$FRUIT],"quote":"$quote","tenders":[{"kind":"gift_card","amount":500,"serial":"$card"}]} key
			till POST /v1/lanes/5/quote {"lines":[$FRUIT],"tenders":[{"kind":"gift_card","amount":500,"serial":"$card"}]}`, "5", false},
		{"gift_card_not_for_these_goods", 422, "kind apple for bread", `
			card=.serials.0 till POST /v1/lanes/5/gift-cards {"kind":"apple","count":1} key
			sale=uuid
			quote=.quote till POST /v1/lanes/5/quote {"lines":[{"sku":"gc","name":"Gift card","quantity":1000,"amount":500,"gift_card":{"kind":"apple","serial":"$card"}}]}
			till POST /v1/lanes/5/sales {"lines":[{"sku":"gc","name":"Gift card","quantity":1000,"amount":500,"gift_card":{"kind":"apple","serial":"$card"}}],"quote":"$quote","tenders":[{"kind":"cash","amount":500}]} key=$sale
			till POST /v1/lanes/5/quote {"lines":[$BREAD],"tenders":[{"kind":"gift_card","amount":129,"serial":"$card"}]}`, "5", false},
		{"gift_card_below_minimum", 422, "kind large for a bill of 5.00", `
			card=.serials.0 till POST /v1/lanes/5/gift-cards {"kind":"large","count":1} key
			sale=uuid
			quote=.quote till POST /v1/lanes/5/quote {"lines":[{"sku":"gc","name":"Gift card","quantity":1000,"amount":500,"gift_card":{"kind":"large","serial":"$card"}}]}
			till POST /v1/lanes/5/sales {"lines":[{"sku":"gc","name":"Gift card","quantity":1000,"amount":500,"gift_card":{"kind":"large","serial":"$card"}}],"quote":"$quote","tenders":[{"kind":"cash","amount":500}]} key=$sale
			till POST /v1/lanes/5/quote {"lines":[$FRUIT],"tenders":[{"kind":"gift_card","amount":500,"serial":"$card"}]}`, "5", false},
		{"gift_card_not_now", 422, "kind next-year", `
			card=.serials.0 till POST /v1/lanes/5/gift-cards {"kind":"next-year","count":1} key
			sale=uuid
			quote=.quote till POST /v1/lanes/5/quote {"lines":[{"sku":"gc","name":"Gift card","quantity":1000,"amount":500,"gift_card":{"kind":"next-year","serial":"$card"}}]}
			till POST /v1/lanes/5/sales {"lines":[{"sku":"gc","name":"Gift card","quantity":1000,"amount":500,"gift_card":{"kind":"next-year","serial":"$card"}}],"quote":"$quote","tenders":[{"kind":"cash","amount":500}]} key=$sale
			till POST /v1/lanes/5/quote {"lines":[$FRUIT],"tenders":[{"kind":"gift_card","amount":500,"serial":"$card"}]}`, "5", false},
		{"gift_card_not_here", 422, "kind store-2", `
			card=.serials.0 till POST /v1/lanes/5/gift-cards {"kind":"store-2","count":1} key
			sale=uuid
			quote=.quote till POST /v1/lanes/5/quote {"lines":[{"sku":"gc","name":"Gift card","quantity":1000,"amount":500,"gift_card":{"kind":"store-2","serial":"$card"}}]}
			till POST /v1/lanes/5/sales {"lines":[{"sku":"gc","name":"Gift card","quantity":1000,"amount":500,"gift_card":{"kind":"store-2","serial":"$card"}}],"quote":"$quote","tenders":[{"kind":"cash","amount":500}]} key=$sale
			till POST /v1/lanes/5/quote {"lines":[$FRUIT],"tenders":[{"kind":"gift_card","amount":500,"serial":"$card"}]}`, "5", false},
		{"gift_card_not_this_member", 422, "a card of one member for the bill of another", `
			card=.serials.0 till POST /v1/lanes/5/gift-cards {"kind":"purse","count":1} key
			sale=uuid
			quote=.quote till POST /v1/lanes/5/quote {"lines":[{"sku":"gc","name":"Gift card","quantity":1000,"amount":500,"gift_card":{"kind":"purse","serial":"$card"}}],"number":"$PIA"}
			till POST /v1/lanes/5/sales {"lines":[{"sku":"gc","name":"Gift card","quantity":1000,"amount":500,"gift_card":{"kind":"purse","serial":"$card"}}],"number":"$PIA","quote":"$quote","tenders":[{"kind":"cash","amount":500}]} key=$sale
			till POST /v1/lanes/5/quote {"lines":[$FRUIT],"tenders":[{"kind":"gift_card","amount":500,"serial":"$card"}],"number":"$ROSA"}`, "5", false},
		{"gift_card_spent", 422, "a card that comes back as goods after it has paid", `
			card=.serials.0 till POST /v1/lanes/5/gift-cards {"kind":"gift","count":1} key
			sale=uuid
			quote=.quote till POST /v1/lanes/5/quote {"lines":[{"sku":"gc","name":"Gift card","quantity":1000,"amount":1000,"gift_card":{"kind":"gift","serial":"$card"}}]}
			till POST /v1/lanes/5/sales {"lines":[{"sku":"gc","name":"Gift card","quantity":1000,"amount":1000,"gift_card":{"kind":"gift","serial":"$card"}}],"quote":"$quote","tenders":[{"kind":"cash","amount":1000}]} key=$sale
			quote=.quote till POST /v1/lanes/5/quote {"lines":[$FRUIT],"tenders":[{"kind":"gift_card","amount":500,"serial":"$card"}]}
			till POST /v1/lanes/5/sales {"lines":[$FRUIT],"quote":"$quote","tenders":[{"kind":"gift_card","amount":500,"serial":"$card"}]} key
			till POST /v1/lanes/5/returns/quote {"sale":"$sale","all":true}`, "5", false},
	}}
}

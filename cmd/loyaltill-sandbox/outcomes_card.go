package main

func cardOutcomes() group {
	return group{"Cards", []outcome{
		{"card_tap_again", 409, "DEBIT is done and its answer lost: hold the card there again", `
			tap 2 anna
			till POST /v1/lanes/2/pin {"pin":"$PIN"}
			quote=.quote till POST /v1/lanes/2/quote {"lines":[$CRATE],"redeem":{"points":100}}
			sim PUT /readers/till2/fault {"kind":"short","bytes":1,"ins":"54"}
			till POST /v1/lanes/2/sales {"lines":[$CRATE],"redeem":{"points":100},"quote":"$quote","tenders":[{"kind":"cash","amount":9900}]} key
			then sim DELETE /readers/till2/card
			then sim PUT /readers/till2/card {"card":"anna"}
			then until till /v1/lanes/2 card.state=ready`, "2", false},
		{"card_session_stale", 409, "the card has forgotten its session at DEBIT", `
			tap 2 anna
			till POST /v1/lanes/2/pin {"pin":"$PIN"}
			quote=.quote till POST /v1/lanes/2/quote {"lines":[$CRATE],"redeem":{"points":100}}
			sim PUT /readers/till2/fault {"kind":"stale-session","ins":"54"}
			till POST /v1/lanes/2/sales {"lines":[$CRATE],"redeem":{"points":100},"quote":"$quote","tenders":[{"kind":"cash","amount":9900}]} key
			then sim DELETE /readers/till2/card
			then sim PUT /readers/till2/card {"card":"anna"}
			then until till /v1/lanes/2 card.state=ready`, "2", false},
		{"card_unproved", 409, "the answer to DEBIT lacks its proof", `
			tap 2 anna
			till POST /v1/lanes/2/pin {"pin":"$PIN"}
			quote=.quote till POST /v1/lanes/2/quote {"lines":[$CRATE],"redeem":{"points":100}}
			sim PUT /readers/till2/fault {"kind":"sw","sw":"9000","ins":"54"}
			till POST /v1/lanes/2/sales {"lines":[$CRATE],"redeem":{"points":100},"quote":"$quote","tenders":[{"kind":"cash","amount":9900}]} key
			then sim DELETE /readers/till2/card
			then sim PUT /readers/till2/card {"card":"anna"}
			then until till /v1/lanes/2 card.state=ready`, "2", false},
		{"pin_needed", 409, "points of a card without its PIN", `
			tap 2 anna
			quote=.quote till POST /v1/lanes/2/quote {"lines":[$CRATE],"redeem":{"points":1100}}
			till POST /v1/lanes/2/sales {"lines":[$CRATE],"redeem":{"points":1100},"quote":"$quote","tenders":[{"kind":"cash","amount":8900}]} key`, "2", false},
		{"card_here", 409, "a lost card that lies in the reader", `
			tap 2 anna
			till POST /v1/lanes/2/lost-card {}`, "2", false},
		{"card_needed", 409, "a PIN and no card", `
			out 2
			till POST /v1/lanes/2/pin {"pin":"$PIN"}`, "2", false},
		{"card_blocked", 0, "a card that its member has lost", `
			out 2
			till POST /v1/lanes/2/lost-card {"number":"$GERDA"}
			sim PUT /readers/till2/card {"card":"gerda"}
			until till /v1/lanes/2 card.code=card_blocked
			then out 2`, "2", true},
		{"member_erased", 0, "a card whose member was erased at head office", `
			member=.id till GET /v1/members?number=$HEDWIG
			run headoffice member erase --dir $HO --reason asked --yes $member
			sim PUT /readers/till2/card {"card":"hedwig"}
			until till /v1/lanes/2 card.code=member_erased
			then out 2`, "2", true},
		{"card_unknown", 0, "a card that no profile reads", `
			sim PUT /readers/till2/card {"card":"stranger"}
			until till /v1/lanes/2 card.code=card_unknown
			then out 2`, "2", false},
		{"card_random", 0, "a phone, which shows another number each time", `
			sim PUT /readers/till2/card {"card":"phone"}
			until till /v1/lanes/2 card.code=card_random
			then out 2`, "2", false},
		{"member_unknown", 0, "a card of another maker that nobody has registered", `
			sim PUT /readers/till2/card {"card":"badge"}
			until till /v1/lanes/2 card.code=member_unknown
			then out 2`, "2", false},
		{"card_mute", 0, "a damaged answer to reset", `
			sim DELETE /readers/till7/card
			sim PUT /readers/till7/fault {"kind":"atr","variant":"checksum","sticky":true}
			sim PUT /readers/till7/card {"card":"frida"}
			until till /v1/lanes/7 card.code=card_mute
			then sim DELETE /readers/till7/fault
			then sim DELETE /readers/till7/card
			then until till /v1/lanes/7 card.state=none`, "7", false},
		{"card_answer_cut", 0, "the answer to SELECT breaks off", `
			sim DELETE /readers/till7/card
			sim PUT /readers/till7/fault {"kind":"truncated","bytes":9,"ins":"A4","sticky":true}
			sim PUT /readers/till7/card {"card":"frida"}
			until till /v1/lanes/7 card.code=card_answer_cut
			then sim DELETE /readers/till7/fault
			then sim DELETE /readers/till7/card
			then until till /v1/lanes/7 card.state=none`, "7", false},
		{"card_answer_long", 0, "the answer to SELECT goes on beyond its end", `
			sim DELETE /readers/till7/card
			sim PUT /readers/till7/fault {"kind":"over-long","bytes":300,"ins":"A4","sticky":true}
			sim PUT /readers/till7/card {"card":"frida"}
			until till /v1/lanes/7 card.code=card_answer_long
			then sim DELETE /readers/till7/fault
			then sim DELETE /readers/till7/card
			then until till /v1/lanes/7 card.state=none`, "7", false},
		{"card_unreadable", 0, "status 6F00 in answer to KEY AGREE", `
			sim DELETE /readers/till7/card
			sim PUT /readers/till7/fault {"kind":"sw","sw":"6F00","ins":"88","sticky":true}
			sim PUT /readers/till7/card {"card":"frida"}
			until till /v1/lanes/7 card.code=card_unreadable
			then sim DELETE /readers/till7/fault
			then sim DELETE /readers/till7/card
			then until till /v1/lanes/7 card.state=none`, "7", false},
		{"card_terminated", 0, "a card that was ended", `
			sim POST /cards/frida/copies {"name":"ended","kind":"fork"}
			sim PUT /cards/ended/state {"state":"terminated"}
			sim PUT /readers/till7/card {"card":"ended"}
			until till /v1/lanes/7 card.code=card_terminated`, "7", true},
		{"card_wrong_issuer", 0, "a card of another chain", `
			sim POST /cards/frida/copies {"name":"foreigner","kind":"fork"}
			sim PUT /cards/foreigner/state {"state":"counterfeit"}
			sim PUT /readers/till7/card {"card":"foreigner"}
			until till /v1/lanes/7 card.code=card_wrong_issuer`, "7", true},
		{"card_counterfeit", 0, "a card whose certificate nobody of the chain signed", `
			sim POST /cards/frida/copies {"name":"forgery","kind":"fork"}
			sim PUT /cards/forgery/state {"state":"forged"}
			sim PUT /readers/till7/card {"card":"forgery"}
			until till /v1/lanes/7 card.code=card_counterfeit`, "7", true},
		{"card_copied", 0, "a card that was copied with its keys, after the other one has paid", `
			sim POST /cards/anna/copies {"name":"twin","kind":"fork"}
			tap 2 anna
			till POST /v1/lanes/2/pin {"pin":"$PIN"}
			quote=.quote till POST /v1/lanes/2/quote {"lines":[$CRATE],"redeem":{"points":100}}
			till POST /v1/lanes/2/sales {"lines":[$CRATE],"redeem":{"points":100},"quote":"$quote","tenders":[{"kind":"cash","amount":9900}]} key
			out 2
			sim PUT /readers/till2/card {"card":"twin"}
			until till /v1/lanes/2 card.code=card_copied
			then out 2`, "2", true},
	}}
}

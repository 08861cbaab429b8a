package main

func staffOutcomes() group {
	return group{"Staff and supervisors", []outcome{
		{"sign_in_needed", 401, "a store where cashiers must sign in", `other POST /v1/lanes/1/quote {"lines":[$BREAD]}`, "staff", false},
		{"session_over", 401, "a session that ended", `
			session=.token till POST /v1/session {"number":3,"pin":"$PIN"}
			clerk DELETE /v1/session
			clerk GET /v1/session`, "staff", false},
		{"role_refused", 403, "a cashier who looks at the staff", `
			session=.token till POST /v1/session {"number":3,"pin":"$PIN"}
			clerk GET /v1/staff`, "staff", false},
		{"staff_pin_wrong", 401, "PIN 0000 of the supervisor; the right one begins anew", `
			? till POST /v1/session {"number":2,"pin":"$PIN"}
			till POST /v1/session {"number":2,"pin":"0000"}`, "staff", false},
		{"staff_wait", 429, "the fourth wrong PIN", `
			person=.number owner POST /v1/staff {"name":"Wim","role":"cashier","language":"en","pin":"2580"} key
			times 3 ? till POST /v1/session {"number":$person,"pin":"0000"}
			till POST /v1/session {"number":$person,"pin":"0000"}`, "staff", true},
		{"staff_pin_easy", 422, "PIN 1111", `owner POST /v1/staff {"name":"Eva","role":"cashier","language":"en","pin":"1111"} key`, "staff", false},
		{"staff_name", 409, "a second Karl", `owner POST /v1/staff {"name":"Karl","role":"cashier","language":"en","pin":"2580"} key`, "staff", false},
		{"staff_unknown", 404, "number 99", `owner PUT /v1/staff/99/pin {"pin":"2580"}`, "staff", false},
		{"staff_last", 409, "the only manager goes", `
			session=.token till POST /v1/session {"number":1,"pin":"$PIN"}
			clerk DELETE /v1/staff/1`, "staff", false},
		{"second_needed", 409, "1001 points by hand: beyond 1000 it takes two", `
			session=.token till POST /v1/session {"number":2,"pin":"$PIN"}
			clerk POST /v1/adjustments {"lane":1,"number":"$ROSA","points":1001,"reason":"gift"} key`, "staff", false},
		{"second_same", 422, "the same person as the second", `
			session=.token till POST /v1/session {"number":2,"pin":"$PIN"}
			clerk POST /v1/adjustments {"lane":1,"number":"$ROSA","points":1001,"reason":"gift","second":{"number":2,"pin":"$PIN"}} key`, "staff", false},
		{"approval_unknown", 404, "an answer for what nobody refused", `till POST /v1/approvals {"number":2,"pin":"$PIN"} key`, "staff", false},
		{"approver_role", 422, "a cashier who answers for too_much", `
			sale=uuid
			quote=.quote till POST /v1/lanes/1/quote {"lines":[$CRATE],"number":"$SARA","redeem":{"points":801}}
			? till POST /v1/lanes/1/sales {"lines":[$CRATE],"number":"$SARA","redeem":{"points":801},"quote":"$quote","tenders":[{"kind":"cash","amount":9199}]} key=$sale
			till POST /v1/approvals {"number":3,"pin":"$PIN"} key=$sale`, "staff", false},
		{"approved", 201, "a supervisor who answers for too_much, and the same call again", `
			sale=uuid
			quote=.quote till POST /v1/lanes/1/quote {"lines":[$CRATE],"number":"$SARA","redeem":{"points":801}}
			? till POST /v1/lanes/1/sales {"lines":[$CRATE],"number":"$SARA","redeem":{"points":801},"quote":"$quote","tenders":[{"kind":"cash","amount":9199}]} key=$sale
			till POST /v1/approvals {"number":2,"pin":"$PIN"} key=$sale
			till POST /v1/lanes/1/sales {"lines":[$CRATE],"number":"$SARA","redeem":{"points":801},"quote":"$quote","tenders":[{"kind":"cash","amount":9199}]} key=$sale`, "staff", true},
		{"approval_needed", 422, "a sale undone in store 2, where a supervisor answers for that", `
			sale=uuid
			quote=.quote second POST /v1/lanes/1/quote {"lines":[$BREAD]}
			second POST /v1/lanes/1/sales {"lines":[$BREAD],"quote":"$quote","tenders":[$CASH]} key=$sale
			back=.quote second POST /v1/lanes/1/returns/quote {"sale":"$sale","void":"mistyped"}
			second POST /v1/lanes/1/returns {"sale":"$sale","void":"mistyped","quote":"$back"} key`, "staff", false},
		{"alert_unknown", 404, "an alert that there is not", `
			session=.token till POST /v1/session {"number":1,"pin":"$PIN"}
			clerk POST /v1/alerts/seen {"alert":"nothing","because":"looked"}`, "staff", false},
		{"alert_own", 409, "an alert about whoever sees to it", `
			session=.token till POST /v1/session {"number":1,"pin":"$PIN"}
			clerk POST /v1/adjustments {"lane":1,"number":"$ROSA","points":5001,"reason":"gift","second":{"number":2,"pin":"$PIN"}} key
			alert=~by_hand/[^"]* clerk GET /v1/alerts
			clerk POST /v1/alerts/seen {"alert":"$alert","because":"it was me"}`, "staff", false},
		{"support_unset", 422, "a file for support that nobody is named for", `
			session=.token till POST /v1/session {"number":1,"pin":"$PIN"}
			clerk POST /v1/bundle {}`, "staff", false},
		{"printer_taken", 409, "a test slip of the manager page on a printer that a till has", `
			owner POST /v1/devices/slip {"number":1,"name":"Till 1","printer":{"device":"$PRINTER_1","profile":"epson-tm-t20iii-80"}}`, "staff", false},
		{"ticket_unprinted", 409, "answers to a commissioning ticket that was not printed", `
			owner POST /v1/lanes/1/commission {"job":999999,"answers":[true]}`, "staff", false},
	}}
}

package main

func callOutcomes() group {
	return group{"The call itself", []outcome{
		{"bad_request", 400, "a body that is no JSON", `till POST /v1/lanes/1/quote {"lines":`, "1", false},
		{"body_too_large", 413, "a body of more than 256 KiB", `till POST /v1/lanes/1/quote blanks:300000`, "1", false},
		{"content_type", 415, "a body that does not say application/json", `form POST /v1/lanes/1/quote {}`, "1", false},
		{"field_invalid", 422, "a field that nobody knows", `till POST /v1/lanes/1/quote {"lines":[$BREAD],"colour":"red"}`, "1", false},
		{"key_missing", 400, "a sale without a key", `
			quote=.quote till POST /v1/lanes/1/quote {"lines":[$BREAD]}
			till POST /v1/lanes/1/sales {"lines":[$BREAD],"quote":"$quote","tenders":[$CASH]}`, "1", false},
		{"key_invalid", 400, "a key that is no UUID", `
			quote=.quote till POST /v1/lanes/1/quote {"lines":[$BREAD]}
			keyless POST /v1/lanes/1/sales {"lines":[$BREAD],"quote":"$quote","tenders":[$CASH]}`, "1", false},
		{"key_reused", 409, "a second bill under the key of a first", `
			sale=uuid
			quote=.quote till POST /v1/lanes/1/quote {"lines":[$BREAD]}
			till POST /v1/lanes/1/sales {"lines":[$BREAD],"quote":"$quote","tenders":[$CASH]} key=$sale
			quote=.quote till POST /v1/lanes/1/quote {"lines":[$FRUIT]}
			till POST /v1/lanes/1/sales {"lines":[$FRUIT],"quote":"$quote","tenders":[{"kind":"cash","amount":500}]} key=$sale`, "1", false},
		{"token_missing", 401, "no token", `nobody GET /v1/status`, "1", false},
		{"token_wrong", 401, "another token", `wrong GET /v1/status`, "1", false},
		{"origin_refused", 403, "a page that was not let in", `page POST /v1/lanes/1/quote {"lines":[$BREAD]}`, "1", false},
		{"origin_refused", 403, "a host name that is not of this machine", `rebound GET /v1/status`, "1", false},
		{"not_found", 404, "a call that there is not", `till GET /v1/nothing`, "1", false},
		{"lane_unknown", 404, "lane 99", `till GET /v1/lanes/99`, "1", false},
		{"sale_unknown", 404, "the key of no sale", `
			sale=uuid
			till GET /v1/sales/$sale`, "1", false},
		{"pairing_over", 404, "a pairing that nobody asked for", `page GET /v1/pairings/none`, "1", false},
		{"allowed", 0, "a page that a person let in: both show the same code, then it has a token of its own", `
			pairing=.pairing page POST /v1/pairings {}
			code=.code page GET /v1/pairings/$pairing
			owner POST /v1/origins {"origin":"https://shop.example","code":"$code","allow":true}
			until page /v1/pairings/$pairing state=allowed
			then owner DELETE /v1/origins?origin=https://shop.example`, "1", false},
		{"pairing_busy", 429, "more than eight pages that ask at once; wait five minutes for another time", `
			times 8 ? pages POST /v1/pairings {}
			pages POST /v1/pairings {}`, "1", true},
		{"origin_unknown", 404, "a page to be let in no more that never was", `owner DELETE /v1/origins?origin=https://shop.example`, "1", false},
	}}
}

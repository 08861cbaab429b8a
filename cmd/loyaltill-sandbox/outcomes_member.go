package main

func memberOutcomes() group {
	return group{"Members", []outcome{
		{"member_unknown", 404, "number 97000000999", `till GET /v1/members?number=97000000999`, "1", false},
		{"payment_card", 422, "number 4111111111111111, which looks like a bank's", `till POST /v1/lanes/1/member {"source":"keypad","text":"4111111111111111"}`, "1", false},
		{"member_no_card", 422, "a lost card of a member who has none", `till POST /v1/lanes/1/lost-card {"number":"$NORA"}`, "1", false},
		{"member_known", 409, "a number that is a member's", `till POST /v1/members {"lane":1,"card":{"source":"keypad","text":"$NORA"},"language":"en","consent":"2026-1"} key`, "1", false},
		{"consent_changed", 409, "consent to another text than the one in force", `till POST /v1/members {"lane":1,"card":{"source":"keypad","text":"97000000001"},"language":"en","consent":"2025-1"} key`, "1", false},
		{"enrol_off", 422, "a programme without a text of consent", `
			box PUT /programme {"name":"strict"}
			till POST /v1/members {"lane":1,"card":{"source":"keypad","text":"97000000001"},"language":"en","consent":"2026-1"} key
			then box PUT /programme {"name":"sandbox"}`, "", false},
		{"receiver_unknown", 404, "points for number 97000000999", `till POST /v1/lanes/1/transfers/quote {"number":"$NORA","to":"97000000999","points":100,"reason":"gift"}`, "1", false},
		{"transfer_unknown", 404, "a transfer that was never made", `
			sale=uuid
			till GET /v1/transfers/$sale`, "1", false},
		{"member_same", 422, "points for the member who gives them", `till POST /v1/lanes/1/transfers/quote {"number":"$NORA","to":"$NORA","points":100,"reason":"gift"}`, "1", false},
		{"member_limit", 422, "501 points for another member: the programme has 500", `till POST /v1/lanes/1/transfers/quote {"number":"$NORA","to":"$OLGA","points":501,"reason":"gift"}`, "1", false},
		{"member_reason", 422, "points given for a reason that the programme does not list", `till POST /v1/lanes/1/transfers/quote {"number":"$NORA","to":"$OLGA","points":100,"reason":"because"}`, "1", false},
		{"member_not_allowed", 422, "points given under a programme without transfers", `
			box PUT /programme {"name":"strict"}
			till POST /v1/lanes/1/transfers/quote {"number":"$NORA","to":"$OLGA","points":100,"reason":"gift"}
			then box PUT /programme {"name":"sandbox"}`, "", false},
		{"member_reserved", 422, "an old number with points set aside becomes part of another", `
			reservation=.reservation till POST /v1/reservations {"number":"$PIA","points":10,"until":"$NEXT_WEEK"} key
			till POST /v1/lanes/5/merges/quote {"number":"$TINA","gone":"$PIA"}
			then till POST /v1/reservations/$reservation/settle {"as":"cancel"} key`, "5", false},
		{"office_away", 503, "points given while head office does not answer", `
			box PUT /head-office {"reachable":false}
			until till /v1/status sync.feed=offline
			till POST /v1/lanes/1/transfers/quote {"number":"$NORA","to":"$OLGA","points":100,"reason":"gift"}
			then box PUT /head-office {"reachable":true}
			then until till /v1/status sync.feed=in_sync`, "", false},
	}}
}

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
	}}
}

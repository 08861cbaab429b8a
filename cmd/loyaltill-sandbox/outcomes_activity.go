package main

func activityOutcomes() group {
	return group{"Activities", []outcome{
		{"activity_unknown", 422, "an activity that the programme does not have", `till POST /v1/lanes/5/activities {"activity":"nothing","number":"$PIA"} key`, "5", false},
		{"activity_done", 422, "hello a second time", `
			? till POST /v1/lanes/5/activities {"activity":"hello","number":"$PIA"} key
			till POST /v1/lanes/5/activities {"activity":"hello","number":"$PIA"} key`, "5", false},
		{"activity_not_due", 422, "later, which is done in store 2", `till POST /v1/lanes/5/activities {"activity":"later","number":"$PIA"} key`, "5", false},
		{"activity_proof", 422, "newsletter without an address", `till POST /v1/lanes/5/activities {"activity":"newsletter","number":"$PIA"} key`, "5", false},
		{"activity_proof_used", 422, "newsletter with an address that another member gave", `
			? till POST /v1/lanes/5/activities {"activity":"newsletter","number":"$ROSA","proof":"rosa@example.com"} key
			till POST /v1/lanes/5/activities {"activity":"newsletter","number":"$PIA","proof":"rosa@example.com"} key`, "5", false},
		{"activity_answer", 422, "feedback with figure 6 of 5", `
			sale=uuid
			quote=.quote till POST /v1/lanes/5/quote {"lines":[$BREAD],"number":"$PIA"}
			till POST /v1/lanes/5/sales {"lines":[$BREAD],"number":"$PIA","quote":"$quote","tenders":[$CASH]} key=$sale
			till POST /v1/lanes/5/activities {"activity":"feedback","sale":"$sale"} key`, "5", false},
		{"referral_unknown", 422, "friend, and nobody named who brought them", `till POST /v1/lanes/5/activities {"activity":"friend","number":"$SARA"} key`, "5", false},
		{"referral_self", 422, "friend, brought by themselves", `till POST /v1/lanes/5/activities {"activity":"friend","number":"$SARA","referrer":"$SARA"} key`, "5", false},
		{"referral_has_bought", 422, "friend, who has bought before", `
			quote=.quote till POST /v1/lanes/5/quote {"lines":[$BREAD],"number":"$PIA"}
			till POST /v1/lanes/5/sales {"lines":[$BREAD],"number":"$PIA","quote":"$quote","tenders":[$CASH]} key
			till POST /v1/lanes/5/activities {"activity":"friend","number":"$PIA","referrer":"$ROSA"} key`, "5", false},
		{"too_often", 422, "wave, the seventh time on a day", `
			times 6 ? till POST /v1/lanes/5/activities {"activity":"wave","number":"$ROSA"} key
			till POST /v1/lanes/5/activities {"activity":"wave","number":"$ROSA"} key`, "5", false},
	}}
}

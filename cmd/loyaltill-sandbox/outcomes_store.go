package main

func storeOutcomes() group {
	return group{"The store and its head office", []outcome{
		{"no_programme", 503, "a store whose head office has published nothing", `
			session=.token other POST /v1/session {"number":1,"pin":"$PIN"}
			othersigned POST /v1/lanes/1/quote {"lines":[$BREAD]}`, "other", true},
		{"programme_not_begun", 409, "a programme that begins in 2099", `
			session=.token other POST /v1/session {"number":1,"pin":"$PIN"}
			box PUT /other-programme {"name":"future"}
			until other /v1/gift-card-kinds code=programme_not_begun
			othersigned POST /v1/lanes/1/quote {"lines":[$BREAD]}`, "other", true},
		{"sale_elsewhere", 422, "money in store 2 for a sale of store 1", `
			quote=.quote till POST /v1/lanes/8/quote {"lines":[$BREAD]}
			job=.job till POST /v1/lanes/8/sales {"lines":[$BREAD],"quote":"$quote","tenders":[$CASH]} key
			until till /v1/jobs/$job state=confirmed
			bill=~LB1:[^]]* sim GET /printers/till8/sheets/0.txt
			second POST /v1/payments {"sale":"$bill","tenders":[$CASH]} key`, "8", false},
	}}
}

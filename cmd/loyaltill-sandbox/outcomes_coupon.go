package main

func couponOutcomes() group {
	return group{"Coupons", []outcome{
		{"coupon_unknown", 404, "a kind that the programme does not have", `till POST /v1/lanes/4/coupons {"coupon":"nothing"} key`, "4", false},
		{"coupon_unreadable", 422, "a code that is none", `till POST /v1/lanes/4/quote {"lines":[$FRUIT],"number":"$OLGA","coupons":[{"code":"hello"}]}`, "4", false},
		{"coupon_not_yet", 422, "kind tomorrow: from tomorrow on", `
			serial=.serial till POST /v1/lanes/4/coupons {"coupon":"tomorrow"} key
			till POST /v1/lanes/4/quote {"lines":[$FRUIT],"number":"$OLGA","coupons":[{"code":"$serial"}]}`, "4", false},
		{"coupon_not_here", 422, "kind elsewhere: for store 2", `
			serial=.serial till POST /v1/lanes/4/coupons {"coupon":"elsewhere"} key
			till POST /v1/lanes/4/quote {"lines":[$FRUIT],"number":"$OLGA","coupons":[{"code":"$serial"}]}`, "4", false},
		{"coupon_not_yours", 422, "kind personal, issued to nobody", `till POST /v1/lanes/4/coupons {"coupon":"personal"} key`, "4", false},
		{"coupon_expired", 422, "kind over, whose last day is gone", `till POST /v1/lanes/4/coupons {"coupon":"over"} key`, "4", false},
		{"coupon_gone", 422, "kind rare: the third of two", `
			? till POST /v1/lanes/4/coupons {"coupon":"rare","count":2} key
			till POST /v1/lanes/4/coupons {"coupon":"rare"} key`, "4", false},
		{"coupon_forged", 422, "the flyer of 1.00 as one of 2.00", `till POST /v1/lanes/4/quote {"lines":[$FRUIT],"number":"$OLGA","coupons":[{"code":"$FORGED_FLYER"}]}`, "4", false},
		{"coupon_unnumbered", 422, "a flyer to be taken out of use: all are alike", `
			serial=.serial till POST /v1/lanes/4/coupons {"coupon":"flyer"} key
			till POST /v1/lanes/4/coupons/void {"serials":["$serial"],"reason":"lost"} key`, "4", false},
		{"coupon_used", 422, "a coupon a second time", `
			serial=.serial till POST /v1/lanes/4/coupons {"coupon":"coffee"} key
			quote=.quote till POST /v1/lanes/4/quote {"lines":[$FRUIT],"coupons":[{"code":"$serial"}]}
			till POST /v1/lanes/4/sales {"lines":[$FRUIT],"coupons":[{"code":"$serial"}],"quote":"$quote","tenders":[{"kind":"cash","amount":400}]} key
			till POST /v1/lanes/4/quote {"lines":[$FRUIT],"number":"$OLGA","coupons":[{"code":"$serial"}]}`, "4", false},
		{"coupon_void", 422, "a coupon that was taken out of use", `
			serial=.serial till POST /v1/lanes/4/coupons {"coupon":"coffee"} key
			till POST /v1/lanes/4/coupons/void {"serials":["$serial"],"reason":"lost"} key
			till POST /v1/lanes/4/quote {"lines":[$FRUIT],"number":"$OLGA","coupons":[{"code":"$serial"}]}`, "4", false},
		{"nothing_to_void", 409, "the rest of a batch that is used or void", `
			batch=.seq till POST /v1/lanes/4/coupons {"coupon":"coffee"} key
			job=.0.id till GET /v1/jobs?lane=4&class=coupon&limit=1
			until till /v1/jobs/$job state=confirmed
			till POST /v1/lanes/4/coupons/void {"batch":$batch,"reason":"misprint"} key`, "4", false},
	}}
}

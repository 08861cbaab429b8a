package main

func returnOutcomes() group {
	return group{"Returns", []outcome{
		{"return_nothing", 422, "all of a bill of which all came back", `
			sale=uuid
			quote=.quote till POST /v1/lanes/4/quote {"lines":[$BREAD],"number":"$OLGA"}
			till POST /v1/lanes/4/sales {"lines":[$BREAD],"number":"$OLGA","quote":"$quote","tenders":[$CASH]} key=$sale
			back=.quote till POST /v1/lanes/4/returns/quote {"sale":"$sale","all":true}
			till POST /v1/lanes/4/returns {"sale":"$sale","all":true,"quote":"$back"} key
			till POST /v1/lanes/4/returns/quote {"sale":"$sale","all":true}`, "4", false},
		{"return_more_than_sold", 422, "two of what was sold once", `
			sale=uuid
			quote=.quote till POST /v1/lanes/4/quote {"lines":[$BREAD],"number":"$OLGA"}
			till POST /v1/lanes/4/sales {"lines":[$BREAD],"number":"$OLGA","quote":"$quote","tenders":[$CASH]} key=$sale
			till POST /v1/lanes/4/returns/quote {"sale":"$sale","lines":[{"line":0,"quantity":2000}]}`, "4", false},
		{"void_late", 409, "a sale undone of which something came back", `
			sale=uuid
			quote=.quote till POST /v1/lanes/4/quote {"lines":[$BREAD],"number":"$OLGA"}
			till POST /v1/lanes/4/sales {"lines":[$BREAD],"number":"$OLGA","quote":"$quote","tenders":[$CASH]} key=$sale
			back=.quote till POST /v1/lanes/4/returns/quote {"sale":"$sale","all":true}
			till POST /v1/lanes/4/returns {"sale":"$sale","all":true,"quote":"$back"} key
			till POST /v1/lanes/4/returns/quote {"sale":"$sale","void":"mistyped"}`, "4", false},
		{"voided", 201, "a sale undone whole", `
			sale=uuid
			quote=.quote till POST /v1/lanes/4/quote {"lines":[$BREAD],"number":"$OLGA"}
			till POST /v1/lanes/4/sales {"lines":[$BREAD],"number":"$OLGA","quote":"$quote","tenders":[$CASH]} key=$sale
			back=.quote till POST /v1/lanes/4/returns/quote {"sale":"$sale","void":"mistyped"}
			till POST /v1/lanes/4/returns {"sale":"$sale","void":"mistyped","quote":"$back"} key`, "4", false},
		{"bill_unreadable", 422, "a code below a receipt that was changed", `till POST /v1/lanes/4/returns/quote {"sale":"LB1:AAAA","all":true}`, "4", false},
		{"goods_unknown", 422, "goods without a bill that this store has not sold", `till POST /v1/lanes/4/returns/quote {"unbilled":[{"sku":"4759999","quantity":1000}]}`, "4", false},
		{"quote_changed", 409, "a return other than the one shown", `
			sale=uuid
			quote=.quote till POST /v1/lanes/4/quote {"lines":[$BREAD],"number":"$OLGA"}
			till POST /v1/lanes/4/sales {"lines":[$BREAD],"number":"$OLGA","quote":"$quote","tenders":[$CASH]} key=$sale
			till POST /v1/lanes/4/returns {"sale":"$sale","all":true,"quote":"$OTHER_QUOTE"} key`, "4", false},
		{"return_without_bill", 422, "goods without a bill where the programme wants one", `
			box PUT /programme {"name":"strict"}
			till POST /v1/lanes/4/returns/quote {"unbilled":[{"sku":"4750001","quantity":1000}]}
			then box PUT /programme {"name":"sandbox"}`, "", false},
		{"return_token_used", 422, "the code below a receipt of store 1, a second time in store 2", `
			quote=.quote till POST /v1/lanes/8/quote {"lines":[$BREAD]}
			job=.job till POST /v1/lanes/8/sales {"lines":[$BREAD],"quote":"$quote","tenders":[$CASH]} key
			until till /v1/jobs/$job state=confirmed
			bill=~LB1:[^]]* sim GET /printers/till8/sheets/0.txt
			back=.quote second POST /v1/lanes/1/returns/quote {"sale":"$bill","all":true}
			second POST /v1/lanes/1/returns {"sale":"$bill","all":true,"quote":"$back"} key
			second POST /v1/lanes/1/returns/quote {"sale":"$bill","all":true}`, "8", false},
	}}
}

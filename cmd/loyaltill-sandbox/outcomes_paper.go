package main

func paperOutcomes() group {
	return group{"Paper", []outcome{
		{"confirmed", 0, "a receipt whose printer confirmed the cut", `
			quote=.quote till POST /v1/lanes/6/quote {"lines":[$BREAD]}
			job=.job till POST /v1/lanes/6/sales {"lines":[$BREAD],"quote":"$quote","tenders":[$CASH]} key
			until till /v1/jobs/$job state=confirmed`, "6", false},
		{"uncertain", 0, "the cable is pulled while the printer cuts: a person says what came out, here that nothing did", `
			sim POST /printers/till6/fault {"kind":"unplug","at":"cut"}
			quote=.quote till POST /v1/lanes/6/quote {"lines":[$BREAD]}
			job=.job till POST /v1/lanes/6/sales {"lines":[$BREAD],"quote":"$quote","tenders":[$CASH]} key
			until till /v1/jobs/$job state=uncertain
			then sim DELETE /printers/till6/fault
			then copy=.id till POST /v1/jobs/$job/answer {"printed":false} key
			then until till /v1/jobs/$copy state=confirmed`, "6", false},
		{"superseded", 0, "the roll ends in the middle of a receipt: a copy follows by itself", `
			sim POST /printers/till6/fault {"kind":"paper-out","at":"row","n":200}
			quote=.quote till POST /v1/lanes/6/quote {"lines":[$BREAD]}
			job=.job till POST /v1/lanes/6/sales {"lines":[$BREAD],"quote":"$quote","tenders":[$CASH]} key
			until till /v1/lanes/6 printer.code=printer_paper_out
			sim POST /printers/till6/paper {"loaded":true}
			until till /v1/jobs/$job state=superseded`, "6", false},
		{"job_unknown", 404, "job 999999", `till GET /v1/jobs/999999`, "6", false},
		{"job_state", 409, "a receipt cancelled that is on paper", `
			quote=.quote till POST /v1/lanes/6/quote {"lines":[$BREAD]}
			job=.job till POST /v1/lanes/6/sales {"lines":[$BREAD],"quote":"$quote","tenders":[$CASH]} key
			until till /v1/jobs/$job state=confirmed
			till POST /v1/jobs/$job/cancel`, "6", false},
		{"job_busy", 409, "a copy of a receipt that the printer is at", `
			sim POST /printers/till6/fault {"kind":"stuck-busy"}
			quote=.quote till POST /v1/lanes/6/quote {"lines":[$BREAD]}
			job=.job till POST /v1/lanes/6/sales {"lines":[$BREAD],"quote":"$quote","tenders":[$CASH]} key
			until till /v1/jobs/$job state=flushed
			till POST /v1/jobs/$job/reprint {} key
			then sim DELETE /printers/till6/fault`, "6", false},
		{"printer_missing", 422, "the drawer of lane 9, which has no printer", `till POST /v1/lanes/9/drawer key`, "6", false},
		{"template_refused", 422, "a preview of a template with faults", `till POST /v1/paper/preview {"paper":"sale","template":"nothing: [}"}`, "6", false},
		{"nothing_to_close", 409, "the day of store 2, closed a second time", `
			? second POST /v1/lanes/1/close {} key
			second POST /v1/lanes/1/close {} key`, "6", false},
		{"lane_papers", 409, "a till taken away whose paper waits for a new roll", `
			sim POST /printers/till6/paper {"loaded":false}
			until till /v1/lanes/6 printer.code=printer_paper_out
			quote=.quote till POST /v1/lanes/6/quote {"lines":[$BREAD]}
			job=.job till POST /v1/lanes/6/sales {"lines":[$BREAD],"quote":"$quote","tenders":[$CASH]} key
			owner PUT /v1/devices/lanes {"lanes":[{"number":1,"name":"Till 1","printer":{"device":"$PRINTER_1","profile":"epson-tm-t20iii-80"}}]}
			then sim POST /printers/till6/paper {"loaded":true}`, "6", false},
	}}
}

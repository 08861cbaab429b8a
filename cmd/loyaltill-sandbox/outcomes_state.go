package main

func stateOutcomes() group {
	return group{"Devices, head office, the agent itself", []outcome{
		{"printer_paper_out", 0, "no paper", `
			sim POST /printers/till7/paper {"loaded":false}
			until till /v1/lanes/7 printer.code=printer_paper_out
			then sim POST /printers/till7/paper {"loaded":true}
			then until till /v1/lanes/7 printer.state=ok`, "7", false},
		{"printer_cover_open", 0, "the cover is open", `
			sim POST /printers/till7/cover {"open":true}
			until till /v1/lanes/7 printer.code=printer_cover_open
			then sim POST /printers/till7/cover {"open":false}
			then until till /v1/lanes/7 printer.state=ok`, "7", false},
		{"printer_paper_low", 0, "the roll is nearly used up; it prints", `
			sim POST /printers/till7/fault {"kind":"paper-near-end"}
			until till /v1/lanes/7 printer.code=printer_paper_low
			then sim DELETE /printers/till7/fault
			then until till /v1/lanes/7 printer.state=ok`, "7", false},
		{"printer_absent", 0, "the cable is pulled", `
			sim POST /printers/till7/cable {"plugged":false}
			until till /v1/lanes/7 printer.code=printer_absent
			then sim POST /printers/till7/cable {"plugged":true}
			then until till /v1/lanes/7 printer.state=ok`, "7", false},
		{"offline", 0, "head office does not answer: the sale goes through, and is uploaded later", `
			box PUT /head-office {"reachable":false}
			quote=.quote till POST /v1/lanes/1/quote {"lines":[$BREAD]}
			till POST /v1/lanes/1/sales {"lines":[$BREAD],"quote":"$quote","tenders":[$CASH]} key
			until till /v1/status sync.state=offline
			then box PUT /head-office {"reachable":true}
			then until till /v1/status sync.state=in_sync
			then until till /v1/status sync.feed=in_sync`, "", false},
		{"restarted", 200, "the agent loses its power and comes back: what it sold, it knows", `
			sale=uuid
			quote=.quote till POST /v1/lanes/1/quote {"lines":[$BREAD]}
			till POST /v1/lanes/1/sales {"lines":[$BREAD],"quote":"$quote","tenders":[$CASH]} key=$sale
			box POST /agent/restart
			till GET /v1/sales/$sale`, "", false},
		{"reader_absent", 0, "the reader's cable is pulled", `
			sim PUT /readers/till8/cable {"plugged":false}
			until till /v1/lanes/8 reader.code=reader_absent
			then sim PUT /readers/till8/cable {"plugged":true}
			then until till /v1/lanes/8 reader.state=ok`, "8", false},
	}}
}

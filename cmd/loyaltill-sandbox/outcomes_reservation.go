package main

func reservationOutcomes() group {
	return group{"Reservations", []outcome{
		{"reservation_unknown", 404, "one that nobody made", `
			reservation=uuid
			till POST /v1/reservations/$reservation/settle {"as":"cancel"} key`, "5", false},
		{"redeem_refused", 422, "3001 points of a member without a card: 3000 at once", `till POST /v1/reservations {"number":"$PIA","points":3001,"until":"$NEXT_WEEK"} key`, "5", false},
		{"member_short", 422, "more points than there are", `till POST /v1/reservations {"number":"$TINA","points":50,"until":"$NEXT_WEEK"} key`, "5", false},
		{"reserve_settled", 409, "cancelled after it was confirmed", `
			reservation=.reservation till POST /v1/reservations {"number":"$PIA","points":10,"until":"$NEXT_WEEK"} key
			till POST /v1/reservations/$reservation/settle {"as":"confirm"} key
			till POST /v1/reservations/$reservation/settle {"as":"cancel"} key`, "5", false},
		{"reserve_runs", 422, "released before its time was over", `
			reservation=.reservation till POST /v1/reservations {"number":"$PIA","points":10,"until":"$NEXT_WEEK"} key
			till POST /v1/reservations/$reservation/settle {"as":"release"} key`, "5", false},
	}}
}

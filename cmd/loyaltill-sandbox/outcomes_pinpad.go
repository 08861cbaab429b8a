package main

func pinpadOutcomes() group {
	return group{"PIN on the reader, lane 8", []outcome{
		{"pin_on_reader", 409, "a PIN typed at a till whose reader has keys", `
			tap 8 dora
			till POST /v1/lanes/8/pin {"pin":"$PIN"}`, "8", false},
		{"pin_cancelled", 409, "the customer presses the red key", `
			tap 8 dora
			& till POST /v1/lanes/8/pinpad {}
			until sim /readers/till8/pinpad asks=true
			sim POST /readers/till8/keys {"keys":["4","cancel"]}`, "8", false},
		{"pin_timeout", 409, "the customer types nothing for too long", `
			tap 8 dora
			& till POST /v1/lanes/8/pinpad {}
			until sim /readers/till8/pinpad asks=true
			sim POST /readers/till8/keys {"keys":["4","timeout"]}`, "8", false},
		{"pin_wrong", 422, "the customer types 0000", `
			tap 8 dora
			& till POST /v1/lanes/8/pinpad {}
			until sim /readers/till8/pinpad asks=true
			sim POST /readers/till8/keys {"keys":["0","0","0","0","ok"]}`, "8", false},
		{"verified", 200, "the customer types the PIN", `
			tap 8 dora
			& till POST /v1/lanes/8/pinpad {}
			until sim /readers/till8/pinpad asks=true
			sim POST /readers/till8/keys {"keys":["4","7","1","1","ok"]}`, "8", false},
	}}
}

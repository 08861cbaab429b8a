package main

func pinOutcomes() group {
	return group{"PIN and PUK at the till", []outcome{
		{"pin_wrong", 422, "PIN 0000; the right one gives the tries back", `
			tap 3 clara
			? till POST /v1/lanes/3/pin {"pin":"$PIN"}
			tap 3 clara
			till POST /v1/lanes/3/pin {"pin":"0000"}`, "3", false},
		{"pin_format", 422, "a PIN with a letter", `
			tap 3 clara
			till POST /v1/lanes/3/pin {"pin":"47x1"}`, "3", false},
		{"pin_set", 422, "a first PIN for a card that has one", `
			tap 3 clara
			till PUT /v1/lanes/3/pin {"pin":"1357","again":"1357"}`, "3", false},
		{"pins_differ", 422, "a first PIN typed otherwise the second time", `
			tap 3 clara
			till PUT /v1/lanes/3/pin {"pin":"1357","again":"1358"}`, "3", false},
		{"pinpad_missing", 422, "the PIN asked on a reader without keys", `
			tap 3 clara
			till POST /v1/lanes/3/pinpad {}`, "3", false},
		{"puk_wrong", 422, "PUK 00000000; the right one gives the tries back", `
			tap 3 clara
			till POST /v1/lanes/3/unblock {"puk":"00000000","pin":"$PIN","again":"$PIN"}`, "3", false},
		{"pin_last_try", 422, "one try left, and no last_try in the call", `
			out 3
			sim PUT /cards/emma/state {"state":"pin-last-try"}
			tap 3 emma
			till POST /v1/lanes/3/pin {"pin":"0000"}`, "3", false},
		{"pin_blocked", 422, "no try left; the PUK, or the right PIN of another day, helps", `
			out 3
			sim PUT /cards/emma/state {"state":"pin-blocked"}
			tap 3 emma
			till POST /v1/lanes/3/pin {"pin":"$PIN","last_try":true}`, "3", false},
		{"unblocked", 200, "the PUK of the letter gives a new PIN", `
			out 3
			sim PUT /cards/emma/state {"state":"pin-blocked"}
			tap 3 emma
			till POST /v1/lanes/3/unblock {"puk":"$EMMA_PUK","pin":"$PIN","again":"$PIN"}`, "3", false},
		{"pin_not_set", 422, "a card whose member has chosen no PIN yet", `
			out 3
			sim PUT /cards/emma/state {"state":"pin-not-set"}
			tap 3 emma
			till POST /v1/lanes/3/pin {"pin":"$PIN"}`, "3", false},
		{"puk_blocked", 422, "no try at the PUK left", `
			out 3
			sim PUT /cards/emma/state {"state":"puk-blocked"}
			tap 3 emma
			till POST /v1/lanes/3/unblock {"puk":"$EMMA_PUK","pin":"$PIN","again":"$PIN"}`, "3", true},
		{"pin_wrong_untold", 422, "a card of another maker that does not tell its tries", `
			out 3
			sim PUT /readers/till3/card {"card":"keyed"}
			until till /v1/lanes/3 card.state=pin
			till POST /v1/lanes/3/pin {"pin":"0000"}`, "3", false},
	}}
}

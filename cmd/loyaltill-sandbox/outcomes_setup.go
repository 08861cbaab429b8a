package main

func setupOutcomes() group {
	return group{"A box that was just unpacked", []outcome{
		{"pair_form", 422, "a code that is none", `setup POST /v1/setup/pair {"code":"hello"}`, "setup", false},
		{"pair_address", 422, "a code without an address, and no address", `
			code=.bare box POST /pairing-codes {"store":5}
			setup POST /v1/setup/pair {"code":"$code"}`, "setup", false},
		{"pair_silent", 502, "an address where nobody answers", `
			code=.bare box POST /pairing-codes {"store":5}
			setup POST /v1/setup/pair {"code":"$code","head_office":"https://127.0.0.1:1"}`, "setup", false},
		{"pair_stranger", 422, "a code of another chain", `
			code=.bare box POST /pairing-codes {"store":5,"other":true}
			setup POST /v1/setup/pair {"code":"$code","head_office":"$HO_URL"}`, "setup", false},
		{"pair_refused", 422, "a code that another box has used", `
			code=.bare box POST /pairing-codes {"store":6}
			run loyaltill enrol --head-office $HO_URL --code $code --out $SPARE/identity
			setup POST /v1/setup/pair {"code":"$code","head_office":"$HO_URL"}`, "setup", true},
		{"device_unknown", 422, "a reader that is not plugged in", `setup POST /v1/setup/lanes {"lanes":[{"number":1,"name":"Till 1","reader":{"name":"Nothing"}}]}`, "setup", false},
		{"pair_done", 409, "a box that is paired", `
			code=.code box POST /pairing-codes {"store":7}
			setup POST /v1/setup/pair {"code":"$code"}
			setup POST /v1/setup/pair {"code":"$code"}`, "setup", true},
		{"lanes_wrong", 422, "two tills of one number", `setup POST /v1/setup/lanes {"lanes":[{"number":1,"name":"Till 1"},{"number":1,"name":"Till 2"}]}`, "setup", false},
	}}
}

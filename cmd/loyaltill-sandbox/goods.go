package main

import "strings"

// goods are lines of bills, each with an amount of its own.
func goods() map[string]string {
	return map[string]string{
		"BREAD": `{"sku":"4750001","name":"Bread","category":"food","quantity":1000,"amount":129,"tax":1200}`,
		"CRATE": `{"sku":"4750002","name":"Crate of wine","category":"drinks","quantity":1000,"amount":10000,"tax":2100}`,
		"FRUIT": `{"sku":"4750003","name":"Apples","category":"food/fruit","quantity":1000,"amount":500,"tax":1200}`,
		"CASH":  `{"kind":"cash","amount":129}`,

		"OTHER_QUOTE": strings.Repeat("0", 64), "FLYER": ean13("982850801100"), "FORGED_FLYER": ean13("982850801200"),
	}
}

// programmes are those that control can publish: the sandbox's, one without consent, transfers and returns without a bill, and one that has not begun.
func programmes() map[string][]byte {
	text := string(programme)
	consent := strings.Index(text, "  consent:\n")
	return map[string][]byte{
		"sandbox": programme,
		"strict":  []byte(strings.Replace(text[:consent], ", without_bill: lowest_price", "", 1)),
		"future":  []byte(strings.Replace(text, "valid_from: 2026-01-01T00:00", "valid_from: 2099-01-01T00:00", 1)),
	}
}

// profiles are of cards of other makers: contactless ones by their serial number, and one with a PIN that does not tell how many tries are left.
func profiles() map[string]string {
	return map[string]string{
		"contactless": `{ "profile": "contactless-uid", "version": 1, "priority": 1, "match": { "medium": "contactless" },
			"read": [ { "op": "uid" } ], "member": { "decode": "hex", "prefix": "UID-" }, "trust": { "level": "number" } }`,
		"keyed": `{ "profile": "keyed", "version": 1, "priority": 60, "match": { "medium": "contact" },
			"read": [ { "op": "select_aid", "aid": "F04F4C44434841494E01" }, { "op": "select_file", "fid": "EF01" },
				{ "op": "pin", "reference": "01", "encoding": "ascii", "length": 8, "padding": "FF", "wrong": ["9804"] },
				{ "op": "read_binary", "offset": 0, "length": 16, "as": "number" } ],
			"member": { "decode": "ascii", "trim": " ", "pattern": "[0-9]{10,16}", "check": "iso7064-11-10", "prefix": "FP-" }, "trust": { "level": "keyed" } }`,
	}
}

// strangeCards are cards of other makers: a phone, a badge that nobody registered, one of which nothing can be read, one with a PIN.
func strangeCards() map[string]string {
	return map[string]string{
		"phone":    `{ "format": "contactless UID 1", "random": true }`,
		"badge":    `{ "format": "contactless UID 1", "uid": "04A1B2C3D4E5F6" }`,
		"stranger": `{ "format": "ISO 7816 card 1", "applications": [ { "aid": "A0000000031010" } ] }`,
		"keyed": `{ "format": "ISO 7816 card 1", "pin": { "reference": "01", "block": "34373131FFFFFFFF", "tries": 3, "left": 3, "wrong_sw": "9804" },
			"applications": [ { "aid": "F04F4C44434841494E01", "files": [ { "fid": "EF01", "pin": true, "data": "38363039353734323731392020202020" } ] } ] }`,
	}
}

// ean13 adds the check digit.
func ean13(digits string) string {
	sum := 0
	for i, d := range digits {
		sum += int(d-'0') * (1 + 2*(i%2))
	}
	return digits + string(rune('0'+(10-sum%10)%10))
}

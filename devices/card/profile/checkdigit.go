package profile

import "strings"

// checks are the ways in which a number proves itself; nil takes any.
func checkNamed(name string) func(string) bool {
	switch name {
	case "luhn":
		return luhn
	case "ean":
		return ean
	case "mod97":
		return mod97
	case "iso7064-11-10":
		return mod1110
	}
	return nil
}

func digitsOnly(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// luhn is ISO/IEC 7812-1 annex B: every second digit from the right is doubled, its own digits added.
func luhn(s string) bool {
	if !digitsOnly(s) {
		return false
	}
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// ean is the check digit of GS1 keys, GS1 General Specifications 7.9: weights 3 and 1 from the right.
func ean(s string) bool {
	if !digitsOnly(s) {
		return false
	}
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			d *= 3
		}
		sum += d
	}
	return sum%10 == 0
}

// mod97 is ISO/IEC 7064 MOD 97-10: two check digits, letters count from A = 10.
func mod97(s string) bool {
	rest := 0
	for _, c := range strings.ToUpper(s) {
		switch {
		case c >= '0' && c <= '9':
			rest = (rest*10 + int(c-'0')) % 97
		case c >= 'A' && c <= 'Z':
			rest = (rest*100 + int(c-'A') + 10) % 97
		default:
			return false
		}
	}
	return len(s) > 2 && rest == 1
}

// mod1110 is ISO/IEC 7064 MOD 11,10, the hybrid system with one check digit.
func mod1110(s string) bool {
	if !digitsOnly(s) || len(s) < 2 {
		return false
	}
	p := 10
	for _, c := range s[:len(s)-1] {
		sum := (p + int(c-'0')) % 10
		if sum == 0 {
			sum = 10
		}
		p = sum * 2 % 11
	}
	return (p+int(s[len(s)-1]-'0'))%10 == 1
}

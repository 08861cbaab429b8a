package printersim

import "fmt"

// upcEBars draws UPC-E with number system 0 from six digits, or from seven or eight with system and check digit, or
// from a UPC-A number that can be shortened.
func upcEBars(d []byte) ([]bool, string, error) {
	if !onlyDigits(d) {
		return nil, "", errBarcode
	}
	var six string
	switch len(d) {
	case 6:
		six = string(d)
	case 7, 8:
		if d[0] != '0' {
			return nil, "", fmt.Errorf("%w: number system is not 0", errBarcode)
		}
		six = string(d[1:7])
	case 11, 12:
		short, ok := shortenUPC(string(d[:11]))
		if !ok {
			return nil, "", fmt.Errorf("%w: no short form", errBarcode)
		}
		six = short
	default:
		return nil, "", errBarcode
	}
	check := upcCheck(lengthenUPC(six))
	return upcEModules(six, check), "0" + six + string(rune('0'+check)), nil
}

// lengthenUPC gives the eleven digits that six stand for.
func lengthenUPC(s string) string {
	switch last := s[5]; last {
	case '0', '1', '2':
		return "0" + s[:2] + string(last) + "0000" + s[2:5]
	case '3':
		return "0" + s[:3] + "00000" + s[3:5]
	case '4':
		return "0" + s[:4] + "00000" + s[4:5]
	default:
		return "0" + s[:5] + "0000" + string(last)
	}
}

func shortenUPC(eleven string) (string, bool) {
	if eleven[0] != '0' {
		return "", false
	}
	for _, six := range []string{
		eleven[1:3] + eleven[8:11] + eleven[3:4], eleven[1:4] + eleven[9:11] + "3",
		eleven[1:5] + eleven[10:11] + "4", eleven[1:6] + eleven[10:11],
	} {
		if lengthenUPC(six) == eleven {
			return six, true
		}
	}
	return "", false
}

func upcCheck(eleven string) int {
	sum := 0
	for i, c := range eleven {
		sum += int(c-'0') * (3 - 2*(i%2))
	}
	return (10 - sum%10) % 10
}

// upcEModules: guard, six digits in odd or even parity by the check digit, end guard (GS1 General Specifications 5.2.2.4).
func upcEModules(six string, check int) []bool {
	odd := []string{
		"0001101", "0011001", "0010011", "0111101", "0100011",
		"0110001", "0101111", "0111011", "0110111", "0001011",
	}
	parity := []string{"EEEOOO", "EEOEOO", "EEOOEO", "EEOOOE", "EOEEOO", "EOOEEO", "EOOOEE", "EOEOEO", "EOEOOE", "EOOEOE"}
	modules := "101"
	for i, c := range six {
		pattern := odd[c-'0']
		if parity[check][i] == 'O' {
			modules += pattern
			continue
		}
		for j := len(pattern) - 1; j >= 0; j-- { // even parity: reversed and inverted
			modules += string(rune('0' + '1' - pattern[j]))
		}
	}
	modules += "010101"
	bars := make([]bool, len(modules))
	for i := range modules {
		bars[i] = modules[i] == '1'
	}
	return bars
}

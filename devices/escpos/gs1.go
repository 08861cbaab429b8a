package escpos

import (
	"fmt"
	"strings"
)

// checkEAN13 refuses what no scanner would take; the check digit may be left out.
func checkEAN13(data string) error {
	if digitRun(data) != len(data) {
		return fmt.Errorf("ean13 %q, want digits only", data)
	}
	if len(data) != 12 && len(data) != 13 {
		return fmt.Errorf("ean13 of %d digits, want 12 or 13", len(data))
	}
	if want := gs1CheckDigit(data[:12]); len(data) == 13 && data[12] != want {
		return fmt.Errorf("ean13 %s: check digit %c, want %c", data, data[12], want)
	}
	return nil
}

// gs1CheckDigit weighs digits by 3 and 1 in turn, from the right (GS1 General
// Specifications, 7.9).
func gs1CheckDigit(digits string) byte {
	sum := 0
	for i := range len(digits) {
		weight := 3
		if (len(digits)-1-i)%2 == 1 {
			weight = 1
		}
		sum += int(digits[i]-'0') * weight
	}
	return '0' + byte((10-sum%10)%10)
}

// gs1Element is an application identifier with its value.
type gs1Element struct{ ai, value string }

// gs1Lengths are the lengths of values that need no separator, by the first two
// digits of their identifier (GS1 General Specifications, figure 7.8.5-2), counted
// with the identifier.
func gs1Lengths() map[string]int {
	return map[string]int{
		"00": 20, "01": 16, "02": 16, "03": 16, "04": 18, "11": 8, "12": 8, "13": 8, "14": 8, "15": 8, "16": 8, "17": 8, "18": 8, "19": 8,
		"20": 4, "31": 10, "32": 10, "33": 10, "34": 10, "35": 10, "36": 10, "41": 16,
	}
}

// maxGS1128 is the most characters of a symbol, identifiers and separators included.
const maxGS1128 = 48

// encodeGS1128 takes elements as they are written for people and puts the function
// character before the first and behind each of variable length.
func encodeGS1128(data string) (code128, error) {
	elements, err := gs1Elements(data)
	if err != nil {
		return code128{}, fmt.Errorf("gs1_128 %q: %w", data, err)
	}
	lengths := gs1Lengths()
	raw := string([]byte{fnc1})
	for i, e := range elements {
		raw += e.ai + e.value
		if _, fixed := lengths[e.ai[:2]]; !fixed && i < len(elements)-1 {
			raw += string([]byte{fnc1})
		}
	}
	if len(raw)-1 > maxGS1128 {
		return code128{}, fmt.Errorf("gs1_128 %q of %d characters, want at most %d", data, len(raw)-1, maxGS1128)
	}
	return code128Safe(raw)
}

func gs1Elements(data string) ([]gs1Element, error) {
	var out []gs1Element
	for rest := data; rest != ""; {
		ai, after, closed := strings.Cut(strings.TrimPrefix(rest, "("), ")")
		if rest[0] != '(' || !closed || digitRun(ai) != len(ai) || len(ai) < 2 || len(ai) > 4 {
			return nil, fmt.Errorf("%q: want an application identifier of 2 to 4 digits in brackets", rest)
		}
		end := strings.IndexByte(after, '(')
		if end < 0 {
			end = len(after)
		}
		e := gs1Element{ai: ai, value: after[:end]}
		if err := e.check(); err != nil {
			return nil, err
		}
		out, rest = append(out, e), after[end:]
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no element, want as (01)04012345678901")
	}
	return out, nil
}

func (e gs1Element) check() error {
	const letters = `!"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz` // GS1 set 82
	if e.value == "" || strings.Trim(e.value, letters) != "" {
		return fmt.Errorf("(%s)%s: want characters of GS1 set 82", e.ai, e.value)
	}
	want, fixed := gs1Lengths()[e.ai[:2]]
	if !fixed {
		return nil
	}
	if len(e.ai)+len(e.value) != want || digitRun(e.value) != len(e.value) {
		return fmt.Errorf("(%s)%s: want %d digits", e.ai, e.value, want-len(e.ai))
	}
	const checked = "00 01 02 03 41" // these end with a check digit
	last := len(e.value) - 1
	if digit := gs1CheckDigit(e.value[:last]); strings.Contains(checked, e.ai[:2]) && e.value[last] != digit {
		return fmt.Errorf("(%s)%s: check digit %c, want %c", e.ai, e.value, e.value[last], digit)
	}
	return nil
}

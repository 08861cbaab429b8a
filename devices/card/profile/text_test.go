package profile

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestEveryReadyProfileOfTextReadsItsOwn(t *testing.T) {
	s := ready(t)
	for _, c := range []struct {
		what    string
		text    Text
		profile string
		number  string
	}{
		{"an EAN-13 by its AIM identifier", Text{Source: "barcode", Text: "]E02900000000018"}, "printed-ean13", "2900000000018"},
		{"an EAN-13 of a till that knows the kind", Text{Source: "barcode", Symbology: "ean13", Text: "2900000000018"}, "printed-ean13", "2900000000018"},
		{"a scan whose kind nobody knows", Text{Text: "2900000000018"}, "printed-ean13", "2900000000018"},
		{"a Code 128", Text{Source: "barcode", Text: "]C0LV0000012370"}, "printed-code128", "PC-LV0000012370"},
		{"a QR code with a link", Text{Source: "barcode", Symbology: "qr", Text: "https://loyalty.example.org/c/9ABCDEF23"}, "qr-link", "QR-9ABCDEF23"},
		{"track 2", Text{Source: "magstripe", Track: 2, Text: ";970000000012=2912?3"}, "magstripe-track2", "MS-970000000012"},
		{"a typed number", Text{Source: "keypad", Text: "9700 0000-0012"}, "typed-number", "OC-970000000012"},
	} {
		p, number, err := s.Text(c.text, nil)
		if err != nil || p.Name != c.profile || string(number) != c.number {
			t.Errorf("%s: %v %s, %v", c.what, p, string(number), err)
		}
	}
}

func TestTextOfOthersIsOfNoProfile(t *testing.T) {
	s := ready(t)
	for what, text := range map[string]Text{
		"goods":                          {Source: "barcode", Text: "]E04006381333931"},
		"a wrong check digit":            {Source: "barcode", Text: "]E02900000000019"},
		"an EAN-13 read as something":    {Source: "barcode", Text: "]I02900000000018"},
		"a kind that the till knows":     {Source: "barcode", Symbology: "code39", Text: "2900000000018"},
		"another track":                  {Source: "magstripe", Track: 1, Text: ";970000000012=2912?"},
		"a track without its end":        {Source: "magstripe", Track: 2, Text: ";970000000012=2912"},
		"a typed number that is short":   {Source: "keypad", Text: "970000"},
		"a stripe that says it is typed": {Source: "keypad", Text: ";970000000012=2912?"},
		"nothing":                        {},
		"too much":                       {Source: "keypad", Text: strings.Repeat("9", MaxTextBytes+1)},
	} {
		if p, _, err := s.Text(text, nil); !errors.Is(err, ErrNoProfile) {
			t.Errorf("%s: %v, %v", what, p, err)
		}
	}
}

// anything takes every text whole.
const anything = `{ "profile": "any", "version": 1, "priority": 1, "read": [ { "source": "keypad", "length": [1, 60] } ],
	"member": { "decode": "ascii", "prefix": "X-" ALLOW } }`

func TestANumberThatLooksLikeAPaymentCardsIsRefused(t *testing.T) {
	s := set(t, parse(t, strings.Replace(anything, "ALLOW", "", 1)))
	for _, pan := range []string{ // the networks' published test numbers
		"4111111111111111", "4222222222222", "5555555555554444", "2223003122003222", "378282246310005", "6011111111111117",
		"3530111333300000", "30569309025904", "6200000000000005", "6759649826438453", "4111 1111 1111 1111",
	} {
		if !LooksLikePaymentCard(pan) {
			t.Errorf("%s does not look like one", pan)
		}
		if _, _, err := s.Text(Text{Source: "keypad", Text: pan}, nil); !errors.Is(err, ErrPaymentCard) {
			t.Errorf("%s: %v", pan, err)
		}
	}
	for _, own := range []string{"9711111111111119", "4111111111111112", "123456789012", "411111111111111111111"} {
		if LooksLikePaymentCard(own) {
			t.Errorf("%s looks like one", own)
		}
	}
	for _, swiped := range []string{";4111111111111111=25121010000000000?", "%B4111111111111111^DOE/JANE^2512101?"} {
		if _, _, err := ready(t).Text(Text{Source: "magstripe", Text: swiped}, nil); !errors.Is(err, ErrPaymentCard) {
			t.Errorf("swiped: %v", err)
		}
	}
	allowed := set(t, parse(t, strings.Replace(anything, "ALLOW", `, "allow_prefixes": ["411111"]`, 1)))
	if _, number, err := allowed.Text(Text{Source: "keypad", Text: "4111111111111111"}, nil); err != nil || string(number) != "X-4111111111111111" {
		t.Errorf("the chain's own range: %v", err)
	}
	if _, _, err := allowed.Text(Text{Source: "keypad", Text: "5555555555554444"}, nil); !errors.Is(err, ErrPaymentCard) {
		t.Errorf("another range: %v", err)
	}
}

func TestNoPatternHidesAPaymentCard(t *testing.T) {
	hiding := strings.Replace(anything, "ALLOW", `, "pattern": "4([0-9]{14})1"`, 1)
	if _, _, err := set(t, parse(t, hiding)).Text(Text{Source: "keypad", Text: "4111111111111111"}, nil); !errors.Is(err, ErrPaymentCard) {
		t.Errorf("got %v", err)
	}
}

func TestNumbersHaveTheFormOfTheChains(t *testing.T) {
	bare := strings.NewReplacer(`, "prefix": "X-" ALLOW`, "").Replace(anything)
	for text, ok := range map[string]bool{"12345678": true, "1234567": false, "12345678901234567890": false, "ABC45678": false} {
		if _, _, err := set(t, parse(t, bare)).Text(Text{Source: "keypad", Text: text}, nil); (err == nil) != ok {
			t.Errorf("%s without a prefix: %v", text, err)
		}
	}
	prefixed := strings.Replace(anything, "ALLOW", "", 1)
	for text, ok := range map[string]bool{"ab12": true, "ab1": false, "ab_12": false, strings.Repeat("a", 33): false} {
		if _, _, err := set(t, parse(t, prefixed)).Text(Text{Source: "keypad", Text: text}, nil); (err == nil) != ok {
			t.Errorf("%s with a prefix: %v", text, err)
		}
	}
}

func TestNumbersAndKeysPrintMasked(t *testing.T) {
	_, number, err := ready(t).Text(Text{Source: "keypad", Text: "970000000012"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := ParseKeys([]byte(`{"k": "A0A1A2A3A4A5"}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []string{fmt.Sprint(number), fmt.Sprintf("%s %v %q", number, number, number), fmt.Sprintf("%v %+v %#v", keys, keys, keys)} {
		if strings.Contains(printed, "00000000") || strings.Contains(printed, "160") || strings.Contains(strings.ToUpper(printed), "A0A1") {
			t.Errorf("printed: %s", printed)
		}
	}
	for _, bad := range []string{`{"k": "A0A1A2A3A4"}`, `{"k": "A0A1A2A3A4XX"}`, `{"k": 7}`, `[]`} {
		if _, err := ParseKeys([]byte(bad)); !errors.Is(err, ErrKey) || strings.Contains(err.Error(), "A0A1A2A3A4X") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

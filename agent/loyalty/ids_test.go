package loyalty

import "testing"

func TestCardNumbersAreOursOrCarryAPrefix(t *testing.T) {
	for text, want := range map[string]struct{ digits, masked string }{
		"6034 0000 0000 0018": {"6034000000000018", "6034…0018"},
		"6034-0000-0000-0018": {"6034000000000018", "6034…0018"},
		"OC-970000000012":     {"OC-970000000012", "OC-…0012"},
		"UID-04A1B2C3D4E5F6":  {"UID-04A1B2C3D4E5F6", "UID-…E5F6"},
		"X-ab12":              {"X-ab12", "X-…"},
		"X-ab1234":            {"X-ab1234", "X-…34"},
	} {
		n, err := NewCardNumber(text)
		if err != nil || n.Digits() != want.digits || n.Masked() != want.masked {
			t.Errorf("%s: %s, %s, %v", text, n.Digits(), n.Masked(), err)
		}
	}
	for _, text := range []string{"", "1234567", "oc-970000000012", "OC-", "OC-123", "1C-97000000", "OC-97_000", "OC--9700", "TOOLONGAPREFIX-9700"} {
		if n, err := NewCardNumber(text); err == nil {
			t.Errorf("%q is number %s", text, n.Digits())
		}
	}
}

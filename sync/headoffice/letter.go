package headoffice

import (
	"strings"

	"loyaltill/internal/i18n"
)

// letter is the text that brings a member his PIN and PUK, in his language. It is for an envelope, and for nobody's screen.
func letter(language, masked string, pin, puk Secret) []byte {
	l, _ := i18n.Parse(language)
	args := i18n.Args{"number": masked}
	lines := []string{i18n.Text(l, "letter.title", args), "", i18n.Text(l, "letter.card", args), ""}
	if pin == "" {
		lines = append(lines, i18n.Text(l, "letter.choose", args))
	} else {
		lines = append(lines, i18n.Text(l, "letter.pin", args)+"  "+string(pin))
	}
	lines = append(lines, i18n.Text(l, "letter.puk", args)+"  "+string(puk), "", i18n.Text(l, "letter.keep", args), "")
	return []byte(strings.Join(lines, "\n"))
}

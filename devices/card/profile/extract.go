package profile

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"loyaltill/devices/card"
)

// extraction is how a number comes out of what was read.
type extraction struct {
	from           string
	uid            bool // what was read is a serial number: no payment card's, whatever it looks like
	tag            []byte
	offset, length int
	decode         func([]byte) (string, error)
	trim           string
	pattern        *regexp.Regexp
	check          func(string) bool
	prefix         string
	allowed        []string
}

// Why data holds no number. Errors never repeat it.
var (
	errTooShort = errors.New("there is less data than member.offset and member.length ask for")
	errPattern  = errors.New("member.pattern does not fit")
	errCheck    = errors.New("the check digit is wrong")
	errForm     = errors.New("is no number: want 8 to 19 digits, or with a prefix 4 to 32 letters and digits")
)

func (x *extraction) number(data []byte) (card.Number, error) {
	if x.tag != nil {
		value, ok := findTLV(data, x.tag, 0)
		if !ok {
			return "", fmt.Errorf("member.tlv %X: %w", x.tag, errNoTag)
		}
		data = value
	}
	if x.offset > len(data) || x.offset+x.length > len(data) {
		return "", errTooShort
	}
	data = data[x.offset:]
	if x.length > 0 {
		data = data[:x.length]
	}
	text, err := x.decode(data)
	if err != nil {
		return "", fmt.Errorf("member.decode: %w", err)
	}
	return x.fromText(text)
}

// fromText judges the decoded text. Whether it is a payment card's comes first: no pattern may hide that.
func (x *extraction) fromText(text string) (card.Number, error) {
	text = strings.Trim(text, x.trim)
	if x.isPayment(text) {
		return "", ErrPaymentCard
	}
	if x.pattern != nil {
		groups := x.pattern.FindStringSubmatch(text)
		if groups == nil {
			return "", errPattern
		}
		text = groups[len(groups)-1]
	}
	switch {
	case x.isPayment(text):
		return "", ErrPaymentCard
	case x.check != nil && !x.check(text):
		return "", errCheck
	case x.prefix == "" && (!digitsOnly(text) || len(text) < 8 || len(text) > 19):
		return "", errForm
	case x.prefix != "" && !prefixable(text):
		return "", errForm
	}
	return card.Number(x.prefix + text), nil
}

func (x *extraction) isPayment(text string) bool {
	allowed := slices.ContainsFunc(x.allowed, func(p string) bool { return strings.HasPrefix(text, p) })
	return !x.uid && !allowed && LooksLikePaymentCard(text)
}

const minPrefixed, maxPrefixed = 4, 32

func prefixable(text string) bool {
	return len(text) >= minPrefixed && len(text) <= maxPrefixed && strings.IndexFunc(text, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	}) < 0
}

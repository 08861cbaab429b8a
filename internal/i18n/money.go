package i18n

import (
	"strconv"
	"strings"

	"github.com/bojanz/currency"
)

// Currency is an ISO 4217 code and how many digits of minor units it has. The
// digits are the chain's setting, since the sources differ (the rial has 2 or 0).
type Currency struct {
	Code   string
	Digits uint8
}

// numberCurrency carries a plain number through the money formatter, which groups
// digits as CLDR does where other packages do not; its symbol is never shown.
const numberCurrency = "EUR"

const noBreakSpace = "\u00a0"

// leftToRightMark stands in front of Persian money; columns have their own
// direction, so it only costs.
const leftToRightMark = "\u200e"

// Money writes an amount in minor units with its currency symbol.
func Money(l Lang, minor int64, c Currency) string {
	text, ok := format(l, decimal(minor, c.Digits), c, currency.DisplaySymbol, c.Digits)
	if !ok { // a code that ISO does not list stands behind the number
		return Decimal(l, minor, c.Digits, c.Digits) + noBreakSpace + c.Code
	}
	return text
}

// Amount writes an amount in minor units without its currency, for columns of prices.
func Amount(l Lang, minor int64, c Currency) string { return Decimal(l, minor, c.Digits, c.Digits) }

// Number writes a whole number, such as points.
func Number(l Lang, n int64) string { return Decimal(l, n, 0, 0) }

// Decimal writes n as a fraction with the given digits, of which at least least are
// shown: a quantity of 350 thousandths with 3 and 0 is 0.35.
func Decimal(l Lang, n int64, digits, least uint8) string {
	text, _ := format(l, decimal(n, digits), Currency{Code: numberCurrency}, currency.DisplayNone, least)
	return text
}

// Percent writes basis points as a percentage: 2100 is 21%.
func Percent(l Lang, basisPoints int64) string {
	const perCent = 2
	sign := "%"
	if l == Persian {
		sign = "٪"
	}
	return Decimal(l, basisPoints, perCent, 0) + sign
}

func format(l Lang, number string, c Currency, display currency.Display, least uint8) (string, bool) {
	amount, err := currency.NewAmount(number, c.Code)
	if err != nil {
		return "", false
	}
	f := currency.NewFormatter(currency.NewLocale(string(l)))
	f.CurrencyDisplay = display
	f.MinDigits = least
	return strings.ReplaceAll(f.Format(amount), leftToRightMark, ""), true
}

// decimal writes n divided by 10 to the power of digits, exactly.
func decimal(n int64, digits uint8) string {
	text := strconv.FormatInt(n, 10)
	if digits == 0 {
		return text
	}
	sign := ""
	if text[0] == '-' {
		sign, text = "-", text[1:]
	}
	if missing := int(digits) + 1 - len(text); missing > 0 {
		text = strings.Repeat("0", missing) + text
	}
	point := len(text) - int(digits)
	return sign + text[:point] + "." + text[point:]
}

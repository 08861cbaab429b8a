package i18n

import (
	"fmt"
	"strings"
	"time"

	ptime "github.com/yaa110/go-persian-calendar"
)

// Date writes the calendar day of t in t's own time zone, in numbers: Jalali with
// Persian digits in Persian, Gregorian elsewhere.
func Date(l Lang, t time.Time) string {
	switch l {
	case English:
		return t.Format("02/01/2006") // day first, as everywhere in Europe
	case Latvian:
		return t.Format("02.01.2006.") // Latvian numeric dates end with a full stop
	case Persian:
		year, month, day := ptime.New(t).Date()
		return Digits(l, fmt.Sprintf("%04d/%02d/%02d", year, int(month), day))
	default:
		return t.Format("02.01.2006")
	}
}

// Time writes the time of day of t in t's own time zone, 24 hours.
func Time(l Lang, t time.Time) string { return Digits(l, t.Format("15:04")) }

// rightToLeftMark makes figures beside each other read from the right.
const rightToLeftMark = "\u200f"

// DateTime writes day and time. Digits have no direction, so Persian is told to
// read the day first.
func DateTime(l Lang, t time.Time) string {
	between := noBreakSpace
	if l.RTL() {
		between += rightToLeftMark
	}
	return Date(l, t) + between + Time(l, t)
}

// Digits writes the ASCII digits in text with the digits of the language.
func Digits(l Lang, text string) string {
	if l != Persian {
		return text
	}
	return strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' {
			return '۰' + c - '0'
		}
		return c
	}, text)
}

// Weekday returns the name of a day of the week.
func Weekday(l Lang, d time.Weekday) string {
	names := [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	return Text(l, "calendar."+names[d], nil)
}

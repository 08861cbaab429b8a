package loyalty

import "strings"

// date is a day of the Gregorian calendar as days since 1970-01-01. Days have no zone: the store's calendar decided which
// day it is before the engine is asked.
type date int32

const dateForm = "2026-11-22"

// parseDay reads 2026-11-22, years 1970 to 9999.
func parseDay(s string) (date, bool) {
	if len(s) != len(dateForm) || s[4] != '-' || s[7] != '-' {
		return 0, false
	}
	y, ok1 := digits(s[0:4])
	m, ok2 := digits(s[5:7])
	d, ok3 := digits(s[8:10])
	if !ok1 || !ok2 || !ok3 || y < 1970 || m < 1 || m > 12 || d < 1 || d > monthDays(y, m) {
		return 0, false
	}
	return dayOf(y, m, d), true
}

func digits(s string) (int, bool) {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

func monthDays(y, m int) int {
	switch m {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// dayOf counts from 1970-01-01, for years whose months start in March so that the leap day is the last.
func dayOf(y, m, d int) date {
	if m <= 2 {
		y--
		m += 12
	}
	return date(365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + d - 1 - 719468)
}

func (n date) split() (y, m, d int) {
	z := int(n) + 719468
	era := z / 146097
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	y, m, d = yoe+era*400, mp+3, doy-(153*mp+2)/5+1
	if m > 12 {
		y, m = y+1, m-12
	}
	return y, m, d
}

func (n date) String() string {
	y, m, d := n.split()
	b := [len(dateForm)]byte{4: '-', 7: '-'}
	put(b[0:4], y)
	put(b[5:7], m)
	put(b[8:10], d)
	return string(b[:])
}

func put(b []byte, n int) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
}

// weekday counts from Monday, 0; 1970-01-01 was a Thursday.
func (n date) weekday() int { return (int(n) + 3) % 7 }

// plusMonths keeps the day of the month, or takes the last day of a shorter month: 31 January + 1 month = 28 February.
func (n date) plusMonths(months int) date {
	y, m, d := n.split()
	m += months - 1
	y, m = y+m/12, m%12+1
	return dayOf(y, m, min(d, monthDays(y, m)))
}

// minusMonths is plusMonths back: 31 March - 1 month = 28 February.
func (n date) minusMonths(months int) date {
	y, m, d := n.split()
	m = y*12 + m - 1 - months
	y, m = m/12, m%12+1
	return dayOf(y, m, min(d, monthDays(y, m)))
}

// endOf is the last day of the month, quarter or year.
func (n date) endOf(period string) date {
	y, m, _ := n.split()
	switch period {
	case "quarter":
		m = (m + 2) / 3 * 3
	case "year":
		m = 12
	}
	return dayOf(y, m, monthDays(y, m))
}

// dayOfYear is month x 100 + day; 29 February is the 28th in a year without it.
type dayOfYear uint16

// next is the first of the given days of the year that is not before n. days rise, and end at the first 0.
func (n date) next(days []dayOfYear) date {
	y, _, _ := n.split()
	on := func(year int, d dayOfYear) date {
		m := int(d) / 100
		return dayOf(year, m, min(int(d)%100, monthDays(year, m)))
	}
	for _, d := range days {
		if day := on(y, max(d, days[0])); day >= n { // a 0 stands for the first again, which was before n
			return day
		}
	}
	return on(y+1, days[0])
}

// localTime is a store's wall clock: the day and the minute of it.
type localTime struct {
	day    date
	minute int
}

// parseLocal reads the local part of 2026-11-22T10:15:00.123+02:00; what follows the minutes is not needed here, but must
// be a time with offset.
func parseLocal(s string) (localTime, bool) {
	if len(s) < len("2026-11-22T10:15:00Z") || len(s) > len("2026-11-22T10:15:00.123456789+02:00") || s[16] != ':' {
		return localTime{}, false
	}
	t, ok := parseMinute(s[:16])
	if !ok || !secondsAndOffset(s[17:]) {
		return localTime{}, false
	}
	return t, true
}

// parseInstant reads the same form as one moment for all stores: milliseconds since 1970.
func parseInstant(s string) (int64, bool) {
	t, ok := parseLocal(s)
	if !ok {
		return 0, false
	}
	seconds, _ := digits(s[17:19])
	at := ((int64(t.day)*minutesOfDay+int64(t.minute))*60 + int64(seconds)) * 1000
	rest := s[19:]
	if rest[0] == '.' {
		end := len(rest) - len(strings.TrimLeft(rest[1:], "0123456789"))
		ms, _ := digits((rest[1:end] + "00")[:3])
		at, rest = at+int64(ms), rest[end:]
	}
	if rest == "Z" {
		return at, true
	}
	minute, _ := parseClock(rest[1:])
	if rest[0] == '-' {
		minute = -minute
	}
	return at - int64(minute)*60_000, true
}

func secondsAndOffset(s string) bool {
	if sec, ok := digits(s[:2]); !ok || sec > 59 {
		return false
	}
	s = s[2:]
	if rest, found := strings.CutPrefix(s, "."); found {
		s = strings.TrimLeft(rest, "0123456789")
		if len(s) == len(rest) {
			return false
		}
	}
	if s == "Z" {
		return true
	}
	if len(s) != 6 || s[0] != '+' && s[0] != '-' {
		return false
	}
	minute, ok := parseClock(s[1:])
	return ok && minute <= 14*60
}

// parseMinute reads 2026-11-22T10:15.
func parseMinute(s string) (localTime, bool) {
	if len(s) != len("2026-11-22T10:15") || s[10] != 'T' {
		return localTime{}, false
	}
	day, ok1 := parseDay(s[:10])
	minute, ok2 := parseClock(s[11:])
	return localTime{day, minute}, ok1 && ok2 && minute < minutesOfDay
}

const minutesOfDay = 24 * 60

// parseClock reads 00:00 to 24:00 as minutes of the day.
func parseClock(s string) (int, bool) {
	if len(s) != 5 || s[2] != ':' {
		return 0, false
	}
	h, ok1 := digits(s[:2])
	m, ok2 := digits(s[3:])
	n := h*60 + m
	return n, ok1 && ok2 && m < 60 && n <= minutesOfDay
}

func (t localTime) before(o localTime) bool {
	return t.day < o.day || t.day == o.day && t.minute < o.minute
}

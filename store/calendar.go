package store

import (
	"fmt"
	"time"
)

// Calendar turns instants into a store's local time and business days.
type Calendar struct {
	Location *time.Location
	Cut      time.Duration // wall-clock time after midnight at which a business day begins
}

// localLayout is local time with milliseconds and offset (docs/ledger.md, 1).
const localLayout = "2006-01-02T15:04:05.000-07:00"

// DayLayout is a business day in text.
const DayLayout = "2006-01-02"

// Local is the instant in the store's own time, as entries carry it.
func (c Calendar) Local(at time.Time) string { return at.In(c.Location).Format(localLayout) }

// BusinessDay is the calendar's day of an instant. It reads the wall clock, so a day that is 23 or 25 hours long still
// begins at the cut.
func (c Calendar) BusinessDay(at time.Time) string {
	local := at.In(c.Location)
	sinceMidnight := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute +
		time.Duration(local.Second())*time.Second + time.Duration(local.Nanosecond())
	year, month, day := local.Date()
	if sinceMidnight < c.Cut {
		day--
	}
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Format(DayLayout)
}

// NextDay is the calendar day after day.
func NextDay(day string) (string, error) {
	t, err := time.Parse(DayLayout, day)
	if err != nil {
		return "", fmt.Errorf("business day %q: want a date such as 2026-11-22", day)
	}
	return t.AddDate(0, 0, 1).Format(DayLayout), nil
}

// maxCut keeps a business day recognisable: it belongs to the date on which most of it lies.
const maxCut = 12 * time.Hour

func parseCut(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	t, err := time.Parse("15:04", s)
	cut := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	if err != nil || cut > maxCut {
		return 0, fmt.Errorf("%q: want a time from 00:00 to 12:00", s)
	}
	return cut, nil
}

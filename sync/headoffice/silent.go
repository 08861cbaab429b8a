package headoffice

import (
	"slices"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// leastHabit is how long a store must have sold before its closed weekdays are believed: two of each.
const leastHabit = 14 * 24 * time.Hour

// silent are the stores of which nothing was heard for a day on which they sell. Weekdays on which a store has not sold lately are
// no such days: who is closed on Sundays is silent from Monday evening on. A single holiday is not known.
func silent(all []hodb.Quiet, now time.Time) (ids []loyalty.StoreID) {
	for _, q := range all {
		if unheard(q, now) >= hodb.QuietAfter {
			ids = append(ids, q.Store)
		}
	}
	return ids
}

// unheard is how long nothing came of a store, hours of the weekdays left out on which it does not sell.
func unheard(q hodb.Quiet, now time.Time) (sum time.Duration) {
	zone, err := time.LoadLocation(q.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	open := weekdays(q)
	for at := q.Heard.In(zone); at.Before(now) && sum < hodb.QuietAfter; {
		next := time.Date(at.Year(), at.Month(), at.Day()+1, 0, 0, 0, 0, zone)
		if open == nil || slices.Contains(open, at.Weekday()) {
			sum += min(next.Sub(at), now.Sub(at))
		}
		at = next
	}
	return sum
}

// weekdays are those on which a store sells by its published days; nil when these are too few to tell.
func weekdays(q hodb.Quiet) (open []time.Weekday) {
	for i, text := range q.Days {
		day, err := time.Parse(time.DateOnly, text)
		if err != nil || i == 0 && q.Heard.Sub(day) < leastHabit {
			return nil
		}
		open = append(open, day.Weekday())
	}
	return open
}

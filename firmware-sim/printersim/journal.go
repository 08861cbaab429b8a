package printersim

import (
	"strings"
	"time"
)

// maxJournal is how many events a printer remembers; older ones are forgotten.
const maxJournal = 20000

// Event is one thing that the printer did or that was done to it.
type Event struct {
	N    int       `json:"n"` // counts from 1 and never repeats
	At   time.Time `json:"at"`
	Kind string    `json:"kind"`
	Text string    `json:"text,omitempty"`
}

type journal struct {
	events []Event
	count  int
}

func (j *journal) add(at time.Time, kind, text string) {
	const maxText = 200
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "..."
	}
	j.count++
	if len(j.events) >= maxJournal {
		j.events = append(j.events[:0], j.events[maxJournal/10:]...)
	}
	j.events = append(j.events, Event{N: j.count, At: at, Kind: kind, Text: text})
}

// after gives the remembered events that follow number n.
func (j *journal) after(n int) []Event {
	first := j.count - len(j.events)
	skip := min(max(n-first, 0), len(j.events))
	return append([]Event(nil), j.events[skip:]...)
}

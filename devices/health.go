// Package devices says how a device is doing, in one shape for card readers and printers.
//
// It owns the states and the rule for when a state began. It never talks to a device, never reads a clock and never
// holds text for people: the edge picks that from the code.
package devices

import "time"

// State is how a device is doing. The zero value is Unknown: nobody has looked yet.
type State string

const (
	Unknown   State = ""
	OK        State = "ok"
	Degraded  State = "degraded"  // works, with less than it should have
	Absent    State = "absent"    // not connected, or its service is not running
	Attention State = "attention" // a person has to do something: paper, cover, configuration
	Stuck     State = "stuck"     // an operation was given up and has not come back
)

// Code is a stable, public name for what was seen. Catalogues hold under "cashier." and the code what happened and what to
// do about it.
type Code string

// Health is what was last seen of a device and since when. It is a value: Next makes the following one.
type Health struct {
	State    State     `json:"state"`
	Code     Code      `json:"code,omitempty"`
	Since    time.Time `json:"since"`              // when State and Code became what they are
	LastGood time.Time `json:"last_good,omitzero"` // when the device was last seen working
}

// Next is the health after seeing state and code at now. A repeated sighting keeps Since.
func (h Health) Next(state State, code Code, now time.Time) Health {
	if state != h.State || code != h.Code {
		h.State, h.Code, h.Since = state, code, now
	}
	if state == OK {
		h.LastGood = now
	}
	return h
}

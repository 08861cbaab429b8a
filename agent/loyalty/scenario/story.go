package scenario

import (
	"errors"
	"fmt"
	"strings"

	"loyaltill/agent/loyalty"
)

// MaxBytes bounds the text of a story.
const MaxBytes = 1 << 20

// Story is one scenario file.
type Story struct {
	Title string // its first comment
	steps []step
}

// step is one line: a verb and what follows it.
type step struct {
	line       int
	verb, rest string
}

// LineError is a line of a story that cannot be played.
type LineError struct {
	Line int
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("%d: %v", e.Line, e.Err) }
func (e *LineError) Unwrap() error { return e.Err }

// Parse reads a story. Its error is a *LineError when a line begins with no verb that is known.
func Parse(text string) (*Story, error) {
	if len(text) > MaxBytes {
		return nil, fmt.Errorf("a story of %d bytes; keep to %d", len(text), MaxBytes)
	}
	s := &Story{}
	for i, line := range strings.Split(text, "\n") {
		line, comment, commented := strings.Cut(line, "#")
		if commented && s.Title == "" {
			s.Title = strings.TrimSpace(comment)
		}
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		verb, rest, _ := strings.Cut(line, " ")
		if _, known := verbs()[verb]; !known {
			return nil, &LineError{i + 1, fmt.Errorf("%q does not begin a line of a story", verb)}
		}
		s.steps = append(s.steps, step{i + 1, verb, strings.TrimSpace(rest)})
	}
	if len(s.steps) == 0 {
		return nil, errors.New("an empty story")
	}
	return s, nil
}

// verbs is everything that can happen.
func verbs() map[string]func(*player, string) error {
	return map[string]func(*player, string) error{
		"store": (*player).atStore, "day": (*player).onDay, "member": (*player).member, "basket": (*player).basket,
		"redeem": (*player).redeem, "reward": (*player).reward, "coupon": (*player).coupon, "pay": (*player).pay,
		"rounding": (*player).rounding, "merge": (*player).merge, "bill": (*player).pick, "return": (*player).bringBack, "expect": (*player).expect,
	}
}

// Row is one thing that happened, for a table.
type Row struct {
	Line    int
	At      string // local time
	Member  string // as the story names it; empty for nobody
	What    string // "sale", "return", "merge" or the code of a refusal
	Total   int64  // minor units
	ToPay   int64  // likewise; what is refunded is below zero
	Spent   loyalty.Points
	Earned  loyalty.Points // below zero when taken back
	Balance loyalty.Points
	Why     []loyalty.Finding
}

// Miss is an expectation that did not come true.
type Miss struct {
	Line      int
	What      string
	Want, Got string
}

func (m Miss) String() string {
	return fmt.Sprintf("%d: %s: want %s, got %s", m.Line, m.What, m.Want, m.Got)
}

// Result is how a story went.
type Result struct {
	Rows   []Row
	Misses []Miss
}

// Play runs the story under a programme. Its error says that the story cannot be played to its end: a *LineError. Every sale
// is also judged as head office would; what comes out there must be the same.
func (s *Story) Play(p *loyalty.Programme) (Result, error) {
	r := &player{p: p, store: 1, members: map[string]*person{}}
	if err := r.onDay(firstDay); err != nil {
		return Result{}, err
	}
	for _, st := range s.steps {
		r.line = st.line
		if err := verbs()[st.verb](r, st.rest); err != nil {
			return r.result, &LineError{st.line, err}
		}
	}
	if err := r.settle(); err != nil {
		return r.result, &LineError{r.line, err}
	}
	r.finish()
	return r.result, nil
}

// firstDay is when a story plays that names no day: a Tuesday.
const firstDay = "2026-11-24 10:00"

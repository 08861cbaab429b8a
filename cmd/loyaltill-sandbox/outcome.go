package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// outcome is a code, or a state, that the agent can answer, and how to have it answered.
//
// A new code of the API needs a row, or a reason in missing(): a test compares both with the agent's description. Write the row into
// the file of its subject, run `go test ./cmd/loyaltill-sandbox -run 'Outcome/CODE$'`, then `… -run Doc -update` for docs/sandbox.md.
//
// The steps are lines; each must succeed but the last, which must be answered with status and code:
//
//	WHO METHOD PATH [JSON] [key[=$NAME]]   a call: WHO is one of callers; key sends an Idempotency-Key, a new one or that of a variable
//	NAME=.field.0.field WHO METHOD …       keeps a field of the answer, later used as $NAME
//	WHO POST PATH blanks:N                 a body of N blanks
//	NAME=~PATTERN WHO METHOD …             keeps what the pattern finds in an answer that is text
//	NAME=uuid                              keeps a new id
//	? WHO METHOD …                         whatever it answers
//	times N WHO METHOD …                   as often; $uuid is a new id each time
//	& WHO METHOD …                         goes on while the call waits; its answer is the outcome
//	then STEP                              is taken after the outcome, to leave things as they were
//	until WHO PATH field.field=VALUE       asks until the answer has it
//	tap LANE CARD · out LANE               puts a card in and waits until it was read; takes it out
//	run PROGRAM ARGUMENT…                  a command of the product
//
// Rows of one lane run one after the other, rows of different lanes side by side: use the cards and members of the row's lane. A row leaves its lane
// as it found it, or says so with once. Rows without a lane run alone at the end: those that switch off what others need.
type outcome struct {
	code   string
	status int    // 0: a state, which the last step waits for
	how    string // what brings it, in a few words; the magic of it
	steps  string
	lane   string // whose rows it must not disturb
	once   bool   // uses something up: start the sandbox again for another time
}

// id names the row among those of its code.
func (o outcome) id() string {
	return strings.ReplaceAll(strings.ToLower(o.code+"-"+regexp.MustCompile(`[^A-Za-z0-9]+`).ReplaceAllString(o.how, "-")), "_", "-")
}

// step is one line of an outcome's steps.
type step struct {
	keeps, field string // variable, and the field of the answer that it takes
	may          bool   // be refused
	until        string // field=value that is waited for
	who          string
	method, path string
	body         string
	times        int    // how often; once when zero
	waits        bool   // while the steps after it are taken
	key          string // empty: none; new: a new one; else the variable that holds it
	run          []string
	after        bool // the outcome
}

var (
	keeping  = regexp.MustCompile(`^([a-z][a-z0-9_]*)=(\S+)(?: (.*))?$`)
	repeated = regexp.MustCompile(`^times ([0-9]+) (.*)$`)
	keyed    = regexp.MustCompile(`(?:^| )key(?:=\$([a-z][a-z0-9_]*))?$`)
)

// read takes the steps apart. What is wrong with them is the author's fault and named.
func (o outcome) read() ([]step, error) {
	var all []step
	for line := range strings.Lines(o.steps) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		for _, l := range spelledOut(line) {
			l, after := strings.CutPrefix(l, "then ")
			s, err := readStep(l)
			s.after = after
			if err != nil {
				return nil, fmt.Errorf("%s: %q: %w", o.code, l, err)
			}
			all = append(all, s)
		}
	}
	return all, nil
}

// spelledOut writes out what tap and out stand for.
func spelledOut(line string) []string {
	line, after := strings.CutPrefix(line, "then ")
	words := strings.Fields(line)
	if after && (words[0] == "tap" || words[0] == "out") {
		all := spelledOut(line)
		for i := range all {
			all[i] = "then " + all[i]
		}
		return all
	}
	reader := func() string { return "/readers/till" + words[1] + "/card" }
	switch {
	case words[0] == "tap" && len(words) == 3:
		return []string{
			"sim DELETE " + reader(), "until till /v1/lanes/" + words[1] + " card.state=none",
			fmt.Sprintf(`sim PUT %s {"card":"%s"}`, reader(), words[2]), "until till /v1/lanes/" + words[1] + " card.state=ready",
		}
	case words[0] == "out" && len(words) == 2:
		return []string{"sim DELETE " + reader(), "until till /v1/lanes/" + words[1] + " card.state=none"}
	}
	if after {
		line = "then " + line
	}
	return []string{line}
}

func readStep(line string) (s step, err error) {
	if words, ok := strings.CutPrefix(line, "run "); ok {
		s.run = strings.Fields(words)
		return s, nil
	}
	if m := keeping.FindStringSubmatch(line); m != nil {
		if s.keeps, s.field, line = m[1], m[2], m[3]; s.field == "uuid" {
			return s, nil
		}
	}
	if m := repeated.FindStringSubmatch(line); m != nil {
		s.times, _ = strconv.Atoi(m[1]) // digits
		line = m[2]
	}
	line, s.may = strings.CutPrefix(line, "? ")
	line, s.waits = strings.CutPrefix(line, "& ")
	if rest, ok := strings.CutPrefix(line, "until "); ok {
		words := strings.Fields(rest)
		if len(words) != 3 {
			return s, fmt.Errorf("want until WHO PATH FIELD=VALUE")
		}
		s.who, s.method, s.path, s.until = words[0], "GET", words[1], words[2]
		return s, s.checked()
	}
	if m := keyed.FindStringSubmatchIndex(line); m != nil {
		s.key = "new"
		if m[2] >= 0 {
			s.key = "$" + line[m[2]:m[3]]
		}
		line = line[:m[0]]
	}
	words := strings.SplitN(line, " ", 4)
	if len(words) < 3 {
		return s, fmt.Errorf("want WHO METHOD PATH")
	}
	s.who, s.method, s.path = words[0], words[1], words[2]
	if len(words) == 4 {
		s.body = words[3]
	}
	return s, s.checked()
}

func (s step) checked() error {
	if !slices.ContainsFunc(callers(), func(c caller) bool { return c.name == s.who }) {
		return fmt.Errorf("nobody is called %q", s.who)
	}
	return nil
}

// outcomes are all rows, in the order of the documentation.
func outcomes() []group {
	return []group{callOutcomes(), saleOutcomes(), memberOutcomes(), cardOutcomes(), pinOutcomes(), pinpadOutcomes(), returnOutcomes(), couponOutcomes(), giftCardOutcomes(),
		activityOutcomes(), reservationOutcomes(), paperOutcomes(), staffOutcomes(), trainingOutcomes(), storeOutcomes(), setupOutcomes(), stateOutcomes()}
}

// group is the outcomes of one subject.
type group struct {
	title string
	rows  []outcome
}

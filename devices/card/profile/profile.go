package profile

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

// Level says how a number is backed.
type Level string

// The levels, the better one first. A card with a purse is above both and has no profile.
const (
	LevelKeyed  Level = "keyed"  // the card has checked a PIN at this tap
	LevelNumber Level = "number" // anybody may hold it
)

// Trust is what a number that was read by a profile is good for.
type Trust struct {
	Level      Level
	Redeem     bool // while head office is in reach, within what the programme lets members without a purse
	OfflineCap int  // points in a store on a business day while it is not
}

// Profile is one kind of card or text, checked.
type Profile struct {
	Name     string
	Version  int
	Priority int
	Trust    Trust

	atr    atrPattern
	medium Medium
	steps  []step
	text   *textSource // in place of steps
	member extraction
}

// Parse reads and checks a profile file. The error is Faults: all that is wrong with it.
func Parse(file []byte) (*Profile, error) {
	if len(file) > MaxFileBytes {
		return nil, Faults{{1, 1, "", fmt.Sprintf("has %d bytes", len(file)), fmt.Sprintf("keep it within %d", MaxFileBytes)}}
	}
	root, err := parseJSON(file)
	var fault Fault
	if errors.As(err, &fault) {
		return nil, Faults{fault}
	}
	c := &compiler{reader: reader{at: map[string]place{}}}
	c.object(&root, "", reflect.ValueOf(&c.doc).Elem())
	if len(c.faults) > 0 {
		return nil, c.sorted() // what does not hold what it should cannot be judged further
	}
	p := c.profile()
	if len(c.faults) > 0 {
		return nil, c.sorted()
	}
	return p, nil
}

// compiler turns a document that is well formed into a profile.
type compiler struct {
	reader
	doc document
}

func (c *compiler) sorted() Faults {
	slices.SortStableFunc(c.faults, func(a, b Fault) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return c.faults
}

func (c *compiler) profile() *Profile {
	d := &c.doc
	p := &Profile{Name: d.Profile, Version: d.Version, Priority: d.Priority, medium: Medium(d.Match.Medium)}
	p.atr = c.atr(&d.Match)
	if d.Read[0].Source != "" {
		p.text = c.textSource(d)
	} else {
		p.steps = c.steps(d.Read)
		c.onlyKnownCards(d)
	}
	p.member = c.extraction(&d.Member, p)
	p.Trust = c.trust(d)
	c.privacy(&d.Privacy)
	return p
}

// onlyKnownCards refuses a profile that would read whatever a card has selected by itself: on a payment card that is its
// payment application.
func (c *compiler) onlyKnownCards(d *document) {
	reads := slices.ContainsFunc(d.Read, func(s stepDef) bool {
		return s.Op == opReadBinary || s.Op == opReadRecord || s.Op == opGetData || s.Op == opPIN || s.Op == opSelectFile
	})
	if reads && d.Read[0].Op != opSelectAID && d.Match.ATR == "" {
		c.fault("read[0]", "reads from any card whatever it has selected by itself", "begin with select_aid, or say in match.atr which cards are meant")
	}
}

func (c *compiler) extraction(d *memberDef, p *Profile) extraction {
	x := extraction{from: d.From, offset: d.Offset, length: d.Length, decode: decoderNamed(d.Decode), trim: d.Trim,
		check: checkNamed(d.Check), prefix: d.Prefix, allowed: d.Allowed}
	x.tag = unhex(d.TLV)
	c.readStep(d, p, &x)
	if d.Pattern != "" {
		var err error
		if x.pattern, err = regexp.Compile(`^(?:` + d.Pattern + `)$`); err != nil {
			c.fault("member.pattern", "is no RE2 expression: "+patternProblem(err), "write it like ^97[0-9]{10,14}$")
		} else if x.pattern.NumSubexp() > 1 {
			c.fault("member.pattern", fmt.Sprintf("has %d groups", x.pattern.NumSubexp()), "keep one round the number; write others as (?:…)")
		}
	}
	if p.text != nil && d.Decode != "ascii" && d.Decode != "utf8" {
		c.fault("member.decode", "is for bytes, and the till sends text", "write ascii or utf8")
	}
	if p.text != nil && d.TLV != "" {
		c.fault("member.tlv", "is for bytes, and the till sends text", "leave it out; offset, length and pattern take text apart")
	}
	if d.Decode == "hex" && d.Prefix == "" {
		c.fault("member.prefix", "is missing: letters are no number of the chain", "add a prefix such as OC-")
	}
	return x
}

// patternProblem says what is wrong without repeating the expression.
func patternProblem(err error) string {
	var wrong *syntax.Error
	if errors.As(err, &wrong) {
		return string(wrong.Code)
	}
	return "it is too large"

}

// readStep finds the step that the number comes from.
func (c *compiler) readStep(d *memberDef, p *Profile, x *extraction) {
	if p.text != nil {
		if d.From != "" && d.From != c.doc.Read[0].As {
			c.fault("member.from", "names no step", "leave it out: there is one text")
		}
		return
	}
	var named []string
	for _, s := range p.steps {
		if !s.reads() {
			continue
		}
		named = append(named, s.as)
		if d.From == "" || s.as == d.From {
			x.from, x.uid = s.as, s.op == opUID
		}
	}
	switch {
	case len(named) == 0:
		c.fault("read", "reads nothing", "add a step that reads: read_binary, read_record, get_data, uid or storage_block")
	case d.From == "" && len(named) > 1:
		c.fault("member.from", "is missing, and several steps read", fmt.Sprintf("name one of %v", named))
	case d.From != "" && !slices.Contains(named, d.From):
		c.fault("member.from", "names no step that reads", fmt.Sprintf("name one of %v", named))
	}
}

func (c *compiler) trust(d *document) Trust {
	t := Trust{Level: LevelNumber, Redeem: d.Trust.Redeem == "online", OfflineCap: d.Trust.OfflineCap}
	if d.Trust.Level != "" {
		t.Level = Level(d.Trust.Level)
	}
	if hasPIN := slices.ContainsFunc(d.Read, func(s stepDef) bool { return s.Op == opPIN }); t.Level == LevelKeyed && !hasPIN {
		c.fault("trust.level", "is keyed, and no step has a PIN checked", "add a pin step or write number")
	}
	if t.OfflineCap > 0 && !t.Redeem {
		c.fault("trust.offline_cap", "lets points be redeemed, and redeem does not", `write "redeem": "online" or leave offline_cap out`)
	}
	if d.Trust.Earn != nil && !*d.Trust.Earn {
		c.fault("trust.earn", "is false: such a card needs no profile", "write true or leave it out")
	}
	return t
}

func (c *compiler) privacy(d *privacyDef) {
	if d.MaskLog != nil && !*d.MaskLog {
		c.fault("privacy.mask_log", "is false, and numbers are always masked", "write true or leave it out")
	}
}

// Keys names the secrets that the profile needs.
func (p *Profile) Keys() (names []string) {
	for _, s := range p.steps {
		if s.op == opStorageBlock {
			names = append(names, s.keyRef)
		}
	}
	return names
}

// Set is the profiles of a store, in the order in which they are tried.
type Set struct{ profiles []*Profile }

// NewSet orders profiles by priority, the highest first, then by name.
func NewSet(profiles ...*Profile) (*Set, error) {
	if len(profiles) > maxProfiles {
		return nil, fmt.Errorf("%d profiles; a store has at most %d", len(profiles), maxProfiles)
	}
	s := &Set{slices.Clone(profiles)}
	slices.SortFunc(s.profiles, func(a, b *Profile) int {
		if a.Priority != b.Priority {
			return b.Priority - a.Priority
		}
		return strings.Compare(a.Name, b.Name)
	})
	for i, p := range s.profiles {
		if slices.ContainsFunc(s.profiles[:i], func(o *Profile) bool { return o.Name == p.Name }) {
			return nil, fmt.Errorf("two profiles are called %s; give each its own name", p.Name)
		}
	}
	return s, nil
}

// Profiles are all profiles in the order in which they are tried.
func (s *Set) Profiles() []*Profile {
	if s == nil {
		return nil
	}
	return s.profiles
}

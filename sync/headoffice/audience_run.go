package headoffice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// audienceInput enters a segment or the rule of own articles, or takes one out.
type audienceInput struct {
	Segment  *SegmentRule  `json:"segment,omitempty"`
	Personal *PersonalRule `json:"personal,omitempty"`
	Drop     string        `json:"drop,omitempty"` // id of a segment
	Forget   bool          `json:"forget,omitempty"`
}

func (o *Office) putAudience(ctx context.Context, in audienceInput) (a Audience, err error) {
	err = o.db.Update(ctx, func(tx *hodb.Tx) error {
		if err := in.put(tx); err != nil {
			return err
		}
		if a, err = readAudience(tx); err == nil && len(a.Segments) > maxSegments {
			err = &FieldError{"id", fmt.Sprintf("keep to %d segments", maxSegments), nil}
		}
		return err
	})
	return a, err
}

func (in *audienceInput) put(tx *hodb.Tx) error {
	switch {
	case in.Segment != nil:
		if err := in.Segment.check(); err != nil {
			return err
		}
		return putRule(tx, hodb.AudienceSegment, in.Segment.ID, in.Segment)
	case in.Personal != nil:
		if err := in.Personal.check(); err != nil {
			return err
		}
		return putRule(tx, hodb.AudiencePersonal, "", in.Personal)
	case in.Forget:
		_, err := tx.DropAudience(hodb.AudiencePersonal, "")
		return err
	}
	was, err := tx.DropAudience(hodb.AudienceSegment, in.Drop)
	if err == nil && !was {
		err = &FieldError{"id", `"headoffice segment list" says which there are`, fmt.Errorf("no segment %.60q", in.Drop)}
	}
	return err
}

func putRule(tx *hodb.Tx, kind hodb.AudienceKind, id string, rule any) error {
	doc, err := json.Marshal(rule)
	if err != nil {
		return err
	}
	return tx.PutAudience(kind, hodb.AudienceRule{ID: id, Rule: doc})
}

func (o *Office) audience(ctx context.Context) (a Audience, err error) {
	err = o.db.View(ctx, func(tx *hodb.Tx) error {
		a, err = readAudience(tx)
		return err
	})
	return a, err
}

// AudienceOutcome says what working everything out anew changed.
type AudienceOutcome struct {
	Day     string         `json:"day"`
	Members int            `json:"members"` // looked at
	Changed int            `json:"changed"` // of whom stores are told something else now
	In      map[string]int `json:"in"`      // members by segment
	Listed  int            `json:"listed"`  // members with articles of their own
}

// reckon works out segments and own articles of every member on a day; today if not given.
func (o *Office) reckon(ctx context.Context, in dayInput) (out AudienceOutcome, err error) {
	out.Day, out.In = in.Day, map[string]int{}
	if _, err := time.Parse(time.DateOnly, in.Day); err != nil && in.Day != "" {
		return out, &FieldError{"day", "give a day such as 2026-11-25", err}
	}
	for last, more := loyalty.MemberID(0), true; more; {
		err = o.db.Update(ctx, func(tx *hodb.Tx) error {
			if out.Day == "" {
				if out.Day, err = o.today(tx); err != nil {
					return err
				}
			}
			last, err = out.some(tx, o.home.Keys, last)
			more = last != 0
			return err
		})
		if err != nil {
			return out, fmt.Errorf("segments of %s: %w", out.Day, err)
		}
	}
	o.changed.ring()
	return out, nil
}

// some takes the next members after one, and gives the last of them; 0 when there are no more.
func (out *AudienceOutcome) some(tx *hodb.Tx, keys *Keys, after loyalty.MemberID) (last loyalty.MemberID, err error) {
	rules, err := readAudience(tx)
	if err != nil {
		return 0, err
	}
	ids, err := tx.MembersAfter(after, membersAtOnce)
	for _, id := range ids {
		if err != nil {
			break
		}
		last = id
		var m *hodb.Member
		if m, err = tx.Member(id); err == nil {
			err = keys.reveal(tx, m)
		}
		if err == nil {
			err = out.one(tx, &rules, m)
		}
	}
	return last, err
}

func (out *AudienceOutcome) one(tx *hodb.Tx, rules *Audience, m *hodb.Member) error {
	why, err := rules.of(tx, m, out.Day)
	if err != nil {
		return err
	}
	segments, personal := why.lists()
	changed, err := tx.SetAudience(m, segments, personal)
	out.Members, out.Changed, out.Listed = out.Members+1, out.Changed+b2i(changed), out.Listed+b2i(len(personal) > 0)
	for _, s := range segments {
		out.In[s]++
	}
	return err
}

// reckonSome is the share of a day's work; without rules there is none.
func (o *Office) reckonSome(tx *hodb.Tx, out *DayOutcome, after loyalty.MemberID) (last loyalty.MemberID, err error) {
	rules, err := readAudience(tx)
	if err != nil || len(rules.Segments) == 0 && rules.Personal == nil {
		return 0, err
	}
	now := AudienceOutcome{Day: out.Day, In: map[string]int{}}
	last, err = now.some(tx, o.home.Keys, after)
	out.Segments += now.Changed
	return last, err
}

type whyInput struct {
	Member loyalty.MemberID `json:"member"`
	Day    string           `json:"day,omitempty"`
}

// whyAudience says of one member what he is in, what not, and why.
func (o *Office) whyAudience(ctx context.Context, in whyInput) (w AudienceWhy, err error) {
	err = o.db.View(ctx, func(tx *hodb.Tx) error {
		if in.Day == "" {
			if in.Day, err = o.today(tx); err != nil {
				return err
			}
		}
		if _, err := time.Parse(time.DateOnly, in.Day); err != nil {
			return &FieldError{"day", "give a day such as 2026-11-25", err}
		}
		rules, err := readAudience(tx)
		if err != nil {
			return err
		}
		m, err := tx.Member(in.Member)
		if err == nil {
			err = o.home.Keys.reveal(tx, m)
		}
		if err == nil {
			w, err = rules.of(tx, m, in.Day)
		}
		return unknownMember(err)
	})
	return w, err
}

func unknownMember(err error) error {
	if errors.Is(err, hodb.ErrNotFound) {
		return &FieldError{"member", "give the number of a member in the register", err}
	}
	return err
}

type attributesInput struct {
	Member     loyalty.MemberID `json:"member"`
	Attributes []string         `json:"attributes"`
}

func (o *Office) setAttributes(ctx context.Context, in attributesInput) (out attributesInput, err error) {
	if err := checkAttributes(in.Attributes); err != nil {
		return out, err
	}
	out = in
	slices.Sort(out.Attributes)
	out.Attributes = slices.Compact(out.Attributes)
	return out, o.db.Update(ctx, func(tx *hodb.Tx) error {
		if _, err := tx.Member(in.Member); err != nil {
			return unknownMember(err)
		}
		return o.setAttributesOf(tx, in.Member, out.Attributes)
	})
}

// PutSegment enters a segment, in place of the one of its id.
func (m Manager) PutSegment(ctx context.Context, r SegmentRule) (a Audience, err error) {
	err = m.call(ctx, opSegment, audienceInput{Segment: &r}, &a)
	return a, err
}

// DropSegment takes a segment out.
func (m Manager) DropSegment(ctx context.Context, id string) (a Audience, err error) {
	err = m.call(ctx, opSegment, audienceInput{Drop: id}, &a)
	return a, err
}

// PutPersonal says how members' own articles are found; nil ends the lists.
func (m Manager) PutPersonal(ctx context.Context, r *PersonalRule) (a Audience, err error) {
	err = m.call(ctx, opSegment, audienceInput{Personal: r, Forget: r == nil}, &a)
	return a, err
}

// Audience lists all rules.
func (m Manager) Audience(ctx context.Context) (a Audience, err error) {
	err = m.call(ctx, opSegments, none{}, &a)
	return a, err
}

// Reckon works everything out anew and tells the stores.
func (m Manager) Reckon(ctx context.Context, day string) (out AudienceOutcome, err error) {
	err = m.call(ctx, opAudience, dayInput{Day: day}, &out)
	return out, err
}

// ExplainSegments says of one member what he is in and why.
func (m Manager) ExplainSegments(ctx context.Context, id loyalty.MemberID, day string) (w AudienceWhy, err error) {
	err = m.call(ctx, opWhy, whyInput{Member: id, Day: day}, &w)
	return w, err
}

// SetAttributes makes a member's attributes what is given.
func (m Manager) SetAttributes(ctx context.Context, id loyalty.MemberID, attributes []string) error {
	var out attributesInput
	return m.call(ctx, opAttributes, attributesInput{Member: id, Attributes: attributes}, &out)
}

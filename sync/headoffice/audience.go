package headoffice

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// SegmentRule puts members into a segment; all that it says must hold. Days bounds the window of spend and visits that ends with a day;
// 0 is a lifetime.
type SegmentRule struct {
	ID          string   `json:"id"`
	Attributes  []string `json:"attributes,omitempty"` // city=riga; of one name, any of its values
	Days        int      `json:"days,omitempty"`
	LeastSpend  int64    `json:"least_spend,omitempty"` // minor units
	MostSpend   int64    `json:"most_spend,omitempty"`  // 0: no limit
	LeastVisits int64    `json:"least_visits,omitempty"`
	MostVisits  int64    `json:"most_visits,omitempty"`
	LeastAgo    int      `json:"least_ago,omitempty"` // days since the last purchase
	MostAgo     int      `json:"most_ago,omitempty"`
}

// PersonalRule lists what a member usually buys: the articles on most bills of the last days, on so many at least.
type PersonalRule struct {
	Top   int   `json:"top"`
	Days  int   `json:"days"`
	Least int64 `json:"least"` // bills
}

// Audience is all rules.
type Audience struct {
	Segments []SegmentRule `json:"segments"`
	Personal *PersonalRule `json:"personal,omitempty"`
}

// maxSegments bounds the segments of a chain: a member's row holds all that he is in.
const maxSegments = 64

// maxWindow bounds windows in days.
const maxWindow = 3660

var (
	segmentID = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)
	attribute = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}=[a-z0-9][a-z0-9_-]{0,39}$`)
)

func (r *SegmentRule) check() error {
	switch {
	case !segmentID.MatchString(r.ID):
		return &FieldError{"id", "give small letters, digits, - and _, at most 40", fmt.Errorf("%.60q", r.ID)}
	case len(r.Attributes) == 0 && r.LeastSpend == 0 && r.MostSpend == 0 && r.LeastVisits == 0 && r.MostVisits == 0 && r.LeastAgo == 0 && r.MostAgo == 0:
		return &FieldError{"id", "say who is in it: an attribute, spend, visits or the last purchase", fmt.Errorf("segment %s holds everybody", r.ID)}
	case r.Days < 0 || r.Days > maxWindow:
		return &FieldError{"days", fmt.Sprintf("give 1 to %d days, or none for a lifetime", maxWindow), nil}
	}
	for _, span := range []struct {
		field       string
		least, most int64
	}{{"spend", r.LeastSpend, r.MostSpend}, {"visits", r.LeastVisits, r.MostVisits}, {"ago", int64(r.LeastAgo), int64(r.MostAgo)}} {
		if span.least < 0 || span.most < 0 || span.most > 0 && span.most < span.least {
			return &FieldError{"most-" + span.field, "give what is not below the least, and nothing below zero", nil}
		}
	}
	return checkAttributes(r.Attributes)
}

func checkAttributes(all []string) error {
	for _, a := range all {
		if !attribute.MatchString(a) {
			return &FieldError{"attribute", "write name=value in small letters, digits, - and _", fmt.Errorf("%.90q", a)}
		}
	}
	return nil
}

func (r *PersonalRule) check() error {
	switch {
	case r.Top < 1 || r.Top > loyalty.MaxPersonal:
		return &FieldError{"top", fmt.Sprintf("give 1 to %d articles", loyalty.MaxPersonal), nil}
	case r.Days < 1 || r.Days > maxWindow:
		return &FieldError{"days", fmt.Sprintf("give 1 to %d days", maxWindow), nil}
	case r.Least < 1:
		return &FieldError{"least", "give at least one bill", nil}
	}
	return nil
}

// SegmentWhy is one segment and a member, with the figures that decide.
type SegmentWhy struct {
	Segment string `json:"segment"`
	In      bool   `json:"in"`
	From    string `json:"from,omitempty"` // first day of the window
	To      string `json:"to"`
	Spend   int64  `json:"spend"`
	Visits  int64  `json:"visits"`
	Last    string `json:"last,omitempty"` // day of the last purchase
	Missing string `json:"missing,omitempty"`
}

// judge works out from a member's past whether he is in the segment on a day, and what is missing if not.
func (r *SegmentRule) judge(past *loyalty.Past, attributes []string, day string) SegmentWhy {
	w := SegmentWhy{Segment: r.ID, To: day, Last: past.Last}
	if r.Days > 0 {
		w.From = dayAfter(day, 1-r.Days)
	}
	sum := past.Between(w.From, day)
	w.Spend, w.Visits = max(sum.Spend, 0), max(sum.Visits, 0)
	switch {
	case !r.attributed(attributes):
		w.Missing = "attributes"
	case w.Spend < r.LeastSpend, r.MostSpend > 0 && w.Spend > r.MostSpend:
		w.Missing = "spend"
	case w.Visits < r.LeastVisits, r.MostVisits > 0 && w.Visits > r.MostVisits:
		w.Missing = "visits"
	case r.LeastAgo > 0 && (past.Last == "" || past.Last > dayAfter(day, -r.LeastAgo)), r.MostAgo > 0 && past.Last < dayAfter(day, -r.MostAgo):
		w.Missing = "last"
	}
	w.In = w.Missing == ""
	return w
}

// attributed says whether a member has, of every name asked, one of its values.
func (r *SegmentRule) attributed(has []string) bool {
	return !slices.ContainsFunc(r.Attributes, func(a string) bool {
		return !slices.ContainsFunc(r.Attributes, func(o string) bool { return nameOf(o) == nameOf(a) && slices.Contains(has, o) })
	})
}

func nameOf(attribute string) string {
	name, _, _ := strings.Cut(attribute, "=")
	return name
}

// Usual is an article that a member buys, and on how many bills.
type Usual struct {
	SKU   string `json:"sku"`
	Bills int64  `json:"bills"`
	Kept  int64  `json:"kept"` // thousandths of pieces that did not come back
}

// usual counts what a member bought in a window and kept; gift cards are no articles. The first are on most bills, of those the
// most bought, of those the first by number.
func (r *PersonalRule) usual(bodies [][]byte) []Usual {
	var sales []*loyalty.Entry
	back := map[hodb.EntryKey]map[int]int64{}
	for _, body := range bodies {
		e, err := loyalty.DecodeEntry(body)
		if err != nil {
			continue // a case says so
		}
		if e.Sale != nil {
			sales = append(sales, e)
		}
		if e.Return != nil {
			lines := back[soldBy(e.Return)]
			if lines == nil {
				lines = map[int]int64{}
				back[soldBy(e.Return)] = lines
			}
			for _, l := range e.Return.Lines {
				lines[l.Line] += l.Quantity
			}
		}
	}
	found := map[string]*Usual{}
	for _, e := range sales {
		for sku, kept := range keptOf(e, back[hodb.EntryKey{Store: e.Store, Epoch: e.Epoch, Seq: e.Seq}]) {
			if found[sku] == nil {
				found[sku] = &Usual{SKU: sku}
			}
			found[sku].Bills++
			found[sku].Kept += kept
		}
	}
	var all []Usual
	for _, u := range found {
		if u.Bills >= r.Least {
			all = append(all, *u)
		}
	}
	slices.SortFunc(all, func(a, b Usual) int {
		return cmp.Or(cmp.Compare(b.Bills, a.Bills), cmp.Compare(b.Kept, a.Kept), cmp.Compare(a.SKU, b.SKU))
	})
	return all[:min(len(all), r.Top)]
}

// keptOf is how much of each article of a sale did not come back.
func keptOf(e *loyalty.Entry, back map[int]int64) map[string]int64 {
	kept := map[string]int64{}
	for i := range e.Sale.Lines {
		l := &e.Sale.Lines[i]
		if n := l.Quantity - back[i]; n > 0 && l.SKU != "" && l.GiftCard == nil {
			kept[l.SKU] += n
		}
	}
	return kept
}

// readAudience reads all rules.
func readAudience(tx *hodb.Tx) (a Audience, err error) {
	a.Segments = []SegmentRule{}
	segments, err := tx.AudienceRules(hodb.AudienceSegment)
	for _, r := range segments {
		var rule SegmentRule
		if err == nil {
			err = json.Unmarshal(r.Rule, &rule)
		}
		a.Segments = append(a.Segments, rule)
	}
	if err != nil {
		return a, err
	}
	personal, err := tx.AudienceRules(hodb.AudiencePersonal)
	if err == nil && len(personal) > 0 {
		a.Personal = &PersonalRule{}
		err = json.Unmarshal(personal[0].Rule, a.Personal)
	}
	return a, err
}

// AudienceWhy is what rules find of one member on a day.
type AudienceWhy struct {
	Member     loyalty.MemberID `json:"member"`
	Day        string           `json:"day"`
	Attributes []string         `json:"attributes"`
	Segments   []SegmentWhy     `json:"segments"`
	Personal   []Usual          `json:"personal"`
}

// of works out everything about one member from his entries. The same entries give the same answer.
func (a *Audience) of(tx *hodb.Tx, m *hodb.Member, day string) (w AudienceWhy, err error) {
	w = AudienceWhy{Member: m.ID, Day: day, Attributes: append([]string{}, m.Attributes...), Segments: []SegmentWhy{}, Personal: []Usual{}}
	past, err := tx.PastByDay(m.ID)
	if err != nil {
		return w, err
	}
	for i := range a.Segments {
		w.Segments = append(w.Segments, a.Segments[i].judge(&past, m.Attributes, day))
	}
	if a.Personal == nil {
		return w, nil
	}
	bodies, err := tx.MemberBodies(m.ID, dayAfter(day, 1-a.Personal.Days), day)
	if err != nil {
		return w, err
	}
	w.Personal = append(w.Personal, a.Personal.usual(bodies)...)
	return w, nil
}

// lists is what stores are told.
func (w *AudienceWhy) lists() (segments, personal []string) {
	for _, s := range w.Segments {
		if s.In {
			segments = append(segments, s.Segment)
		}
	}
	for _, u := range w.Personal {
		personal = append(personal, u.SKU)
	}
	slices.Sort(personal)
	return segments, personal
}

package agentdb

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"loyaltill/agent/loyalty"
)

// model is what a store and head office should come to, in the simplest words.
type model struct {
	t      *rapid.T
	box    *box
	sold   map[int]Committed                     // by transaction number
	log    []map[loyalty.MemberID]loyalty.Points // effect of each entry
	posted loyalty.Seq                           // head office has judged entries through here
	epoch  uint32
	feed   []Change // head office's feed of this epoch
	pages  []FeedPage
}

const modelMembers = 3

func (m *model) sum(member loyalty.MemberID, through loyalty.Seq) (sum loyalty.Points) {
	for _, effect := range m.log[:through] {
		sum += effect[member]
	}
	return sum
}

// extend adds what the ledger has that the model has not: the entries themselves are checked elsewhere.
func (m *model) extend() {
	r, err := m.box.EntriesFrom(m.t.Context(), loyalty.Seq(len(m.log)+1), 100, 1<<20)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, body := range r.Bodies {
		e, err := loyalty.DecodeEntry(body)
		if err != nil {
			m.t.Fatal(err)
		}
		effect := map[loyalty.MemberID]loyalty.Points{}
		for _, move := range e.Moves {
			if id, ok := loyalty.AccountMember(move.To); ok {
				effect[id] += move.Points
			}
			if id, ok := loyalty.AccountMember(move.From); ok {
				effect[id] -= move.Points
			}
		}
		m.log = append(m.log, effect)
	}
}

// post makes head office judge some more entries and say so in one group.
func (m *model) post(through loyalty.Seq) {
	m.posted = through
	for id := loyalty.MemberID(1); id <= modelMembers; id++ {
		row := memberRow(id, m.sum(id, through), through)
		m.feed = append(m.feed, Change{Seq: int64(len(m.feed) + 1), Member: row})
	}
	m.feed = append(m.feed, Change{Seq: int64(len(m.feed) + 1), Watermark: m.box.watermark(through)})
}

// page gives the whole groups after a cursor; a group is one post.
func (m *model) page(after int64) FeedPage {
	const group = modelMembers + 1
	next := min(int64(len(m.feed)), (after/group+1)*group)
	return FeedPage{Epoch: m.epoch, After: after, Next: next, UpToDate: next == int64(len(m.feed)), Changes: m.feed[after:next]}
}

// check compares every figure with the model.
func (m *model) check() {
	m.extend()
	pos, err := m.box.FeedPosition(m.t.Context())
	if err != nil {
		m.t.Fatal(err)
	}
	for id := loyalty.MemberID(1); id <= modelMembers; id++ {
		want := m.sum(id, loyalty.Seq(len(m.log)))
		got, err := m.box.Balance(m.t.Context(), id)
		if errors.Is(err, ErrNotFound) && pos.Cursor == 0 && pos.Epoch <= 1 {
			continue // nothing has come yet
		}
		if err != nil || got != want {
			m.t.Fatalf("member %d: balance %d, want %d (%v)", id, got, want, err)
		}
		state, err := m.box.State(m.t.Context(), id)
		if err != nil || loyalty.Balance(state.Lots) != want {
			m.t.Fatalf("member %d: lots hold %d, want %d (%v)", id, loyalty.Balance(state.Lots), want, err)
		}
	}
}

// The store's engine against the model: sales, repeats, conflicts, closes, nights, restarts, pages in time, twice and
// late, and a head office that is restored from a backup. After each step every balance is HQ's plus what came later.
func TestTheStoreAgreesWithItsModel(t *testing.T) {
	id, key := newIdentity(t)
	root := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp(root, "box")
		if err != nil {
			t.Fatal(err)
		}
		b := &box{dir: dir, identity: id, position: key, clock: &clock{at: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)}}
		open := func() {
			if b.DB, err = Open(t.Context(), b.dir, id, zerolog.Nop(), b.clock.now); err != nil {
				t.Fatal(err)
			}
		}
		open()
		defer func() {
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		}()
		m := &model{t: t, box: b, sold: map[int]Committed{}, epoch: 1}
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) { m.t = t; m.check() },
			"sell": func(t *rapid.T) {
				n := len(m.sold) + 1
				member := loyalty.MemberID(rapid.IntRange(0, modelMembers).Draw(t, "member"))
				c, err := b.Append(t.Context(), commitOf(n, member, loyalty.Points(rapid.IntRange(0, 50).Draw(t, "points"))))
				if err != nil || c.Replayed {
					t.Fatalf("sale %d: %v", n, err)
				}
				m.sold[n] = c
			},
			"repeat": func(t *rapid.T) {
				if len(m.sold) == 0 {
					t.Skip("nothing sold")
				}
				n := rapid.IntRange(1, len(m.sold)).Draw(t, "n")
				c, err := b.Append(t.Context(), commitOf(n, 1, 999))
				if err != nil || !c.Replayed || string(c.Body) != string(m.sold[n].Body) || c.Hash != m.sold[n].Hash {
					t.Fatalf("sale %d again: %+v, %v", n, c, err)
				}
				other := commitOf(n, 1, 999)
				other.RequestHash[3]++
				if _, err := b.Append(t.Context(), other); !errors.Is(err, ErrConflict) {
					t.Fatalf("sale %d with other content: %v", n, err)
				}
			},
			"close": func(t *rapid.T) {
				if _, err := b.CloseDay(t.Context(), closeOf(1_000_000+len(m.log))); err != nil && !errors.Is(err, ErrEmptyDay) {
					t.Fatal(err)
				}
			},
			"time": func(t *rapid.T) {
				b.clock.mu.Lock()
				b.clock.at = b.clock.at.Add(time.Duration(rapid.IntRange(-5, 30).Draw(t, "hours")) * time.Hour)
				b.clock.mu.Unlock()
			},
			"restart": func(t *rapid.T) {
				if err := b.Close(); err != nil {
					t.Fatal(err)
				}
				open()
			},
			"post": func(t *rapid.T) {
				m.extend()
				m.post(loyalty.Seq(rapid.IntRange(int(m.posted), len(m.log)).Draw(t, "through")))
			},
			"pull": func(t *rapid.T) {
				pos, err := b.FeedPosition(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				after := pos.Cursor
				if pos.Epoch != m.epoch {
					after = 0
				}
				if after == int64(len(m.feed)) {
					t.Skip("nothing new")
				}
				page := m.page(after)
				if _, err := b.ApplyFeed(t.Context(), page); err != nil {
					t.Fatal(err)
				}
				m.pages = append(m.pages, page)
			},
			"late page": func(t *rapid.T) {
				if len(m.pages) == 0 {
					t.Skip("no page yet")
				}
				page := rapid.SampledFrom(m.pages).Draw(t, "page")
				if _, err := b.ApplyFeed(t.Context(), page); err != nil {
					t.Fatal(err)
				}
			},
			"head office is restored": func(t *rapid.T) {
				pos, err := b.FeedPosition(t.Context())
				if err != nil || pos.Epoch != m.epoch || !pos.Complete {
					t.Skip("in the middle of a copy")
				}
				lost := rapid.IntRange(0, int(m.posted)).Draw(t, "lost")
				m.epoch, m.feed, m.pages = m.epoch+1, nil, nil
				m.post(m.posted - loyalty.Seq(lost))
			},
			"verify": func(t *rapid.T) {
				report, err := b.Verify(t.Context(), nil)
				if err != nil || len(report.Findings) != 0 {
					t.Fatalf("verify: %+v, %v", report.Findings, err)
				}
				checkDays(t, b)
			},
		})
	})
}

// checkDays fails unless closes tile the log and business days never go back.
func checkDays(t *rapid.T, b *box) {
	r, err := b.EntriesFrom(t.Context(), 1, 10_000, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	first, day := loyalty.Seq(1), ""
	for _, body := range r.Bodies {
		e, err := loyalty.DecodeEntry(body)
		if err != nil {
			t.Fatal(err)
		}
		if e.Day < day {
			t.Fatalf("entry %d: day %s after %s", e.Seq, e.Day, day)
		}
		if first < e.Seq && day != "" && e.Day != day && e.Kind != loyalty.KindClose {
			t.Fatalf("entry %d begins %s, but %s was not closed", e.Seq, e.Day, day)
		}
		day = e.Day
		if e.Kind == loyalty.KindClose {
			if e.Close.First != first || e.Close.Last != e.Seq-1 {
				t.Fatalf("close %d covers %d to %d, want from %d", e.Seq, e.Close.First, e.Close.Last, first)
			}
			first = e.Seq + 1
		}
	}
}

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
		m := &model{t: t, box: b, sold: map[int]Committed{}, epoch: 1}
		m.open()
		defer func() {
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		}()
		actions := map[string]func(){
			"": m.check, "sell": m.sell, "repeat": m.repeat, "close": m.closeDay, "time": m.time, "restart": m.restart,
			"post": m.postSome, "pull": m.pull, "late page": m.latePage, "restore head office": m.restoreOffice, "verify": m.verify,
		}
		steps := map[string]func(*rapid.T){}
		for name, act := range actions {
			steps[name] = func(t *rapid.T) { m.t = t; act() }
		}
		t.Repeat(steps)
	})
}

func (m *model) open() {
	var err error
	if m.box.DB, err = Open(m.t.Context(), m.box.dir, m.box.identity, zerolog.Nop(), m.box.clock.now); err != nil {
		m.t.Fatal(err)
	}
}

func (m *model) sell() {
	n := len(m.sold) + 1
	member := loyalty.MemberID(rapid.IntRange(0, modelMembers).Draw(m.t, "member"))
	c, err := m.box.Append(m.t.Context(), commitOf(n, member, loyalty.Points(rapid.IntRange(0, 50).Draw(m.t, "points"))))
	if err != nil || c.Replayed {
		m.t.Fatalf("sale %d: %v", n, err)
	}
	m.sold[n] = c
}

func (m *model) repeat() {
	if len(m.sold) == 0 {
		m.t.Skip("nothing sold")
	}
	n := rapid.IntRange(1, len(m.sold)).Draw(m.t, "n")
	c, err := m.box.Append(m.t.Context(), commitOf(n, 1, 999))
	if err != nil || !c.Replayed || string(c.Body) != string(m.sold[n].Body) || c.Hash != m.sold[n].Hash {
		m.t.Fatalf("sale %d again: %+v, %v", n, c, err)
	}
	other := commitOf(n, 1, 999)
	other.RequestHash[3]++
	if _, err := m.box.Append(m.t.Context(), other); !errors.Is(err, ErrConflict) {
		m.t.Fatalf("sale %d with other content: %v", n, err)
	}
}

func (m *model) closeDay() {
	if _, err := m.box.CloseDay(m.t.Context(), closeOf(1_000_000+len(m.log))); err != nil && !errors.Is(err, ErrEmptyDay) {
		m.t.Fatal(err)
	}
}

func (m *model) time() {
	c := m.box.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Duration(rapid.IntRange(-5, 30).Draw(m.t, "hours")) * time.Hour)
}

func (m *model) restart() {
	if err := m.box.Close(); err != nil {
		m.t.Fatal(err)
	}
	m.open()
}

func (m *model) postSome() {
	m.extend()
	m.post(loyalty.Seq(rapid.IntRange(int(m.posted), len(m.log)).Draw(m.t, "through")))
}

func (m *model) pull() {
	pos, err := m.box.FeedPosition(m.t.Context())
	if err != nil {
		m.t.Fatal(err)
	}
	after := pos.Cursor
	if pos.Epoch != m.epoch {
		after = 0
	}
	if after == int64(len(m.feed)) {
		m.t.Skip("nothing new")
	}
	page := m.page(after)
	if _, err := m.box.ApplyFeed(m.t.Context(), page); err != nil {
		m.t.Fatal(err)
	}
	m.pages = append(m.pages, page)
}

func (m *model) latePage() {
	if len(m.pages) == 0 {
		m.t.Skip("no page yet")
	}
	if _, err := m.box.ApplyFeed(m.t.Context(), rapid.SampledFrom(m.pages).Draw(m.t, "page")); err != nil {
		m.t.Fatal(err)
	}
}

func (m *model) restoreOffice() {
	pos, err := m.box.FeedPosition(m.t.Context())
	if err != nil || pos.Epoch != m.epoch || !pos.Complete {
		m.t.Skip("in the middle of a copy")
	}
	lost := rapid.IntRange(0, int(m.posted)).Draw(m.t, "lost")
	m.epoch, m.feed, m.pages = m.epoch+1, nil, nil
	m.post(m.posted - loyalty.Seq(lost))
}

func (m *model) verify() {
	report, err := m.box.Verify(m.t.Context(), nil)
	if err != nil || len(report.Findings) != 0 {
		m.t.Fatalf("verify: %+v, %v", report.Findings, err)
	}
	checkDays(m.t, m.box)
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

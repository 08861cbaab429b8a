package agentdb

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"loyaltill/agent/loyalty"
)

// TestAPageLeavesWhatItsLastWordsSay writes pages in which few members pass few cards, numbers and debits on to one another, and reads the
// tables: each thing is where it was told last, and a member has nothing else.
func TestAPageLeavesWhatItsLastWordsSay(t *testing.T) {
	box := newBox(t)
	rng := rand.New(rand.NewPCG(31, 7))
	want := map[string]string{} // a row's key in its table: the rest of the row
	rows := map[loyalty.MemberID][]string{}
	lines := map[loyalty.MemberID]string{}
	seq, turn := int64(0), []int(nil)
	for range 40 {
		page := FeedPage{Epoch: 1, After: seq}
		for range 1 + rng.IntN(100) {
			seq++
			if len(turn) == 0 || rng.IntN(50) == 0 {
				turn = rng.Perm(90)
			}
			m := passedOn(rng, loyalty.MemberID(1+turn[0]))
			turn = turn[1:]
			page.Changes = append(page.Changes, Change{Seq: seq, Member: m})
			lines[m.ID] = fmt.Sprint(m.ID, m.Status, m.Balance, m.Through)
			for _, key := range rows[m.ID] {
				if strings.HasPrefix(want[key], fmt.Sprint(m.ID, " ")) {
					delete(want, key)
				}
			}
			rows[m.ID] = nil
			for key, rest := range toldOf(m) {
				want[key] = rest
				rows[m.ID] = append(rows[m.ID], key)
			}
		}
		page.Next, page.UpToDate = seq, true
		box.feed(t, page)
		if got := box.holdings(t); !maps.Equal(got, want) {
			t.Fatalf("after %d:\n got %v\nwant %v", seq, got, want)
		}
		got, err := query(t.Context(), box.members.Read(), "members", func(scan func(...any) error) (string, error) {
			var m Member
			err := scan(&m.ID, &m.Status, &m.Balance, &m.Through)
			return fmt.Sprint(m.ID, m.Status, m.Balance, m.Through), err
		}, `SELECT id, status, balance, through FROM member ORDER BY id`)
		if members := slices.Sorted(maps.Keys(lines)); err != nil || !slices.EqualFunc(got, members, func(line string, id loyalty.MemberID) bool { return line == lines[id] }) {
			t.Fatalf("after %d: members %v, want %v, %v", seq, got, lines, err)
		}
	}
}

// passedOn is a member with some of few things, often as they were.
func passedOn(rng *rand.Rand, id loyalty.MemberID) *Member {
	m := memberRow(id, loyalty.Points(rng.IntN(3)), loyalty.Seq(rng.IntN(3)))
	m.Cards, m.Numbers = nil, nil
	for range rng.IntN(3) {
		card := loyalty.CardID{1: byte(rng.IntN(20))}
		if !slices.Contains(m.Cards, card) {
			m.Cards = append(m.Cards, card)
			m.Known = append(m.Known, KnownCard{Card: card, Ctr: rng.Uint32N(2)})
		}
	}
	if len(m.Known) > 0 && rng.IntN(2) == 0 {
		m.Known[0].Open = []loyalty.TxnID{{byte(rng.IntN(9))}}
	}
	if n := rng.IntN(60); n < 40 {
		m.Numbers = []Number{{HMAC: [32]byte{2: byte(n)}, Masked: fmt.Sprint("…", rng.IntN(2))}}
	}
	if rng.IntN(12) == 0 {
		m.Status = MemberErased
	}
	return m
}

// toldOf is what rows a member's change leaves, by table and key.
func toldOf(m *Member) map[string]string {
	rows := map[string]string{}
	if m.Status == MemberErased {
		return rows
	}
	for _, c := range m.Cards {
		rows[fmt.Sprintf("card %x", c[:])] = fmt.Sprint(m.ID, " ")
	}
	for _, n := range m.Numbers {
		rows[fmt.Sprintf("number %x", n.HMAC[:])] = fmt.Sprint(m.ID, " ", n.Masked)
	}
	for _, k := range m.Known {
		rows[fmt.Sprintf("known %x", k.Card[:])] = fmt.Sprint(m.ID, " ", k.Ctr)
		for _, txn := range k.Open {
			rows[fmt.Sprintf("debit %x", txn[:])] = fmt.Sprint(m.ID, " ")
		}
	}
	return rows
}

// holdings are all rows of what members have.
func (b *box) holdings(t *testing.T) map[string]string {
	t.Helper()
	have := map[string]string{}
	_, err := query(t.Context(), b.members.Read(), "holdings", func(scan func(...any) error) (struct{}, error) {
		var key, rest string
		err := scan(&key, &rest)
		have[key] = rest
		return struct{}{}, err
	}, `SELECT 'card ' || lower(hex(card)), member || ' ' FROM member_card UNION ALL SELECT 'number ' || lower(hex(hmac)), member || ' ' || masked FROM member_number
		UNION ALL SELECT 'known ' || lower(hex(card)), member || ' ' || ctr FROM known_card UNION ALL SELECT 'debit ' || lower(hex(txn)), member || ' ' FROM open_debit`)
	if err != nil {
		t.Fatal(err)
	}
	return have
}

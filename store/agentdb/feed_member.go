package agentdb

import (
	"encoding/json"
	"slices"
	"strings"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// rowsAtOnce is how many rows a statement of a page writes: what SQLite must be able to undo of it stays in memory.
const rowsAtOnce = 8

// membersFirst gives the members with whom changes begin: at most rowsAtOnce, all different.
func membersFirst(changes []Change) []*Member {
	var members []*Member
	for _, c := range changes[:min(len(changes), rowsAtOnce)] {
		if c.Member == nil || slices.ContainsFunc(members, func(m *Member) bool { return m.ID == c.Member.ID }) {
			break
		}
		members = append(members, c.Member)
	}
	return members
}

// putMembers replaces members, all different, with their cards and numbers. A card or number that moved leaves its old holder.
func putMembers(tx *store.Tx, members []*Member, epoch uint32) error {
	var r memberRows
	for _, m := range members {
		if err := r.add(m, epoch); err != nil {
			return err
		}
	}
	if err := putRows(tx, `INSERT INTO member (id, status, tier, language, balance, lots, wallets, past, elsewhere, through, feed_epoch, forgotten)`, 12,
		`ON CONFLICT (id) DO UPDATE SET status = excluded.status, tier = excluded.tier, language = excluded.language,
			balance = excluded.balance, lots = excluded.lots, wallets = excluded.wallets, past = excluded.past,
			elsewhere = excluded.elsewhere, through = excluded.through, feed_epoch = excluded.feed_epoch, forgotten = excluded.forgotten`, r.members); err != nil {
		return err
	}
	for _, m := range members {
		if err := putKey(tx, m); err != nil {
			return err
		}
	}
	for _, table := range []string{"member_card", "member_number", "known_card", "open_debit"} {
		if err := dropOf(tx, table, r.ids); err != nil {
			return err
		}
	}
	for _, t := range []struct {
		into, clash string
		width       int
		rows        []any
	}{
		{`member_card (card, member)`, `(card) DO UPDATE SET member = excluded.member`, 2, r.cards},
		{`member_number (hmac, member, masked)`, `(hmac) DO UPDATE SET member = excluded.member, masked = excluded.masked`, 3, r.numbers},
		{`known_card (card, member, ctr)`, `(card) DO UPDATE SET member = excluded.member, ctr = excluded.ctr`, 3, r.known},
		{`open_debit (txn, member)`, `(txn) DO UPDATE SET member = excluded.member`, 2, r.debits},
	} {
		if err := putRows(tx, `INSERT INTO `+t.into, t.width, `ON CONFLICT `+t.clash, t.rows); err != nil {
			return err
		}
	}
	return nil
}

// memberRows is what members are in the tables: the values of rows, one after the other.
type memberRows struct {
	ids, members, cards, numbers, known, debits []any
}

func (r *memberRows) add(m *Member, epoch uint32) error {
	lots, wallets, past := slices.Clone(m.Lots), m.Wallets, m.Past
	erased := m.Status == MemberErased
	if erased {
		lots, wallets, past = nil, nil, loyalty.Record{}
	}
	loyalty.SortLots(lots)
	if lots == nil {
		lots = []loyalty.Lot{}
	}
	if wallets == nil {
		wallets = []Wallet{}
	}
	docs := make([][]byte, 3)
	for i, part := range []any{lots, wallets, &past} {
		var err error
		if docs[i], err = json.Marshal(part); err != nil {
			return err
		}
	}
	r.ids = append(r.ids, m.ID)
	r.members = append(r.members, m.ID, string(m.Status), m.Tier, m.Language, m.Balance, docs[0], docs[1], docs[2], m.Elsewhere, m.Through, epoch, m.Forgotten)
	if erased {
		return nil
	}
	for _, card := range m.Cards {
		r.cards = append(r.cards, card[:], m.ID)
	}
	for _, n := range m.Numbers {
		r.numbers = append(r.numbers, n.HMAC[:], m.ID, n.Masked)
	}
	for _, k := range m.Known {
		r.known = append(r.known, k.Card[:], m.ID, k.Ctr)
		for _, txn := range k.Open {
			r.debits = append(r.debits, txn[:], m.ID)
		}
	}
	return nil
}

// putRows writes rows of one width, whose values stand one after the other.
func putRows(tx *store.Tx, into string, width int, clash string, values []any) error {
	for len(values) > 0 {
		rows := 1
		if len(values) >= rowsAtOnce*width {
			rows = rowsAtOnce
		}
		row := ", (" + marks(width) + ")"
		if _, err := tx.Exec(into+" VALUES "+strings.Repeat(row, rows)[len(", "):]+" "+clash, values[:rows*width]...); err != nil {
			return err
		}
		values = values[rows*width:]
	}
	return nil
}

// dropOf deletes the rows that are of some members.
func dropOf(tx *store.Tx, table string, ids []any) error {
	for len(ids) > 0 {
		n := 1
		if len(ids) >= rowsAtOnce {
			n = rowsAtOnce
		}
		if _, err := tx.Exec(`DELETE FROM `+table+` WHERE member IN (`+marks(n)+`)`, ids[:n]...); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// marks are so many places for values.
func marks(n int) string { return strings.Repeat(", ?", n)[len(", "):] }

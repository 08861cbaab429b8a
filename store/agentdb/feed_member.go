package agentdb

import (
	"encoding/json"
	"slices"
	"strings"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// membersAtOnce is how many members of a page are looked up together.
const membersAtOnce = 64

// rowsAtOnce is how many rows of what members have a statement writes.
const rowsAtOnce = 16

// belongings are the tables of what members have: each row is of one member, whoever had it before. A row has a value beside its key in some.
var belongings = [...]struct{ table, key, value string }{
	{"member_card", "card", ""}, {"member_number", "hmac", "masked"}, {"known_card", "card", "ctr"}, {"open_debit", "txn", ""},
}

// belonging is a row of them.
type belonging struct {
	key   string
	value any // text, a number or nothing
}

// belongingsOf are a member's rows, by table.
type belongingsOf [len(belongings)][]belonging

func (m *Member) belongings() (rows belongingsOf) {
	if m.Status == MemberErased {
		return rows
	}
	for _, card := range m.Cards {
		rows[0] = append(rows[0], belonging{string(card[:]), nil})
	}
	for _, n := range m.Numbers {
		rows[1] = append(rows[1], belonging{string(n.HMAC[:]), n.Masked})
	}
	for _, k := range m.Known {
		rows[2] = append(rows[2], belonging{string(k.Card[:]), int64(k.Ctr)})
		for _, txn := range k.Open {
			rows[3] = append(rows[3], belonging{string(txn[:]), nil})
		}
	}
	return rows
}

// told is a member of a page and the rows of what it has.
type told struct {
	*Member
	has belongingsOf
}

// membersFirst gives the members with whom changes begin: at most membersAtOnce, all different, and nothing that one has is another's.
func membersFirst(changes []Change) []told {
	var members []told
	ids, holders := map[loyalty.MemberID]bool{}, map[string]loyalty.MemberID{}
	for _, c := range changes[:min(len(changes), membersAtOnce)] {
		if c.Member == nil || ids[c.Member.ID] {
			break
		}
		m := told{c.Member, c.Member.belongings()}
		for _, rows := range m.has {
			for _, r := range rows {
				if other, taken := holders[r.key]; taken && other != m.ID {
					return members
				}
				holders[r.key] = m.ID
			}
		}
		ids[m.ID] = true
		members = append(members, m)
	}
	return members
}

// putMembers replaces members, as membersFirst gives them, with what they have: it writes what differs from what is there. A card or number
// that moved leaves its old holder.
func putMembers(tx *store.Tx, members []told, epoch uint32) error {
	ids := make([]any, membersAtOnce) // the last one again and again where there are fewer: the text stays the same
	for i := range ids {
		ids[i] = members[min(i, len(members)-1)].ID
	}
	had := map[loyalty.MemberID]*belongingsOf{}
	if err := eachRow(tx, func(scan func(...any) error) error {
		var id loyalty.MemberID
		err := scan(&id)
		had[id] = &belongingsOf{}
		return err
	}, `SELECT id FROM member WHERE id IN (`+marks(membersAtOnce)+`)`, ids); err != nil {
		return err
	}
	for _, m := range members {
		if err := putMember(tx, m.Member, epoch, had[m.ID] != nil); err != nil {
			return err
		}
		if err := putKey(tx, m.Member); err != nil {
			return err
		}
	}
	if len(had) > 0 {
		if err := readBelongings(tx, had, ids); err != nil {
			return err
		}
	}
	return putBelongings(tx, members, had)
}

// putMember writes the row of a member, unless it is there as it should be.
func putMember(tx *store.Tx, m *Member, epoch uint32, known bool) error {
	docs, err := m.documents()
	if err != nil {
		return err
	}
	text := `INSERT INTO member (id, status, tier, language, balance, lots, wallets, past, elsewhere, through, feed_epoch, forgotten)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	if known {
		text = `UPDATE member SET status = ?2, tier = ?3, language = ?4, balance = ?5, lots = ?6, wallets = ?7, past = ?8, elsewhere = ?9,
			through = ?10, feed_epoch = ?11, forgotten = ?12 WHERE id = ?1 AND
			(status, tier, language, balance, lots, wallets, past, elsewhere, through, feed_epoch, forgotten) <> (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)`
	}
	_, err = tx.Exec(text, m.ID, string(m.Status), m.Tier, m.Language, m.Balance, docs[0], docs[1], docs[2], m.Elsewhere, m.Through, epoch, m.Forgotten)
	return err
}

// documents are the columns that are JSON: lots in the order of drawing, wallets, past.
func (m *Member) documents() (docs [3][]byte, err error) {
	lots, wallets, past := slices.Clone(m.Lots), m.Wallets, &m.Past
	if m.Status == MemberErased {
		lots, wallets, past = nil, nil, &loyalty.Record{}
	}
	loyalty.SortLots(lots)
	docs[0], docs[1] = []byte("[]"), []byte("[]")
	if len(lots) > 0 {
		docs[0], err = json.Marshal(lots)
	}
	if err == nil && len(wallets) > 0 {
		docs[1], err = json.Marshal(wallets)
	}
	if err == nil {
		docs[2], err = json.Marshal(past)
	}
	return docs, err
}

// readBelongings adds what the members who are there have.
func readBelongings(tx *store.Tx, had map[loyalty.MemberID]*belongingsOf, ids []any) error {
	for t, b := range belongings {
		columns := b.key
		if b.value != "" {
			columns += ", " + b.value
		}
		err := eachRow(tx, func(scan func(...any) error) error {
			var id loyalty.MemberID
			var row belonging
			dest := []any{&id, &row.key, &row.value}
			if b.value == "" {
				dest = dest[:2]
			}
			err := scan(dest...)
			if err == nil {
				had[id][t] = append(had[id][t], row)
			}
			return err
		}, `SELECT member, `+columns+` FROM `+b.table+` WHERE member IN (`+marks(membersAtOnce)+`)`, ids)
		if err != nil {
			return err
		}
	}
	return nil
}

// putBelongings first drops what members no longer have, then adds what is new or was another's.
func putBelongings(tx *store.Tx, members []told, had map[loyalty.MemberID]*belongingsOf) error {
	for t, b := range belongings {
		var put []any
		for _, m := range members {
			var before []belonging
			if rows := had[m.ID]; rows != nil {
				before = rows[t]
			}
			for _, row := range before {
				if slices.ContainsFunc(m.has[t], func(r belonging) bool { return r.key == row.key }) {
					continue
				}
				if _, err := tx.Exec(`DELETE FROM `+b.table+` WHERE `+b.key+` = ?`, []byte(row.key)); err != nil {
					return err
				}
			}
			for _, row := range m.has[t] {
				if slices.Contains(before, row) {
					continue
				}
				put = append(put, []byte(row.key), m.ID)
				if b.value != "" {
					put = append(put, row.value)
				}
			}
		}
		if err := putRows(tx, b.table, b.key, b.value, put); err != nil {
			return err
		}
	}
	return nil
}

// putRows writes rows of belongings, whose values stand one after the other.
func putRows(tx *store.Tx, table, key, value string, values []any) error {
	columns, clash, width := key+`, member`, `member = excluded.member`, 2
	if value != "" {
		columns, clash, width = columns+`, `+value, clash+`, `+value+` = excluded.`+value, 3
	}
	row := ", (" + marks(width) + ")"
	for len(values) > 0 {
		rows := 1
		if len(values) >= rowsAtOnce*width {
			rows = rowsAtOnce
		}
		text := `INSERT INTO ` + table + ` (` + columns + `) VALUES ` + strings.Repeat(row, rows)[len(", "):] + ` ON CONFLICT DO UPDATE SET ` + clash
		if _, err := tx.Exec(text, values[:rows*width]...); err != nil {
			return err
		}
		values = values[rows*width:]
	}
	return nil
}

// eachRow runs a query in a transaction and reads its rows.
func eachRow(tx *store.Tx, read func(scan func(...any) error) error, text string, args []any) error {
	rows, err := tx.Query(text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := read(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// marks are so many places for values.
func marks(n int) string { return strings.Repeat(", ?", n)[len(", "):] }

package agentdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// memberKey is the key under which a member's private texts lie; false when head office gave none, or it was destroyed.
func (db *DB) memberKey(look lookup, id loyalty.MemberID) (store.MemberKey, bool, error) {
	var wrapped []byte
	err := scanOne(look, `SELECT wrapped FROM member_key WHERE member = ?1
		UNION ALL SELECT substr(keys, 1 + ?2 * (?1 - first), ?2) FROM member_range WHERE ?1 BETWEEN first AND last AND keys <> x'' LIMIT 1`,
		[]any{id, store.WrappedKeyBytes}, &wrapped)
	if errors.Is(err, sql.ErrNoRows) {
		return store.MemberKey{}, false, nil
	}
	if err != nil {
		return store.MemberKey{}, false, fmt.Errorf("key of member %d: %w", id, err)
	}
	key, err := db.wrap.Unwrap(int64(id), wrapped)
	if errors.Is(err, store.ErrSealed) {
		return key, false, nil
	}
	return key, err == nil, err
}

// registers looks into the copy of head office's registers.
func (db *DB) registers(ctx context.Context) lookup {
	return func(text string, args ...any) (*sql.Rows, error) {
		return db.members.Read().QueryContext(ctx, text, args...)
	}
}

// seal gives an entry as it is stored: what is personal under the member's key. A head office that gives no keys gets it as it is.
func (db *DB) seal(e *loyalty.Entry) (*loyalty.Entry, error) {
	if len(e.Private()) == 0 {
		return e, nil
	}
	key, found, err := db.memberKey(db.registers(context.Background()), e.Member)
	if err != nil || !found {
		return e, err
	}
	body, err := e.Encode()
	if err != nil {
		return nil, err
	}
	sealed, err := loyalty.DecodeEntry(body) // shares nothing with what the caller goes on with
	if err != nil {
		return nil, err
	}
	for _, p := range sealed.Private() {
		if !store.IsSealed(*p.Text) {
			*p.Text = key.Seal(int64(e.Member), p.Field, *p.Text)
		}
	}
	return sealed, nil
}

// open gives a stored entry its private texts back. Of a member who was erased they stay sealed, and so they do in a copy of the ledger alone.
func (db *DB) open(look lookup, e *loyalty.Entry) error {
	if db.members == nil {
		return nil
	}
	var key store.MemberKey
	for i, p := range e.Private() {
		if i == 0 {
			var found bool
			var err error
			if key, found, err = db.memberKey(look, e.Member); err != nil || !found {
				return err
			}
		}
		text, err := key.Open(int64(e.Member), p.Field, *p.Text)
		if err != nil {
			return fmt.Errorf("entry %d: %w", e.Seq, err)
		}
		*p.Text = text
	}
	return nil
}

// openRecord gives what head office tells of a member as the rules read it.
func (db *DB) openRecord(ctx context.Context, id loyalty.MemberID, r *loyalty.Record) error {
	if r.Birthday == "" && len(r.Attributes) == 0 {
		return nil
	}
	key, found, err := db.memberKey(db.registers(ctx), id)
	if err != nil {
		return err
	}
	if !found && (store.IsSealed(r.Birthday) || len(r.Attributes) > 0 && store.IsSealed(r.Attributes[0])) {
		r.Birthday, r.Attributes = "", nil
		return nil
	}
	if r.Birthday, err = key.Open(int64(id), "birthday", r.Birthday); err != nil {
		return err
	}
	for i, a := range r.Attributes {
		if r.Attributes[i], err = key.Open(int64(id), "attribute", a); err != nil {
			return err
		}
	}
	return nil
}

// putKey keeps the key of a member whom head office told of; who was erased loses his.
func putKey(tx *store.Tx, m *Member) error {
	if m.Forgotten {
		return dropKey(tx, m.ID)
	}
	if len(m.Key) == 0 {
		return nil
	}
	_, err := tx.Exec(`INSERT INTO member_key (member, wrapped) VALUES (?, ?) ON CONFLICT (member) DO UPDATE SET wrapped = excluded.wrapped`, m.ID, m.Key)
	return err
}

func dropKey(tx *store.Tx, id loyalty.MemberID) error {
	if _, err := tx.Exec(`DELETE FROM member_key WHERE member = ?`, id); err != nil {
		return err
	}
	_, err := tx.Exec(`UPDATE member_range SET keys = CAST(substr(keys, 1, ?2 * (?1 - first)) || zeroblob(?2) || substr(keys, 1 + ?2 * (?1 - first + 1)) AS BLOB)
		WHERE ?1 BETWEEN first AND last AND keys <> x''`, id, store.WrappedKeyBytes)
	return err
}

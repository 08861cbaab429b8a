package headoffice

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/hodb"
)

// wrap hides the keys of members in the books and in the feed.
func (k *Keys) wrap() store.KeyWrap { return store.NewKeyWrap(k.number[:]) }

// memberKey is what a member's private texts are sealed with; false when it was destroyed.
func (k *Keys) memberKey(tx *hodb.Tx, id loyalty.MemberID) (key store.MemberKey, found bool, err error) {
	wrapped, err := tx.Key(id)
	if err != nil || wrapped == nil {
		return key, false, err
	}
	key, err = k.wrap().Unwrap(int64(id), wrapped)
	if errors.Is(err, store.ErrSealed) {
		return key, false, nil
	}
	return key, err == nil, err
}

// drawKeys gives members their keys, who follow one another.
func (o *Office) drawKeys(tx *hodb.Tx, of loyalty.MemberRange) error {
	wrapped, err := o.home.Keys.wrap().Draw(o.entropy, int64(of.First), int64(of.Last))
	if err != nil {
		return err
	}
	return tx.PutKeys(of, wrapped)
}

// provide sees that a life of a store has numbers to make members with, and their keys.
func (o *Office) provide(tx *hodb.Tx, id loyalty.StoreID, epoch loyalty.Epoch) error {
	given, err := tx.Provide(id, epoch)
	if err != nil || given.First == 0 {
		return err
	}
	return o.drawKeys(tx, given)
}

// enterMember enters a member with a key of his own.
func (o *Office) enterMember(tx *hodb.Tx, m hodb.Member, n hodb.Number) (loyalty.MemberID, error) {
	birthday := m.Birthday
	m.Birthday = ""
	id, err := tx.AddMember(m, n)
	if err == nil {
		err = o.drawKeys(tx, loyalty.MemberRange{First: id, Last: id})
	}
	if err != nil || birthday == "" {
		return id, err
	}
	key, _, err := o.home.Keys.memberKey(tx, id)
	if err != nil {
		return id, err
	}
	return id, tx.SetBirthday(id, key.Seal(int64(id), fieldBirthday, birthday))
}

// The names under which a member's private texts are sealed in the register and in the feed; those of entries are loyalty's.
const (
	fieldBirthday  = "birthday"
	fieldAttribute = "attribute"
)

// setAttributesOf keeps what is known of a member, sealed.
func (o *Office) setAttributesOf(tx *hodb.Tx, id loyalty.MemberID, attributes []string) error {
	key, found, err := o.home.Keys.memberKey(tx, id)
	if err != nil {
		return err
	}
	if !found {
		return &FieldError{"member", "give a member who was not erased", nil}
	}
	sealed := make([]string, len(attributes))
	for i, a := range attributes {
		sealed[i] = key.Seal(int64(id), fieldAttribute, a)
	}
	return tx.SetAttributes(id, sealed)
}

// reveal opens what is private of a member as the register has it.
func (k *Keys) reveal(tx *hodb.Tx, m *hodb.Member) error {
	if m == nil || !store.IsSealed(m.Birthday) && (len(m.Attributes) == 0 || !store.IsSealed(m.Attributes[0])) {
		return nil
	}
	key, found, err := k.memberKey(tx, m.ID)
	if err != nil {
		return err
	}
	if !found {
		m.Birthday, m.Attributes = "", nil
		return nil
	}
	if m.Birthday, err = key.Open(int64(m.ID), fieldBirthday, m.Birthday); err != nil {
		return err
	}
	for i, a := range m.Attributes {
		if m.Attributes[i], err = key.Open(int64(m.ID), fieldAttribute, a); err != nil {
			return err
		}
	}
	return nil
}

// seal hides in a record what is private of it, on its way to a store.
func (k *Keys) seal(tx *hodb.Tx, id loyalty.MemberID, r *loyalty.Record) error {
	if r == nil || r.Birthday == "" && len(r.Attributes) == 0 {
		return nil
	}
	key, found, err := k.memberKey(tx, id)
	if err != nil || !found {
		r.Birthday, r.Attributes = "", nil
		return err
	}
	r.Birthday = key.Seal(int64(id), fieldBirthday, r.Birthday)
	for i, a := range r.Attributes {
		r.Attributes[i] = key.Seal(int64(id), fieldAttribute, a)
	}
	return nil
}

// open gives an entry its private texts back. Of a member who was erased it has none any more: then erased is true.
func (k *Keys) open(tx *hodb.Tx, e *loyalty.Entry) (erased bool, err error) {
	var key store.MemberKey
	found := false
	for _, p := range e.Private() {
		if !store.IsSealed(*p.Text) {
			continue
		}
		if !found {
			if key, found, err = k.memberKey(tx, e.Member); err != nil {
				return false, err
			}
		}
		if !found {
			forget(e)
			return true, nil
		}
		if *p.Text, err = key.Open(int64(e.Member), p.Field, *p.Text); err != nil {
			return false, err
		}
	}
	return false, nil
}

// revealBody gives an entry's body with its private texts.
func (k *Keys) revealBody(ctx context.Context, db *hodb.DB, body []byte) ([]byte, error) {
	e, err := loyalty.DecodeEntry(body)
	if err != nil {
		return body, nil // whoever reads it says so
	}
	if err := db.View(ctx, func(tx *hodb.Tx) error {
		_, err := k.open(tx, e)
		return err
	}); err != nil {
		return nil, err
	}
	return e.Encode()
}

// forget leaves of an entry what can be judged without its private texts. A proof was given, which is nobody's now.
func forget(e *loyalty.Entry) {
	if e.Activity != nil && e.Activity.Proof != "" {
		sum := sha256.Sum256([]byte(e.Activity.Proof))
		e.Activity.Proof = hex.EncodeToString(sum[:])
	}
	for _, h := range e.Told() {
		h.Attributes = nil
	}
}

// keyedAtOnce is how many members, or ranges of numbers, get their keys in one transaction.
const keyedAtOnce = 1000

// keyEverybody gives keys to members who came before there were keys, and seals what is known of them. It goes on where it was stopped.
func (o *Office) keyEverybody(ctx context.Context) error {
	for done := false; !done; {
		err := o.db.Update(ctx, func(tx *hodb.Tx) (err error) {
			if done, err = tx.Keyed(); err != nil || done {
				return err
			}
			some, err := tx.WithoutKeys(keyedAtOnce)
			for _, r := range some {
				if err == nil {
					err = o.keyOld(tx, r)
				}
			}
			if err == nil && len(some) < keyedAtOnce {
				err = tx.SetKeyed()
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("give members keys: %w", err)
		}
	}
	return nil
}

func (o *Office) keyOld(tx *hodb.Tx, of loyalty.MemberRange) error {
	if err := o.drawKeys(tx, of); err != nil {
		return err
	}
	if of.First >= loyalty.FirstStoreMember {
		return tx.TouchRange(of.First)
	}
	return o.sealOld(tx, of.First)
}

// sealOld seals what was entered of a member in clear.
func (o *Office) sealOld(tx *hodb.Tx, id loyalty.MemberID) error {
	m, err := tx.Member(id)
	if err != nil {
		return err
	}
	key, _, err := o.home.Keys.memberKey(tx, id)
	if err == nil && m.Birthday != "" {
		err = tx.SetBirthday(id, key.Seal(int64(id), fieldBirthday, m.Birthday))
	}
	if err == nil && len(m.Attributes) > 0 {
		err = o.setAttributesOf(tx, id, m.Attributes)
	}
	return err
}

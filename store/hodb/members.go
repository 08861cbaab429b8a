package hodb

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// Member is a person in the register. Head office keeps no name: what stores need is below.
type Member struct {
	ID       loyalty.MemberID
	Status   string
	Tier     string
	Language string
	Birthday string   // 1992-02-29, or 02-29; empty: not known; sealed, as attributes are
	Joined   string   // day; empty: not known
	Segments []string // in rising order

	Attributes []string // likewise: city=riga
	Personal   []string // article numbers that the member usually buys, likewise
	Forgotten  bool     // the person was erased

	vouchers   int64   // made so far
	fold       foldKey // newest entry in the lots
	newest     foldKey // newest entry, this batch included
	overdrawn  bool    // has a lot below zero
	overdrafts bool    // some are kept of him
	overspent  bool    // an entry took more than there was, or one that came late may change what is kept of that
	carded     bool    // has a card, blocked or not
	moved      bool    // head office gave tiers
	past       memory
	remembered bool // the past has changed since the last fold
	revised    bool // and not only by entries newer than the others and the last day begun
	ending     bool // something of him may end
	refold     bool // he went, or did not after all: his lots follow all his entries anew
}

// Number is a printed number as head office keeps it.
type Number struct {
	HMAC   store.Hash
	Masked string
}

// Card is a chip card that head office has certified.
type Card struct {
	ID          loyalty.CardID
	Member      loyalty.MemberID
	Number      store.Hash // HMAC of the printed number
	PublicKey   []byte
	Certificate []byte
	LoadSeq     uint32 // sequence of the last voucher made
	KnownCtr    uint32 // every record of the card from 1 to here is known
	Tier        string // as it stands on the card, or will once its vouchers are loaded
	Language    string // likewise
	Ended       bool   // a voucher that ends the card was made
}

// Member statuses.
const (
	MemberActive = "active"
	MemberErased = "erased" // also of who became part of another
)

// AddMember enters a member under the next free number.
func (tx *Tx) AddMember(m Member, n Number) (loyalty.MemberID, error) {
	owner, err := tx.NumberOwner(n)
	if err != nil {
		return 0, err
	}
	if owner != 0 {
		return 0, fmt.Errorf("number %s belongs to member %d: %w", n.Masked, owner, ErrTaken)
	}
	err = tx.one(`SELECT COALESCE(MAX(member_id), 0) + 1 FROM member WHERE member_id < $1`, loyalty.FirstStoreMember)(&m.ID)
	if err == nil {
		err = tx.insertMember(m, n)
	}
	if err != nil {
		return 0, fmt.Errorf("add member: %w", err)
	}
	return m.ID, nil
}

// insertMember enters a member under a number that is free, and tells the stores.
func (tx *Tx) insertMember(m Member, n Number) error {
	err := tx.exec(`INSERT INTO member (member_id, status, tier, language, birthday, joined_on, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		m.ID, MemberActive, m.Tier, m.Language, m.Birthday, m.Joined, tx.now.UnixMilli())
	if err == nil {
		err = tx.addNumber(m.ID, n)
	}
	if err == nil {
		err = tx.touchMember(m.ID)
	}
	return err
}

// NumberOwner is the member of a printed number, 0 when it is free.
func (tx *Tx) NumberOwner(n Number) (owner loyalty.MemberID, err error) {
	err = tx.one(`SELECT member_id FROM number WHERE number_hash = $1`, n.HMAC[:])(&owner)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return owner, err
}

func (tx *Tx) addNumber(id loyalty.MemberID, n Number) error {
	return tx.exec(`INSERT INTO number (number_hash, member_id, mask, registered_id) VALUES ($1, $2, $3, $2)`, n.HMAC[:], id, n.Masked)
}

const memberColumns = `member_id, status, tier, language, birthday, joined_on, segments, attributes, personal, past, last_voucher,
	fold_day, fold_at_ms, fold_store, fold_epoch, fold_seq,
	EXISTS (SELECT 1 FROM lot WHERE lot.member_id = member.member_id AND remaining < 0),
	EXISTS (SELECT 1 FROM overdraft WHERE overdraft.member_id = member.member_id),
	EXISTS (SELECT 1 FROM card WHERE card.member_id = member.member_id),
	EXISTS (SELECT 1 FROM tier_move WHERE tier_move.member_id = member.member_id),
	EXISTS (SELECT 1 FROM erasure WHERE erasure.member_id = member.member_id)`

func scanMember(scan func(...any) error) (*Member, error) {
	m := &Member{}
	f, segments, attributes, personal := &m.fold, "", "", ""
	err := scan(&m.ID, &m.Status, &m.Tier, &m.Language, &m.Birthday, &m.Joined, &segments, &attributes, &personal, &m.past.text, &m.vouchers,
		&f.day, &f.atMS, &f.key.Store, &f.key.Epoch, &f.key.Seq, &m.overdrawn, &m.overdrafts, &m.carded, &m.moved, &m.Forgotten)
	for _, l := range []struct {
		text string
		into *[]string
	}{{segments, &m.Segments}, {attributes, &m.Attributes}, {personal, &m.Personal}} {
		if err == nil && l.text != "[]" {
			err = json.Unmarshal([]byte(l.text), l.into)
		}
	}
	m.newest = m.fold
	return m, err
}

// Member reads one member; ErrNotFound when there is none.
func (tx *Tx) Member(id loyalty.MemberID) (*Member, error) {
	m, err := scanMember(tx.one(`SELECT `+memberColumns+` FROM member WHERE member_id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("member %d: %w", id, ErrNotFound)
	}
	return m, err
}

// membersOf reads those of some members who are in the register.
func (tx *Tx) membersOf(ids []loyalty.MemberID) ([]*Member, error) {
	var all []*Member
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	err := pieces(len(args), func(from, to int) error {
		some, err := collect(tx, scanMember, `SELECT `+memberColumns+` FROM member WHERE member_id IN `+places(1, to-from), args[from:to]...)
		all = append(all, some...)
		return err
	})
	return all, err
}

// Members lists every member's number.
func (tx *Tx) Members() ([]loyalty.MemberID, error) {
	return collect(tx, func(scan func(...any) error) (id loyalty.MemberID, err error) {
		err = scan(&id)
		return id, err
	}, `SELECT member_id FROM member ORDER BY member_id`)
}

// Numbers are the printed numbers of a member.
func (tx *Tx) Numbers(id loyalty.MemberID) ([]Number, error) {
	return collect(tx, func(scan func(...any) error) (n Number, err error) {
		var hash []byte
		if err = scan(&hash, &n.Masked); err == nil {
			n.HMAC, err = store.HashFromBytes(hash)
		}
		return n, err
	}, `SELECT number_hash, mask FROM number WHERE member_id = $1 AND mask <> '' ORDER BY number_hash`, id)
}

// AddCard enters a card under the printed number, which must be free or the member's own.
func (tx *Tx) AddCard(c Card, n Number) error {
	m, err := tx.Member(c.Member)
	if err == nil && m.Forgotten {
		err = fmt.Errorf("member %d was erased: %w", c.Member, ErrNotFound)
	}
	if err != nil {
		return err
	}
	owner, err := tx.NumberOwner(n)
	switch {
	case err != nil:
		return err
	case owner == 0:
		err = tx.addNumber(c.Member, n)
	case owner != c.Member:
		err = fmt.Errorf("number %s belongs to member %d: %w", n.Masked, owner, ErrTaken)
	}
	if err != nil {
		return err
	}
	var known int64
	if err := tx.one(`SELECT COUNT(*) FROM card WHERE public_key = $1`, c.PublicKey)(&known); err != nil {
		return err
	}
	if known > 0 {
		return fmt.Errorf("the card's public key: %w", ErrTaken)
	}
	err = tx.exec(`INSERT INTO card (card_id, member_id, number_hash, public_key, certificate, tier, language, made_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, c.ID[:], c.Member, n.HMAC[:], c.PublicKey, c.Certificate, c.Tier, c.Language, tx.now.UnixMilli())
	if err == nil {
		err = tx.touchMember(c.Member)
	}
	if err != nil {
		return fmt.Errorf("add card %v: %w", c.ID, err)
	}
	return nil
}

const cardColumns = `card_id, member_id, number_hash, public_key, certificate, load_seq, known_ctr, tier, language, ended`

func scanCard(scan func(...any) error) (c Card, err error) {
	var id, number []byte
	if err = scan(&id, &c.Member, &number, &c.PublicKey, &c.Certificate, &c.LoadSeq, &c.KnownCtr, &c.Tier, &c.Language, &c.Ended); err != nil {
		return c, err
	}
	copy(c.ID[:], id)
	c.Number, err = store.HashFromBytes(number)
	return c, err
}

// Card reads one card; ErrNotFound when head office never certified it.
func (tx *Tx) Card(id loyalty.CardID) (Card, error) {
	c, err := scanCard(tx.one(`SELECT `+cardColumns+` FROM card WHERE card_id = $1`, id[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return c, fmt.Errorf("card %v: %w", id, ErrNotFound)
	}
	return c, err
}

// Cards are the cards of a member, oldest first.
func (tx *Tx) Cards(id loyalty.MemberID) ([]Card, error) {
	return collect(tx, scanCard, `SELECT `+cardColumns+` FROM card WHERE member_id = $1 ORDER BY made_at, card_id`, id)
}

// UsableCard is the newest card of an active member that is neither blocked nor ended; false when there is none.
func (tx *Tx) UsableCard(id loyalty.MemberID) (Card, bool, error) {
	c, err := scanCard(tx.one(`SELECT `+cardColumns+` FROM card WHERE member_id = $1 AND state = 'active' AND ended = 0
		AND EXISTS (SELECT 1 FROM member m WHERE m.member_id = card.member_id AND m.status = 'active')
		AND NOT EXISTS (SELECT 1 FROM hot WHERE hot.card_id = card.card_id) ORDER BY made_at DESC, card_id DESC LIMIT 1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return c, false, nil
	}
	return c, err == nil, err
}

// BlockCard puts a card on the hot list; the first reason stays, but for the one that may go.
func (tx *Tx) BlockCard(id loyalty.CardID, reason string) error {
	n, err := tx.changed(`INSERT INTO hot (card_id, reason, since_ms) VALUES ($1, $2, $3) ON CONFLICT (card_id) DO UPDATE
		SET reason = excluded.reason WHERE hot.reason = $4 AND excluded.reason <> $4`, id[:], reason, tx.now.UnixMilli(), reasonGone)
	if err == nil && n > 0 {
		err = tx.touchFeed(TopicHot, 0, id.String())
	}
	if err != nil {
		return fmt.Errorf("block card %v: %w", id, err)
	}
	return nil
}

// Hot tells why a card is blocked; empty when it is not.
func (tx *Tx) Hot(id loyalty.CardID) (reason string, err error) {
	err = tx.one(`SELECT reason FROM hot WHERE card_id = $1`, id[:])(&reason)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return reason, err
}

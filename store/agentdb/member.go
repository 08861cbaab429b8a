package agentdb

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// MemberStatus says what a member may do.
type MemberStatus string

const (
	MemberActive  MemberStatus = "active"
	MemberBlocked MemberStatus = "blocked"
	MemberErased  MemberStatus = "erased"
)

// Member is a member as head office knows it, without what this store did since.
type Member struct {
	ID       loyalty.MemberID
	Status   MemberStatus
	Tier     string
	Language string
	Balance  loyalty.Points // sum of the lots
	Lots     []loyalty.Lot
	Wallets  []Wallet       // beside the points
	Past     loyalty.Record // as far as head office includes entries

	Elsewhere loyalty.Points // of the balance, set aside for other stores
	Key       []byte         // wrapped, of what is personal; only in a change of the feed, and only when there is such
	Forgotten bool           // likewise: the person was erased, the key goes and all that follows from it
	Through   loyalty.Seq    // last own entry that this includes
	Cards     []loyalty.CardID
	Known     []KnownCard // of Cards; only in a change of the feed
	Numbers   []Number
}

// Wallet is the lots of a wallet beside the points.
type Wallet struct {
	Wallet loyalty.WalletID `json:"wallet"`
	Lots   []loyalty.Lot    `json:"lots"`
}

// Number is a printed number as a store may know it.
type Number struct {
	HMAC   [32]byte
	Masked string
}

// selectMember reads a member; entries at or below the watermark are included whatever the row's own mark says, but only
// in the feed epoch that the watermark belongs to.
const selectMember = `SELECT m.id, m.status, m.tier, m.language, m.balance, m.lots, m.wallets, m.past,
	m.elsewhere, max(m.through, iif(m.feed_epoch = p.feed_epoch, p.watermark, 0)) FROM member m, feed_pos p`

func scanMember(scan func(...any) error) (Member, error) {
	var m Member
	var lots, wallets, past []byte
	err := scan(&m.ID, &m.Status, &m.Tier, &m.Language, &m.Balance, &lots, &wallets, &past, &m.Elsewhere, &m.Through)
	for _, part := range []struct {
		doc  []byte
		into any
	}{{lots, &m.Lots}, {wallets, &m.Wallets}, {past, &m.Past}} {
		if err == nil {
			err = json.Unmarshal(part.doc, part.into)
		}
	}
	return m, err
}

// Member gives one member; ErrNotFound when head office has not sent it.
func (db *DB) Member(ctx context.Context, id loyalty.MemberID) (Member, error) {
	return db.oneMember(ctx, selectMember+` WHERE m.id = ?`, id)
}

// MemberByCard finds a member by chip card; ErrNotFound when the card is nobody's.
func (db *DB) MemberByCard(ctx context.Context, card loyalty.CardID) (Member, error) {
	return db.oneMember(ctx, selectMember+` WHERE m.id = (SELECT member FROM member_card WHERE card = ?)`, card[:])
}

// MemberByNumber finds a member by the keyed hash of a printed number (Identity.NumberHMAC).
func (db *DB) MemberByNumber(ctx context.Context, hmac [32]byte) (Member, error) {
	return db.oneMember(ctx, selectMember+` WHERE m.id = (SELECT member FROM member_number WHERE hmac = ?)`, hmac[:])
}

func (db *DB) oneMember(ctx context.Context, text string, key any) (Member, error) {
	m, err := scanMember(db.members.Read().QueryRowContext(ctx, text, key).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err == nil {
		err = db.openRecord(ctx, m.ID, &m.Past)
	}
	if err != nil {
		return Member{}, fmt.Errorf("member: %w", err)
	}
	m.Cards, err = query(ctx, db.members.Read(), "cards of a member", func(scan func(...any) error) (loyalty.CardID, error) {
		var b []byte
		err := scan(&b)
		var id loyalty.CardID
		copy(id[:], b)
		return id, err
	}, `SELECT card FROM member_card WHERE member = ? ORDER BY card`, m.ID)
	if err != nil {
		return Member{}, err
	}
	m.Numbers, err = query(ctx, db.members.Read(), "numbers of a member", func(scan func(...any) error) (Number, error) {
		var n Number
		var b []byte
		err := scan(&b, &n.Masked)
		copy(n.HMAC[:], b)
		return n, err
	}, `SELECT hmac, masked FROM member_number WHERE member = ? ORDER BY hmac`, m.ID)
	return m, err
}

// Balance is the sum of State's lots without reading them: head office's balance plus the pending effects above it.
func (db *DB) Balance(ctx context.Context, id loyalty.MemberID) (loyalty.Points, error) {
	type pendingRow struct {
		seq    loyalty.Seq
		points loyalty.Points
	}
	later, err := query(ctx, db.ledger.Read(), "pending", func(scan func(...any) error) (pendingRow, error) {
		var p pendingRow
		err := scan(&p.seq, &p.points)
		return p, err
	}, `SELECT seq, points FROM pending WHERE member = ? ORDER BY seq`, id)
	if err != nil {
		return 0, err
	}
	var balance loyalty.Points
	var through loyalty.Seq
	err = db.members.Read().QueryRowContext(ctx, `SELECT m.balance, max(m.through, iif(m.feed_epoch = p.feed_epoch, p.watermark, 0))
		FROM member m, feed_pos p WHERE m.id = ?`, id).Scan(&balance, &through)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("balance of member %d: %w", id, err)
	}
	for _, p := range later {
		if p.seq > through {
			balance += p.points
		}
	}
	return balance, nil
}

// Hot says whether a card is on the hot list, and why; or was reported here as lost, which is about to be.
func (db *DB) Hot(ctx context.Context, card loyalty.CardID) (reason string, hot bool, err error) {
	if lost, err := db.lost(ctx, card); lost || err != nil {
		return loyalty.SuspectLost, lost, err
	}
	err = db.members.Read().QueryRowContext(ctx, `SELECT reason FROM hot WHERE card = ?`, card[:]).Scan(&reason)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("hot list: %w", err)
	}
	return reason, true, nil
}

// Voucher is a voucher of head office for a card (card.md 3.9).
type Voucher struct {
	Card   loyalty.CardID
	Seq    uint32
	Kind   uint8
	Amount int32
	Ref    [8]byte
	MAC    [16]byte
}

// Vouchers gives a card's vouchers after a load sequence, in order.
func (db *DB) Vouchers(ctx context.Context, card loyalty.CardID, after uint32, limit int) ([]Voucher, error) {
	return db.vouchers(ctx, card, ` WHERE card = ? AND seq > ? ORDER BY seq LIMIT ?`, card[:], after, limit)
}

// OnItsWay is the points of vouchers of a kind that a card has yet to load: those after a load sequence.
func (db *DB) OnItsWay(ctx context.Context, card loyalty.CardID, kind uint8, after uint32) (points loyalty.Points, err error) {
	err = db.members.Read().QueryRowContext(ctx, `SELECT coalesce(sum(amount), 0) FROM voucher WHERE card = ? AND seq > ? AND kind = ? AND amount > 0`,
		card[:], after, kind).Scan(&points)
	if err != nil {
		return 0, fmt.Errorf("what is on its way to card %v: %w", card, err)
	}
	return points, nil
}

func (db *DB) vouchers(ctx context.Context, card loyalty.CardID, which string, args ...any) ([]Voucher, error) {
	return query(ctx, db.members.Read(), "vouchers", func(scan func(...any) error) (Voucher, error) {
		v := Voucher{Card: card}
		var ref, mac []byte
		err := scan(&v.Seq, &v.Kind, &v.Amount, &ref, &mac)
		copy(v.Ref[:], ref)
		copy(v.MAC[:], mac)
		return v, err
	}, `SELECT seq, kind, amount, ref, mac FROM voucher`+which, args...)
}

// Programme is one version of the programme as head office sent it.
type Programme struct {
	ID        store.Hash // SHA-256 of Document
	ValidFrom string     // local time
	Document  []byte     // canonical form
	Signature []byte     // head office's

	PublishedAt time.Time // as head office says it; zero: it did not
	ArrivedAt   time.Time // first came here; zero: before this was noted
}

// Verify refuses a version that head office did not sign under its digest: loyalty.ErrProgrammeSignature.
func (p *Programme) Verify(key ed25519.PublicKey) error {
	if sha256.Sum256(p.Document) != p.ID {
		return fmt.Errorf("programme %s: the document has another digest: %w", p.ID, loyalty.ErrProgrammeSignature)
	}
	if err := loyalty.VerifyProgramme(p.Document, p.Signature, key); err != nil {
		return fmt.Errorf("programme %s: %w", p.ID, err)
	}
	return nil
}

// maxProgrammes bounds the versions that are read at once: those in force lately and those to come.
const maxProgrammes = 100

const selectProgramme = `SELECT id, valid_from, document, signature, published_at, arrived_at FROM programme`

func scanProgramme(scan func(...any) error) (Programme, error) {
	var p Programme
	var id []byte
	var published, arrived int64
	err := scan(&id, &p.ValidFrom, &p.Document, &p.Signature, &published, &arrived)
	copy(p.ID[:], id)
	p.PublishedAt, p.ArrivedAt = moment(published), moment(arrived)
	return p, err
}

// moment is an instant that may never have been noted: 0.
func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return instant(ms)
}

// Programmes gives the versions, the newest beginning first.
func (db *DB) Programmes(ctx context.Context) ([]Programme, error) {
	return query(ctx, db.members.Read(), "programmes", scanProgramme,
		selectProgramme+` ORDER BY valid_from DESC, id DESC LIMIT ?`, maxProgrammes)
}

// ProgrammeAt gives the version that began last before or at a local time (as Entry.At), or the one so many before it;
// ErrNotFound when none has begun. Local times in this form compare as text.
func (db *DB) ProgrammeAt(ctx context.Context, local string, before int) (Programme, error) {
	p, err := scanProgramme(db.members.Read().QueryRowContext(ctx,
		selectProgramme+` WHERE valid_from <= ? ORDER BY valid_from DESC, id DESC LIMIT 1 OFFSET ?`, local, before).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return Programme{}, fmt.Errorf("programme at %s: %w", local, err)
	}
	return p, nil
}

// ProgrammeByID gives one version by its digest.
func (db *DB) ProgrammeByID(ctx context.Context, id store.Hash) (Programme, error) {
	p, err := scanProgramme(db.members.Read().QueryRowContext(ctx, selectProgramme+` WHERE id = ?`, id[:]).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return Programme{}, fmt.Errorf("programme %s: %w", id, err)
	}
	return p, nil
}

// Counts is how much there is of everything, for the status page.
type Counts struct {
	Entries, Pending, OpenIntents         int64
	Members, Programmes, Hot, Vouchers    int64
	SentThrough, SignedThrough, Watermark loyalty.Seq
}

// Counts reads the figures; each is exact, they are not of one moment.
func (db *DB) Counts(ctx context.Context) (Counts, error) {
	var c Counts
	err := db.ledger.Read().QueryRowContext(ctx, `SELECT (SELECT coalesce(max(seq), 0) FROM entry), (SELECT count(*) FROM pending),
		(SELECT count(*) FROM card_intent WHERE state IN ('open', 'dropped')), sent_through, signed_seq FROM ledger`).
		Scan(&c.Entries, &c.Pending, &c.OpenIntents, &c.SentThrough, &c.SignedThrough)
	if err != nil {
		return Counts{}, fmt.Errorf("count: %w", err)
	}
	err = db.members.Read().QueryRowContext(ctx, `SELECT (SELECT count(*) FROM member), (SELECT count(*) FROM programme),
		(SELECT count(*) FROM hot), (SELECT count(*) FROM voucher), watermark FROM feed_pos`).
		Scan(&c.Members, &c.Programmes, &c.Hot, &c.Vouchers, &c.Watermark)
	if err != nil {
		return Counts{}, fmt.Errorf("count: %w", err)
	}
	return c, nil
}

package headoffice

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// lastDay is after every day: what holds then holds now.
const lastDay = "9999-12-31"

// pageBytes is about how large a feed page becomes; the last row may exceed it by its own size.
const pageBytes = wire.MaxFeedBytes / 4

// Feed gives what changed after a cursor, read on one unchanging state together with how much of the asking store's log
// is in it. Each row is a group of its own: it is the whole state of its thing, so it needs no company. With nothing new
// it waits.
func (o *Office) Feed(ctx context.Context, q wire.FeedQuery) (*wire.FeedPage, error) {
	return o.feedOf(ctx, q, 0)
}

// feedOf reads for one life of a store; epoch 0 is the newest.
func (o *Office) feedOf(ctx context.Context, q wire.FeedQuery, epoch loyalty.Epoch) (*wire.FeedPage, error) {
	until := time.NewTimer(q.Wait)
	defer until.Stop()
	for {
		heard := o.changed.wait()
		page, err := o.feedPage(ctx, q, epoch)
		var p *wire.Problem
		if errors.As(err, &p) && wentBack(p, &q) {
			if err := o.renewFeed(ctx); err != nil {
				return nil, err
			}
			page, err = o.feedPage(ctx, q, epoch) // says which life the feed has now
		}
		if err != nil {
			return nil, fmt.Errorf("feed of store %d after %d: %w", q.Store, q.After, err)
		}
		if len(page.Rows) > 0 || q.Wait == 0 {
			return page, nil
		}
		select {
		case <-heard:
		case <-until.C:
			return page, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (o *Office) feedPage(ctx context.Context, q wire.FeedQuery, epoch loyalty.Epoch) (*wire.FeedPage, error) {
	page := &wire.FeedPage{Next: q.After}
	err := o.db.View(ctx, func(tx *hodb.Tx) error {
		feedEpoch, newest, err := tx.FeedHead()
		if err != nil {
			return err
		}
		if q.After > 0 && (q.Epoch != feedEpoch || q.After > newest) {
			p := wire.NewProblem(wire.CodeFeedReset, "cursor %d of feed epoch %d is not of this feed", q.After, q.Epoch)
			p.FeedEpoch = feedEpoch
			return p
		}
		floor, err := tx.FeedFloor()
		if err != nil {
			return err
		}
		if q.After < floor {
			return wire.NewProblem(wire.CodeFeedCompacted, "the feed is whole after %d; before that there is the snapshot", floor)
		}
		page.Epoch = feedEpoch
		w := feedWriter{tx: tx, office: o}
		if w.head, err = storeHead(tx, q.Store, epoch); err != nil {
			return err
		}
		return w.fill(page, q)
	})
	return page, err
}

// storeHead is one life of a store's log, or its newest.
func storeHead(tx *hodb.Tx, id loyalty.StoreID, epoch loyalty.Epoch) (*hodb.Head, error) {
	if epoch == 0 {
		var err error
		if epoch, err = tx.NewestEpoch(id); err != nil {
			return nil, err
		}
	}
	head, err := tx.Head(id, epoch)
	switch {
	case errors.Is(err, hodb.ErrNotFound):
		return nil, wire.NewProblem(wire.CodeNotFound, "store %d epoch %d is not enrolled", id, epoch)
	case err == nil && head.State == hodb.HeadClosed: // a stolen box learns nothing more once its store is enrolled again
		return nil, wire.NewProblem(wire.CodeEpochClosed, "epoch %d of store %d is closed", epoch, id)
	}
	return head, err
}

// feedWriter makes rows of the current state, as one store may see it.
type feedWriter struct {
	tx     *hodb.Tx
	office *Office
	head   *hodb.Head
	rules  []*loyalty.Programme // every published version; nil until asked
	lasts  bool                 // what is written is read later: without what says how long it is good from now on
}

func (w *feedWriter) fill(page *wire.FeedPage, q wire.FeedQuery) error {
	changes, err := w.tx.Changes(q.Store, q.After, q.Limit+1)
	if err != nil {
		return err
	}
	page.UpToDate = len(changes) <= q.Limit
	changes = changes[:min(len(changes), q.Limit)]
	size := 0
	for _, c := range changes {
		if size > pageBytes {
			page.UpToDate = false
			return nil
		}
		row := wire.FeedRow{Seq: c.Seq, Group: c.Seq, Topic: wire.Topic(c.Topic)}
		sent, n, err := w.row(&row, c)
		if err != nil {
			return fmt.Errorf("%s %s: %w", c.Topic, c.Key, err)
		}
		if page.Next = c.Seq; sent {
			page.Rows = append(page.Rows, row)
			w.office.metrics.Fed(string(c.Topic))
			size += n
		}
	}
	return nil
}

// row fills in the state of a thing and estimates its size; sent is false when stores need not hear of it any more.
func (w *feedWriter) row(row *wire.FeedRow, c hodb.Change) (sent bool, size int, err error) {
	const small = 256
	switch c.Topic {
	case hodb.TopicMember:
		row.Member, err = w.member(c.Key)
		if err == nil {
			size = small + 80*lotsOf(row.Member) + pastBytes(row.Member.Past) + 128*(len(row.Member.Cards)+len(row.Member.Numbers)) + 512*len(row.Member.Known)
		}
		return true, size, err
	case hodb.TopicProgramme:
		row.Programme, err = w.programme(c.Key)
		if err == nil {
			size = small + len(row.Programme.Document)
		}
		return true, size, err
	case hodb.TopicHot:
		row.Hot, err = w.hot(c.Key)
		return true, small, err
	case hodb.TopicVoucher:
		row.Voucher, err = w.voucher(c.Key)
		return row.Voucher != nil, small, err
	case hodb.TopicIssuer:
		row.Issuer, err = w.issuer(c.Key)
		return true, small, err
	case hodb.TopicRenewal:
		const renewal = 640
		row.Renewal, err = w.renewal(c.Key)
		return true, renewal, err
	case hodb.TopicRange:
		row.Range, err = w.numbers(c.Key)
		if err == nil {
			size = small + 2*len(row.Range.Keys)
		}
		return true, size, err
	case hodb.TopicCoupon:
		row.Coupon, err = w.coupon(c.Key)
		return true, small, err
	case hodb.TopicLease:
		if w.lasts {
			return false, 0, nil
		}
		row.Lease, err = w.lease(c.Key)
		return row.Lease != nil, small, err
	case hodb.TopicWatermark:
		row.Watermark = &wire.WatermarkRow{Store: w.head.Store, Epoch: w.head.Epoch, Seq: w.head.Posted}
		return true, small, nil
	}
	return false, 0, errors.New("topic is not known")
}

func (w *feedWriter) member(key string) (*wire.MemberRow, error) {
	n, err := strconv.ParseInt(key, 10, 64)
	if err != nil {
		return nil, err
	}
	id := loyalty.MemberID(n)
	m, err := w.tx.Member(id)
	if err != nil {
		return nil, err
	}
	row := &wire.MemberRow{ID: id, Status: wire.MemberStatus(m.Status), Tier: m.Tier, Language: m.Language, Through: w.head.Posted,
		Lots: []loyalty.Lot{}, Cards: []loyalty.CardID{}, Numbers: []wire.NumberRow{}, Forgotten: m.Forgotten}
	lots, err := w.tx.Lots(id, hodb.Points)
	if err != nil {
		return nil, err
	}
	row.Lots = append(row.Lots, lots...)
	row.Balance = loyalty.Balance(lots)
	if row.Wallets, err = walletsOf(w.tx, id); err != nil {
		return nil, err
	}
	if row.Elsewhere, err = w.tx.SetAside(id, w.head.Store); err != nil {
		return nil, err
	}
	if row.Past, err = w.past(m); err != nil {
		return nil, err
	}
	if row.Key, err = w.key(m, row); err != nil {
		return nil, err
	}
	if row.Tier, err = w.tx.TierOn(m, lastDay); err != nil {
		return nil, err
	}
	cards, err := w.tx.Cards(id)
	if err != nil {
		return nil, err
	}
	for _, c := range cards {
		row.Cards = append(row.Cards, c.ID)
		known, err := w.known(c)
		if err != nil {
			return nil, err
		}
		if known.Ctr > 0 || known.Open != nil {
			row.Known = append(row.Known, known)
		}
	}
	numbers, err := w.tx.Numbers(id)
	for _, n := range numbers {
		row.Numbers = append(row.Numbers, wire.NumberRow{HMAC: n.HMAC, Masked: n.Masked})
	}
	return row, err
}

// known is what head office knows of a card, and what it wants to know of the store.
func (w *feedWriter) known(c hodb.Card) (k wire.KnownCardRow, err error) {
	k = wire.KnownCardRow{Card: c.ID, Ctr: c.KnownCtr}
	open, err := w.tx.OpenDebits(c.ID, w.head.Store)
	if len(open) > 0 {
		k.Open = open
	}
	return k, err
}

// walletsOf is a member's lots beside the points.
func walletsOf(tx *hodb.Tx, id loyalty.MemberID) (rows []wire.WalletRow, err error) {
	units, err := tx.Units(id)
	for _, unit := range units {
		if unit == hodb.Points || err != nil {
			continue
		}
		row := wire.WalletRow{Wallet: loyalty.WalletID(unit)}
		row.Lots, err = tx.Lots(id, unit)
		rows = append(rows, row)
	}
	return rows, err
}

// past is what stores are told of a member's past: as much as the published programmes ask.
func (w *feedWriter) past(m *hodb.Member) (*loyalty.Record, error) {
	if w.rules == nil {
		var err error
		if w.rules, err = w.office.published(w.tx); err != nil {
			return nil, err
		}
	}
	if !slices.ContainsFunc(w.rules, (*loyalty.Programme).LooksBack) {
		return nil, nil
	}
	keys := w.office.home.Keys
	if err := keys.reveal(w.tx, m); err != nil {
		return nil, err
	}
	r, err := w.tx.Record(m)
	if err != nil {
		return nil, err
	}
	told, err := r.Asked(w.rules, w.tx.Now().UTC().Format(time.DateOnly))
	if err != nil {
		return nil, err
	}
	return told, keys.seal(w.tx, m.ID, told)
}

// key is the member's, for stores that may have something to seal or to open with it.
func (w *feedWriter) key(m *hodb.Member, row *wire.MemberRow) ([]byte, error) {
	private := row.Past != nil && (row.Past.Birthday != "" || len(row.Past.Attributes) > 0)
	if m.Forgotten || !private && !slices.ContainsFunc(w.rules, (*loyalty.Programme).AsksProof) {
		return nil, nil
	}
	return w.tx.Key(m.ID)
}

// lotsOf and pastBytes estimate what a member's row takes.
func lotsOf(m *wire.MemberRow) int {
	n := len(m.Lots)
	for _, w := range m.Wallets {
		n += len(w.Lots)
	}
	return n
}

func pastBytes(r *loyalty.Record) int {
	if r == nil {
		return 0
	}
	return 256 + 64*len(r.Days) + 96*len(r.Given) + 16*len(r.Personal)
}

func (w *feedWriter) programme(digest string) (*wire.ProgrammeRow, error) {
	p, err := w.office.programme(w.tx, digest)
	if err != nil {
		return nil, err
	}
	published, err := w.tx.PublishedAt(digest)
	if err != nil {
		return nil, err
	}
	row := &wire.ProgrammeRow{ValidFrom: p.ValidFrom(), Document: p.Canonical(), Signature: w.office.home.Keys.SignProgramme(p), Published: published}
	return row, row.ID.UnmarshalText([]byte(digest))
}

func (w *feedWriter) hot(key string) (*wire.HotRow, error) {
	row := &wire.HotRow{}
	if err := row.Card.UnmarshalText([]byte(key)); err != nil {
		return nil, err
	}
	reason, err := w.tx.Hot(row.Card)
	row.Blocked, row.Reason = reason != "", reason
	return row, err
}

func (w *feedWriter) coupon(serial string) (*wire.CouponRow, error) {
	c, err := w.tx.Coupon(serial, w.head.Store)
	return &wire.CouponRow{Serial: serial, Used: c.Used, Void: c.Void}, err
}

func (w *feedWriter) issuer(key string) (*wire.IssuerRow, error) {
	id, err := hex.DecodeString(key)
	if err != nil {
		return nil, err
	}
	i, err := w.tx.Issuer(id)
	return &wire.IssuerRow{Key: id, Statement: i.Statement, Revoked: i.Revoked}, err
}

func (w *feedWriter) numbers(first string) (*wire.RangeRow, error) {
	n, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return nil, err
	}
	r, err := w.tx.MemberRange(loyalty.MemberID(n))
	if err != nil {
		return nil, err
	}
	keys, err := w.tx.Keys(r.First)
	return &wire.RangeRow{Store: r.Store, Epoch: r.Epoch, First: r.First, Last: r.Last, Keys: keys}, err
}

// voucher is nil once the card has it.
func (w *feedWriter) voucher(key string) (*wire.VoucherRow, error) {
	digits, number, _ := strings.Cut(key, "/")
	var card loyalty.CardID
	if err := card.UnmarshalText([]byte(digits)); err != nil {
		return nil, err
	}
	seq, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return nil, err
	}
	v, err := w.tx.Voucher(card, uint32(seq))
	if err != nil || v.Loaded {
		return nil, err
	}
	return &wire.VoucherRow{Card: card, Seq: v.Seq, Kind: v.Kind, Amount: v.Amount,
		Ref: store.HexBytes(v.Ref[:]), MAC: store.HexBytes(v.MAC[:])}, nil
}

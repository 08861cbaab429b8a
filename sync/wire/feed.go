package wire

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// Topic says what a feed row is about.
type Topic string

const (
	TopicMember    Topic = "member"
	TopicProgramme Topic = "programme"
	TopicHot       Topic = "hot"
	TopicVoucher   Topic = "voucher"
	TopicIssuer    Topic = "issuer"
	TopicRenewal   Topic = "renewal"
	TopicRange     Topic = "member_range"
	TopicCoupon    Topic = "coupon"
	TopicLease     Topic = "lease"
	TopicWatermark Topic = "watermark"
)

// FeedQuery asks for the changes after a cursor.
type FeedQuery struct {
	Store loyalty.StoreID // of the client certificate; not in the query string
	Epoch uint32          // feed epoch; 0 when the store has none yet
	After int64
	Limit int           // rows wanted; whole groups may exceed it up to MaxFeedRows
	Wait  time.Duration // how long to wait when there is nothing new, up to MaxWait
}

// FeedPage is a run of whole groups.
type FeedPage struct {
	Rows     []FeedRow
	Epoch    uint32
	Next     int64 // cursor for the next request
	UpToDate bool  // nothing was left behind Next when the page was made
}

// FeedRow is one change. Rows of one group are applied together or not at all. Exactly one of the pointers is set, the
// one that Topic names. A row is the whole new state of its thing and replaces what was there.
type FeedRow struct {
	Seq       int64         `json:"seq"`
	Group     int64         `json:"group"`
	Topic     Topic         `json:"topic"`
	Member    *MemberRow    `json:"member,omitempty"`
	Programme *ProgrammeRow `json:"programme,omitempty"`
	Hot       *HotRow       `json:"hot,omitempty"`
	Voucher   *VoucherRow   `json:"voucher,omitempty"`
	Issuer    *IssuerRow    `json:"issuer,omitempty"`
	Renewal   *RenewalRow   `json:"renewal,omitempty"`
	Range     *RangeRow     `json:"member_range,omitempty"`
	Coupon    *CouponRow    `json:"coupon,omitempty"`
	Lease     *LeaseRow     `json:"lease,omitempty"`
	Watermark *WatermarkRow `json:"watermark,omitempty"`
}

// MemberStatus says what a member may do.
type MemberStatus string

const (
	MemberActive  MemberStatus = "active"
	MemberBlocked MemberStatus = "blocked"
	MemberErased  MemberStatus = "erased" // forget cards, numbers and lots
)

// MemberRow is a member as head office knows it.
type MemberRow struct {
	ID       loyalty.MemberID `json:"id"`
	Status   MemberStatus     `json:"status"`
	Tier     string           `json:"tier,omitempty"`
	Language string           `json:"language,omitempty"`
	Balance  loyalty.Points   `json:"balance"` // sum of the lots
	Lots     []loyalty.Lot    `json:"lots"`
	Cards    []loyalty.CardID `json:"cards"`
	Numbers  []NumberRow      `json:"numbers"`
	Wallets  []WalletRow      `json:"wallets,omitempty"` // beside the points
	Past     *loyalty.Record  `json:"past,omitempty"`    // when a programme asks of it
	Known    []KnownCardRow   `json:"known,omitempty"`   // what head office knows of Cards
	// Elsewhere is what of the balance is set aside for other stores than the asking one: allowances, and what they asked for.
	Elsewhere loyalty.Points `json:"elsewhere,omitempty"`
	// Key opens what is sealed in Past, and seals what the store writes of the member; wrapped.
	Key []byte `json:"key,omitempty"`
	// Forgotten says that the person was erased: with the status, the key and all that follows from it goes.
	Forgotten bool        `json:"forgotten,omitempty"`
	Through   loyalty.Seq `json:"through"` // last entry of the asking store, in its epoch, that the row includes
}

// KnownCardRow is how far head office knows a card's journal, and what it wants of the asking store.
type KnownCardRow struct {
	Card loyalty.CardID  `json:"card"`
	Ctr  uint32          `json:"ctr"`            // every record from 1 to here
	Open []loyalty.TxnID `json:"open,omitempty"` // the card paid for them in the asking store, whose log has not told of them
}

// WalletRow is the lots of a wallet beside the points.
type WalletRow struct {
	Wallet loyalty.WalletID `json:"wallet"`
	Lots   []loyalty.Lot    `json:"lots"`
}

// NumberRow is a printed number as stores may know it.
type NumberRow struct {
	HMAC   store.Hash `json:"hmac"` // HMAC-SHA256 of the digits under the chain's number key
	Masked string     `json:"masked"`
}

// ProgrammeRow is one version of the programme.
type ProgrammeRow struct {
	ID        store.Hash      `json:"id"`         // SHA-256 of Document
	ValidFrom string          `json:"valid_from"` // local time of the store, 2026-11-23T00:00
	Document  json.RawMessage `json:"document"`   // canonical form, byte for byte
	Signature store.HexBytes  `json:"signature"`  // loyalty.SignProgramme with the position key
	Published time.Time       `json:"published,omitzero"`
}

// HotRow puts a card on the hot list or takes it off.
type HotRow struct {
	Card    loyalty.CardID `json:"card"`
	Blocked bool           `json:"blocked"`
	Reason  string         `json:"reason,omitempty"`
}

// VoucherRow is a voucher for a card (card.md 3.9). Any store may present it; its sequence makes it count once.
type VoucherRow struct {
	Card   loyalty.CardID `json:"card"`
	Seq    uint32         `json:"seq"`
	Kind   uint8          `json:"kind"`
	Amount int32          `json:"amount"`
	Ref    store.HexBytes `json:"ref"` // 8 bytes
	MAC    store.HexBytes `json:"mac"` // 16 bytes
}

// IssuerRow is a key that signs card certificates, in the root's own words (issuing.md 1).
type IssuerRow struct {
	Key       store.HexBytes `json:"key"` // 8 bytes
	Statement store.HexBytes `json:"statement"`
	Revoked   bool           `json:"revoked"` // as the statement says; never false again
}

// RenewalRow is a new certificate for a card's own key (card.md 3.11). Any store may present it.
type RenewalRow struct {
	Card        loyalty.CardID `json:"card"`
	Certificate store.HexBytes `json:"certificate"`
	MAC         store.HexBytes `json:"mac"` // 16 bytes
}

// RangeRow is member numbers that one life of the asking store makes members with, used ones included.
type RangeRow struct {
	Store loyalty.StoreID  `json:"store"`
	Epoch loyalty.Epoch    `json:"epoch"`
	First loyalty.MemberID `json:"first"`
	Last  loyalty.MemberID `json:"last"`
	Keys  []byte           `json:"keys,omitempty"` // of these members, wrapped, one behind the other; zeros for who was erased
}

// CouponRow is what became of a coupon elsewhere in the chain.
type CouponRow struct {
	Serial string `json:"serial"`
	Used   int64  `json:"used,omitempty"` // by sales of other stores than the asking one
	Void   bool   `json:"void,omitempty"` // withdrawn by the store that issued it
}

// LeaseRow is an allowance: points of a member that the asking store may spend without asking, in the life of the asking box.
type LeaseRow struct {
	Lease   loyalty.LeaseNo  `json:"lease"`
	Member  loyalty.MemberID `json:"member"`
	Granted loyalty.Points   `json:"granted"`
	Used    loyalty.Points   `json:"used"`              // by entries that head office has posted
	Seconds int64            `json:"seconds"`           // how long it is good from when the page was asked for; 0: its time is over
	Reclaim bool             `json:"reclaim,omitempty"` // head office wants it back now
}

// WatermarkRow says that head office has posted the asking store's entries through Seq. It is the last row of its
// group; the members that those entries touched are in the same group or an earlier one.
type WatermarkRow struct {
	Store loyalty.StoreID `json:"store"`
	Epoch loyalty.Epoch   `json:"epoch"`
	Seq   loyalty.Seq     `json:"seq"`
}

// feedEnd is the last line of a page: without it the page was cut short.
type feedEnd struct {
	End struct {
		Epoch    uint32 `json:"epoch"`
		Next     int64  `json:"next"`
		UpToDate bool   `json:"up_to_date"`
		Rows     int    `json:"rows"`
	} `json:"end"`
}

// Check refuses a row that does not hold together.
func (r *FeedRow) Check() error {
	bodies := 0
	for _, set := range []bool{r.Member != nil, r.Programme != nil, r.Hot != nil, r.Voucher != nil, r.Issuer != nil, r.Renewal != nil, r.Range != nil, r.Coupon != nil,
		r.Lease != nil, r.Watermark != nil} {
		if set {
			bodies++
		}
	}
	var ok bool
	switch r.Topic {
	case TopicMember:
		ok = r.Member != nil && (len(r.Member.Key) == 0 || len(r.Member.Key) == store.WrappedKeyBytes)
	case TopicProgramme:
		ok = r.Programme != nil
	case TopicHot:
		ok = r.Hot != nil
	case TopicVoucher:
		ok = r.Voucher != nil && len(r.Voucher.Ref) == 8 && len(r.Voucher.MAC) == 16
	case TopicIssuer:
		ok = r.Issuer != nil && len(r.Issuer.Key) == 8 && len(r.Issuer.Statement) > 0
	case TopicRenewal:
		ok = r.Renewal != nil && len(r.Renewal.Certificate) > 0 && len(r.Renewal.MAC) == 16
	case TopicRange:
		ok = r.Range != nil && (len(r.Range.Keys) == 0 || int64(len(r.Range.Keys)) == store.WrappedKeyBytes*int64(r.Range.Last-r.Range.First+1)) && r.Range.First >= loyalty.FirstStoreMember && r.Range.Last >= r.Range.First
	case TopicCoupon:
		ok = r.Coupon != nil && r.Coupon.Serial != "" && r.Coupon.Used >= 0
	case TopicLease:
		ok = r.Lease != nil && r.Lease.Lease > 0 && r.Lease.Member > 0 && r.Lease.Granted > 0 && r.Lease.Used >= 0 && r.Lease.Used <= r.Lease.Granted &&
			r.Lease.Seconds >= 0 && r.Lease.Seconds <= MaxLeaseSeconds
	case TopicWatermark:
		ok = r.Watermark != nil
	default:
		return fmt.Errorf("feed row %d: topic %q is not known", r.Seq, r.Topic)
	}
	if !ok || bodies != 1 || r.Seq <= 0 || r.Group <= 0 {
		return fmt.Errorf("feed row %d: its %s does not hold together", r.Seq, r.Topic)
	}
	return nil
}

// WriteFeed writes a page as NDJSON.
func WriteFeed(w io.Writer, page *FeedPage) error {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false) // keeps a programme document as it is
	for i := range page.Rows {
		if err := enc.Encode(&page.Rows[i]); err != nil {
			return fmt.Errorf("write feed row %d: %w", page.Rows[i].Seq, err)
		}
	}
	var end feedEnd
	end.End.Epoch, end.End.Next, end.End.UpToDate, end.End.Rows = page.Epoch, page.Next, page.UpToDate, len(page.Rows)
	if err := enc.Encode(end); err != nil {
		return fmt.Errorf("write feed end: %w", err)
	}
	return out.Flush()
}

// ReadFeed reads a page. Whatever is wrong with it is CodeDamaged: nothing of it may be applied. Unknown fields are
// skipped, so that head office may say more than an old store understands.
func ReadFeed(r io.Reader) (*FeedPage, error) {
	in := bufio.NewScanner(io.LimitReader(r, MaxFeedBytes+1))
	in.Buffer(make([]byte, 0, 64<<10), MaxFeedRowBytes)
	page := &FeedPage{}
	for in.Scan() {
		if bytes.HasPrefix(in.Bytes(), []byte(`{"end":`)) {
			return page, readFeedEnd(page, in)
		}
		var row FeedRow
		if err := json.Unmarshal(in.Bytes(), &row); err != nil {
			return nil, NewProblem(CodeDamaged, "feed line %d: %v", len(page.Rows)+1, err)
		}
		if err := row.Check(); err != nil {
			return nil, NewProblem(CodeDamaged, "%v", err)
		}
		if n := len(page.Rows); n > 0 && row.Seq <= page.Rows[n-1].Seq {
			return nil, NewProblem(CodeDamaged, "feed row %d after row %d", row.Seq, page.Rows[n-1].Seq)
		}
		if len(page.Rows) == MaxFeedRows {
			return nil, NewProblem(CodeDamaged, "feed page of more than %d rows", MaxFeedRows)
		}
		page.Rows = append(page.Rows, row)
	}
	return nil, NewProblem(CodeDamaged, "feed page without its end: %v", errors.Join(in.Err(), io.ErrUnexpectedEOF))
}

// ReadFeedAnswer reads a page from an answer's header and body, zipped or not.
func (c *Codec) ReadFeedAnswer(h http.Header, body io.Reader) (*FeedPage, error) {
	switch v := h.Get("Content-Encoding"); v {
	case "":
		return ReadFeed(body)
	case CodingZstd:
		packed, err := io.ReadAll(io.LimitReader(body, MaxFeedBytes+1))
		if err != nil {
			return nil, NewProblem(CodeDamaged, "read feed: %v", err)
		}
		plain, err := c.unzip(packed, MaxFeedBytes)
		if err != nil {
			return nil, err
		}
		return ReadFeed(bytes.NewReader(plain))
	default:
		return nil, NewProblem(CodeDamaged, "feed in coding %q", v)
	}
}

func readFeedEnd(page *FeedPage, in *bufio.Scanner) error {
	var end feedEnd
	if err := json.Unmarshal(in.Bytes(), &end); err != nil {
		return NewProblem(CodeDamaged, "feed end: %v", err)
	}
	if end.End.Rows != len(page.Rows) || in.Scan() {
		return NewProblem(CodeDamaged, "feed end does not fit its page")
	}
	if n := len(page.Rows); end.End.Next < 0 || n > 0 && end.End.Next < page.Rows[n-1].Seq {
		return NewProblem(CodeDamaged, "feed cursor %d lies before its rows", end.End.Next)
	}
	page.Epoch, page.Next, page.UpToDate = end.End.Epoch, end.End.Next, end.End.UpToDate
	return nil
}

// Values is the query string of a feed request.
func (q FeedQuery) Values() url.Values {
	v := url.Values{}
	v.Set("epoch", strconv.FormatUint(uint64(q.Epoch), 10))
	v.Set("after", strconv.FormatInt(q.After, 10))
	v.Set("limit", strconv.Itoa(q.Limit))
	v.Set("wait", strconv.Itoa(int(q.Wait/time.Second)))
	return v
}

// ParseFeedQuery reads a query string; absent limit and wait have defaults, unknown names are refused.
func ParseFeedQuery(id loyalty.StoreID, v url.Values) (FeedQuery, error) {
	epoch, after, limit, wait := int64(0), int64(0), int64(MaxFeedRows), int64(0)
	for name := range v {
		field, most := &epoch, int64(1)<<32-1
		switch name {
		case "epoch":
		case "after":
			field, most = &after, 1<<62
		case "limit":
			field, most = &limit, MaxFeedRows
		case "wait":
			field, most = &wait, int64(MaxWait/time.Second)
		default:
			return FeedQuery{}, NewProblem(CodeBadRequest, "query parameter %q is not known", name)
		}
		n, err := strconv.ParseInt(v.Get(name), 10, 64)
		if err != nil || n < 0 || n > most {
			return FeedQuery{}, NewProblem(CodeBadRequest, "query parameter %s: want 0 to %d", name, most)
		}
		*field = n
	}
	return FeedQuery{Store: id, Epoch: uint32(epoch), After: after, Limit: max(1, int(limit)),
		Wait: time.Duration(wait) * time.Second}, nil
}

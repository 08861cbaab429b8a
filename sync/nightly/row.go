package nightly

import (
	"fmt"
	"strings"
	"time"

	"loyaltill/agent/loyalty"
)

// UnknownKind stands in the row of an entry that this version cannot read.
const UnknownKind = "unknown"

// Place is where an entry stands.
type Place struct {
	Store loyalty.StoreID
	Epoch loyalty.Epoch
	Seq   loyalty.Seq
}

// Row is one entry as the columns of docs/nightly.md have it; what does not belong to its kind is nil. Money is in minor units.
type Row struct {
	Store      int64      `parquet:"store"`
	Epoch      int64      `parquet:"epoch"`
	Seq        int64      `parquet:"seq"`
	Day        *int32     `parquet:"business_day,date"` // days since 1970-01-01
	At         *time.Time `parquet:"at,timestamp(millisecond)"`
	Kind       string     `parquet:"kind,dict"`
	Txn        *string    `parquet:"txn"`
	Counted    bool       `parquet:"counted"`
	Lane       *int32     `parquet:"lane"`
	Cashier    *string    `parquet:"cashier,dict"`
	Member     *int64     `parquet:"member"`
	Programme  *string    `parquet:"programme,dict"`
	Medium     *string    `parquet:"medium,dict"`
	Tier       *string    `parquet:"tier,dict"`
	Currency   *string    `parquet:"currency,dict"`
	Total      *int64     `parquet:"total"`
	Reduced    *int64     `parquet:"reduced"`
	Value      *int64     `parquet:"value"`
	ToPay      *int64     `parquet:"to_pay"`
	Earned     *int64     `parquet:"earned"`
	Redeemed   *int64     `parquet:"redeemed"`
	Points     int64      `parquet:"points"`
	SoldStore  *int64     `parquet:"sold_store"`
	SoldEpoch  *int64     `parquet:"sold_epoch"`
	SoldSeq    *int64     `parquet:"sold_seq"`
	Returned   *int64     `parquet:"returned"`
	Withheld   *int64     `parquet:"withheld"`
	Refund     *int64     `parquet:"refund"`
	TakenBack  *int64     `parquet:"points_taken"`
	GivenBack  *int64     `parquet:"points_back"`
	LinesCount int32      `parquet:"lines"`
}

// entryTime is how an entry writes when it was made.
const entryTime = "2006-01-02T15:04:05.000Z07:00"

// RowOf reads an entry; counted says that head office counts it here and not elsewhere. An entry that cannot be read has a row
// all the same, with its place alone.
func RowOf(at Place, body []byte, counted bool) Row {
	r := Row{Store: int64(at.Store), Epoch: int64(at.Epoch), Seq: int64(at.Seq), Kind: UnknownKind, Counted: counted}
	e, err := loyalty.DecodeEntry(body)
	if err != nil {
		return r
	}
	day, derr := time.Parse(time.DateOnly, e.Day)
	made, aerr := time.Parse(entryTime, e.At)
	if derr != nil || aerr != nil {
		return r
	}
	r.Day, r.At, r.Kind = daysOf(day), utc(made), string(e.Kind)
	r.Txn, r.Cashier = given(e.Txn.String()), given(e.Cashier)
	r.Lane, r.Member = filled(int32(e.Lane)), filled(int64(e.Member))
	r.Points = netOf(e.Moves)
	if e.Sale != nil {
		r.sale(e.Sale)
	}
	if e.Return != nil {
		r.goodsBack(e.Return)
	}
	if e.Payment != nil {
		p := e.Payment
		r.Currency, r.Programme = given(p.Currency), given(p.Programme)
		r.Medium, r.Tier = given(string(p.Medium)), given(p.Tier)
		r.SoldStore, r.SoldEpoch, r.SoldSeq = filled(int64(p.Store)), filled(int64(p.Epoch)), filled(int64(p.Seq))
	}
	return r
}

func (r *Row) sale(s *loyalty.SaleBody) {
	r.Programme, r.Medium, r.Tier, r.Currency = given(s.Programme), given(string(s.Medium)), given(s.Tier), given(s.Currency)
	r.Total, r.Reduced, r.Value, r.ToPay = &s.Total, &s.Reduced, &s.Value, &s.ToPay
	r.Earned, r.Redeemed = whole(s.Earned), whole(s.Redeemed)
	r.LinesCount = int32(len(s.Lines))
}

func (r *Row) goodsBack(b *loyalty.ReturnBody) {
	r.Programme, r.Currency = given(b.Programme), given(b.Currency)
	r.SoldStore, r.SoldEpoch, r.SoldSeq = filled(int64(b.Store)), filled(int64(b.Epoch)), filled(int64(b.Seq))
	r.Returned, r.Withheld, r.Refund = &b.Money, &b.Withheld, &b.Refund
	r.TakenBack, r.GivenBack = whole(b.Taken), whole(b.Back)
	r.LinesCount = int32(len(b.Lines) + len(b.Unbilled))
}

// netOf is what an entry moves to members' accounts of the main wallet, less what it takes from them, by the store's word.
func netOf(moves []loyalty.Movement) (net int64) {
	for _, m := range moves {
		if ofPoints(m.To) {
			net += int64(m.Points)
		}
		if ofPoints(m.From) {
			net -= int64(m.Points)
		}
	}
	return net
}

// ofPoints recognises member/17/points/main: docs/ledger.md.
func ofPoints(account string) bool {
	parts := strings.Split(account, "/")
	return len(parts) == 4 && parts[0] == "member" && parts[2] == "points"
}

// Name says where the row stands, for faults.
func (r Row) Name() string { return fmt.Sprintf("store %d epoch %d entry %d", r.Store, r.Epoch, r.Seq) }

// BusinessDay is the row's day at midnight UTC; nil when it has none.
func (r *Row) BusinessDay() *time.Time {
	if r.Day == nil {
		return nil
	}
	day := time.Unix(0, 0).UTC().AddDate(0, 0, int(*r.Day))
	return &day
}

func daysOf(day time.Time) *int32 {
	n := int32(day.Unix() / (24 * 60 * 60))
	return &n
}

func utc(t time.Time) *time.Time {
	t = t.UTC()
	return &t
}

func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func filled[N int32 | int64](n N) *N {
	if n == 0 {
		return nil
	}
	return &n
}

func whole(p loyalty.Points) *int64 {
	n := int64(p)
	return &n
}

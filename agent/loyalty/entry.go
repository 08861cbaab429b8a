package loyalty

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Kind says what an entry records.
type Kind string

const (
	KindSale   Kind = "sale"   // a committed sale, with or without a member
	KindLoad   Kind = "load"   // a voucher loaded onto a card
	KindCancel Kind = "cancel" // a sale dropped for which a card was asked to pay
	KindCoupon Kind = "coupon" // coupons issued, one or a batch
	KindClose  Kind = "close"  // the end of a business day, with totals
	KindReturn Kind = "return" // goods of a sale taken back, all or some

	KindExpire   Kind = "expire"    // points whose last valid day is over
	KindReserve  Kind = "reserve"   // points set aside until they are confirmed, cancelled or released
	KindSettle   Kind = "settle"    // the end of a reservation, or of the wait for a lost card's points
	KindTransfer Kind = "transfer"  // points from one member to another
	KindMerge    Kind = "merge"     // two members become one
	KindReplace  Kind = "replace"   // a lost card: its points wait, then follow the member
	KindAdjust   Kind = "adjust"    // a manager's plus or minus
	KindOpening  Kind = "opening"   // a balance brought along from an older system
	KindTier     Kind = "tier"      // a review moved the member's tier, or began or ended its grace
	KindReverse  Kind = "reverse"   // the exact opposite of an earlier entry
	KindPayment  Kind = "payment"   // money received later for a sale on account
	KindGiftCard Kind = "gift_card" // a gift card activated, voided or ended outside a sale
	KindVoid     Kind = "void"      // coupons taken out of use: misprinted, or lost before anybody had them
	KindSuspect  Kind = "suspect"   // a card that was refused as false or blocked
	KindEnrol    Kind = "enrol"     // a member made in a store
	KindJournal  Kind = "journal"   // records of a card that it showed here and that no other entry here holds
	KindLease    Kind = "lease"     // the end of an allowance: this log spends nothing of it any more
)

// Entry is one immutable row of a store's log. Its canonical form is one line of JSON in exactly this field order,
// integers only; these bytes are stored, hashed and uploaded as they are (docs/ledger.md).
type Entry struct {
	V     int     `json:"v"` // format of the body, 1
	Store StoreID `json:"store"`
	Epoch Epoch   `json:"epoch"`
	Seq   Seq     `json:"seq"`
	Kind  Kind    `json:"kind"`
	Txn   TxnID   `json:"txn"`
	Day   string  `json:"day"` // business day, 2026-11-22
	At    string  `json:"at"`  // store's local time with offset, milliseconds: 2026-11-22T10:15:00.123+02:00

	Lane     LaneID      `json:"lane,omitempty"`
	Cashier  string      `json:"cashier,omitempty"`
	Staff    StaffNumber `json:"staff,omitempty"`    // who was signed in at the till
	Approver StaffNumber `json:"approver,omitempty"` // who answered for what was beyond a cashier's limits
	Member   MemberID    `json:"member,omitempty"`
	Ref      Seq         `json:"ref,omitempty"` // the entry that this one reverses

	Was *EntryRef `json:"was,omitempty"` // where it was told first, before a fork was decided

	Sale   *SaleBody   `json:"sale,omitempty"`
	Card   *CardRecord `json:"card,omitempty"` // the record that proves a debit, load or undo
	Coupon *CouponBody `json:"coupon,omitempty"`
	Close  *CloseBody  `json:"close,omitempty"`
	Return *ReturnBody `json:"return,omitempty"`

	Expire   *ExpireBody   `json:"expire,omitempty"`
	Reserve  *ReserveBody  `json:"reserve,omitempty"`
	Settle   *SettleBody   `json:"settle,omitempty"`
	Transfer *TransferBody `json:"transfer,omitempty"`
	Merge    *MergeBody    `json:"merge,omitempty"`
	Replace  *ReplaceBody  `json:"replace,omitempty"`
	Adjust   *AdjustBody   `json:"adjust,omitempty"`
	Opening  *OpeningBody  `json:"opening,omitempty"`
	Tier     *TierBody     `json:"tier,omitempty"`
	Reverse  *ReverseBody  `json:"reverse,omitempty"`
	GiftCard *GiftCardBody `json:"gift_card,omitempty"`
	Payment  *PaymentBody  `json:"payment,omitempty"`
	Activity *ActivityBody `json:"activity,omitempty"`
	Cancel   *CancelBody   `json:"cancel,omitempty"`
	Journal  *JournalBody  `json:"journal,omitempty"`
	Suspect  *SuspectBody  `json:"suspect,omitempty"`
	Enrol    *EnrolBody    `json:"enrol,omitempty"`
	Void     *VoidBody     `json:"void,omitempty"`
	Lease    *LeaseUse     `json:"lease,omitempty"`

	Moves []Movement `json:"moves,omitempty"`
}

// CardRecord is what the card answered, provable by head office through TXMAC (card.md 3.10).
type CardRecord struct {
	Card       CardID  `json:"card"`
	Ctr        uint32  `json:"ctr"`
	Type       uint8   `json:"type"`
	Amount     int32   `json:"amount"`
	NewBalance uint32  `json:"new_balance"`
	Store      StoreID `json:"store"`
	Lane       LaneID  `json:"lane"`
	Txn        TxnID   `json:"txn"`
	TXMAC      string  `json:"txmac"` // 16 hexadecimal digits
	LoadSeq    uint32  `json:"load_seq"`
}

// CancelBody says that a sale was given up without the card's undo, and never will be undone by this store. A debit of it that
// the card proves, here or elsewhere, is for head office to give back.
type CancelBody struct {
	Card     CardID `json:"card"`
	UndoSent bool   `json:"undo_sent,omitempty"` // the card was asked to undo, and did not answer
}

// JournalBody is part of a card's journal, newest first: evidence for head office. No points move by it in the store.
type JournalBody struct {
	Card    CardID       `json:"card"`
	Records []CardRecord `json:"records"`
}

// SuspectBody is a refused card: what it said it is, which nothing proves; or a voucher that a card of ours refused; or a card that
// was lost. No points move by it.
type SuspectBody struct {
	Card        CardID `json:"card"`
	Certificate string `json:"certificate"`       // hash, 16 hexadecimal digits; empty of a lost card
	Reason      string `json:"reason"`            // the code that the till showed; of a voucher: mac, sequence or data; SuspectLost
	Voucher     uint32 `json:"voucher,omitempty"` // its number
}

// SuspectLost is the reason of a card that nobody refused: its member says that it is gone.
const SuspectLost = "card_lost"

// SaleBody is all that head office needs to judge the sale again.
type SaleBody struct {
	Programme string    `json:"programme"` // digest of the version in force, hexadecimal SHA-256
	Currency  string    `json:"currency"`
	Lines     []Line    `json:"lines"`
	Tenders   []Tender  `json:"tenders"`
	Medium    Medium    `json:"medium"`              // how the member was identified
	Tier      string    `json:"tier,omitempty"`      // tier that the quote assumed
	History   *History  `json:"history,omitempty"`   // what the rules were told of the member's past
	Standing  *Standing `json:"standing,omitempty"`  // what the tier was counted on before this sale
	Reached   string    `json:"reached,omitempty"`   // a higher tier in which the sale already earned
	Counts    *Standing `json:"counts,omitempty"`    // what the sale adds to the standing; with a ladder
	Available Points    `json:"available,omitempty"` // what could be redeemed before this sale
	Asked     *Ask      `json:"asked,omitempty"`

	Floor []FloorLimit `json:"floor,omitempty"` // that held for a member without a purse

	Lease *LeaseUse `json:"lease,omitempty"` // that paid a part of what was redeemed

	Advance *Advance `json:"advance,omitempty"` // beside a purse; only where the programme has it

	Personal []string `json:"personal,omitempty"` // articles of this bill that are on the member's list

	Confirms *Reservation `json:"confirms,omitempty"` // points set aside before, which this sale spends or gives back

	Occasions    []string      `json:"occasions,omitempty"`     // of the member, used up
	Given        []RulePoints  `json:"given,omitempty"`         // by rules with a cap over time
	Campaigns    []CampaignUse `json:"campaigns,omitempty"`     // spent of budgets
	Shown        []ShownCoupon `json:"shown,omitempty"`         // coupons shown, also those without effect
	Rewards      []RewardAsk   `json:"rewards,omitempty"`       // asked
	Reductions   []Reduction   `json:"reductions,omitempty"`    // what lowered the price
	Reduced      int64         `json:"reduced,omitempty"`       // by so much in all, minor units
	RewardPoints Points        `json:"reward_points,omitempty"` // what the rewards among them cost
	Stock        []Stock       `json:"stock,omitempty"`         // what the store was told was gone
	Issued       []CouponBody  `json:"issued,omitempty"`        // coupons for another time

	Stamps        []StampUse      `json:"stamps,omitempty"`
	Surprises     []Surprise      `json:"surprises,omitempty"`       // drawn when the sale was posted
	Seed          string          `json:"seed,omitempty"`            // with which they were drawn
	GiftCards     []GiftCardState `json:"gift_cards,omitempty"`      // as told: those that paid, or that money was put on
	GiftCardsSold []GiftCardSold  `json:"gift_cards_sold,omitempty"` // by lines of this bill

	Rounding int64        `json:"rounding,omitempty"` // cash rounding inside the total, minor units
	Total    int64        `json:"total"`              // after reductions, before redemption, minor units
	Redeemed Points       `json:"redeemed,omitempty"` // points taken
	Value    int64        `json:"value,omitempty"`    // what they paid, minor units
	ToPay    int64        `json:"to_pay"`
	Earned   Points       `json:"earned,omitempty"`
	Balance  Points       `json:"balance,omitempty"` // the member's after the sale, as the store knew it; stands on the receipt
	Wallets  []WalletBody `json:"wallets,omitempty"` // beside the points
	Why      []Finding    `json:"why,omitempty"`     // the stored breakdown
	Shares   *Shares      `json:"shares,omitempty"`  // of each line, for returns
	Coupons  []TxnID      `json:"coupons,omitempty"`
	Quote    string       `json:"quote"` // beginning of the digest of the quote that the till confirmed; in older entries all of it
}

// CouponBody is one coupon as issued.
type CouponBody struct {
	Coupon    string `json:"coupon"` // kind in the programme
	Serial    string `json:"serial"`
	Value     int64  `json:"value"` // minor units
	Currency  string `json:"currency"`
	ValidFrom string `json:"valid_from"`
	ValidTo   string `json:"valid_to"`

	Uses   int64     `json:"uses,omitempty"`   // left out: 1
	Holder MemberID  `json:"holder,omitempty"` // the only one who may use it
	Stores []StoreID `json:"stores,omitempty"` // the only ones that take it
	Source string    `json:"source,omitempty"` // campaign or channel

	Count int64 `json:"count,omitempty"` // of a batch: so many alike, with serials that follow from the entry's txn; left out: 1
}

// CloseBody sums up a business day. The close itself is the entry after Last.
type CloseBody struct {
	First    Seq           `json:"first"`
	Last     Seq           `json:"last"`
	Count    int64         `json:"count"`
	Sales    int64         `json:"sales"`
	Total    int64         `json:"total"`
	ToPay    int64         `json:"to_pay"`
	Currency string        `json:"currency"`
	Tenders  []TenderTotal `json:"tenders"` // by kind, in the order of the kind's name
	Earned   Points        `json:"earned"`
	Redeemed Points        `json:"redeemed"`
	Value    int64         `json:"value"`
	Loaded   Points        `json:"loaded"`
	Coupons  int64         `json:"coupons"`
	Voided   int64         `json:"voided,omitempty"`   // coupons taken out of use
	Returned *ReturnTotals `json:"returned,omitempty"` // left out of a day without returns
	HeadHash string        `json:"head_hash"`          // chain value at Last
}

// ReturnTotals sums up a day's returns. The sales that they are of keep their place in the totals.
type ReturnTotals struct {
	Count    int64  `json:"count"`
	Money    int64  `json:"money"`    // what had been paid with money for the goods, minor units
	Withheld int64  `json:"withheld"` // of it, kept back for points that were gone
	Refund   int64  `json:"refund"`   // money less withheld
	Taken    Points `json:"taken"`    // earned points taken back
	Back     Points `json:"back"`     // spent points given back
}

// Add counts one return.
func (t *ReturnTotals) Add(b *ReturnBody) {
	t.Count++
	t.Money += b.Money
	t.Withheld += b.Withheld
	t.Refund += b.Refund
	t.Taken += b.Taken
	t.Back += b.Back
}

// TenderTotal is one line of a day's totals.
type TenderTotal struct {
	Kind   TenderKind `json:"kind"`
	Count  int64      `json:"count"`
	Amount int64      `json:"amount"`
}

// Movement takes points from one account and gives them to another; the sum over all accounts stays zero.
type Movement struct {
	From    string `json:"from"`
	To      string `json:"to"`
	Points  Points `json:"points"`            // always above zero
	Lot     LotID  `json:"lot,omitempty"`     // the lot made or drawn on
	Expires string `json:"expires,omitempty"` // last valid day of the lot; always for a lot made here
	Earned  string `json:"earned,omitempty"`  // day the lot was earned; likewise
	Usable  string `json:"usable,omitempty"`  // first day on which a lot made here may be spent
}

// MaxBodyBytes bounds one entry's canonical form, so that a single entry always fits a batch.
const MaxBodyBytes = 64 << 10

// Encode gives the canonical form of the entry, without a line end.
func (e *Entry) Encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		return nil, fmt.Errorf("encode entry %d: %w", e.Seq, err)
	}
	body := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	if len(body) > MaxBodyBytes {
		return nil, fmt.Errorf("encode entry %d: %d bytes, the limit is %d", e.Seq, len(body), MaxBodyBytes)
	}
	return body, nil
}

// DecodeEntry reads a canonical body. Unknown fields are refused: a newer format has another V.
func DecodeEntry(body []byte) (*Entry, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	var e Entry
	if err := dec.Decode(&e); err != nil {
		return nil, fmt.Errorf("decode entry: %w", err)
	}
	if dec.More() {
		return nil, fmt.Errorf("decode entry %d: bytes after the body", e.Seq)
	}
	if e.V != 1 {
		return nil, fmt.Errorf("decode entry %d: format %d is not known", e.Seq, e.V)
	}
	return &e, nil
}

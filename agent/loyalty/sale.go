package loyalty

// Line is one row of the basket.
type Line struct {
	SKU      string   `json:"sku"`
	Name     string   `json:"name,omitempty"`
	Category string   `json:"category,omitempty"` // path, parents first: food/dairy
	Brand    string   `json:"brand,omitempty"`
	Labels   []string `json:"labels,omitempty"`
	Quantity int64    `json:"quantity"`           // thousandths of a unit: 1000 is one piece, 350 is 0.350 kg
	Amount   int64    `json:"amount"`             // what the line costs, tax included, line discounts taken off; minor units
	Discount int64    `json:"discount,omitempty"` // already taken off the amount; minor units, for rules on the price before discounts
	Tax      int64    `json:"tax,omitempty"`      // tax rate inside the amount, basis points: 2100 is 21 %

	GiftCard *GiftCardLine `json:"gift_card,omitempty"` // the line sells a gift card, or puts money on one
}

// TenderKind says with what a part of the bill is paid.
type TenderKind string

const (
	TenderCash     TenderKind = "cash"
	TenderCard     TenderKind = "card"   // bank card
	TenderPoints   TenderKind = "points" // made by the engine from a redemption
	TenderGiftCard TenderKind = "gift_card"
	TenderCoupon   TenderKind = "coupon" // made by the engine, as those of rewards
	TenderReward   TenderKind = "reward"
	TenderAccount  TenderKind = "account" // paid later
)

// Tender is one payment.
type Tender struct {
	Kind   TenderKind `json:"kind"`
	Amount int64      `json:"amount"`           // minor units
	Serial string     `json:"serial,omitempty"` // of a gift card of the programme; without it the card is another's
}

// Ask is what the cashier asks to redeem: a number of points, all that can be, or as many as pay what other tenders and
// wallets leave.
type Ask struct {
	Points Points `json:"points,omitempty"`
	All    bool   `json:"all,omitempty"`
	Rest   bool   `json:"rest,omitempty"`
}

// Medium is how the member is known at the till; it decides what may be redeemed.
type Medium string

const (
	MediumNone   Medium = ""       // no member
	MediumPurse  Medium = "purse"  // LYL1 card in session: its purse is what can be spent
	MediumKeyed  Medium = "keyed"  // card of another maker that has checked its PIN: as a number, with the holder there
	MediumNumber Medium = "number" // typed or scanned: earns; redeems only within limits
)

// Sale is the bill so far, as the till sends it.
type Sale struct {
	Lines    []Line   `json:"lines"`
	Tenders  []Tender `json:"tenders,omitempty"`
	Rounding int64    `json:"rounding,omitempty"` // cash rounding added to the sum of the lines; minor units, may be below zero
	Redeem   *Ask     `json:"redeem,omitempty"`

	Wallets  []WalletAsk `json:"wallets,omitempty"`  // what to take from the wallets beside the points, each at most once
	Currency string      `json:"currency,omitempty"` // of every amount; empty: the programme's

	Shown   []ShownCoupon `json:"shown,omitempty"`   // coupons
	Rewards []RewardAsk   `json:"rewards,omitempty"` // what the member wants for points
	Offers  bool          `json:"offers,omitempty"`  // tell which rewards can be had
}

// LotID names a lot: the entry that made it and a running number, "store-epoch-seq.n".
type LotID string

// Lot is points earned together.
type Lot struct {
	ID        LotID  `json:"id"`
	Remaining Points `json:"remaining"`          // below zero only for a recorded deficit
	Earned    string `json:"earned"`             // day
	Expires   string `json:"expires,omitempty"`  // last valid day; empty never expires
	Usable    string `json:"usable,omitempty"`   // first day on which it may be spent; empty: at once
	Reserved  Points `json:"reserved,omitempty"` // of the remaining, set aside by reservations
}

// MemberState is what the engine knows of a member when it quotes.
type MemberState struct {
	ID        MemberID `json:"id"`
	Tier      string   `json:"tier,omitempty"`
	Lots      []Lot    `json:"lots,omitempty"`
	Available Points   `json:"available"` // what this medium lets them spend now
	Medium    Medium   `json:"medium"`

	Floor []FloorLimit `json:"floor,omitempty"` // on points, without a purse while head office is out of reach

	Advance Points `json:"advance,omitempty"` // what a member with a purse may spend beside it: given by this store, and not sent yet

	Reserved *Reservation  `json:"reserved,omitempty"` // that this sale confirms: its points can be spent beside what is available
	Wallets  []WalletState `json:"wallets,omitempty"`  // beside the points

	History  *History  `json:"history,omitempty"`  // for rules that look at the member's past; nil: nothing is known of it
	Standing *Standing `json:"standing,omitempty"` // for a programme with a ladder; nil: not known here, nobody is lifted
	Personal []string  `json:"personal,omitempty"` // article numbers that head office listed for the member

	Stamps []StampState `json:"stamps,omitempty"` // of every card that is not empty
}

// Place is where and when a sale happens, in the store's own time.
type Place struct {
	Store StoreID
	Lane  LaneID
	At    string // local time with offset, as Entry.At
	Day   string // business day
}

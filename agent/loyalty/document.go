package loyalty

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// DocumentFormat is the format of programme documents that this engine understands.
const DocumentFormat = 1

// document is a programme as written. After Compile every default is filled in and every number has one spelling, so
// that its JSON, in the order of these fields, is the canonical form.
type document struct {
	Format     int64                `json:"format"`
	Programme  header               `json:"programme"`
	Tiers      []tierDef            `json:"tiers,omitempty"`
	Ladder     *ladderDef           `json:"ladder,omitempty"`
	Occasions  []occasionDef        `json:"occasions,omitempty"`
	Sets       map[string]setDef    `json:"sets,omitempty"`
	Groups     map[string][]int64   `json:"store_groups,omitempty"`
	NotFor     *peopleDef           `json:"exclude_members,omitempty"`
	Segments   []segmentDef         `json:"segments,omitempty"`
	Exclude    []string             `json:"exclude,omitempty"`
	Tenders    map[string]tenderDef `json:"tenders,omitempty"`
	Earn       []earnDef            `json:"earn,omitempty"`
	Redeem     *redeemDef           `json:"redeem,omitempty"`
	Wallets    []walletDef          `json:"wallets,omitempty"`
	Discounts  []discountDef        `json:"discounts,omitempty"`
	Rewards    []rewardDef          `json:"rewards,omitempty"`
	Coupons    []couponDef          `json:"coupons,omitempty"`
	GiftCards  []giftCardDef        `json:"gift_cards,omitempty"`
	Issue      []issueDef           `json:"issue,omitempty"`
	Activities []activityDef        `json:"activities,omitempty"`
	Campaigns  []campaignDef        `json:"campaigns,omitempty"`
	Stamps     []stampDef           `json:"stamps,omitempty"`
	Surprises  []surpriseDef        `json:"surprises,omitempty"`
	Stacking   *stackingDef         `json:"stacking,omitempty"`
	Expiry     *expiryDef           `json:"expiry,omitempty"`
	Returns    *returnsDef          `json:"returns,omitempty"`
	Limits     *limitsDef           `json:"limits,omitempty"`
	Members    *membersDef          `json:"members,omitempty"`
	Messages   map[string]texts     `json:"messages,omitempty"`
}

// texts is one text by language code.
type texts map[string]string

// decimal is an exact number as text: 19.99. Floating point never touches it.
type decimal string

// figure is an amount of a wallet's unit, exact as text too: whole for points, in the major unit for money. The canonical
// form writes it without quotes.
type figure = json.Number

type header struct {
	ID             string `json:"id"`
	Name           texts  `json:"name"`
	Version        int64  `json:"version"`
	ValidFrom      string `json:"valid_from"` // local date and time
	Currency       string `json:"currency"`
	CurrencyDigits *int64 `json:"currency_digits,omitempty"`
	Points         texts  `json:"points,omitempty"` // what the points are called
	BusinessDay    string `json:"business_day,omitempty"`
}

type tierDef struct {
	ID   string  `json:"id"`
	Name texts   `json:"name"`
	From decimal `json:"from,omitempty"` // an amount, points or visits, as the ladder counts
}

type ladderDef struct {
	By        string `json:"by,omitempty"`     // spend, points, visits
	Over      string `json:"over,omitempty"`   // lifetime, calendar_year, rolling
	Months    int64  `json:"months,omitempty"` // of rolling
	Upgrade   string `json:"upgrade,omitempty"`
	Downgrade string `json:"downgrade,omitempty"` // none, step, full
	GraceDays int64  `json:"grace_days,omitempty"`
}

type setDef struct {
	Name     texts     `json:"name,omitempty"`
	All      bool      `json:"all,omitempty"`
	Personal bool      `json:"personal,omitempty"` // what head office listed for the member
	SKU      []string  `json:"sku,omitempty"`
	Category []string  `json:"category,omitempty"` // with children
	Label    []string  `json:"label,omitempty"`
	Brand    []string  `json:"brand,omitempty"`
	Price    *priceDef `json:"price,omitempty"`   // of one unit; it narrows what the other fields hold
	Sets     []string  `json:"sets,omitempty"`    // union
	Without  []string  `json:"without,omitempty"` // difference
}

// priceDef is both ends included; an empty one is open.
type priceDef struct {
	From decimal `json:"from,omitempty"`
	To   decimal `json:"to,omitempty"`
}

type tenderDef struct {
	Earns bool `json:"earns"`
}

type earnDef struct {
	ID       string     `json:"id"`
	Name     texts      `json:"name,omitempty"`
	Per      string     `json:"per,omitempty"` // amount, unit, sale, tender, visit
	Rate     *rateDef   `json:"rate,omitempty"`
	Steps    string     `json:"steps,omitempty"` // whole, proportional
	Base     *baseDef   `json:"base,omitempty"`
	Multiply decimal    `json:"multiply,omitempty"`
	Rules    []string   `json:"rules,omitempty"` // what is multiplied; empty for every rule with per
	Bonus    figure     `json:"bonus,omitempty"`
	On       string     `json:"on,omitempty"` // a set; empty for everything
	When     *whenDef   `json:"when,omitempty"`
	Cap      *capDef    `json:"cap,omitempty"`
	Rounding *roundDef  `json:"rounding,omitempty"`
	Expiry   *expiryDef `json:"expiry,omitempty"`
	Pending  int64      `json:"pending_days,omitempty"` // days until the points can be spent
	Wallet   string     `json:"wallet,omitempty"`       // empty: the programme's points

	Tenders []string  `json:"tenders,omitempty"` // of a rule per tender: what is paid with these
	Minimum *leastDef `json:"minimum,omitempty"` // of the goods that the rule bears on
	Partner string    `json:"partner,omitempty"` // who pays for what the rule gives
}

type leastDef struct {
	Amount   decimal `json:"amount,omitempty"`
	Quantity decimal `json:"quantity,omitempty"`
}

type rateDef struct {
	Points int64   `json:"points,omitempty"`
	Value  decimal `json:"value,omitempty"` // of a wallet of money, instead of points
	Per    decimal `json:"per,omitempty"`
}

type baseDef struct {
	Discount string `json:"discount,omitempty"` // after, before
	Tax      string `json:"tax,omitempty"`      // with, without
}

type whenDef struct {
	From     string   `json:"from,omitempty"` // first business day
	To       string   `json:"to,omitempty"`   // last business day
	Weekdays []string `json:"weekdays,omitempty"`
	Hours    []string `json:"hours,omitempty"`
	Stores   []int64  `json:"stores,omitempty"`
	Tiers    []string `json:"tiers,omitempty"`
	Minimum  decimal  `json:"minimum,omitempty"`  // of the bill
	Purchase int64    `json:"purchase,omitempty"` // only the member's first, second, ...
	Every    int64    `json:"every,omitempty"`    // only every n-th

	Occasion    string    `json:"occasion,omitempty"`
	Segments    []string  `json:"segments,omitempty"`     // of which the member is in one
	NotSegments []string  `json:"not_segments,omitempty"` // of which the member is in none
	Pilot       *pilotDef `json:"pilot,omitempty"`

	Groups     []string            `json:"groups,omitempty"` // store groups, beside stores
	Medium     string              `json:"medium,omitempty"` // card, number, keyed
	Attributes map[string][]string `json:"attributes,omitempty"`
	Joined     *joinedDef          `json:"joined,omitempty"`
	Contains   []containsDef       `json:"contains,omitempty"` // the bill, all of these
	CEL        expression          `json:"cel,omitempty"`
	Tenders    []string            `json:"tenders,omitempty"` // something of the bill is paid with one of them
}

// joinedDef looks at the day on which the member joined.
type joinedDef struct {
	From        string `json:"from,omitempty"`         // first day
	To          string `json:"to,omitempty"`           // last day
	LeastDays   int64  `json:"least_days,omitempty"`   // so long ago or longer
	LeastMonths int64  `json:"least_months,omitempty"` // likewise
	MostDays    int64  `json:"most_days,omitempty"`    // no longer ago
}

// containsDef asks for goods of a set: so many units, or so much of them.
type containsDef struct {
	Set    string  `json:"set"`
	Units  decimal `json:"units,omitempty"`
	Amount decimal `json:"amount,omitempty"`
}

// peopleDef names members: those of any of these.
type peopleDef struct {
	Segments   []string            `json:"segments,omitempty"`
	Tiers      []string            `json:"tiers,omitempty"`
	Attributes map[string][]string `json:"attributes,omitempty"`
}

type occasionDef struct {
	ID     string `json:"id"`
	Name   texts  `json:"name,omitempty"`
	Of     string `json:"of,omitempty"`     // birthday, joined
	Before int64  `json:"before,omitempty"` // days
	After  int64  `json:"after,omitempty"`
	Leap   string `json:"leap,omitempty"` // feb28, mar01
}

type pilotDef struct {
	Name  string  `json:"name"`
	Share decimal `json:"share"` // percent of all members
	Rest  bool    `json:"rest,omitempty"`
}

type capDef struct {
	Sale     figure `json:"sale,omitempty"`
	Day      figure `json:"day,omitempty"`
	Week     figure `json:"week,omitempty"`
	Month    figure `json:"month,omitempty"`
	Year     figure `json:"year,omitempty"`
	Lifetime figure `json:"lifetime,omitempty"`
	Balance  figure `json:"balance,omitempty"`
	Over     string `json:"over,omitempty"` // what is more: cut, refuse; empty is cut
}

type roundDef struct {
	Mode string `json:"mode,omitempty"` // floor, half_up, half_even, ceil
	At   string `json:"at,omitempty"`   // line, rule, sale
}

type expiryDef struct {
	Never  bool   `json:"never,omitempty"`
	Days   int64  `json:"days,omitempty"`
	Months int64  `json:"months,omitempty"`
	End    string `json:"end,omitempty"` // month, quarter, year: the last day of it

	Dates          []string `json:"dates,omitempty"`           // 12-31: the first of these days from then on
	InactiveMonths int64    `json:"inactive_months,omitempty"` // of the programme: everything ends after so many months without a purchase
}

type redeemDef struct {
	PointValue *pointValueDef `json:"point_value,omitempty"` // money needs none
	Minimum    figure         `json:"minimum,omitempty"`
	Step       figure         `json:"step,omitempty"`
	Keep       figure         `json:"keep,omitempty"`
	MaxShare   decimal        `json:"max_share,omitempty"` // percent of the bill
	Except     []string       `json:"except,omitempty"`
}

type pointValueDef struct {
	Points int64   `json:"points"`
	Value  decimal `json:"value"`
}

// walletDef is a further wallet beside the programme's points.
type walletDef struct {
	ID           string     `json:"id"`
	Name         texts      `json:"name,omitempty"`
	Unit         string     `json:"unit,omitempty"`          // points, money
	Stores       []int64    `json:"stores,omitempty"`        // empty: every store
	Earns        bool       `json:"earns,omitempty"`         // what it pays earns all the same
	Redeem       *redeemDef `json:"redeem,omitempty"`        // left out: it cannot pay
	WithoutPurse figure     `json:"without_purse,omitempty"` // most on one sale without the card
	Expiry       *expiryDef `json:"expiry,omitempty"`
}

type couponDef struct {
	ID        string  `json:"id"`
	Name      texts   `json:"name"`
	Text      texts   `json:"text,omitempty"`
	Value     decimal `json:"value,omitempty"`
	StartDays int64   `json:"start_days,omitempty"`
	ValidDays int64   `json:"valid_days,omitempty"`
	ValidTo   string  `json:"valid_to,omitempty"`   // last day of all of them
	Uses      int64   `json:"uses,omitempty"`       // left out: 1
	Holder    bool    `json:"holder,omitempty"`     // only for the member to whom it was issued
	NoEffect  string  `json:"no_effect,omitempty"`  // keep (left out), burn
	Reprint   string  `json:"reprint,omitempty"`    // same (left out), new
	Same      int64   `json:"same_hours,omitempty"` // with same: so long after head office was heard; left out: no limit

	Symbol    *couponSymbolDef `json:"symbol,omitempty"` // left out: QR
	Stock     *stockDef        `json:"stock,omitempty"`  // that may be issued
	PerMember *perMemberDef    `json:"per_member,omitempty"`

	Gives    *givesDef `json:"gives,omitempty"` // left out: value, off the bill
	As       string    `json:"as,omitempty"`    // reduction, tender; empty is reduction
	When     *whenDef  `json:"when,omitempty"`
	Group    string    `json:"group,omitempty"`
	Priority int64     `json:"priority,omitempty"`
}

type discountDef struct {
	ID       string    `json:"id"`
	Name     texts     `json:"name,omitempty"`
	Gives    *givesDef `json:"gives"`
	When     *whenDef  `json:"when,omitempty"`
	Cap      *capDef   `json:"cap,omitempty"`   // for one member
	Group    string    `json:"group,omitempty"` // of one group one applies
	Priority int64     `json:"priority,omitempty"`
}

type rewardDef struct {
	ID         string    `json:"id"`
	Name       texts     `json:"name,omitempty"`
	Cost       int64     `json:"cost"` // points
	Gives      *givesDef `json:"gives,omitempty"`
	As         string    `json:"as,omitempty"` // reduction, tender; empty is reduction
	When       *whenDef  `json:"when,omitempty"`
	Group      string    `json:"group,omitempty"`
	Priority   int64     `json:"priority,omitempty"`
	PerSale    int64     `json:"per_sale,omitempty"`    // times on one bill
	WithEarned bool      `json:"with_earned,omitempty"` // the points of the same sale may pay

	Text       texts            `json:"text,omitempty"`         // printed with it: an event, a place
	CostByTier map[string]int64 `json:"cost_by_tier,omitempty"` // instead of cost
	Partial    bool             `json:"partial,omitempty"`      // for fewer points, in proportion
	Stock      *stockDef        `json:"stock,omitempty"`
	PerMember  *perMemberDef    `json:"per_member,omitempty"`
}

// givesDef is a price reduction. One of percent, amount and price says how much, of says of what.
type givesDef struct {
	Product  string  `json:"product,omitempty"`   // of a reward: pieces of one article for nothing
	Coupon   string  `json:"coupon,omitempty"`    // of a reward: a coupon of that kind
	GiftCard string  `json:"gift_card,omitempty"` // of a reward: an amount off a card of that kind that the bill sells
	Percent  decimal `json:"percent,omitempty"`
	Amount   decimal `json:"amount,omitempty"`
	Price    decimal `json:"price,omitempty"`
	Of       string  `json:"of,omitempty"` // bill, line, unit, cheapest
	On       string  `json:"on,omitempty"` // a set; empty for everything
	Base     string  `json:"base,omitempty"`
	Rounding string  `json:"rounding,omitempty"`
	Each     decimal `json:"each,omitempty"`     // of bill: once for every full such amount
	Buy      int64   `json:"buy,omitempty"`      // of cheapest: for every so many pieces besides
	BuyFrom  string  `json:"buy_from,omitempty"` // the set whose pieces must be bought; empty: those of on
	Units    int64   `json:"units,omitempty"`    // of cheapest: so many pieces; of bundle: what makes one
	Times    int64   `json:"times,omitempty"`    // with each, buy or bundle: at most so often
	Most     decimal `json:"most,omitempty"`     // at most so much off
}

type stackingDef struct {
	Group        string  `json:"group,omitempty"`          // priority, best_for_customer
	MaxAmount    decimal `json:"max_amount,omitempty"`     // off a bill
	MaxShare     decimal `json:"max_share,omitempty"`      // percent of a bill
	MaxLineShare decimal `json:"max_line_share,omitempty"` // percent of a line
}

type returnsDef struct {
	Earned    string `json:"earned,omitempty"` // pro_rata, per_line
	Spent     string `json:"spent,omitempty"`  // original, reissue
	GraceDays int64  `json:"grace_days,omitempty"`
	Shortage  string `json:"shortage,omitempty"` // clamp, negative, withhold

	Kept        string `json:"kept,omitempty"`         // pro_rata, reprice
	Coupons     string `json:"coupons,omitempty"`      // burn, keep
	WithoutBill string `json:"without_bill,omitempty"` // refused, lowest_price
}

type limitsDef struct {
	EarnPerSale        int64 `json:"earn_per_sale,omitempty"`
	RedeemWithoutPurse int64 `json:"redeem_without_purse,omitempty"`

	Floor     *floorDef     `json:"floor,omitempty"`     // left out: nothing
	Allowance *allowanceDef `json:"allowance,omitempty"` // left out: none

	WithoutPIN *int64        `json:"redeem_without_pin,omitempty"` // left out: no limit
	Cashier    *roleDef      `json:"cashier,omitempty"`
	Manager    *roleDef      `json:"manager,omitempty"`
	Velocity   []velocityDef `json:"velocity,omitempty"`
}

// canonical is the one spelling of a document.
func (d *document) canonical() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(d); err != nil {
		return nil, fmt.Errorf("write canonical programme %s: %w", d.Programme.ID, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

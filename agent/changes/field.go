package changes

import (
	"strings"

	"loyaltill/internal/i18n"
)

// kind is what a value is, so that it is written with its unit or under its name.
type kind uint8

const (
	plain kind = iota
	texts
	rate
	span
	money
	percent
	number
	pointsKind
	days
	months
	hours
	date
	weekday
	inSets
	inTiers
	inCoupons
	inRewards
	inGiftCards
	inWallets
	inSegments
	inOccasions
)

// sectionOf is where the names of a kind stand.
var sectionOf = map[kind]string{
	inSets: "sets", inTiers: "tiers", inCoupons: "coupons", inRewards: "rewards", inGiftCards: "gift_cards", inWallets: "wallets", inSegments: "segments", inOccasions: "occasions",
}

var unitOf = map[kind]string{pointsKind: "points", days: "days", months: "months", hours: "hours"}

// field is what a path is called, and what stands there.
type field struct {
	label string // change.f_…
	kind  kind
}

// fields are found by section and path, else by the path's last steps, the longest first. A path that is not here is told as it
// is written in the document.
var fields = map[string]field{
	"name": {"name", texts}, "text": {"text", texts}, "question": {"question", texts}, "programme/points": {"points_name", texts}, "consent.text": {"text", texts},
	"programme/version": {"version", number}, "programme/valid_from": {"holds_from", date}, "programme/business_day": {"business_day", plain},
	"programme/currency": {"currency", plain}, "messages/": {"text", texts},

	"tiers/from": {"reached_from", number}, "ladder/by": {"counted_by", plain}, "ladder/months": {"months", months}, "grace_days": {"grace", days},

	"sku": {"articles", plain}, "category": {"categories", plain}, "label": {"labels", plain}, "brand": {"brands", plain}, "sets/sets": {"goods", inSets},
	"without": {"without", inSets}, "price.from": {"from", money}, "price.to": {"to", money}, "price": {"price", money}, "exclude/": {"goods", inSets},
	"earns": {"earns_too", plain},

	"rate": {"gives", rate}, "per": {"counted_per", plain}, "multiply": {"multiplies", number}, "bonus": {"bonus", pointsKind}, "rules": {"rules", plain}, "on": {"goods", inSets},
	"expiry": {"expiry", plain}, "expiry.days": {"after", days}, "expiry.months": {"after", months}, "expiry/days": {"after", days}, "expiry/months": {"after", months}, "inactive_months": {"unused", months}, "never": {"never", plain}, "dates": {"days", plain},
	"cap": {"cap", plain}, "sale": {"per_sale", number}, "day": {"per_day", number}, "week": {"per_week", number}, "month": {"per_month", number}, "year": {"per_year", number},
	"lifetime": {"in_all", number}, "balance": {"balance", number}, "pending_days": {"usable_after", days}, "wallet": {"wallet", inWallets}, "tenders": {"paid_with", plain},
	"minimum": {"least", number}, "minimum.amount": {"amount", money}, "minimum.quantity": {"pieces", number}, "partner": {"partner", plain},

	"when": {"when", plain}, "when.period": {"period", span}, "when.weekdays": {"weekdays", weekday}, "when.hours": {"hours", plain}, "when.stores": {"stores", plain}, "when.groups": {"groups", plain},
	"when.tiers": {"tiers", inTiers}, "when.minimum": {"least_bill", money}, "when.segments": {"segments", inSegments}, "when.not_segments": {"not_segments", inSegments},
	"when.purchase": {"purchase", number}, "when.every": {"every", number}, "when.occasion": {"occasion", inOccasions}, "when.tenders": {"paid_with", plain}, "when.cel": {"condition", plain},
	"contains": {"on_bill", plain}, "contains.set": {"goods", inSets}, "contains.amount": {"amount", money}, "contains.units": {"pieces", number}, "joined": {"joined", plain}, "pilot": {"trial", plain},
	"stores": {"stores", plain}, "exclude_members/segments": {"segments", inSegments}, "exclude_members/tiers": {"tiers", inTiers},

	"point_value": {"worth", rate}, "step": {"step", number}, "keep": {"keep", number}, "max_share": {"max_share", percent}, "except": {"except", inSets}, "without_purse": {"without_card", number},

	"gives": {"gives", plain}, "gives.percent": {"percent", percent}, "gives.amount": {"amount", money}, "gives.price": {"price", money}, "gives.each": {"for_each", money}, "gives.most": {"most", money},
	"gives.coupon": {"coupon", inCoupons}, "gives.gift_card": {"gift_card", inGiftCards}, "gives.product": {"articles", plain}, "gives.units": {"pieces", number}, "gives.buy": {"bought", number},
	"gives.buy_from": {"bought_from", inSets}, "gives.times": {"times", number}, "times": {"times", number},

	"value": {"value", money}, "start_days": {"valid_after", days}, "valid_days": {"valid_for", days}, "valid_to": {"last_day", date}, "uses": {"uses", number}, "holder": {"holder", plain},
	"stock": {"stock", plain}, "total": {"in_all", number}, "store": {"each_store", number}, "per_member": {"per_member", plain}, "group": {"group", plain}, "priority": {"rank", number},
	"cost": {"cost", pointsKind}, "cost_by_tier": {"cost_by_tier", pointsKind}, "per_sale": {"per_sale", number}, "per_day": {"per_day", number}, "partial": {"partial", plain}, "with_earned": {"with_earned", plain},

	"max_amount": {"most_off_bill", money}, "stacking/max_share": {"most_off_bill", percent}, "max_line_share": {"most_off_line", percent},
	"returns/earned": {"return_earned", plain}, "returns/spent": {"return_spent", plain}, "returns/shortage": {"return_shortage", plain}, "returns/without_bill": {"return_without_bill", plain},

	"earn_per_sale": {"earn_per_sale", pointsKind}, "redeem_without_purse": {"without_card", pointsKind}, "redeem_without_pin": {"without_pin", pointsKind},
	"cashier.redeem": {"cashier_redeem", pointsKind}, "cashier.adjust": {"cashier_adjust", pointsKind}, "cashier.refund": {"cashier_refund", money},
	"manager.redeem": {"manager_redeem", pointsKind}, "manager.adjust": {"manager_adjust", pointsKind}, "manager.refund": {"manager_refund", money},
	"floor.member_day": {"offline_member", pointsKind}, "floor.store_day": {"offline_store", pointsKind}, "floor.hours": {"offline_hours", hours}, "velocity": {"velocity", plain},

	"transfer": {"transfer", plain}, "transfer.most": {"transfer_most", pointsKind}, "transfer.month": {"transfer_month", pointsKind}, "transfer.wait_days": {"usable_after", days},
	"replace_wait_days": {"replace_wait", days}, "reasons": {"reasons", plain}, "below_zero": {"below_zero", plain}, "consent": {"consent", plain}, "consent.version": {"version", plain},

	"points": {"points", pointsKind}, "points.least": {"least", number}, "points.most": {"most", number}, "once": {"once", plain}, "proof": {"proof", plain}, "referral": {"referral", plain},
	"friend": {"friend", pointsKind}, "referral.minimum": {"least_bill", money}, "referral.wait_days": {"usable_after", days},
	"budget": {"budget", plain}, "money": {"amount", money}, "store_slice": {"each_store", plain}, "campaigns/earn": {"earn", plain}, "campaigns/discounts": {"discounts", plain},
	"values": {"values", money}, "gift_cards/from": {"from", money}, "gift_cards/to": {"to", money}, "top_up": {"top_up", plain}, "most": {"most", money}, "whole": {"whole", plain}, "pays": {"pays", inSets},
	"paid_with": {"paid_with", plain}, "refund": {"refund", plain}, "coupon": {"coupon", inCoupons}, "reward": {"reward", inRewards}, "each": {"for_each", money},
	"buy": {"bought", number}, "free": {"free", plain}, "chance": {"chance", plain}, "months": {"months", months}, "days": {"days", days}, "least": {"least", number},
}

// find looks a field up; ok is false when it has no words of its own.
func find(section, path string) (field, bool) {
	if f, ok := fields[section+"/"+path]; ok {
		return f, true
	}
	steps := strings.Split(path, ".")
	for i := range steps {
		if f, ok := fields[strings.Join(steps[i:], ".")]; ok {
			return f, true
		}
	}
	return field{}, false
}

func kindOf(section, path string) kind {
	f, _ := find(section, path)
	return f.kind
}

// label is what a field is called: its words, else its path.
func label(l i18n.Lang, section, path string) string {
	if f, ok := find(section, path); ok {
		return i18n.Text(l, "change.f_"+f.label, nil)
	}
	return path
}

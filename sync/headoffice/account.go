package headoffice

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// place is where head office keeps what a movement calls an account.
type place struct {
	owner hodb.Owner
	kind  hodb.AccountKind
	unit  string
}

// isProgrammes says whether an account is one that every store has for itself: what it gave out, took and saw end.
func isProgrammes(name string) bool {
	return strings.HasPrefix(name, "programme/") || strings.HasPrefix(name, giftCards)
}

// giftCards begins the programme's accounts of money on gift cards.
const giftCards = "gift_cards/"

// placeOf reads the name of an account as an entry of a store says it: member/7/points/main, programme/issued,
// programme/fuel/issued, gift_cards/issued, gift_card/4711. What is left on a gift card is head office's own account, for it
// belongs to no one store. Money on gift cards has a unit of its own, by currency.
func (j *judge) placeOf(name string, store loyalty.StoreID) place {
	part := strings.Split(name, "/")
	money := "gift_card:" + j.office.home.Settings.Currency
	switch {
	case part[0] == "member" && len(part) == 4:
		if id, err := strconv.ParseInt(part[1], 10, 64); err == nil && id > 0 {
			return place{hodb.MemberOwner(loyalty.MemberID(id)), hodb.AccountKind(part[3]), part[2]}
		}
	case part[0] == "programme" && len(part) == 2:
		return place{ownerOf(store), hodb.AccountKind(part[1]), hodb.Points}
	case part[0] == "programme" && len(part) == 3:
		return place{ownerOf(store), hodb.AccountKind(part[2]), part[1]}
	case part[0] == "partner" && len(part) == 4: // of a wallet beside the points
		return place{hodb.HeadOffice, hodb.AccountKind(name), part[2]}
	case strings.HasPrefix(name, giftCards):
		return place{ownerOf(store), hodb.AccountKind(part[1]), money}
	case part[0] == "gift_card":
		return place{hodb.HeadOffice, hodb.AccountKind(name), money}
	}
	return place{hodb.HeadOffice, hodb.AccountKind(name), hodb.Points}
}

// ownerOf has the programme's accounts of a store; of store 0, which is head office itself, head office.
func ownerOf(store loyalty.StoreID) hodb.Owner {
	if store == 0 {
		return hodb.HeadOffice
	}
	return hodb.StoreOwner(store)
}

// legsOf are the sides of movements that are not the programme's: of what head office found.
func (j *judge) legsOf(moves []loyalty.Movement, store loyalty.StoreID, reason string) []hodb.Leg {
	var legs []hodb.Leg
	for _, m := range moves {
		for _, side := range []struct {
			name   string
			points loyalty.Points
		}{{m.From, -m.Points}, {m.To, m.Points}} {
			if isProgrammes(side.name) {
				continue
			}
			at := j.placeOf(side.name, store)
			legs = append(legs, hodb.Leg{Owner: at.owner, Kind: at.kind, Unit: at.unit, Amount: side.points, Reason: reason,
				Lot: m.Lot, Earned: m.Earned, Expires: m.Expires, Usable: m.Usable})
		}
	}
	return legs
}

// maxClaim bounds what a store can say it gave or took in one entry; beyond, the figure is nonsense and is only noted.
const maxClaim loyalty.Points = 1 << 40

// errAbsurd says that a store's figures must not reach an account.
var errAbsurd = errors.New("the figures said cannot be; head office's own are posted")

// claimsOf are the sides of movements that are the programme's: of what the store said.
func (j *judge) claimsOf(moves []loyalty.Movement, store loyalty.StoreID, reason string) ([]hodb.Leg, error) {
	var legs []hodb.Leg
	total := loyalty.Points(0)
	for _, m := range moves {
		for _, side := range []struct {
			name   string
			points loyalty.Points
		}{{m.From, -m.Points}, {m.To, m.Points}} {
			if !isProgrammes(side.name) {
				continue
			}
			if total += m.Points; m.Points <= 0 || m.Points > maxClaim || total > maxClaim {
				return nil, errAbsurd
			}
			at := j.placeOf(side.name, store)
			i := slices.IndexFunc(legs, func(l hodb.Leg) bool { return l.Kind == at.kind && l.Unit == at.unit })
			if i < 0 {
				i, legs = len(legs), append(legs, hodb.Leg{Owner: at.owner, Kind: at.kind, Unit: at.unit, Reason: reason})
			}
			legs[i].Amount += side.points
		}
	}
	return legs, nil
}

// balanced adds what lies between the legs and zero to the store's suspense account, unit by unit; suspended is that.
func balanced(legs []hodb.Leg, store loyalty.StoreID, reason hodb.CaseKind) (all, suspended []hodb.Leg) {
	for _, leg := range legs {
		unit := cmp.Or(leg.Unit, hodb.Points)
		i := slices.IndexFunc(suspended, func(l hodb.Leg) bool { return l.Unit == unit })
		if i < 0 {
			i = len(suspended)
			suspended = append(suspended, hodb.Leg{Owner: hodb.StoreOwner(store), Kind: hodb.Suspense, Unit: unit, Reason: string(reason)})
		}
		suspended[i].Amount -= leg.Amount
	}
	suspended = slices.DeleteFunc(suspended, func(l hodb.Leg) bool { return l.Amount == 0 })
	return append(legs, suspended...), suspended
}

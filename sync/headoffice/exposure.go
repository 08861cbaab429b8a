package headoffice

import (
	"context"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// Exposure is what a programme's floor limits risk at most: every store cut off from head office for as long as it may spend, every
// member in every store. Points on cards and in allowances are no part of it.
type Exposure struct {
	Stores   int64          `json:"stores"`
	Members  int64          `json:"members"`   // every store knows every one
	StoreDay loyalty.Points `json:"store_day"` // in one store on one business day: the store's limit, or the member's times the members
	Days     int64          `json:"days"`      // business days that a store's silence may touch
	Points   loyalty.Points `json:"points"`    // in all
	Value    int64          `json:"value"`     // of them, minor units
	Currency string         `json:"currency"`

	// SetAside is the most that allowances by policy keep for single stores: nothing of it is spent twice, and nowhere else.
	SetAside loyalty.Points `json:"set_aside,omitempty"`
}

func (o *Office) exposure(ctx context.Context, in publishInput) (e Exposure, err error) {
	p, err := loyalty.Compile(in.Document)
	if err != nil {
		return e, err
	}
	risk := p.Risk()
	e = Exposure{Days: risk.Days, Currency: p.Currency()}
	err = o.db.View(ctx, func(tx *hodb.Tx) error {
		e.Stores, e.Members, err = tx.Population()
		return err
	})
	e.StoreDay = risk.StoreDay
	if risk.MemberDay > 0 && e.Members <= int64(risk.StoreDay/risk.MemberDay) { // else the product is beyond the store's limit
		e.StoreDay = risk.MemberDay * loyalty.Points(e.Members)
	}
	e.Points = min(e.StoreDay*loyalty.Points(e.Stores), maxClaim) * loyalty.Points(e.Days)
	e.Value = p.Value(e.Points)
	if a, given := p.Allowance(); given {
		e.SetAside = min(product(a.Store, e.Stores), product(a.Member, e.Members))
	}
	return e, err
}

// product is so many points so many times, within bounds.
func product(points loyalty.Points, times int64) loyalty.Points {
	if points > 0 && times > int64(maxClaim/points) {
		return maxClaim
	}
	return points * loyalty.Points(times)
}

// Exposure is what publishing a programme document would risk.
func (m Manager) Exposure(ctx context.Context, document []byte) (out Exposure, err error) {
	p, err := loyalty.Compile(document)
	if err != nil {
		return out, err
	}
	err = m.call(ctx, opExposure, publishInput{Document: p.Canonical()}, &out)
	return out, err
}

package headoffice

import (
	"context"
	"strings"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// LiabilityRow is what the chain owes its members in one wallet, over one business day: Opening + Issued - Redeemed - Expired + Brought +
// Adjusted - Suspense is Closing. Opening of a day is Closing of the one before it.
type LiabilityRow struct {
	Day      string         `json:"day"`
	Wallet   string         `json:"wallet"` // points, or the id of another
	Opening  loyalty.Points `json:"opening"`
	Issued   loyalty.Points `json:"issued"`   // less what returns took back
	Redeemed loyalty.Points `json:"redeemed"` // less what returns gave back
	Expired  loyalty.Points `json:"expired"`
	Brought  loyalty.Points `json:"brought"`  // opening balances of an older system
	Adjusted loyalty.Points `json:"adjusted"` // by hand, and what was spent twice and the chain bears
	Suspense loyalty.Points `json:"suspense"` // what stores said and head office did not find; on no member
	Closing  loyalty.Points `json:"closing"`  // what members hold, from their own side of every movement
	Off      loyalty.Points `json:"off"`      // what is missing in the equation: zero
}

// LiabilityWallet holds the report against the accounts as they stand.
type LiabilityWallet struct {
	Wallet   string         `json:"wallet"`
	Closing  loyalty.Points `json:"closing"`  // of all days that were ever posted, also after the report's last
	Accounts loyalty.Points `json:"accounts"` // what members' accounts hold
	Off      loyalty.Points `json:"off"`      // Closing less Accounts: zero
}

// LiabilityReport is the tie-out from one business day to another, both included, and whether it adds up to the point.
type LiabilityReport struct {
	From    string            `json:"from"`
	To      string            `json:"to"`
	Days    []LiabilityRow    `json:"days"`
	Wallets []LiabilityWallet `json:"wallets"`
	Ties    bool              `json:"ties"`
}

// lastOfDays is after every business day.
const lastOfDays = "9999-12-31"

func (o *Office) liability(ctx context.Context, in partnersInput) (r LiabilityReport, err error) {
	if err := in.check(); err != nil {
		return r, err
	}
	r = LiabilityReport{From: in.From, To: in.To, Days: []LiabilityRow{}, Wallets: []LiabilityWallet{}, Ties: true}
	err = o.db.View(ctx, func(tx *hodb.Tx) error {
		sums, err := tx.Liability(lastOfDays)
		if err != nil {
			return err
		}
		closing := map[string]loyalty.Points{}
		for _, row := range liabilityRows(sums) {
			closing[row.Wallet] = row.Closing
			r.Ties = r.Ties && row.Off == 0
			if in.From <= row.Day && row.Day <= in.To {
				r.Days = append(r.Days, row)
			}
		}
		held, err := tx.Held()
		for _, h := range held {
			w := LiabilityWallet{Wallet: h.Unit, Closing: closing[h.Unit], Accounts: h.Held, Off: closing[h.Unit] - h.Held}
			r.Ties = r.Ties && w.Off == 0
			r.Wallets = append(r.Wallets, w)
		}
		return err
	})
	return r, err
}

// liabilityRows makes a row for each day and wallet on which something moved; sums are in their order.
func liabilityRows(sums []hodb.LiabilitySum) (rows []LiabilityRow) {
	for _, s := range sums {
		n := len(rows)
		if n == 0 || rows[n-1].Day != s.Day || rows[n-1].Wallet != s.Unit {
			row := LiabilityRow{Day: s.Day, Wallet: s.Unit}
			if n > 0 && rows[n-1].Wallet == s.Unit {
				row.Opening = rows[n-1].Closing
			}
			row.Closing = row.Opening
			rows = append(rows, row)
		}
		rows[len(rows)-1].add(s)
	}
	for i := range rows {
		r := &rows[i]
		r.Off = r.Opening + r.Issued - r.Redeemed - r.Expired + r.Brought + r.Adjusted - r.Suspense - r.Closing
	}
	return rows
}

func (r *LiabilityRow) add(s hodb.LiabilitySum) {
	switch kind := string(s.Kind); {
	case kind == "":
		r.Closing += s.Amount
	case kind == string(hodb.Issued), strings.HasPrefix(kind, "partner/"):
		r.Issued -= s.Amount
	case kind == string(hodb.Redeemed):
		r.Redeemed += s.Amount
	case kind == string(hodb.Expired):
		r.Expired += s.Amount
	case kind == "opening":
		r.Brought -= s.Amount
	case kind == "adjusted", kind == string(hodb.Overdrawn):
		r.Adjusted -= s.Amount
	case kind == string(hodb.Suspense):
		r.Suspense += s.Amount
	} // what is of no such kind is Off, and has to be looked at
}

// Liability makes the tie-out.
func (m Manager) Liability(ctx context.Context, from, to string) (r LiabilityReport, err error) {
	err = m.call(ctx, opLiability, partnersInput{from, to}, &r)
	return r, err
}

package headoffice

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// reasonOverdrawn blocks the cards of a member who spent points twice, where the programme says so.
const reasonOverdrawn = "points were spent twice"

// overdrafts finds the sales that took points which were not there any more, whichever store told first: each is a case, and what the
// chain bears is booked to the store. Sales stand; what late entries explain is taken back.
func (j *judge) overdrafts() error {
	for _, id := range j.poster.Short() {
		want, err := j.tx.Overdrafts(id, j.poster.Idle, j.overdraft)
		if err != nil {
			return fmt.Errorf("overdrafts of member %d: %w", id, err)
		}
		have, err := j.tx.OverdraftsOf(id)
		if err != nil {
			return err
		}
		for _, o := range want {
			if err := j.keepOverdraft(o, have); err != nil {
				return err
			}
		}
		for _, o := range have {
			if !slices.ContainsFunc(want, func(w hodb.Overdraft) bool { return w.EntryKey == o.EntryKey }) {
				if err := j.dropOverdraft(o); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// overdraft judges an entry that took more than there was, by the programme under which it was made. Only sales count of which no card
// kept the points: what a purse paid is the card's own word, and what a return takes back the programme's.
func (j *judge) overdraft(k hodb.EntryKey) (o hodb.Overdraft, counts bool, err error) {
	if k.Store == 0 {
		return o, false, nil
	}
	raw, err := j.tx.Entry(k)
	if err != nil {
		return o, false, err
	}
	m, err := readMatter(raw)
	if err != nil || m.entry.Sale == nil || m.entry.Sale.Medium == loyalty.MediumPurse {
		return o, false, nil // what cannot be read moves nothing
	}
	o = hodb.Overdraft{Lane: int64(m.entry.Lane), Day: m.entry.Day, At: m.at, Bears: loyalty.BearsMember}
	p, err := j.office.programme(j.tx, m.entry.Sale.Programme)
	if errors.Is(err, hodb.ErrNotFound) {
		return o, true, nil
	}
	if err == nil {
		o.Bears, o.Block = p.Overdraft()
	}
	return o, true, err
}

// keepOverdraft books the difference to what is kept of it.
func (j *judge) keepOverdraft(o hodb.Overdraft, have []hodb.Overdraft) error {
	borne := loyalty.Points(0)
	i := slices.IndexFunc(have, func(h hodb.Overdraft) bool { return h.EntryKey == o.EntryKey })
	if i >= 0 {
		if have[i].Points == o.Points {
			return nil
		}
		borne = have[i].Points
	}
	if o.Bears == loyalty.BearsChain {
		if err := j.poster.Bear(o, o.Points-borne); err != nil {
			return err
		}
	}
	if err := j.tx.KeepOverdraft(o); err != nil {
		return err
	}
	who := "the member owes them"
	if o.Bears == loyalty.BearsChain {
		who = "the chain bears them"
	}
	if i < 0 {
		j.office.metrics.CaseOpened(string(hodb.CaseOverdrawn))
	}
	if err := j.tx.OpenCase(hodb.CaseOverdrawn, o.EntryKey, fmt.Sprintf("lane %d: %d points that member %d did not have; %s", o.Lane, o.Points, o.Member, who)); err != nil {
		return err
	}
	return j.blockOverdrawn(o)
}

func (j *judge) blockOverdrawn(o hodb.Overdraft) error {
	if !o.Block {
		return nil
	}
	cards, err := j.tx.Cards(o.Member)
	for _, c := range cards {
		if err == nil {
			err = j.tx.BlockCard(c.ID, reasonOverdrawn)
		}
	}
	return err
}

// dropOverdraft takes back one that there is not: an entry that came late brought the points.
func (j *judge) dropOverdraft(o hodb.Overdraft) error {
	if o.Bears == loyalty.BearsChain {
		was, _, err := j.overdraft(o.EntryKey) // for its time
		if err != nil {
			return err
		}
		o.At = was.At
		if err := j.poster.Bear(o, -o.Points); err != nil {
			return err
		}
	}
	if err := j.tx.DropOverdraft(o); err != nil {
		return err
	}
	return freeOverdrawn(j.tx, o.Member)
}

// freeOverdrawn takes a member's cards off the hot list when no case keeps them there.
func freeOverdrawn(tx *hodb.Tx, id loyalty.MemberID) error {
	open, err := tx.OpenOverdrafts(id)
	if err != nil || open > 0 {
		return err
	}
	cards, err := tx.Cards(id)
	for _, c := range cards {
		if err == nil {
			err = tx.UnblockCard(c.ID, reasonOverdrawn)
		}
	}
	return err
}

// OverdraftRow is what one store, or all together, let members spend that they did not have.
type OverdraftRow struct {
	Store      loyalty.StoreID `json:"store,omitempty"` // 0: all
	Sales      int64           `json:"sales"`
	Points     loyalty.Points  `json:"points"`
	Borne      loyalty.Points  `json:"borne"` // of them, by the chain: booked to the store's account "overdrawn"
	Redeems    int64           `json:"redemptions"`
	PerMillion int64           `json:"per_million"` // sales in a million redemptions, the started one counted
}

// OverdraftReport is every store that redeemed anything, and all together.
type OverdraftReport struct {
	Stores []OverdraftRow `json:"stores"`
	All    OverdraftRow   `json:"all"`
}

func (o *Office) overdraftReport(ctx context.Context, _ none) (r OverdraftReport, err error) {
	err = o.db.View(ctx, func(tx *hodb.Tx) error {
		redeems, err := tx.Redemptions()
		if err != nil {
			return err
		}
		all, err := tx.AllOverdrafts()
		if err != nil {
			return err
		}
		rows := map[loyalty.StoreID]*OverdraftRow{}
		for id, n := range redeems {
			rows[id] = &OverdraftRow{Store: id, Redeems: n}
		}
		for _, d := range all {
			row := rows[d.Store]
			if row == nil {
				row = &OverdraftRow{Store: d.Store}
				rows[d.Store] = row
			}
			row.add(d)
			r.All.add(d)
		}
		r.Stores = []OverdraftRow{}
		for _, row := range rows {
			row.rate()
			r.All.Redeems += row.Redeems
			r.Stores = append(r.Stores, *row)
		}
		r.All.rate()
		slices.SortFunc(r.Stores, func(a, b OverdraftRow) int { return int(int64(a.Store) - int64(b.Store)) })
		return nil
	})
	return r, err
}

func (r *OverdraftRow) add(d hodb.Overdraft) {
	r.Sales, r.Points = r.Sales+1, r.Points+d.Points
	if d.Bears == loyalty.BearsChain {
		r.Borne += d.Points
	}
}

func (r *OverdraftRow) rate() {
	if r.Redeems > 0 {
		r.PerMillion = (r.Sales*1e6 + r.Redeems - 1) / r.Redeems
	}
}

// Overdrafts says what was spent twice, store by store.
func (m Manager) Overdrafts(ctx context.Context) (r OverdraftReport, err error) {
	err = m.Home.call(ctx, m.Options, opOverdrafts, none{}, &r)
	return r, err
}

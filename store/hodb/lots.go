package hodb

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"loyaltill/agent/loyalty"
)

// foldKey is an entry's place in a member's canonical order.
type foldKey struct {
	day  string
	atMS int64
	key  EntryKey
}

func (a foldKey) compare(b foldKey) int {
	return cmp.Or(strings.Compare(a.day, b.day), cmp.Compare(a.atMS, b.atMS), cmp.Compare(a.key.Store, b.key.Store),
		cmp.Compare(a.key.Epoch, b.key.Epoch), cmp.Compare(a.key.Seq, b.key.Seq))
}

// effect is what one leg does to a member's lots.
type effect struct {
	at   foldKey
	move loyalty.Movement
}

// foldMember brings the lots up to date. Entries newer than everything folded so far are applied on top; with a late one
// among them the member is folded again from the beginning, so the order of arrival changes nothing.
func (tx *Tx) foldMember(m *Member, fresh []effect) error {
	slices.SortStableFunc(fresh, func(a, b effect) int { return a.at.compare(b.at) })
	effects, late := fresh, fresh[0].at.compare(m.fold) <= 0
	var have, from []loyalty.Lot
	var err error
	if late || m.overdrawn || !onlyEarn(fresh, m.ID) { // else the new lots stand beside the old ones, unseen
		if have, err = tx.Lots(m.ID); err != nil {
			return err
		}
		from = have
	}
	if late {
		if effects, err = tx.effects(m.ID); err != nil {
			return err
		}
		from = nil
	}
	if err := tx.replaceLots(m.ID, have, fold(from, effects, m.ID)); err != nil {
		return err
	}
	last := effects[len(effects)-1].at
	return tx.exec(`UPDATE member SET fold_day = $2, fold_at_ms = $3, fold_store = $4, fold_epoch = $5, fold_seq = $6
		WHERE member_id = $1`, m.ID, last.day, last.atMS, last.key.Store, last.key.Epoch, last.key.Seq)
}

// onlyEarn tells whether nothing is taken from the member.
func onlyEarn(effects []effect, id loyalty.MemberID) bool {
	return !slices.ContainsFunc(effects, func(e effect) bool {
		from, _ := loyalty.AccountMember(e.move.From)
		return from == id
	})
}

// fold applies effects in order, the movements of one entry together.
func fold(lots []loyalty.Lot, effects []effect, id loyalty.MemberID) []loyalty.Lot {
	for len(effects) > 0 {
		n := 1
		for n < len(effects) && effects[n].at == effects[0].at {
			n++
		}
		moves := make([]loyalty.Movement, n)
		for i := range moves {
			moves[i] = effects[i].move
		}
		lots = loyalty.Apply(lots, moves, id)
		effects = effects[n:]
	}
	return lots
}

// effects reads everything that was ever posted to a member, in canonical order. Head office's own moves between the
// member's accounts (store 0) leave the lots as they are.
func (tx *Tx) effects(id loyalty.MemberID) ([]effect, error) {
	return collect(tx, func(scan func(...any) error) (e effect, err error) {
		var leg Leg
		err = scan(&e.at.day, &e.at.atMS, &e.at.key.Store, &e.at.key.Epoch, &e.at.key.Seq,
			&leg.Amount, &leg.Lot, &leg.Earned, &leg.Expires)
		e.move = leg.movement(id)
		return e, err
	}, `SELECT business_day, at_ms, store_id, epoch, seq, amount, lot, earned_on, expires_on FROM leg
		WHERE owner_id = $1 AND store_id > 0 AND kind IN ('main', 'card')
		ORDER BY business_day, at_ms, store_id, epoch, seq, leg_no`, MemberOwner(id))
}

// Lots are a member's open lots in the order in which they will be drawn.
func (tx *Tx) Lots(id loyalty.MemberID) ([]loyalty.Lot, error) {
	lots, err := collect(tx, func(scan func(...any) error) (l loyalty.Lot, err error) {
		err = scan(&l.ID, &l.Remaining, &l.Earned, &l.Expires)
		return l, err
	}, `SELECT lot, remaining, earned_on, expires_on FROM lot WHERE member_id = $1`, id)
	if err != nil {
		return nil, fmt.Errorf("lots of member %d: %w", id, err)
	}
	loyalty.SortLots(lots)
	return lots, nil
}

// replaceLots writes what changed.
func (tx *Tx) replaceLots(id loyalty.MemberID, have, want []loyalty.Lot) error {
	old := make(map[loyalty.LotID]loyalty.Lot, len(have))
	for _, l := range have {
		old[l.ID] = l
	}
	for _, l := range want {
		if old[l.ID] != l {
			err := tx.exec(`INSERT INTO lot (member_id, lot, remaining, earned_on, expires_on) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT (member_id, lot) DO UPDATE SET remaining = excluded.remaining, earned_on = excluded.earned_on,
				expires_on = excluded.expires_on`, id, l.ID, l.Remaining, l.Earned, l.Expires)
			if err != nil {
				return fmt.Errorf("lot %s of member %d: %w", l.ID, id, err)
			}
		}
		delete(old, l.ID)
	}
	for gone := range old {
		if err := tx.exec(`DELETE FROM lot WHERE member_id = $1 AND lot = $2`, id, gone); err != nil {
			return fmt.Errorf("lot %s of member %d: %w", gone, id, err)
		}
	}
	return nil
}

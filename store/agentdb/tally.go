package agentdb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// Tally is what this store has used of things that there is only so much of. It counts what sales hold that wait for their
// card, those of one transaction left out.
type Tally struct {
	Spent     []loyalty.CampaignUse   // of budgets
	Gone      []loyalty.Stock         // rewards, coupons and surprises, given here
	GiftCards []loyalty.GiftCardState // of those asked for, the ones that this store sold
	Redeemed  Redeemed                // today, without a purse (Commit.Member, DB.Redeemed)
	Lease     LeaseLeft               // of the member (Commit.Member, DB.Lease)
	LeaseUsed loyalty.Points          // by this log (Commit.EndsLease)

	Advance Advance // that the member can be given (Commit.Advances, Intent.Advance, DB.Advance)

	Followers []loyalty.Entry      // of the entry asked for (Commit.Of), oldest first
	Returns   []loyalty.ReturnBody // of the same, made here, oldest first
	Done      []string             // keys of what the member asked for did here (Commit.Deed)
	ProofUsed bool                 // the proof asked for was given here before
	Enrolled  loyalty.MemberID     // the highest number that this log has made a member with, when asked for (Commit.Enrols)
}

// Use is so much of one thing that a sale uses up.
type Use struct {
	What string `json:"what"` // points or money of a campaign, pieces of a reward, kind of coupon or surprise, or money of a card
	Of   string `json:"of"`
	N    int64  `json:"n"`
}

const (
	usePoints = "points"
	useMoney  = "money"
	usePieces = "pieces"
	useCard   = "card"
)

// UsesOf is what a quoted sale will use up. What surprises give is not known before they are drawn.
func UsesOf(q *loyalty.Quote) []Use {
	uses := usesOf(q.Campaigns, q.Reductions)
	for _, i := range q.Issues {
		uses = append(uses, Use{usePieces, i.Coupon, i.Count})
	}
	for _, c := range q.GiftCards {
		uses = append(uses, Use{useCard, c.Serial, c.Pays})
	}
	return uses
}

func usesOf(campaigns []loyalty.CampaignUse, reductions []loyalty.Reduction) []Use {
	var uses []Use
	for _, c := range campaigns {
		uses = append(uses, Use{usePoints, c.Campaign, int64(c.Points)}, Use{useMoney, c.Campaign, c.Money})
	}
	for _, r := range reductions {
		uses = append(uses, Use{usePieces, r.Rule, r.Times})
	}
	return uses
}

// usesIn is what an entry used up, money of gift cards aside.
func usesIn(e *loyalty.Entry) []Use {
	var uses []Use
	for _, c := range e.IssuedCoupons() {
		uses = append(uses, Use{usePieces, c.Coupon, 1})
	}
	if e.Sale == nil {
		return uses
	}
	uses = append(uses, usesOf(e.Sale.Campaigns, e.Sale.Reductions)...)
	for _, s := range e.Sale.Surprises {
		if s.Won {
			uses = append(uses, Use{usePieces, s.Rule, 1})
		}
		if s.Won && s.Reward != "" {
			uses = append(uses, Use{usePieces, s.Reward, 1})
		}
	}
	return uses
}

// count keeps the sums and the cards up to date with an entry.
func (db *DB) count(tx *store.Tx, e *loyalty.Entry) error {
	for _, u := range usesIn(e) {
		if err := addUse(tx, u); err != nil {
			return err
		}
	}
	if err := countRedeemed(tx, e); err != nil {
		return err
	}
	if err := countLease(tx, e); err != nil {
		return err
	}
	return countCards(tx, e)
}

func addUse(tx *store.Tx, u Use) error {
	if u.N == 0 {
		return nil
	}
	_, err := tx.Exec(`INSERT INTO tally (what, of, n) VALUES (?, ?, ?) ON CONFLICT (what, of) DO UPDATE SET n = n + excluded.n`, u.What, u.Of, u.N)
	if err != nil {
		return fmt.Errorf("count %s of %s: %w", u.What, u.Of, err)
	}
	return nil
}

// hold keeps what a sale will use from every other.
func hold(tx *store.Tx, txn loyalty.TxnID, uses []Use) error {
	for _, u := range uses {
		if u.N == 0 {
			continue
		}
		if _, err := tx.Exec(`INSERT INTO hold (txn, what, of, n) VALUES (?, ?, ?, ?)
			ON CONFLICT (txn, what, of) DO UPDATE SET n = n + excluded.n`, txn[:], u.What, u.Of, u.N); err != nil {
			return fmt.Errorf("hold %s of %s: %w", u.What, u.Of, err)
		}
	}
	return nil
}

func releaseHolds(tx *store.Tx, txn loyalty.TxnID) error {
	for _, text := range []string{`DELETE FROM hold WHERE txn = ?`, `DELETE FROM advance_hold WHERE txn = ?`} {
		if _, err := tx.Exec(text, txn[:]); err != nil {
			return fmt.Errorf("release what %s holds: %w", txn, err)
		}
	}
	return nil
}

// lookup runs a query, in a transaction or beside it.
type lookup func(text string, args ...any) (*sql.Rows, error)

const selectUses = `SELECT what, of, sum(n) FROM
	(SELECT what, of, n FROM tally UNION ALL SELECT what, of, n FROM hold WHERE txn <> ? AND what <> 'card')
	GROUP BY what, of ORDER BY of, what`

// Tally reads what is used up, and the gift cards with these serials, for a sale under this id.
func (db *DB) Tally(ctx context.Context, txn loyalty.TxnID, serials []string) (Tally, error) {
	tx, err := db.ledger.Read().BeginTx(ctx, nil) // one moment for all reads
	if err != nil {
		return Tally{}, fmt.Errorf("read tally: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // only reads
	return readTally(func(text string, args ...any) (*sql.Rows, error) { return tx.QueryContext(ctx, text, args...) }, txn, serials)
}

func readTally(look lookup, txn loyalty.TxnID, serials []string) (Tally, error) {
	var t Tally
	err := eachUse(look, func(u Use) { t.add(u) }, selectUses, txn[:])
	if err != nil {
		return Tally{}, err
	}
	t.GiftCards, err = readCards(look, txn, serials)
	return t, err
}

func eachUse(look lookup, each func(Use), text string, args ...any) error {
	rows, err := look(text, args...)
	if err != nil {
		return fmt.Errorf("read tally: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var u Use
		if err := rows.Scan(&u.What, &u.Of, &u.N); err != nil {
			return fmt.Errorf("read tally: %w", err)
		}
		each(u)
	}
	return rows.Err()
}

func (t *Tally) add(u Use) {
	if u.What == usePieces {
		t.Gone = append(t.Gone, loyalty.Stock{Of: u.Of, Here: u.N})
		return
	}
	i := slices.IndexFunc(t.Spent, func(c loyalty.CampaignUse) bool { return c.Campaign == u.Of })
	if i < 0 {
		i, t.Spent = len(t.Spent), append(t.Spent, loyalty.CampaignUse{Campaign: u.Of})
	}
	if u.What == usePoints {
		t.Spent[i].Points = loyalty.Points(u.N)
	} else {
		t.Spent[i].Money = u.N
	}
}

// counted is the sums, the cards and the sales in advance as entries make them, in memory.
type counted struct {
	uses     map[Use]int64 // by thing, N left out
	redeemed map[memberDay]loyalty.Points
	cards    cards
	advances advances
	leases   leaseUses
}

func newCounted() counted {
	return counted{map[Use]int64{}, map[memberDay]loyalty.Points{}, cards{}, advances{}, leaseUses{}}
}

func (c *counted) add(e *loyalty.Entry) {
	for _, u := range usesIn(e) {
		if u.N != 0 {
			c.uses[Use{What: u.What, Of: u.Of}] += u.N
		}
	}
	if points := redeemedIn(e); points > 0 {
		c.redeemed[memberDay{e.Day, e.Member}] += points
	}
	c.cards.add(e)
	c.advances.add(e)
	c.leases.add(e)
}

// countOnce counts the entries that are older than the tables.
func (db *DB) countOnce(ctx context.Context) error {
	err := db.ledger.Write(ctx, func(tx *store.Tx) error {
		var done bool
		if err := tx.QueryRow(`SELECT tallied FROM ledger`, nil, &done); err != nil || done {
			return err
		}
		all, pruned, err := readSums(tx.Query)
		if err != nil {
			return err
		}
		if err := eachEntry(tx.Query, pruned, all.add); err != nil {
			return err
		}
		for u, n := range all.uses {
			if err := addUse(tx, Use{u.What, u.Of, n}); err != nil {
				return err
			}
		}
		for at, points := range all.redeemed {
			if err := addRedeemed(tx, at, points); err != nil {
				return err
			}
		}
		for _, c := range all.cards {
			if err := putCard(tx, c); err != nil {
				return err
			}
		}
		_, err = tx.Exec(`UPDATE ledger SET tallied = 1`)
		return err
	})
	if err != nil {
		return fmt.Errorf("count what was used: %w", err)
	}
	return nil
}

// eachEntry reads the log above a place in it. What cannot be read is Verify's to tell of.
func eachEntry(look lookup, above loyalty.Seq, each func(*loyalty.Entry)) error {
	rows, err := look(`SELECT body FROM entry WHERE seq > ? ORDER BY seq`, above)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return err
		}
		if e, err := loyalty.DecodeEntry(body); err == nil {
			each(e)
		}
	}
	return rows.Err()
}

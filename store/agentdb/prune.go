package agentdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// ErrPruned says that an entry is known and that this store no longer keeps what it says. Head office has it.
var ErrPruned = errors.New("the entry is older than what this store keeps")

// MinKeepDays is how long entries are kept after head office signed for them, so that a head office that was restored from a backup
// can be filled again. The file's own triggers hold it too.
const MinKeepDays = 90

// pruneChunk is how many entries lose their body in one transaction.
const pruneChunk = 1000

// Pruned is what Prune did.
type Pruned struct {
	Through loyalty.Seq `json:"through"` // entries up to here have no body; 0: none
	Entries int64       `json:"entries"` // that lost it now
	Kept    int64       `json:"kept"`    // bodies up to there that are still needed
}

// Prune takes the bodies of old entries away: those of closed days that head office signed for at least days ago and has counted.
// Number, transaction id, day and chain value stay, so that no sale counts twice and the chain still proves itself. What a store may
// be asked for stays whole: open reservations, sales on account, valid coupons. A prune that was cut off goes on with the next one.
func (db *DB) Prune(ctx context.Context, days int, progress func(done, all int64)) (Pruned, error) {
	if days < MinKeepDays {
		return Pruned{}, fmt.Errorf("prune: entries are kept for at least %d days, %d asked", MinKeepDays, days)
	}
	p := pruner{db: db}
	if err := p.plan(ctx, days); err != nil {
		return Pruned{}, fmt.Errorf("prune: %w", err)
	}
	if p.through == 0 {
		return Pruned{}, nil
	}
	err := p.mark(ctx)
	if err == nil {
		err = p.clear(ctx, progress)
	}
	if err == nil {
		err = db.ledger.Compact(ctx)
	}
	if err != nil {
		return Pruned{}, fmt.Errorf("prune through %d: %w", p.through, err)
	}
	return Pruned{p.through, int64(len(p.old)), int64(len(p.needed))}, nil
}

// pruner is one run.
type pruner struct {
	db      *DB
	through loyalty.Seq
	today   string // the log's last day
	sums    counted
	old     []loyalty.Seq // that lose their body
	needed  []loyalty.Seq // that keep it
}

// plan finds how far, and which entries are still needed.
func (p *pruner) plan(ctx context.Context, days int) error {
	tx, err := p.db.ledger.Read().BeginTx(ctx, nil) // one moment for all reads
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // only reads
	look := func(text string, args ...any) (*sql.Rows, error) { return tx.QueryContext(ctx, text, args...) }
	err = scanOne(look, `SELECT coalesce(max(d.close_seq), 0), coalesce((SELECT day FROM entry ORDER BY seq DESC LIMIT 1), '') FROM day d, ledger l
		WHERE d.close_seq <= l.pending_floor AND d.close_seq <= (SELECT max(seq) FROM signed_day
			WHERE day <= date((SELECT day FROM entry ORDER BY seq DESC LIMIT 1), ?))`,
		[]any{fmt.Sprintf("-%d days", days)}, &p.through, &p.today)
	if err != nil || p.through == 0 {
		return err
	}
	var done loyalty.Seq
	if p.sums, done, err = readSums(look); err != nil {
		return err
	}
	p.through = max(p.through, done)
	rows, err := look(`SELECT body FROM entry WHERE seq <= ? AND body <> x'' ORDER BY seq`, p.through)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		e, err := scanBody(rows.Scan)
		if err != nil {
			return err
		}
		if e.Seq > done {
			p.sums.add(e)
		}
		needed, err := stillNeeded(look, e, p.today)
		if err != nil {
			return err
		}
		if needed {
			p.needed = append(p.needed, e.Seq)
		} else {
			p.old = append(p.old, e.Seq)
		}
	}
	return rows.Err()
}

// mark moves the end of what is pruned, with the sums of all before it. Bodies go afterwards: without them is what may be, not what is.
func (p *pruner) mark(ctx context.Context) error {
	doc, err := json.Marshal(p.sums.doc())
	if err != nil {
		return err
	}
	return p.db.write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(`UPDATE ledger SET pruned_through = ?, pruned_sums = ?`, p.through, doc); err != nil {
			return err
		}
		_, err := tx.Exec(`DELETE FROM redeemed WHERE day <= (SELECT day FROM entry WHERE seq = ?)`, p.through)
		return err
	})
}

// clear takes bodies away, and the papers that were printed of them.
func (p *pruner) clear(ctx context.Context, progress func(done, all int64)) error {
	var done int64
	for chunk := range slices.Chunk(p.old, pruneChunk) {
		err := p.db.write(ctx, func(tx *store.Tx) error {
			for _, seq := range chunk {
				if _, err := tx.Exec(`UPDATE entry SET body = x'' WHERE seq = ?`, seq); err != nil {
					return err
				}
				if _, err := tx.Exec(`UPDATE print_job SET doc = x'', stream = NULL WHERE entry_seq = ?
					AND state IN ('confirmed', 'cancelled', 'superseded', 'expired')`, seq); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if done += int64(len(chunk)); progress != nil {
			progress(done, int64(len(p.old)))
		}
	}
	return nil
}

// stillNeeded says whether a store may yet have to know what an old entry says.
func stillNeeded(look lookup, e *loyalty.Entry, today string) (bool, error) {
	for _, c := range e.IssuedCoupons() {
		if c.ValidTo >= today {
			return true, nil
		}
	}
	onAccount := func(t loyalty.Tender) bool { return t.Kind == loyalty.TenderAccount }
	switch {
	case e.Reserve != nil:
		var ended bool
		err := scanOne(look, `SELECT EXISTS (SELECT 1 FROM follow WHERE store = ? AND of = ?)`, []any{e.Store, e.Seq}, &ended)
		return !ended, err
	case e.Sale != nil && slices.ContainsFunc(e.Sale.Tenders, onAccount):
		return owed(look, loyalty.EntryRef{Store: e.Store, Epoch: e.Epoch, Seq: e.Seq})
	case e.Payment != nil && e.Payment.Store == e.Store && e.Payment.Epoch == e.Epoch:
		return owed(look, loyalty.EntryRef{Store: e.Payment.Store, Epoch: e.Payment.Epoch, Seq: e.Payment.Seq})
	}
	return false, nil
}

// owed says whether something of a sale on account is left to be paid.
func owed(look lookup, sale loyalty.EntryRef) (bool, error) {
	rows, err := look(`SELECT e.body FROM follow f JOIN entry e ON e.seq = f.seq
		WHERE f.store = ? AND f.epoch = ? AND f.of = ? AND e.kind = 'payment' AND e.body <> x''`, sale.Store, sale.Epoch, sale.Seq)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for rows.Next() {
		e, err := scanBody(rows.Scan)
		if err != nil {
			return false, err
		}
		if e.Payment != nil && e.Payment.Left == 0 {
			return false, nil
		}
	}
	return true, rows.Err()
}

// scanBody reads the entry of a row that holds its body; ErrPruned when that is gone.
func scanBody(scan func(...any) error) (*loyalty.Entry, error) {
	var body []byte
	if err := scan(&body); err != nil {
		return nil, err
	}
	return decodeStored(body)
}

func decodeStored(body []byte) (*loyalty.Entry, error) {
	if len(body) == 0 {
		return nil, ErrPruned
	}
	return loyalty.DecodeEntry(body)
}

// sumsDoc is what pruned entries added up to, as it is kept. What members redeemed by day is not in it: those days are over.
type sumsDoc struct {
	Uses     []Use                   `json:"uses,omitempty"`
	Cards    []loyalty.GiftCardState `json:"cards,omitempty"`
	Advances []advanced              `json:"advances,omitempty"`
	Leases   leaseUses               `json:"leases,omitempty"`
}

func (c *counted) doc() sumsDoc {
	d := sumsDoc{Advances: c.advances, Leases: c.leases}
	for u, n := range c.uses {
		d.Uses = append(d.Uses, Use{u.What, u.Of, n})
	}
	for _, card := range c.cards {
		d.Cards = append(d.Cards, *card)
	}
	return d
}

// readSums is what the pruned entries added up to, and the last of them.
func readSums(look lookup) (counted, loyalty.Seq, error) {
	all := newCounted()
	var through loyalty.Seq
	var doc []byte
	if err := scanOne(look, `SELECT pruned_through, coalesce(pruned_sums, '{}') FROM ledger`, nil, &through, &doc); err != nil {
		return all, 0, err
	}
	var d sumsDoc
	if err := json.Unmarshal(doc, &d); err != nil {
		return all, 0, fmt.Errorf("sums of pruned entries: %w", err)
	}
	for _, u := range d.Uses {
		all.uses[Use{What: u.What, Of: u.Of}] = u.N
	}
	for _, card := range d.Cards {
		all.cards[card.Serial] = &card
	}
	all.advances = d.Advances
	for no, sum := range d.Leases {
		all.leases[no] = sum
	}
	return all, through, nil
}

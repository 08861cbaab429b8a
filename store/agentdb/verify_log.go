package agentdb

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"reflect"
	"runtime"
	"sync"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// batchEntries is how many entries are decoded together, beside those before and after them.
const batchEntries = 128

// storedEntry is a row of the log as it is on disk, and what its body says.
type storedEntry struct {
	seq             loyalty.Seq
	txn, body, hash []byte
	kind, day       string
	member          loyalty.MemberID

	entry *loyalty.Entry // nil when the body says nothing, or was pruned
	found []Finding
	told  []pendingKey // rows that the pending table must have of it
}

// batch is a run of entries; they are decoded when work is done.
type batch struct {
	rows []storedEntry
	work sync.WaitGroup
}

// pendingKey names one row of the pending table.
type pendingKey struct {
	member loyalty.MemberID
	seq    loyalty.Seq
}

// pendingRow is what the pending table says there.
type pendingRow struct {
	points loyalty.Points
	effect []byte // JSON, or nil
}

// log reads the entries and what is pending of them, as of one moment. Bodies are decoded by as many goroutines as there are processors, and
// taken into the sums in their order.
func (v *verifier) log(ctx context.Context, progress func(int64)) error {
	tx, err := v.db.ledger.Read().BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // only reads
	look := func(text string, args ...any) (*sql.Rows, error) { return tx.QueryContext(ctx, text, args...) }
	if v.used, v.report.Pruned, err = readSums(look); err != nil {
		return err
	}
	if err := v.position(look); err != nil {
		return err
	}
	if err := v.readPending(look); err != nil {
		return err
	}
	if err := v.readDays(look); err != nil {
		return err
	}
	rows, err := look(`SELECT seq, txn, kind, day, member, body, hash FROM entry ORDER BY seq`)
	if err != nil {
		return err
	}
	defer rows.Close()
	v.startDay()
	batches := make(chan *batch, runtime.GOMAXPROCS(0)) // read ahead, so many at most
	var reading sync.WaitGroup
	reading.Go(func() {
		defer close(batches)
		err = v.readBatches(rows, batches)
	})
	for b := range batches {
		b.work.Wait()
		for i := range b.rows {
			v.entry(&b.rows[i])
			v.report.Entries++
			if progress != nil && v.report.Entries%progressInterval == 0 {
				progress(v.report.Entries)
			}
		}
	}
	reading.Wait()
	v.endOfLog()
	return err
}

// readBatches reads the log and has it decoded.
func (v *verifier) readBatches(rows *sql.Rows, batches chan<- *batch) error {
	for more := true; more; {
		b := &batch{rows: make([]storedEntry, 0, batchEntries)}
		for len(b.rows) < batchEntries {
			if more = rows.Next(); !more {
				break
			}
			var r storedEntry
			if err := rows.Scan(&r.seq, &r.txn, &r.kind, &r.day, &r.member, &r.body, &r.hash); err != nil {
				return err
			}
			b.rows = append(b.rows, r)
		}
		b.work.Go(func() {
			for i := range b.rows {
				v.decode(&b.rows[i])
			}
		})
		batches <- b
	}
	return rows.Err()
}

// endOfLog checks what was to come and did not.
func (v *verifier) endOfLog() {
	if loyalty.Seq(v.signed.Seq) > v.t.seq {
		v.find(FindPosition, loyalty.Seq(v.signed.Seq), "head office has signed entry %d, the log ends at %d", v.signed.Seq, v.t.seq)
	}
	for k, row := range v.pending {
		if !v.made[k] {
			v.find(FindPending, k.seq, "member %d has %d pending, the log has nothing of it", k.member, row.points)
		}
	}
	for seq, d := range v.days {
		v.find(FindClose, seq, "%s is closed in the table of days, the log has no such close", d.day)
	}
	id := v.db.identity
	v.report.Head = store.Position{Store: id.Store, Epoch: id.Epoch, Seq: int64(v.t.seq), Hash: v.t.hash}
}

// position reads what head office signed, and checks that it did.
func (v *verifier) position(look lookup) error {
	id := v.db.identity
	v.signed = store.Position{Store: id.Store, Epoch: id.Epoch, Hash: v.db.genesis}
	var hash, signature []byte
	if err := scanOne(look, selectSigned, nil, &v.signed.Seq, &hash, &signature); err != nil {
		return err
	}
	copy(v.signed.Hash[:], hash)
	v.report.Signed = loyalty.Seq(v.signed.Seq)
	switch {
	case v.signed.Seq > 0 && signature == nil:
		v.find(FindPosition, v.report.Signed, "the position has no signature")
	case signature != nil:
		if err := v.signed.Verify(id.PositionKey, signature); err != nil {
			v.find(FindPosition, v.report.Signed, "%v", err)
		}
	}
	return nil
}

// readPending reads the table that the entries above its floor must make.
func (v *verifier) readPending(look lookup) error {
	if err := scanOne(look, `SELECT pending_floor FROM ledger`, nil, &v.floor); err != nil {
		return err
	}
	rows, err := look(`SELECT member, seq, points, effect FROM pending`)
	if err != nil {
		return err
	}
	defer rows.Close()
	v.pending, v.made = map[pendingKey]pendingRow{}, map[pendingKey]bool{}
	for rows.Next() {
		var k pendingKey
		var row pendingRow
		if err := rows.Scan(&k.member, &k.seq, &row.points, &row.effect); err != nil {
			return err
		}
		v.pending[k] = row
	}
	return rows.Err()
}

// closedRow is what the table of days keeps of a close.
type closedRow struct {
	day          string
	totals, head []byte
}

func (v *verifier) readDays(look lookup) error {
	rows, err := look(`SELECT close_seq, day, totals, head_hash FROM day`)
	if err != nil {
		return err
	}
	defer rows.Close()
	v.days = map[loyalty.Seq]closedRow{}
	for rows.Next() {
		var seq loyalty.Seq
		var d closedRow
		if err := rows.Scan(&seq, &d.day, &d.totals, &d.head); err != nil {
			return err
		}
		v.days[seq] = d
	}
	return rows.Err()
}

func (v *verifier) startDay() {
	v.sum = newDaySum(v.t.seq+1, v.t)
}

// decode checks what an entry says by itself. It runs beside others of its kind and changes nothing but the row.
func (v *verifier) decode(r *storedEntry) {
	if v.pruned(r) {
		return
	}
	e, err := loyalty.DecodeEntry(r.body)
	if err != nil {
		r.find(FindBody, "%v", err)
		return
	}
	r.entry = e
	again, err := e.Encode()
	if err != nil || !bytes.Equal(again, r.body) {
		r.find(FindBody, "not in canonical form")
	}
	if e.Seq != r.seq || e.Store != v.db.Store() || e.Epoch != v.db.Epoch() || !bytes.Equal(e.Txn[:], r.txn) ||
		string(e.Kind) != r.kind || e.Day != r.day || e.Member != r.member {
		r.find(FindColumns, "body says store %d epoch %d seq %d %s %s %s", e.Store, e.Epoch, e.Seq, e.Kind, e.Txn, e.Day)
	}
	for i, m := range e.Moves {
		if m.Points <= 0 || m.From == m.To {
			r.find(FindMoves, "movement %d: %d points from %s to %s", i+1, m.Points, m.From, m.To)
		}
	}
	if r.seq > v.floor {
		v.effects(r)
	}
}

func (r *storedEntry) find(code FindingCode, format string, args ...any) {
	r.found = append(r.found, Finding{code, r.seq, fmt.Sprintf(format, args...)})
}

// effects compares what the pending table says of an entry with what the entry does.
func (v *verifier) effects(r *storedEntry) {
	for _, x := range effects(r.entry) {
		want, err := effectOn(r.entry, x.member, elsewhere)
		if err != nil {
			r.find(FindBody, "its effect on member %d: %v", x.member, err)
			continue
		}
		k := pendingKey{x.member, r.seq}
		row, ok := v.pending[k]
		if !ok || row.points != x.points {
			r.find(FindPending, "member %d has %d pending, the entry says %d", x.member, row.points, x.points)
		}
		if !ok {
			continue
		}
		r.told = append(r.told, k)
		var kept pendingEffect
		if row.effect != nil && (json.Unmarshal(row.effect, &kept) != nil || !reflect.DeepEqual(kept.Moves, want.Moves) ||
			want.Steps != nil && !reflect.DeepEqual(kept.Steps, want.Steps)) {
			r.find(FindPending, "member %d has pending %s, the entry says otherwise", x.member, row.effect)
		}
	}
}

// pruned says that the body of an entry was given up: the next entry with a body proves its chain value.
func (v *verifier) pruned(r *storedEntry) bool { return len(r.body) == 0 && r.seq <= v.report.Pruned }

// entry checks one row against the one before it.
func (v *verifier) entry(r *storedEntry) {
	if r.seq != v.t.seq+1 {
		v.find(FindGap, r.seq, "after entry %d", v.t.seq)
	}
	hash := v.t.hash.Next(r.body)
	if v.pruned(r) {
		copy(hash[:], r.hash)
	} else if !bytes.Equal(hash[:], r.hash) {
		v.find(FindChain, r.seq, "stored %x, computed %s", r.hash, hash)
		copy(hash[:], r.hash) // go on from what is stored: one fault, one finding
	}
	if r.day < v.t.day {
		v.find(FindDay, r.seq, "%s after %s", r.day, v.t.day)
	}
	if r.seq == loyalty.Seq(v.signed.Seq) && hash != v.signed.Hash {
		v.find(FindPosition, r.seq, "head office signed %s, the chain has %s", v.signed.Hash, hash)
	}
	for _, f := range r.found {
		v.find(f.Code, f.Seq, "%s", f.Detail)
	}
	for _, k := range r.told {
		v.made[k] = true
	}
	if loyalty.Kind(r.kind) == loyalty.KindClose {
		v.closed(r)
	}
	if r.entry != nil && r.seq > v.report.Pruned { // of those before, some have no bodies: the sums have them
		v.add(r)
	}
	v.t = tip{seq: r.seq, hash: hash, day: r.day, kind: loyalty.Kind(r.kind)}
	if v.t.kind == loyalty.KindClose {
		v.startDay()
	}
}

// add takes an entry into the sums, and checks those of a close.
func (v *verifier) add(r *storedEntry) {
	e := r.entry
	v.used.add(e)
	if e.Kind != loyalty.KindClose {
		v.sum.add(e)
		return
	}
	v.sum.body.Last, v.sum.body.HeadHash = v.t.seq, v.t.hash.String()
	want := *e
	want.Close = v.sum.done()
	if again, err := want.Encode(); err != nil || !bytes.Equal(again, r.body) {
		v.find(FindClose, r.seq, "totals of %s do not add up to entries %d to %d", e.Day, v.sum.body.First, v.sum.body.Last)
	}
}

// closed checks what the table of days keeps of a close: the chain value of the day's last entry and, while the close has its body, the totals.
func (v *verifier) closed(r *storedEntry) {
	d, ok := v.days[r.seq]
	delete(v.days, r.seq)
	var totals loyalty.CloseBody
	switch {
	case !ok:
		v.find(FindClose, r.seq, "%s is closed here, the table of days does not have it", r.day)
	case d.day != r.day || !bytes.Equal(d.head, v.t.hash[:]):
		v.find(FindClose, r.seq, "%s is closed here after %s, the table of days has %s after %x", r.day, v.t.hash, d.day, d.head)
	case r.entry != nil && (json.Unmarshal(d.totals, &totals) != nil || !reflect.DeepEqual(&totals, r.entry.Close)):
		v.find(FindClose, r.seq, "the table of days has other totals of %s than its close", r.day)
	}
}

package headoffice

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/hodb"
	"loyaltill/sync/nightly"
	"loyaltill/sync/wire"
)

// maxCloseFile bounds a day's file in memory: some 500,000 entries.
const maxCloseFile = 512 << 20

// dayLog is what a log has grown since the close before, and what of it head office counts here.
type dayLog struct {
	entries []hodb.Entry // the close last
	counted []bool
}

// readDay reads a range of a log whole.
func (j *judge) readDay(r hodb.Range) (*dayLog, error) {
	d, size := &dayLog{}, 0
	err := j.tx.EachEntry(r, func(e hodb.Entry) error {
		if size += len(e.Body) + 1; size > maxCloseFile {
			return fmt.Errorf("close of store %d at %d is above %d bytes", r.Store, r.Last, maxCloseFile)
		}
		d.entries = append(d.entries, e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	d.counted = make([]bool, len(d.entries))
	for i, e := range d.entries {
		if d.counted[i], err = j.counts(e); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// counts tells whether head office counts an entry where it stands: it can be read, and its transaction was not told before.
func (j *judge) counts(raw hodb.Entry) (bool, error) {
	m, err := readMatter(raw)
	if err != nil {
		return false, nil // it is a case
	}
	if m.entry.Kind == loyalty.KindCancel { // tells of a sale, under the sale's transaction
		return true, nil
	}
	first, _, found, err := j.tx.EntryOfTxn(raw.Key.Store, m.entry.Txn)
	return found && first == raw.Key, err
}

// totals recomputes what the close should say, from all entries but the close.
func (d *dayLog) totals() *loyalty.CloseBody {
	last := len(d.entries) - 1
	sum := newDaySum()
	sum.body.First, sum.body.Last = d.entries[0].Key.Seq, d.entries[last].Key.Seq-1
	var before store.Hash
	for _, e := range d.entries[:last] {
		before = e.Hash
		sum.add(e.Body)
	}
	sum.body.HeadHash = before.String()
	return sum.done()
}

func (d *dayLog) repeated() (n int64) {
	for i, counted := range d.counted {
		if _, err := readMatter(d.entries[i]); err == nil && !counted {
			n++
		}
	}
	return n
}

// files are the day in every published form, entries.ndjson first.
func (d *dayLog) files(codec *wire.Codec) ([]hodb.CloseFile, error) {
	bodies, rows := make([][]byte, len(d.entries)), make([]nightly.Row, len(d.entries))
	for i, e := range d.entries {
		bodies[i] = e.Body
		rows[i] = nightly.RowOf(nightly.Place{Store: e.Key.Store, Epoch: e.Key.Epoch, Seq: e.Key.Seq}, e.Body, d.counted[i])
	}
	var text, columns bytes.Buffer
	if err := nightly.WriteCSV(&text, rows); err != nil {
		return nil, err
	}
	if err := nightly.WriteParquet(&columns, rows); err != nil {
		return nil, err
	}
	return []hodb.CloseFile{
		{Name: wire.FileNDJSON, Content: append(bytes.Join(bodies, []byte{'\n'}), '\n')},
		{Name: wire.FileZstd, Content: codec.Pack(bodies)},
		{Name: wire.FileCSV, Content: text.Bytes()},
		{Name: wire.FileParquet, Content: columns.Bytes()},
	}, nil
}

// named describes files for the manifest.
func named(c *wire.Close, files []hodb.CloseFile) (log wire.CloseFile, beside []wire.CloseFile) {
	all := make([]wire.CloseFile, len(files))
	for i, f := range files {
		all[i] = wire.CloseFile{Path: wire.ClosePath(c.Store, c.Day, c.Revision) + "/" + f.Name, Bytes: int64(len(f.Content)),
			SHA256: sha256.Sum256(f.Content)}
	}
	return all[0], all[1:]
}

// changes lists what a further revision of a day does to its sums; nil of the first.
func (j *judge) changes(d *dayLog, day string) ([]wire.CloseChange, error) {
	earlier, err := j.tx.ClosesOf(d.entries[0].Key.Store, day)
	if err != nil || len(earlier) == 0 {
		return nil, err
	}
	sum := newDaySum()
	for _, c := range earlier {
		one, err := j.readDay(c.Range)
		if err != nil {
			return nil, err
		}
		sum.addCounted(one)
	}
	before := sum.figures()
	sum.addCounted(d)
	out := []wire.CloseChange{}
	for i, after := range sum.figures() {
		if after.n != before[i].n {
			out = append(out, wire.CloseChange{Field: after.name, Before: before[i].n, After: after.n})
		}
	}
	return out, nil
}

// File is one file of a published day.
type File struct {
	Content []byte
	SHA256  store.Hash
}

// CloseFile gives a file of one published day, to the byte as its manifest has it.
func (o *Office) CloseFile(ctx context.Context, id loyalty.StoreID, day string, revision int, name string) (f File, err error) {
	err = o.db.View(ctx, func(tx *hodb.Tx) error {
		c, err := tx.Close(id, day, revision)
		if err == nil {
			f, err = readCloseFile(tx, c, name)
		}
		return err
	})
	return f, err
}

// readCloseFile reads what is kept; entries.ndjson is the log itself.
func readCloseFile(tx *hodb.Tx, c hodb.Close, name string) (f File, err error) {
	if name == wire.FileNDJSON {
		var content bytes.Buffer
		err = tx.EachEntry(c.Range, func(e hodb.Entry) error {
			content.Write(e.Body)
			return content.WriteByte('\n')
		})
		f.Content = content.Bytes()
	} else {
		f.Content, err = tx.CloseFile(c.Range.Store, c.Day, c.Revision, name)
	}
	f.SHA256 = sha256.Sum256(f.Content)
	return f, err
}

// verifyFiles reads every file of a published day again and holds it against the manifest that head office signed.
func verifyFiles(tx *hodb.Tx, c hodb.Close, manifest *wire.Close) (faults []string, err error) {
	for _, named := range append([]wire.CloseFile{manifest.File}, manifest.Files...) {
		name := path.Base(named.Path)
		kept, err := readCloseFile(tx, c, name)
		switch {
		case errors.Is(err, hodb.ErrNotFound):
			faults = append(faults, name+" is gone")
		case err != nil:
			return nil, err
		case kept.SHA256 != named.SHA256 || int64(len(kept.Content)) != named.Bytes:
			faults = append(faults, fmt.Sprintf("%s has %d bytes and SHA-256 %v, its manifest says %d and %v", name, len(kept.Content), kept.SHA256, named.Bytes, named.SHA256))
		}
	}
	return faults, nil
}

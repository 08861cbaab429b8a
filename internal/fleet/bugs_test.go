package fleet

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"net/http/httptest"
	"path/filepath"
	"slices"

	"loyaltill/store/agentdb"
	"loyaltill/sync/wire"
)

// bug is a fault of the product that the simulator plays, to see that it would be caught.
type bug string

const (
	none          bug = ""
	noWatermark   bug = "forget the watermark"
	staleMember   bug = "skip a member's news"
	otherAnswer   bug = "answer a repeat with other bytes"
	extraPoint    bug = "give a point that nobody is told of"
	doubled       bug = "double an entry under a new number"
	noFloor       bug = "forget the floor limits"
	skippedHash   bug = "skip a hash"
	noPending     bug = "forget pending"
	wrongDay      bug = "write a wrong business day"
	lostCommit    bug = "lose the last commit"
	droppedBatch  bug = "drop a batch after answering"
	wrongAccount  bug = "count a point too much at head office"
	forgottenTxn  bug = "forget that a transaction was posted"
	forgottenMove bug = "forget a leg of a posting"
)

// bugs are all of them, in the order in which seeds take them.
func bugs() []bug {
	return []bug{noWatermark, staleMember, otherAnswer, extraPoint, doubled, noFloor, skippedHash, noPending, wrongDay, lostCommit,
		droppedBatch, wrongAccount, forgottenTxn, forgottenMove}
}

func (b bug) hidesRows() bool { return b == noWatermark || b == staleMember }

// hideRows takes rows out of a page of the feed.
func (b bug) hideRows(rec *httptest.ResponseRecorder) {
	if !b.hidesRows() || rec.Header().Get("Content-Type") != wire.TypeNDJSON {
		return
	}
	page, err := wire.ReadFeed(bytes.NewReader(rec.Body.Bytes()))
	if err != nil {
		return // entries, or an error
	}
	page.Rows = slices.DeleteFunc(page.Rows, func(r wire.FeedRow) bool {
		return b == noWatermark && r.Topic == wire.TopicWatermark || b == staleMember && r.Topic == wire.TopicMember && r.Seq%7 == 0
	})
	var out bytes.Buffer
	if wire.WriteFeed(&out, page) == nil {
		rec.Body = &out
	}
}

// damage is what a bug writes into a database, in the place of the code that wrote something else.
func (b bug) damage() (ofStore, ofOffice []string) {
	switch b {
	case skippedHash:
		return []string{`DROP TRIGGER entry_no_update`, `UPDATE entry SET hash = zeroblob(32) WHERE seq = (SELECT max(seq) FROM entry)`}, nil
	case noPending:
		return []string{`DELETE FROM pending`}, nil
	case wrongDay:
		return []string{`DROP TRIGGER entry_no_update`, `UPDATE entry SET day = '2026-01-01' WHERE seq = (SELECT max(seq) FROM entry)`}, nil
	case lostCommit:
		return []string{`DROP TRIGGER entry_no_delete`, `DELETE FROM pending WHERE seq = (SELECT max(seq) FROM entry)`,
			`DELETE FROM entry WHERE seq = (SELECT max(seq) FROM entry)`}, nil
	case droppedBatch:
		return nil, []string{`DROP TRIGGER entry_is_never_deleted`, `DELETE FROM entry WHERE store_id = 1 AND seq = (SELECT max(seq) FROM entry WHERE store_id = 1)`}
	case wrongAccount:
		return nil, []string{`UPDATE account SET balance = balance + 1 WHERE rowid = (SELECT min(rowid) FROM account)`}
	case forgottenTxn:
		return nil, []string{`DELETE FROM posted_txn WHERE rowid = (SELECT max(rowid) FROM posted_txn)`}
	case forgottenMove:
		return nil, []string{`DROP TRIGGER leg_is_never_deleted`, `DELETE FROM leg WHERE rowid = (SELECT max(rowid) FROM leg)`}
	}
	return nil, nil
}

// strike lets a bug do once what it does to a database, right after a sale in the second half of the plan.
func (w *world) strike(s *shop, e event, n int) error {
	ofStore, ofOffice := w.plan.bug.damage()
	if w.struck || e.deed != sell || e.member < 0 || s.forked || n < len(w.plan.events)/2 || ofStore == nil && ofOffice == nil {
		return nil
	}
	w.struck = true
	if ofStore != nil {
		return errors.Join(s.end(), execute(w.ctx, filepath.Join(s.folder(), agentdb.LedgerFile), ofStore), s.start())
	}
	return errors.Join(w.closeOffice(), execute(w.ctx, w.home.DatabasePath(), ofOffice), w.openOffice())
}

func execute(ctx context.Context, path string, statements []string) error {
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		return err
	}
	for _, text := range statements {
		if err == nil {
			_, err = db.ExecContext(ctx, text)
		}
	}
	return errors.Join(err, db.Close())
}

package agentdb

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
)

// What the file itself refuses, whoever writes: each statement is tried on a connection of its own, as a bug or a person with a
// database tool would.
func TestTheLedgerFileRefusesWhatWouldBreakAnInvariant(t *testing.T) {
	b := morning(t)
	must(t, b.OpenIntent(t.Context(), intentOf(6)))
	settled := commitOf(6, 7, 10)
	settled.Intent = IntentDone
	_, err := b.Append(t.Context(), settled)
	must(t, err)
	must(t, b.Close())
	pool, err := sql.Open("sqlite", "file:"+filepath.ToSlash(filepath.Join(b.dir, LedgerFile))+"?_pragma=foreign_keys(1)")
	must(t, err)
	const next = `INSERT OR REPLACE INTO entry (seq, txn, kind, day, ref, body, hash) `
	for _, try := range []struct{ what, refused, statement string }{
		{"I1 a gap", "entry sequence has a gap", next + `VALUES (8, randomblob(16), 'sale', '2026-11-23', NULL, x'7b7d', randomblob(32))`},
		{"I1 a number twice", "entry sequence has a gap", next + `VALUES (6, randomblob(16), 'sale', '2026-11-23', NULL, x'7b7d', randomblob(32))`},
		{"I1 an entry deleted", "an entry is never deleted", `DELETE FROM entry WHERE seq = 6`},
		{"I2 a chain value changed", "an entry is never changed", `UPDATE entry SET hash = randomblob(32) WHERE seq = 6`},
		{"I2 a body changed", "an entry is never changed", `UPDATE OR REPLACE entry SET body = x'7b7d' WHERE seq = 6`},
		{"I2 a body taken away", "an entry is never changed", `UPDATE entry SET body = x'' WHERE seq = 1`},
		{"I2 a chain value of another length", "CHECK constraint failed: length(hash) = 32", next + `VALUES (7, randomblob(16), 'sale', '2026-11-23', NULL, x'7b7d', randomblob(31))`},
		{"I2 an entry without a body", "entry has no body, or one that is too large", next + `VALUES (7, randomblob(16), 'sale', '2026-11-23', NULL, x'', randomblob(32))`},
		{"I2 a body beyond 64 KiB", "entry has no body, or one that is too large", next + `VALUES (7, randomblob(16), 'sale', '2026-11-23', NULL, zeroblob(65537), randomblob(32))`},
		{"I4 a signed position that goes back", "a signed position goes back", `UPDATE ledger SET signed_seq = 4, signed_hash = (SELECT hash FROM entry WHERE seq = 4)`},
		{"I4 a signed position on no chain", "a signed position that does not lie on the chain", `UPDATE ledger SET signed_seq = 6, signed_hash = randomblob(32)`},
		{"I4 a signed position beyond the end", "a signed position that does not lie on the chain", `UPDATE ledger SET signed_seq = 7`},
		{"I4 a signature thrown away", "a signed position without its signature", `UPDATE ledger SET signature = NULL`},
		{"I5 a transaction twice", "transaction id is in the log", next + `SELECT 7, txn, 'sale', '2026-11-23', NULL, x'7b7d', randomblob(32) FROM entry WHERE seq = 6`},
		{"I10 a reversal of what comes after", "entry refers to one that does not stand before it", next + `VALUES (7, randomblob(16), 'reverse', '2026-11-23', 7, x'7b7d', randomblob(32))`},
		{"I10 a return forgotten", "a return is never deleted", `INSERT INTO sale_return VALUES (17, 3, 1, 5); DELETE FROM sale_return`},
		{"I11 pending for no entry", "pending for an entry that the log does not have", `INSERT INTO pending (member, seq, points) VALUES (7, 7, 10)`},
		{"I11 pending changed", "a pending row is never changed", `UPDATE pending SET points = points + 1`},
		{"I12 the floor over rows that count", "pending rows at or below the floor", `UPDATE ledger SET pending_floor = 5`},
		{"I12 the floor beyond the end", "head office cannot have counted what is not in the log", `DELETE FROM pending; UPDATE ledger SET pending_floor = 7`},
		{"I12 pending below the floor", "pending for an entry that head office has counted", `DELETE FROM pending; UPDATE ledger SET pending_floor = 5; INSERT INTO pending (member, seq, points) VALUES (7, 5, 10)`},
		{"I12 sent beyond the end", "sent beyond the end of the log", `UPDATE ledger SET sent_through = 7`},
		{"I12 sent and not sent", "what was sent stays sent", `UPDATE ledger SET sent_through = 6; UPDATE ledger SET sent_through = 5`},
		{"I14 a day closed without its close", "closed day without its close", `INSERT OR REPLACE INTO day SELECT '2026-11-24', 6, 5, 5, 1, x'7b7d', hash FROM entry WHERE seq = 5`},
		{"I14 a closed day opened", "a closed day is never opened", `DELETE FROM day`},
		{"I14 a closed day changed", "a closed day is never changed", `UPDATE day SET totals = x'7b7d'`},
		{"I15 a day that goes back", "business day goes back", next + `VALUES (7, randomblob(16), 'sale', '2026-11-22', NULL, x'7b7d', randomblob(32))`},
		{"another owner", "a ledger keeps its owner", `UPDATE ledger SET epoch = epoch + 1`},
		{"a second owner", "a ledger has one owner", `INSERT OR REPLACE INTO ledger (one, store, epoch, install_id, genesis) VALUES (1, 9, 1, randomblob(16), randomblob(32))`},
		{"no owner", "a ledger keeps its owner", `DELETE FROM ledger`},
		{"a settled debit opened", "a settled debit stays settled", `UPDATE card_intent SET state = 'open', r = randomblob(16), seq = NULL`},
		{"a debit of another amount", "a debit keeps its card and amount", `UPDATE card_intent SET amount = 1`},
		{"a debit forgotten", "a debit is never forgotten", `DELETE FROM card_intent`},
		{"what a card answered changed", "what a card answered is never changed", `INSERT INTO card_record VALUES (zeroblob(8), 1, 5, 1, 10, 10); UPDATE card_record SET amount = 11`},
		{"what a card answered forgotten", "what a card answered is never deleted", `INSERT INTO card_record VALUES (zeroblob(8), 1, 5, 1, 10, 10); DELETE FROM card_record`},
		{"a void coupon in use", "a void coupon stays void", `INSERT INTO coupon_void VALUES ('1-A', 5); DELETE FROM coupon_void`},
		{"the trail changed", "the trail is never changed", `INSERT INTO act (id, at, staff, name, what) VALUES (1, 0, 0, 'a', 'b'); UPDATE act SET name = 'c'`},
		{"the trail shortened", "the trail is never deleted", `INSERT INTO act (id, at, staff, name, what) VALUES (1, 0, 0, 'a', 'b'); DELETE FROM act`},
		{"a hole in the trail", "the trail has a gap", `INSERT INTO act (id, at, staff, name, what) VALUES (2, 0, 0, 'a', 'b')`},
		{"a refusal taken back", "the trail is never deleted", `INSERT INTO act (id, at, staff, name, what) VALUES (1, 0, 0, 'a', 'b'); INSERT INTO act_refused VALUES (1, 'c'); DELETE FROM act_refused`},
		{"a PIN in clear", "CHECK constraint failed: pin LIKE", `INSERT INTO staff (number, key, request, name, role, pin, since) VALUES (1, randomblob(16), randomblob(32), 'a', 'cashier', '4711', 0)`},
		{"somebody forgotten", "who worked here is never deleted", `INSERT INTO staff (number, key, request, name, role, pin, since) VALUES (1, randomblob(16), randomblob(32), 'a', 'cashier', '$argon2id$', 0); DELETE FROM staff`},
		{"pruned what nobody signed long ago", "pruned without 90 days since head office signed", `UPDATE ledger SET pruned_through = 4`},
		{"a day of signing that was not", "not signed", `INSERT INTO signed_day VALUES ('2026-01-01', 6)`},
		{"I1 an entry deleted without foreign keys", "an entry is never deleted", `PRAGMA foreign_keys = 0; DELETE FROM entry WHERE seq = 1`},
	} {
		tx, err := pool.BeginTx(t.Context(), nil)
		must(t, err)
		if _, err := tx.ExecContext(t.Context(), try.statement); err == nil || !strings.Contains(err.Error(), try.refused) {
			t.Errorf("%s: %v, want %q", try.what, err, try.refused)
		}
		must(t, tx.Rollback())
	}
	must(t, pool.Close())
	b.open(t)
	if r := b.verifyClean(t); r.Entries != 6 {
		t.Errorf("%d entries", r.Entries)
	}
}

package agentdb

import (
	"bytes"
	"database/sql"
	"fmt"
	"slices"
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// tamper changes the ledger's file behind its back, as somebody with access to the disk could.
func (b *box) tamper(t *testing.T, statements ...string) {
	t.Helper()
	err := b.ledger.Write(t.Context(), func(tx *store.Tx) error {
		guards, err := readTexts(tx.Query, `SELECT 'DROP TRIGGER ' || name FROM sqlite_schema WHERE type = 'trigger'`)
		if err != nil {
			return err
		}
		for _, s := range slices.Concat([]string{`PRAGMA defer_foreign_keys = 1`}, guards, statements) {
			if _, err := tx.Exec(s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (b *box) findings(t *testing.T) []FindingCode {
	t.Helper()
	r, err := b.Verify(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var codes []FindingCode
	for _, f := range r.Findings {
		if !slices.Contains(codes, f.Code) {
			codes = append(codes, f.Code)
		}
		if f.Detail == "" {
			t.Errorf("finding %s says nothing", f.Code)
		}
	}
	return codes
}

// morning is a ledger with something of everything.
func morning(t *testing.T) *box {
	b := newBox(t)
	b.feed(t, FeedPage{Epoch: 1, Next: 1, UpToDate: true, Changes: []Change{{Seq: 1, Member: memberRow(7, 0, 0)}}})
	for n := 1; n <= 3; n++ {
		b.sell(t, n, 7, 10)
	}
	if _, err := b.CloseDay(t.Context(), closeOf(4)); err != nil {
		t.Fatal(err)
	}
	last := b.sell(t, 5, 7, 10)
	p := store.Position{Store: b.identity.Store, Epoch: b.identity.Epoch, Seq: 5, Hash: last.Hash}
	must(t, b.Acked(t.Context(), p, p.Sign(b.position)))
	return b
}

func TestVerifyFindsNothingInASoundLedger(t *testing.T) {
	r := morning(t).verifyClean(t)
	if r.Entries != 5 || r.Members != 1 || r.Head.Seq != 5 {
		t.Errorf("report %+v", r)
	}
}

func TestVerifyFindsWhatWasChanged(t *testing.T) {
	for name, tc := range map[string]struct {
		statement string
		want      FindingCode
	}{
		"a body with one point more": {`UPDATE entry SET body = CAST(replace(CAST(body AS TEXT), '"points":10', '"points":11') AS BLOB) WHERE seq = 2`, FindChain},
		"a chain value":              {`UPDATE entry SET hash = zeroblob(32) WHERE seq = 2`, FindChain},
		"an entry taken out":         {`DELETE FROM entry WHERE seq = 1`, FindGap},
		"the member in the row":      {`UPDATE entry SET member = 8 WHERE seq = 2`, FindColumns},
		"the day in the row":         {`UPDATE entry SET day = '2026-11-21' WHERE seq = 3`, FindDay},
		"the transaction id":         {`UPDATE entry SET txn = zeroblob(16) WHERE seq = 3`, FindColumns},
		"a body that is none":        {`UPDATE entry SET body = x'7b7d' WHERE seq = 3`, FindBody},
		"the end cut off":            {`DELETE FROM entry WHERE seq = 5`, FindPosition},
		"a pending row's points":     {`UPDATE pending SET points = 11 WHERE seq = 2`, FindPending},
		"a pending row taken out":    {`DELETE FROM pending WHERE seq = 2`, FindPending},
		"a pending row invented":     {`INSERT INTO pending (member, seq, points) VALUES (8, 2, 5)`, FindPending},
		"a closed day's totals":      {`UPDATE day SET totals = CAST(replace(CAST(totals AS TEXT), '"earned":30', '"earned":31') AS BLOB)`, FindClose},
		"a closed day's chain value": {`UPDATE day SET head_hash = zeroblob(32)`, FindClose},
		"a closed day's date":        {`UPDATE day SET day = '2026-11-21'`, FindClose},
		"a closed day forgotten":     {`DELETE FROM day`, FindClose},
		"a closed day invented":      {`INSERT INTO day SELECT '2026-11-24', 5, 4, 4, 1, totals, hash FROM day, entry WHERE seq = 5`, FindClose},
		"the signed position":        {`UPDATE ledger SET signed_seq = 4`, FindPosition},
		"the signature":              {`UPDATE ledger SET signature = zeroblob(64)`, FindPosition},
	} {
		t.Run(name, func(t *testing.T) {
			b := morning(t)
			if name == "an entry taken out" || name == "the end cut off" {
				b.tamper(t, `DELETE FROM pending WHERE seq IN (1, 5)`, tc.statement)
			} else {
				b.tamper(t, tc.statement)
			}
			if got := b.findings(t); !slices.Contains(got, tc.want) {
				t.Errorf("found %v, want %s among them", got, tc.want)
			}
		})
	}
}

// behind writes to a file of a store beside it, with SQLite's own protections off.
func behind(t *testing.T, file *store.DB, statements ...string) {
	t.Helper()
	pool, err := sql.Open("sqlite", file.Path())
	must(t, err)
	pool.SetMaxOpenConns(1)
	for _, s := range append([]string{`PRAGMA writable_schema = 1`}, statements...) {
		if _, err := pool.ExecContext(t.Context(), s); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	must(t, pool.Close())
}

// A row is changed, and changed back while its index is out of the schema: the tables are sound, look-ups give a wrong answer.
func TestVerifyFindsAnIndexThatIsNotItsTable(t *testing.T) {
	b := morning(t)
	b.tamper(t)
	for _, tc := range []struct {
		file        *store.DB
		index       string
		there, back string
	}{
		{b.ledger, "entry_member_day", `UPDATE entry SET member = 8 WHERE seq = 2`, `UPDATE entry SET member = 7 WHERE seq = 2`},
		{b.members, "member_card_member", `UPDATE member_card SET member = 8`, `UPDATE member_card SET member = 7`},
	} {
		b.verifyClean(t)
		behind(t, tc.file, tc.there, fmt.Sprintf(`CREATE TABLE kept AS SELECT * FROM sqlite_schema WHERE name = '%s'`, tc.index),
			fmt.Sprintf(`DELETE FROM sqlite_schema WHERE name = '%s'`, tc.index))
		behind(t, tc.file, tc.back, `INSERT INTO sqlite_schema SELECT * FROM kept`)
		behind(t, tc.file, `DROP TABLE kept`)
		if got := b.findings(t); !slices.Equal(got, []FindingCode{FindIndex}) {
			t.Errorf("%s: found %v", tc.index, got)
		}
		behind(t, tc.file, `REINDEX `+tc.index)
	}
	b.verifyClean(t)
}

func TestVerifyFindsABatchThatWouldBeCutWhereItMustNot(t *testing.T) {
	for name, statement := range map[string]string{
		"a sale in advance forgotten": `DELETE FROM advance WHERE seq = 4`,
		"its batch begins later":      `UPDATE advance SET since = 2 WHERE seq = 4`,
		"one that was none":           `INSERT INTO advance (seq, since) VALUES (2, 1)`,
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t)
			b.sell(t, 1, 7, 10)
			b.sell(t, 2, 8, 10)
			must(t, b.takeInAdvance(t, 3, 7, 10))
			must(t, b.takeInAdvance(t, 4, 8, 10)) // since 2, and so with 3 since 1
			b.verifyClean(t)
			b.tamper(t, statement)
			if got := b.findings(t); !slices.Equal(got, []FindingCode{FindAdvance}) {
				t.Errorf("found %v", got)
			}
		})
	}
}

// Whoever changes a body and computes the whole chain anew is caught by what head office signed, and by the close.
func TestAChainComputedAnewIsCaughtByTheSignedPositionAndTheClose(t *testing.T) {
	b := morning(t)
	all, err := b.EntriesFrom(t.Context(), 1, 100, 1<<20)
	must(t, err)
	b.tamper(t)
	h := b.genesis
	for i, body := range all.Bodies {
		if i == 1 {
			body = bytes.ReplaceAll(body, []byte(`"earned":10`), []byte(`"earned":11`))
			body = bytes.ReplaceAll(body, []byte(`"points":10`), []byte(`"points":11`))
		}
		h = h.Next(body)
		must(t, b.ledger.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(`UPDATE entry SET body = ?, hash = ? WHERE seq = ?`, body, h[:], i+1)
			return err
		}))
	}
	if got := b.findings(t); !slices.Contains(got, FindPosition) || !slices.Contains(got, FindClose) || slices.Contains(got, FindChain) {
		t.Errorf("found %v", got)
	}
}

func TestVerifyFindsACopiedCardAndLotsThatDoNotAddUp(t *testing.T) {
	b := newBox(t)
	for n := 1; n <= 2; n++ {
		c := commitOf(n, 0, 0)
		c.Build = func(h loyalty.EntryHead, _ Tally) (loyalty.Entry, error) {
			return loyalty.Entry{V: 1, Store: h.Store, Epoch: h.Epoch, Seq: h.Seq, Kind: loyalty.KindLoad, Txn: h.Txn, Day: h.Day, At: h.At,
				Card: &loyalty.CardRecord{Card: loyalty.CardID{1}, Ctr: 5, Type: 3, Amount: int32(n), NewBalance: uint32(n)}}, nil
		}
		if _, err := b.Append(t.Context(), c); err != nil {
			t.Fatalf("a redemption that happened is never refused: %v", err)
		}
	}
	wrong := memberRow(7, 30, 0)
	wrong.Balance = 31
	b.feed(t, FeedPage{Epoch: 1, Next: 1, UpToDate: true, Changes: []Change{{Seq: 1, Member: wrong}}})
	if got := b.findings(t); !slices.Equal(got, []FindingCode{FindCard, FindLots}) {
		t.Errorf("found %v", got)
	}
}

// Of the chain alone the same is found, in whichever part of the log it is.
func TestTheChainAloneShowsWhatWasChanged(t *testing.T) {
	b := morning(t)
	if r, err := b.VerifyChain(t.Context()); err != nil || r.Entries != 5 || len(r.Findings) != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	for _, seq := range []int{1, 2, 3} { // the end of the first part, both sides of where the second begins
		b := morning(t)
		b.tamper(t, fmt.Sprintf(`UPDATE entry SET body = CAST(body || ' ' AS BLOB) WHERE seq = %d`, seq))
		r, err := b.VerifyChain(t.Context())
		if err != nil || len(r.Findings) != 1 || r.Findings[0].Code != FindChain || int(r.Findings[0].Seq) != seq {
			t.Errorf("entry %d: %+v, %v", seq, r.Findings, err)
		}
	}
	b.tamper(t, `DELETE FROM pending`, `DELETE FROM entry WHERE seq = 2`)
	if r, err := b.VerifyChain(t.Context()); err != nil || len(r.Findings) != 1 || r.Findings[0].Code != FindGap {
		t.Errorf("%+v, %v", r.Findings, err)
	}
	if r, err := newBox(t).VerifyChain(t.Context()); err != nil || r.Entries != 0 || len(r.Findings) != 0 {
		t.Errorf("an empty ledger: %+v, %v", r, err)
	}
}

//go:build linux

package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/rs/zerolog"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
	"loyaltill/sync/wire"
)

var update = flag.Bool("update", false, "write the files of today's formats; those of released ones never change")

const (
	formats     = "testdata/formats"
	today       = "1" // folder of the newest format
	formatSales = 12
	formatDay   = "2026-11-22"
)

// A ledger and a batch as they were written by each released version are opened, proved and decoded for ever: a store may stay on
// an old version for a year, and a disk in a drawer for ten.
func TestFilesOfEveryReleasedFormatAreReadForEver(t *testing.T) {
	if *update {
		writeFormats(t, filepath.Join(formats, today))
	}
	versions, err := os.ReadDir(formats)
	if err != nil || len(versions) == 0 {
		t.Fatalf("no files of old formats: %v", err)
	}
	for _, v := range versions {
		t.Run("format "+v.Name(), func(t *testing.T) {
			dir := filepath.Join(formats, v.Name())
			r := readLedger(t, filepath.Join(dir, "ledger.db.zst"))
			b := readBatch(t, dir)
			if b.Head != r.Head || len(b.Bodies) != len(r.Bodies) {
				t.Errorf("the batch has %d entries and ends at %s, the ledger %d and %s", len(b.Bodies), b.Head, len(r.Bodies), r.Head)
			}
			sales := 0
			for i, body := range b.Bodies {
				e, err := loyalty.DecodeEntry(body)
				if err != nil || !bytes.Equal(body, r.Bodies[i]) {
					t.Fatalf("entry %d: %v\n%s\n%s", i+1, err, body, r.Bodies[i])
				}
				if e.Kind == loyalty.KindSale && e.Sale.Earned == saleEarns && e.Day == formatDay {
					sales++
				}
			}
			if sales != formatSales {
				t.Errorf("%d of %d sales say what they said", sales, formatSales)
			}
		})
	}
}

func noon() time.Time { return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) }

// readLedger opens a ledger of an older version as today's agent does.
func readLedger(t *testing.T, path string) *agentdb.Range {
	t.Helper()
	packed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dec, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	plain, err := dec.DecodeAll(packed, nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, agentdb.LedgerFile), plain, 0o600); err != nil {
		t.Fatal(err)
	}
	id := newIdentity(t)
	if _, err := checkLedger(t.Context(), id, dir, nil); err != nil {
		t.Fatal(err)
	}
	db, err := agentdb.Open(t.Context(), dir, id, zerolog.Nop(), noon)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	r, err := db.EntriesFrom(t.Context(), 1, wire.MaxBatchEntries, wire.MaxBatchBytes)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func readBatch(t *testing.T, dir string) *wire.Batch {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "batch.ndjson.zst"))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "batch.header.json"))
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{}
	if err := json.Unmarshal(raw, &header); err != nil {
		t.Fatal(err)
	}
	codec, err := wire.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	b, err := codec.ReadBatch(17, header, bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Hashes(); err != nil {
		t.Fatal(err)
	}
	return b
}

// writeFormats makes the files of a version that is about to be released.
func writeFormats(t *testing.T, dir string) {
	t.Helper()
	folder := t.TempDir()
	db, err := agentdb.Open(t.Context(), folder, newIdentity(t), zerolog.Nop(), noon)
	if err != nil {
		t.Fatal(err)
	}
	for n := range formatSales {
		if _, err := sell(db, n); err != nil {
			t.Fatal(err)
		}
	}
	r, err := db.EntriesFrom(context.Background(), 1, formatSales, wire.MaxBatchBytes)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil { // the write-ahead log goes into the file
		t.Fatal(err)
	}
	codec, err := wire.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	packed := codec.PackBatch(&wire.Batch{Store: 17, Epoch: 3, Session: 1, First: r.First, Prev: r.Prev, Head: r.Head, Bodies: r.Bodies})
	header, err := json.MarshalIndent(packed.Header, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := os.ReadFile(filepath.Join(folder, agentdb.LedgerFile))
	if err != nil {
		t.Fatal(err)
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"ledger.db.zst": enc.EncodeAll(plain, nil), "batch.ndjson.zst": packed.Content,
		"batch.header.json": append(header, '\n')} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/agentdb"
	"loyaltill/store/archive"
)

type restoreCommand struct {
	configured
	File      string `arg:"" type:"existingfile" help:"The backup."`
	Key       string `type:"existingfile" placeholder:"FILE" help:"File with the age key that a sealed backup opens with."`
	OverNewer bool   `help:"Also when the ledger that is here holds entries that the backup has not. They are put aside, and head office will call it a fork if it knows some of them."`
}

// Run puts a backup in the place of the store's databases. What is there is put aside, never deleted.
func (c *restoreCommand) Run(ctx context.Context, s streams) (err error) {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	identity, err := store.LoadIdentity(cfg.Identity)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return err
	}
	work, err := os.MkdirTemp(cfg.Data, ".restore-*")
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	m, err := c.unpack(work)
	if err != nil {
		return err
	}
	copied := filepath.Join(work, agentdb.LedgerFile)
	report, err := verifyCopy(ctx, s, copied, identity)
	if errors.Is(err, agentdb.ErrForeign) {
		return fmt.Errorf("%w. A backup of an earlier life of the store is of no use to this one: give it to head office", err)
	}
	if err != nil {
		return err
	}
	if len(report.Findings) > 0 {
		return fmt.Errorf("the ledger in %s does not prove itself, %s: nothing was changed; take an older backup", c.File, report.Findings[0].Detail)
	}
	r := restoring{data: cfg.Data, work: work, identity: identity, head: report.Head, overNewer: c.OverNewer}
	aside, err := r.swap(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "restored: store %d epoch %d, %d entries, backed up %s\n", m.Head.Store, m.Head.Epoch, report.Head.Seq, m.Made.Format(time.RFC3339))
	if aside != "" {
		fmt.Fprintf(s.out, "what was here is in %s\n", aside)
	}
	fmt.Fprintln(s.out, "now start the agent where it reaches head office, before anything is sold: it fetches what the backup lacks")
	return nil
}

func (c *restoreCommand) unpack(dir string) (m archive.Manifest, err error) {
	var keys []age.Identity
	if c.Key != "" {
		f, err := os.Open(c.Key)
		if err != nil {
			return m, err
		}
		keys, err = age.ParseIdentities(f)
		if err := errors.Join(err, f.Close()); err != nil {
			return m, fmt.Errorf("--key: %w", err)
		}
	}
	f, err := os.Open(c.File)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	m, err = archive.Read(f, dir, keys)
	if errors.Is(err, archive.ErrSealed) {
		return m, fmt.Errorf("%w; name the file with the key: --key", err)
	}
	return m, err
}

// restoring is one restore that has been unpacked and proved.
type restoring struct {
	data, work string
	identity   *store.Identity
	head       store.Position
	overNewer  bool
}

// swap puts the files in place while nobody else has them open, and gives the folder where the old ones are.
func (r *restoring) swap(ctx context.Context) (aside string, err error) {
	err = store.WhileLocked(filepath.Join(r.data, agentdb.LedgerFile), func() error {
		if err := r.compare(ctx); err != nil {
			return err
		}
		if aside, err = putAside(r.data, time.Now()); err != nil {
			return err
		}
		for _, name := range []string{agentdb.MembersFile, agentdb.LedgerFile} {
			if err := store.Rename(filepath.Join(r.work, name), filepath.Join(r.data, name)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return aside, fmt.Errorf("restore: %w", err)
	}
	return aside, nil
}

// compare refuses to put an older ledger, or another branch, over the one that is here. One that cannot be read is no reason.
func (r *restoring) compare(ctx context.Context) (err error) {
	if r.overNewer {
		return nil
	}
	db, err := agentdb.OpenCopy(ctx, filepath.Join(r.data, agentdb.LedgerFile), r.identity)
	if errors.Is(err, os.ErrNotExist) || store.IsCorrupt(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	head, err := db.Head(ctx)
	if err != nil {
		return err
	}
	if head.Seq > r.head.Seq {
		return fmt.Errorf("the ledger here ends at entry %d, the backup at %d: nothing was changed. Where the disk is sound, keep what is here; to put it aside all the same, say --over-newer", head.Seq, r.head.Seq)
	}
	at, err := db.HashAt(ctx, loyalty.Seq(head.Seq))
	if err != nil {
		return err
	}
	if head.Seq == r.head.Seq && at != r.head.Hash {
		return fmt.Errorf("the ledger here is another branch, it differs from the backup by entry %d: nothing was changed; to put it aside all the same, say --over-newer", head.Seq)
	}
	return nil
}

// putAside moves the databases that are there into a folder of their own; it gives none when there are none.
func putAside(data string, at time.Time) (string, error) {
	aside := filepath.Join(data, "before-"+at.UTC().Format("20060102T150405.000Z"))
	moved := false
	for _, name := range []string{agentdb.LedgerFile, agentdb.MembersFile} {
		for _, suffix := range []string{"", "-wal", "-shm"} {
			from := filepath.Join(data, name+suffix)
			if _, err := os.Lstat(from); errors.Is(err, os.ErrNotExist) {
				continue
			}
			if err := os.MkdirAll(aside, 0o700); err != nil {
				return "", err
			}
			if err := store.Rename(from, filepath.Join(aside, name+suffix)); err != nil {
				return "", err
			}
			moved = true
		}
	}
	if !moved {
		return "", nil
	}
	return aside, nil
}

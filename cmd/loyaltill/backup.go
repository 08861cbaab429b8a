package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"filippo.io/age"

	"loyaltill/store"
	"loyaltill/store/agentdb"
	"loyaltill/store/archive"
)

type backupCommand struct {
	configured
	Target string `arg:"" type:"path" help:"A new file, or a folder: then the file is named by store and moment."`
	To     string `placeholder:"RECIPIENT" help:"Seal it for this age recipient (age1…): only the holder of its key can restore it."`
	Keep   int    `placeholder:"COUNT" help:"With a folder: remove the oldest backups of this store beyond so many."`
}

// Run copies both databases into one file, proves the copy, and then gives it its name. The agent may run meanwhile.
func (c *backupCommand) Run(ctx context.Context, s streams) (err error) {
	var to age.Recipient
	if c.To != "" {
		if to, err = age.ParseX25519Recipient(c.To); err != nil {
			return fmt.Errorf("--to: %w; make a key with age-keygen and give its public line", err)
		}
	}
	cfg, err := c.load()
	if err != nil {
		return err
	}
	identity, err := store.LoadIdentity(cfg.Identity)
	if err != nil {
		return err
	}
	now := time.Now().UTC()
	target, pattern := c.Target, ""
	if info, err := os.Stat(target); err == nil && info.IsDir() {
		pattern = fmt.Sprintf("store-%d-*.backup", identity.Store)
		target = filepath.Join(target, fmt.Sprintf("store-%d-%s.backup", identity.Store, now.Format("20060102T150405.000Z")))
	}
	if c.Keep < 0 || c.Keep > 0 && pattern == "" {
		return fmt.Errorf("--keep %d: it goes with a folder as the target", c.Keep)
	}
	head, findings, err := backup(ctx, s, backupJob{cfg.Data, target, identity, to, now})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s: store %d epoch %d, %d entries\n", target, head.Store, head.Epoch, head.Seq)
	if c.Keep > 0 {
		if err := keepNewest(filepath.Dir(target), pattern, c.Keep); err != nil {
			return err
		}
	}
	if findings > 0 {
		return fmt.Errorf("the ledger in it does not prove itself (%d findings): run `loyaltill verify`, and keep older backups", findings)
	}
	return nil
}

// backupJob is one backup.
type backupJob struct {
	data, target string
	identity     *store.Identity
	to           age.Recipient
	at           time.Time
}

func backup(ctx context.Context, s streams, j backupJob) (head store.Position, findings int, err error) {
	if _, err := os.Lstat(j.target); !errors.Is(err, os.ErrNotExist) {
		return head, 0, fmt.Errorf("back up to %s: %w", j.target, errors.Join(os.ErrExist, err))
	}
	work, err := os.MkdirTemp(filepath.Dir(j.target), ".backup-*") // on the disk of the target: the store's own may be full
	if err != nil {
		return head, 0, fmt.Errorf("back up: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	db, err := agentdb.OpenReadOnly(ctx, j.data, j.identity)
	if err != nil {
		return head, 0, err
	}
	if err := errors.Join(db.BackupAll(ctx, work), db.Close()); err != nil {
		return head, 0, err
	}
	report, err := verifyCopy(ctx, s, filepath.Join(work, agentdb.LedgerFile), j.identity)
	if err != nil {
		return head, 0, err
	}
	part := filepath.Join(work, "backup")
	m := archive.Manifest{Made: j.at, Head: report.Head}
	err = writeFile(part, func(f *os.File) error {
		return archive.Write(f, m, work, []string{agentdb.LedgerFile, agentdb.MembersFile}, j.to)
	})
	if err == nil {
		err = store.Rename(part, j.target)
	}
	return report.Head, len(report.Findings), err
}

func writeFile(path string, write func(*os.File) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func verifyCopy(ctx context.Context, s streams, path string, id *store.Identity) (r agentdb.Report, err error) {
	db, err := agentdb.OpenCopy(ctx, path, id)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return verifyShown(ctx, s, db)
}

// keepNewest removes the oldest files of a pattern. Their names sort by time.
func keepNewest(dir, pattern string, keep int) error {
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names[:max(0, len(names)-keep)] {
		if err := os.Remove(name); err != nil {
			return fmt.Errorf("remove old backup: %w", err)
		}
	}
	return nil
}

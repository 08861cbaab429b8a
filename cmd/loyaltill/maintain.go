package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"loyaltill/agent"
	"loyaltill/store"
	"loyaltill/store/agentdb"
	"loyaltill/sync/uplink"
)

type pruneCommand struct {
	configured
	Days int `default:"90" help:"How long entries are kept after head office signed for them; 90 at least."`
}

// Run takes the bodies of old entries away. The agent must be stopped: the file is written anew.
func (c *pruneCommand) Run(ctx context.Context, s streams) (err error) {
	if c.Days < agentdb.MinKeepDays {
		return fmt.Errorf("--days %d: head office may need entries for %d days", c.Days, agentdb.MinKeepDays)
	}
	db, _, err := c.openStopped(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	p := newProgress(s, "prune", 0)
	done, err := db.Prune(ctx, c.Days, p.at)
	p.end()
	if err != nil {
		return err
	}
	if done.Through == 0 {
		fmt.Fprintf(s.out, "nothing to prune: head office has signed for no closed day %d days ago or longer\n", c.Days)
		return nil
	}
	fmt.Fprintf(s.out, "pruned through entry %d: %d lost their details now, %d are kept for what is still open\n", done.Through, done.Entries, done.Kept)
	return nil
}

// openStopped opens the store's databases for writing, which needs the agent to be stopped.
func (c configured) openStopped(ctx context.Context, s streams) (*agentdb.DB, agent.Config, error) {
	cfg, err := c.load()
	if err != nil {
		return nil, cfg, err
	}
	identity, err := store.LoadIdentity(cfg.Identity)
	if err != nil {
		return nil, cfg, err
	}
	db, err := agentdb.Open(ctx, cfg.Data, identity, newLog(cfg, s), time.Now)
	if errors.Is(err, store.ErrInUse) {
		err = fmt.Errorf("%w; stop the agent first", err)
	}
	return db, cfg, err
}

type rebuildCommand struct {
	configured
	Wait time.Duration `default:"5m" help:"How long head office may take to send its registers."`
}

// Run throws members.db away, pulls it again, and makes everything anew that follows from the log. The old file is put back when head
// office does not send.
func (c *rebuildCommand) Run(ctx context.Context, s streams) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	old := filepath.Join(cfg.Data, agentdb.MembersFile)
	aside := old + ".before-rebuild"
	if err := store.WhileLocked(filepath.Join(cfg.Data, agentdb.LedgerFile), func() error { return moveDatabase(old, aside) }); err != nil {
		if errors.Is(err, store.ErrInUse) {
			err = fmt.Errorf("%w; stop the agent first", err)
		}
		return err
	}
	report, err := c.rebuild(ctx, s)
	if err != nil {
		return errors.Join(fmt.Errorf("%w; the old members file is back in its place", err), moveDatabase(aside, old))
	}
	if err := removeDatabase(aside); err != nil {
		return err
	}
	v := judge(report)
	v.print(s, false)
	if v.Exit != 0 {
		return exitCode(v.Exit)
	}
	return nil
}

func (c *rebuildCommand) rebuild(ctx context.Context, s streams) (report agentdb.Report, err error) {
	db, cfg, err := c.openStopped(ctx, s)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := pullAll(ctx, s, cfg, db, c.Wait); err != nil {
		return report, err
	}
	if err := db.Rebuild(ctx); err != nil {
		return report, err
	}
	return verifyShown(ctx, s, db)
}

// pullInterval is how often rebuild looks whether head office has told all.
const pullInterval = 200 * time.Millisecond

// pullAll speaks with head office until its registers are here.
func pullAll(ctx context.Context, s streams, cfg agent.Config, db *agentdb.DB, limit time.Duration) error {
	client, err := uplink.NewClient(db.Identity(), time.Now)
	if err != nil {
		return err
	}
	defer client.Close()
	up, err := uplink.New(uplink.Options{DB: db, HeadOffice: client, Agent: "loyaltill " + version, Log: newLog(cfg, s), Now: time.Now})
	if err != nil {
		return err
	}
	working, stop := context.WithTimeout(ctx, limit)
	var work sync.WaitGroup
	work.Go(func() { _ = up.Run(working) }) // it ends with its context alone
	err = awaitComplete(working, db)
	stop()
	work.Wait()
	return err
}

func awaitComplete(ctx context.Context, db *agentdb.DB) error {
	tick := time.NewTicker(pullInterval)
	defer tick.Stop()
	for {
		pos, err := db.FeedPosition(ctx)
		if err == nil && pos.Complete {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("head office did not send its registers: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

// moveDatabase renames a database with what lies beside it; one that is not there is none.
func moveDatabase(from, to string) error {
	if err := removeDatabase(to); err != nil {
		return err
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := store.Rename(from+suffix, to+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

func removeDatabase(path string) error {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

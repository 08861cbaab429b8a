package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/agent"
	"loyaltill/agent/api"
	"loyaltill/agent/loyalty"
	"loyaltill/agent/setup"
	"loyaltill/internal/i18n"
	"loyaltill/internal/metrics"
	"loyaltill/internal/web"
	"loyaltill/store"
	"loyaltill/store/agentdb"
	"loyaltill/sync/uplink"
	"loyaltill/sync/wire"
)

type runCommand struct {
	configured
	FirstStart
}

// Run serves the store until it is stopped; a store that has no configuration yet is set up first.
func (c *runCommand) Run(ctx context.Context, s streams) error {
	if err := c.setUp(ctx, c.Config, s); err != nil || ctx.Err() != nil {
		return err
	}
	var at string
	for {
		started, err := c.start(ctx, &at, s)
		if errors.Is(err, setup.ErrRestart) && ctx.Err() == nil {
			continue
		}
		if err == nil || started || ctx.Err() != nil {
			return err
		}
		restored, wrong := agent.RestoreConfig(c.Config)
		if !restored {
			return errors.Join(err, wrong)
		}
		log := newLog(agent.DefaultConfig(), s)
		log.Error().Err(err).Msg("the changed configuration does not start; the one before it is back")
	}
}

// start serves with the configuration as the file has it now. at keeps the address across restarts.
func (c *runCommand) start(ctx context.Context, at *string, s streams) (started bool, err error) {
	cfg, err := c.load()
	if err != nil {
		return false, err
	}
	if *at != "" {
		cfg.API.Listen = *at
	}
	err = c.serve(ctx, cfg, s, func(l net.Listener) error {
		started, *at = true, l.Addr().String()
		return agent.ConfigStarted(c.Config)
	})
	return started, err
}

// serve builds the parts from the disk up, starts them, and stops them in reverse. ready is called once everything is there.
func (c *runCommand) serve(ctx context.Context, cfg agent.Config, s streams, ready func(net.Listener) error) (err error) {
	end := &tail{}
	log := newLog(cfg, streams{s.out, io.MultiWriter(s.err, end)})
	noCoreDumps(log)
	db, identity, err := openLedger(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	client, err := uplink.NewClient(identity, time.Now)
	if err != nil {
		return err
	}
	defer client.Close()
	counted := metrics.NewAgent(version)
	office := uplink.Metered{HeadOffice: client, Metrics: counted, Log: log, Now: time.Now}
	up, err := uplink.New(uplink.Options{DB: db, HeadOffice: office, Agent: "loyaltill " + version, Log: log, Now: time.Now, TakeLife: client.TakeLife})
	if err != nil {
		return err
	}
	a, err := newAgent(cfg, shop{db: db, identity: identity, client: client, up: up}, counted, log)
	if err != nil {
		return err
	}
	counted.Watch(gauges{agent: a, uplink: up, db: db, identity: identity}.read)
	tills, err := setup.NewTills(setup.TillsOptions{Config: c.Config, Agent: a, Store: identity.Name, Log: log, Now: time.Now})
	if err != nil {
		return err
	}
	server, listener, err := openAPI(diagnosis{cfg: cfg, file: c.Config, agent: a, log: end}, tills, counted, log)
	if err != nil {
		return err
	}
	direct, err := openDirect(cfg, db, identity, log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := errors.Join(ready(listener), tellReady(s, map[string]string{"api": "http://" + listener.Addr().String()})); err != nil {
		return errors.Join(err, listener.Close())
	}
	log.Info().Str("api", listener.Addr().String()).Uint32("store", identity.Store).Str("version", version).Msg("agent started")
	keep := func(ctx context.Context) error { return client.KeepCertificate(ctx, tellRenewal(log)) }
	err = together(ctx, a.Run, up.Run, keep, direct, tills.Run, func(ctx context.Context) error { return server.Serve(ctx, listener) })
	log.Info().Err(err).Msg("agent stopped")
	return err
}

// tellReady says where the program answers, a line of JSON.
func tellReady(s streams, where map[string]string) error {
	line, err := json.Marshal(where)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, string(line))
	return nil
}

// openLedger opens the ledger of whoever the identity folder says that this box is.
func openLedger(ctx context.Context, cfg agent.Config, log zerolog.Logger) (*agentdb.DB, *store.Identity, error) {
	identity, err := store.LoadIdentity(cfg.Identity)
	if err != nil {
		return nil, nil, err
	}
	if err := apart(cfg.Data, cfg.Identity); err != nil {
		return nil, nil, err
	}
	if identity, err = nextLife(ctx, cfg.Data, identity, log); err != nil {
		return nil, nil, err
	}
	db, err := agentdb.Open(ctx, cfg.Data, identity, log, time.Now)
	return db, identity, err
}

// shop is what an agent works on: its ledger, and head office as it is reached.
type shop struct {
	db       *agentdb.DB
	identity *store.Identity
	client   *uplink.Client
	up       *uplink.Uplink
}

func newAgent(cfg agent.Config, in shop, counted *metrics.Agent, log zerolog.Logger) (*agent.Agent, error) {
	foreign, err := agent.LoadForeignCards(cfg.Cards)
	if err != nil {
		return nil, err
	}
	return agent.New(agent.Parts{
		Foreign: foreign, Config: cfg, Identity: in.identity, DB: in.db, Log: log, Now: time.Now, Version: version, Metrics: counted,
		Sync: func(ctx context.Context) (agent.SyncState, error) { return syncState(ctx, in.up) },
		HeadOffice: agent.HeadOffice{
			Reserve: func(ctx context.Context, r wire.ReserveRequest) error {
				return in.client.Reserve(ctx, in.db.Store(), r)
			},
			Unreserve: func(ctx context.Context, id loyalty.TxnID, attempt int64) error {
				return in.client.Unreserve(ctx, in.db.Store(), id, attempt)
			},
		},
	})
}

// tellRenewal logs what became of a certificate's renewal.
func tellRenewal(log zerolog.Logger) func(error) {
	return func(err error) {
		if err != nil {
			log.Warn().Err(err).Msg("certificate cannot be renewed, trying again in an hour")
			return
		}
		log.Info().Msg("certificate renewed")
	}
}

// nextLife begins the life that a decided fork gave, if one waits and nothing is under way in the ledger.
func nextLife(ctx context.Context, data string, id *store.Identity, log zerolog.Logger) (*store.Identity, error) {
	next, err := id.Next()
	if err != nil || next == nil {
		return id, err
	}
	if next.Epoch != id.Epoch {
		err := agentdb.NextLife(ctx, data, id, next, log, time.Now)
		if errors.Is(err, agentdb.ErrUnfinished) {
			log.Warn().Err(err).Uint32("epoch", next.Epoch).Msg("the next life of the ledger waits for another start")
			return id, nil
		}
		if err != nil {
			return nil, err
		}
	}
	log.Info().Uint32("epoch", next.Epoch).Msg("the ledger goes on in its next life")
	return id.TakeNext()
}

// syncState tells the tills how the upload fares.
func syncState(ctx context.Context, up *uplink.Uplink) (agent.SyncState, error) {
	s, err := up.Status(ctx)
	return agent.SyncState{
		State: string(s.State), Code: string(s.Problem), Since: s.Since, Head: s.AckedThrough + loyalty.Seq(s.Lag), Through: s.AckedThrough,
		Feed: string(s.FeedState), FeedThrough: s.Feed.Watermark, FeedComplete: s.Feed.Complete, Refused: s.Feed.Refused, FeedAt: s.Feed.ToldAt,
	}, err
}

func newLog(cfg agent.Config, s streams) zerolog.Logger {
	level, err := zerolog.ParseLevel(cfg.Log.Level)
	if err != nil {
		level = zerolog.InfoLevel // LoadConfig has refused anything else
	}
	return zerolog.New(s.err).Level(level).With().Timestamp().Logger()
}

// apart refuses an identity inside the data folder: a copy of the data must not be a copy of the store.
func apart(data, identity string) error {
	rel, err := filepath.Rel(data, identity)
	if err == nil && filepath.IsLocal(rel) {
		return fmt.Errorf("configuration: identity %s lies inside data %s; move it out, so that a backup of the data is no second store", identity, data)
	}
	return nil
}

func openAPI(d diagnosis, tills *setup.Tills, counted *metrics.Agent, log zerolog.Logger) (*api.Server, net.Listener, error) {
	cfg := d.cfg
	token, err := api.LoadToken(cfg.API.TokenFile)
	if err != nil {
		return nil, nil, err
	}
	owner, err := api.LoadToken(ownerFile(cfg))
	if err != nil {
		return nil, nil, err
	}
	lang, ok := i18n.Parse(cfg.Language)
	if !ok {
		return nil, nil, fmt.Errorf("configuration: language %q is not known", cfg.Language)
	}
	options := api.Options{Token: token, Owner: owner, Language: lang, Pages: web.Pages(), Version: version, Metrics: counted, Tills: tills}
	if cfg.Support.Recipient != "" {
		options.Diagnose = d.write
	}
	server := api.New(d.agent, options, log)
	l, err := net.Listen("tcp", cfg.API.Listen)
	if err != nil {
		return nil, nil, fmt.Errorf("listen on api.listen: %w; is another agent running?", err)
	}
	return server, l, nil
}

// openDirect serves who may fetch from this store itself; without anybody it listens nowhere.
func openDirect(cfg agent.Config, db *agentdb.DB, identity *store.Identity, log zerolog.Logger) (func(context.Context) error, error) {
	if len(cfg.Direct.Allow) == 0 {
		return func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, nil
	}
	l, err := net.Listen("tcp", cfg.Direct.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen on direct.listen: %w; give a free address", err)
	}
	log.Info().Str("direct", l.Addr().String()).Strs("allow", cfg.Direct.Allow).Msg("may be fetched from directly")
	d := &uplink.Direct{DB: db, Identity: identity, Allow: cfg.Direct.Allow, Log: log, Now: time.Now}
	return func(ctx context.Context) error { return d.Serve(ctx, l) }, nil
}

// together runs parts until ctx ends or one of them fails, and waits for all.
func together(ctx context.Context, parts ...func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, len(parts))
	var work sync.WaitGroup
	for i, part := range parts {
		work.Go(func() {
			defer cancel()
			if err := part(ctx); err != nil && !errors.Is(err, context.Canceled) {
				errs[i] = err
			}
		})
	}
	work.Wait()
	return errors.Join(errs...)
}

type configCommand struct {
	Check string `help:"Check this file instead and name everything that is wrong with it." type:"existingfile"`
}

func (c *configCommand) Run(s streams) error {
	if c.Check == "" {
		fmt.Fprint(s.out, agent.ExampleConfig())
		return nil
	}
	cfg, err := agent.LoadConfig(c.Check)
	if err != nil {
		return err
	}
	if _, err := loadPapers(cfg); err != nil {
		return err
	}
	fmt.Fprintln(s.out, c.Check+": in order")
	return nil
}

type versionCommand struct{}

func (c *versionCommand) Run(s streams) error {
	fmt.Fprintln(s.out, "loyaltill", version, "("+cardSupport()+")")
	return nil
}

// ownerFile is the token of whoever can read the data folder: they may administer staff from the command line.
func ownerFile(cfg agent.Config) string { return filepath.Join(cfg.Data, "owner.token") }

// tokenFor reads the token that a running agent made, for commands that ask it something.
func tokenFor(cfg agent.Config, owner bool) (token, file string, err error) {
	setting, file := "api.token_file", cfg.API.TokenFile
	if owner {
		setting, file = "data", ownerFile(cfg)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return "", file, fmt.Errorf("%s: %w; has the agent been started once, and is this its user?", setting, err)
	}
	return string(raw), file, nil
}

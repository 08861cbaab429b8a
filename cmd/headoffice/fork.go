package main

import (
	"context"

	"loyaltill/agent/loyalty"
)

type forkCmd struct {
	Show    forkShowCmd    `cmd:"" help:"Explain both branches of a forked store: entries, members touched, their points, transactions that both have."`
	Resolve forkResolveCmd `cmd:"" help:"Let the store go on: its branch is told again in a new life; what head office has stays. Restart the store's agent afterwards."`
}

type forkShowCmd struct {
	home
	Store loyalty.StoreID `required:"" placeholder:"N" help:"Number of the store."`
	Epoch loyalty.Epoch   `placeholder:"N" help:"The forked life; the newest if not given."`
}

func (cmd *forkShowCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	f, err := m.ShowFork(ctx, cmd.Store, cmd.Epoch)
	if err != nil {
		return err
	}
	return c.print(f)
}

type forkResolveCmd struct {
	forkShowCmd
	Note string `required:"" placeholder:"TEXT" help:"What was found; it stays with the case."`
}

func (cmd *forkResolveCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	f, err := m.ResolveFork(ctx, cmd.Store, cmd.Epoch, cmd.Note)
	if err != nil {
		return err
	}
	return c.print(f)
}

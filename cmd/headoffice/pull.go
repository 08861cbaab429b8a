package main

import (
	"context"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/sync/headoffice"
)

type pullCmd struct {
	Identity   string   `required:"" placeholder:"DIR" help:"The back office's identity folder."`
	HeadOffice string   `xor:"from" required:"" placeholder:"URL" help:"Head office's address."`
	FromStore  string   `xor:"from" required:"" placeholder:"URL" help:"Address of a store that is asked itself, when head office has not got its days."`
	Store      uint32   `placeholder:"N" help:"Number of that store."`
	Out        string   `xor:"into" required:"" placeholder:"DIR" help:"Folder for the closed days."`
	Database   string   `xor:"into" required:"" placeholder:"URL" help:"PostgreSQL database for them instead, such as postgres://user@host/name."`
	Schema     string   `default:"loyaltill" placeholder:"NAME" help:"Its schema; tables are made."`
	Only       []string `placeholder:"ENDING" help:"Of the files only these: ndjson, ndjson.zst, csv, parquet."`
}

func (cmd *pullCmd) Run(ctx context.Context, c *console) error {
	count := 0
	got := func(p headoffice.Pulled) {
		count++
		_ = c.print(p)
	}
	from := headoffice.PullFrom{Identity: cmd.Identity, HeadOffice: cmd.HeadOffice, Clock: time.Now}
	var err error
	switch {
	case cmd.FromStore != "":
		return cmd.direct(ctx, c, from)
	case cmd.Database != "":
		err = headoffice.PullDatabase(ctx, from, cmd.Database, cmd.Schema, got)
	default:
		err = headoffice.PullFiles(ctx, from, cmd.Out, cmd.Only, got)
	}
	if err != nil {
		return err
	}
	return c.print(map[string]any{"pulled": count})
}

// direct pulls from a store itself.
func (cmd *pullCmd) direct(ctx context.Context, c *console, from headoffice.PullFrom) error {
	if cmd.Out == "" || len(cmd.Only) > 0 {
		return &headoffice.FieldError{Field: "from-store", Remedy: "give a folder with --out: a store has its entries alone, as ndjson"}
	}
	count := 0
	err := headoffice.PullDirect(ctx, from, headoffice.DirectFrom{Store: loyalty.StoreID(cmd.Store), Address: cmd.FromStore}, cmd.Out, func(p headoffice.PulledDirect) {
		count++
		_ = c.print(p)
	})
	if err != nil {
		return err
	}
	return c.print(map[string]any{"pulled": count})
}

type fetchCmd struct {
	home
	Store     loyalty.StoreID `required:"" placeholder:"N" help:"Number of the store."`
	FromStore string          `required:"" placeholder:"URL" help:"Address of its agent, such as https://10.0.0.7:8789."`
}

func (cmd *fetchCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	count := 0
	err = m.FetchStore(ctx, headoffice.DirectFrom{Store: cmd.Store, Address: cmd.FromStore}, func(f headoffice.Fetched) {
		count++
		_ = c.print(f)
	})
	if err != nil {
		return err
	}
	return c.print(map[string]any{"fetched": count})
}

type receiptsCmd struct{ home }

func (cmd *receiptsCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	all, err := m.Receipts(ctx)
	for _, r := range all {
		if err := c.print(r); err != nil {
			return err
		}
	}
	return err
}

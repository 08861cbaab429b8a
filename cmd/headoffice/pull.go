package main

import (
	"context"
	"time"

	"loyaltill/sync/headoffice"
)

type pullCmd struct {
	Identity   string   `required:"" placeholder:"DIR" help:"The back office's identity folder."`
	HeadOffice string   `required:"" placeholder:"URL" help:"Head office's address."`
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
	if cmd.Database != "" {
		err = headoffice.PullDatabase(ctx, from, cmd.Database, cmd.Schema, got)
	} else {
		err = headoffice.PullFiles(ctx, from, cmd.Out, cmd.Only, got)
	}
	if err != nil {
		return err
	}
	return c.print(map[string]any{"pulled": count})
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

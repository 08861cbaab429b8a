package main

import (
	"context"

	"loyaltill/agent/loyalty"
)

type storeCmd struct {
	Revoke storeRevokeCmd `cmd:"" help:"Refuse the certificates of a store's box from now on, as for one that was stolen."`
}

type storeRevokeCmd struct {
	home
	Store  loyalty.StoreID `required:"" placeholder:"N" help:"Number of the store."`
	Reason string          `required:"" placeholder:"TEXT" help:"Why; the box is told."`
}

func (cmd *storeRevokeCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	out, err := m.Revoke(ctx, cmd.Store, cmd.Reason)
	if err != nil {
		return err
	}
	return c.print(out)
}

type caseCmd struct {
	Settle caseSettleCmd `cmd:"" help:"Close a case with what was found or done."`
}

type caseSettleCmd struct {
	home
	Store loyalty.StoreID `required:"" placeholder:"N" help:"Number of the store; 0 is head office itself."`
	Case  int64           `required:"" placeholder:"N" help:"Number of the case, as \"headoffice report\" has it."`
	Note  string          `required:"" placeholder:"TEXT" help:"What was found or done."`
}

func (cmd *caseSettleCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	if err := m.SettleCase(ctx, cmd.Store, cmd.Case, cmd.Note); err != nil {
		return err
	}
	return c.print(map[string]any{"store": cmd.Store, "case": cmd.Case, "state": "settled"})
}

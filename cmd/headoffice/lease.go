package main

import (
	"context"

	"loyaltill/agent/loyalty"
	"loyaltill/sync/headoffice"
)

type leaseCmd struct {
	Grant   leaseGrantCmd   `cmd:"" help:"Move points of a member without a card to a store, which may then spend them while it is cut off."`
	List    leaseListCmd    `cmd:"" help:"Print the allowances that have not ended."`
	Reclaim leaseReclaimCmd `cmd:"" help:"Want an allowance back; it comes with the store's word of what it spent."`
}

type leaseGrantCmd struct {
	home
	Member loyalty.MemberID `required:"" placeholder:"N" help:"The member's number in the register."`
	Store  loyalty.StoreID  `required:"" placeholder:"N" help:"Number of the store."`
	Points loyalty.Points   `required:"" placeholder:"N" help:"Points to move there."`
	Hours  int64            `default:"72" placeholder:"N" help:"How long the store may spend them, up to 744 hours."`
}

func (cmd *leaseGrantCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	out, err := m.GrantLease(ctx, headoffice.Grant{Member: cmd.Member, Store: cmd.Store, Points: cmd.Points, Hours: cmd.Hours})
	if err != nil {
		return err
	}
	return c.print(out)
}

type leaseListCmd struct{ home }

func (cmd *leaseListCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	all, err := m.Leases(ctx)
	for _, l := range all {
		if err == nil {
			err = c.print(l)
		}
	}
	return err
}

type leaseReclaimCmd struct {
	home
	Lease      loyalty.LeaseNo `arg:"" help:"Number of the allowance."`
	WrittenOff bool            `help:"Of a box that was replaced: what its log did not tell is lost. Possible once the allowance's time and a tenth more are over."`
}

func (cmd *leaseReclaimCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	out, err := m.ReclaimLease(ctx, headoffice.Reclaim{Lease: cmd.Lease, WrittenOff: cmd.WrittenOff})
	if err != nil {
		return err
	}
	return c.print(out)
}

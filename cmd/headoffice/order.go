package main

import (
	"context"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/sync/headoffice"
)

// cardArg is the card that a command is about.
type cardArg struct {
	Card string `arg:"" help:"The card's id, 16 hexadecimal digits."`
}

func (a cardArg) id() (id loyalty.CardID, err error) {
	if err := id.UnmarshalText([]byte(a.Card)); err != nil {
		return id, &headoffice.FieldError{Field: "card", Remedy: "give the 16 hexadecimal digits of the card's id", Err: err}
	}
	return id, nil
}

type cardUnblockCmd struct {
	home
	cardArg
	ForgetPIN bool `name:"forget-pin" help:"Forget the PIN as well; the member chooses a new one."`
}

func (cmd *cardUnblockCmd) Run(ctx context.Context, c *console) error {
	return cmd.send(ctx, c, cmd.cardArg, headoffice.CardOrder{Kind: card.KindUnblock, ForgetPIN: cmd.ForgetPIN})
}

type cardLimitsCmd struct {
	home
	cardArg
	Single     uint32 `required:"" placeholder:"POINTS" help:"What one debit may take without the PIN."`
	Cumulative uint32 `required:"" placeholder:"POINTS" help:"What all debits since the last PIN may take without it."`
}

func (cmd *cardLimitsCmd) Run(ctx context.Context, c *console) error {
	return cmd.send(ctx, c, cmd.cardArg, headoffice.CardOrder{Kind: card.KindLimits, Single: cmd.Single, Cumulative: cmd.Cumulative})
}

type cardTerminateCmd struct {
	home
	cardArg
	Reason string `required:"" placeholder:"TEXT" help:"Why; stores show it."`
}

func (cmd *cardTerminateCmd) Run(ctx context.Context, c *console) error {
	return cmd.send(ctx, c, cmd.cardArg, headoffice.CardOrder{Kind: card.KindTerminate, Reason: cmd.Reason})
}

// send gives the order and prints the voucher that carries it.
func (h home) send(ctx context.Context, c *console, to cardArg, order headoffice.CardOrder) (err error) {
	if order.Card, err = to.id(); err != nil {
		return err
	}
	m, err := h.manager(c)
	if err != nil {
		return err
	}
	out, err := m.OrderCard(ctx, order)
	if err != nil {
		return err
	}
	return c.print(out)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/internal/i18n"
)

// couponCommand is for managers: the running agent prints, and keeps the log.
type couponCommand struct {
	Print couponPrintCommand `cmd:"" help:"Issue coupons of a kind of the programme and print them, numbered."`
	List  couponListCommand  `cmd:"" help:"What was issued at the tills: printed, waiting, void, used."`
	Show  couponShowCommand  `cmd:"" help:"Each paper of one batch."`
	Void  couponVoidCommand  `cmd:"" help:"Take coupons out of use; with --replace print a new one in place of one."`
}

type couponPrintCommand struct {
	configured
	Kind     string         `arg:"" help:"Kind of coupon, its id in the programme."`
	Count    int64          `help:"How many, at most 500." default:"1"`
	Lane     loyalty.LaneID `help:"Till whose printer prints them." default:"1"`
	Source   string         `help:"Campaign or channel that is written on them." placeholder:"ID"`
	Language string         `help:"Of the papers; the store's when left out." placeholder:"CODE"`
	Cashier  string         `help:"Who asks, for the log." placeholder:"NAME"`
	NoWait   bool           `help:"Do not wait for the papers."`
	Key      string         `help:"Key of an earlier try: with it nothing is issued twice." placeholder:"UUID"`
}

// Run issues the batch and tells how the papers come out until the last one has.
func (c *couponPrintCommand) Run(ctx context.Context, s streams) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	key, err := keyOf(c.Key)
	if err != nil {
		return err
	}
	if _, ok := i18n.Parse(c.Language); c.Language != "" && !ok {
		return fmt.Errorf("language %q is not one of en, lv, pl, et, fa, hy", c.Language)
	}
	var issued agent.CouponAnswer
	call := agentCall{method: http.MethodPost, path: fmt.Sprintf("/v1/lanes/%d/coupons", c.Lane), key: key,
		body: agent.CouponRequest{Coupon: c.Kind, Count: max(c.Count, 0), Source: c.Source, Language: c.Language, Cashier: c.Cashier}}
	if err := call.do(ctx, cfg, &issued); err != nil {
		return fmt.Errorf("%w; to try again without issuing twice: --key %s", err, key)
	}
	fmt.Fprintf(s.out, "batch %d: %d coupons, valid %s to %s\n", issued.Seq, issued.Count, issued.ValidFrom, issued.ValidTo)
	switch {
	case issued.Job == 0:
		fmt.Fprintf(s.out, "lane %d has no printer: nothing is printed\n", c.Lane)
		return nil
	case c.NoWait:
		return nil
	}
	return watchBatch(ctx, s, cfg, issued.Seq)
}

// keyOf reads the key of a call that changes something, or makes one.
func keyOf(text string) (loyalty.TxnID, error) {
	if text == "" {
		id, err := uuid.NewV7()
		return loyalty.TxnID(id), err
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return loyalty.TxnID{}, fmt.Errorf("key %q is not a UUID", text)
	}
	return loyalty.TxnID(id), nil
}

const (
	watchEvery = 500 * time.Millisecond
	watchMost  = 4 * time.Hour // beyond, the papers come without being watched
)

// watchBatch writes a line for each change until nothing waits.
func watchBatch(ctx context.Context, s streams, cfg agent.Config, seq loyalty.Seq) error {
	ctx, cancel := context.WithTimeout(ctx, watchMost)
	defer cancel()
	last := ""
	for {
		b, err := readBatch(ctx, cfg, seq)
		if err != nil {
			return err
		}
		if line := fmt.Sprintf("%d of %d printed%s", b.Printed, b.Count, rest(b.CouponBatch)); line != last {
			fmt.Fprintln(s.out, line)
			last = line
		}
		if b.Waiting == 0 {
			return doubtful(b)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("batch %d is still printing: %w", seq, ctx.Err())
		case <-time.After(watchEvery):
		}
	}
}

func rest(b agent.CouponBatch) string {
	text := ""
	if b.Doubtful > 0 {
		text += fmt.Sprintf(", %d doubtful", b.Doubtful)
	}
	if b.Void > 0 {
		text += fmt.Sprintf(", %d void", b.Void)
	}
	return text
}

func doubtful(b batchAnswer) error {
	if b.Doubtful == 0 {
		return nil
	}
	return errors.New("some papers may be torn: look at them, then print them again at the till, or `loyaltill coupon void`")
}

type batchAnswer struct {
	agent.CouponBatch
	Papers []agent.CouponPaper `json:"papers"`
}

func readBatch(ctx context.Context, cfg agent.Config, seq loyalty.Seq) (b batchAnswer, err error) {
	return b, agentCall{method: http.MethodGet, path: fmt.Sprintf("/v1/coupons/%d", seq)}.do(ctx, cfg, &b)
}

type couponListCommand struct {
	configured
	Below loyalty.Seq `help:"Only batches before this one." placeholder:"SEQ"`
	Limit int         `help:"How many." default:"20"`
}

// Run prints a line for each batch, newest first.
func (c *couponListCommand) Run(ctx context.Context, s streams) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	var all struct{ Batches []agent.CouponBatch }
	if err := (agentCall{method: http.MethodGet, path: fmt.Sprintf("/v1/coupons?below=%d&limit=%d", c.Below, c.Limit)}).do(ctx, cfg, &all); err != nil {
		return err
	}
	t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "BATCH\tDAY\tLANE\tKIND\tCOUNT\tPRINTED\tWAITING\tDOUBTFUL\tVOID\tUSED\tBY")
	for _, b := range all.Batches {
		fmt.Fprintf(t, "%d\t%s\t%d\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%s\n", b.Seq, b.Day, b.Lane, b.Coupon, b.Count, b.Printed, b.Waiting, b.Doubtful, b.Void, b.Used, b.Cashier)
	}
	return t.Flush()
}

type couponShowCommand struct {
	configured
	Batch loyalty.Seq `arg:"" help:"Number of the batch."`
}

// Run prints a line for each paper.
func (c *couponShowCommand) Run(ctx context.Context, s streams) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	b, err := readBatch(ctx, cfg, c.Batch)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NUMBER\tSERIAL\tPAPER\tUSED\tVOID")
	for _, p := range b.Papers {
		fmt.Fprintf(t, "%d\t%s\t%s\t%d\t%t\n", p.Number, p.Serial, p.State, p.Used, p.Void)
	}
	return t.Flush()
}

type couponVoidCommand struct {
	configured
	Serials []string           `arg:"" optional:"" name:"serial" help:"Serials, as on the papers."`
	Batch   loyalty.Seq        `help:"Instead: all of this batch that are not on paper for sure." placeholder:"SEQ"`
	Reason  loyalty.VoidReason `help:"misprint, lost or unwanted." enum:"misprint,lost,unwanted" default:"misprint"`
	Replace bool               `help:"Print a new one in place of the only serial."`
	Lane    loyalty.LaneID     `help:"Till, for the log and the new paper." default:"1"`
	Cashier string             `help:"Who asks, for the log." placeholder:"NAME"`
	Key     string             `help:"Key of an earlier try." placeholder:"UUID"`
}

// Run takes the coupons out of use, all of them or none.
func (c *couponVoidCommand) Run(ctx context.Context, s streams) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	key, err := keyOf(c.Key)
	if err != nil {
		return err
	}
	var done agent.VoidAnswer
	call := agentCall{method: http.MethodPost, path: fmt.Sprintf("/v1/lanes/%d/coupons/void", c.Lane), key: key,
		body: agent.VoidRequest{Serials: c.Serials, Batch: c.Batch, Reason: c.Reason, Replace: c.Replace, Cashier: c.Cashier}}
	if err := call.do(ctx, cfg, &done); err != nil {
		return fmt.Errorf("%w; to try again: --key %s", err, key)
	}
	for _, serial := range done.Serials {
		fmt.Fprintf(s.out, "%s is void\n", serial)
	}
	if done.New != "" {
		fmt.Fprintf(s.out, "%s takes its place, print job %d\n", done.New, done.Job)
	}
	return nil
}

type giftCardCommand struct {
	Print giftCardPrintCommand `cmd:"" help:"Print blank gift cards, numbered; each is worth nothing until a bill sells it."`
}

type giftCardPrintCommand struct {
	configured
	Kind     string         `arg:"" help:"Kind of gift card, its id in the programme."`
	Count    int            `help:"How many, at most 500." default:"1"`
	Lane     loyalty.LaneID `help:"Till whose printer prints them." default:"1"`
	Language string         `help:"Of the papers; the store's when left out." placeholder:"CODE"`
	Key      string         `help:"Key of an earlier try: with it nothing is printed twice." placeholder:"UUID"`
}

// Run queues the papers and prints their serials, a line each.
func (c *giftCardPrintCommand) Run(ctx context.Context, s streams) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	key, err := keyOf(c.Key)
	if err != nil {
		return err
	}
	var done agent.BlankAnswer
	call := agentCall{method: http.MethodPost, path: fmt.Sprintf("/v1/lanes/%d/gift-cards", c.Lane), key: key, body: agent.BlankRequest{Kind: c.Kind, Count: c.Count, Language: c.Language}}
	if err := call.do(ctx, cfg, &done); err != nil {
		return fmt.Errorf("%w; to try again without printing twice: --key %s", err, key)
	}
	for _, serial := range done.Serials {
		fmt.Fprintln(s.out, serial)
	}
	return nil
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"loyaltill/internal/stage"
)

// player tells the story through the agent's API and compares what comes out.
type player struct {
	shop    *stage.Shop
	out     string // folder for the pictures
	began   time.Time
	checked int // figures compared
	sheets  int // sheets of paper seen so far
	sales   int
	inside  bool   // a card is in the reader
	serial  string // of the coupon printed last
	sold    int64  // entry of the sale before
}

const (
	waitLimit = 15 * time.Second
	lanePath  = "/v1/lanes/1"
)

func (p *player) play(ctx context.Context, s *story) error {
	for i := range s.Steps {
		step := &s.Steps[i]
		fmt.Printf("\n%2d. %s\n", i+1, step.Say)
		if err := p.step(ctx, step); err != nil {
			return fmt.Errorf("step %d, %s: %w", i+1, step.Say, err)
		}
	}
	fmt.Printf("\nOK: %d sales, %d sheets of paper, %d figures as worked out by hand, both ledgers verified, %.1f s.\n",
		p.sales, p.sheets, p.checked, time.Since(p.began).Seconds())
	return nil
}

func (p *player) step(ctx context.Context, s *step) error {
	switch {
	case s.Tap != nil:
		return p.tap(ctx, s.Tap)
	case s.ChoosePIN != "":
		return p.shop.ChoosePIN(ctx, 1, s.ChoosePIN)
	case s.PIN != nil:
		return p.pin(ctx, s.PIN)
	case s.Sale != nil:
		return p.sale(ctx, s.Sale)
	case s.Return != nil:
		return p.takeBack(ctx, s.Return)
	case s.Coupon != nil:
		return p.coupon(ctx, s.Coupon)
	case s.Paper == "out":
		return p.shop.Bench.Do(ctx, "POST", "/printers/till1/fault", map[string]any{"kind": "paper-out", "at": "row", "n": 250}, nil)
	case s.Paper == "in":
		return p.newRoll(ctx)
	case s.Sync:
		return p.shop.Synced(ctx, waitLimit)
	case s.HeadOffice == "off":
		return p.shop.HeadOffice.Stop()
	case s.HeadOffice == "on":
		return p.shop.StartHeadOffice(ctx)
	case s.Close != nil:
		return p.closeDay(ctx, s.Close)
	case s.Report != nil:
		return p.report(ctx, s.Report)
	case s.Pull != nil:
		return p.pull(ctx, s.Pull)
	case s.Verify:
		return p.verify(ctx)
	}
	return errors.New("the step says nothing to do")
}

// expect compares one figure.
func (p *player) expect(what string, got, want int64) error {
	p.checked++
	if got != want {
		return fmt.Errorf("%s is %d, worked out by hand it is %d", what, got, want)
	}
	return nil
}

// figure is one line of a list of comparisons.
type figure struct {
	what      string
	got, want int64
}

func (p *player) expectAll(figures ...figure) error {
	var errs []error
	for _, f := range figures {
		errs = append(errs, p.expect(f.what, f.got, f.want))
	}
	return errors.Join(errs...)
}

type laneState struct {
	Card   struct{ State, Code string }
	Member *struct {
		Number             string
		Balance, Available int64
		PIN                *struct {
			Verified  bool
			TriesLeft int `json:"tries_left"`
		}
	}
	Printer struct{ State, Code, Message string }
}

func (p *player) lane(ctx context.Context) (s laneState, err error) {
	err = p.shop.API.Do(ctx, "GET", lanePath, nil, &s)
	return s, err
}

func (p *player) tap(ctx context.Context, s *tapStep) error {
	if p.inside {
		if err := p.shop.Remove(ctx, 1); err != nil {
			return err
		}
		if err := p.untilCard(ctx, "none"); err != nil {
			return err
		}
	}
	if err := p.shop.Insert(ctx, 1, s.Card); err != nil {
		return err
	}
	p.inside = true
	if err := p.untilCard(ctx, "ready"); err != nil {
		return err
	}
	lane, err := p.lane(ctx)
	if err != nil {
		return err
	}
	if lane.Member == nil {
		return errors.New("the card is ready and nobody is known")
	}
	fmt.Printf("    card %s: %d points, %d to spend offline\n", lane.Member.Number, lane.Member.Balance, lane.Member.Available)
	return p.expectAll(figure{"balance", lane.Member.Balance, s.Balance}, figure{"available", lane.Member.Available, s.Available})
}

func (p *player) untilCard(ctx context.Context, state string) error {
	return stage.Until(ctx, "card "+state, waitLimit, func(ctx context.Context) (bool, string, error) {
		lane, err := p.lane(ctx)
		if err == nil && lane.Card.State == "refused" && state != "none" {
			err = fmt.Errorf("the card was refused: %s", lane.Card.Code)
		}
		return lane.Card.State == state, lane.Card.State, err
	})
}

func (p *player) pin(ctx context.Context, s *pinStep) error {
	err := p.shop.API.Do(ctx, "POST", lanePath+"/pin", map[string]string{"pin": s.Digits}, nil)
	var refused *stage.Problem
	switch {
	case s.Refused == "":
		return err
	case !errors.As(err, &refused):
		return fmt.Errorf("the PIN was not refused: %w", err)
	case refused.Code != s.Refused:
		return fmt.Errorf("refused with %s, want %s", refused.Code, s.Refused)
	}
	lane, err := p.lane(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("    refused: %s, %d tries left\n", refused.Code, lane.Member.PIN.TriesLeft)
	return p.expect("tries left", int64(lane.Member.PIN.TriesLeft), int64(s.TriesLeft))
}

type saleAnswer struct {
	Quote                                        string
	Seq, Total, Redeemed, Value, Earned, Balance int64
	ToPay                                        int64 `json:"to_pay"`
	Redeem                                       struct{ Points, Value int64 }
}

func (p *player) sale(ctx context.Context, s *saleStep) error {
	basket := map[string]any{"lines": s.wire(), "cashier": "ilze"}
	if s.All {
		basket["redeem"] = map[string]bool{"all": true}
	} else if s.Redeem > 0 {
		basket["redeem"] = map[string]int64{"points": s.Redeem}
	}
	var wanted []map[string]string
	for _, id := range s.Rewards {
		wanted = append(wanted, map[string]string{"reward": id})
	}
	if wanted != nil {
		basket["rewards"] = wanted
	}
	if s.Coupon {
		basket["coupons"] = []map[string]string{{"code": p.serial}}
	}
	var quote, done saleAnswer
	err := p.shop.API.Do(ctx, "POST", lanePath+"/quote", basket, &quote)
	if s.Refused != "" {
		return p.refusedWith(err, s.Refused)
	}
	if err != nil {
		return err
	}
	if err := p.expectAll(figure{"quote: total", quote.Total, s.Total}, figure{"quote: to pay", quote.ToPay, s.ToPay},
		figure{"quote: earned", quote.Earned, s.Earned}, figure{"quote: redeemed", quote.Redeem.Points, s.Redeemed}); err != nil {
		return err
	}
	basket["quote"] = quote.Quote
	basket["tenders"] = []map[string]any{{"kind": "cash", "amount": quote.ToPay}}
	if err := p.commitTwice(ctx, basket, &done); err != nil {
		return err
	}
	p.sales++
	p.sold = done.Seq
	if err := p.expectAll(figure{"total", done.Total, s.Total}, figure{"redeemed", done.Redeemed, s.Redeemed}, figure{"value", done.Value, s.Value},
		figure{"to pay", done.ToPay, s.ToPay}, figure{"earned", done.Earned, s.Earned}, figure{"balance", done.Balance, s.Balance}); err != nil {
		return err
	}
	if s.Stuck != "" {
		return p.stuck(ctx, s.Stuck)
	}
	return p.paper(ctx, s.PNG, s.Paper)
}

// commitTwice sends the sale, and once more with the same key, as a till does that lost the answer.
func (p *player) commitTwice(ctx context.Context, basket map[string]any, done *saleAnswer) error {
	key := uuid.Must(uuid.NewV7()).String()
	if err := p.shop.API.Do(ctx, "POST", lanePath+"/sales", basket, done, "Idempotency-Key", key); err != nil {
		return err
	}
	var again saleAnswer
	if err := p.shop.API.Do(ctx, "POST", lanePath+"/sales", basket, &again, "Idempotency-Key", key); err != nil {
		return err
	}
	if again != *done {
		return fmt.Errorf("the same key was answered %+v first and %+v then", *done, again)
	}
	return nil
}

func (s *saleStep) wire() []map[string]any {
	lines := make([]map[string]any, len(s.Lines))
	for i, l := range s.Lines {
		lines[i] = map[string]any{"sku": l.SKU, "name": l.Name, "category": l.Category, "quantity": l.Quantity, "amount": l.Amount, "tax": l.Tax}
	}
	return lines
}

// stuck waits until the lane says what is wrong with the printer.
func (p *player) stuck(ctx context.Context, code string) error {
	var message string
	err := stage.Until(ctx, "printer "+code, waitLimit, func(ctx context.Context) (bool, string, error) {
		lane, err := p.lane(ctx)
		message = lane.Printer.Message
		return lane.Printer.Code == code, lane.Printer.Code, err
	})
	p.checked++
	fmt.Printf("    the sale stands; the screen says: %s\n", message)
	return err
}

// newRoll puts paper in and waits until the printer has confirmed a whole receipt, which must be marked as a copy.
func (p *player) newRoll(ctx context.Context) error {
	if err := p.shop.Bench.Do(ctx, "POST", "/printers/till1/paper", map[string]any{"loaded": true}, nil); err != nil {
		return err
	}
	var jobs []struct {
		State string
		Copy  int64
	}
	err := stage.Until(ctx, "the copy to be confirmed", waitLimit, func(ctx context.Context) (bool, string, error) {
		err := p.shop.API.Do(ctx, "GET", "/v1/jobs?limit=2", nil, &jobs)
		return len(jobs) == 2 && jobs[0].State == "confirmed" && jobs[1].State == "superseded", fmt.Sprintf("%+v", jobs), err
	})
	if err != nil {
		return err
	}
	sheets, err := p.sheetsOut(ctx)
	if err != nil {
		return err
	}
	p.sheets = sheets - 1 // the torn part went before
	return errors.Join(p.expect("number of the copy", jobs[0].Copy, 2), p.paper(ctx, "6-copy-fa", nil))
}

func (p *player) sheetsOut(ctx context.Context) (int, error) {
	var printer struct{ Counts struct{ Sheets int } }
	err := p.shop.Bench.Do(ctx, "GET", "/printers/till1", nil, &printer)
	return printer.Counts.Sheets, err
}

func (p *player) coupon(ctx context.Context, s *couponStep) error {
	var done struct {
		Serial string
		Value  int64
	}
	err := p.shop.API.Do(ctx, "POST", lanePath+"/coupons", map[string]string{"coupon": s.Coupon, "language": "lv"}, &done, "Idempotency-Key", uuid.Must(uuid.NewV7()).String())
	if err != nil {
		return err
	}
	if err := p.expect("coupon value", done.Value, s.Value); err != nil {
		return err
	}
	p.serial = done.Serial
	return p.paper(ctx, s.PNG, append(s.Paper, done.Serial))
}

// paper waits for the next whole sheet, shows it, keeps its picture, and looks for what must stand on it.
func (p *player) paper(ctx context.Context, name string, must []string) error {
	err := stage.Until(ctx, "the paper", waitLimit, func(ctx context.Context) (bool, string, error) {
		sheets, err := p.sheetsOut(ctx)
		return sheets > p.sheets, fmt.Sprintf("%d sheets", sheets), err
	})
	if err != nil {
		return err
	}
	p.sheets++
	var text, picture []byte
	sheet := fmt.Sprintf("/printers/till1/sheets/%d", p.sheets)
	if err := p.shop.Bench.Do(ctx, "GET", sheet+".txt", nil, &text); err != nil {
		return err
	}
	if err := p.shop.Bench.Do(ctx, "GET", sheet+".png", nil, &picture); err != nil {
		return err
	}
	fmt.Println(indent(text))
	for _, m := range must {
		p.checked++
		if !strings.Contains(plain(text), m) {
			return fmt.Errorf("the paper does not say %q", m)
		}
	}
	file := filepath.Join(p.out, name+".png")
	fmt.Println("    picture:", file)
	return os.WriteFile(file, picture, 0o644)
}

// plain makes every run of spaces, of whatever kind, one: where a column begins is not a figure.
func plain(text []byte) string { return strings.Join(strings.Fields(string(text)), " ") }

func indent(text []byte) string {
	var b bytes.Buffer
	for line := range strings.Lines(strings.TrimRight(string(text), "\n")) {
		b.WriteString("    | " + line)
	}
	return b.String()
}

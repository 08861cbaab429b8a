package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"loyaltill/internal/stage"
)

// refusedWith checks that a call was refused, and why.
func (p *player) refusedWith(err error, code string) error {
	var refused *stage.Problem
	if !errors.As(err, &refused) {
		return fmt.Errorf("it was not refused with %s: %w", code, err)
	}
	p.checked++
	if refused.Code != code {
		return fmt.Errorf("refused with %s, want %s", refused.Code, code)
	}
	fmt.Printf("    refused: %s\n", refused.Code)
	return nil
}

// takeBack brings goods of the sale before back, by the number on its receipt.
func (p *player) takeBack(ctx context.Context, s *returnStep) error {
	type answer struct {
		Quote                               string
		Money, Refund, Taken, Back, Balance int64
	}
	request := map[string]any{
		"sale": fmt.Sprintf("1-1-%d", p.sold), "lines": []map[string]int64{{"line": int64(s.Line), "quantity": s.Quantity}}, "cashier": "ilze",
	}
	var quote, done answer
	if err := p.shop.API.Do(ctx, "POST", lanePath+"/returns/quote", request, &quote); err != nil {
		return err
	}
	request["quote"] = quote.Quote
	key := uuid.Must(uuid.NewV7()).String()
	for range 2 { // as a till does that lost the answer
		if err := p.shop.API.Do(ctx, "POST", lanePath+"/returns", request, &done, "Idempotency-Key", key); err != nil {
			return err
		}
	}
	if err := p.expectAll(figure{"refund", done.Refund, s.Refund}, figure{"refund as quoted", quote.Refund, s.Refund},
		figure{"points taken back", done.Taken, s.Taken}, figure{"points given back", done.Back, s.Back}, figure{"balance", done.Balance, s.Balance}); err != nil {
		return err
	}
	return p.paper(ctx, s.PNG, s.Paper)
}

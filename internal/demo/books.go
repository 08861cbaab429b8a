package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"
)

func (p *player) closeDay(ctx context.Context, s *closeStep) error {
	var done struct {
		Day    string
		Totals struct {
			Count, Sales, Total, Earned, Redeemed, Value, Loaded, Coupons int64
			ToPay                                                         int64 `json:"to_pay"`
			Returned                                                      struct{ Refund int64 }
		}
	}
	err := p.shop.API.Do(ctx, "POST", lanePath+"/close", struct{}{}, &done, "Idempotency-Key", uuid.Must(uuid.NewV7()).String())
	if err != nil {
		return err
	}
	t := done.Totals
	if err := p.expectAll(figure{"sales", t.Sales, s.Sales}, figure{"total", t.Total, s.Total}, figure{"to pay", t.ToPay, s.ToPay},
		figure{"earned", t.Earned, s.Earned}, figure{"redeemed", t.Redeemed, s.Redeemed}, figure{"value", t.Value, s.Value},
		figure{"loaded", t.Loaded, s.Loaded}, figure{"coupons", t.Coupons, s.Coupons}, figure{"refunded", t.Returned.Refund, s.Refund}); err != nil {
		return err
	}
	return p.paper(ctx, s.PNG, s.Paper)
}

// report compares what head office holds.
func (p *player) report(ctx context.Context, s *reportStep) error {
	var r struct {
		Members []struct {
			ID      int64 `json:"id"`
			Balance int64 `json:"balance"`
			OnCard  int64 `json:"on_card"`
		} `json:"members"`
		Stores []struct {
			Seq int64 `json:"seq"`
		} `json:"stores"`
		Differences []json.RawMessage `json:"differences"`
		Cases       []json.RawMessage `json:"cases"`
	}
	if err := p.shop.Report(ctx, &r); err != nil {
		return err
	}
	held := map[int64][2]int64{}
	for _, m := range r.Members {
		held[m.ID] = [2]int64{m.Balance, m.OnCard}
		fmt.Printf("    member %d: %d points, %d of them vouchered to the card\n", m.ID, m.Balance, m.OnCard)
	}
	for _, m := range s.Members {
		if err := p.expectAll(figure{fmt.Sprintf("member %d: balance", m.Member), held[m.Member][0], m.Balance},
			figure{fmt.Sprintf("member %d: on the card", m.Member), held[m.Member][1], m.OnCard}); err != nil {
			return err
		}
	}
	if len(r.Stores) != 1 {
		return fmt.Errorf("head office knows %d stores", len(r.Stores))
	}
	fmt.Printf("    %d entries of store 1, %d differences, %d cases\n", r.Stores[0].Seq, len(r.Differences), len(r.Cases))
	return p.expectAll(figure{"entries", r.Stores[0].Seq, s.Entries}, figure{"differences", int64(len(r.Differences)), s.Differences},
		figure{"cases", int64(len(r.Cases)), 0})
}

func (p *player) pull(ctx context.Context, s *pullStep) error {
	folder, err := p.shop.Pull(ctx)
	if err != nil {
		return err
	}
	var entries int64
	err = filepath.WalkDir(folder, func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".ndjson") {
			return err
		}
		body, err := os.ReadFile(path)
		entries += int64(bytes.Count(body, []byte("\n")))
		fmt.Printf("    %s, %d bytes\n", filepath.Base(path), len(body))
		return err
	})
	if err != nil {
		return err
	}
	return p.expect("entries pulled", entries, s.Entries)
}

func (p *player) verify(ctx context.Context) error {
	for _, v := range [][]string{
		{"loyaltill", "verify", "--config", p.shop.AgentConfig()},
		{"headoffice", "verify", "--dir", p.shop.HeadOfficeDir()},
	} {
		out, err := p.shop.Run(ctx, v[0], v[1:]...)
		if err != nil {
			return err
		}
		p.checked++
		fmt.Printf("    %s verify: %s\n", v[0], bytes.TrimSpace(out))
	}
	return nil
}

package main

import (
	"context"
	"encoding/csv"
	"strconv"
)

type reportPartnersCmd struct {
	home
	From string `required:"" placeholder:"DAY" help:"First business day, such as 2026-11-01."`
	To   string `required:"" placeholder:"DAY" help:"Last business day."`
	CSV  bool   `name:"csv" help:"Print comma-separated text instead of JSON."`
}

func (cmd *reportPartnersCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	r, err := m.Partners(ctx, cmd.From, cmd.To)
	if err != nil {
		return err
	}
	if !cmd.CSV {
		return c.print(r)
	}
	w := csv.NewWriter(c.out)
	rows := [][]string{{"from", "to", "partner", "wallet", "before", "issued", "taken_back", "net", "after"}}
	for _, p := range r.Partners {
		row := []string{r.From, r.To, p.Partner, p.Wallet}
		for _, n := range []int64{int64(p.Before), int64(p.Issued), int64(p.TakenBack), int64(p.Net), int64(p.After)} {
			row = append(row, strconv.FormatInt(n, 10))
		}
		rows = append(rows, row)
	}
	return w.WriteAll(rows)
}

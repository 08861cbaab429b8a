package nightly

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"
)

// column is one column of the CSV file.
type column struct {
	name string
	text func(*Row) string
}

// columns are those of the CSV file, and by name and order those of the Parquet file.
func columns() []column {
	return []column{
		{"store", func(r *Row) string { return number(r.Store) }},
		{"epoch", func(r *Row) string { return number(r.Epoch) }},
		{"seq", func(r *Row) string { return number(r.Seq) }},
		{"business_day", func(r *Row) string { return moment(r.BusinessDay(), time.DateOnly) }},
		{"at", func(r *Row) string { return moment(r.At, entryTime) }},
		{"kind", func(r *Row) string { return r.Kind }},
		{"txn", func(r *Row) string { return text(r.Txn) }},
		{"counted", func(r *Row) string { return strconv.FormatBool(r.Counted) }},
		{"lane", func(r *Row) string { return numberOr(r.Lane) }},
		{"cashier", func(r *Row) string { return text(r.Cashier) }},
		{"member", func(r *Row) string { return numberOr(r.Member) }},
		{"programme", func(r *Row) string { return text(r.Programme) }},
		{"medium", func(r *Row) string { return text(r.Medium) }},
		{"tier", func(r *Row) string { return text(r.Tier) }},
		{"currency", func(r *Row) string { return text(r.Currency) }},
		{"total", func(r *Row) string { return numberOr(r.Total) }},
		{"reduced", func(r *Row) string { return numberOr(r.Reduced) }},
		{"value", func(r *Row) string { return numberOr(r.Value) }},
		{"to_pay", func(r *Row) string { return numberOr(r.ToPay) }},
		{"earned", func(r *Row) string { return numberOr(r.Earned) }},
		{"redeemed", func(r *Row) string { return numberOr(r.Redeemed) }},
		{"points", func(r *Row) string { return number(r.Points) }},
		{"sold_store", func(r *Row) string { return numberOr(r.SoldStore) }},
		{"sold_epoch", func(r *Row) string { return numberOr(r.SoldEpoch) }},
		{"sold_seq", func(r *Row) string { return numberOr(r.SoldSeq) }},
		{"returned", func(r *Row) string { return numberOr(r.Returned) }},
		{"withheld", func(r *Row) string { return numberOr(r.Withheld) }},
		{"refund", func(r *Row) string { return numberOr(r.Refund) }},
		{"points_taken", func(r *Row) string { return numberOr(r.TakenBack) }},
		{"points_back", func(r *Row) string { return numberOr(r.GivenBack) }},
		{"lines", func(r *Row) string { return number(int64(r.LinesCount)) }},
	}
}

// Columns are the names of both files' columns, in order.
func Columns() []string {
	var names []string
	for _, c := range columns() {
		names = append(names, c.name)
	}
	return names
}

// WriteCSV writes UTF-8 text with one header line; an empty field is one that the entry does not have.
func WriteCSV(w io.Writer, rows []Row) error {
	out, cols := csv.NewWriter(w), columns()
	fields := Columns()
	if err := out.Write(fields); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	for i := range rows {
		for n, c := range cols {
			fields[n] = c.text(&rows[i])
		}
		if err := out.Write(fields); err != nil {
			return fmt.Errorf("write CSV of %s: %w", rows[i].Name(), err)
		}
	}
	out.Flush()
	return out.Error()
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func numberOr[N int32 | int64](n *N) string {
	if n == nil {
		return ""
	}
	return number(int64(*n))
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func moment(t *time.Time, layout string) string {
	if t == nil {
		return ""
	}
	return t.Format(layout)
}

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"loyaltill/agent/loyalty"
	"loyaltill/agent/loyalty/scenario"
	"loyaltill/agent/receipt"
	"loyaltill/internal/i18n"
)

type explainCommand struct {
	File     string `arg:"" help:"Basket file (docs/scenarios.md)."`
	Language string `help:"Language: en, lv, pl, et, fa or hy." default:"en" short:"l"`
}

// Run prints what the basket would earn and cost, and every rule with its reason, in the words of receipts.
func (c *explainCommand) Run(s streams) error {
	lang, ok := i18n.Parse(c.Language)
	if !ok {
		return fmt.Errorf("language %q is not spoken here; known are %v", c.Language, i18n.Langs())
	}
	text, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("read basket: %w", err)
	}
	basket, err := scenario.ReadBasket(text)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	file := basket.Programme
	if !filepath.IsAbs(file) {
		file = filepath.Join(filepath.Dir(c.File), file)
	}
	p, err := goodProgramme(file)
	if err != nil {
		return err
	}
	q, err := basket.Quote(p)
	var refusal *loyalty.SaleError
	if errors.As(err, &refusal) {
		return fmt.Errorf("%s: the sale is refused: %w", c.File, refusal)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	e := explainer{lang: lang, p: p, currency: i18n.Currency{Code: p.Currency(), Digits: uint8(p.CurrencyDigits())}}
	_, err = fmt.Fprint(s.out, e.page(&q))
	return err
}

// explainer writes one quote for people.
type explainer struct {
	lang     i18n.Lang
	p        *loyalty.Programme
	currency i18n.Currency
}

// page is the figures first, then a line for each finding: whether it changed something, its points, its sentence. The
// sentences stand last, each kept apart by its direction, so that the columns before them stay under one another.
func (e *explainer) page(q *loyalty.Quote) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", e.apart(e.p.Name(string(e.lang))))
	e.figure(&b, "receipt.total", i18n.Money(e.lang, q.Total, e.currency))
	e.figure(&b, "receipt.to_pay", i18n.Money(e.lang, q.ToPay, e.currency))
	e.figure(&b, "receipt.points_earned", i18n.Number(e.lang, int64(q.Earned)))
	if last, err := time.Parse(time.DateOnly, q.EarnedExpires); err == nil {
		fmt.Fprintln(&b, e.apart(i18n.Text(e.lang, "till.valid_until", i18n.Args{"date": i18n.Date(e.lang, last)})))
	}
	b.WriteString("\n")
	for _, f := range findings(q) {
		mark, points := "·", ""
		if f.Applied {
			mark = "+"
		}
		if f.Points != 0 {
			points = i18n.Number(e.lang, int64(f.Points))
		}
		const column = 8
		pad := max(column-utf8.RuneCountInString(points), 0)
		fmt.Fprintf(&b, "%s %s%s  %s\n", mark, strings.Repeat(" ", pad), points, e.apart(e.words(f)))
	}
	return b.String()
}

func findings(q *loyalty.Quote) []loyalty.Finding {
	all := slices.Clone(q.Why)
	if q.Redeem.Points > 0 {
		all = append(all, loyalty.Finding{Code: loyalty.ExplainRedeemed, Applied: true, Points: -q.Redeem.Points, Base: q.Redeem.Value})
	}
	all = append(all, q.Redeem.Clamps...)
	if q.Tier != nil {
		all = append(all, q.Tier.Why...)
	}
	return all
}

func (e *explainer) words(f loyalty.Finding) string {
	return receipt.Explain(e.lang, e.currency, f, func(kind loyalty.ArgKind, id string) string { return e.p.NameOf(kind, id, string(e.lang)) })
}

func (e *explainer) figure(b *strings.Builder, key, figure string) {
	const column = 16
	pad := max(column-utf8.RuneCountInString(figure), 0)
	fmt.Fprintf(b, "%s%s  %s\n", strings.Repeat(" ", pad), figure, e.apart(i18n.Text(e.lang, key, nil)))
}

// apart keeps a right-to-left text from turning what stands before it.
func (e *explainer) apart(text string) string {
	const begin, end = "\u2067", "\u2069" // right-to-left isolate, pop
	if e.lang.RTL() {
		return begin + text + end
	}
	return text
}

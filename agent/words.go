package agent

import (
	"context"

	"loyaltill/agent/loyalty"
	"loyaltill/agent/receipt"
	"loyaltill/internal/i18n"
)

// Words puts a finding into a sentence, with the names that the programme in force gives its rules.
func (a *Agent) Words(ctx context.Context, l i18n.Lang, f loyalty.Finding) string {
	p, err := a.programmeAt(ctx, a.now())
	if err != nil {
		return receipt.Explain(l, a.currency(nil), f, nil) // rules then go by their ids
	}
	return explain(l, p, f)
}

// explain puts a finding of a programme into a sentence.
func explain(l i18n.Lang, p *loyalty.Programme, f loyalty.Finding) string {
	return receipt.Explain(l, currencyOf(p), f, func(kind loyalty.ArgKind, id string) string { return p.NameOf(kind, id, string(l)) })
}

// currency is the programme's, or the store's before there is one.
func (a *Agent) currency(p *loyalty.Programme) i18n.Currency {
	const usual = 2
	if p == nil {
		return i18n.Currency{Code: a.identity.Currency, Digits: usual}
	}
	return currencyOf(p)
}

func currencyOf(p *loyalty.Programme) i18n.Currency {
	return i18n.Currency{Code: p.Currency(), Digits: uint8(p.CurrencyDigits())}
}

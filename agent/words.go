package agent

import (
	"context"

	"loyaltill/agent/loyalty"
	"loyaltill/agent/receipt"
	"loyaltill/internal/i18n"
)

// Voice speaks of what the programme in force defines, in one language.
type Voice struct {
	lang      i18n.Lang
	currency  i18n.Currency
	programme *loyalty.Programme // nil: rules go by their ids
}

// Voice gives the words of one language.
func (a *Agent) Voice(ctx context.Context, l i18n.Lang) Voice {
	p, err := a.programmeAt(ctx, a.now())
	if err != nil {
		return Voice{lang: l, currency: a.currency(nil)}
	}
	return Voice{lang: l, currency: currencyOf(p), programme: p}
}

// Words puts a finding into a sentence.
func (v Voice) Words(f loyalty.Finding) string {
	return receipt.Explain(v.lang, v.currency, f, v.Name)
}

// Name is what the programme calls a rule, a set or a tier.
func (v Voice) Name(kind loyalty.ArgKind, id string) string {
	if v.programme == nil {
		return id
	}
	return v.programme.NameOf(kind, id, string(v.lang))
}

// Message is one of the programme's own texts.
func (v Voice) Message(name string) string {
	if v.programme == nil {
		return ""
	}
	return v.programme.Message(name, string(v.lang))
}

// Surprise is what a surprise says to who won it.
func (v Voice) Surprise(id string) string {
	if v.programme == nil {
		return ""
	}
	return v.programme.SurpriseText(id, string(v.lang))
}

// explain puts a finding of a programme into a sentence.
func explain(l i18n.Lang, p *loyalty.Programme, f loyalty.Finding) string {
	return receipt.Explain(l, currencyOf(p), f, func(kind loyalty.ArgKind, id string) string { return p.NameOf(kind, id, string(l)) })
}

// explained puts each of several findings into a sentence.
func explained(l i18n.Lang, p *loyalty.Programme, found []loyalty.Finding) (sentences []string) {
	for _, f := range found {
		sentences = append(sentences, explain(l, p, f))
	}
	return sentences
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

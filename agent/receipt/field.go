package receipt

import (
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/escpos/template"
	"loyaltill/internal/i18n"
)

// field is one thing that a paper of T tells: how templates name it, and how it reads. These tables are all that
// templates, their checks and docs/paper.md know of a paper.
type field[T any] struct {
	template.Field
	read func(*voice, T) any
}

// always says that every such paper has it, must that no template may lose it.
func (f field[T]) always() field[T] { f.Always = true; return f }
func (f field[T]) must() field[T]   { f.Must = true; return f }

func a[T any](kind template.Kind, name, doc string, read func(*voice, T) any) field[T] {
	return field[T]{template.Field{Name: name, Kind: kind, Doc: doc}, read}
}

func words[T any](name, doc string, read func(*voice, T) any) field[T] {
	return a(template.Words, name, doc, read)
}

func figure[T any](name, doc string, read func(*voice, T) any) field[T] {
	return a(template.Figure, name, doc, read)
}

func count[T any](name, doc string, read func(*voice, T) any) field[T] {
	return a(template.Count, name, doc, read)
}

func marked[T any](name, doc string, read func(*voice, T) any) field[T] {
	return a(template.Flag, name, doc, read)
}

func code[T any](name, doc string, read func(*voice, T) any) field[T] {
	return a(template.Code, name, doc, read)
}

// list is a field with items of their own fields.
func list[T, I any](name, doc string, items []field[I], of func(T) []I) field[T] {
	f := a(template.List, name, doc, func(v *voice, t T) any {
		all := make([]template.Values, 0, len(of(t)))
		for _, item := range of(t) {
			all = append(all, valuesOf(v, items, item))
		}
		return all
	})
	f.Fields = fieldsOf(items)
	return f
}

func fieldsOf[T any](fields []field[T]) []template.Field {
	out := make([]template.Field, len(fields))
	for i, f := range fields {
		out[i] = f.Field
	}
	return out
}

func valuesOf[T any](v *voice, fields []field[T], of T) template.Values {
	out := make(template.Values, len(fields))
	for _, f := range fields {
		if value := f.read(v, of); value != nil {
			out[f.Name] = value
		}
	}
	return out
}

// voice writes figures in the language of a paper.
type voice struct{ Print }

func (v *voice) say(key string, args i18n.Args) string { return i18n.Text(v.Lang, key, args) }
func (v *voice) money(minor int64) string              { return i18n.Money(v.Lang, minor, v.Currency) }
func (v *voice) amount(minor int64) string             { return i18n.Amount(v.Lang, minor, v.Currency) }

// moneyUnlessZero is for what is not there when it is nothing.
func (v *voice) moneyUnlessZero(minor int64) any {
	if minor == 0 {
		return nil
	}
	return v.money(minor)
}

func pointsUnlessZero(n loyalty.Points) any {
	if n == 0 {
		return nil
	}
	return int64(n)
}

func (v *voice) date(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return i18n.Date(v.Lang, t)
}

func (v *voice) dateTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return i18n.DateTime(v.Lang, t)
}

// tender is the name of a means of payment; one that the catalogue does not know reads as the till named it.
func (v *voice) tender(kind loyalty.TenderKind) string {
	key := "receipt.tender_" + string(kind)
	if !i18n.Has(key) {
		return string(kind)
	}
	return v.say(key, nil)
}

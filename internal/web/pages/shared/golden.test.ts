import { expect, test } from 'vitest';
import golden from '../../../i18n/testdata/figures.json';
import * as f from './format';

// What the server writes on paper; internal/i18n holds itself against the same file. Marks that keep a sign on its side are not seen.
const seen = (text: string) => text.replace(/[\u200e\u200f\u061c]/g, '');

interface Row {
  lang: string;
  n: number;
  text: string;
  currency?: string;
  day?: string;
}

function holds(rows: readonly Row[], write: (lang: f.Lang, row: Row) => string): void {
  const wrong = rows.map((r) => ({ ...r, got: seen(write(r.lang as f.Lang, r)) })).filter((r) => r.got !== seen(r.text));
  expect(rows.length).toBeGreaterThan(0);
  expect(wrong).toEqual([]);
}

// The Latvian paper ends a date with the full stop that the language's rules want and CLDR leaves out.
const unstopped = (lang: string, text: string) => (lang === 'lv' ? text.replace(/\.$/, '') : text);
const FIGURES: Intl.DateTimeFormatOptions = { day: '2-digit', month: '2-digit', year: 'numeric', timeZone: 'UTC' };

test('money is written as on paper', () => holds(golden.money, (lang, r) => f.money(lang, r.n, r.currency ?? '')));
test('points are written as on paper', () => holds(golden.whole, (lang, r) => f.whole(lang, r.n)));
test('quantities are written as on paper', () => holds(golden.quantity, (lang, r) => f.quantity(lang, r.n)));
test('rates are written as on paper', () => holds(golden.percent, (lang, r) => f.percent(lang, r.n)));
const dates = golden.dates.map((r) => ({ ...r, text: unstopped(r.lang, r.text) }));
test('days are those of the paper', () => holds(dates, (lang, r) => new Intl.DateTimeFormat(f.locale(lang), FIGURES).format(new Date(r.day + 'T00:00:00Z'))));
test('counts take the forms that the server takes', () => holds(golden.plurals, (lang, r) => new Intl.PluralRules(lang).select(r.n)));

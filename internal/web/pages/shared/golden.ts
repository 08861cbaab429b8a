// The golden table of figures, held against what this browser or Node writes.
import { Catalogue } from './catalogue';
import * as f from './format';

interface Row {
  lang: string;
  n: number;
  text: string;
  currency?: string;
  day?: string;
}

export type Table = 'money' | 'whole' | 'quantity' | 'percent' | 'dates' | 'plurals';
export type Golden = Readonly<Record<Table, readonly Row[]>>;

/** How the pages write each kind. */
const WRITTEN: Record<Table, (lang: f.Lang, row: Row) => string> = {
  money: (lang, r) => f.money(lang, r.n, r.currency ?? ''),
  whole: (lang, r) => f.whole(lang, r.n),
  quantity: (lang, r) => f.quantity(lang, r.n),
  percent: (lang, r) => f.percent(lang, r.n),
  dates: (lang, r) => f.calendarDay(lang, r.day ?? '', f.FIGURES),
  plurals: (lang, r) => new Catalogue(lang, { form: { zero: 'zero', one: 'one', two: 'two', few: 'few', many: 'many', other: 'other' } }).text('form', { count: r.n }),
};

export const TABLES = Object.keys(WRITTEN) as readonly Table[];

/** Marks that keep a sign on its side are not seen. */
const seen = (text: string) => text.replace(/[\u200e\u200f\u061c]/g, '');

/** The Latvian paper ends a date with the full stop that the language's rules want and CLDR leaves out. */
const paper = (table: Table, r: Row) => (table === 'dates' && r.lang === 'lv' ? r.text.replace(/\.$/, '') : r.text);

/** The rows of a table that are written otherwise than on paper, each with what came. */
export function differing(golden: Golden, table: Table): readonly (Row & { got: string })[] {
  return golden[table].map((r) => ({ ...r, got: WRITTEN[table](r.lang as f.Lang, r) })).filter((r) => seen(r.got) !== seen(paper(table, r)));
}

import { describe, expect, test } from 'vitest';
import * as f from './format';

const nb = '\u00a0';

/** Without the marks that keep a sign on its side: they are not seen. */
const seen = (text: string) => text.replace(/[\u200e\u200f\u061c]/g, '');

// The same rows as internal/i18n/format_test.go: paper and screen must not differ.
describe('money reads as on the paper', () => {
  test.each<[f.Lang, number, string, string]>([
    ['en', 1234567, 'EUR', '€12,345.67'],
    ['lv', 1234567, 'EUR', `12${nb}345,67${nb}€`],
    ['lv', 123456, 'EUR', `1234,56${nb}€`],
    ['pl', 1234567, 'PLN', `12${nb}345,67${nb}zł`],
    ['et', -129, 'EUR', `−1,29${nb}€`],
    ['fa', 1234567, 'EUR', '€۱۲٬۳۴۵٫۶۷'],
    ['lv', 5, 'EUR', `0,05${nb}€`],
    ['lv', 0, 'EUR', `0,00${nb}€`],
    ['en', -5, 'EUR', '-€0.05'],
  ])('%s %i %s', (lang, minor, currency, want) => {
    expect(seen(f.money(lang, minor, currency))).toBe(want);
  });

  test('amounts that a float would round stay exact', () => {
    expect(f.money('en', 9007199254740991, 'EUR')).toBe('€90,071,992,547,409.91');
  });
});

test('numbers read as in the language', () => {
  expect(f.whole('lv', 1234)).toBe('1234');
  expect(f.whole('fa', 12345)).toBe('۱۲٬۳۴۵');
  expect(f.signed('lv', 52)).toBe('+52');
  expect(f.signed('lv', 0)).toBe('0');
  expect(f.signed('fa', 175)).toBe('\u200e+۱۷۵'); // the sign stays on the left
  expect(f.quantity('lv', 350)).toBe('0,35');
  expect(f.quantity('lv', 2000)).toBe('2');
  expect(f.percent('et', 5000)).toBe('50%');
  expect(f.percent('en', 550)).toBe('5.5%');
  expect(f.amount('pl', 1050, 'PLN')).toBe('10,50');
});

test.each<[Intl.NumberFormatOptions, number]>([
  [{ style: 'currency', currency: 'EUR' }, 1234.5],
  [{ style: 'currency', currency: 'EUR' }, -12345.67],
  [{ style: 'currency', currency: 'AMD' }, 12345],
  [{ style: 'currency', currency: 'PLN' }, 1.29],
  [{ maximumFractionDigits: 0 }, 1234],
  [{ maximumFractionDigits: 0, signDisplay: 'exceptZero' }, 52],
  [{ style: 'percent', maximumFractionDigits: 2 }, 0.125],
])('a browser without Armenian still writes %j of %d right', (options, value) => {
  expect(f.figure('hy', options, value, false)).toBe(f.figure('hy', options, value, true));
});

test('currencies know their decimals', () => {
  expect(f.currencyDecimals('EUR')).toBe(2);
  expect(f.currencyDecimals('JPY')).toBe(0);
});

test('a business day is the same date everywhere', () => {
  expect(f.day('en', '2026-11-22')).toBe('Sun 22 November');
  expect(f.day('fa', '2026-11-22')).toContain('۱ آذر');
  expect(f.day('en', 'soon')).toBe('soon');
  expect(f.date('en', '2027-11-22')).toBe('22 November 2027');
});

test('a moment of today is told by its time alone', () => {
  const now = new Date(2026, 10, 22, 12, 0);
  expect(f.moment('lv', new Date(2026, 10, 22, 9, 5), now)).toBe('09:05');
  expect(f.moment('en', new Date(2026, 10, 21, 9, 5), now)).toBe('21 Nov, 09:05');
});

test('a moment is told by the clock of the store, where its name is known', () => {
  const at = new Date('2026-11-21T22:30:00Z');
  const now = new Date('2026-11-22T12:00:00Z');
  f.tellTimesIn('Europe/Riga');
  expect(f.moment('en', at, now)).toBe('00:30');
  f.tellTimesIn('America/Lima');
  expect(f.moment('en', at, now)).toBe('21 Nov, 17:30');
  f.tellTimesIn('Nowhere/Atall');
  expect(f.moment('en', new Date(2026, 10, 22, 9, 5), new Date(2026, 10, 22, 12))).toBe('09:05');
});

test('Persian is written from the right', () => {
  expect(f.direction('fa')).toBe('rtl');
  expect(f.direction('hy')).toBe('ltr');
});

import { expect, test } from 'vitest';
import { Catalogue, type Entries } from './catalogue';
import { LANGUAGES, type Lang } from './format';

// The files that the server serves to the page.
const files = import.meta.glob<Entries>('../../../i18n/catalog/*.json', { import: 'default', eager: true });

function load(lang: Lang): Catalogue {
  return new Catalogue(lang, files[`../../../i18n/catalog/${lang}.json`] ?? {});
}

test.each<[Lang, number, string]>([
  ['en', 1, 'Wrong PIN. 1 try is left.'],
  ['lv', 21, 'Nepareizs PIN. Atlicis 21 mēģinājums.'],
  ['lv', 22, 'Nepareizs PIN. Atlikuši 22 mēģinājumi.'],
  ['pl', 5, 'Błędny PIN. Pozostało 5 prób.'],
  ['fa', 3, 'رمز نادرست است. ۳ تلاش مانده است.'],
])('%s chooses the plural form for %i as the server does', (lang, count, want) => {
  expect(load(lang).text('cashier.pin_wrong', { count })).toBe(want);
});

test('a key without text stays readable', () => {
  const texts = new Catalogue('en', {});
  expect(texts.text('cashier.no_such_code')).toBe('cashier.no_such_code');
  expect(texts.has('toString')).toBe(false);
});

test('names are isolated from the direction around them', () => {
  const texts = new Catalogue('fa', { greeting: 'سلام {{.name}}' });
  expect(texts.text('greeting', { name: 'A.B.' })).toBe('سلام \u2068A.B.\u2069');
});

test('every key that the pages use has a text in every language', () => {
  const sources = import.meta.glob(['../{shared,till,display}/**/*.{ts,svelte}', '!../**/*.test.ts'], { query: '?raw', import: 'default', eager: true });
  const used = new Set<string>();
  for (const source of Object.values(sources)) {
    for (const found of String(source).matchAll(/['"`]((?:till|receipt|display)\.[a-z0-9_]+)['"`]/g)) used.add(found[1] ?? '');
  }
  expect(used.size).toBeGreaterThan(0);
  for (const lang of LANGUAGES) {
    const texts = load(lang);
    expect([...used].filter((key) => !texts.has(key)), lang).toEqual([]);
  }
});

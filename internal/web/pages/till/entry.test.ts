import { describe, expect, test } from 'vitest';
import { check, findCategory, lineAmount, MAX_PRICE, MAX_QUANTITY, OPEN_SKU, parseEntry, toLine, type Draft } from './entry';

const defaults = { decimals: 2, tax: 2100, category: '' };

function read(text: string): Partial<Draft> | string {
  const parsed = parseEntry(text, defaults);
  if (!parsed.ok) return parsed.problem;
  const { quantity, price, name } = parsed.draft;
  return { quantity, price, name };
}

describe('a typed line', () => {
  test.each([
    ['1.29 Piens', { quantity: 1000, price: 129, name: 'Piens' }],
    ['Piens 1,29', { quantity: 1000, price: 129, name: 'Piens' }],
    ['2 x 1.29 Piens', { quantity: 2000, price: 129, name: 'Piens' }],
    ['2x1.29 Piens', { quantity: 2000, price: 129, name: 'Piens' }],
    ['2*1,29 Piens 1 l', { quantity: 2000, price: 129, name: 'Piens 1 l' }],
    ['0,350 kg x 8.90 Siers', { quantity: 350, price: 890, name: 'Siers' }],
    ['0.35kg x 8.90 Siers', { quantity: 350, price: 890, name: 'Siers' }],
    ['3 × €2 Maize', { quantity: 3000, price: 200, name: 'Maize' }],
    ['.99', { quantity: 1000, price: 99, name: '' }],
    ['0 Maisiņš', { quantity: 1000, price: 0, name: 'Maisiņš' }],
    ['۲ × ۱٫۲۹ شیر', { quantity: 2000, price: 129, name: 'شیر' }],
    ['2 х 1.29 Хлеб', { quantity: 2000, price: 129, name: 'Хлеб' }],
    ['1.29 Xylitol', { quantity: 1000, price: 129, name: 'Xylitol' }],
  ])('%s', (text, want) => {
    expect(read(text)).toEqual(want);
  });

  test.each([
    ['Piens', 'no_price'],
    ['', 'no_price'],
    ['2 x Piens', 'no_price'],
    ['1.299 Piens', 'price'],
    ['0 x 1.29 Piens', 'quantity'],
    ['two x 1.29 Piens', 'quantity'],
    ['1.0005 x 1.29', 'quantity'],
    ['1.29 Piens #nothing', 'category'],
    ['1.29 Piens 101%', 'tax'],
    ['9999999999 x 1.29', 'quantity'],
    ['1 ' + 'x'.repeat(61), 'name'],
  ])('%j is refused as %s', (text, want) => {
    expect(read(text)).toBe(want);
  });

  test('number, category and tax may stand anywhere', () => {
    const parsed = parseEntry('4750001 1.29 Piens #dairy 12%', defaults);
    expect(parsed).toEqual({
      ok: true, draft: { sku: '4750001', name: 'Piens', category: 'food/dairy', quantity: 1000, price: 129, tax: 1200 },
    });
  });

  test('a currency without minor units takes whole prices', () => {
    expect(parseEntry('525000 برنج', { ...defaults, decimals: 0 })).toMatchObject({ ok: true, draft: { price: 525000 } });
  });
});

test('categories are found by their beginning, other paths are taken as they are', () => {
  expect(findCategory('da')).toBe('food/dairy');
  expect(findCategory('food')).toBe('food');
  expect(findCategory('toys/wood')).toBe('toys/wood');
  expect(findCategory('zz')).toBeUndefined();
});

test('a line costs quantity by price, halves rounded up', () => {
  expect(lineAmount(2000, 129)).toBe(258);
  expect(lineAmount(350, 890)).toBe(312); // 311.5
  expect(lineAmount(333, 100)).toBe(33);
  expect(lineAmount(MAX_QUANTITY, MAX_PRICE)).toBe(100_000_000_000_000);
});

test('what the engine would refuse is refused while it is typed', () => {
  const draft: Draft = { sku: '', name: '', category: '', quantity: 1000, price: 1, tax: 0 };
  expect(check(draft)).toBeUndefined();
  expect(check({ ...draft, quantity: MAX_QUANTITY, price: MAX_PRICE })).toBe('too_large');
  expect(check({ ...draft, sku: '1'.repeat(41) })).toBe('sku');
});

test('goods without a number are sold as open goods', () => {
  const line = toLine({ sku: '', name: 'Piens', category: '', quantity: 2000, price: 129, tax: 0 });
  expect(line).toEqual({ sku: OPEN_SKU, name: 'Piens', quantity: 2000, amount: 258 });
});

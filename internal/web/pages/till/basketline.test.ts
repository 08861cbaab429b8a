import { expect, test } from 'vitest';
import { toBasketLine, toDraft } from './basketline';
import { amountOf, toLine, type Draft } from './entry';

const cheese: Draft = { sku: '4750001', name: 'Cheese', category: 'food/dairy', quantity: 350, price: 890, tax: 1200 };

test('a typed line waits and comes back as it was typed', () => {
  for (const draft of [cheese, { ...cheese, sku: '', name: '', category: '', tax: 0 }]) expect(toDraft(toBasketLine(draft))).toEqual(draft);
});

test('a line that the POS gave no price of one is sold as it was sent', () => {
  const sent = { sku: '7', name: 'Ham', quantity: 333, amount: 299 };
  const draft = toDraft(sent);
  expect(draft.fixed).toEqual(sent);
  expect(amountOf(draft)).toBe(299);
  expect(toLine(draft)).toEqual(sent);
  expect(toBasketLine(draft)).toEqual(sent);
});

test('a line with more on it than can be typed is kept as it was sent', () => {
  const sent = { sku: '7', quantity: 1000, amount: 250, discount: 50, price: 250 };
  expect(toLine(toDraft(sent))).toEqual({ sku: '7', quantity: 1000, amount: 250, discount: 50 });
});

test('a price of one that does not make the amount is no price to go on with', () => {
  expect(toDraft({ sku: '7', quantity: 2000, amount: 250, price: 130 }).fixed?.amount).toBe(250);
});

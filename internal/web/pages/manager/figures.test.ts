import { expect, test } from 'vitest';
import { amountOf } from './figures';

test('what was counted is held against what is booked, to the cent', () => {
  expect(amountOf('12.30', 2, 1230)).toBe(0);
  expect(amountOf('12,3', 2, 1229)).toBe(1);
  expect(amountOf('-5', 0, -7)).toBe(2);
  expect(amountOf('0.29', 2, 0)).toBe(29);
});

test('what is no amount is no difference', () => {
  for (const text of ['', 'x', '1.234', '1e3', '12.', '--1']) expect(amountOf(text, 2, 0)).toBeUndefined();
  expect(amountOf('1.5', 0, 0)).toBeUndefined();
});

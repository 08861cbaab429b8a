import { describe, expect, test } from 'vitest';
import { ascii, parseScaled, plain } from './digits';

describe('reading figures', () => {
  test.each([
    ['1.29', 129],
    ['1,29', 129],
    ['1', 100],
    ['.5', 50],
    ['0,05', 5],
    ['12 345.60', 1234560],
    ['۱۲٫۵', 1250],
    ['٣٫٢٥', 325],
  ])('an amount of %s is %i cents', (text, want) => {
    expect(parseScaled(text, 2, 1_000_000_000)).toBe(want);
  });

  test.each(['', '.', '1.2.3', '1.299', '-1', '1e3', 'abc', '1.2a'])('%j is no amount', (text) => {
    expect(parseScaled(text, 2, 1_000_000_000)).toBeUndefined();
  });

  test('a currency without minor units takes no decimals', () => {
    expect(parseScaled('1500', 0, 10_000)).toBe(1500);
    expect(parseScaled('1500.5', 0, 10_000)).toBeUndefined();
  });

  test('more than the limit is refused, the limit is not', () => {
    expect(parseScaled('100.00', 2, 10_000)).toBe(10_000);
    expect(parseScaled('100.01', 2, 10_000)).toBeUndefined();
    expect(parseScaled('99999999999999999999', 2, Number.MAX_SAFE_INTEGER)).toBeUndefined();
  });

  test('other digits are written in ASCII and the rest is left alone', () => {
    expect(ascii('۲ × ۱٫۲۹ شیر')).toBe('2 × 1.29 شیر');
  });

  test('a figure goes into a field and comes back the same', () => {
    for (const value of [0, 1, 9, 10, 350, 1000, 1234567, 999_999_999]) {
      expect(parseScaled(plain(value, 3), 3, Number.MAX_SAFE_INTEGER)).toBe(value);
    }
    expect(plain(350, 3)).toBe('0.35');
    expect(plain(100, 2, 2)).toBe('1.00');
    expect(plain(-5, 2)).toBe('-0.05');
  });
});

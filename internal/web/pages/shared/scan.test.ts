import { expect, test } from 'vitest';
import { Scan } from './scan';

/** Types a text with a pause between keys, then the key that ends it; says what of it was taken for a scan. */
function typed(text: string, gap: number, scan = new Scan(), from = 1000): string {
  let at = from;
  return [...text].map((key) => {
    at += gap;
    return scan.heard(key === '⏎' ? 'Enter' : key, at, /^[0-9]$/.test(key)) ? 's' : '.';
  }).join('');
}

test.each([
  ['a PIN as fast as fingers go', '4711⏎', 60, '.....'],
  ['eight digits', '47114711⏎', 40, '.........'],
  ['an EAN-8, with the Enter behind it', '40123455⏎', 2, '...ssssss'],
  ['a scanner that waits between keys', '40123455⏎', 20, '...ssssss'],
  ['four digits from a label', '4711⏎', 5, '...ss'],
  ['an AIM identifier in front, however slow', ']E440123455⏎', 60, 'ssssssssssss'],
  ['a letter', 'a', 200, 's'],
])('%s', (_, text, gap, want) => expect(typed(text, gap)).toBe(want));

test('after a scan the next key is a finger’s again', () => {
  const scan = new Scan();
  typed('40123455⏎', 2, scan);
  expect(typed('4711⏎', 150, scan, 2000)).toBe('.....');
});

test('two keys at once are no scan', () => {
  const scan = new Scan();
  expect([0, 5, 105, 110, 210, 215].map((at) => scan.heard('1', at, true))).toEqual([false, false, false, false, false, false]);
});

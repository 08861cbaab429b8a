import { expect, test } from 'vitest';
import { inWords } from './trail';

const says = (key: string, args?: Record<string, string | number>) => [key, ...Object.values(args ?? {})].join(' ');

test('words of the trail are said in the language of its reader', () => {
  const in_fa = (text: string) => inWords('fa', says, text).replace(/[\u200e\u200f]/g, '');
  expect(in_fa('Carl, cashier, fa')).toBe('Carl، manager.role_cashier، fa');
  expect(in_fa('+1500 points, goodwill')).toBe('+۱٬۵۰۰ till.points_unit 1500، goodwill');
  expect(in_fa('return, lane 12')).toBe('till.return_title، till.lane ۱۲');
  expect(in_fa('job 7')).toBe('manager.trail_job ۷');
  expect(in_fa('60 min, printer')).toBe('manager.trail_minutes 60، till.printer');
  expect(in_fa('9 of 12')).toBe('manager.trail_of ۹ ۱۲');
  expect(in_fa('command line')).toBe('manager.trail_machine');
});

test('what the page does not know stays as it was written', () => {
  for (const text of ['', '6034…0018', 'coffee', '[12 13]', 'http://127.0.0.1:8080', 'lane x', 'job 7 of 9 points']) expect(inWords('en', says, text)).toBe(text);
});

import { expect, test } from 'vitest';
import figures from '../../../i18n/testdata/figures.json';
import { differing, TABLES, type Golden } from './golden';

// What the server writes on paper; internal/i18n holds itself against the same file, and so does a browser.
const golden: Golden = figures;

test.each(TABLES)('%s: as on paper', (table) => {
  expect(golden[table].length).toBeGreaterThan(0);
  expect(differing(golden, table)).toEqual([]);
});

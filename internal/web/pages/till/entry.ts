// One typed line of the basket: "2 x 1.29 Piens", "0,350 kg x 8.90 Siers #dairy 12%", "4750001 1.29 Piens".
import { ascii, parseScaled } from '../shared/digits';
import type { CardLine, Line } from '../shared/types';

export const QUANTITY_DECIMALS = 3;
export const ONE = 1000; // one piece, in thousandths
/** The engine's limits for a line (agent/loyalty). */
export const MAX_QUANTITY = 1_000_000_000;
export const MAX_PRICE = 100_000_000;
export const MAX_AMOUNT = 100_000_000_000;
export const MAX_TAX = 10_000; // basis points
export const MAX_NAME = 60;
export const MAX_SKU = 40;
export const MAX_LINES = 200;

/** What the ledger calls goods that were typed without a number. */
export const OPEN_SKU = 'open';

/** The short list for the form; any other path may be typed after #. */
export const CATEGORIES = [
  'food', 'food/dairy', 'food/bread', 'food/produce', 'food/meat', 'food/drinks', 'alcohol', 'tobacco', 'household',
] as const;

export type EntryProblem = 'no_price' | 'price' | 'quantity' | 'tax' | 'category' | 'too_large' | 'name' | 'sku';

export interface Draft {
  sku: string;
  name: string;
  category: string;
  quantity: number;
  price: number; // of one unit, minor units
  tax: number;
  fixed?: Line; // as a POS sent it: it is sold so, or not at all
  card?: CardLine; // what it sells; then it is one piece and stays so
}

export type Parsed = { ok: true; draft: Draft } | { ok: false; problem: EntryProblem };

export interface Defaults {
  decimals: number; // of the currency
  tax: number;
  category: string;
}

const NUMBER = /^\d+(?:[.,]\d+)?$|^[.,]\d+$/;
const TIMES = /^[x×*хX]$/u; // the Cyrillic letter looks the same and is typed by mistake
const UNIT = /^(?:kg|l|m|pcs?|gab|szt|tk|кг|հատ|عدد)\.?$/iu;
const BARCODE = /^\d{7,14}$/;

/** Reads a line as a cashier types it. The figure before an x is the quantity, the next one the price of a unit. */
export function parseEntry(text: string, defaults: Defaults): Parsed {
  const draft: Draft = { sku: '', name: '', category: defaults.category, quantity: ONE, price: -1, tax: defaults.tax };
  const words = split(text);
  const name: string[] = [];
  const times = words.findIndex((w) => TIMES.test(w));
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    if (i < times && UNIT.test(word)) continue;
    if (i === times) continue;
    const problem = i < times ? readQuantity(word, draft) : readWord(word, draft, name, defaults);
    if (problem) return { ok: false, problem };
  }
  draft.name = name.join(' ');
  if (draft.price < 0) return { ok: false, problem: 'no_price' };
  const problem = check(draft);
  return problem ? { ok: false, problem } : { ok: true, draft };
}

const SIGNED_COUPON = /^LC1:/;
const COUPON_SERIAL = /^G?\d{1,10}-[0-9A-HJKMNP-TV-Z]{12}$/;

/** A coupon, as a scanner types it: its signed code, in which every blank counts, or its serial; behind a G that of a gift card. */
export function couponCode(text: string): string | undefined {
  if (SIGNED_COUPON.test(text)) return text;
  const serial = ascii(text).trim().toUpperCase();
  return COUPON_SERIAL.test(serial) ? serial : undefined;
}

/** Words, with the x of "2x1.29" and the sign of "€1.29" standing alone. */
function split(text: string): string[] {
  return ascii(text)
    .replace(/^(\s*\d*[.,]?\d+)\s*(\p{L}{0,3}\.?)\s*[x×*хX](?=\s*[\d.,€])/u, '$1 $2 x ')
    .replace(/[€$£]/gu, ' ')
    .split(/[\s\u00a0\u202f]+/u)
    .filter((w) => w !== '');
}

function readQuantity(word: string, draft: Draft): EntryProblem | undefined {
  const quantity = NUMBER.test(word) ? parseScaled(word, QUANTITY_DECIMALS, MAX_QUANTITY) : undefined;
  if (quantity === undefined || quantity === 0) return 'quantity';
  draft.quantity = quantity;
  return undefined;
}

function readWord(word: string, draft: Draft, name: string[], defaults: Defaults): EntryProblem | undefined {
  if (word.startsWith('#')) {
    const category = findCategory(word.slice(1));
    if (category === undefined) return 'category';
    draft.category = category;
    return undefined;
  }
  if (word.endsWith('%') && NUMBER.test(word.slice(0, -1))) {
    const tax = parseScaled(word.slice(0, -1), 2, MAX_TAX);
    if (tax === undefined) return 'tax';
    draft.tax = tax;
    return undefined;
  }
  if (BARCODE.test(word) && draft.sku === '') {
    draft.sku = word;
    return undefined;
  }
  if (draft.price < 0 && NUMBER.test(word)) {
    const price = parseScaled(word, defaults.decimals, MAX_PRICE);
    // "1.5 l" is a size when a price follows; without one it will be missed and asked for.
    if (price === undefined) return 'price';
    draft.price = price;
    return undefined;
  }
  name.push(word);
  return undefined;
}

/** A category of the list by the beginning of its last part, or any path with a slash. */
export function findCategory(text: string): string | undefined {
  const wanted = text.toLowerCase();
  if (wanted === '') return '';
  const known = CATEGORIES.find((c) => c === wanted) ?? CATEGORIES.find((c) => (c.split('/').at(-1) ?? c).startsWith(wanted));
  if (known !== undefined) return known;
  return /^[a-z0-9_-]+(?:\/[a-z0-9_-]+)+$/.test(wanted) ? wanted : undefined;
}

/** What a line costs: quantity by price, halves rounded up, in whole numbers throughout. */
export function lineAmount(quantity: number, price: number): number {
  return Number((BigInt(quantity) * BigInt(price) * 2n + BigInt(ONE)) / BigInt(2 * ONE));
}

export function amountOf(draft: Draft): number {
  return draft.fixed?.amount ?? lineAmount(draft.quantity, draft.price);
}

/** What is wrong with a draft, if anything. */
export function check(draft: Draft): EntryProblem | undefined {
  if (draft.quantity <= 0 || draft.quantity > MAX_QUANTITY) return 'quantity';
  if (draft.price < 0 || draft.price > MAX_PRICE) return 'price';
  if (draft.tax < 0 || draft.tax > MAX_TAX) return 'tax';
  if (draft.name.length > MAX_NAME) return 'name';
  if (draft.sku.length > MAX_SKU) return 'sku';
  return lineAmount(draft.quantity, draft.price) > MAX_AMOUNT ? 'too_large' : undefined;
}

/** A bill that is given back, as a scanner types it. */
export const BILL_CODE = /^LB1:/;

/** The line as the agent wants it. */
export function toLine(draft: Draft): Line {
  if (draft.fixed) return draft.fixed;
  const line: Line = { sku: draft.sku || OPEN_SKU, quantity: draft.quantity, amount: lineAmount(draft.quantity, draft.price) };
  if (draft.name !== '') line.name = draft.name;
  if (draft.category !== '') line.category = draft.category;
  if (draft.tax !== 0) line.tax = draft.tax;
  if (draft.card) line.gift_card = draft.card;
  return line;
}

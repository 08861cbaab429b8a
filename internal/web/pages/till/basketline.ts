// A line of the bill as it waits with the agent, and back.
import type { BasketLine, Line } from '../shared/types';
import { lineAmount, ONE, OPEN_SKU, toLine, type Draft } from './entry';

export function toBasketLine(draft: Draft): BasketLine {
  return draft.fixed ?? { ...toLine(draft), price: draft.price };
}

/** A line with the price of one can be changed as if it were typed here; any other is sold as the POS sent it. */
export function toDraft(line: BasketLine): Draft {
  const { price, ...rest } = line;
  const draft: Draft = {
    sku: line.sku === OPEN_SKU ? '' : line.sku, name: line.name ?? '', category: line.category ?? '', quantity: line.quantity,
    price: price ?? Math.round((line.amount * ONE) / line.quantity), tax: line.tax ?? 0,
  };
  if (price === undefined || lineAmount(line.quantity, price) !== line.amount || !plain(rest)) draft.fixed = rest;
  return draft;
}

/** Nothing stands on the line that a typed one has no place for. */
function plain(line: Line): boolean {
  return Object.keys(line).every((k) => ['sku', 'name', 'category', 'quantity', 'amount', 'tax'].includes(k));
}

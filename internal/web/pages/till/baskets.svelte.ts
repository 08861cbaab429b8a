// Sales that wait: set aside at a till, or sent by a POS. The agent keeps them, so that a reload, a restart or another till loses none.
import { Problem } from '../shared/client';
import type { Basket, BasketSummary } from '../shared/types';
import { toBasketLine, toDraft } from './basketline';
import { bill } from './bill.svelte';
import { checkout } from './checkout.svelte';
import { desk } from './desk.svelte';
import { link } from './link.svelte';
import { settings, t } from './settings.svelte';

/** Those that this till may go on with: for any till or for this one, or taken here by a page that has lost them since. */
export function waiting(): readonly BasketSummary[] {
  return link.baskets.filter((b) => (b.taken ? b.taken === settings.lane && b.id !== bill.key : !b.lane || b.lane === settings.lane));
}

/** What a POS has sent to this till and nobody has taken. */
export function pushed(): BasketSummary | undefined {
  return link.baskets.find((b) => !b.taken && !b.by && b.lane === settings.lane && b.id !== bill.key);
}

/** The open bill as it waits. */
function open(note: string): Basket {
  const basket: Basket = { lines: bill.lines.map(toBasketLine), by: settings.lane };
  if (bill.coupons.length > 0) basket.coupons = [...bill.coupons];
  if (note !== '') basket.note = note;
  if (settings.cashier) basket.cashier = settings.cashier;
  return basket;
}

/** Lays the open bill down with the agent; it leaves the screen when it is safe there. False: it is here still, and why was told. */
export async function setAside(note: string): Promise<boolean> {
  if (bill.lines.length === 0 || checkout.locked) return false;
  bill.key ||= crypto.randomUUID();
  bill.store(); // the same key for every try
  try {
    for (let body = ''; body !== JSON.stringify(open(note)); ) { // once more for what was typed meanwhile
      body = JSON.stringify(open(note));
      await link.client.call('PUT', `/v1/baskets/${bill.key}`, { body });
    }
  } catch (err) {
    // Another till can only have what has arrived: the answer of an earlier try was lost.
    if (!(err instanceof Problem && err.code === 'basket_taken')) {
      desk.fail(err);
      return false;
    }
  }
  bill.clear();
  return true;
}

/** Goes on with a sale. An open one is set aside; while it cannot be, the other one stays among those that wait. */
export async function takeOver(id: string): Promise<void> {
  if (checkout.locked) return;
  try {
    const basket = await link.client.call<Basket>('POST', `/v1/baskets/${id}/take`, { body: { lane: settings.lane } });
    if (checkout.locked || (bill.lines.length > 0 && !(await setAside('')))) return;
    bill.take(id, basket, toDraft);
    if (checkout.phase === 'done') checkout.dismiss();
    settings.speaker.play('card');
    desk.tell('good', t('till.basket_taken', { count: bill.lines.length }));
    void desk.focus('entry');
  } catch (err) {
    desk.fail(err);
  }
}

/** Nobody goes on with it. */
export async function giveUp(id: string): Promise<void> {
  await link.client.call('DELETE', `/v1/baskets/${id}?lane=${settings.lane}`);
}

// Paying: one key per sale, sent again and again until the agent has said what became of it.
import { CARD_LIMIT_MS, Problem, signInFirst, Unreachable } from '../shared/client';
import type { Quote, SaleAnswer, TenderKind } from '../shared/types';
import { bill } from './bill.svelte';
import { crew } from './crew.svelte';
import { Keep, type Pending } from './keep';
import { link, wait } from './link.svelte';
import { settings } from './settings.svelte';

/** Where a sale stands between the basket and its receipt. */
export type Phase = 'ringing' | 'sending' | 'unsure' | 'waiting' | 'done';

/** What the cashier has to do before paying can go on. */
export type Hurdle = 'pin' | 'quote' | 'card' | 'override' | undefined;

export interface Done {
  answer: SaleAnswer;
  quote: Quote | undefined; // as it was shown; gone after a reload
  change: number | undefined; // minor units to hand back
}

/** The card may or may not have paid: the same card tells at its next tap. */
const tapAgain: readonly string[] = ['card_tap_again', 'card_session_stale', 'card_unproved'];
const RETRY_MS = [500, 1000, 2000, 4000] as const;

class Checkout {
  #pending = $state.raw<Pending>();
  phase = $state<Phase>('ringing');
  problem = $state.raw<Problem>();
  /** A sale that was sent before a reload did not go through. */
  unpaid = $state(false);
  done = $state.raw<Done>();
  /** The sale made last at this till, since the page was opened. */
  last = $state('');
  #keep: Keep | undefined;
  #change: number | undefined;
  #quote: Quote | undefined;
  #lifted: Pending | undefined; // refused, and a supervisor can answer for it

  /** The sale that hangs on a card: ours, or one that this browser knows nothing of. */
  readonly waitingSale = $derived(this.phase === 'waiting' ? (this.#pending?.key ?? '') : (link.lane?.waiting?.sale ?? ''));

  /** The bill must not change while nobody knows what became of it. */
  readonly locked = $derived(this.phase === 'sending' || this.phase === 'unsure' || this.phase === 'waiting');

  open(keep: Keep): void {
    this.#keep = keep;
    this.phase = 'ringing';
    this.problem = undefined;
    this.done = undefined;
    this.#pending = keep.pending();
    if (this.#pending) {
      this.phase = 'unsure';
      void this.#recover(this.#pending);
    }
  }

  /** After a reload: did it go through? If not, the same sale is sent again. */
  async #recover(pending: Pending): Promise<void> {
    for (let tries = 0; this.#pending === pending; tries++) {
      try {
        this.#succeed(await link.client.call<SaleAnswer>('GET', `/v1/sales/${pending.key}`));
        return;
      } catch (err) {
        if (err instanceof Problem && err.code === 'sale_unknown') {
          if (pending.body !== null) await this.#send();
          else this.#giveBack();
          return;
        }
        if (err instanceof Problem && !unclear(err)) {
          this.#refused(err);
          return;
        }
      }
      await wait(RETRY_MS[Math.min(tries, RETRY_MS.length - 1)] ?? 0);
    }
  }

  /** Pays the bill as quoted. Says what is in the way, if anything. */
  async pay(tender: TenderKind, change: number | undefined): Promise<Hurdle> {
    const quote = bill.quote;
    if (!quote || !bill.fresh || this.locked) return 'quote';
    if (bill.key === '') {
      bill.key = crypto.randomUUID();
      bill.store();
    }
    const tenders = [...bill.cardTenders, ...(bill.due > 0 ? [{ kind: tender, amount: bill.due }] : [])];
    const body = JSON.stringify({ ...bill.request(), tenders, quote: quote.quote });
    this.unpaid = false;
    this.#quote = quote;
    this.#change = change;
    this.#pending = { key: bill.key, body };
    this.#keep?.hold(bill.key, body, bill.typed !== undefined);
    return this.#send();
  }

  async #send(): Promise<Hurdle> {
    const pending = this.#pending;
    if (!pending?.body) return undefined;
    this.phase = 'sending';
    for (let tries = 0; this.#pending === pending; tries++) {
      try {
        this.#succeed(await link.client.call<SaleAnswer>('POST', `/v1/lanes/${settings.lane}/sales`, {
          body: pending.body, key: pending.key, limitMS: CARD_LIMIT_MS,
        }));
        return undefined;
      } catch (err) {
        if (err instanceof Problem && signInFirst(err)) {
          this.phase = 'unsure'; // an earlier try may have gone through: the same sale is sent again
          await crew.unlocked();
          continue;
        }
        if (err instanceof Problem && !unclear(err)) return this.#refused(err);
        if (!(err instanceof Problem) && !(err instanceof Unreachable)) throw err;
        this.problem = err instanceof Problem ? err : undefined;
        this.phase = 'unsure';
      }
      await wait(RETRY_MS[Math.min(tries, RETRY_MS.length - 1)] ?? 0);
    }
    return undefined;
  }

  #succeed(answer: SaleAnswer): void {
    this.done = { answer, quote: this.#quote, change: this.#change };
    this.last = answer.sale;
    link.baskets = link.baskets.filter((b) => b.id !== answer.sale); // the event may come behind the answer
    this.#release();
    bill.clear();
    this.phase = 'done';
    settings.speaker.play('done');
  }

  #refused(problem: Problem): Hurdle {
    this.problem = problem;
    if (tapAgain.includes(problem.code)) {
      this.phase = 'waiting';
      settings.speaker.refuse(problem.code);
      return 'card';
    }
    const refused = this.#pending;
    this.#release();
    settings.speaker.refuse(problem.approvable ? 'approval_needed' : problem.code);
    switch (problem.code) {
      case 'key_reused':
      case 'sale_settled':
        bill.key = ''; // this key belongs to another sale, or to one that was dropped
        bill.store();
        return undefined;
      case 'points_elsewhere':
      case 'advance_gone':
        bill.key = ''; // what is left of the points is another sale's
        bill.store();
        void bill.requote();
        return 'quote';
      case 'quote_changed':
        void bill.requote();
        return 'quote';
      case 'pin_needed':
        return 'pin';
      case 'card_needed':
        return 'card';
      case 'too_much':
        this.#lifted = problem.approvable ? refused : undefined;
        return this.#lifted ? 'override' : undefined;
      default:
        if (!/^(coupon|gift_card)_/.test(problem.code)) return undefined;
        void bill.requote(); // another till was quicker with it
        return 'quote';
    }
  }

  /** The sale is not written, and its member's number was not kept: the cashier has to pay it again. */
  #giveBack(): void {
    this.#release();
    this.unpaid = true;
  }

  /** Nothing is on its way any more. */
  #release(): void {
    this.#keep?.settle();
    this.#pending = undefined;
    this.phase = 'ringing';
  }

  /** The same call again: the card is back, or the cashier asks. */
  async retry(): Promise<Hurdle> {
    if (this.phase !== 'waiting' || !this.#pending) return undefined;
    if (this.#pending.body === null) {
      await this.#recover(this.#pending);
      return undefined;
    }
    return this.#send();
  }

  get refusedKey(): string {
    return this.#lifted?.key ?? '';
  }

  /** The sale that was refused, byte for byte: a supervisor answers for it. */
  async again(): Promise<Hurdle> {
    const sale = this.#lifted;
    if (!sale || this.locked) return undefined;
    this.#lifted = undefined;
    this.problem = undefined;
    this.#pending = sale;
    if (sale.body !== null) this.#keep?.hold(sale.key, sale.body, bill.typed !== undefined);
    return this.#send();
  }

  /** Gives up a sale whose card does not come back. */
  async drop(): Promise<void> {
    const key = this.waitingSale;
    if (key === '') return;
    try {
      await link.client.call('DELETE', `/v1/sales/${key}`);
    } catch (err) {
      if (!(err instanceof Problem)) throw err;
      if (err.code === 'sale_settled' && this.#pending?.key === key) {
        await this.#recover(this.#pending); // it went through after all
        return;
      }
      if (err.code !== 'sale_unknown') {
        this.problem = err;
        return;
      }
    }
    if (this.#pending?.key === key) {
      this.#release();
      bill.key = '';
      bill.store();
    }
    this.problem = undefined;
  }

  /** The cashier has seen the result. */
  dismiss(): void {
    this.done = undefined;
    this.problem = undefined;
    if (this.phase === 'done') this.phase = 'ringing';
  }
}

/** Nobody knows yet whether the sale stands. */
function unclear(problem: Problem): boolean {
  return problem.status >= 500 && problem.code !== 'no_programme';
}

export const checkout = new Checkout();

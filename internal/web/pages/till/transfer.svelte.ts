// Points on their way from the member at the till to another: what is typed, what the agent says of it before anything is written,
// and the one key under which it is booked. The key outlives the page, the numbers do not.
import { Problem } from '../shared/client';
import { ascii } from '../shared/digits';
import type { TransferAnswer, TransferQuote, TransferRequest, TransferTerms } from '../shared/types';
import { bill } from './bill.svelte';
import { desk } from './desk.svelte';
import { Keep } from './keep';
import { link } from './link.svelte';
import { settings } from './settings.svelte';

const KEPT = 'transfer';

export class Handing {
  to = $state('');
  points = $state('');
  reason = $state('');
  split = $state(false);
  terms = $state.raw<TransferTerms>();
  /** What would happen, as long as nothing else is typed. */
  quote = $state.raw<TransferQuote>();
  done = $state.raw<TransferAnswer>();
  /** It was done before; only its answer was lost. */
  earlier = $state(false);
  wrong = $state('');
  /** The field that is wrong, as the agent calls it. */
  field = $state('');
  asking = $state(false);
  #shown: TransferRequest | undefined;
  readonly #keep = new Keep(localStorage, settings.lane);

  /** How many points are typed; undefined for what is no whole number above zero. */
  readonly amount = $derived.by(() => {
    const n = Number(ascii(this.points).replace(/\s/g, '') || NaN);
    return Number.isSafeInteger(n) && n > 0 ? n : undefined;
  });

  get #path(): string {
    return `/v1/lanes/${settings.lane}/transfers`;
  }

  /** What may be given; or what became of a transfer whose answer never came. */
  async open(): Promise<void> {
    const key = this.#keep.key(KEPT);
    await this.#ask(async () => {
      if (key !== '' && (await this.#find(key))) return;
      const terms = await link.client.call<TransferTerms>('GET', `${this.#path}?${bill.byNumber.slice(1)}`);
      this.reason = terms.reasons[0] ?? '';
      this.split = !terms.allowed;
      this.terms = terms;
    });
  }

  async #find(key: string): Promise<boolean> {
    try {
      this.#went(await link.client.call<TransferAnswer>('GET', `/v1/transfers/${key}`));
      this.earlier = true;
      return true;
    } catch (err) {
      if (err instanceof Problem && err.code === 'transfer_unknown') return false; // the key is still good
      throw err;
    }
  }

  #went(answer: TransferAnswer): void {
    this.#keep.holdKey(KEPT, undefined);
    this.done = answer;
    settings.speaker.play('done');
    void bill.askMember().catch(() => undefined); // who has left the till has no balance to show
    void desk.focus('transfer-back'); // also where a supervisor had to answer first
  }

  /** Something else is typed: what was shown holds no more. */
  changed(): void {
    this.quote = undefined;
    this.wrong = this.field = '';
  }

  /** Asks what would happen. Nothing is written. */
  async look(): Promise<void> {
    const request: TransferRequest = { to: ascii(this.to).replace(/\s/g, ''), points: this.amount ?? 0, reason: this.reason.trim() };
    if (this.split) request.split = true;
    if (bill.typed) request.number = bill.typed.number;
    if (settings.cashier) request.cashier = settings.cashier;
    this.#shown = request;
    await this.#ask(async () => {
      this.quote = await link.client.call<TransferQuote>('POST', `${this.#path}/quote`, { body: request });
    });
  }

  /** Books what is shown. A press that is repeated after a lost answer, or after a reload, books it once. */
  async book(): Promise<void> {
    const quote = this.quote;
    if (!quote || !this.#shown || this.asking) return;
    const key = this.#keep.key(KEPT) || crypto.randomUUID();
    this.#keep.holdKey(KEPT, key);
    const body = { ...this.#shown, quote: quote.quote };
    await this.#ask(async () => {
      try {
        this.#went(await link.client.call<TransferAnswer>('POST', this.#path, { body, key }));
      } catch (err) {
        const code = err instanceof Problem ? err.code : '';
        if (code === 'key_reused' && (await this.#find(key))) return;
        if (desk.approve(err, key, () => void this.book())) return;
        if (code === 'quote_changed') {
          this.quote = await link.client.call<TransferQuote>('POST', `${this.#path}/quote`, { body: this.#shown });
        }
        throw err;
      }
    });
  }

  async #ask(what: () => Promise<void>): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    this.wrong = this.field = '';
    try {
      await what();
    } catch (err) {
      settings.speaker.play('refused');
      this.wrong = desk.reason(err);
      this.field = err instanceof Problem ? (err.fields[0] ?? '') : '';
    } finally {
      this.asking = false;
    }
  }
}

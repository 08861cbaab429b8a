// Goods on their way back: what is named, what the agent says of it before anything is written, and the one key under which it is booked.
import { Problem } from '../shared/client';
import type { ReturnAnswer, ReturnQuote, ReturnRequest, VoidReason } from '../shared/types';
import { desk } from './desk.svelte';
import { ONE } from './entry';
import { link } from './link.svelte';
import { settings } from './settings.svelte';

/** The engine's limit for goods without a bill. */
const MAX_UNBILLED = 50;

export class GiveBack {
  /** The receipt's number, or its code; empty for goods without a bill. */
  sale = $state('');
  /** How much of each line comes back, in thousandths. */
  back = $state<number[]>([]);
  /** Articles that come back without a bill, as many pieces of each as back says. */
  articles = $state<string[]>([]);
  reason = $state<VoidReason>();
  quote = $state.raw<ReturnQuote>();
  problem = $state.raw<Problem>();
  wrong = $state('');
  asking = $state(false);
  done = $state.raw<ReturnAnswer>();
  #key = '';
  #keyFor = '';
  #call: AbortController | undefined;

  readonly chosen = $derived(this.back.some((n) => n > 0));
  /** What is shown is what would be booked. */
  readonly ready = $derived(!this.asking && this.wrong === '' && this.quote?.quote !== undefined);

  /** Looks a sale up; true when there is one. */
  async find(text: string): Promise<boolean> {
    this.sale = text.trim();
    this.back = [];
    await this.ask();
    this.back = this.quote?.lines.map(() => 0) ?? [];
    if (this.quote?.lines.every((l) => l.left === 0)) this.#refused(new Problem(422, { code: 'return_nothing' }));
    return this.quote !== undefined;
  }

  /** Starts over with another receipt. */
  reset(): void {
    this.#call?.abort();
    this.sale = '';
    this.back = [];
    this.articles = [];
    this.quote = undefined;
    this.asking = false;
    this.#right();
  }

  #right(): void {
    this.problem = undefined;
    this.wrong = '';
  }

  /** How much of a line may come back. */
  left(line: number): number {
    return this.sale === '' ? MAX_UNBILLED * ONE : (this.quote?.lines[line]?.left ?? 0);
  }

  /** One piece more or less; of what is weighed, all or nothing. */
  step(line: number, by: 1 | -1): void {
    const now = this.back[line] ?? 0;
    const left = this.left(line);
    if (left % ONE !== 0) this.set(line, by > 0 ? left : 0);
    else this.set(line, Math.min(Math.max(now + by * ONE, 0), left));
  }

  set(line: number, quantity: number): void {
    if (this.back[line] === quantity) return;
    this.back[line] = quantity;
    if (this.sale === '' && quantity === 0) {
      this.back.splice(line, 1);
      this.articles.splice(line, 1);
    }
    void this.ask();
  }

  everything(): void {
    this.back = this.back.map((_, line) => this.left(line));
    void this.ask();
  }

  /** One piece of an article of which nobody has the bill. */
  async add(article: string): Promise<void> {
    const at = this.articles.indexOf(article);
    if (at >= 0) {
      this.step(at, 1);
      return;
    }
    if (this.articles.length >= MAX_UNBILLED) return;
    this.articles.push(article);
    this.back.push(ONE);
    await this.ask();
    if (this.problem === undefined) return;
    this.articles.pop(); // what cannot come back is not in the list
    this.back.pop();
    const said = { problem: this.problem, wrong: this.wrong };
    await this.ask();
    if (this.wrong === '') Object.assign(this, said);
  }

  #request(): ReturnRequest {
    const r: ReturnRequest = {};
    if (settings.cashier) r.cashier = settings.cashier;
    if (this.sale === '') {
      r.unbilled = this.articles.map((sku, i) => ({ sku, quantity: this.back[i] ?? 0 }));
      return r;
    }
    r.sale = this.sale;
    if (this.reason) r.void = this.reason;
    else if (this.chosen) r.lines = this.back.flatMap((quantity, line) => (quantity > 0 ? [{ line, quantity }] : []));
    return r;
  }

  /** Asks what would be given and taken back. Nothing is written. */
  async ask(): Promise<void> {
    this.#call?.abort();
    this.#right();
    if (this.sale === '' && this.articles.length === 0) {
      this.quote = undefined;
      this.asking = false;
      return;
    }
    const call = new AbortController();
    this.#call = call;
    this.asking = true;
    try {
      const quote = await link.client.call<ReturnQuote>('POST', `/v1/lanes/${settings.lane}/returns/quote`, { body: this.#request(), signal: call.signal });
      if (!call.signal.aborted) this.quote = quote;
    } catch (err) {
      if (!call.signal.aborted) this.#refused(err);
    } finally {
      if (!call.signal.aborted) this.asking = false;
    }
  }

  #refused(err: unknown): void {
    this.wrong = desk.refused(err);
    this.problem = err instanceof Problem ? err : undefined;
  }

  /** Books what is shown. A press that is repeated after a lost answer books it once. */
  async book(): Promise<void> {
    if (!this.ready || this.asking) return;
    const body = JSON.stringify({ ...this.#request(), quote: this.quote?.quote });
    if (body !== this.#keyFor) {
      this.#key = crypto.randomUUID();
      this.#keyFor = body;
    }
    this.asking = true;
    try {
      this.done = await link.client.call<ReturnAnswer>('POST', `/v1/lanes/${settings.lane}/returns`, { body, key: this.#key });
      settings.speaker.play('done');
    } catch (err) {
      if (err instanceof Problem && err.code === 'quote_changed') {
        await this.ask(); // shows what holds now
        if (this.wrong === '') this.wrong = desk.reason(err);
      } else if (!desk.approve(err, this.#key, () => void this.book())) {
        this.#refused(err);
      }
    } finally {
      this.asking = false;
    }
  }
}

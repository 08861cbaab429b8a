// The bill being rung up: its lines, who buys, how many points they want to pay with, and the agent's quote for all that.
import { Problem, signInFirst } from '../shared/client';
import type { Ask, Basket, BasketLine, Member, Quote, SaleRequest, Tender } from '../shared/types';
import { crew } from './crew.svelte';
import { amountOf, MAX_LINES, toLine, type Draft } from './entry';
import { Keep } from './keep';
import { link, wait } from './link.svelte';
import { settings } from './settings.svelte';

/** Long enough to let a hand finish, short enough that nobody waits for it. */
const QUOTE_PAUSE_MS = 120;
const QUOTE_AGAIN_MS = 1500;
const SETTLE_STEP_MS = 40;
const SETTLE_LIMIT_MS = 5000;

/** A gift card that is to pay; one of a kind that lowers the price does so instead. */
export interface PayingCard {
  serial: string;
  name: string;
  lowers: boolean;
}

class Bill {
  lines = $state<Draft[]>([]);
  selected = $state(-1);
  ask = $state.raw<Ask>();
  /** Wallets beside the points that pay as much as they can. */
  wallets = $state.raw<readonly string[]>([]);
  /** Rewards that the member wants, and codes of coupons that the customer shows. */
  rewards = $state.raw<readonly string[]>([]);
  coupons = $state.raw<readonly string[]>([]);
  cards = $state.raw<readonly PayingCard[]>([]);
  /** What these cards pay, as tenders. */
  cardTenders = $state.raw<readonly Tender[]>([]);
  #cardsShown: SaleRequest['gift_cards'];
  /** Why the coupon or gift card shown last was handed back. */
  couponProblem = $state.raw<Problem>();
  /** A member whose number was typed. The number itself stays in memory only. */
  typed = $state.raw<{ member: Member; number: string }>();
  /** The key of the sale that this bill becomes: made once, kept for every try. */
  key = '';

  quote = $state.raw<Quote>();
  problem = $state.raw<Problem>();
  #quotedFor = $state('');
  #asking: AbortController | undefined;
  #told = 0; // the lane whose customer sees this bill
  #timer: ReturnType<typeof setTimeout> | undefined;
  #keep: Keep | undefined;

  readonly member = $derived(this.typed?.member ?? link.lane?.member);
  readonly sum = $derived(this.lines.reduce((sum, l) => sum + amountOf(l), 0));
  readonly units = $derived(this.lines.length);
  /** What money has to pay, behind the gift cards. */
  readonly due = $derived((this.quote?.to_pay ?? 0) - this.cardTenders.reduce((sum, t) => sum + t.amount, 0));
  /** The member who was typed, as a parameter of an address. */
  readonly byNumber = $derived(this.typed ? `&number=${this.typed.number}` : '');
  readonly #wanted = $derived(this.#describe());
  /** The quote is for exactly what is on the screen. */
  readonly fresh = $derived(this.quote !== undefined && this.#quotedFor === this.#wanted);
  /** Which line the agent found fault with, -1 for none. */
  readonly faulty = $derived(Number(/^lines\[(\d+)\]/.exec(this.problem?.fields[0] ?? '')?.[1] ?? -1));

  /** Everything that a quote depends on. */
  #describe(): string {
    const m = link.lane?.member;
    const who = this.typed ? this.typed.member.id : m ? [m.id, m.available, m.balance, m.pin?.verified] : 0;
    return JSON.stringify([settings.lane, settings.lang, this.lines, this.ask ?? null, this.wallets, this.rewards, this.coupons, this.cards, who]);
  }

  open(keep: Keep): void {
    this.#keep = keep;
    const kept = keep.basket();
    this.lines = kept.lines;
    this.key = kept.key;
    this.selected = -1;
    this.#forgetOffers();
    this.typed = undefined;
  }

  #forgetOffers(): void {
    this.forgetMember();
    this.coupons = [];
    this.cards = this.cardTenders = [];
    this.couponProblem = undefined;
  }

  /** Lets a wallet pay, or not after all. */
  wallet(id: string): void {
    this.wallets = this.wallets.includes(id) ? this.wallets.filter((w) => w !== id) : [...this.wallets, id];
  }

  /** Takes a reward, or leaves it after all. */
  reward(id: string): void {
    this.rewards = this.rewards.includes(id) ? this.rewards.filter((r) => r !== id) : [...this.rewards, id];
  }

  showCoupon(code: string): void {
    this.couponProblem = undefined;
    if (!this.coupons.includes(code)) this.coupons = [...this.coupons, code];
  }

  hideCoupon(at: number): void {
    this.coupons = this.coupons.filter((_, i) => i !== at);
  }

  /** What belongs to the member goes with the member; coupons are the customer's. */
  forgetMember(): void {
    this.ask = undefined;
    this.wallets = [];
    this.rewards = [];
  }

  store(): void {
    this.#keep?.keepBasket({ lines: $state.snapshot(this.lines), key: this.key });
  }

  get full(): boolean {
    return this.lines.length >= MAX_LINES;
  }

  put(draft: Draft, at = -1): void {
    if (at >= 0 && at < this.lines.length) this.lines[at] = draft;
    else if (!this.full) this.lines.push(draft);
    this.selected = at >= 0 ? at : this.lines.length - 1;
    this.store();
  }

  remove(at: number): void {
    if (this.lines[at]?.fixed) return;
    this.lines.splice(at, 1);
    this.selected = Math.min(at, this.lines.length - 1);
    this.store();
  }

  /** The sale is over or was given up: the next one starts with nothing. */
  clear(): void {
    this.lines = [];
    this.selected = -1;
    this.#forgetOffers();
    this.typed = undefined;
    this.key = '';
    this.quote = undefined;
    this.problem = undefined;
    this.store();
  }

  /** Goes on with a basket that waited. */
  take(key: string, basket: Basket, draft: (line: BasketLine) => Draft): void {
    this.clear();
    this.lines = basket.lines.map(draft);
    this.coupons = basket.coupons ?? [];
    this.key = key; // so that it is sold once, whichever tills try
    this.store();
  }

  request(): SaleRequest {
    const r: SaleRequest = { lines: $state.snapshot(this.lines).map(toLine) };
    if (this.ask && this.member) r.redeem = this.ask;
    if (this.wallets.length > 0 && this.member) r.wallets = this.wallets.map((wallet) => ({ wallet, all: true }));
    if (this.rewards.length > 0 && this.member) r.rewards = this.rewards.map((reward) => ({ reward }));
    if (this.coupons.length > 0) r.coupons = this.coupons.map((code) => ({ code }));
    if (this.cards.length > 0) r.gift_cards = this.#cardsShown ?? this.cards.map(({ serial }) => ({ serial }));
    if (settings.cashier) r.cashier = settings.cashier;
    if (this.typed) r.number = this.typed.number;
    return r;
  }

  /** Watches the bill and asks for a quote whenever something that matters has changed. Call it from an effect. */
  watch(): void {
    const wanted = this.#wanted;
    clearTimeout(this.#timer);
    if (this.lines.length === 0 || settings.lane === 0) {
      this.#asking?.abort();
      this.quote = undefined;
      this.problem = undefined;
      if (this.#told) void link.client.call('DELETE', `/v1/lanes/${this.#told}/quote`).catch(() => undefined); // the display forgets it by itself, later
      this.#told = 0;
      return;
    }
    if (link.state !== 'live') return;
    this.#timer = setTimeout(() => void this.#requote(wanted), QUOTE_PAUSE_MS);
  }

  async #requote(wanted: string): Promise<void> {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const ask = (body: SaleRequest) => link.client.call<Quote>('POST', `/v1/lanes/${settings.lane}/quote`, { body, signal: asking.signal });
      this.#cardsShown = undefined;
      this.#told = settings.lane;
      let quote = await ask(this.request());
      const tenders = asking.signal.aborted ? [] : this.#useCards(quote);
      if (this.#cardsShown) quote = await ask({ ...this.request(), tenders });
      if (asking.signal.aborted) return;
      this.quote = quote;
      this.cardTenders = tenders;
      this.problem = undefined;
      this.#quotedFor = wanted;
    } catch (err) {
      if (asking.signal.aborted) return;
      if (!(err instanceof Problem)) {
        this.#timer = setTimeout(() => void this.#requote(wanted), QUOTE_AGAIN_MS);
        return;
      }
      if (signInFirst(err)) { // asked again for whoever signs in
        await crew.unlocked();
        if (!asking.signal.aborted) this.#timer = setTimeout(() => void this.#requote(wanted), QUOTE_PAUSE_MS);
        return;
      }
      if (this.#handBack(err)) return;
      this.quote = undefined;
      this.problem = err;
    }
  }

  /** Lets each gift card pay what it can of what the ones before it left. Gives the tenders. */
  #useCards(quote: Quote): Tender[] {
    if (this.cards.length === 0) return [];
    let due = quote.to_pay;
    const tenders: Tender[] = [];
    this.#cardsShown = this.cards.map(({ serial, lowers }) => {
      const pays = Math.min(quote.gift_cards?.find((c) => c.serial === serial)?.max ?? 0, due);
      due -= pays;
      if (pays > 0 && !lowers) tenders.push({ kind: 'gift_card', amount: pays, serial });
      return pays > 0 && lowers ? { serial, off: pays } : { serial };
    });
    return tenders;
  }

  /** A coupon or gift card that cannot be taken leaves the bill: the others stay, and the bill can be paid. */
  #handBack(err: Problem): boolean {
    if (this.cards.length > 0 && /^(tenders|gift_cards)\b/.test(err.fields[0] ?? '')) {
      this.cards = this.cards.slice(0, -1);
      this.couponProblem = err;
      settings.speaker.refuse(err.code);
      return true;
    }
    const at = Number(/^coupons\[(\d+)\]/.exec(err.fields[0] ?? '')?.[1] ?? -1);
    if (!(at in this.coupons)) return false;
    this.coupons = this.coupons.filter((_, i) => i !== at);
    this.couponProblem = err;
    settings.speaker.refuse(err.code);
    return true;
  }

  /** Waits until the quote is for what is on the screen; false when that takes too long. */
  async settled(): Promise<boolean> {
    for (let waited = 0; !this.fresh && waited < SETTLE_LIMIT_MS; waited += SETTLE_STEP_MS) await wait(SETTLE_STEP_MS);
    return this.fresh;
  }

  /** The member has more than before: asks who they are anew. */
  async askMember(): Promise<void> {
    if (this.typed) {
      const { number } = this.typed;
      this.typed = { member: await link.client.call<Member>('GET', `/v1/members?number=${number}`), number };
    } else link.putLane(await link.client.call('GET', `/v1/lanes/${settings.lane}`));
  }

  /** Asks again although nothing changed here: something has changed at the agent. */
  async requote(): Promise<void> {
    this.#quotedFor = '';
    await this.#requote(this.#wanted);
  }
}

export const bill = new Bill();

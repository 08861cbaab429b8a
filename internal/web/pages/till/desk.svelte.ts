// What is open on the screen, and every action that a key or a button can start. A key and its button call the same function.
import { tick } from 'svelte';
import { Problem, Unreachable } from '../shared/client';
import { bill } from './bill.svelte';
import { checkout, type Hurdle } from './checkout.svelte';
import { crew } from './crew.svelte';
import { link } from './link.svelte';
import { settings, t } from './settings.svelte';

export type DialogName =
  | 'line' | 'number' | 'pin' | 'pay' | 'menu' | 'coupon' | 'close' | 'jobs' | 'ask' | 'keys' | 'enrol' | 'cancel' | 'drop'
  | 'return' | 'void' | 'aside' | 'baskets' | 'activity' | 'account' | 'lost' | 'gift' | 'training' | 'picture' | 'transfer' | 'merge';

export interface Notice {
  kind: 'good' | 'bad';
  text: string;
  code?: string | undefined; // why
}

/** An action that was refused and that a supervisor can answer for. */
export interface Lift {
  key: string;
  why: string;
  again: () => void; // the same action under the same key
}

/** Good news goes by itself; what went wrong stays until it was seen. */
const GOOD_NEWS_MS = 5000;

class Desk {
  dialog = $state<DialogName>();
  /** The line in the form, -1 for a new one. */
  editing = $state(-1);
  /** The number of who may become a member; empty for the card in the reader. It stays in memory only. */
  newcomer = '';
  /** A gift card that was scanned and is to be looked up. */
  scanned = '';
  /** The job of which is asked whether it is on paper. */
  asked = $state(0);
  /** The code of a bill that was scanned to give its goods back. */
  returned = '';
  notice = $state.raw<Notice>();
  lift = $state.raw<Lift>();
  /** Read out by a screen reader. */
  said = $state('');
  #payAfterPIN = false;
  #backAfterPIN: DialogName | undefined;

  say(text: string): void {
    this.said = text;
  }

  tell(kind: Notice['kind'], text: string, code?: string): void {
    const notice = { kind, text, code };
    this.notice = notice;
    this.say(text);
    if (kind === 'good') {
      setTimeout(() => {
        if (this.notice === notice) this.notice = undefined;
      }, GOOD_NEWS_MS);
    }
  }

  /** Tells what went wrong with a call. */
  fail(err: unknown): void {
    this.tell('bad', this.refused(err), codeOf(err));
  }

  /** What went wrong with a call: heard, and in words. */
  refused(err: unknown): string {
    settings.speaker.refuse(codeOf(err));
    return this.reason(err);
  }

  reason(err: unknown): string {
    if (err instanceof Problem) {
      const args = err.triesLeft === undefined ? undefined : { count: err.triesLeft };
      return settings.sentence(err.code, err.message, args);
    }
    if (err instanceof Unreachable) return t('till.no_answer');
    throw err;
  }

  #show(name: DialogName): void {
    this.notice = undefined;
    this.dialog = name;
  }

  shut = (): void => {
    this.dialog = undefined;
    this.#payAfterPIN = false;
    this.#backAfterPIN = undefined;
  };

  async focus(id: string): Promise<void> {
    await tick();
    const target = document.getElementById(id);
    target?.focus();
    if (target instanceof HTMLInputElement) target.select();
  }

  entry = (): void => {
    if (checkout.phase === 'done') checkout.dismiss();
    void this.focus('entry');
  };

  form = (at = -1): void => {
    if (checkout.locked || bill.lines[at]?.fixed || bill.lines[at]?.card) return;
    if (checkout.phase === 'done') checkout.dismiss();
    this.editing = at;
    this.#show('line');
  };

  points = (): void => void this.focus('points');

  number = (): void => {
    if (!checkout.locked) this.#show('number');
  };

  /** The card in the reader can become a member's. */
  get enrolPossible(): boolean {
    return link.lane?.card.enrols === true && !bill.typed && !checkout.locked;
  }

  enrol = (number = ''): void => {
    this.newcomer = number;
    this.#show('enrol');
  };

  get pinPossible(): boolean {
    const state = link.lane?.card.state;
    if (state === 'pin') return true; // it tells whose it is after its PIN
    return state === 'ready' && !bill.typed && link.lane?.member?.pin?.verified === false;
  }

  pin = (): void => {
    if (this.pinPossible) this.#show('pin');
    else if (this.enrolPossible) this.enrol();
  };

  /** Asks for the PIN, then goes back to the question that needs it. */
  pinFor(name: DialogName): void {
    this.pin();
    this.#backAfterPIN = name;
  }

  /** The card has taken the PIN. */
  pinDone(text: string): void {
    const pay = this.#payAfterPIN;
    const back = this.#backAfterPIN;
    this.shut();
    this.say(text);
    if (back) this.#show(back);
    if (pay) void this.#payWhenQuoted();
  }

  /** With the PIN the quote changes; paying waits for the new one. */
  async #payWhenQuoted(): Promise<void> {
    if (await bill.settled()) this.pay();
  }

  get payPossible(): boolean {
    return bill.fresh && !checkout.locked && link.state === 'live';
  }

  pay = (): void => {
    if (checkout.phase === 'done') {
      this.next();
      return;
    }
    if (!this.payPossible) return;
    if (bill.quote?.pin_needed) {
      this.#askPIN();
      return;
    }
    this.#show('pay');
  };

  #askPIN(): void {
    if (!this.pinPossible) {
      settings.speaker.refuse('card_needed');
      this.tell('bad', settings.sentence('card_needed'), 'card_needed');
      return;
    }
    this.#show('pin');
    this.#payAfterPIN = true;
  }

  /** What stands in the way of paying, in words or as the next question. */
  hurdle(what: Hurdle): void {
    if (checkout.phase === 'done') {
      this.shut();
      void this.focus('entry');
      return;
    }
    if (checkout.problem) this.say(this.reason(checkout.problem));
    if (what === 'quote') return; // the new figures are in the dialog
    this.shut();
    if (what === 'pin') this.#askPIN();
    else if (what === 'override' && checkout.problem) this.override({ key: checkout.refusedKey, why: this.reason(checkout.problem), again: () => void checkout.again().then((next) => this.hurdle(next)) });
    else if (checkout.problem && checkout.phase === 'ringing') this.tell('bad', this.reason(checkout.problem), checkout.problem.code);
  }

  next = (): void => {
    checkout.dismiss();
    this.notice = undefined;
    void this.focus('entry');
  };

  /** A supervisor is asked. What is open behind the question stays as it is. */
  override = (lift?: Lift): void => {
    this.lift = lift;
  };

  /** Asks for what was refused, where somebody can answer for it. */
  approve(err: unknown, key: string, again: () => void): boolean {
    if (!(err instanceof Problem && err.approvable)) return false;
    settings.speaker.play('override');
    this.override({ key, why: this.reason(err), again });
    return true;
  }

  /** A question is open, and the keys are its own. */
  get asking(): boolean {
    return this.dialog !== undefined || this.lift !== undefined;
  }

  /** The till is given to the next cashier; nothing of it changes. */
  lock = (): void => {
    if (link.status && link.status.sign_in !== 'none') crew.lock();
  };

  open = (name: DialogName): void => this.#show(name);

  giftCard = (serial: string): void => {
    this.scanned = serial;
    this.#show('gift');
  };

  menu = (): void => this.#show('menu');
  keys = (): void => this.#show('keys');
  coupon = (): void => this.#show('coupon');
  jobs = (): void => this.#show('jobs');
  ask = (job: number): void => {
    this.asked = job;
    this.#show('ask');
  };
  picture = (job = 0): void => {
    this.asked = job;
    this.#show('picture');
  };
  giveBack = (code = ''): void => {
    this.returned = code;
    this.#show('return');
  };
  voidSale = (): void => this.#show('void');
  aside = (): void => this.#show('aside');
  baskets = (): void => this.#show('baskets');
  closeDay = (): void => this.#show('close');
  drop = (): void => this.#show('drop');

  /** Escape: the result first, then what was typed, then the question whether to give the sale up. */
  escape = (): void => {
    this.notice = undefined;
    if (checkout.phase === 'done') this.next();
    else if (checkout.phase === 'waiting') this.drop();
    else if (bill.lines.length > 0 && !checkout.locked) this.#show('cancel');
    else void this.focus('entry');
  };

  /** Forgets who stands at the till. */
  forget = async (): Promise<void> => {
    if (checkout.locked) return;
    bill.forgetMember();
    if (bill.typed) {
      bill.typed = undefined;
      return;
    }
    if (!link.lane?.member) return;
    try {
      link.putLane(await link.client.call('DELETE', `/v1/lanes/${settings.lane}/member`));
    } catch (err) {
      this.fail(err);
    }
  };
}

/** An agent that does not answer is one that restarts. */
function codeOf(err: unknown): string {
  return err instanceof Problem ? err.code : 'agent_restarting';
}

export const desk = new Desk();

/** One key per action. F5, F11 and F12 stay the browser's. */
export const KEYS: Readonly<Record<string, () => void>> = {
  F1: desk.keys,
  F2: desk.entry,
  F3: () => desk.form(),
  F4: desk.points,
  F6: desk.number,
  F7: () => void desk.forget(),
  F8: desk.pin,
  F9: desk.pay,
  F10: desk.menu,
  Pause: desk.lock,
};

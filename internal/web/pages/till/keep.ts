// What must survive a reload: what was typed, and the key of a sale whose answer has not come.
import type { Draft } from './entry';

/** The part of Storage that is used here. */
export type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/**
 * A sale that may have reached the agent. The key is made before the first try and kept until there is an answer; the body
 * is kept byte for byte, because the same key with another body is refused.
 *
 * A member's typed number must not stay on disk, so a sale with one is kept without its body: after a reload the agent is
 * asked whether it went through, and if not, the cashier pays again under the same key.
 */
export interface Pending {
  key: string;
  body: string | null;
}

/** A basket as it was typed. */
export interface Basket {
  lines: Draft[];
  key: string; // of the sale that this basket becomes; empty before the first try to pay
}

/** Keeps what is practised until the training or the page is over. */
export class Passing implements Store {
  readonly #kept = new Map<string, string>();
  getItem = (key: string): string | null => this.#kept.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.#kept.set(key, value);
  removeItem = (key: string): void => void this.#kept.delete(key);
}

export class Keep {
  readonly #store: Store;
  readonly #lane: number;

  constructor(store: Store, lane: number) {
    this.#store = store;
    this.#lane = lane;
  }

  #name(what: string): string {
    return `loyaltill.${what}.${this.#lane}`;
  }

  #read(what: string): unknown {
    const text = this.#store.getItem(this.#name(what));
    if (text === null) return undefined;
    try {
      return JSON.parse(text);
    } catch {
      return undefined; // cut off by a power failure; nothing of it can be trusted
    }
  }

  #write(what: string, value: unknown): void {
    if (value === undefined) this.#store.removeItem(this.#name(what));
    else this.#store.setItem(this.#name(what), JSON.stringify(value));
  }

  pending(): Pending | undefined {
    const p = this.#read('pending') as Partial<Pending> | undefined;
    if (typeof p?.key !== 'string' || p.key === '') return undefined;
    return { key: p.key, body: typeof p.body === 'string' ? p.body : null };
  }

  /** Must be called before the sale is sent. */
  hold(key: string, body: string, withNumber: boolean): void {
    this.#write('pending', { key, body: withNumber ? null : body } satisfies Pending);
  }

  settle(): void {
    this.#write('pending', undefined);
  }

  /** The key of something other than a sale of which no answer has come; empty when nothing is open. */
  key(what: string): string {
    const key = this.#read(what);
    return typeof key === 'string' ? key : '';
  }

  holdKey(what: string, key: string | undefined): void {
    this.#write(what, key);
  }

  basket(): Basket {
    const b = this.#read('basket') as Partial<Basket> | undefined;
    return { lines: Array.isArray(b?.lines) ? b.lines.filter(isDraft) : [], key: typeof b?.key === 'string' ? b.key : '' };
  }

  keepBasket(basket: Basket): void {
    this.#write('basket', basket.lines.length === 0 && basket.key === '' ? undefined : basket);
  }
}

function isDraft(v: unknown): v is Draft {
  const d = v as Partial<Draft> | null;
  return typeof d === 'object' && d !== null && typeof d.sku === 'string' && typeof d.name === 'string' &&
    typeof d.category === 'string' && Number.isSafeInteger(d.quantity) && Number.isSafeInteger(d.price) && Number.isSafeInteger(d.tax) &&
    (d.fixed === undefined || Number.isSafeInteger(d.fixed.amount));
}

// Secrets while a member types them: the PIN, or the PUK and a new PIN twice. The digits live in arrays that are overwritten
// after use; they are never in an input field, where a browser could offer to keep them, and never in anything that is stored.

export const SHORTEST = 4;
export const LONGEST = 8;
/** Digits that nobody sends are forgotten. */
const KEPT_MS = 30_000;

/** One row of digits after the other; the last one that was begun is being typed. */
export class Typed {
  readonly #rows: readonly Uint8Array[];
  #at = $state(0);
  #count = $state(0);
  readonly #ends: number[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** The first row may be shorter than a PIN where it is a number. */
  constructor(rows: number, readonly shortest: number = SHORTEST) {
    this.#rows = Array.from({ length: rows }, () => new Uint8Array(LONGEST));
  }

  get at(): number {
    return this.#at;
  }

  get count(): number {
    return this.#count;
  }

  get enough(): boolean {
    return this.#count >= (this.#at === 0 ? this.shortest : SHORTEST);
  }

  /** False when there is no room: nothing of this row can be meant then. */
  press(digit: number): boolean {
    if (this.#count === LONGEST) {
      this.forget(this.#at); // a scanner, or somebody leaning on the keys
      return false;
    }
    this.#row(this.#at)[this.#count] = digit;
    this.#count++;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.forget(), KEPT_MS);
    return true;
  }

  takeBack(): void {
    if (this.#count === 0) return;
    this.#count--;
    this.#row(this.#at)[this.#count] = 0;
  }

  /** Goes to the next row; false when this is the last. */
  next(): boolean {
    this.#ends[this.#at] = this.#count;
    if (this.#at === this.#rows.length - 1) return false;
    this.#at++;
    this.#count = 0;
    return true;
  }

  /** Overwrites a row and those behind it, and goes back to it. */
  forget(from = 0): void {
    for (const row of this.#rows.slice(from)) row.fill(0);
    this.#at = from;
    this.#count = 0;
    if (from === 0) clearTimeout(this.#timer);
  }

  /** What stands in the row that is being typed; for a row that is no secret. */
  digits(): string {
    return this.#row(this.#at).subarray(0, this.#count).join('');
  }

  /** The digits of a row that is whole. */
  text(row: number): string {
    return this.#row(row).subarray(0, this.#ends[row]).join('');
  }

  #row(at: number): Uint8Array {
    const row = this.#rows[at];
    if (!row) throw new Error(`no row ${at}`);
    return row;
  }
}

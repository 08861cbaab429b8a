// Tells a scanner from fingers: it types faster than anybody does, and puts a sign in front that no PIN has.

/** No finger follows another so soon, four times in a row. */
const FAST_MS = 25;
const RUN = 4;
/** A scan is over, with the key that ends it, when nothing came for so long. */
const QUIET_MS = 80;

/** The keys of one field that takes digits alone. Times are those of the events: a page that is busy sees keys late, all at once. */
export class Scan {
  #last = -Infinity;
  #run = 0;
  #on = false;

  /** True while what comes is a scan: nothing of it is the field's, not even the key that ends it. */
  heard(key: string, at: number, digit: boolean): boolean {
    const gap = at - this.#last;
    this.#last = at;
    if (this.#on && gap < QUIET_MS) return true;
    this.#on = false;
    const sign = key.length === 1;
    if (!sign) return false;
    this.#run = gap < FAST_MS ? this.#run + 1 : 1;
    this.#on = this.#run >= RUN || (!digit && key !== ' ');
    return this.#on;
  }
}

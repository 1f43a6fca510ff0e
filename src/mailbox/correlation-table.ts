// Asks that await their answers. An answer finds its ask by number, once: a second or late one finds nothing.
import { PENDING_MAX } from '../base/limits.ts';

const LAST_NUMBER = 0xffff_ffff;

/** Open asks by correlation number. One thread uses it. */
export class CorrelationTable<Ask> {
  readonly #asks = new Map<number, Ask>();
  readonly #capacity: number;
  #last: number;

  /**
   * @param capacity most asks that are open at once.
   * @param start the number before the first; tests put it before the wrap.
   */
  constructor(capacity: number = PENDING_MAX, start = 0) {
    this.#capacity = capacity;
    this.#last = start;
  }

  /** Opens an ask. @returns its number, from 1 to 2^32 - 1; 0 when the table is full. */
  open(ask: Ask): number {
    if (this.#asks.size >= this.#capacity) return 0;
    do this.#last = this.#last === LAST_NUMBER ? 1 : this.#last + 1;
    while (this.#asks.has(this.#last)); // After 2^32 asks: one that is still open keeps its number.
    this.#asks.set(this.#last, ask);
    return this.#last;
  }

  /** Closes an ask. @returns it, or undefined when it is not open: then the answer is late. */
  take(correlation: number): Ask | undefined {
    const ask = this.#asks.get(correlation);
    if (ask !== undefined) this.#asks.delete(correlation);
    return ask;
  }

  /** Closes all asks that `matches` accepts, for when a receiver has died. */
  takeAll(matches: (ask: Ask) => boolean = (): boolean => true): Ask[] {
    const taken: Ask[] = [];
    for (const [correlation, ask] of this.#asks) {
      if (!matches(ask)) continue;
      this.#asks.delete(correlation);
      taken.push(ask);
    }
    return taken;
  }

  /** Open asks. */
  get size(): number {
    return this.#asks.size;
  }
}

// What one thread reads as time: a monotonic clock with a zero of its own, which may run fast or slow, leap forward (a
// machine that slept) or stand still (a coarse clock). It never goes back, as performance.now() does not.

/** The clock of one node. */
export class SimClock {
  #originMs: number;
  #rate = 1;
  #sinceUs = 0;
  #lastMs: number;
  #frozenUntilUs = 0;

  /** @param originMs what it reads at the start of the run. */
  constructor(originMs: number) {
    this.#originMs = originMs;
    this.#lastMs = originMs;
  }

  /** What it reads at a virtual time, in milliseconds. */
  readMs(nowUs: number): number {
    if (nowUs < this.#frozenUntilUs) return this.#lastMs;
    this.#lastMs = Math.max(this.#lastMs, this.#originMs + ((nowUs - this.#sinceUs) / 1000) * this.#rate);
    return this.#lastMs;
  }

  /** From now on it runs at `rate` (1 is right). */
  setRate(nowUs: number, rate: number): void {
    this.#originMs = this.readMs(nowUs);
    this.#sinceUs = nowUs;
    this.#rate = rate;
  }

  /** It leaps forward. */
  leap(ms: number): void {
    this.#originMs += ms;
  }

  /** It stands still for so long, then catches up. */
  freeze(nowUs: number, forUs: number): void {
    this.readMs(nowUs);
    this.#frozenUntilUs = nowUs + forUs;
  }

  /** It goes on at once, and catches up. */
  thaw(): void {
    this.#frozenUntilUs = 0;
  }
}

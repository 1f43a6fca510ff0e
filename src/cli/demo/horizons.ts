// What the judge has been told so far: up to which instant, and which writes.

/** Up to when each client has reported everything: whatever it reports from now on began at its horizon or later. */
export class Horizons {
  readonly #ticks: number[];
  #oldest = 0;

  constructor(clients: number) {
    this.#ticks = Array.from({ length: clients }, () => 0);
  }

  /** The horizon of all clients together. */
  get oldest(): number {
    return this.#oldest;
  }

  /** @returns whether the horizon of all moved. @throws {RangeError} on an unknown client. */
  advance(client: number, tick: number): boolean {
    const horizon = this.#ticks[client];
    if (horizon === undefined) throw new RangeError(`Cannot judge client ${client}: there is none`);
    if (tick > horizon) this.#ticks[client] = tick;
    const before = this.#oldest;
    this.#oldest = Math.min(...this.#ticks);
    return this.#oldest > before;
  }

  /** Nothing more is reported. */
  finish(tick: number): void {
    this.#ticks.fill(tick);
    this.#oldest = tick;
  }
}

/** Which numbers were reported: all below a mark, and few beyond it. */
export class ReportedNumbers {
  #next = 0;
  readonly #beyond = new Set<number>();

  add(number: number): void {
    if (number !== this.#next) {
      this.#beyond.add(number);
      return;
    }
    this.#next += 1;
    while (this.#beyond.delete(this.#next)) this.#next += 1;
  }

  has(number: number): boolean {
    return number < this.#next || this.#beyond.has(number);
  }
}

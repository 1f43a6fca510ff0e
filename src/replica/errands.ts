// The operations that one call has under way, where it takes several: a scan, say. What they end as, the call is told,
// unless it is over by then.
import type { Operation } from './operation.ts';

/** What it takes of the client's core. */
export interface ErrandCore {
  submit(operation: Operation): void;
  cancel(operation: Operation, reason: unknown): void;
}

/** The operations of one call. */
export class Errands {
  readonly #core: ErrandCore;
  readonly #underWay = new Set<Operation>();
  #isOver = false;

  constructor(core: ErrandCore) {
    this.#core = core;
  }

  /** Whether the call is over: what still ends is not told to it. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Submits an operation. `ended` takes what it needs of it at once, since it is used again. */
  run(operation: Operation, ended: (operation: Operation) => void): void {
    operation.context = (settled: Operation): void => {
      this.#underWay.delete(settled);
      if (!this.#isOver) ended(settled);
    };
    this.#underWay.add(operation);
    this.#core.submit(operation);
  }

  /**
   * The call is over. What is under way ends by itself, at its deadline: this may be called while the operations of a
   * coordinator are being settled, and one that is cancelled then could be settled twice.
   */
  end(): void {
    this.#isOver = true;
  }

  /** The caller gives up: nothing is left under way. To be called by nobody who is told of an end. */
  cancel(): void {
    this.#isOver = true;
    for (const operation of this.#underWay) this.#core.cancel(operation, undefined);
  }
}

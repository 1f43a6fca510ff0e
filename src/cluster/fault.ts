// Faults that a replica commits on itself when told to: for the demo, torture and tests.

import type { FailPoint } from './fail-point.ts';

/** What can be injected. */
export type Fault = 'terminate' | 'hang' | 'oom' | FailPoint;

/** The fault word: 0 is none. */
export const FAULT_CODES = { hang: 1, oom: 2 } as const;

/** Commits the fault on the replica's thread: a hang never returns, an exhausted heap takes some turns. */
export class FaultCommitter {
  readonly #leaked: unknown[][] = [];

  /** Whether it leaks until the heap is exhausted: the thread must not sleep meanwhile. */
  get isLeaking(): boolean {
    return this.#leaked.length > 0;
  }

  commit(code: number): void {
    if (code === FAULT_CODES.hang) for (;;);
    if (code === FAULT_CODES.oom) this.leak();
  }

  /**
   * Leaks about 1 MiB in small allocations: a single huge one would end the whole process, which no limit on a thread
   * contains. The list of lists stays short for the same reason.
   */
  leak(): void {
    for (let list = 0; list < 16; list++) {
      const leaked: unknown[] = [];
      for (let index = 0; index < 512; index++) leaked.push({ index, text: `${this.#leaked.length}:${index}` });
      this.#leaked.push(leaked);
    }
  }
}

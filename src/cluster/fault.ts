// Faults that a replica commits on itself when told to: for the demo, torture and tests.

import type { KeyTable } from '../replica/key-table.ts';
import type { FailPoint } from './fail-point.ts';

/** What can be injected. */
export type Fault = 'terminate' | 'hang' | 'oom' | Survived | FailPoint;

/** What a replica survives. */
export type Survived = 'pause' | 'corrupt';

/** The fault word: 0 is none. */
export const FAULT_CODES = { hang: 1, oom: 2, pause: 3, corrupt: 4 } as const;

/** How long a pause lasts, in milliseconds. */
export const PAUSE_MS = 500;

/** Whether a replica goes on after the fault. */
export function isSurvived(fault: Fault): fault is Survived {
  return fault === 'pause' || fault === 'corrupt';
}

/** Commits the fault on the replica's thread: a hang never returns, an exhausted heap takes some turns. */
export class FaultCommitter {
  readonly #leaked: unknown[][] = [];

  /** Whether it leaks until the heap is exhausted: the thread must not sleep meanwhile. */
  get isLeaking(): boolean {
    return this.#leaked.length > 0;
  }

  commit(code: number, table: KeyTable): void {
    if (code === FAULT_CODES.hang) for (;;);
    if (code === FAULT_CODES.pause) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    if (code === FAULT_CODES.corrupt) corruptOne(table);
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

/** Flips a bit of the first value whose bytes are this replica's own. */
function corruptOne(table: KeyTable): void {
  for (const { valueBytes, value } of table.entries()) {
    if (valueBytes <= 0) continue;
    value[0]! ^= 1 << 8;
    return;
  }
}

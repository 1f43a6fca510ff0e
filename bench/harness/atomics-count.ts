// Where the threads of one process count their atomic operations, in shared memory that each of them inherits: a row
// for each thread, which it alone writes. Who counts is `cluster/programs/count-atomics.ts`.
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';

/** What a thread may be, by the program that it runs. */
export const ROLES = ['client', 'replica', 'other'] as const;
export type Role = (typeof ROLES)[number];

/** Columns: all atomic operations of a role, and those of them that read and write in one. */
export interface AtomicCounts {
  readonly all: number;
  readonly exchanges: number;
}

const KEY = 'quorate-bench:atomics';
const ROWS = 64;
const ROLE = 0;
const ALL = 1;
const EXCHANGES = 2;
const COLUMNS = 16; // A cache line each, so that counting disturbs little.

/** Counts for one thread. */
export interface AtomicsCounter {
  count(isExchange: boolean): void;
}

/** Begins to count for this thread; the first one makes the memory for all. */
export function openAtomicsCounter(role: Role): AtomicsCounter {
  const counts = countsOfProcess() ?? new Int32Array(new SharedArrayBuffer(4 * COLUMNS * (ROWS + 1)));
  setEnvironmentData(KEY, counts.buffer);
  const row = Atomics.add(counts, 0, 1) + 1;
  if (row > ROWS) throw new RangeError(`Cannot count for more than ${ROWS} threads`);
  const at = row * COLUMNS;
  counts[at + ROLE] = ROLES.indexOf(role);
  return {
    count: (isExchange) => {
      counts[at + ALL]!++;
      if (isExchange) counts[at + EXCHANGES]!++;
    },
  };
}

/** What all threads of a role have counted by now; `undefined` where nobody counts. */
export function atomicsOf(role: Role): AtomicCounts | undefined {
  const counts = countsOfProcess();
  if (counts === undefined) return undefined;
  let all = 0;
  let exchanges = 0;
  for (let row = 1; row <= ROWS; row++) {
    const at = row * COLUMNS;
    if (ROLES[counts[at + ROLE]!] !== role) continue;
    all += counts[at + ALL]!;
    exchanges += counts[at + EXCHANGES]!;
  }
  return { all, exchanges };
}

function countsOfProcess(): Int32Array | undefined {
  const buffer: unknown = getEnvironmentData(KEY);
  return buffer instanceof SharedArrayBuffer ? new Int32Array(buffer) : undefined;
}

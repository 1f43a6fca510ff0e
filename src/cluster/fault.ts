// Faults that a replica commits on itself when told to: for the demo, torture and tests.

/** What can be injected. */
export type Fault = 'terminate' | 'hang' | 'oom';

/** The fault word: 0 is none. */
export const FAULT_CODES = { hang: 1, oom: 2 } as const;

/** Commits the fault; it never returns. Replica's thread. */
export function commitFault(code: number): void {
  if (code === FAULT_CODES.hang) for (;;);
  if (code === FAULT_CODES.oom) exhaustHeap();
}

/** In small allocations: a single huge one would end the whole process, which no limit on a thread contains. */
function exhaustHeap(): never {
  const kept: unknown[][] = [];
  for (;;) {
    const chunk: unknown[] = [];
    for (let index = 0; index < 512; index++) chunk.push({ index, text: `${kept.length}:${index}` });
    kept.push(chunk);
    if (kept.length % 8192 === 0) kept.push(kept.splice(0));
  }
}

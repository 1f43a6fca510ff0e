// Checks the history of one register against the only definition that counts: is there an order of the operations, each
// taking effect once between its start and its end, in which every read returns what was written last?
//
// Source: Wing and Gong, "Testing and Verifying Concurrent Objects" (1993), with the memo of Lowe, "Testing for
// Linearizability" (2017). The search looks at each pair (set of operations that took effect, value) once.

/** One operation of a client. Times are positions in the history: no two are equal. */
export interface Operation {
  readonly kind: 'read' | 'write' | 'exchange';
  /** What was written or returned; `undefined` is the absent value. Every write of a history has a value of its own. */
  readonly value: string | undefined;
  /** What an exchange, which writes, has found; of one that is open nothing is known. */
  readonly before?: string | undefined;
  readonly start: number;
  /** When the answer came; `undefined` while the operation is open: it takes effect at any later time, or never. */
  readonly end: number | undefined;
}

/** Whether the history is linearizable; if not, the operations that no order explains, for people. */
export type Verdict =
  | { readonly kind: 'linearizable' }
  | { readonly kind: 'violation'; readonly longest: readonly Operation[]; readonly stuck: readonly Operation[] };

/** Most operations of one history: a set of them is a mask of two words. */
export const OPERATIONS_MAX = 52;

interface Search {
  readonly operations: readonly Operation[];
  readonly seen: Set<string>;
  longest: readonly Operation[];
}

/** Checks the history of a register that begins absent. */
export function checkRegister(history: readonly Operation[]): Verdict {
  // An open read said nothing to anybody.
  const operations = history.filter(({ kind, end }) => kind !== 'read' || end !== undefined);
  if (operations.length > OPERATIONS_MAX) throw new RangeError(`Cannot check ${operations.length} operations at once`);
  const search: Search = { operations, seen: new Set(), longest: [] };
  if (isExplained(search, { done: 0, value: undefined, order: [] })) return { kind: 'linearizable' };
  const stuck = operations.filter(({ end }) => end !== undefined).filter((each) => !search.longest.includes(each));
  return { kind: 'violation', longest: search.longest, stuck };
}

interface Prefix {
  /** Operations that took effect, as the sum of their powers of two. */
  readonly done: number;
  readonly value: string | undefined;
  readonly order: readonly Operation[];
}

function isExplained(search: Search, { done, value, order }: Prefix): boolean {
  const { operations, seen } = search;
  const key = `${done}:${value ?? ''}:${value === undefined}`;
  if (seen.has(key)) return false;
  seen.add(key);
  if (order.length > search.longest.length) search.longest = order;
  const isDone = (index: number): boolean => Math.floor(done / 2 ** index) % 2 === 1;
  let deadline = Number.POSITIVE_INFINITY;
  operations.forEach(({ end }, index) => {
    if (end !== undefined && !isDone(index)) deadline = Math.min(deadline, end);
  });
  if (deadline === Number.POSITIVE_INFINITY) return true; // Only open writes are left.
  return operations.some((operation, index) => {
    if (isDone(index) || operation.start > deadline) return false;
    if (operation.kind === 'read' && operation.value !== value) return false;
    if (operation.kind === 'exchange' && operation.end !== undefined && operation.before !== value) return false;
    const after = operation.kind === 'read' ? value : operation.value;
    return isExplained(search, { done: done + 2 ** index, value: after, order: [...order, operation] });
  });
}

/** One operation as text, such as `write v3 [4, 9]`. */
export function describeOperation({ kind, value, before, start, end }: Operation): string {
  const found = kind === 'exchange' && end !== undefined ? `${before ?? 'absent'} by ` : '';
  return `${kind} ${found}${value ?? 'absent'} [${start}, ${end ?? 'open'}]`;
}

// What the searches for a legal order share: their input, their budget and their outcome.
import type { Operation } from './history.ts';
import type { Model, SearchLimits } from './model.ts';

/** Configurations and bytes that all searches of one check may still use together. */
export interface Budget {
  steps: number;
  memoBytes: number;
}

const STEPS_DEFAULT = 50_000_000;
const MEMO_BYTES_DEFAULT: number = 512 * 1024 * 1024;

export function budgetOf({ stepsMax = STEPS_DEFAULT, memoBytesMax = MEMO_BYTES_DEFAULT }: SearchLimits): Budget {
  return { steps: stepsMax, memoBytes: memoBytesMax };
}

/** What a search found. `impossible` is the operation whose return no order gets past, whichever was tried. */
export type Outcome =
  | { readonly kind: 'ok' }
  | { readonly kind: 'illegal'; readonly impossible: Operation }
  | { readonly kind: 'unknown'; readonly reason: string };

export const OK: Outcome = { kind: 'ok' };
export const OUT_OF_STEPS: Outcome = { kind: 'unknown', reason: 'looked at as many configurations as allowed' };
export const OUT_OF_MEMORY: Outcome = { kind: 'unknown', reason: 'the memo takes as many bytes as allowed' };

/** The operations of one object in the order in which they were called and returned. */
export interface ObjectHistory {
  /** By `start`, without those that no order could miss: reads that never returned. */
  readonly operations: readonly Operation[];
  /** Calls and returns in order: `i` is the call of `operations[i]`, and `~i` its return. */
  readonly events: Int32Array;
}

/** Orders the calls and returns. Where a call and a return have one position, neither precedes the other. */
export function orderEvents(all: readonly Operation[], model: Model): ObjectHistory {
  const kept = model.isRead === undefined ? all : all.filter((one) => one.end !== Infinity || !isRead(model, one));
  const operations = isByStart(kept) ? kept : kept.toSorted((a, b) => a.start - b.start);
  const returns = orderReturns(operations);
  const events = new Int32Array(operations.length + returns.length);
  let at = 0;
  let call = 0;
  for (const returned of returns) {
    const end = operations[returned]!.end;
    while (call < operations.length && operations[call]!.start <= end) events[at++] = call++;
    events[at++] = ~returned;
  }
  while (call < operations.length) events[at++] = call++;
  return { operations, events };
}

export function isRead(model: Model, operation: Operation): boolean {
  return model.isRead !== undefined && model.isRead(operation);
}

function isByStart(operations: readonly Operation[]): boolean {
  for (let at = 1; at < operations.length; at++) {
    if (operations[at - 1]!.start > operations[at]!.start) return false;
  }
  return true;
}

/** The operations that returned, by `end`. */
function orderReturns(operations: readonly Operation[]): Uint32Array {
  const { length } = operations;
  const returned = new Uint32Array(length);
  let count = 0;
  for (let index = 0; index < length; index++) if (operations[index]!.end !== Infinity) returned[count++] = index;
  const indices = returned.subarray(0, count);
  const spread = spreadReturns(operations, indices);
  return spread ?? indices.sort((a, b) => operations[a]!.end - operations[b]!.end || a - b);
}

/** The same without a comparison, where positions are distinct small integers, as recorders number them. */
function spreadReturns(operations: readonly Operation[], returned: Uint32Array): Uint32Array | undefined {
  const positions = 8 * operations.length;
  const indexAt = new Uint32Array(positions);
  for (const index of returned) {
    const { end } = operations[index]!;
    if (!Number.isInteger(end) || end < 0 || end >= positions || indexAt[end] !== 0) return undefined;
    indexAt[end] = index + 1;
  }
  let count = 0;
  const ordered = new Uint32Array(returned.length);
  for (const index of indexAt) if (index !== 0) ordered[count++] = index - 1;
  return ordered;
}

// The records of a key as a history of a register, which checkers read.
import type { Operation } from '../check/history.ts';
import { ABSENT, CALLS, CORRUPT, RECORD, STATES } from './ledger.ts';

/** The records of one key, once nobody writes to them any more. */
export interface KeyRecords {
  readonly key: string;
  readonly records: Int32Array;
  /** Where the cluster's state was lost on purpose while the key was in use: what began later says nothing. */
  readonly lossTick: number | undefined;
}

/** What a read returned that was written by nobody. */
export const FOREIGN = 'not a value of this key';

/**
 * The history of a key: `read` and `write` of a register that holds `null` at first; to delete is to write `null`.
 *
 * A write that was left open and whose value nobody read is left out: a register never tells whether it happened, so
 * such a history is linearizable with it exactly if it is without it, and open writes are what makes checking slow.
 */
export function historyOf({ key, records, lossTick }: KeyRecords): Operation[] {
  const operations: Operation[] = [];
  const seen = new Set<number>();
  for (let at = 0; at < records.length; at += RECORD.WORDS) {
    if (records[at + RECORD.CALL] === CALLS.get && records[at] === STATES.DONE) seen.add(records[at + RECORD.VALUE]!);
  }
  for (let at = 0; at < records.length; at += RECORD.WORDS) {
    const operation = operationAt(records, at, { key, lossTick });
    if (operation === undefined) continue;
    const isUnseen = operation.end === Infinity && !seen.has(records[at + RECORD.VALUE]!);
    if (!isUnseen) operations.push(operation);
  }
  return operations.sort((one, other) => one.start - other.start);
}

function operationAt(
  records: Int32Array,
  at: number,
  { key, lossTick = Infinity }: Pick<KeyRecords, 'key' | 'lossTick'>,
): Operation | undefined {
  const state = records[at + RECORD.STATE]!;
  const call = records[at + RECORD.CALL]!;
  const start = records[at + RECORD.START]! >>> 0;
  if (state === STATES.EMPTY || state === STATES.VOID || start > lossTick) return undefined;
  const returned = records[at + RECORD.END]! >>> 0;
  const end = state === STATES.DONE && returned < lossTick ? returned : Infinity;
  const process = records[at + RECORD.PROCESS]!;
  const value = valueOf(records[at + RECORD.VALUE]!);
  if (call !== CALLS.get) return { process, key, call: 'write', input: value, output: undefined, start, end };
  return end === Infinity ? undefined : { process, key, call: 'read', input: undefined, output: value, start, end };
}

function valueOf(word: number): number | string | null {
  if (word === ABSENT) return null;
  return word === CORRUPT ? FOREIGN : word;
}

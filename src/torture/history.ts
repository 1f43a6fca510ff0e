// The records of a key as a history of a register, which checkers read.
import type { Operation } from '../check/history.ts';
import { ANY } from '../check/model.ts';
import { ABSENT, CALLS, CORRUPT, RECORD, STATES, UNTOLD } from './ledger.ts';

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
 * The history of a key: `read`, `write` and `exchange` of a register that holds `null` at first; to delete is to write
 * `null`, and a change is an exchange, whose output is what it found.
 *
 * A write or exchange that was left open and whose value nobody saw is left out: a register never tells whether it
 * happened, so such a history is linearizable with it exactly if it is without it, and open calls are what makes
 * checking slow. One whose value was seen has happened before the first that saw it returned: that is its end.
 *
 * A value says what its writer found when it made it. Where that is not what the writer itself was told, the change was
 * made twice: the read is one of a value that nobody wrote.
 */
export function historyOf({ key, records, lossTick = Infinity }: KeyRecords): Operation[] {
  const entries = Array.from({ length: records.length / RECORD.WORDS }, (_, index) =>
    entryOf(records, index, lossTick),
  );
  const sights = sightsOf(entries);
  return entries
    .flatMap((entry) => operationOf(entry, { key, entries, sights }) ?? [])
    .sort((one, other) => one.start - other.start);
}

/** One record. */
interface Entry {
  /** Whether it is part of the history at all. */
  readonly isPart: boolean;
  readonly call: number;
  readonly process: number;
  readonly value: number;
  readonly found: number;
  readonly start: number;
  /** Infinity where it was left open. */
  readonly end: number;
}

/** What is known of a value by those who saw it. */
interface Seen {
  /** When the first of them had returned. */
  readonly end: number;
  /** What it says that its writer found; UNTOLD where nobody has read that. */
  readonly found: number;
}

interface Whole {
  readonly key: string;
  readonly entries: readonly Entry[];
  readonly sights: ReadonlyMap<number, Seen>;
}

function entryOf(records: Int32Array, index: number, lossTick: number): Entry {
  const at = index * RECORD.WORDS;
  const state = records[at + RECORD.STATE]!;
  const start = records[at + RECORD.START]! >>> 0;
  const returned = records[at + RECORD.END]! >>> 0;
  return {
    isPart: state !== STATES.EMPTY && state !== STATES.VOID && start <= lossTick,
    call: records[at + RECORD.CALL]!,
    process: records[at + RECORD.PROCESS]!,
    value: records[at + RECORD.VALUE]!,
    found: records[at + RECORD.FOUND]!,
    start,
    end: state === STATES.DONE && returned < lossTick ? returned : Infinity,
  };
}

/** By number of the value. What was found by an operation that was seen itself, was seen with that. */
function sightsOf(entries: readonly Entry[]): ReadonlyMap<number, Seen> {
  const sights = new Map<number, Seen>();
  const see = (number: number, end: number, told: number): void => {
    const known = sights.get(number);
    const found = known === undefined || known.found === UNTOLD ? told : known.found;
    if (known !== undefined && known.end <= end && known.found === found) return;
    sights.set(number, { end: Math.min(known?.end ?? end, end), found });
    const writer = number > ABSENT ? entries[number - 1] : undefined;
    const before = writer === undefined || writer.found === UNTOLD || writer.call === CALLS.get ? found : writer.found;
    if (before !== UNTOLD) see(before, end, UNTOLD);
  };
  for (const { isPart, call, value, found, end } of entries) {
    if (!isPart || end === Infinity) continue;
    if (call === CALLS.get) see(value, end, found);
    else if (found !== UNTOLD) see(found, end, UNTOLD);
  }
  return sights;
}

function operationOf(entry: Entry, whole: Whole): Operation | undefined {
  const { isPart, call, process, value, start, end } = entry;
  if (!isPart) return undefined;
  const common = { process, key: whole.key, start };
  if (call === CALLS.get) {
    if (end === Infinity) return undefined;
    return { ...common, call: 'read', input: undefined, output: valueRead(entry, whole), end };
  }
  const seen = whole.sights.get(value);
  if (end === Infinity && seen === undefined) return undefined;
  // Nothing tells one absence from another, nor whether what was seen before the call is what it wrote.
  const isBounded = end === Infinity && value !== ABSENT && seen !== undefined && seen.end > start;
  const written = { ...common, input: valueOf(value), end: isBounded ? seen.end : end };
  if (call === CALLS.put || call === CALLS.delete) return { ...written, call: 'write', output: undefined };
  const found = entry.found === UNTOLD && value !== ABSENT ? (seen?.found ?? UNTOLD) : entry.found;
  const output = found === UNTOLD ? ANY : valueOf(found);
  return { ...written, call: 'exchange', output: written.end === Infinity ? undefined : output };
}

/** What a read returned, where that is what was written. */
function valueRead({ value, found }: Entry, { entries, sights }: Whole): number | string | null {
  const writer = entries[value - 1];
  if (value === ABSENT || value === CORRUPT || writer === undefined) return valueOf(value);
  const isBlind = writer.call === CALLS.put;
  const told = isBlind || writer.found !== UNTOLD ? writer.found : sights.get(value)?.found;
  return found === told ? value : FOREIGN;
}

function valueOf(word: number): number | string | null {
  if (word === ABSENT) return null;
  return word === CORRUPT ? FOREIGN : word;
}

// Lists: every read shows how its version came to be, so the order of versions is read off, not guessed.
// Source: Kingsbury and Alvaro, "Elle: Inferring Isolation Anomalies from Experimental Observations" (VLDB 2020),
// on traceable and recoverable objects, their version orders, and what is seen without a cycle.
import { addOvertaken, hasCommitted, hasFailed, shown, sight, sightBadSource, sightLostUpdates } from './inference.ts';
import type { Inference } from './inference.ts';
import type { ListObservation, Read, Write } from './observation.ts';
import type { TransactionValue } from './transaction.ts';

type List = readonly TransactionValue[];

/** The versions of one list, as far as reads show them. */
export interface ListOrder {
  readonly list: ListObservation;
  /** The longest list that was read; the first of equals. */
  readonly longest: Read<List> | undefined;
  /** Reads that are no prefix of it: then the key has no order of versions. */
  readonly deviating: readonly Read<List>[];
  /** The appends of the elements of the longest, in its order; `undefined` for one that nobody appended. */
  readonly elements: readonly (Write | undefined)[];
}

/** Reads the order of versions off the longest read, and notes which open transactions must have committed. */
export function orderList(inference: Inference, list: ListObservation): ListOrder {
  let longest: Read<List> | undefined;
  for (const read of list.reads) if (read.value.length > (longest?.value.length ?? -1)) longest = read;
  const whole = longest?.value ?? [];
  const deviating = list.reads.filter(({ value }) => value.some((element, index) => element !== whole[index]));
  for (const { value } of [{ value: whole }, ...deviating]) {
    for (const element of value) {
      const by = list.writes.get(element)?.by;
      if (by !== undefined && !hasFailed(inference, by)) inference.revealed.add(by);
    }
  }
  return { list, longest, deviating, elements: whole.map((element) => list.writes.get(element)) };
}

/**
 * The list without what each reader itself had appended. Below repeatable-read that shows at the end of a read wherever
 * it lands in the list, because the appends of others may be committed before it.
 */
export function withoutOwn(list: ListObservation): ListObservation {
  const reads: Read<List>[] = [];
  for (const read of list.reads) reads.push({ ...read, value: read.value.slice(0, versionLength(list, read)) });
  return { ...list, reads };
}

/** Adds what one list says: the dependencies of its readers and writers, and the anomalies seen without a cycle. */
export function inferList(inference: Inference, order: ListOrder): void {
  sightInElements(inference, order);
  for (const read of order.list.reads) sightInRead(inference, order, read);
  addReads(inference, order);
  if (order.deviating.length === 0) addVersions(inference, order);
}

function sightInElements(inference: Inference, { list, longest, deviating, elements }: ListOrder): void {
  const key = shown(list.key);
  if (longest === undefined) return;
  const [other] = deviating;
  if (other !== undefined) {
    const sentence = `T1 read key ${key} as ${shown(longest.value)}, T2 as ${shown(other.value)}`;
    sight(inference, 'incompatible-order', { transactions: [longest.by, other.by], sentence });
  }
  for (const read of [longest, ...deviating]) sightInList(inference, list, read);
  const written = elements.flatMap((write) => write ?? []);
  const at = written.findIndex(({ by }) => hasFailed(inference, by));
  const failed = written[at];
  const after = written.find(({ by }, index) => index > at && !hasFailed(inference, by));
  if (failed === undefined || after === undefined) return;
  const sentence = `T2 appended ${shown(after.value)} to key ${key} after ${shown(failed.value)} of T1, and T1 failed`;
  sight(inference, 'dirty-update', { transactions: [failed.by, after.by], sentence });
}

/** Elements that are there twice, come from nowhere, from a failed transaction, or out of their order. */
function sightInList(inference: Inference, list: ListObservation, read: Read<List>): void {
  const key = shown(list.key);
  const isRepeating = new Set(read.value).size < read.value.length;
  if (isRepeating) {
    const sentence = `T1 read key ${key} as ${shown(read.value)}`;
    sight(inference, 'duplicate-elements', { transactions: [read.by], sentence });
  }
  const places = new Map<number, number>();
  for (const element of read.value) {
    const source = list.writes.get(element);
    sightBadSource(inference, read, source);
    if (source === undefined) {
      const sentence = `T1 read key ${key} with ${shown(element)}, which nobody appended`;
      sight(inference, 'unwritten-read', { transactions: [read.by], sentence });
      continue;
    }
    const place = places.get(source.by) ?? 0;
    places.set(source.by, place + 1);
    if (source.place === place || isRepeating) continue;
    const sentence = `T2 read key ${key} with ${shown(element)} of T1, and not in the order of T1's appends`;
    sight(inference, 'incompatible-order', { transactions: [source.by, read.by], sentence });
  }
}

/** The anomalies that one read shows by itself. */
function sightInRead(inference: Inference, { list }: ListOrder, read: Read<List>): void {
  const key = shown(list.key);
  if (!isExpected(list, read)) {
    const sentence = `T1 read key ${key} as ${shown(read.value)}, which is not what it read and appended before`;
    sight(inference, 'internal', { transactions: [read.by], sentence });
  }
  for (const own of list.writesBy.get(read.by)?.slice(read.ownBefore) ?? []) {
    if (read.value.includes(own.value)) sightBadSource(inference, read, own);
  }
  const source = list.writes.get(read.value[versionLength(list, read) - 1] ?? Number.NaN);
  if (source === undefined || source.by === read.by || !hasCommitted(inference, source.by)) return;
  const last = list.writesBy.get(source.by)?.at(-1);
  if (last === undefined || last === source) return;
  const sentence = `T2 read key ${key} up to ${shown(source.value)}, and T1 went on to append ${shown(last.value)}`;
  sight(inference, 'G1b', { transactions: [source.by, read.by], sentence });
}

/** Whether the read returned what the earlier steps of its transaction demand. */
function isExpected({ writesBy }: ListObservation, { by, value, ownBefore, previous }: Read<List>): boolean {
  const own = writesBy.get(by)?.slice(previous?.ownBefore ?? 0, ownBefore) ?? [];
  const from = value.length - own.length;
  if (from < 0 || own.some((write, index) => value[from + index] !== write.value)) return false;
  if (previous === undefined) return true;
  return from === previous.value.length && previous.value.every((element, at) => value[at] === element);
}

/** How many elements the version had that came from other transactions: the read without what its own appended. */
function versionLength({ writesBy }: ListObservation, { by, value, ownBefore }: Read<List>): number {
  const from = value.length - ownBefore;
  const own = writesBy.get(by)?.slice(0, ownBefore) ?? [];
  return own.every((write, index) => value[from + index] === write.value) ? from : value.length;
}

/** The `wr` edges, into each reader; also where the order of versions is not known. */
function addReads(inference: Inference, { list }: ListOrder): void {
  for (const read of list.reads) {
    const source = list.writes.get(read.value[versionLength(list, read) - 1] ?? Number.NaN);
    if (source === undefined || !hasCommitted(inference, source.by)) continue;
    const reason = { key: list.key, before: source.value, after: source.value };
    inference.graph.add(source.by, read.by, { kind: 'wr', reason });
  }
}

/** The `ww` edges between successive versions and the `rw` edges from a version's readers to its successor. */
function addVersions(inference: Inference, { list, elements }: ListOrder): void {
  const { key } = list;
  const { graph } = inference;
  const versions = elements.map((write) => {
    return write !== undefined && hasCommitted(inference, write.by) ? write : undefined;
  });
  const seen = new Set(versions);
  const rest: Write[] = []; // Appended, but in no read: so they came after all that was read.
  for (const [by, writes] of list.writesBy) {
    const write = writes.find((own) => !seen.has(own));
    if (write !== undefined && hasCommitted(inference, by)) rest.push(write);
  }
  let last: Write | undefined;
  for (const write of versions) {
    if (write === undefined) continue;
    if (last !== undefined) addReplaced(last, write);
    last = write;
  }
  if (last !== undefined) for (const write of rest) addReplaced(last, write);

  const readersOfAll = new Set<number>();
  const replaced = new Map<number, unknown>();
  const following = followers(versions);
  for (const read of list.reads) {
    const length = versionLength(list, read);
    const next = following[length];
    const before = read.value[length - 1];
    if (next === undefined) readersOfAll.add(read.by);
    else graph.add(read.by, next.by, { kind: 'rw', reason: { key, before, after: next.value } });
    if (list.writesBy.has(read.by) && !replaced.has(read.by)) replaced.set(read.by, before);
  }
  sightLostUpdates(inference, key, replaced);
  addOvertaken(inference, { key, version: last, readers: readersOfAll, writes: rest });

  function addReplaced(older: Write, newer: Write): void {
    graph.add(older.by, newer.by, { kind: 'ww', reason: { key, before: older.value, after: newer.value } });
  }
}

/** For each length of a list, the first committed write after it. */
function followers(versions: readonly (Write | undefined)[]): readonly (Write | undefined)[] {
  const following: (Write | undefined)[] = Array.from({ length: versions.length + 1 }, () => undefined);
  for (let at = versions.length - 1; at >= 0; at--) following[at] = versions[at] ?? following[at + 1];
  return following;
}

// Registers: a read shows one version and not what it replaced, so only part of the order of versions is inferred.
// Source: Kingsbury and Alvaro, "Elle" (VLDB 2020), on inferring the order of versions of registers.
import { Demands } from '../sessions-order.ts';
import { successionsByCall } from './call-order.ts';
import type { Touch } from './call-order.ts';
import { addOvertaken, hasCommitted, hasFailed, shown, sight, sightBadSource, sightLostUpdates } from './inference.ts';
import type { Inference } from './inference.ts';
import type { Level } from './isolation.ts';
import type { Read, RegisterObservation, Write } from './observation.ts';
import type { TransactionValue } from './transaction.ts';

type Value = TransactionValue | null;

/** A version: its write, or what was there before any. */
type Version = Write | 'initial';

/** One version is older than another, as these transactions show. */
interface Succession {
  readonly older: Version;
  readonly newer: Version;
  readonly shownBy: readonly number[];
}

/** Notes which open transactions must have committed, because something of them was read. */
export function revealWriters(inference: Inference, register: RegisterObservation): void {
  for (const { value } of register.reads) {
    const by = value === null ? undefined : register.writes.get(value)?.by;
    if (by !== undefined && !hasFailed(inference, by)) inference.revealed.add(by);
  }
}

/**
 * Adds what one register says. One version is known to be older than another where
 * - it is the initial one;
 * - one transaction wrote both, this one first; or, from read-committed upwards, wrote the other after it had read it;
 * - at levels that respect the order of calls, the last thing that a transaction did with the key was to read or write
 *   it, and the first thing that a later transaction did was to read or write the other; below repeatable-read writes
 *   only.
 * Were it the other way round, there would be a cycle that the level forbids.
 */
export function inferRegister(inference: Inference, register: RegisterObservation, level: Level): void {
  for (const read of register.reads) sightInRead(inference, register, read);
  addReads(inference, register);
  const successions = successionsOf(inference, register, level);
  const demands = new Demands<Version, readonly number[]>();
  for (const { older, newer, shownBy } of successions) demands.add(demands.of(older), demands.of(newer), shownBy);
  const contradiction = demands.contradiction();
  if (contradiction === undefined) return addVersions(inference, register, successions);
  const transactions = [...new Set(contradiction.flat())];
  const sentence = `these transactions demand that a version of key ${shown(register.key)} be older than itself`;
  sight(inference, 'cyclic-versions', { transactions, sentence });
}

/** The anomalies that one read shows by itself. */
function sightInRead(inference: Inference, register: RegisterObservation, read: Read<Value>): void {
  const key = shown(register.key);
  const transactions = [read.by];
  const own = register.writesBy.get(read.by)?.[read.ownBefore - 1];
  const isOwnLast = own !== undefined && read.ownBefore > (read.previous?.ownBefore ?? 0);
  const expected = isOwnLast ? own.value : read.previous?.value;
  if (expected !== undefined && expected !== read.value) {
    const sentence = `T1 read key ${key} as ${shown(read.value)} where it had ${shown(expected)} before`;
    sight(inference, 'internal', { transactions, sentence });
  }
  if (read.value === null) return;
  const source = register.writes.get(read.value);
  if (source === undefined) {
    const sentence = `T1 read key ${key} as ${shown(read.value)}, which nobody wrote`;
    sight(inference, 'unwritten-read', { transactions, sentence });
  }
  sightBadSource(inference, read, source);
  const last = register.writesBy.get(source?.by ?? -1)?.at(-1);
  if (source === undefined || last === source || last === undefined || source.by === read.by) return;
  if (!hasCommitted(inference, source.by)) return;
  const sentence = `T2 read key ${key} as ${shown(source.value)}, and T1 went on to write ${shown(last.value)}`;
  sight(inference, 'G1b', { transactions: [source.by, read.by], sentence });
}

/** The `wr` edges, into each reader. */
function addReads({ graph, ...inference }: Inference, { key, writes, reads }: RegisterObservation): void {
  for (const { by, value } of reads) {
    const source = value === null ? undefined : writes.get(value);
    if (source === undefined || !hasCommitted({ graph, ...inference }, source.by)) continue;
    graph.add(source.by, by, { kind: 'wr', reason: { key, before: value ?? undefined, after: value ?? undefined } });
  }
}

function successionsOf(inference: Inference, register: RegisterObservation, level: Level): readonly Succession[] {
  const successions: Succession[] = [];
  const isWeak = level.base === 'read-uncommitted' || level.base === 'read-committed';
  const touches: Touch<Version>[] = [];
  const readsBy = new Map<number, Read<Value>[]>();
  for (const read of register.reads) {
    const reads = readsBy.get(read.by);
    if (reads === undefined) readsBy.set(read.by, [read]);
    else reads.push(read);
  }
  for (const by of new Set([...register.writesBy.keys(), ...readsBy.keys()])) {
    if (!hasCommitted(inference, by)) continue;
    const writes = register.writesBy.get(by) ?? [];
    const seen = (readsBy.get(by) ?? []).flatMap(({ value, ownBefore }) => {
      return ownBefore > 0 ? [] : ((value === null ? 'initial' : register.writes.get(value)) ?? []);
    });
    const [first] = writes;
    if (first !== undefined) successions.push({ older: 'initial', newer: first, shownBy: [by] });
    for (const [place, write] of writes.entries()) {
      if (place > 0) successions.push({ older: writes[place - 1]!, newer: write, shownBy: [by] });
    }
    if (first !== undefined && level.base !== 'read-uncommitted') {
      for (const older of seen) if (older !== first) successions.push({ older, newer: first, shownBy: [by] });
    }
    const met = isWeak ? writes : [...seen, ...writes];
    if (met.length > 0) touches.push({ by, first: met[0]!, last: met.at(-1)! });
  }
  for (const { earlier, later } of successionsByCall(inference.operations, touches, level.order)) {
    const [older, newer] = [earlier.last, later.first];
    if (older !== newer) successions.push({ older, newer, shownBy: [earlier.by, later.by] });
  }
  return successions;
}

/** The `ww` edges of successions, and the `rw` edges from the readers of the older version. */
function addVersions(inference: Inference, register: RegisterObservation, successions: readonly Succession[]): void {
  const { key } = register;
  const newerThan = new Map<Version, Set<Write>>();
  for (const { older, newer } of successions) {
    if (newer === 'initial') continue;
    const known = newerThan.get(older);
    if (known === undefined) newerThan.set(older, new Set([newer]));
    else known.add(newer);
  }
  const readersOf = new Map<Version, Set<number>>();
  const replaced = new Map<number, unknown>();
  for (const { by, value, ownBefore } of register.reads) {
    const version = value === null ? 'initial' : register.writes.get(value);
    if (version === undefined || (version !== 'initial' && version.by === by)) continue;
    if (ownBefore > 0 && version === 'initial') continue;
    const readers = readersOf.get(version);
    if (readers === undefined) readersOf.set(version, new Set([by]));
    else readers.add(by);
    if (ownBefore === 0 && register.writesBy.has(by) && !replaced.has(by)) replaced.set(by, value ?? undefined);
  }
  sightLostUpdates(inference, key, replaced);
  for (const [older, newer] of newerThan) {
    const version = older === 'initial' ? undefined : older;
    const writes = [...newer].filter(({ by }) => hasCommitted(inference, by));
    const readers = readersOf.get(older) ?? new Set();
    addOvertaken(inference, { key, version, readers, writes });
    if (version === undefined || !hasCommitted(inference, version.by)) continue;
    for (const { by, value } of writes) {
      const reason = { key, before: version.value, after: value };
      inference.graph.add(version.by, by, { kind: 'ww', reason });
    }
  }
}

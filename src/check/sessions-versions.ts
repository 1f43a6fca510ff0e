// The vocabulary of reads and writes that sessions and staleness are checked on, and which versions there were.
import { typeError } from '../base/errors.ts';
import type { Explanation, Operation, Verdict } from './history.ts';
import { ANY } from './model.ts';
import { identityOf, textOf } from './models/value.ts';
import type { Identity } from './models/value.ts';

/** How versions are told apart: by the unique values that were written, or by numbers that say which is newer. */
export type VersionsBy = 'value' | 'version';

/** One version of a key: what a write made, or what was there before any write. */
export interface Version {
  readonly key: string;
  /** The value, or the number of the version; `null` for what was there before any write. */
  readonly name: unknown;
  /** The write that made it; `undefined` for the first version, and for one by a write that was never answered. */
  readonly write: Operation | undefined;
}

/** A read or a write that is known to have seen or made a version. */
export interface Access {
  readonly operation: Operation;
  readonly isRead: boolean;
  readonly version: Version;
  /** Whether the caller knows that it happened: it returned. */
  readonly isAnswered: boolean;
}

/** What a history of reads and writes says. */
export interface Accesses {
  /** By start. Reads that never returned, or nobody knows what, are left out; by version also writes that did not. */
  readonly all: readonly Access[];
  readonly versionsOf: ReadonlyMap<string, readonly Version[]>;
  /** A read of something that nobody wrote. */
  readonly unwritten: Access | undefined;
  /** A version that two writes made: then nobody can say which one a read saw. */
  readonly repeated: Version | undefined;
}

/**
 * Reads a history of `read` and `write` operations: see `checkSession`.
 *
 * @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` when an operation is another call, or its version is no number.
 */
export function accessesOf(history: readonly Operation[], by: VersionsBy): Accesses {
  const versions = new VersionTable();
  const keysWithOpenWrites = new Set<string>();
  const all: Access[] = [];
  let repeated: Version | undefined;
  const ordered = history.toSorted((a, b) => a.start - b.start);
  for (const operation of ordered) {
    const { call, key = '', input, end } = operation;
    if (call !== 'write') continue;
    const isAnswered = end !== Number.POSITIVE_INFINITY;
    if (!isAnswered) keysWithOpenWrites.add(key);
    if (!isAnswered && by === 'version') continue;
    const name = by === 'value' ? input : numbered(operation);
    if (versions.find(key, name) !== undefined) repeated ??= versions.find(key, name);
    all.push({ operation, isRead: false, version: versions.add(key, name, operation), isAnswered });
  }
  let unwritten: Access | undefined;
  for (const operation of ordered) {
    const { call, key = '', output, end } = operation;
    if (call === 'write') continue;
    if (call !== 'read') throw refusal(operation, 'its call must be "read" or "write"');
    if (end === Number.POSITIVE_INFINITY || output === ANY) continue;
    const name = by === 'value' || output === null ? output : numbered(operation);
    const known = versions.find(key, name);
    const version = known ?? versions.add(key, name, undefined);
    const access = { operation, isRead: true, version, isAnswered: true };
    const mayBeOpen = by === 'version' && keysWithOpenWrites.has(key);
    if (known === undefined && name !== null && !mayBeOpen) unwritten ??= access;
    all.push(access);
  }
  all.sort((a, b) => a.operation.start - b.operation.start);
  return { all, versionsOf: versions.byKey(), unwritten, repeated };
}

/** What must be said of an illegal history: the operations that are illegal by themselves, the last one to blame. */
export function explanationOf(accesses: readonly Access[], text: readonly string[]): Explanation {
  const operations = [...new Set(accesses.map(({ operation }) => operation))].toSorted((a, b) => a.start - b.start);
  const impossible = operations.at(-1)!;
  return { key: impossible.key, impossible, operations, order: operations.slice(0, -1), text: text.join('\n') };
}

/** Pairs of an earlier and a later access, of which the later must not be older. */
export function pairsInWords(accesses: readonly Access[]): readonly string[] {
  const lines: string[] = [];
  for (let at = 0; at < accesses.length; at += 2) {
    const [earlier, later] = [accesses[at]!, accesses[at + 1]!];
    const demand = `, so ${nameInWords(later.version)} is not older than ${nameInWords(earlier.version)}`;
    const isOfOneKey = later.version.key === earlier.version.key;
    lines.push(`  ${accessInWords(earlier)}`, `  then ${accessInWords(later)}${isOfOneKey ? demand : ''}`);
  }
  return lines;
}

/** Why a history cannot be judged at all, or what is wrong whatever one asks of it. */
export function judgeVersions({ repeated, unwritten }: Accesses, operations: number): Verdict | undefined {
  if (repeated !== undefined) {
    const reason = `${nameInWords(repeated)} was written twice to one key: reads of it tell nothing`;
    return { verdict: 'unknown', operations, reason };
  }
  if (unwritten === undefined) return undefined;
  const explanation = explanationOf([unwritten], [`Nobody wrote what was read: ${accessInWords(unwritten)}`]);
  return { verdict: 'illegal', operations, explanation };
}

/** An operation for people. */
export function accessInWords({ operation, isRead, version }: Access): string {
  const { process: session, start, end } = operation;
  const time = end === Number.POSITIVE_INFINITY ? `from ${start}` : `${start} to ${end}`;
  const key = version.key === '' ? '' : ` ${version.key}`;
  const call = isRead ? `read${key} ->` : `write${key} =`;
  return `process ${session}, ${time}: ${call} ${nameInWords(version)}`;
}

/** A version for people. */
function nameInWords({ name }: Version): string {
  return textOf(name);
}

function numbered(operation: Operation): number | bigint {
  const { output } = operation;
  if (typeof output === 'bigint' || (typeof output === 'number' && !Number.isNaN(output))) return output;
  throw refusal(operation, 'its output must be a version, which is a number or a bigint');
}

function refusal({ call, process: session, start }: Operation, allowed: string): TypeError {
  const what = `Cannot use "${call}" of process ${session} at ${start}`;
  return typeError('ERR_QUORATE_INVALID_ARGUMENT', `${what}: ${allowed}`);
}

class VersionTable {
  readonly #keys = new Map<string, Map<Identity, Version>>();

  find(key: string, name: unknown): Version | undefined {
    return this.#keys.get(key)?.get(identityOf(name));
  }

  add(key: string, name: unknown, write: Operation | undefined): Version {
    const versions = this.#keys.get(key) ?? new Map<Identity, Version>();
    this.#keys.set(key, versions);
    const version = { key, name, write };
    versions.set(identityOf(name), version);
    return version;
  }

  byKey(): ReadonlyMap<string, readonly Version[]> {
    return new Map([...this.#keys].map(([key, versions]) => [key, [...versions.values()]]));
  }
}

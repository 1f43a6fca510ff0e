// The vocabulary of reads and writes that sessions and staleness are checked on, and which versions there were.
import { typeError } from '../base/errors.ts';
import type { Operation } from './history.ts';

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
  /** By start; reads that never returned are left out, and by version also writes that did not. */
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
    const { call, key = '', input, output } = operation;
    if (call !== 'write') continue;
    const isAnswered = output !== undefined;
    if (!isAnswered) keysWithOpenWrites.add(key);
    if (!isAnswered && by === 'version') continue;
    const name = by === 'value' ? input : numbered(operation);
    if (versions.find(key, name) !== undefined) repeated ??= versions.find(key, name);
    all.push({ operation, isRead: false, version: versions.add(key, name, operation), isAnswered });
  }
  let unwritten: Access | undefined;
  for (const operation of ordered) {
    const { call, key = '', output } = operation;
    if (call === 'write' || (call === 'read' && output === undefined)) continue;
    if (call !== 'read') throw refusal(operation, 'its call must be "read" or "write"');
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

/** An operation for people. */
export function accessInWords({ operation, isRead, version }: Access): string {
  const { process, start, end } = operation;
  const time = end === Number.POSITIVE_INFINITY ? `from ${start}` : `${start} to ${end}`;
  const key = version.key === '' ? '' : ` ${version.key}`;
  return `process ${process}, ${time}: ${isRead ? 'read' : 'write'}${key} ${isRead ? '->' : '='} ${nameInWords(version)}`;
}

/** A version for people. */
export function nameInWords({ name }: Version): string {
  return typeof name === 'bigint' ? String(name) : JSON.stringify(name);
}

function numbered(operation: Operation): number | bigint {
  const { output } = operation;
  if (typeof output === 'bigint' || (typeof output === 'number' && !Number.isNaN(output))) return output;
  throw refusal(operation, 'its output must be a version, which is a number or a bigint');
}

function refusal({ call, process, start }: Operation, allowed: string): TypeError {
  const what = `Cannot use "${call}" of process ${process} at ${start}`;
  return typeError('ERR_QUORATE_INVALID_ARGUMENT', `${what}: ${allowed}`);
}

class VersionTable {
  readonly #keys = new Map<string, Map<unknown, Version>>();

  find(key: string, name: unknown): Version | undefined {
    return this.#keys.get(key)?.get(name);
  }

  add(key: string, name: unknown, write: Operation | undefined): Version {
    const versions = this.#keys.get(key) ?? new Map<unknown, Version>();
    this.#keys.set(key, versions);
    const version = { key, name, write };
    versions.set(name, version);
    return version;
  }

  byKey(): ReadonlyMap<string, readonly Version[]> {
    return new Map([...this.#keys].map(([key, versions]) => [key, [...versions.values()]]));
  }
}

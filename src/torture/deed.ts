// What a client does to a key: one call on the store, as a promise or blocking, and what its result says.
import type { ClusterClient } from '../cluster/options.ts';
import type { ChangeResult, OperationOptions, ReadResult, Value, Version, WriteResult } from '../store/store.ts';
import { ABSENT, UNTOLD, keyOf } from './ledger.ts';
import type { Call, Ticket } from './ledger.ts';
import { readStamp, stampedValue } from './stamp.ts';

/** What is called. */
export type Method =
  | 'get'
  | 'put'
  | 'delete'
  | 'update'
  | 'compareAndSet'
  | 'compareAndDelete'
  | 'putIfAbsent'
  | 'putIfVersion'
  | 'deleteIfVersion';

/** What a call ends as. */
export type DeedResult = ReadResult | WriteResult | ChangeResult;

/** What a client knows of a key. */
export interface Known {
  readonly value: Value;
  readonly version: Version | undefined;
}

/** One call. */
export interface Deed {
  readonly call: Call;
  /** Number of the value that it wants to find, else UNTOLD. */
  readonly expects: number;
  start(store: ClusterClient, options: OperationOptions): Promise<DeedResult>;
  /** Blocks. */
  block(store: ClusterClient, options: OperationOptions): DeedResult;
}

/** What a deed is made of. */
export interface DeedParts {
  readonly ticket: Ticket;
  /** Length of what it writes. */
  readonly bytes: number;
  /** What its client saw on the key last. */
  readonly known: Known;
  /** Whether the function of an update is to throw, asked each time that it runs. */
  readonly fails: () => boolean;
}

/** The key holds nothing, or its client has not looked. */
export const NOTHING_KNOWN: Known = { value: undefined, version: undefined };

/** What the functions of updates throw on purpose. */
export class ChangedMind extends Error {
  override readonly name = 'ChangedMind';
}

/** Number of what a key holds. */
export function numberOf(value: Value, ticket: Ticket): number {
  return value === undefined ? ABSENT : readStamp(value, ticket).value;
}

/** The call of `method`. One that needs a version is made without, as a comparison, where its client knows none. */
export function deedOf(method: Method, parts: DeedParts): Deed {
  const isRemoval = method === 'compareAndDelete' || method === 'deleteIfVersion';
  if (method === 'putIfVersion' || method === 'deleteIfVersion') {
    const { version } = parts.known;
    return version === undefined ? comparison(isRemoval, parts) : versioned(isRemoval, version, parts);
  }
  if (method === 'compareAndSet' || method === 'compareAndDelete') return comparison(isRemoval, parts);
  if (method === 'putIfAbsent') return insertion(parts);
  return unconditional(method, parts);
}

function unconditional(call: 'get' | 'put' | 'delete' | 'update', parts: DeedParts): Deed {
  const { ticket, bytes } = parts;
  const key = keyOf(ticket.slot, ticket.generation);
  const value = stampedValue(ticket, bytes);
  const change = changeOf(parts);
  return {
    call,
    expects: UNTOLD,
    start: (store, options) => {
      if (call === 'put') return store.put(key, value, options);
      return call === 'update' ? store.update(key, change, options) : store[call](key, options);
    },
    block: (store, options) => {
      if (call === 'put') return store.putSync(key, value, options);
      return call === 'update' ? store.updateSync(key, change, options) : store[`${call}Sync`](key, options);
    },
  };
}

function insertion({ ticket, bytes }: DeedParts): Deed {
  const key = keyOf(ticket.slot, ticket.generation);
  const value = stampedValue(ticket, bytes, ABSENT);
  return {
    call: 'compare',
    expects: ABSENT,
    start: (store, options) => store.putIfAbsent(key, value, options),
    block: (store, options) => store.putIfAbsentSync(key, value, options),
  };
}

function comparison(isRemoval: boolean, { ticket, bytes, known }: DeedParts): Deed {
  const key = keyOf(ticket.slot, ticket.generation);
  const expects = numberOf(known.value, ticket);
  const next = isRemoval ? undefined : stampedValue(ticket, bytes, expects);
  return {
    call: isRemoval ? 'remove' : 'compare',
    expects,
    start: (store, options) => store.compareAndSet(key, known.value, next, options),
    block: (store, options) => store.compareAndSetSync(key, known.value, next, options),
  };
}

function versioned(isRemoval: boolean, ifVersion: Version, { ticket, bytes, known }: DeedParts): Deed {
  const key = keyOf(ticket.slot, ticket.generation);
  const expects = numberOf(known.value, ticket);
  const next = stampedValue(ticket, bytes, expects);
  return {
    call: isRemoval ? 'remove' : 'compare',
    expects,
    start: (store, options) => {
      const given = { ...options, ifVersion };
      return isRemoval ? store.delete(key, given) : store.put(key, next, given);
    },
    block: (store, options) => {
      const given = { ...options, ifVersion };
      return isRemoval ? store.deleteSync(key, given) : store.putSync(key, next, given);
    },
  };
}

/** The function of an update: what it writes tells what it was given, so that it does not matter how often it runs. */
function changeOf({ ticket, bytes, fails }: DeedParts): (current: Value) => Value {
  return (current) => {
    if (fails()) throw new ChangedMind('The function of this update has thrown on purpose');
    const found = numberOf(current, ticket);
    // Ours: nobody else sees what it does to it.
    if (current instanceof Uint8Array) current.fill(0);
    return stampedValue(ticket, bytes, found);
  };
}

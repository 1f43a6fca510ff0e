// One case of the conformance suite, and what cases share.
import { expect } from 'vitest';
import type { ReadResult, Store, Value, Version, WriteResult } from '../../../src/store/store.ts';

/** What not every engine can do. */
export type Capability =
  /** Values other than bytes and strings come back as they were, whatever they are. */
  | 'plain values'
  /** Values of 16 MiB. */
  | 'large values'
  /** Writes of one client on one key happen in the order of the calls, also without waiting. */
  | 'order of calls'
  /** Levels of one operation. */
  | 'levels'
  /** What was given up in the turn of its call never happens. */
  | 'cancel in the same turn'
  /** Keys may have 1024 bytes, all of them the caller's. */
  | 'keys of 1024 bytes'
  /** A write without a condition may happen from the turn of its call on: it has nothing to look at first. */
  | 'blind writes'
  /** `resolve` knows operations of this client. */
  | 'resolve';

/** What a case works with: two clients of one engine, and a key that nobody else uses. */
export interface CaseParts {
  readonly store: Store;
  readonly other: Store;
  readonly key: string;
}

/** One true sentence, and what shows it. */
export interface ConformanceCase {
  /** Goes on where the title of its group ends. */
  readonly says: string;
  readonly needs?: readonly Capability[];
  readonly run: (parts: CaseParts) => Promise<void>;
}

/** Cases by what their sentences are about. */
export type CaseTable = Readonly<Record<string, readonly ConformanceCase[]>>;

/** A value of an engine's answer, where it has to be `ok`. */
export function valueOf(result: ReadResult | WriteResult): Value {
  expect(result).toMatchObject({ outcome: 'ok' });
  return 'value' in result ? result.value : undefined;
}

/** The version of an answer, where it has to have one. */
export function versionOf(result: ReadResult | WriteResult): Version {
  expect(result).toHaveProperty('version', expect.any(String));
  return 'version' in result && result.version !== undefined ? result.version : '';
}

/** Deletes a key that holds something, so that it is absent in another way than a key that never was. */
export async function deleted({ store, key }: CaseParts): Promise<void> {
  await store.put(key, 'deleted');
  expect(await store.delete(key)).toMatchObject({ outcome: 'ok' });
}

// What is true of values that expire. Time passes by itself here: a case that waits for the moment asks until it is
// there.
import { expect } from 'vitest';
import { valueOf, versionOf } from './case.ts';
import type { CaseParts, CaseTable } from './case.ts';

const ABSENT = { outcome: 'absent' };
const INVALID = { code: 'ERR_QUORATE_INVALID_ARGUMENT' };
const HOUR_MS = 3_600_000;
const SOON = { ttlMs: 5 } as const;
const LATE = { ttlMs: HOUR_MS } as const;

/** Writes a value that expires soon. @returns its version, once a read has not found it any more. */
async function expired({ store, other, key }: CaseParts): Promise<string> {
  const version = versionOf(await store.put(key, 'expires', SOON));
  while ((await other.get(key)).outcome !== 'absent');
  return version;
}

/** In how many milliseconds the value of a key expires. */
async function timeLeft({ other, key }: CaseParts): Promise<number | undefined> {
  const read = await other.get(key);
  return read.outcome === 'ok' ? read.expiresInMs : undefined;
}

async function expectLate(parts: CaseParts): Promise<void> {
  const leftMs = await timeLeft(parts);
  expect(leftMs).toBeGreaterThan(HOUR_MS / 2);
  expect(leftMs).toBeLessThanOrEqual(HOUR_MS);
}

/** Values with a time to live. */
export const EXPIRY_CASES: CaseTable = {
  'A value that expires': [
    {
      says: 'is there before, and says in how many milliseconds, whoever asks',
      run: async (parts) => {
        await parts.store.put(parts.key, 'v', LATE);
        expect(valueOf(await parts.other.get(parts.key))).toBe('v');
        await expectLate(parts);
      },
    },
    {
      says: 'is gone for all once it is for one, and does not come back',
      run: async (parts) => {
        await expired(parts);
        const { store, other, key } = parts;
        for (let each = 0; each < 5; each++) {
          expect(await store.get(key)).toEqual(ABSENT);
          expect(await other.get(key)).toEqual(ABSENT);
        }
      },
    },
    {
      says: 'is gone for getMany and scans',
      run: async (parts) => {
        await expired(parts);
        const { store, key } = parts;
        expect(await store.getMany([key])).toEqual([ABSENT]);
        expect(await store.scan(key)).toEqual({ outcome: 'ok', entries: [] });
      },
    },
    {
      says: 'may be written by putIfAbsent, and once it is gone again',
      run: async ({ store, other, key }) => {
        expect(await store.putIfAbsent(key, 'held', SOON)).toMatchObject({ outcome: 'ok' });
        while ((await other.putIfAbsent(key, 'taken', LATE)).outcome !== 'ok');
        expect(await store.putIfAbsent(key, 'held', SOON)).toMatchObject({ outcome: 'conflict', value: 'taken' });
      },
    },
    {
      says: 'is nothing to a compare-and-set',
      run: async (parts) => {
        await expired(parts);
        const { store, key } = parts;
        const conflict = { outcome: 'conflict', value: undefined, version: undefined };
        expect(await store.compareAndSet(key, 'expires', 1)).toMatchObject(conflict);
        expect(await store.compareAndSet(key, undefined, 1)).toMatchObject({ outcome: 'ok' });
      },
    },
    {
      says: 'conflicts with nothing where its version is named',
      run: async (parts) => {
        const ifVersion = await expired(parts);
        const conflict = { outcome: 'conflict', value: undefined };
        expect(await parts.store.put(parts.key, 1, { ifVersion })).toMatchObject(conflict);
        expect(await parts.store.delete(parts.key, { ifVersion })).toMatchObject(conflict);
      },
    },
    {
      says: 'counts as 0 to an increment, and as nothing to an update',
      run: async (parts) => {
        await expired(parts);
        expect(await parts.store.increment(parts.key, 2)).toMatchObject({ outcome: 'ok', value: 2 });
        await parts.store.delete(parts.key);
        await expired(parts);
        const given: unknown[] = [];
        await parts.store.update(parts.key, (value) => (given.push(value), 'next'));
        expect(given.at(-1)).toBe(undefined);
      },
    },
    {
      says: 'may be large',
      run: async (parts) => {
        const value = new Uint8Array(100_000).fill(7);
        await parts.store.put(parts.key, value, LATE);
        expect(valueOf(await parts.other.get(parts.key))).toEqual(value);
        await expectLate(parts);
      },
    },
    {
      says: 'may be one of a batch',
      run: async (parts) => {
        const { store, key } = parts;
        await store.batch([
          { kind: 'put', key, value: 1, ...LATE },
          { kind: 'put', key: `${key} for good`, value: 1 },
        ]);
        await expectLate(parts);
        expect(await timeLeft({ ...parts, key: `${key} for good` })).toBe(undefined);
      },
    },
  ],
  'The time of a value': [
    {
      says: 'goes on where an update or an increment changes it',
      run: async (parts) => {
        const { store, key } = parts;
        await store.put(key, 1, LATE);
        await store.update(key, Number);
        await store.increment(key);
        await expectLate(parts);
      },
    },
    {
      says: 'begins anew where an update or an increment says so',
      run: async (parts) => {
        const { store, key } = parts;
        await store.put(key, 1);
        await store.update(key, Number, LATE);
        await expectLate(parts);
        await store.increment(key, 1, { ttlMs: 4 * HOUR_MS });
        expect(await timeLeft(parts)).toBeGreaterThan(HOUR_MS);
      },
    },
    {
      says: 'ends where it is written without one',
      run: async (parts) => {
        const { store, key } = parts;
        await store.put(key, 1, LATE);
        await store.put(key, 2);
        expect(await timeLeft(parts)).toBe(undefined);
        await store.put(key, 1, LATE);
        await store.compareAndSet(key, 1, 2);
        expect(await timeLeft(parts)).toBe(undefined);
      },
    },
    {
      says: 'is refused where it is none',
      run: async ({ store, key }) => {
        for (const ttlMs of [0, -1, 1.5, 2 ** 40 + 1, Number.NaN]) {
          await expect(store.put(key, 1, { ttlMs })).rejects.toMatchObject(INVALID);
          await expect(store.increment(key, 1, { ttlMs })).rejects.toMatchObject(INVALID);
          await expect(store.compareAndSet(key, undefined, 1, { ttlMs })).rejects.toMatchObject(INVALID);
        }
        expect(await store.get(key)).toEqual(ABSENT);
      },
    },
  ],
};

// What reading, writing and deleting one key come to.
import { expect } from 'vitest';
import { deleted, valueOf, versionOf } from './case.ts';
import type { CaseTable } from './case.ts';

const ABSENT = { outcome: 'absent' };
const NEVER = 'fedcba9876543210';

/** Reads, blind writes and deletes. */
export const BASIC_CASES: CaseTable = {
  'A get': [
    {
      says: 'of a key that was never written is absent',
      run: async ({ store, key }) => expect(await store.get(key)).toEqual(ABSENT),
    },
    {
      says: 'of a key that was deleted is absent',
      run: async (parts) => {
        await deleted(parts);
        expect(await parts.store.get(parts.key)).toEqual(ABSENT);
      },
    },
    {
      says: 'returns what was written last, with its version',
      run: async ({ store, key }) => {
        await store.put(key, 'old');
        const version = versionOf(await store.put(key, 'new'));
        expect(await store.get(key)).toEqual({ outcome: 'ok', value: 'new', version });
      },
    },
    {
      says: 'sees what another client was told is written',
      run: async ({ store, other, key }) => {
        await other.put(key, 'by the other');
        expect(valueOf(await store.get(key))).toBe('by the other');
      },
    },
    {
      says: 'leaves what it reads as it is, version included',
      run: async ({ store, key }) => {
        await store.put(key, 1);
        const first = await store.get(key);
        expect(await store.get(key)).toEqual(first);
      },
    },
    {
      says: 'returns a copy: who alters it alters nothing for others',
      run: async ({ store, key }) => {
        await store.put(key, { list: [1] });
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as just written
        (valueOf(await store.get(key)) as { readonly list: number[] }).list.push(2);
        expect(valueOf(await store.get(key))).toEqual({ list: [1] });
      },
      needs: ['plain values'],
    },
    {
      says: 'after a write that follows a delete returns what was written',
      run: async (parts) => {
        await deleted(parts);
        await parts.store.put(parts.key, 'again');
        expect(valueOf(await parts.store.get(parts.key))).toBe('again');
      },
    },
  ],
  'A put': [
    {
      says: 'of a fresh key is ok, with a version',
      run: async ({ store, key }) => {
        expect(await store.put(key, 1)).toEqual({ outcome: 'ok', version: expect.any(String) });
      },
    },
    {
      says: 'has a version above that of the put before it',
      run: async ({ store, key }) => {
        const first = versionOf(await store.put(key, 1));
        expect(versionOf(await store.put(key, 2)) > first).toBe(true);
      },
    },
    {
      says: 'has a version above what another client wrote before it',
      run: async ({ store, other, key }) => {
        const first = versionOf(await other.put(key, 1));
        expect(versionOf(await store.put(key, 2)) > first).toBe(true);
      },
    },
    {
      says: 'of the same value again is another version',
      run: async ({ store, key }) => {
        const first = versionOf(await store.put(key, 'same'));
        expect(versionOf(await store.put(key, 'same'))).not.toBe(first);
      },
    },
    {
      says: 'takes the value as it is at the call: altering it later changes nothing',
      run: async ({ store, key }) => {
        const bytes = new Uint8Array([1, 2, 3]);
        const writing = store.put(key, bytes);
        bytes.fill(9);
        await writing;
        expect(valueOf(await store.get(key))).toEqual(new Uint8Array([1, 2, 3]));
      },
    },
    {
      says: 'replaces a value of another type',
      run: async ({ store, key }) => {
        await store.put(key, new Uint8Array([1]));
        await store.put(key, 'text');
        expect(valueOf(await store.get(key))).toBe('text');
      },
    },
    {
      says: 'replaces a longer value by a shorter one, of which nothing is left',
      run: async ({ store, key }) => {
        await store.put(key, 'x'.repeat(10_000));
        await store.put(key, 'y');
        expect(valueOf(await store.get(key))).toBe('y');
      },
    },
    {
      says: 'touches no other key',
      run: async ({ store, key }) => {
        await store.put(`${key} other`, 'kept');
        await store.put(key, 'new');
        expect(valueOf(await store.get(`${key} other`))).toBe('kept');
      },
    },
  ],
  'A delete': [
    {
      says: 'of a key that was never written is ok',
      run: async ({ store, key }) => expect(await store.delete(key)).toMatchObject({ outcome: 'ok' }),
    },
    {
      says: 'of a key that was deleted is ok',
      run: async (parts) => {
        await deleted(parts);
        expect(await parts.store.delete(parts.key)).toMatchObject({ outcome: 'ok' });
      },
    },
    {
      says: 'has a version above that of what it deletes',
      run: async ({ store, key }) => {
        const written = versionOf(await store.put(key, 1));
        expect(versionOf(await store.delete(key)) > written).toBe(true);
      },
    },
    {
      says: 'is seen by another client',
      run: async (parts) => {
        await deleted(parts);
        expect(await parts.other.get(parts.key)).toEqual(ABSENT);
      },
    },
    {
      says: 'touches no other key',
      run: async ({ store, key }) => {
        await store.put(`${key} other`, 'kept');
        await store.delete(key);
        expect(valueOf(await store.get(`${key} other`))).toBe('kept');
      },
    },
  ],
  'Reading many keys': [
    {
      says: 'returns results in the order of the keys',
      run: async ({ store, key }) => {
        await store.put(`${key} a`, 'a');
        await store.put(`${key} b`, 'b');
        const read = await store.getMany([`${key} b`, `${key} none`, `${key} a`]);
        expect(read).toMatchObject([{ value: 'b' }, ABSENT, { value: 'a' }]);
      },
    },
    {
      says: 'of no keys returns no results',
      run: async ({ store }) => expect(await store.getMany([])).toEqual([]),
    },
    {
      says: 'returns a key that is named twice twice',
      run: async ({ store, key }) => {
        await store.put(key, 1);
        expect(await store.getMany([key, key])).toMatchObject([{ value: 1 }, { value: 1 }]);
      },
    },
    {
      says: 'rejects where one of the keys is none',
      run: async ({ store, key }) => {
        await expect(store.getMany([key, ''])).rejects.toMatchObject({ code: 'ERR_QUORATE_KEY' });
      },
    },
  ],
  'A batch': [
    {
      says: 'writes and deletes, with results in the order of the writes',
      run: async ({ store, key }) => {
        await store.put(`${key} old`, 'old');
        const written = await store.batch([
          { kind: 'put', key: `${key} new`, value: 'new' },
          { kind: 'delete', key: `${key} old` },
        ]);
        expect(written).toMatchObject([{ outcome: 'ok' }, { outcome: 'ok' }]);
        expect(await store.getMany([`${key} new`, `${key} old`])).toMatchObject([{ value: 'new' }, ABSENT]);
      },
    },
    {
      says: 'of nothing returns nothing',
      run: async ({ store }) => expect(await store.batch([])).toEqual([]),
    },
    {
      says: 'that writes a key twice leaves what comes last',
      run: async ({ store, key }) => {
        await store.batch([
          { kind: 'put', key, value: 'first' },
          { kind: 'put', key, value: 'last' },
        ]);
        expect(valueOf(await store.get(key))).toBe('last');
      },
      needs: ['order of calls'],
    },
    {
      says: 'rejects where one of the values cannot be sent',
      run: async ({ store, key }) => {
        const writes = [{ kind: 'put' as const, key, value: () => 1 }];
        await expect(store.batch(writes)).rejects.toMatchObject({ code: 'ERR_QUORATE_UNSENDABLE' });
      },
    },
  ],
  'To resolve': [
    {
      says: 'an operation that nobody has heard of leaves it unknown, under the same id',
      run: async ({ store }) => {
        expect(await store.resolve(NEVER)).toEqual({ outcome: 'unknown', operationId: NEVER });
      },
    },
    {
      says: 'what is no id at all leaves it unknown',
      run: async ({ store }) => {
        expect(await store.resolve('')).toEqual({ outcome: 'unknown', operationId: '' });
        expect(await store.resolve(`${NEVER}-0`)).toEqual({ outcome: 'unknown', operationId: `${NEVER}-0` });
      },
    },
    {
      says: 'a put that was given up on its way finishes it',
      run: async ({ store, key }) => {
        const controller = new AbortController();
        const writing = store.put(key, 'resolved', { signal: controller.signal });
        await Promise.resolve();
        controller.abort();
        const left = await writing;
        if (left.outcome === 'unknown') {
          expect(await store.resolve(left.operationId)).toMatchObject({ outcome: 'ok' });
        } else {
          expect(left).toMatchObject({ outcome: 'ok' });
        }
        expect(valueOf(await store.get(key))).toBe('resolved');
      },
      needs: ['resolve', 'blind writes'],
    },
    {
      says: 'a put that was overwritten since does not bring it back',
      run: async ({ store, other, key }) => {
        const controller = new AbortController();
        const writing = store.put(key, 'old', { signal: controller.signal });
        await Promise.resolve();
        controller.abort();
        const left = await writing;
        await other.put(key, 'new');
        if (left.outcome === 'unknown') await store.resolve(left.operationId);
        expect(valueOf(await other.get(key))).toBe('new');
      },
      needs: ['resolve', 'blind writes'],
    },
  ],
};

// Writes that depend on a version.
import { expect } from 'vitest';
import type { Version } from '../../../src/store/store.ts';
import { deleted, valueOf, versionOf } from './case.ts';
import type { CaseTable } from './case.ts';

const INVALID = { code: 'ERR_QUORATE_INVALID_ARGUMENT' };

/** `ifVersion`. */
export const VERSION_CASES: CaseTable = {
  'A put with ifVersion': [
    {
      says: 'writes where that is what a put has answered',
      run: async ({ store, key }) => {
        const ifVersion = versionOf(await store.put(key, 'old'));
        expect(await store.put(key, 'new', { ifVersion })).toMatchObject({ outcome: 'ok' });
        expect(valueOf(await store.get(key))).toBe('new');
      },
    },
    {
      says: 'writes where that is what a get has answered to another client',
      run: async ({ store, other, key }) => {
        await store.put(key, 'old');
        const ifVersion = versionOf(await other.get(key));
        expect(await other.put(key, 'new', { ifVersion })).toMatchObject({ outcome: 'ok' });
      },
    },
    {
      says: 'writes where that is what an update has answered',
      run: async ({ store, key }) => {
        const ifVersion = versionOf(await store.update(key, () => 1));
        expect(await store.put(key, 2, { ifVersion })).toMatchObject({ outcome: 'ok' });
      },
    },
    {
      says: 'writes where that is what a conflict has answered',
      run: async ({ store, key }) => {
        await store.put(key, 'held');
        const ifVersion = versionOf(await store.putIfAbsent(key, 'new'));
        expect(await store.put(key, 'new', { ifVersion })).toMatchObject({ outcome: 'ok' });
      },
    },
    {
      says: 'conflicts where the same value was written again meanwhile',
      run: async ({ store, other, key }) => {
        const ifVersion = versionOf(await store.put(key, 'same'));
        const version = versionOf(await other.put(key, 'same'));
        const conflict = { outcome: 'conflict', value: 'same', version };
        expect(await store.put(key, 'new', { ifVersion })).toEqual(conflict);
        expect(valueOf(await store.get(key))).toBe('same');
      },
    },
    {
      says: 'conflicts with nothing where the key was deleted meanwhile',
      run: async ({ store, other, key }) => {
        const ifVersion = versionOf(await store.put(key, 'old'));
        await other.delete(key);
        const conflict = { outcome: 'conflict', value: undefined, version: undefined };
        expect(await store.put(key, 'new', { ifVersion })).toEqual(conflict);
        expect(await store.get(key)).toEqual({ outcome: 'absent' });
      },
    },
    {
      says: 'conflicts with the version that a delete has answered: an absent key has none',
      run: async (parts) => {
        const { store, key } = parts;
        await deleted(parts);
        const ifVersion = versionOf(await store.delete(key));
        expect(await store.put(key, 'new', { ifVersion })).toMatchObject({ outcome: 'conflict', value: undefined });
      },
    },
    {
      says: 'conflicts where the version is of a change that another of the same turn has overwritten',
      run: async ({ store, key }) => {
        const [first] = await Promise.all([store.update(key, () => 1), store.update(key, () => 2)]);
        const ifVersion = versionOf(first);
        expect(await store.put(key, 3, { ifVersion })).toMatchObject({ outcome: 'conflict', value: 2 });
      },
    },
    {
      says: 'writes for just one of two clients that read the same',
      run: async ({ store, other, key }) => {
        const ifVersion = versionOf(await store.put(key, 'read by both'));
        const made = await Promise.all([store.put(key, 1, { ifVersion }), other.put(key, 2, { ifVersion })]);
        expect(made.map(({ outcome }) => outcome).toSorted()).toEqual(['conflict', 'ok']);
      },
    },
    {
      says: 'is refused where the version is none',
      run: async ({ store, key }) => {
        for (const ifVersion of ['', 'newest', 7 as unknown as Version, '0x00000000000001']) {
          await expect(store.put(key, 1, { ifVersion })).rejects.toMatchObject(INVALID);
        }
        expect(await store.get(key)).toEqual({ outcome: 'absent' });
      },
    },
  ],
  'A delete with ifVersion': [
    {
      says: 'deletes where the key has that version',
      run: async ({ store, key }) => {
        const ifVersion = versionOf(await store.put(key, 1));
        expect(await store.delete(key, { ifVersion })).toMatchObject({ outcome: 'ok' });
        expect(await store.get(key)).toEqual({ outcome: 'absent' });
      },
    },
    {
      says: 'conflicts where the key was written meanwhile, and deletes nothing',
      run: async ({ store, other, key }) => {
        const ifVersion = versionOf(await store.put(key, 1));
        await other.put(key, 2);
        expect(await store.delete(key, { ifVersion })).toMatchObject({ outcome: 'conflict', value: 2 });
        expect(valueOf(await store.get(key))).toBe(2);
      },
    },
    {
      says: 'conflicts with nothing where the key was deleted already',
      run: async ({ store, key }) => {
        const ifVersion = versionOf(await store.put(key, 1));
        await store.delete(key);
        expect(await store.delete(key, { ifVersion })).toMatchObject({ outcome: 'conflict', value: undefined });
      },
    },
    {
      says: 'is refused where the version is none',
      run: async ({ store, key }) => {
        await expect(store.delete(key, { ifVersion: 'newest' })).rejects.toMatchObject(INVALID);
      },
    },
  ],
};

// What is true of reads that say how old a value may be, whether or not the engine has a cache for them.
import { expect } from 'vitest';
import { deleted, valueOf, versionOf } from './case.ts';
import type { CaseParts, CaseTable } from './case.ts';

const HOUR = { maxStaleMs: 3_600_000 } as const;

/** Reads with `maxStaleMs`. */
export const STALENESS_CASES: CaseTable = {
  'A read with maxStaleMs': [
    {
      says: 'returns what a read without it does, with its version, also again',
      run: async ({ store, key }) => {
        const version = versionOf(await store.put(key, 'v'));
        for (let time = 0; time < 3; time++) {
          expect(await store.get(key, HOUR)).toMatchObject({ outcome: 'ok', value: 'v', version });
        }
      },
    },
    {
      says: 'finds nothing where there is nothing, also again',
      run: async (parts) => {
        await deleted(parts);
        const { store, key } = parts;
        for (let time = 0; time < 3; time++) expect(await store.get(key, HOUR)).toMatchObject({ outcome: 'absent' });
      },
    },
    {
      says: 'returns what its own client has written since',
      run: async ({ store, key }) => {
        await store.put(key, 'old');
        await store.get(key, HOUR);
        await store.put(key, 'new');
        expect(valueOf(await store.get(key, HOUR))).toBe('new');
        await store.update(key, () => 'newer');
        expect(valueOf(await store.get(key, HOUR))).toBe('newer');
        await store.delete(key);
        expect(await store.get(key, HOUR)).toMatchObject({ outcome: 'absent' });
      },
    },
    {
      says: 'returns no value that has expired',
      run: async ({ store, other, key }) => {
        await store.put(key, 'v', { ttlMs: 5 });
        await store.get(key, HOUR);
        while ((await other.get(key)).outcome !== 'absent');
        expect(await store.get(key, HOUR)).toMatchObject({ outcome: 'absent' });
      },
    },
    {
      says: 'gives each caller a value of its own',
      needs: ['plain values'],
      run: async ({ store, key }) => {
        await store.put(key, { list: [1] });
        for (let time = 0; time < 3; time++) {
          const value = valueOf(await store.get(key, HOUR)) as { readonly list: number[] };
          expect(value).toEqual({ list: [1] });
          value.list.push(2);
        }
      },
    },
    ...[-1, 0.5, Number.NaN, 2 ** 31].map((maxStaleMs) => ({
      says: `is refused with maxStaleMs ${maxStaleMs}`,
      run: async ({ store, key }: CaseParts): Promise<void> => {
        await expect(store.get(key, { maxStaleMs })).rejects.toMatchObject({ code: 'ERR_QUORATE_INVALID_ARGUMENT' });
      },
    })),
    {
      says: 'may be many',
      run: async ({ store, key }) => {
        await store.put(key, 1);
        const results = await store.getMany([key, key, `${key} absent`], HOUR);
        expect(results).toMatchObject([{ value: 1 }, { value: 1 }, { outcome: 'absent' }]);
      },
    },
  ],
};

// Pages of keys, in their order.
import { expect } from 'vitest';
import type { ScanEntry, ScanOptions, ScanResult, Store } from '../../../src/store/store.ts';
import { versionOf } from './case.ts';
import type { CaseParts, CaseTable, ConformanceCase } from './case.ts';

/** Writes keys that begin with that of the case, each with its ending as value. */
async function fill({ store, key }: CaseParts, endings: readonly string[]): Promise<void> {
  const written = await Promise.all(endings.map((ending) => store.put(key + ending, ending)));
  for (const each of written) expect(each).toMatchObject({ outcome: 'ok' });
}

function entriesOf(result: ScanResult): readonly ScanEntry[] {
  expect(result).toMatchObject({ outcome: 'ok' });
  return result.outcome === 'ok' ? result.entries : [];
}

function afterOf(result: ScanResult): string | undefined {
  return result.outcome === 'ok' ? result.after : undefined;
}

async function valuesOf(store: Store, prefix: string, options?: ScanOptions): Promise<unknown[]> {
  return entriesOf(await store.scan(prefix, options)).map(({ value }) => value);
}

const REFUSED: readonly (readonly [says: string, options: unknown])[] = [
  ['no entries at all', { limit: 0 }],
  ['more entries than a page may have', { limit: 1025 }],
  ['half an entry', { limit: 1.5 }],
  ['no time', { timeoutMs: 0 }],
  ['a level of another name', { level: 'most' }],
  ['half of a surrogate pair', { after: '\ud800' }],
  ['a number to begin after', { after: 7 }],
];

const refused = REFUSED.map(([says, options]): ConformanceCase => ({
  says: `is refused with ${says}`,
  run: async ({ store, key }) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- that is the mistake
    await expect(store.scan(key, options as ScanOptions)).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_QUORATE_(INVALID_ARGUMENT|KEY)$/),
    });
  },
}));

export const SCAN_CASES: CaseTable = {
  'A scan': [
    {
      says: 'returns keys in the order of their code points, whatever order they were written in',
      run: async (parts) => {
        await fill(parts, ['b', '😀', 'ab', '\uffee', 'a', 'é']);
        expect(await valuesOf(parts.other, parts.key)).toEqual(['a', 'ab', 'b', 'é', '\uffee', '😀']);
      },
    },
    {
      says: 'returns the key itself that it has as prefix, before those that are longer',
      run: async (parts) => {
        await fill(parts, ['', '\0', 'a']);
        expect(await valuesOf(parts.store, parts.key)).toEqual(['', '\0', 'a']);
      },
    },
    {
      says: 'returns the version that a read of the key returns',
      run: async ({ store, key }) => {
        const version = versionOf(await store.put(`${key}.`, 'v'));
        expect(entriesOf(await store.scan(key))).toEqual([{ key: `${key}.`, value: 'v', version }]);
      },
    },
    {
      says: 'sees what another client has written before',
      run: async (parts) => {
        for (let turn = 0; turn < 10; turn++) {
          await parts.other.put(`${parts.key}${turn}`, turn);
          expect(await valuesOf(parts.store, parts.key)).toHaveLength(turn + 1);
        }
      },
    },
    {
      says: 'leaves out what was deleted, and has it again once it is written anew',
      run: async (parts) => {
        await fill(parts, ['a', 'b', 'c']);
        await parts.other.delete(`${parts.key}b`);
        expect(await valuesOf(parts.store, parts.key)).toEqual(['a', 'c']);
        await parts.other.put(`${parts.key}b`, 'again');
        expect(await valuesOf(parts.store, parts.key)).toEqual(['a', 'again', 'c']);
      },
    },
    {
      says: 'of a prefix that no key has is an empty page, the last',
      run: async ({ store, key }) => {
        expect(await store.scan(`${key}nothing`)).toEqual({ outcome: 'ok', entries: [] });
      },
    },
    {
      says: 'says where the next page begins, and at the end that there is none',
      run: async (parts) => {
        const { store, key } = parts;
        await fill(parts, ['a', 'b', 'c']);
        const first = await store.scan(key, { limit: 2 });
        expect(afterOf(first)).toBe(`${key}b`);
        const second = await store.scan(key, { limit: 2, after: `${key}b` });
        expect(entriesOf(second)).toHaveLength(1);
        expect(afterOf(second)).toBeUndefined();
      },
    },
    {
      says: 'goes through many keys page by page, each once',
      run: async (parts) => {
        const endings = Array.from({ length: 300 }, (_, index) => String(index).padStart(3, '0'));
        await fill(parts, endings);
        const seen: unknown[] = [];
        for await (const { value } of parts.store.entries(parts.key, { limit: 70 })) seen.push(value);
        expect(seen).toEqual(endings);
      },
    },
    {
      says: 'begins behind a key that is not there',
      run: async (parts) => {
        await fill(parts, ['a', 'c']);
        expect(await valuesOf(parts.store, parts.key, { after: `${parts.key}b` })).toEqual(['c']);
      },
    },
    {
      says: 'begins with the prefix where it is told to begin before it',
      run: async (parts) => {
        await fill(parts, ['a']);
        expect(await valuesOf(parts.store, parts.key, { after: ' ' })).toEqual(['a']);
      },
    },
    {
      says: 'is rejected by a signal that has fired',
      run: async ({ store, key }) => {
        await expect(store.scan(key, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
      },
    },
    {
      says: 'is rejected by a signal that fires meanwhile',
      run: async (parts) => {
        await fill(parts, ['a']);
        const controller = new AbortController();
        const scan = parts.store.scan(parts.key, { signal: controller.signal });
        controller.abort(new Error('enough'));
        await expect(scan).rejects.toThrow('enough');
      },
    },
    ...refused,
  ],
};

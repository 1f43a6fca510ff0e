// What comes back of what is written.
import { expect } from 'vitest';
import { valueOf } from './case.ts';
import type { CaseTable, ConformanceCase } from './case.ts';

const PLAIN: readonly (readonly [says: string, value: unknown])[] = [
  ['NaN', NaN],
  ['-0, which is not 0', -0],
  ['an infinity', -Infinity],
  ['a number at the end of the safe ones', Number.MAX_SAFE_INTEGER],
  ['the smallest number', Number.MIN_VALUE],
  ['null, which is not absent', null],
  ['false, which is not absent', false],
  ['0, which is not absent', 0],
  ['true', true],
  ['a bigint beyond 64 bits', 2n ** 80n],
  ['a negative bigint', -(2n ** 65n)],
  ['a date', new Date(1_700_000_000_123)],
  ['a date that is none', new Date(NaN)],
  ['an empty object', {}],
  ['an empty array', []],
  ['undefined inside an object, which is not left out', { here: undefined }],
  ['undefined inside an array', [undefined, 1]],
  [
    'a map with keys of several types',
    new Map<unknown, unknown>([
      ['a', 1],
      [2, { b: 3 }],
    ]),
  ],
  ['a set in its order', new Set(['b', 'a'])],
  ['typed arrays of other types than bytes', new Float64Array([1.5, NaN, -0])],
  ['nested plain data', { list: [{ deep: [[1], []] }], when: new Date(0) }],
  ['an object whose keys look like those of arrays', { 0: 'a', length: 1 }],
  ['an object with an empty key', { '': 1 }],
];

const SIMPLE: readonly (readonly [says: string, value: unknown])[] = [
  ['an empty text, which is not absent', ''],
  ['text that is not ASCII', 'żółć 😀'],
  ['text with NUL in it', 'a\0b'],
  ['text that looks like JSON', '{"a":1}'],
  ['text with half of a surrogate pair', 'a\ud800b'],
  ['text of a megabyte', 'é'.repeat(1 << 19)],
  ['no bytes, which is not absent', new Uint8Array()],
  ['bytes of every value', Uint8Array.from({ length: 256 }, (_, byte) => byte)],
  ['bytes that are a part of a larger buffer', new Uint8Array([9, 1, 2, 9]).subarray(1, 3)],
  ['bytes of a page', new Uint8Array(4096).fill(7)],
];

const UNSENDABLE: readonly (readonly [says: string, value: unknown])[] = [
  ['a function', () => 1],
  ['a symbol', Symbol('s')],
  ['a function deep inside', { a: [{ b: () => 1 }] }],
  ['a promise', Promise.resolve(1)],
];

function comesBack([says, value]: readonly [string, unknown], isPlain: boolean): ConformanceCase {
  return {
    says: `is ${says}`,
    run: async ({ store, other, key }) => {
      expect(await store.put(key, value)).toMatchObject({ outcome: 'ok' });
      expect(valueOf(await store.get(key))).toStrictEqual(value);
      expect(valueOf(await other.get(key))).toStrictEqual(value);
    },
    ...(isPlain && { needs: ['plain values'] }),
  };
}

const BYTES_MAX = 16 * 1024 * 1024;

/** Values. */
export const VALUE_CASES: CaseTable = {
  'A value that comes back as it was written': [
    ...PLAIN.map((each) => comesBack(each, true)),
    ...SIMPLE.map((each) => comesBack(each, false)),
    {
      says: 'is the longest one',
      run: async ({ store, key }) => {
        const value = new Uint8Array(BYTES_MAX).fill(3);
        expect(await store.put(key, value)).toMatchObject({ outcome: 'ok' });
        const read = valueOf(await store.get(key));
        expect(read instanceof Uint8Array && Buffer.compare(read, value) === 0).toBe(true);
      },
      needs: ['large values'],
    },
  ],
  'A value that is refused, and leaves the key as it was,': [
    ...UNSENDABLE.map(([says, value]): ConformanceCase => ({
      says: `is ${says}`,
      run: async ({ store, key }) => {
        await store.put(key, 'kept');
        await expect(store.put(key, value)).rejects.toMatchObject({ code: 'ERR_QUORATE_UNSENDABLE' });
        expect(valueOf(await store.get(key))).toBe('kept');
      },
    })),
    {
      says: 'is longer than any may be',
      run: async ({ store, key }) => {
        await store.put(key, 'kept');
        const value = new Uint8Array(BYTES_MAX + 1);
        await expect(store.put(key, value)).rejects.toMatchObject({ code: 'ERR_QUORATE_VALUE_TOO_LARGE' });
        expect(valueOf(await store.get(key))).toBe('kept');
      },
      needs: ['large values'],
    },
    {
      says: 'is one that an update has made and that cannot be sent',
      run: async ({ store, key }) => {
        await store.put(key, 'kept');
        await expect(store.update(key, () => () => 1)).rejects.toMatchObject({ code: 'ERR_QUORATE_UNSENDABLE' });
        expect(valueOf(await store.get(key))).toBe('kept');
      },
    },
    {
      says: 'is what a compare-and-set would write and cannot send',
      run: async ({ store, key }) => {
        await store.put(key, 'kept');
        const refused = store.compareAndSet(key, 'kept', Symbol('s'));
        await expect(refused).rejects.toMatchObject({ code: 'ERR_QUORATE_UNSENDABLE' });
        expect(valueOf(await store.get(key))).toBe('kept');
      },
    },
  ],
};

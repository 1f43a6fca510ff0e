// What reads and writes in one come to: updates, comparisons, increments.
import { expect } from 'vitest';
import type { Value } from '../../../src/store/store.ts';
import { deleted, valueOf, versionOf } from './case.ts';
import type { CaseTable, ConformanceCase } from './case.ts';

const ABSENT = { outcome: 'absent' };
const INVALID = { code: 'ERR_QUORATE_INVALID_ARGUMENT' };

/** Deeply equal: a comparison writes. */
const EQUAL: readonly (readonly [says: string, held: Value, expected: Value])[] = [
  ['objects with keys in another order', { a: 1, b: 2 }, { b: 2, a: 1 }],
  ['bytes of another array', new Uint8Array([1, 2]), new Uint8Array([1, 2])],
  ['NaN and NaN', NaN, NaN],
  ['maps of the same entries', new Map([['k', [1]]]), new Map([['k', [1]]])],
  ['dates of the same time', new Date(5), new Date(5)],
];

/** Not equal: a comparison answers with what is held. */
const DIFFERENT: readonly (readonly [says: string, held: Value, expected: Value])[] = [
  ['0 and -0', 0, -0],
  ['1 and "1"', 1, '1'],
  ['1 and 1n', 1, 1n],
  ['an absent member and an undefined one', {}, { a: undefined }],
  ['an array and an object of the same members', [1], { 0: 1 }],
  ['bytes and text of the same bytes', new Uint8Array([97]), 'a'],
  ['lists in another order', [1, 2], [2, 1]],
  ['null and absence', null, undefined],
  ['an empty text and absence', '', undefined],
];

const compares = ([says, held, expected]: (typeof EQUAL)[number], isEqual: boolean): ConformanceCase => ({
  says,
  run: async ({ store, key }) => {
    await store.put(key, held);
    const result = await store.compareAndSet(key, expected, 'written');
    if (!isEqual) expect(result).toEqual({ outcome: 'conflict', value: held, version: expect.any(String) });
    expect(valueOf(await store.get(key))).toStrictEqual(isEqual ? 'written' : held);
  },
  needs: ['plain values'],
});

/** Changes. */
export const CHANGE_CASES: CaseTable = {
  'An update': [
    {
      says: 'is given undefined for a key that was never written',
      run: async ({ store, key }) => {
        const given: Value[] = [];
        await store.update(key, (current) => (given.push(current), 1));
        expect(given[0]).toBeUndefined();
      },
    },
    {
      says: 'is given undefined for a key that was deleted',
      run: async (parts) => {
        await deleted(parts);
        const result = await parts.store.update(parts.key, (current) => [current]);
        expect(valueOf(result)).toEqual([undefined]);
      },
    },
    {
      says: 'writes what its function makes of what another client wrote, and says what and under which version',
      run: async ({ store, other, key }) => {
        await other.put(key, { count: 1 });
        const result = await store.update(key, (current) => ({ ...(current as object), more: true }));
        expect(result).toMatchObject({ outcome: 'ok', value: { count: 1, more: true } });
        expect(await other.get(key)).toMatchObject({ value: { count: 1, more: true }, version: versionOf(result) });
      },
    },
    {
      says: 'whose function returns undefined deletes the key',
      run: async ({ store, key }) => {
        await store.put(key, 1);
        expect(await store.update(key, () => undefined)).toMatchObject({ outcome: 'ok', value: undefined });
        expect(await store.get(key)).toEqual(ABSENT);
      },
    },
    {
      says: 'of an absent key whose function returns undefined leaves it absent',
      run: async ({ store, key }) => {
        expect(await store.update(key, () => undefined)).toMatchObject({ outcome: 'ok' });
        expect(await store.get(key)).toEqual(ABSENT);
      },
    },
    {
      says: 'whose function throws rejects with just that error, and writes nothing',
      run: async ({ store, key }) => {
        await store.put(key, 'kept');
        const error = new Error('of the function');
        const refused = store.update(key, () => {
          throw error;
        });
        await expect(refused).rejects.toBe(error);
        expect(valueOf(await store.get(key))).toBe('kept');
      },
    },
    {
      says: 'whose function alters what it is given, and throws, alters nothing',
      run: async ({ store, key }) => {
        await store.put(key, { list: [1] });
        const refused = store.update(key, (current) => {
          (current as { readonly list: number[] }).list.push(2);
          throw new Error('after all');
        });
        await expect(refused).rejects.toThrow('after all');
        expect(valueOf(await store.get(key))).toEqual({ list: [1] });
      },
    },
    {
      says: 'whose function returns what it was given, altered, writes that',
      run: async ({ store, key }) => {
        await store.put(key, { list: [1] });
        await store.update(key, (current) => {
          (current as { readonly list: number[] }).list.push(2);
          return current;
        });
        expect(valueOf(await store.get(key))).toEqual({ list: [1, 2] });
      },
    },
    {
      says: 'whose function returns the same value is a new version of it',
      run: async ({ store, key }) => {
        const version = versionOf(await store.put(key, 'same'));
        const result = await store.update(key, (current) => current);
        expect(versionOf(result) > version).toBe(true);
        expect(valueOf(await store.get(key))).toBe('same');
      },
    },
    {
      says: 'whose function returns a promise rejects, and writes nothing',
      run: async ({ store, key }) => {
        await store.put(key, 'kept');
        await expect(store.update(key, async () => 1)).rejects.toMatchObject(INVALID);
        expect(valueOf(await store.get(key))).toBe('kept');
      },
    },
    {
      says: 'without a function is refused',
      run: async ({ store, key }) => {
        const wrong = 'no function' as unknown as () => Value;
        await expect(store.update(key, wrong)).rejects.toMatchObject(INVALID);
        await expect(store.update(key, wrong)).rejects.toBeInstanceOf(TypeError);
      },
    },
    {
      says: 'among many of one key at once sees those that were called before it',
      run: async ({ store, key }) => {
        const letters = ['a', 'b', 'c', 'd', 'e'];
        await Promise.all(letters.map((letter) => store.update(key, (text = '') => `${String(text)}${letter}`)));
        expect(valueOf(await store.get(key))).toBe('abcde');
      },
      needs: ['order of calls'],
    },
    {
      says: 'whose neighbour in the same turn throws is not hurt by it',
      run: async ({ store, key }) => {
        const [first, spoilt, last] = await Promise.allSettled([
          store.increment(key),
          store.update(key, () => {
            throw new Error('spoilt');
          }),
          store.increment(key),
        ]);
        expect([first, spoilt, last]).toMatchObject([
          { value: { outcome: 'ok' } },
          { status: 'rejected', reason: { message: 'spoilt' } },
          { value: { outcome: 'ok' } },
        ]);
        expect(valueOf(await store.get(key))).toBe(2);
      },
    },
    {
      says: 'may make a value too large to travel with its request',
      run: async ({ store, other, key }) => {
        await store.put(key, 'x'.repeat(100_000));
        await store.update(key, (text) => `${String(text)}${String(text)}`);
        expect(valueOf(await other.get(key))).toBe('x'.repeat(200_000));
      },
    },
  ],
  'A compare-and-set that writes, of': EQUAL.map((each) => compares(each, true)),
  'A compare-and-set that answers what is held, of': DIFFERENT.map((each) => compares(each, false)),
  'A compare-and-set': [
    {
      says: 'of an absent key with the expectation of nothing writes',
      run: async ({ store, key }) => {
        expect(await store.compareAndSet(key, undefined, 'first')).toMatchObject({ outcome: 'ok' });
        expect(valueOf(await store.get(key))).toBe('first');
      },
    },
    {
      says: 'of an absent key with an expectation conflicts with nothing, which has no version',
      run: async ({ store, key }) => {
        const conflict = { outcome: 'conflict', value: undefined, version: undefined };
        expect(await store.compareAndSet(key, 'expected', 'next')).toEqual(conflict);
        expect(await store.get(key)).toEqual(ABSENT);
      },
    },
    {
      says: 'to undefined deletes',
      run: async ({ store, key }) => {
        await store.put(key, 'held');
        expect(await store.compareAndSet(key, 'held', undefined)).toMatchObject({ outcome: 'ok' });
        expect(await store.get(key)).toEqual(ABSENT);
      },
    },
    {
      says: 'answers a conflict with a copy, which its caller may alter',
      run: async ({ store, key }) => {
        await store.put(key, { list: [1] });
        const result = await store.compareAndSet(key, 'other', 'next');
        if (result.outcome !== 'conflict') throw new Error(`It is ${result.outcome}`);
        (result.value as { readonly list: number[] }).list.push(2);
        expect(valueOf(await store.get(key))).toEqual({ list: [1] });
      },
    },
    {
      says: 'compares with what it was given at the call, and writes that, whatever becomes of them later',
      run: async ({ store, key }) => {
        await store.put(key, [1]);
        const [expected, next] = [[1], [2]];
        const changing = store.compareAndSet(key, expected, next);
        expected.push(9);
        next.push(9);
        expect(await changing).toMatchObject({ outcome: 'ok' });
        expect(valueOf(await store.get(key))).toEqual([2]);
      },
    },
    {
      says: 'of two at once with one expectation writes for just one of them',
      run: async ({ store, other, key }) => {
        await store.put(key, 'held');
        const made = await Promise.all([
          store.compareAndSet(key, 'held', 'by one'),
          other.compareAndSet(key, 'held', 'by the other'),
        ]);
        expect(made.map(({ outcome }) => outcome).toSorted()).toEqual(['conflict', 'ok']);
        const [winner] = made[0].outcome === 'ok' ? ['by one'] : ['by the other'];
        expect(valueOf(await store.get(key))).toBe(winner);
        expect(made.find(({ outcome }) => outcome === 'conflict')).toMatchObject({ value: winner });
      },
    },
  ],
  'A put if absent': [
    {
      says: 'of a deleted key writes',
      run: async (parts) => {
        await deleted(parts);
        expect(await parts.store.putIfAbsent(parts.key, 'new')).toMatchObject({ outcome: 'ok' });
        expect(valueOf(await parts.store.get(parts.key))).toBe('new');
      },
    },
    {
      says: 'of a key that holds null conflicts with null',
      run: async ({ store, key }) => {
        await store.put(key, null);
        expect(await store.putIfAbsent(key, 'new')).toMatchObject({ outcome: 'conflict', value: null });
      },
      needs: ['plain values'],
    },
    {
      says: 'of many at once, by two clients, writes for just one',
      run: async ({ store, other, key }) => {
        const made = await Promise.all(
          [1, 2, 3, 4, 5, 6].map((each) => (each % 2 ? store : other).putIfAbsent(key, each)),
        );
        expect(made.filter(({ outcome }) => outcome === 'ok')).toHaveLength(1);
        expect(made.filter(({ outcome }) => outcome === 'conflict')).toHaveLength(5);
      },
    },
  ],
  'An increment': [
    {
      says: 'of an absent key begins at 0',
      run: async ({ store, key }) => expect(valueOf(await store.increment(key))).toBe(1),
    },
    {
      says: 'of a deleted key begins at 0 again',
      run: async (parts) => {
        await parts.store.increment(parts.key, 5);
        await deleted(parts);
        expect(valueOf(await parts.store.increment(parts.key))).toBe(1);
      },
    },
    {
      says: 'by a negative fraction takes away',
      run: async ({ store, key }) => {
        await store.put(key, 1);
        expect(valueOf(await store.increment(key, -0.5))).toBe(0.5);
      },
    },
    {
      says: 'by 0 is a write all the same',
      run: async ({ store, key }) => {
        const version = versionOf(await store.put(key, 3));
        expect(versionOf(await store.increment(key, 0)) > version).toBe(true);
      },
    },
    {
      says: 'by what is no finite number is refused, and writes nothing',
      run: async ({ store, key }) => {
        for (const by of [NaN, Infinity, '1' as unknown as number, 1n as unknown as number]) {
          await expect(store.increment(key, by)).rejects.toMatchObject(INVALID);
        }
        expect(await store.get(key)).toEqual(ABSENT);
      },
    },
    {
      says: 'of what is no number rejects with its type, and writes nothing',
      run: async ({ store, key }) => {
        await store.put(key, '1');
        await expect(store.increment(key)).rejects.toThrow('string');
        await expect(store.increment(key)).rejects.toMatchObject(INVALID);
        expect(valueOf(await store.get(key))).toBe('1');
      },
    },
    {
      says: 'of null rejects, since null is a value',
      run: async ({ store, key }) => {
        await store.put(key, null);
        await expect(store.increment(key)).rejects.toThrow('null');
      },
      needs: ['plain values'],
    },
    {
      says: 'of two clients at once counts each of them once',
      run: async ({ store, other, key }) => {
        const made = await Promise.all(
          Array.from({ length: 60 }, (_, each) => (each % 2 ? store : other).increment(key)),
        );
        expect(new Set(made.map((result) => valueOf(result))).size).toBe(60);
        expect(valueOf(await store.get(key))).toBe(60);
      },
    },
  ],
};

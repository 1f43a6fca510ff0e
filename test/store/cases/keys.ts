// Which keys there are, and which differ.
import { expect } from 'vitest';
import { valueOf } from './case.ts';
import type { CaseTable, ConformanceCase } from './case.ts';

const GOOD: readonly (readonly [says: string, makeKey: (own: string) => string])[] = [
  ['one that a prototype has', () => '__proto__'],
  ['one with NUL in it', (own) => `${own}\0end`],
  ['one of spaces and line ends', (own) => ` ${own}\n\r\t `],
  ['one with the separators of paths', (own) => `/${own}/../%2F?#`],
  ['one outside of the basic plane', (own) => `${own} 😀`],
  ['one with combining characters', (own) => `${own} e\u0301`],
  ['one that reads from right to left', (own) => `${own} \u202emirror`],
  ['one of 1024 bytes', (own) => own.padEnd(1024, 'k')],
  ['one of 1024 bytes of wide characters', (own) => `${own} `.padEnd(16, '.') + 'é'.repeat(504)],
];

const BAD: readonly (readonly [says: string, key: unknown, type: typeof TypeError | typeof RangeError])[] = [
  ['empty', '', RangeError],
  ['longer than 1024 bytes', 'k'.repeat(1025), RangeError],
  ['longer than 1024 bytes in UTF-8 alone', 'é'.repeat(513), RangeError],
  ['not well-formed', 'a\udc00', RangeError],
  ['a number', 7, TypeError],
  ['undefined', undefined, TypeError],
  ['an object with a text form', { toString: () => 'k' }, TypeError],
];

const DIFFERENT: readonly (readonly [says: string, one: string, other: string])[] = [
  ['by case', 'key', 'KEY'],
  ['by the form of an accent', 'caf\u00e9', 'cafe\u0301'],
  ['by a space at the end', 'key', 'key '],
  ['by a zero width character', 'key', 'k\u200bey'],
  ['by what follows a NUL', 'key\0a', 'key\0b'],
];

const good = ([says, makeKey]: (typeof GOOD)[number]): ConformanceCase => ({
  says: `is ${says}`,
  run: async ({ store, other, key: own }) => {
    const key = makeKey(own);
    await store.put(key, own);
    expect(valueOf(await other.get(key))).toBe(own);
    expect(valueOf(await store.update(key, (current) => `${String(current)}, updated`))).toBe(`${own}, updated`);
    await store.delete(key);
    expect(await other.get(key)).toEqual({ outcome: 'absent' });
  },
  ...(says.startsWith('one of 1024 bytes') && { needs: ['keys of 1024 bytes'] }),
});

const bad = ([says, key, type]: (typeof BAD)[number]): ConformanceCase => ({
  says: `is ${says}`,
  run: async ({ store }) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a caller's mistake
    const wrong = key as string;
    const calls = [
      () => store.get(wrong),
      () => store.put(wrong, 1),
      () => store.delete(wrong),
      () => store.update(wrong, () => 1),
      () => store.compareAndSet(wrong, 1, 2),
      () => store.putIfAbsent(wrong, 1),
      () => store.increment(wrong),
      () => store.getMany([wrong]),
      () => store.batch([{ kind: 'delete', key: wrong }]),
    ];
    for (const call of calls) {
      const refusal: unknown = await call().catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(type);
      expect(refusal).toMatchObject({ code: 'ERR_QUORATE_KEY' });
    }
  },
});

/** Keys. */
export const KEY_CASES: CaseTable = {
  'A key that is a key as any other': GOOD.map((each) => good(each)),
  'A key that every method refuses': BAD.map((each) => bad(each)),
  'Two keys are two': DIFFERENT.map(([says, one, another]) => ({
    says: `that differ ${says}`,
    run: async ({ store, key }) => {
      await store.put(`${key} ${one}`, 'one');
      await store.put(`${key} ${another}`, 'another');
      expect(valueOf(await store.get(`${key} ${one}`))).toBe('one');
      expect(valueOf(await store.get(`${key} ${another}`))).toBe('another');
    },
  })),
};

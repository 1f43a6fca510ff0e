import { describe, expect, it } from 'vitest';
import { compareCodePoints } from '../../src/base/code-points.ts';
import { KEY_BLOCK_ENTRIES_MAX, KEY_ORDER_STEP_ENTRIES } from '../../src/base/limits.ts';
import { below, seededRandom } from '../../src/base/random.ts';
import type { Random } from '../../src/base/random.ts';
import { writeKey, writtenKey } from '../../src/replica/key-bytes.ts';
import { KeyOrder } from '../../src/replica/key-order.ts';
import type { Ordered, Place } from '../../src/replica/key-order.ts';
import { KeyTable } from '../../src/replica/key-table.ts';
import type { Entry } from '../../src/replica/key-table.ts';
import { FrameBuffer } from '../../src/replica/operation.ts';
import { padded } from '../../src/replica/wire.ts';
import { replayCommand, testSeed } from '../support/seed.ts';

const FILE = 'test/replica/key-order.test.ts';
/** Characters of one, two, three and four bytes, of which UTF-16 units would sort the last two the other way round. */
const LETTERS = ['\0', '\u0001', 'a', 'b', '\u007f', 'é', '\uffee', '😀'];

interface Named extends Ordered {
  readonly name: string;
}

function named(name: string): Named {
  const bytes = new TextEncoder().encode(name);
  const key = new Int32Array(padded(bytes.length) >> 2);
  new Uint8Array(key.buffer).set(bytes);
  return { name, keyBytes: bytes.length, key };
}

function placeOf(name: string, isAfter: boolean): Place {
  const { key, keyBytes } = named(name);
  return { words: Int32Array.of(7, ...key), start: 1, byteLength: keyBytes, isAfter };
}

function names(order: KeyOrder<Named>, from: string, isAfter = false): string[] {
  return [...order.from(placeOf(from, isAfter))].map(({ name }) => name);
}

function randomName(random: Random): string {
  return Array.from({ length: 1 + below(random, 7) }, () => LETTERS[below(random, LETTERS.length)]).join('');
}

describe('An order of keys', () => {
  it('is that of a sorted list, whatever is added, removed and looked for', () => {
    const seed = testSeed();
    const random = seededRandom(seed);
    const order = new KeyOrder<Named>();
    const list = new Set<string>();
    for (let step = 0; step < 6 * KEY_BLOCK_ENTRIES_MAX; step++) {
      const name = randomName(random);
      if (below(random, 3) === 0) {
        order.remove(named(name));
        list.delete(name);
      } else {
        order.add(named(name));
        list.add(name);
      }
      if (step % 256 !== 0) continue;
      const [from, isAfter] = [randomName(random), below(random, 2) === 0];
      const sorted = [...list].sort(compareCodePoints);
      const expected = sorted.filter((each) => compareCodePoints(each, from) >= (isAfter && each === from ? 1 : 0));
      expect(names(order, from, isAfter), replayCommand(FILE, seed)).toEqual(expected);
    }
    for (const name of list) order.remove(named(name));
    expect(names(order, '')).toEqual([]);
  });

  it('is that of the UTF-8 bytes, where a key that another begins with comes first', () => {
    const order = new KeyOrder<Named>();
    const sorted = ['a', 'a\0', 'a\0\0\0\0', 'ab', 'abcd', 'abcd\0', 'abce', 'é', '\uffee', '😀'];
    for (const name of sorted.toReversed()) order.add(named(name));
    expect(names(order, '')).toEqual(sorted);
    expect(sorted.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))).toEqual(sorted);
    expect(names(order, 'abcd', true)).toEqual(sorted.slice(5));
  });
});

describe('The keys of a table', () => {
  it('are put in order step by step, and those that come later at once', () => {
    const table = new KeyTable();
    const frame = new FrameBuffer(64);
    const add = (name: string): void => {
      writeKey(name, frame, 0);
      table.add(writtenKey.hash, frame, 0, writtenKey.byteLength);
    };
    for (let key = 0; key < 2 * KEY_ORDER_STEP_ENTRIES + 1; key++) add(`b${key}`);
    expect([table.inOrder(), table.inOrder()]).toEqual([undefined, undefined]);
    add('a');
    const order = table.inOrder();
    expect(order).toBeDefined();
    const whole: Place = { words: new Int32Array(0), start: 0, byteLength: 0, isAfter: false };
    expect([...order!.from(whole)]).toHaveLength(table.size);
    add('c');
    add('0');
    const keys = [...table.inOrder()!.from(whole)].map(({ key }) => String.fromCharCode(key[0]! & 0xff));
    expect([keys.length, keys[0], keys[1], keys.at(-1)]).toEqual([table.size, '0', 'a', 'c']);
  });

  it('are in order without those that are removed, before it is made and after', () => {
    const table = new KeyTable();
    const frame = new FrameBuffer(64);
    const add = (name: string): Entry => {
      writeKey(name, frame, 0);
      return table.add(writtenKey.hash, frame, 0, writtenKey.byteLength);
    };
    const entries = Array.from({ length: 2 * KEY_ORDER_STEP_ENTRIES }, (_, key) => add(`b${key}`));
    table.inOrder();
    for (const entry of [entries[0]!, entries.at(-1)!]) table.remove(entry);
    for (const name of ['a', 'c', 'd']) add(name); // Two of them take the places of those that were removed.
    while (table.inOrder() === undefined);
    const whole: Place = { words: new Int32Array(0), start: 0, byteLength: 0, isAfter: false };
    expect([...table.inOrder()!.from(whole)]).toHaveLength(table.size);
    table.remove(entries[1]!);
    expect([...table.inOrder()!.from(whole)]).toHaveLength(table.size);
  });
});

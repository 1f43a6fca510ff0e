// The table of a replica against a plain map: keys come, change and go, positions stay.
import { describe, expect, it } from 'vitest';
import { between } from '../../src/sim/engine/chance.ts';
import { seededRandom } from '../../src/base/random.ts';
import { KeyTable } from '../../src/replica/key-table.ts';
import type { Entry } from '../../src/replica/key-table.ts';
import { FrameBuffer } from '../../src/replica/operation.ts';
import { NO_VALUE } from '../../src/replica/wire.ts';
import { testSeed } from '../support/seed.ts';

const KEYS = 40;
/** So few hashes that keys share them. */
const HASHES = 7;

/** A frame with the key and value at 0 and 8. */
function frameOf(key: number, value: number): FrameBuffer {
  const frame = new FrameBuffer(16);
  frame.words.set([key, 0, value]);
  return frame;
}

function find(table: KeyTable, key: number): Entry | undefined {
  return table.find(key % HASHES, frameOf(key, 0), 0, 4);
}

describe('KeyTable', () => {
  it('holds what a map holds, at positions that stay, and counts its bytes', () => {
    const seed = testSeed();
    const random = seededRandom(seed);
    const table = new KeyTable();
    const model = new Map<number, { value: number; position: number }>();
    for (let step = 0; step < 20_000; step++) {
      const key = between(random, 0, KEYS - 1);
      const entry = find(table, key);
      const known = model.get(key);
      expect(entry?.value[0], `key ${key}, seed ${seed}`).toBe(known?.value);
      if (entry !== undefined && between(random, 0, 2) === 0) {
        table.remove(entry);
        model.delete(key);
        continue;
      }
      const frame = frameOf(key, step);
      const written = entry ?? table.add(key % HASHES, frame, 0, 4);
      table.setValue(written, frame, 8, 4);
      model.set(key, { value: step, position: written.position });
      expect(known === undefined || known.position === written.position, `seed ${seed}`).toBe(true);
    }
    expect(table.size).toBe(model.size);
    expect(table.positions, `seed ${seed}`).toBeLessThanOrEqual(KEYS);
    for (const { value, position } of model.values()) expect(table.at(position)?.value[0]).toBe(value);
    expect([...table.entries()].length).toBe(model.size);
    for (const entry of table.entries()) table.remove(entry);
    expect([table.size, table.bytes, [...table.entries()].length], `seed ${seed}`).toEqual([0, 0, 0]);
  });

  it('gives the position of a removed key to the next new one, and none twice', () => {
    const table = new KeyTable();
    const [first, second] = [1, 2].map((key) => table.add(key, frameOf(key, 0), 0, 4));
    table.remove(first!);
    table.remove(second!);
    const positions = [3, 4, 5].map((key) => table.add(key, frameOf(key, 0), 0, 4).position);
    expect(positions).toEqual([1, 0, 2]);
    expect(table.at(2)?.valueBytes).toBe(NO_VALUE);
  });

  it('refuses to remove what it does not hold', () => {
    const table = new KeyTable();
    const entry = table.add(1, frameOf(1, 0), 0, 4);
    table.remove(entry);
    expect(() => table.remove(entry)).toThrow('Only what is in the table is removed');
  });
});

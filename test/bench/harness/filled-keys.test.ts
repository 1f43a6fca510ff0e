import { describe, expect, it } from 'vitest';
import { depthFor, fillKeys, operationOf } from '../../../bench/harness/filled-keys.ts';
import type { Answers } from '../../../bench/harness/filled-keys.ts';

const SHAPE = { keys: 100, bytes: 16 };

/** A store of which `damage` says what a get answers instead. */
function store(damage: (value: unknown) => unknown = (value) => value): Answers {
  const values = new Map<string, Uint8Array>();
  return {
    put: async (key, value) => {
      values.set(key, value.slice());
      return { outcome: 'ok' };
    },
    get: async (key) => {
      return { outcome: values.has(key) ? 'ok' : 'absent', value: damage(values.get(key)) };
    },
  };
}

describe('Filled keys', () => {
  it('Every key holds its value once all are filled', async () => {
    const filled = store();
    await fillKeys(filled, SHAPE);
    const get = operationOf(filled, 'get', SHAPE);
    for (let index = 0; index < 2 * SHAPE.keys; index++) await get(index);
  });

  it.each([
    ['is of another key', () => new Uint8Array(16).fill(63), 'the first byte of value 0 is 63, must be 0'],
    ['is cut', () => new Uint8Array(15), 'the length of value 0 is 15, must be 16'],
    ['is of another type', () => 'text', 'get 0 gave no bytes'],
  ])('A value that %s fails the benchmark', async (_defect, damage, message) => {
    const damaged = store(damage);
    await fillKeys(damaged, SHAPE);
    await expect(operationOf(damaged, 'get', SHAPE)(0)).rejects.toThrow(message);
  });

  it('A key that is not there fails the benchmark', async () => {
    await expect(operationOf(store(), 'get', SHAPE)(0)).rejects.toThrow('the outcome of get 0 is absent, must be ok');
  });

  it.each([
    [16, 256],
    [65_536, 256],
    [1_048_576, 16],
    [2 ** 30, 1],
  ])('Values of %i bytes: at most 16 MiB are pending, so %i of them', (bytes, depth) => {
    expect(depthFor(bytes, 256)).toBe(depth);
  });
});

import { describe, expect, it } from 'vitest';
import { decodeContext, encodeContext } from '../../src/store/sibling-context.ts';

describe('A context', () => {
  it.each<[Record<string, number>, string]>([
    [{}, 'qc1'],
    [{ 'abc-1-0': 7 }, 'qc1.abc-1-0_7'],
    [{ a: 1, b: 2 ** 49 }, 'qc1.a_1.b_562949953421312'],
  ])('of %j is %s, and comes back', (seen, text) => {
    const vector = new Map(Object.entries(seen));
    expect(encodeContext(vector)).toBe(text);
    expect(decodeContext(text)).toEqual(vector);
  });

  it.each<[unknown, string]>([
    [undefined, 'undefined'],
    [7, 'number'],
    ['', "''"],
    ['qc2.a_1', "'qc2.a_1'"],
    ['qc1.a', "'qc1.a'"],
    ['qc1.a_0', "'qc1.a_0'"],
    ['qc1.a_1.', "'qc1.a_1.'"],
    ['qc1.A_1', "'qc1.A_1'"],
    [`qc1.${'a'.repeat(20_000)}_1`, `'qc1.${'a'.repeat(36)}'`],
  ])('is none if it is %j', (context, given) => {
    expect(() => decodeContext(context)).toThrow(
      expect.objectContaining({
        code: 'ERR_QUORATE_INVALID_ARGUMENT',
        message: `Cannot use context ${given}: it must be one that a result of the key has given`,
      }),
    );
  });
});

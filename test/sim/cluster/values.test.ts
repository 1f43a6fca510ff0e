import { describe, expect, it } from 'vitest';
import { INLINE_BYTES_MAX } from '../../../src/base/limits.ts';
import { ValueEncoder } from '../../../src/base/value-codec.ts';
import { encodedNumber, seenValue, valueOf } from '../../../src/sim/cluster/values.ts';

const NUMBERS = [1, 2, 3, 4, 40, 1000, 1_000_002];

describe('A value of a simulated client', () => {
  it.each([false, true])('says its number, and is whole as long as nobody touches it; large: %j', (isLarge) => {
    for (const number of NUMBERS)
      expect(seenValue(valueOf(number, isLarge))).toEqual({ number, corruption: undefined });
  });

  it('says its number as production encodes it', () => {
    const encoder = new ValueEncoder();
    for (const number of NUMBERS) {
      const byteLength = encoder.encode(valueOf(number, false));
      expect(encodedNumber(encoder.bytes, 0, byteLength)).toBe(number);
      expect(byteLength).toBeLessThanOrEqual(80);
    }
  });

  it('travels by reference when it is large', () => {
    for (const number of NUMBERS) expect(valueOf(number, true).length).toBeGreaterThanOrEqual(INLINE_BYTES_MAX);
  });

  it.each<[wrong: string, value: unknown]>([
    ['Byte 5 of v2 is not what was written', changed(valueOf(2, false), 5)],
    ['v2 has 8 bytes, written were 60', bytesFrom([2, 0, 0, 0, 6, 7, 8, 9])],
    ['v4 is 4, which nobody wrote', '4'],
    ['v0 is 17, which nobody wrote', 17],
    [`Byte ${INLINE_BYTES_MAX - 1} of v3 is not what was written`, changed(valueOf(3, true), INLINE_BYTES_MAX - 1)],
  ])('is told from one that is not as it was written: %s', (wrong, value) => {
    expect(seenValue(value).corruption).toBe(wrong);
  });
});

function changed(value: Uint8Array | string, index: number): Uint8Array {
  if (typeof value === 'string') throw new TypeError('It is text');
  return value.map((byte, at) => (at === index ? byte ^ 1 : byte));
}

function bytesFrom(bytes: readonly number[]): Uint8Array {
  return Uint8Array.from(bytes);
}

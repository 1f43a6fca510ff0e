import { describe, expect, it } from 'vitest';
import { ABSENT, CORRUPT, UNTOLD } from '../../src/torture/ledger.ts';
import { STAMPED_BYTES_MIN, readStamp, stampedValue } from '../../src/torture/stamp.ts';

const TICKET = { slot: 3, generation: 70, number: 9, at: 0 };

describe('A stamped value', () => {
  it.each([STAMPED_BYTES_MIN, STAMPED_BYTES_MIN + 1, 5000, 200_000])('of %d bytes tells who wrote it', (bytes) => {
    const value = stampedValue(TICKET, bytes);
    expect(value.length).toBe(bytes);
    expect(readStamp(value, { ...TICKET, number: 1 })).toEqual({ value: 9, found: UNTOLD });
  });

  it.each([ABSENT, CORRUPT, 8])('tells that its writer found %i', (found) => {
    expect(readStamp(stampedValue(TICKET, 100, found), TICKET)).toEqual({ value: 9, found });
  });

  it.each<[string, (value: Uint8Array) => unknown]>([
    ['another type', () => 'text'],
    ['too short', (value) => value.subarray(0, 23)],
    ['cut off', (value) => value.subarray(0, 99)],
    ['of another key', () => stampedValue({ ...TICKET, slot: 4 }, 100)],
    ['of an earlier key', () => stampedValue({ ...TICKET, generation: 69 }, 100)],
    ['of two writers', (value) => value.fill(0, 50)],
    ['damaged in its last byte', (value) => value.fill(0, 99)],
    ['said to be made of another', (value) => value.fill(1, 23, 24)],
    ['zeros', (value) => value.fill(0)],
  ])('that is %s is nobody’s', (_, damage) => {
    expect(readStamp(damage(stampedValue(TICKET, 100)), TICKET)).toEqual({ value: CORRUPT, found: UNTOLD });
  });
});

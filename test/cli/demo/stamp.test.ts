import { describe, expect, it } from 'vitest';
import { Stamper, STAMP_BYTES } from '../../../src/cli/demo/stamp.ts';

const STAMP = { client: 1, sequence: 4_000_000_000, key: 77 };
const fresh = (): typeof STAMP => ({ client: 0, sequence: 0, key: 0 });

describe('Stamper', () => {
  it.each([0, 15, 16, 17, 100, 4096])('A value of %i bytes says which write it is', (bytes) => {
    const stamper = new Stamper(4096);
    const value = stamper.make(STAMP, bytes);
    const read = fresh();
    expect(value.length).toBe(Math.max(bytes, STAMP_BYTES));
    expect(stamper.read(value, read)).toBe(true);
    expect(read).toEqual(STAMP);
  });

  it('A value is cut to the longest that is allowed', () => {
    expect(new Stamper(64).make(STAMP, 1000).length).toBe(64);
  });

  it('Every single damaged byte of seal and body is noticed; stamps are checked against the record', () => {
    const stamper = new Stamper(64);
    const value = stamper.make(STAMP, 64);
    for (let at = 12; at < value.length; at++) {
      const damaged = Buffer.from(value);
      damaged[at]! ^= 0x40;
      expect(stamper.read(damaged, fresh()), `byte ${at}`).toBe(false);
    }
  });

  it.each([undefined, null, 'text', 7, Buffer.alloc(0), Buffer.alloc(15), Buffer.alloc(100), {}])(
    'Something else is no value of ours: %j',
    (value) => {
      expect(new Stamper(64).read(value, fresh())).toBe(false);
    },
  );

  it('The beginning of a longer value is no value', () => {
    const stamper = new Stamper(64);
    expect(stamper.read(stamper.make(STAMP, 64).subarray(0, 40), fresh())).toBe(false);
  });
});

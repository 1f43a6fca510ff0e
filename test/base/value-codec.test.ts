import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VALUE_BYTES_MAX } from '../../src/base/limits.ts';
import {
  EXPIRY_BYTES,
  VALUE_TYPE,
  ValueEncoder,
  decodeValue,
  readExpiry,
  writeExpiry,
} from '../../src/base/value-codec.ts';
import { shrinkingBuffer } from '../support/shrinking-buffer.ts';

function roundTrip(value: unknown, encoder: ValueEncoder = new ValueEncoder()): unknown {
  const length = encoder.encode(value);
  const shared = new Uint8Array(new SharedArrayBuffer(length + 32));
  shared.set(encoder.bytes.subarray(0, length), 16);
  const decoded = decodeValue(shared, 16, length);
  shared.fill(0xee); // A value must not look at the frame that it came in.
  return decoded;
}

describe('A value', () => {
  it('comes back equal, whatever string it is, from memory that is overwritten afterwards', () => {
    const encoder = new ValueEncoder();
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (value) => {
        expect(roundTrip(value, encoder)).toBe(value);
      }),
    );
  });

  it('comes back equal, whatever code units its string has, lone surrogates included', () => {
    const encoder = new ValueEncoder();
    const units = fc.array(fc.nat({ max: 0xffff }), { maxLength: 60 });
    fc.assert(
      fc.property(units, (codes) => {
        const value = String.fromCharCode(...codes);
        expect(roundTrip(value, encoder)).toBe(value);
      }),
    );
  });

  it('comes back as bytes of its own, whatever bytes it has', () => {
    const encoder = new ValueEncoder();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (value) => {
        const decoded = roundTrip(value, encoder);
        expect(decoded).toEqual(value);
        expect(decoded).toHaveProperty('buffer', expect.any(ArrayBuffer));
      }),
    );
  });

  it('comes back equal, whatever number or short list of numbers it is', () => {
    const encoder = new ValueEncoder();
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.array(fc.oneof(fc.double(), fc.integer()), { maxLength: 10 })), (value) => {
        expect(roundTrip(value, encoder)).toStrictEqual(value); // NaN and -0 included.
      }),
    );
  });

  it('is refused where a list of numbers is a proxy, and arrives without the properties of a list', () => {
    expect(() => new ValueEncoder().encode(new Proxy([1, 2], {}))).toThrow(
      expect.objectContaining({ code: 'ERR_QUORATE_UNSENDABLE', fields: { path: 'value', what: 'a Proxy' } }),
    );
    expect(roundTrip(Object.assign([1, 2], { extra: 3 }))).toStrictEqual([1, 2]);
  });

  it.each([
    [''],
    ['a'],
    ['x'.repeat(20)],
    ['x'.repeat(21)],
    ['é'],
    ['é'.repeat(21)],
    ['a'.repeat(5000)],
    ['\u{1f600}'.repeat(2000)],
  ])('of a string keeps every character: case %#', (value) => {
    expect(roundTrip(value)).toBe(value);
  });

  it.each([
    ['bytes', new Uint8Array([1]), VALUE_TYPE.BYTES],
    ['ASCII', 'abc', VALUE_TYPE.ASCII],
    ['long ASCII', 'abc'.repeat(50), VALUE_TYPE.ASCII],
    ['UTF-8', 'naïve', VALUE_TYPE.UTF8],
    ['plain data', { a: 1 }, VALUE_TYPE.PLAIN],
    ['other typed arrays', new Float64Array(2), VALUE_TYPE.PLAIN],
    ['a lone surrogate', '\ud800', VALUE_TYPE.PLAIN],
    ['a number', 1.5, VALUE_TYPE.NUMBER],
    ['a few numbers', [1, 2], VALUE_TYPE.NUMBERS],
    ['many numbers', Array.from({ length: 9 }, () => 1), VALUE_TYPE.PLAIN],
    ['a list that has a hole', Array.from({ length: 2 }).fill(1, 0, 1), VALUE_TYPE.PLAIN],
    ['an empty list', [], VALUE_TYPE.PLAIN],
  ])('of %s has its own type byte', (_, value, type) => {
    const encoder = new ValueEncoder();
    encoder.encode(value);
    expect(encoder.bytes[0]).toBe(type);
  });

  it('of a Buffer from the pool is only its own bytes, and arrives as a Uint8Array', () => {
    const decoded = roundTrip(Buffer.from('pooled'));
    expect(decoded).toEqual(new Uint8Array(Buffer.from('pooled')));
    expect(decoded).toHaveProperty('buffer.byteLength', 6);
    expect(Object.getPrototypeOf(decoded)).toBe(Uint8Array.prototype);
  });

  it.each([['text'], [7], [{ a: 1 }], [new Uint8Array([1, 2])], ['\u{1f600}'], [undefined], [[1, 2, 3]]])(
    'may say when it expires, %j: whoever decodes it gets the value alone',
    (value) => {
      const encoder = new ValueEncoder();
      const length = encoder.encode(value);
      const bytes = new Uint8Array(3 + EXPIRY_BYTES + length).fill(255);
      writeExpiry(1234.5, bytes, 3);
      bytes.set(encoder.bytes.subarray(0, length), 3 + EXPIRY_BYTES);
      expect(readExpiry(bytes, 3)).toBe(1234.5);
      expect(readExpiry(bytes, 3 + EXPIRY_BYTES)).toBe(Number.POSITIVE_INFINITY);
      expect(decodeValue(bytes, 3, EXPIRY_BYTES + length)).toEqual(value);
    },
  );

  it('that expires twice, or of which nothing but the moment is there, is damaged', () => {
    const bytes = new Uint8Array(2 * EXPIRY_BYTES + 1);
    writeExpiry(1, bytes, 0);
    writeExpiry(2, bytes, EXPIRY_BYTES);
    const damaged = expect.objectContaining({ code: 'ERR_QUORATE_FRAME' });
    expect(() => decodeValue(bytes, 0, bytes.length)).toThrow(damaged);
    expect(() => decodeValue(bytes, 0, EXPIRY_BYTES)).toThrow(damaged);
    expect(() => decodeValue(bytes, 0, 1)).toThrow(damaged);
  });

  it.each(['is detached', 'has shrunk'])('of a buffer that %s is refused instead of being stored empty', (how) => {
    const { buffer, shrink } = shrinkingBuffer();
    const value = new Uint8Array(buffer, 4, 8);
    if (how === 'is detached') structuredClone(buffer, { transfer: [buffer] });
    else shrink();
    expect(() => new ValueEncoder().encode(value)).toThrow(
      expect.objectContaining({ code: 'ERR_QUORATE_UNSENDABLE', fields: { path: 'value', what: 'a detached buffer' } }),
    );
  });

  it('may be as long as the limit, and not a byte longer', () => {
    const encoder = new ValueEncoder();
    const tooLarge = expect.objectContaining({ name: 'RangeError', code: 'ERR_QUORATE_VALUE_TOO_LARGE' });
    expect(encoder.encode(new Uint8Array(VALUE_BYTES_MAX))).toBe(VALUE_BYTES_MAX + 1);
    expect(encoder.encode('x'.repeat(VALUE_BYTES_MAX))).toBe(VALUE_BYTES_MAX + 1);
    expect(() => encoder.encode(new Uint8Array(VALUE_BYTES_MAX + 1))).toThrow(tooLarge);
    expect(() => encoder.encode('x'.repeat(VALUE_BYTES_MAX + 1))).toThrow(tooLarge);
    expect(() => encoder.encode(['x'.repeat(VALUE_BYTES_MAX)])).toThrow(tooLarge);
  });

  it('leaves no large scratch behind once the next one is small', () => {
    const encoder = new ValueEncoder();
    encoder.encode(new Uint8Array(4 << 20));
    encoder.encode('small');
    expect(encoder.bytes.length).toBeLessThanOrEqual(1 << 20);
    expect(encoder.words.buffer).toBe(encoder.bytes.buffer);
  });

  it.each([
    ['no bytes', new Uint8Array(0), 0],
    ['bytes that are not there', new Uint8Array([1, 2]), 3],
    ['an unknown type', new Uint8Array([9, 2]), 2],
    ['damaged plain data', new Uint8Array([3, 1, 0xc1]), 2],
    ['a part of a number', new Uint8Array([4, 0, 0]), 3],
    ['a list with a part of a number', new Uint8Array([5, 0, 0]), 3],
  ])('is not made of %s', (_, bytes, length) => {
    expect(() => decodeValue(bytes, 0, length)).toThrow(expect.objectContaining({ code: 'ERR_QUORATE_FRAME' }));
  });
});

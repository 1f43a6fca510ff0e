// The cases M2 to M8 and M13 are those of the acceptance list for messages.
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { registerClassCodec } from '../../src/base/class-codec.ts';
import { QuorateError } from '../../src/base/errors.ts';
import { PLAIN_DEPTH_MAX, VALUE_BYTES_MAX } from '../../src/base/limits.ts';
import { decodePlain, encodePlain, encodePlainShortLived } from '../../src/base/plain-codec.ts';
import { shrinkingBuffer } from '../support/shrinking-buffer.ts';

function roundTrip(value: unknown): unknown {
  const bytes = encodePlain(value);
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 16));
  shared.set(bytes, 8);
  const decoded = decodePlain(shared, 8, 8 + bytes.length);
  shared.fill(0xee); // A value must not look at the frame that it came in.
  return decoded;
}

function failureOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

function unsendable(path: string): unknown {
  const fields: unknown = expect.objectContaining({ path });
  return expect.objectContaining({ name: 'QuorateError', code: 'ERR_QUORATE_UNSENDABLE', fields });
}

class Point {
  readonly x: number;
  constructor(x: number) {
    this.x = x;
  }
}

describe('Plain data', () => {
  it('comes back equal, whatever it is made of', () => {
    const keys = fc
      .string({ unit: 'binary', maxLength: 12 })
      .filter((key) => !['__proto__', 'constructor', 'prototype'].includes(key));
    const anything = fc.anything({
      key: keys,
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withTypedArray: true,
      withSparseArray: true,
      withUnicodeString: true,
      maxDepth: 4,
    });
    fc.assert(
      fc.property(anything, (value) => {
        expect(roundTrip(value)).toStrictEqual(value);
      }),
      { numRuns: 300 },
    );
  });

  it.each<[string, unknown]>([
    ['-0', -0],
    ['NaN', NaN],
    ['Infinity', -Infinity],
    ['undefined', undefined],
    ['an empty string', ''],
    ['a lone surrogate', 'a\ud800b'],
    ['a lone surrogate as key', { '\udc00': 1, plain: 2 }],
    ['a small BigInt', -1n],
    ['the largest 64-bit BigInt', 2n ** 63n - 1n],
    ['a BigInt past 64 bits', 2n ** 63n],
    ['a huge negative BigInt', -(7n ** 3000n)],
    ['an invalid Date', new Date(NaN)],
    ['a Date before 1970', new Date(-1)],
    ['numbers at the edges of 32 bits', [2 ** 31, -(2 ** 31), 2 ** 32 - 1, 2 ** 32, 2 ** 53, 0.1]],
    ['an array with holes', [1, , 3, ,]], // oxlint-disable-line no-sparse-arrays
    ['an array that starts with null', [null, 1]],
    ['arrays of null in arrays of null', [null, [null, [null]], []]],
    ['an array that looks like an escape', [null, 3]],
    ['keys that look like methods', { hasOwnProperty: 1, toJSON: 2, valueOf: 3, length: 4 }],
    ['an object of many keys', Object.fromEntries(Array.from({ length: 70_000 }, (_, index) => [`k${index}`, index]))],
    ['an ArrayBuffer', new Uint8Array([1, 2]).buffer],
    ['a DataView', new DataView(new Uint8Array([1, 2]).buffer)],
    [
      'a Map with odd keys',
      new Map<unknown, unknown>([
        [NaN, 1],
        [{ a: 1 }, new Map()],
        [undefined, null],
      ]),
    ],
    ['a Set in a Set', new Set([new Set([null]), 'a'])],
  ])('M13: %s comes back equal', (_, value) => {
    expect(roundTrip(value)).toStrictEqual(value);
  });

  it('M13: a null-prototype object keeps its prototype', () => {
    const decoded = roundTrip(Object.assign(Object.create(null), { a: 1 }));
    expect(Object.getPrototypeOf(decoded)).toBeNull();
    expect(decoded).toHaveProperty('a', 1);
  });

  it.each<[string, unknown, string]>([
    ['a function', { a: [() => 1] }, 'value.a[0]'],
    ['a symbol', { s: Symbol('s') }, 'value.s'],
    ['a symbol key', { deep: { [Symbol('s')]: 1 } }, 'value.deep'],
    ['a Promise', [Promise.resolve()], 'value[0]'],
    ['a Proxy', new Proxy({}, {}), 'value'],
    ['a Proxy of an array', { list: new Proxy([], {}) }, 'value.list'],
    ['a WeakMap', { w: new WeakMap() }, 'value.w'],
    ['a RegExp', /a/, 'value'],
    ['a shared buffer', { memory: new SharedArrayBuffer(8) }, 'value.memory'],
    ['an item of a Set', new Set([() => 1]), 'value[0]'],
  ])('M2: %s is refused at the sender, with its path', (_, value, path) => {
    expect(failureOf(() => encodePlain(value))).toEqual(unsendable(path));
  });

  it('M3: a class instance is refused, because its prototype would be lost', () => {
    expect(failureOf(() => encodePlain({ at: new Point(1) }))).toEqual(unsendable('value.at'));
    expect(failureOf(() => encodePlain(new (class Sub extends Map {})()))).toEqual(unsendable('value'));
    expect(failureOf(() => encodePlain(new (class Sub extends Array {})()))).toEqual(unsendable('value'));
  });

  it('M3: a class instance crosses with a codec for its class', () => {
    const codec = {
      name: 'test/temperature',
      type: class Temperature {
        celsius = 0;
      },
      encode: ({ celsius }: { celsius: number }) => celsius,
      decode: (plain: unknown) => Object.assign(new codec.type(), { celsius: Number(plain) }),
    };
    registerClassCodec(codec);
    registerClassCodec(codec);
    const decoded = roundTrip([Object.assign(new codec.type(), { celsius: 21 })]);
    expect(decoded).toStrictEqual([Object.assign(new codec.type(), { celsius: 21 })]);
    const other = failureOf(() => registerClassCodec({ ...codec }));
    expect(other).toMatchObject({ name: 'TypeError', code: 'ERR_QUORATE_INVALID_ARGUMENT' });
  });

  it('M4: an error keeps class, name, message, code, cause, stack and own properties', () => {
    class DiskError extends RangeError {
      override readonly name = 'DiskError';
      readonly code = 'EDISK';
      readonly sector = { track: 7 };
    }
    const cause = new TypeError('inner');
    const error = new DiskError('Cannot read', { cause });
    const decoded = roundTrip(error);
    expect(decoded).toBeInstanceOf(RangeError);
    expect(decoded).toMatchObject({ name: 'DiskError', message: 'Cannot read', code: 'EDISK', sector: { track: 7 } });
    expect(decoded).toHaveProperty('stack', error.stack);
    expect(decoded).toHaveProperty('cause.stack', cause.stack);
    expect(Object.keys(decoded as object).sort()).toEqual(['code', 'sector']);
  });

  it('M4: an error of Quorate arrives as one', () => {
    const error = new QuorateError('ERR_QUORATE_TIMEOUT', 'Cannot wait', { fields: { timeoutMs: 5 } });
    const decoded = roundTrip(error);
    expect(decoded).toBeInstanceOf(QuorateError);
    expect(decoded).toMatchObject({ code: 'ERR_QUORATE_TIMEOUT', message: 'Cannot wait', fields: { timeoutMs: 5 } });
  });

  it('M4: an AggregateError keeps its errors, and an undefined cause stays a cause', () => {
    const decoded = roundTrip(new AggregateError([new Error('a')], 'all', { cause: undefined }));
    expect(decoded).toBeInstanceOf(AggregateError);
    expect(decoded).toHaveProperty('errors[0].message', 'a');
    expect('cause' in (decoded as object)).toBe(true);
    expect('cause' in (roundTrip(new Error('none')) as object)).toBe(false);
  });

  it('M4: an error crosses even when a member of it cannot; that member says why', () => {
    const error = Object.assign(new Error('failed'), { socket: new Point(1), retry: () => 1 });
    Object.assign(error, { cause: error });
    Object.defineProperty(error, 'broken', { enumerable: true, get: () => assertNever() });
    expect(roundTrip(error)).toMatchObject({
      message: 'failed',
      socket: '[Cannot send an instance of Point (register a class codec for it) at value.socket]',
      retry: '[Cannot send a function at value.retry]',
      broken: '[Cannot read it: it throws]',
      cause: '[Cannot send a cycle at value.cause]',
    });
  });

  it('M5: of a pooled Buffer only its own bytes arrive', () => {
    const decoded = roundTrip({ bytes: Buffer.from('pooled') });
    expect(decoded).toStrictEqual({ bytes: new Uint8Array(Buffer.from('pooled')) });
    expect(decoded).toHaveProperty('bytes.buffer.byteLength', 6);
  });

  it('M6: a detached buffer is refused, and never sent as empty', () => {
    const bytes = new Uint8Array(8);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    expect(failureOf(() => encodePlain({ bytes }))).toEqual(unsendable('value.bytes'));
    expect(failureOf(() => encodePlain([bytes.buffer]))).toEqual(unsendable('value[0]'));
    expect(roundTrip(new Uint8Array(0))).toStrictEqual(new Uint8Array(0));
  });

  it.each([
    ['bytes', (buffer: ArrayBuffer) => new Uint8Array(buffer, 4, 4)],
    ['numbers', (buffer: ArrayBuffer) => new Float64Array(buffer, 8, 1)],
    ['a DataView', (buffer: ArrayBuffer) => new DataView(buffer, 4, 4)],
  ])('M6: a view that its buffer has shrunk away from is never sent as empty: %s', (_, viewOf) => {
    const { buffer, shrink } = shrinkingBuffer();
    const view = viewOf(buffer);
    shrink();
    expect(failureOf(() => encodePlain({ view }))).toEqual(unsendable('value.view'));
  });

  it('M7: nesting is allowed up to the limit and refused one deeper, as is 10 001', () => {
    expect(roundTrip(nested(PLAIN_DEPTH_MAX))).toStrictEqual(nested(PLAIN_DEPTH_MAX));
    for (const depth of [PLAIN_DEPTH_MAX + 1, 10_001]) {
      expect(failureOf(() => encodePlain(nested(depth)))).toMatchObject({ code: 'ERR_QUORATE_UNSENDABLE' });
    }
  });

  it('M7: a cycle is refused where it closes, before any getter is called twice', () => {
    let calls = 0;
    const cyclic: Record<string, unknown> = {
      get once() {
        calls++;
        return 1;
      },
      child: {},
    };
    Object.assign(cyclic['child'] as object, { parent: cyclic });
    expect(failureOf(() => encodePlain(cyclic))).toEqual(unsendable('value.child.parent'));
    expect(calls).toBe(1);
  });

  it('M7: a getter is called once, and one that throws is refused with its error as cause', () => {
    let calls = 0;
    const value = {
      get counted() {
        return ++calls;
      },
    };
    expect(roundTrip(value)).toStrictEqual({ counted: 1 });
    const thrown = new Error('no');
    const throwing = {
      a: {
        get b(): never {
          calls++;
          throw thrown;
        },
      },
    };
    const failure = failureOf(() => encodePlain(throwing));
    expect(failure).toEqual(unsendable('value.a.b'));
    expect(failure).toHaveProperty('cause', thrown);
    expect(calls).toBe(2);
  });

  afterEach(() => {
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each(['__proto__', 'constructor', 'prototype'])('M8: the own key %s is refused', (key) => {
    const value: unknown = JSON.parse(`{ "a": [{ "${key}": { "polluted": true } }] }`);
    expect(failureOf(() => encodePlain(value))).toEqual(unsendable(`value.a[0].${key}`));
    const bare: unknown = Object.defineProperty(Object.create(null), key, { value: 1, enumerable: true });
    expect(failureOf(() => encodePlain(bare))).toEqual(unsendable(`value.${key}`));
    expect(roundTrip(new Map([[key, 1]]))).toStrictEqual(new Map([[key, 1]]));
  });

  it('is refused above the limit before it is packed, also when few objects stand for many', () => {
    const tooLarge = expect.objectContaining({ name: 'RangeError', code: 'ERR_QUORATE_VALUE_TOO_LARGE' });
    expect(failureOf(() => encodePlain('x'.repeat(VALUE_BYTES_MAX + 1)))).toEqual(tooLarge);
    expect(failureOf(() => encodePlain(Object.assign([], { length: 2 ** 32 - 1 })))).toEqual(tooLarge);
    let laughs: unknown = 'ha';
    for (let level = 0; level < 60; level++) laughs = [laughs, laughs];
    expect(failureOf(() => encodePlain(laughs))).toEqual(tooLarge);
  });

  it('gives bytes that stay, unless the short-lived ones were asked for', () => {
    const kept = encodePlain({ a: 1 });
    const lent = encodePlainShortLived({ a: 1 });
    encodePlainShortLived({ b: 2 });
    expect(decodePlain(kept)).toStrictEqual({ a: 1 });
    expect(decodePlain(lent)).toStrictEqual({ b: 2 });
    expect(kept.buffer.byteLength).toBe(kept.length);
  });

  it('does not come from damaged bytes: they are refused, or are other plain data', () => {
    const bytes = encodePlain({ list: [1, 'two', new Date(3)], map: new Map([['a', 1n]]) });
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
        const damaged = bytes.slice();
        damaged[at] = byte;
        const failure = failureOf(() => decodePlain(damaged));
        if (failure !== undefined) expect(failure).toMatchObject({ code: 'ERR_QUORATE_FRAME' });
      }),
      { numRuns: 500 },
    );
    expect(failureOf(() => decodePlain(new Uint8Array(0)))).toMatchObject({ code: 'ERR_QUORATE_FRAME' });
    expect(failureOf(() => decodePlain(bytes.subarray(0, 7)))).toMatchObject({ code: 'ERR_QUORATE_FRAME' });
    expect(roundTrip({ a: 1 })).toStrictEqual({ a: 1 });
  });
});

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

function assertNever(): never {
  throw new Error('read');
}

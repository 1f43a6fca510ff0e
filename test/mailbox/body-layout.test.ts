import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compiledLayout, interpretedLayout, layout } from '../../src/mailbox/body-layout.ts';
import type { FieldKind, Layout, LayoutFields } from '../../src/mailbox/body-layout.ts';
import { frameViews } from '../../src/mailbox/frame-views.ts';

const BITS: Readonly<Record<string, number>> = { i8: 8, u8: 8, i16: 16, u16: 16, i32: 32, u32: 32, i64: 64, u64: 64 };

function valueOf(kind: FieldKind): fc.Arbitrary<unknown> {
  const bits = BITS[kind];
  if (kind === 'bool') return fc.boolean();
  if (kind === 'f64') return fc.double();
  if (kind === 'f32') return fc.float();
  if (kind === 'i64' || kind === 'u64') {
    const [min, max] = kind === 'i64' ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
    return fc.bigInt({ min, max });
  }
  const isSigned = kind.startsWith('i');
  return fc.integer({ min: isSigned ? -(2 ** (bits! - 1)) : 0, max: 2 ** (isSigned ? bits! - 1 : bits!) - 1 });
}

const KINDS: readonly FieldKind[] = ['bool', 'i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'f32', 'f64', 'i64', 'u64'];
const names = fc.constantFrom('a', 'b', '$', '_x', 'id', 'value', 'class', 'body', 'at', 'views', 'refuse', 'toString');
const fields: fc.Arbitrary<LayoutFields> = fc.dictionary(names, fc.constantFrom(...KINDS), {
  minKeys: 1,
  noNullPrototype: true,
});
const shapes = fields.chain((declared) => {
  const values = Object.fromEntries(Object.entries(declared).map(([name, kind]) => [name, valueOf(kind)]));
  return fc.record({
    declared: fc.constant(declared),
    body: fc.record(values),
    at: fc.nat({ max: 3 }).map((n) => 8 * n),
  });
});

function writeBy(shape: Layout<unknown>, body: unknown, at: number): Uint8Array | string {
  const memory = new SharedArrayBuffer(256);
  try {
    shape.write(body, frameViews(memory), at);
    return new Uint8Array(memory).slice();
  } catch (error) {
    return String(error);
  }
}

describe('A fixed layout', () => {
  it('carries every body of its shape, and both ways of running it agree byte for byte', () => {
    fc.assert(
      fc.property(shapes, ({ declared, body, at }) => {
        const compiled = compiledLayout(declared)!;
        const interpreted = interpretedLayout(declared);
        const views = frameViews(new SharedArrayBuffer(256));
        compiled.write(body, views, at);
        expect(compiled.read(views, at)).toEqual(body);
        expect(interpreted.read(views, at)).toEqual(body);
        expect(Object.keys(compiled.read(views, at))).toEqual(Object.keys(declared));
        expect(writeBy(interpreted, body, at)).toEqual(writeBy(compiled, body, at));
        expect(interpreted.bytes).toBe(compiled.bytes);
      }),
    );
  });

  it('refuses the same bodies with the same words, whichever way it runs', () => {
    const strange = fc.oneof(fc.anything(), fc.double(), fc.bigInt(), fc.boolean(), fc.constant(undefined));
    fc.assert(
      fc.property(shapes, names, strange, ({ declared, body, at }, name, value) => {
        const damaged = { ...(body as object), [name]: value };
        expect(writeBy(interpretedLayout(declared), damaged, at)).toEqual(
          writeBy(compiledLayout(declared)!, damaged, at),
        );
      }),
    );
    expect(writeBy(layout({ n: 'f64' }), null, 0)).toContain('Cannot send undefined as f64 at value.n');
  });

  it('lies without gaps, larger fields first', () => {
    expect(layout({ a: 'u8', b: 'f64', c: 'u16', d: 'u32', e: 'bool' }).bytes).toBe(16);
  });

  it.each([['not an identifier'], ['a;b'], ['__proto__'], ['constructor'], ['1a'], [''], ['é']])(
    'refuses the field name "%s", so that nothing but names gets into its code',
    (name) => {
      const declare = (): unknown => layout(JSON.parse(JSON.stringify({ x: 'u8' }).replace('x', name)) as LayoutFields);
      expect(declare).toThrow(expect.objectContaining({ name: 'TypeError', code: 'ERR_QUORATE_INVALID_ARGUMENT' }));
    },
  );

  it('refuses an unknown kind and an empty declaration', () => {
    const code = 'ERR_QUORATE_INVALID_ARGUMENT';
    expect(() => layout({ a: 'u128' } as unknown as LayoutFields)).toThrow(expect.objectContaining({ code }));
    expect(() => layout({ a: 'toString' } as unknown as LayoutFields)).toThrow(expect.objectContaining({ code }));
    expect(() => layout({})).toThrow(expect.objectContaining({ code }));
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseQuorate, writeHistory } from '../../../src/check/formats/quorate.ts';
import type { Operation } from '../../../src/check/history.ts';
import { ANY } from '../../../src/check/model.ts';

const READ: Operation = { process: 1, call: 'read', input: undefined, output: 1, start: 0, end: 1 };

const scalar = fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean(), fc.constant(null));
const value = fc.oneof(scalar, fc.array(scalar), fc.dictionary(fc.string(), scalar, { noNullPrototype: true }));
const operation = fc
  .record({
    process: fc.oneof(fc.integer(), fc.string()),
    key: fc.option(fc.string(), { nil: undefined }),
    call: fc.string({ minLength: 1 }),
    input: fc.option(value, { nil: undefined }),
    output: fc.oneof(value, fc.constant(undefined), fc.constant(ANY)),
    start: fc.integer({ min: 0, max: 1e9 }),
    length: fc.oneof(fc.integer({ min: 0, max: 1e9 }), fc.constant(Infinity)),
  })
  .filter(({ call }) => call !== 'txn')
  .map(({ process, call, input, start, length, key, output }): Operation => {
    const end = start + length;
    const common = { process, call, input, start, end, output: end === Infinity ? undefined : output };
    return key === undefined ? common : Object.assign(common, { key });
  });

describe('What is written in our own format', () => {
  it('is read back as it was, in the order of calls', () => {
    fc.assert(
      fc.property(fc.array(operation), (history) => {
        const sorted = history.toSorted((a, b) => a.start - b.start);
        expect(parseQuorate(writeHistory(history))).toEqual(sorted);
      }),
    );
  });

  it('keeps what a transaction of registers did not note', () => {
    const input = [['read', 'x'], ['write', 'y', 1]]; // prettier-ignore
    const output = [['read', 'x', ANY], ['write', 'y', 1]]; // prettier-ignore
    const history: Operation[] = [{ ...READ, call: 'txn', input, output }];
    expect(parseQuorate(writeHistory(history))).toEqual(history);
  });

  it('is a list where a set was read', () => {
    expect(parseQuorate(writeHistory([{ ...READ, output: new Set([1, 2]) }]))[0]?.output).toEqual([1, 2]);
  });

  it.each([[Number.NaN], [Infinity], [1n], [new Map()], [[new Date(0)]], [ANY]])(
    'is plain data: not the input %s',
    (input) => {
      expect(() => writeHistory([{ ...READ, input }])).toThrow(TypeError);
    },
  );
});

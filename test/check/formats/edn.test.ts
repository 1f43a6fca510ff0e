import { describe, expect, it } from 'vitest';
import { parseEdn, readEdn } from '../../../src/check/formats/edn.ts';

describe('EDN is read as JavaScript', () => {
  it.each([
    ['nil', null],
    ['true', true],
    ['false', false],
    ['-4', -4],
    ['+3', 3],
    ['4N', 4],
    ['1.5e3', 1500],
    ['2.50M', 2.5],
    ['9007199254740993', '9007199254740993'],
    [':key', ':key'],
    ['a-symbol', 'a-symbol'],
    ['"a \\"quoted\\" \\u0041\\n"', 'a "quoted" A\n'],
    ['"; no comment"', '; no comment'],
    ['\\a', 'a'],
    ['\\newline', '\n'],
    ['\\(', '('],
    ['[1, 2 ,(3 4)]', [1, 2, [3, 4]]],
    ['#{1 2}', [1, 2]],
    ['{:a 1, "b" [nil]}', new Map<unknown, unknown>([[':a', 1], ['b', [null]]])], // prettier-ignore
    ['#inst "2020-01-01"', '2020-01-01'],
    ['#jepsen.history.Op{:index 0}', new Map([[':index', 0]])],
    ['[1 #_ 2 #_ #_ 3 [4] 5]', [1, 5]],
    ['; first\n 7 ; last', 7],
    ['{}', new Map()],
  ])('%s', (text, value) => {
    expect(parseEdn(text)).toEqual(value);
  });

  it('The records of a text are its elements, or those of a vector or list around them, each with its line', () => {
    const records = [[1, 1], [2, 2], [3, 4]].map(([value, line]) => ({ value, line })); // prettier-ignore
    expect([...readEdn('1\n2\n\n3')]).toEqual(records);
    expect([...readEdn('[1\n2\n; two\n3]\n')]).toEqual(records);
    expect([...readEdn('(1\n2\n#_ 5\n3)')]).toEqual(records);
    expect([...readEdn(' ; nothing\n')]).toEqual([]);
  });
});

describe('What is no EDN, or is cut, is refused with its line', () => {
  it.each([
    ['\n[1 2', 2, '[ that nothing closes'],
    ['{:a 1\n :b}', 1, 'a map whose last key has no value'],
    ['{:a\n {:b 1', 2, '{ that nothing closes'],
    ['[1\n }', 2, 'found }'],
    [']', 1, 'found ]'],
    ['"abc\n', 1, '" that nothing closes'],
    ['"\\q"', 1, '\\q'],
    ['#_', 1, 'the end of the text'],
    ['#', 1, 'found #'],
    [':', 1, 'found :'],
    ['1x', 1, 'found 1x'],
    ['\\abc', 1, '\\abc'],
    ['['.repeat(100_000), 1, 'deeper nesting than 64'],
    ['#_'.repeat(100_000), 1, 'deeper nesting than 64'],
    ['#a '.repeat(100_000), 1, 'deeper nesting than 64'],
  ])('%j', (text, line, found) => {
    const read = (): unknown => [...readEdn(text)];
    expect(read).toThrow(
      expect.objectContaining({ code: 'ERR_QUORATE_TRACE', fields: expect.objectContaining({ line }) }),
    );
    expect(read).toThrow(found);
  });

  it('One element is no more and no less than one', () => {
    expect(() => parseEdn('1 2')).toThrow('nothing more');
    expect(() => parseEdn('', 9)).toThrow('line 9');
  });
});

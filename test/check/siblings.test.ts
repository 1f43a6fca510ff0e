import { describe, expect, it } from 'vitest';
import type { Operation } from '../../src/check/history.ts';
import { checkSiblings } from '../../src/check/siblings.ts';

/** `put 2 -1 = 2 0 1`: who had seen 1 puts 2, and 2 is there by it, from 0 to 1; without an end it never returned. */
function parse(lines: readonly string[]): Operation[] {
  return lines.map((line, process) => {
    const [, call = '', value, covers = '', output = '', start, end] =
      /^(get|put|delete) ?(\d+)?((?: -\d+)*) = ([\d,]*) (\d+) ?(\d+)?$/.exec(line) ?? [];
    const covered = covers.split(' -').filter(Boolean).map(Number);
    const input =
      call === 'get' ? undefined : call === 'put' ? { value: Number(value), covers: covered } : { covers: covered };
    const times = { start: Number(start), end: end === undefined ? Infinity : Number(end) };
    return { process, call, input, output: output.split(',').filter(Boolean).map(Number), ...times };
  });
}

describe('A history of siblings', () => {
  it.each<[string, readonly string[]]>([
    ['Nothing', []],
    ['A get of nothing', ['get =  0 1']],
    ['Two that did not know of each other, both there', ['put 1 = 1 0 3', 'put 2 = 1,2 1 4', 'get = 1,2 5 6']],
    ['One that was covered, and is gone', ['put 1 = 1 0 1', 'put 2 -1 = 2 2 3', 'get = 2 4 5']],
    [
      'One that is covered by a write under way, there or not',
      ['put 1 = 1 0 1', 'delete -1 =  2 9', 'get = 1 3 4', 'get =  5 6'],
    ],
    ['One that is covered by a write that never returned', ['put 1 = 1 0 1', 'delete -1 =  2', 'get =  3 4']],
    ['One whose put never returned, there or not', ['put 1 = 1 0', 'get =  1 2', 'get = 1 3 4']],
    ['A delete that leaves what came beside it', ['put 1 = 1 0 1', 'put 2 = 1,2 2 3', 'delete -1 = 2 4 5']],
  ])('%s is right', (_title, lines) => {
    expect(checkSiblings(parse(lines))).toEqual({ verdict: 'ok', operations: lines.length });
  });

  it.each<[string, readonly string[], string]>([
    ['A value that nobody has put', ['get = 1 0 1'], 'Nobody had put 1 by then'],
    ['A value that is put later', ['get = 1 0 1', 'put 1 = 1 2 3'], 'Nobody had put 1 by then'],
    ['A value that vanishes', ['put 1 = 1 0 1', 'get =  2 3'], '1 has vanished'],
    ['A sibling that a write takes with it', ['put 1 = 1 0 1', 'put 2 = 2 2 3'], '1 has vanished'],
    ['A write that does not hold its own value', ['put 1 =  0 1'], '1 has vanished'],
    ['A value that is covered only later', ['put 1 = 1 0 1', 'get =  2 3', 'delete -1 =  4 5'], '1 has vanished'],
    ['A value that comes back', ['put 1 = 1 0 1', 'delete -1 =  2 3', 'get = 1 4 5'], '1 was taken away, and is there'],
    ['A write that leaves what it covers', ['put 1 = 1 0 1', 'put 2 -1 = 1,2 2 3'], '1 was taken away, and is there'],
  ])('%s is wrong', (_title, lines, what) => {
    const found = checkSiblings(parse(lines));
    if (found.verdict !== 'illegal') throw new Error(`Not illegal, but ${found.verdict}`);
    expect(found.explanation.text).toContain(what);
  });

  it('is of keys that are judged apart', () => {
    const [put, get] = parse(['put 1 = 1 0 1', 'get =  2 3']);
    expect(
      checkSiblings([
        { ...put!, key: 'a' },
        { ...get!, key: 'b' },
      ]).verdict,
    ).toBe('ok');
  });

  it('holds what was written by who was not told what the key holds', () => {
    const [put, get] = parse(['put 1 = 1 0 1', 'get =  2 3']);
    const untold = { ...put!, output: undefined };
    expect(checkSiblings([untold]).verdict).toBe('ok');
    expect(checkSiblings([untold, get!]).verdict).toBe('illegal');
  });

  it('cannot be judged where a value was put twice', () => {
    expect(checkSiblings(parse(['put 1 = 1 0 1', 'put 1 = 1 2 3'])).verdict).toBe('unknown');
  });

  it.each<[Partial<Operation>]>([[{ call: 'add' }], [{ call: 'put', input: 1 }], [{ call: 'get', output: 'v' }]])(
    'is refused with %j',
    (wrong) => {
      const operation = { process: 1, call: 'get', input: undefined, output: [], start: 0, end: 1, ...wrong };
      expect(() => checkSiblings([operation])).toThrow('Cannot use "');
    },
  );
});

// Jepsen's independent keys: `[0 3]` is key 0 and value 3 in one history, and one value in another.
import { describe, expect, it } from 'vitest';
import { parseHistory } from '../../../src/check/formats/parse-history.ts';
import type { HistoryFormat } from '../../../src/check/formats/parse-history.ts';
import { checkLinearizable } from '../../../src/check/linearizability.ts';
import { ANY } from '../../../src/check/model.ts';
import { casRegisterModel } from '../../../src/check/models/cas-register.ts';
import { setModel } from '../../../src/check/models/set.ts';

type Row = readonly [key: string | undefined, call: string, input: unknown, output: unknown];

/** `0 invoke read [x nil]`: the event in both notations, with keywords for names. */
const NOTATIONS: Readonly<Record<'jepsen' | 'knossos', (line: string) => string>> = {
  jepsen: (line) => `INFO  jepsen.util - ${line.replace(/^(\S+) (\S+) (\S+)/, '$1 :$2 :$3')}\n`,
  knossos: (line) => `{:process ${line.replace(/^(\S+) (\S+) (\S+)/, '$1, :type :$2, :f :$3, :value')}}\n`,
};

function textOf(format: 'jepsen' | 'knossos', lines: readonly string[]): string {
  return lines.map(NOTATIONS[format]).join('');
}

function rowsOf(text: string, format: HistoryFormat): readonly Row[] {
  return parseHistory(text, format).map(({ key, call, input, output }) => [key, call, input, output]);
}

const SEVERAL = [
  '1 invoke write [x 3]',
  '0 invoke read [x nil]',
  '1 ok write [x 3]',
  '0 ok read [x 3]',
  '0 invoke read [:y nil]',
  '0 ok read [:y nil]',
  '0 invoke cas [7 [3 4]]',
  '0 ok cas [7 [3 4]]',
  '1 invoke cas [7 [3 4]]',
  '1 fail cas [7 [3 4]]',
  '1 invoke cas [7 [4 5]]',
  '1 info cas :timed-out',
  '1 invoke read [7 nil]',
  '1 fail read :timed-out',
];

describe('Values that are tuples', () => {
  it('knossos: a nil that was read is not known, and a cas that failed did not happen', () => {
    expect(rowsOf(textOf('knossos', SEVERAL), 'knossos')).toEqual([
      ['x', 'write', 3, undefined],
      ['x', 'read', undefined, 3],
      ['y', 'read', undefined, ANY],
      ['7', 'cas', [3, 4], true],
      ['7', 'cas', [4, 5], undefined],
    ]);
  });

  it('jepsen: a nil that was read is a value, and a cas that failed was checked', () => {
    expect(rowsOf(textOf('jepsen', SEVERAL), 'jepsen')).toEqual([
      ['x', 'write', 3, undefined],
      ['x', 'read', undefined, 3],
      ['y', 'read', undefined, null],
      ['7', 'cas', [3, 4], true],
      ['7', 'cas', [3, 4], false],
      ['7', 'cas', [4, 5], undefined],
    ]);
  });

  it('What is legal of each key is legal, though of one object it would not be', () => {
    const lines = ['0 invoke write [0 1]', '0 ok write [0 1]', '0 invoke write [1 2]', '0 ok write [1 2]'];
    const verdicts = [1, 2].map((value) => {
      const text = textOf('knossos', [...lines, '1 invoke read [0 nil]', `1 ok read [0 ${value}]`]);
      return checkLinearizable(parseHistory(text), casRegisterModel()).verdict;
    });
    expect(verdicts).toEqual(['ok', 'illegal']);
  });

  it('An element of a set has a key, and a set of two elements that was read is no tuple', () => {
    const lines = ['0 invoke add [k 1]', '0 ok add [k 1]', '0 invoke add [k 2]', '0 ok add [k 2]'];
    const seen = ['1 invoke read [k nil]', '1 ok read [k #{1 2}]'];
    const history = parseHistory(textOf('knossos', [...lines, ...seen]));
    expect(history.map(({ key }) => key)).toEqual(['k', 'k', 'k']);
    expect(checkLinearizable(history, setModel()).verdict).toBe('ok');
    const one = ['0 invoke add 1', '0 ok add 1', '1 invoke read nil', '1 ok read #{1 2}'];
    expect(rowsOf(textOf('knossos', one), 'knossos').at(-1)).toEqual([undefined, 'read', undefined, [1, 2]]);
  });

  it('A lock has a key and a token', () => {
    const lines = [
      '0 invoke acquire [a nil]',
      '0 ok acquire [a 33]',
      '0 invoke release [a nil]',
      '0 ok release [a nil]',
    ];
    expect(rowsOf(textOf('knossos', lines), 'knossos')).toEqual([
      ['a', 'acquire', undefined, 33],
      ['a', 'release', undefined, undefined],
    ]);
  });

  it('Where nothing is read, a cas of a key tells', () => {
    const lines = ['0 invoke write [0 1]', '0 ok write [0 1]', '0 invoke cas [0 [1 2]]', '0 ok cas [0 [1 2]]'];
    expect(rowsOf(textOf('knossos', lines), 'knossos')).toEqual([
      ['0', 'write', 1, undefined],
      ['0', 'cas', [1, 2], true],
    ]);
  });

  it('The fault injector calls and returns with what it likes', () => {
    const injected = [':nemesis info kill [n1 n2]', ...SEVERAL.slice(0, 4), ':nemesis info kill :done'];
    expect(rowsOf(textOf('knossos', injected), 'knossos')).toHaveLength(2);
  });
});

describe('Pairs that are values of one object', () => {
  it.each(['jepsen', 'knossos'] as const)('%s: a pair is a value where reads are called without key', (format) => {
    const lines = ['0 invoke write [0 3]', '0 ok write [0 3]', '1 invoke read nil', '1 ok read [0 3]'];
    expect(rowsOf(textOf(format, lines), format)).toEqual([
      [undefined, 'write', [0, 3], undefined],
      [undefined, 'read', undefined, [0, 3]],
    ]);
  });

  it('A cas from one number to another has no key', () => {
    const lines = ['0 invoke cas [0 3]', '0 ok cas [0 3]'];
    expect(rowsOf(textOf('knossos', lines), 'knossos')).toEqual([[undefined, 'cas', [0, 3], true]]);
  });
});

describe('Tuples and other values in one history are refused, with the line', () => {
  it.each<readonly [lines: readonly string[], line: number, expected: string]>([
    [[...SEVERAL, '2 invoke write 3'], 15, 'a tuple [KEY VALUE], as at line 2'],
    [[...SEVERAL, '2 invoke read nil'], 15, 'a tuple [KEY VALUE], as at line 2'],
    [['0 invoke read [x nil]', '0 ok read 3'], 2, 'a tuple [KEY VALUE], as at line 1'],
    [['0 invoke read [x nil]', '0 ok read [y 3]'], 2, 'that of read of key x, called at line 1'],
    [['0 invoke read nil', '0 ok read 3', '0 invoke read [x nil]'], 3, 'a call without key'],
    [['0 invoke write 3', '0 ok write 3', '0 invoke read [x nil]'], 3, 'a call without key'],
  ])('%j', (lines, line, expected) => {
    for (const format of ['jepsen', 'knossos'] as const) {
      const parse = (): unknown => parseHistory(textOf(format, lines), format);
      expect(parse).toThrow(expect.objectContaining({ fields: expect.objectContaining({ line }) }));
      expect(parse).toThrow(expected);
    }
  });
});

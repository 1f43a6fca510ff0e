// What each format means, trap by trap: the same words say different things in different formats.
import { describe, expect, it } from 'vitest';
import type { Operation } from '../../../src/check/history.ts';
import { ANY } from '../../../src/check/model.ts';
import { detectFormat, HISTORY_FORMATS, parseHistory } from '../../../src/check/formats/parse-history.ts';
import type { HistoryFormat } from '../../../src/check/formats/parse-history.ts';
import { FAILED } from '../../../src/check/transactions/transaction.ts';

type Row = readonly [input: unknown, output: unknown, start: number, end: number];

const rowOf = ({ input, output, start, end }: Operation): Row => [input, output, start, end];
const jepsen = (...lines: readonly string[]): string => lines.map((line) => `INFO  jepsen.util - ${line}\n`).join('');
const edn = (...maps: readonly string[]): string => maps.map((map) => `{${map}}\n`).join('');

const CASES: readonly (readonly [sentence: string, format: HistoryFormat, text: string, rows: readonly Row[]])[] = [
  [
    'jepsen: a nil that was read is a value',
    'jepsen',
    jepsen('0\t:invoke\t:read\tnil', '0\t:ok\t:read\tnil'),
    [[undefined, null, 0, 1]],
  ],
  [
    'jepsen: a cas that failed was checked',
    'jepsen',
    jepsen('0 :invoke :cas [2 4]', '0 :fail :cas [2 4]', '0 :invoke :cas [2 4]', '0 :ok :cas [2 4]'),
    [
      [[2, 4], false, 0, 1],
      [[2, 4], true, 2, 3],
    ],
  ],
  [
    'jepsen: what timed out stays open, but a read that failed says nothing',
    'jepsen',
    jepsen(
      '0 :invoke :write 3',
      '1 :invoke :cas [1 2]',
      '2 :invoke :read nil',
      '0 :info :write :timed-out',
      '1 :info :cas :timed-out',
      '2 :fail :read :timed-out',
    ),
    [
      [3, undefined, 0, Infinity],
      [[1, 2], undefined, 1, Infinity],
    ],
  ],
  [
    'jepsen: a call without return is open, and other messages of the log are skipped',
    'jepsen',
    `INFO  jepsen.core - Everything set up\nWARN  some.thing - else\n\n${jepsen('0 :invoke :write 3')}`,
    [[3, undefined, 0, Infinity]],
  ],
  [
    'knossos: a nil that was read is not known',
    'knossos',
    edn(':process 0 :type :invoke :f :read :value nil', ':process 0 :type :ok :f :read :value nil'),
    [[undefined, ANY, 0, 1]],
  ],
  [
    'knossos: what failed did not happen, and positions still count it',
    'knossos',
    `[${edn(
      ':process 0, :type :invoke, :f :cas, :value [1 2]',
      ':process 0, :type :fail, :f :cas, :value [1 2]',
      ':process 1, :type :invoke, :f :write, :value 3',
      ':process 1, :type :ok, :f :write, :value 3',
    )}]`,
    [[3, undefined, 2, 3]],
  ],
  [
    'knossos: an info leaves its call open and frees the process; the nemesis is skipped',
    'knossos',
    `(${edn(
      ':process :nemesis :type :info :f :start :value nil',
      ':process 7 :type :invoke :f :write :value 1',
      ':process 7 :type :info :f :write :value 1 :error :timeout',
      ':process 7 :type :invoke :f :cas :value [1 2]',
      ':process :nemesis :type :info :f :start :value [:isolated #{:n1 :n2}]',
      ':process 7 :type :ok :f :cas :value [1 2]',
    )})`,
    [
      [1, undefined, 1, Infinity],
      [[1, 2], true, 3, 5],
    ],
  ],
  [
    'knossos: a transaction of registers reads what its return says',
    'knossos',
    edn(
      ':process 0 :type :invoke :f :txn :value [[:read :x nil] [:write :y 2] [:read :y nil]]',
      ':process 0 :type :ok :f :txn :value [[:read :x 1] [:write :y 2] [:read :y nil]]',
    ),
    [
      [
        [['read', 'x'], ['write', 'y', 2], ['read', 'y']],
        [['read', 'x', 1], ['write', 'y', 2], ['read', 'y', ANY]],
        0,
        1,
      ],
    ], // prettier-ignore
  ],
  [
    'knossos: a mutex may give out fencing tokens',
    'knossos',
    edn(
      ':process 0 :type :invoke :f :acquire :value nil',
      ':process 0 :type :ok :f :acquire :value 33',
      ':process 0 :type :invoke :f :release :value nil',
      ':process 0 :type :ok :f :release :value nil',
    ),
    [
      [undefined, 33, 0, 1],
      [undefined, undefined, 2, 3],
    ],
  ],
  [
    'knossos: a queue and a set',
    'knossos',
    edn(
      ':process 0 :type :invoke :f :enqueue :value 5',
      ':process 1 :type :invoke :f :dequeue :value nil',
      ':process 1 :type :ok :f :dequeue :value 5',
      ':process 1 :type :invoke :f :read :value nil',
      ':process 1 :type :ok :f :read :value #{5 6}',
    ),
    [
      [5, undefined, 0, Infinity],
      [undefined, 5, 1, 2],
      [undefined, [5, 6], 3, 4],
    ],
  ],
  [
    'kv: an absent key reads as the empty string',
    'kv',
    edn(
      ':process 9, :type :invoke, :f :append, :key "0", :value "x 9 0 y"',
      ':process 1, :type :invoke, :f :get, :key "0", :value nil',
      ':process 1, :type :ok, :f :get, :key "0", :value ""',
      ':process 9, :type :ok, :f :append, :key "0", :value "x 9 0 y"',
    ),
    [
      ['x 9 0 y', undefined, 0, 3],
      [undefined, '', 1, 2],
    ],
  ],
  [
    'elle: failed transactions are kept, open ones have no output, lines without micro-operations are skipped',
    'elle',
    edn(
      ':type :invoke, :f :txn, :value [[:append 8 1] [:r :k nil]], :process 0, :index 10',
      ':type :invoke, :f :start, :value nil, :process :nemesis',
      ':type :invoke, :f :txn, :value [[:append 8 2]], :process 1',
      ':type :info, :f :start, :value :isolated, :process :nemesis',
      ':type :ok, :f :start, :value {:n1 :cut}, :process :nemesis',
      ':type :ok, :f :txn, :value [[:append 8 1] [:r :k [3 4]]], :process 0',
      ':type :fail, :f :txn, :value [[:append 8 2]], :process 1, :error [:no-client "refused"]',
      ':type :invoke, :f :txn, :value [[:w "x" 1] [:r "x" nil]], :process 2',
      ':type :info, :f :txn, :value nil, :process 2, :error :timeout',
    ),
    [
      [[['append', 8, 1], ['r', 'k', null]], [['append', 8, 1], ['r', 'k', [3, 4]]], 0, 5],
      [[['append', 8, 2]], FAILED, 2, 6],
      [[['w', 'x', 1], ['r', 'x', null]], undefined, 7, Infinity],
    ], // prettier-ignore
  ],
  [
    'elle: a history of one client may leave out the process and the call',
    'elle',
    '{:index 0 :type :invoke :value [[:r 1 nil]]}\n{:index 1 :type :ok :value [[:r 1 nil]]}',
    [[[['r', 1, null]], [['r', 1, null]], 0, 1]],
  ],
  [
    'elle: JSON is the same, in an array or in lines',
    'elle',
    `[{"type":"invoke","f":"txn","process":0,"value":[["append","a}\\"]",1]]},
      {"type":"ok","f":"txn","process":0,"value":[["append","a}\\"]",1]]}]`,
    [[[['append', 'a}"]', 1]], [['append', 'a}"]', 1]], 0, 1]],
  ],
  [
    'quorate: one operation a line, the open one without end',
    'quorate',
    `{"process":1,"key":"k","call":"write","input":3,"start":5}

{"process":"b","call":"read","output":null,"start":6.5,"end":7}
{"process":"b","call":"read","outputUnknown":true,"start":8,"end":9}
{"process":"b","call":"txn","input":[["read","x"]],"output":[["read","x"]],"start":10,"end":11}`,
    [
      [3, undefined, 5, Infinity],
      [undefined, null, 6.5, 7],
      [undefined, ANY, 8, 9],
      [[['read', 'x']], [['read', 'x', ANY]], 10, 11],
    ],
  ],
  [
    'quorate: one event a line',
    'quorate',
    `{"type":"invoke","process":1,"call":"cas","input":[1,2]}
{"type":"invoke","process":2,"call":"write","input":1}
{"type":"ok","process":1,"output":false}
{"type":"info","process":2}
{"type":"invoke","process":2,"call":"read"}
{"type":"fail","process":2}
{"type":"invoke","process":2,"call":"txn","input":[["append",1,1]]}
{"type":"fail","process":2}
{"type":"invoke","process":2,"call":"txn","input":[["write","x",1]]}
{"type":"fail","process":2}
{"type":"invoke","process":2,"call":"read"}
{"type":"ok","process":2,"outputUnknown":true}`,
    [
      [[1, 2], false, 0, 2],
      [1, undefined, 1, Infinity],
      [[['append', 1, 1]], FAILED, 6, 7],
      [undefined, ANY, 10, 11],
    ],
  ],
];

describe('What a format says', () => {
  it.each(CASES)('%s', (_sentence, format, text, rows) => {
    expect(parseHistory(text, format).map(rowOf)).toEqual(rows);
    expect(detectFormat(text)).toBe(format);
  });

  it('Every format has a case', () => {
    expect(new Set(CASES.map(([, format]) => format))).toEqual(new Set(HISTORY_FORMATS));
  });

  it('Processes and keys keep their names', () => {
    const [first] = parseHistory(edn(':process 9, :type :invoke, :f :get, :key :a, :value nil'));
    expect(first).toMatchObject({ process: 9, key: 'a', call: 'get' });
  });

  it.each(HISTORY_FORMATS)('%s: a byte order mark and the line ends of Windows change nothing', (format) => {
    for (const [, of, text, rows] of CASES) {
      const windows = `\uFEFF${text.replaceAll('\n', '\r\n')}`;
      if (of === format) expect(parseHistory(windows).map(rowOf)).toEqual(rows);
    }
  });

  it('A million blanks before a history cost no more than reading them', () => {
    expect(() => detectFormat(`${' '.repeat(1_000_000)}x`)).toThrow('a map, or a line of a Jepsen log');
  });

  it('The format is found behind a fault injector and transactions without steps', () => {
    const before = [
      ':process :nemesis :type :invoke :f :start :value nil',
      ':process 1 :type :invoke :f :txn :value []',
    ];
    expect(detectFormat(edn(...before, ':process 2 :type :invoke :f :txn :value [[:w 1 1]]'))).toBe('elle');
    expect(detectFormat(edn(...before, ':process 2 :type :invoke :f :txn :value [[:write 1 1]]'))).toBe('knossos');
  });

  it('A history of nothing but a fault injector has no operations', () => {
    expect(parseHistory(edn(':process :nemesis, :type :info, :f :kill, :value nil'))).toEqual([]);
  });

  it('A text without any event has no format, and no operations in a format that is named', () => {
    expect(() => detectFormat('\n \n')).toThrow('at least one');
    for (const format of HISTORY_FORMATS) expect(parseHistory('\n', format as HistoryFormat)).toEqual([]);
  });

  it('A format that does not exist is refused', () => {
    expect(() => parseHistory('', 'toString' as HistoryFormat)).toThrow(TypeError);
  });
});

const INVOKE = ':process 0 :type :invoke :f :write :value 1';

describe('What does not parse is refused with its line and what was expected', () => {
  it.each<readonly [HistoryFormat, string, number, string]>([
    ['jepsen', `${jepsen('0 :invoke :write 3')}garbage`, 2, 'INFO  jepsen.util'],
    ['jepsen', jepsen('0 :invoke :write 3', '0 :ok'), 2, 'INFO  jepsen.util'],
    ['jepsen', jepsen('0 :invoke :write :three'), 1, 'the number that is written'],
    ['jepsen', jepsen('0 :invoke :cas [1'), 1, 'before the end'],
    ['jepsen', jepsen('0 :invoke :cas 1', '0 :ok :cas 1'), 1, '[FROM TO]'],
    ['jepsen', jepsen('0 :invoke :append 1'), 1, ':read, :write or :cas'],
    ['jepsen', jepsen('0 :ok :write 3'), 1, 'its call before'],
    ['jepsen', jepsen('0 :invoke :write 3', '0 :ok :read 3'), 2, 'that of write, called at line 1'],
    ['jepsen', jepsen('0 :invoke :write 3', '0 :invoke :read nil'), 2, 'its return, or an :info'],
    ['knossos', `${edn(INVOKE)}3`, 2, 'a map with :type'],
    ['knossos', edn(INVOKE, ':process 1 :type :done :f :write'), 2, ':invoke, :ok, :fail or :info'],
    ['knossos', edn(':process 0 :type :invoke :f :frobnicate :value 1'), 1, ':read, :write'],
    ['knossos', edn(':process 0 :type :invoke :f :cas :value 1'), 1, '[FROM TO]'],
    ['knossos', edn(':process 0 :type :invoke :f :txn :value [[:read :x]]'), 1, '[:read k v] or [:write k v]'],
    ['knossos', `[${edn(INVOKE)}`, 1, '] before the end'],
    ['kv', edn(':process 0 :type :invoke :f :get :value nil'), 1, ':key "..."'],
    ['kv', edn(':process 0 :type :invoke :f :put :key "a" :value 3'), 1, 'a string'],
    ['kv', edn(':process 0 :type :invoke :f :frob :key "a" :value 3'), 1, ':get, :put'],
    [
      'kv',
      edn(':process 0 :type :invoke :f :get :key "a"', ':process 0 :type :ok :f :get :key "b" :value ""'),
      2,
      'that of get of key a',
    ],
    ['elle', edn(':type :invoke :f :txn :value [[:append 1 [2]]]'), 1, '[:append k v]'],
    ['elle', edn(':type :invoke :f :txn :value [[:r 1]]'), 1, '[:append k v]'],
    ['elle', edn(':type :invoke :value [[:r 1 nil]]', ':type :ok :value [[:r 1 {:a 1}]]'), 2, 'what a read returned'],
    ['elle', edn(':type :invoke :value [[:r 1 nil]]', ':type :ok :value nil'), 2, 'a list of micro-operations'],
    ['elle', '[{"type":"invoke","value":[["r",1,null]]},\n{"type":"ok"', 2, 'an object that is closed'],
    ['elle', '[{"type":"invoke","value":[["r",1,null]]}\n', 2, 'found the end of the text, expected ]'],
    ['elle', '{"type":"invoke",\n"value":[["r",1,nil]]}', 1, 'expected JSON'],
    ['quorate', '{"process":1,"call":"read","start":1}\n{"process"', 2, 'a JSON object'],
    ['quorate', '{"process":1,"call":"read","start":1}\n[]', 2, 'a JSON object'],
    ['quorate', '{"process":1,"call":"read","ouput":1,"start":1,"end":2}', 1, 'the field "ouput"'],
    ['quorate', '{"process":1,"call":"read","output":1,"end":2}', 1, '"start" undefined, expected a number'],
    ['quorate', '{"process":1,"call":"read","output":1,"start":3,"end":2}', 1, 'a number from 3'],
    ['quorate', '{"process":null,"call":"read","start":3}', 1, 'a string or number'],
    ['quorate', '{"process":1,"call":"","start":3}', 1, 'a name'],
    ['quorate', '{"process":1,"key":4,"call":"read","start":3}', 1, 'a string'],
    ['quorate', '{"process":1,"type":"invoke","call":"read"}\n{"process":2,"call":"read","start":1}', 2, 'invoke, ok'],
    ['quorate', '{"process":1,"type":"ok"}', 1, 'its call before'],
  ])('%s: %j', (format, text, line, expected) => {
    const parse = (): unknown => parseHistory(text, format);
    expect(parse).toThrow(
      expect.objectContaining({ code: 'ERR_QUORATE_TRACE', fields: expect.objectContaining({ line }) }),
    );
    expect(parse).toThrow(expected);
  });

  it.each(['hello', '3', '[1 2]', '{:a 1}', '{"a":1}', '{"a":', '<html>', '[{:type'])(
    '%j is like no format',
    (text) => {
      expect(() => parseHistory(text)).toThrow(expect.objectContaining({ code: 'ERR_QUORATE_TRACE' }));
    },
  );
});

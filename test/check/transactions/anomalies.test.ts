// One history for each anomaly, made by hand: which levels forbid it, and how it is explained.
import { describe, expect, it } from 'vitest';
import type { AnomalyName } from '../../../src/check/transactions/anomaly.ts';
import { checkTransactions } from '../../../src/check/transactions/check-transactions.ts';
import type { TransactionVerdict } from '../../../src/check/transactions/check-transactions.ts';
import type { Isolation } from '../../../src/check/transactions/isolation.ts';
import { FAILED, TXN } from '../../../src/check/transactions/transaction.ts';
import type { MicroOperation, TransactionOperation } from '../../../src/check/transactions/transaction.ts';

/** From weak to strong, each line by itself; a level forbids what a weaker one of its line forbids. */
const LEVELS: readonly Isolation[] = [
  'read-uncommitted',
  'read-committed',
  'snapshot-isolation',
  'repeatable-read',
  'serializable',
  'strong-session-read-uncommitted',
  'strong-session-read-committed',
  'strong-session-snapshot-isolation',
  'strong-session-serializable',
  'strong-read-uncommitted',
  'strong-read-committed',
  'strong-snapshot-isolation',
  'strict-serializable',
];

/**
 * Transactions, one a line: `p1 ax1 rx[1,2]` is process p1 appending 1 to x and reading x. A line ends with `failed`,
 * with `open` (never answered), or with `after`: called after all lines above returned.
 */
function parse(lines: readonly string[]): TransactionOperation[] {
  let base = 0;
  return lines.map((line, index) => {
    const [process = '', ...words] = line.split(' ');
    const steps = words.filter((word) => /^[arw][a-z]/.test(word) && word !== 'after').map((word) => stepOf(word));
    if (words.includes('after')) base = 1000 + index * 10;
    const output = words.includes('failed') ? FAILED : words.includes('open') ? undefined : steps;
    const end = output === undefined ? Infinity : base + 5;
    return { process, call: TXN, input: steps, output, start: base + index * 0.01, end };
  });
}

function stepOf(word: string): MicroOperation {
  const key = word.slice(1, 2);
  const rest = word.slice(2);
  if (word.startsWith('r')) {
    const value = JSON.parse(rest === '' ? 'null' : rest) as readonly number[] | number | null;
    return ['r', key, value];
  }
  return [word.startsWith('a') ? 'append' : 'w', key, Number(rest)];
}

function anomaliesOf(verdict: TransactionVerdict): readonly AnomalyName[] {
  return verdict.verdict === 'illegal' ? verdict.anomalies.map(({ name }) => name) : [];
}

const FROM_PL_2 = LEVELS.filter((level) => !level.endsWith('read-uncommitted'));
const FROM_ITEMS = LEVELS.filter((level) => !/read-(un)?committed$/.test(level));

/** [what, history, the levels that forbid it (those not named are "ok"), anomalies at the strongest of them] */
const CASES: readonly (readonly [string, readonly string[], readonly Isolation[], readonly AnomalyName[]])[] = [
  ['Two transactions in order', ['a ax1', 'b rx[1] ax2', 'c rx[1,2] after'], [], []],
  [
    'G0: two appends to two lists land in opposite order',
    ['a ax1 ay1', 'b ax2 ay2', 'c rx[1,2] ry[2,1] after'],
    LEVELS,
    ['G0'],
  ],
  ['G1a: a read of what a failed transaction wrote', ['a ax1 failed', 'b rx[1]'], FROM_PL_2, ['G1a']],
  [
    'G1b: a read of what another transaction went on to replace',
    ['a ax1 ax2', 'b rx[1]', 'c rx[1,2]'],
    FROM_PL_2,
    ['G1b', 'G-single'],
  ],
  ['G1c: two transactions that read each other', ['a ax1 ry[1]', 'b ay1 rx[1]'], FROM_PL_2, ['G1c']],
  [
    'Dirty update: a committed append follows a failed one',
    ['a ax1 failed', 'b ax2', 'c rx[1,2]'],
    FROM_PL_2,
    ['G1a', 'dirty-update'],
  ],
  ['Unwritten read: a value out of thin air', ['a ax1', 'b rx[1,7]'], LEVELS, ['unwritten-read']],
  ['Duplicate elements: an append took place twice', ['a ax1', 'b rx[1,1]'], LEVELS, ['duplicate-elements']],
  [
    'Incompatible order: two reads that no list had one after the other',
    ['a ax1', 'b ax2', 'c rx[1,2]', 'd rx[2]'],
    FROM_PL_2,
    ['incompatible-order'],
  ],
  [
    'Incompatible order: the appends of one transaction, turned round',
    ['a ax1 ax2', 'b rx[2,1]'],
    FROM_PL_2,
    ['G1b', 'incompatible-order'],
  ],
  ['Future read: a transaction reads what it appends later', ['a rx[1] ax1'], FROM_PL_2, ['future-read']],
  ['Internal: a transaction does not see its own append', ['a ax1 rx[]'], FROM_ITEMS, ['internal']],
  [
    'Lost update: two transactions replace the version that both have read',
    ['a rx[] ax1', 'b rx[] ax2', 'c rx[1,2] after'],
    FROM_ITEMS,
    ['lost-update', 'G-single'],
  ],
  ['Lost update, and nobody read the list afterwards', ['a rx[] ax1', 'b rx[] ax2'], FROM_ITEMS, ['lost-update']],
  ['G-single: a read of half of a transaction', ['a ax1 ay1', 'b rx[1] ry[]', 'c ry[1]'], FROM_ITEMS, ['G-single']],
  [
    'G-nonadjacent: a long fork, where two readers see two writers in opposite order',
    ['a ax1', 'b ay1', 'c rx[1] ry[]', 'd rx[] ry[1]'],
    FROM_ITEMS,
    ['G-nonadjacent'],
  ],
  [
    'G2-item: write skew',
    ['a rx[] ay1', 'b ry[] ax1'],
    ['repeatable-read', 'serializable', 'strong-session-serializable', 'strict-serializable'],
    ['G2-item'],
  ],
  [
    'A session that forgets: a process does not see its own last transaction',
    ['a ax1', 'a rx[] after', 'b rx[1] after'],
    LEVELS.filter((level) => /^str(ict|ong).*(serializable|snapshot-isolation)$/.test(level)),
    ['G-single-realtime'],
  ],
  [
    'A stale read: a process does not see what another one did before',
    ['a ax1', 'b rx[] after', 'b rx[1] after'],
    ['strong-snapshot-isolation', 'strict-serializable'],
    ['G-single-realtime'],
  ],
  [
    'G0-realtime: a later append lands before an earlier one',
    ['a ax1', 'b ax2 after', 'c rx[2,1] after'],
    LEVELS.filter((level) => /^str(ict|ong)-(?!session)|^strict/.test(level)),
    ['G0-realtime'],
  ],
  [
    'A session that foresees: a process reads what it writes in its next transaction',
    ['a rx[1]', 'a ax1 after'],
    [
      'strong-read-committed',
      'strong-session-read-committed',
      'strong-snapshot-isolation',
      'strict-serializable',
    ].concat('strong-session-snapshot-isolation', 'strong-session-serializable') as Isolation[],
    ['G1c-realtime'],
  ],
  ['A transaction that was never answered may have committed', ['a ax1 open', 'b rx[1] after'], [], []],
  ['A transaction that was never answered may commit late', ['a ax1 open', 'b rx[] after', 'c rx[1] after'], [], []],
  [
    'A transaction that was never answered commits once',
    ['a ax1 ay1 open', 'b rx[1] ry[] after', 'c ry[1] after'],
    FROM_ITEMS,
    ['G-single'],
  ],
  [
    'One that replaced what it read comes before other writes, though nobody read them',
    ['a rx[] ax1 ay1', 'b ax2 ry[]'],
    FROM_ITEMS,
    ['G-single', 'G2-item'],
  ],
];

const REGISTERS: readonly (readonly [string, readonly string[], readonly Isolation[], readonly AnomalyName[]])[] = [
  ['Two writes in order', ['a wx1', 'b rx1 wx2', 'c rx2 after'], [], []],
  ['G1a: a read of what a failed transaction wrote', ['a wx1 failed', 'b rx1'], FROM_PL_2, ['G1a']],
  ['G1b: a read of what was replaced at once', ['a wx1 wx2', 'b rx1'], FROM_PL_2, ['G1b', 'G-single']],
  ['G1c: two transactions that read each other', ['a wx1 ry1', 'b wy1 rx1'], FROM_PL_2, ['G1c']],
  ['Unwritten read: a value out of thin air', ['a wx1', 'b rx7'], LEVELS, ['unwritten-read']],
  ['Future read: a transaction reads what it writes later', ['a rx1 wx1'], FROM_PL_2, ['future-read']],
  [
    'Cyclic versions: each of two writes follows a read of the other',
    ['a rx2 wx1', 'b rx1 wx2'],
    FROM_PL_2,
    ['cyclic-versions', 'G1c'],
  ],
  ['Internal: a transaction does not see its own write', ['a wx1 rxnull'], FROM_ITEMS, ['internal']],
  [
    'Internal: a transaction reads twice, and not the same',
    ['a rxnull rx1', 'b wx1'],
    FROM_ITEMS,
    ['internal', 'G-single'],
  ],
  ['Lost update: both have read the same version', ['a rxnull wx1', 'b rxnull wx2'], FROM_ITEMS, ['lost-update']],
  ['G-single: a read of half of a transaction', ['a wx1 wy1', 'b rx1 rynull'], FROM_ITEMS, ['G-single']],
  ['G-nonadjacent: a long fork', ['a wx1', 'b wy1', 'c rx1 rynull', 'd rxnull ry1'], FROM_ITEMS, ['G-nonadjacent']],
  [
    'G2-item: write skew',
    ['a rxnull wy1', 'b rynull wx1'],
    ['repeatable-read', 'serializable', 'strong-session-serializable', 'strict-serializable'],
    ['G2-item'],
  ],
  [
    'A stale read: the initial version',
    ['a wx1', 'b rxnull after'],
    ['strong-snapshot-isolation', 'strict-serializable'],
    ['cyclic-versions'],
  ],
  [
    'A stale read: a version that another read found replaced',
    ['a wx1', 'b wx2', 'c rx2 after', 'd rx1 after'],
    ['strong-snapshot-isolation', 'strict-serializable'],
    ['cyclic-versions'],
  ],
  [
    'A stale read, the other way round',
    ['a wx1', 'b wx2', 'c rx1 after', 'd rx2 after'],
    ['strong-snapshot-isolation', 'strict-serializable'],
    ['cyclic-versions'],
  ],
  [
    'A stale read: a version that was replaced in between',
    ['a wx1', 'b wx2 after', 'c rx1 after'],
    ['strong-snapshot-isolation', 'strict-serializable'],
    ['cyclic-versions'],
  ],
];

describe('Anomalies', () => {
  it.each([...CASES, ...REGISTERS])('%s: %j', (_what, lines, forbidding, names) => {
    const history = parse(lines);
    const illegal = LEVELS.filter((isolation) => checkTransactions(history, { isolation }).verdict === 'illegal');
    expect(illegal).toEqual(LEVELS.filter((level) => forbidding.includes(level)));
    expect(anomaliesOf(checkTransactions(history))).toEqual(names);
  });

  it('The order of the transactions in the history makes no difference', () => {
    for (const [, lines, , names] of [...CASES, ...REGISTERS]) {
      const found = anomaliesOf(checkTransactions(parse(lines).toReversed()));
      expect(found.toSorted()).toEqual(names.toSorted());
    }
  });

  it('A transaction that was given up before it was answered may commit later than that', () => {
    const [given, ...others] = parse(['a ax1 open', 'b rx[] after', 'c rx[1] after']);
    if (given === undefined) throw new Error('Three lines are three transactions');
    expect(checkTransactions([{ ...given, end: 5 }, ...others]).verdict).toBe('ok');
    const again = parse(['a ax1 open', 'a rx[] after', 'c rx[1] after']);
    expect(checkTransactions(again, { isolation: 'strong-session-serializable' }).verdict).toBe('ok');
  });

  it('A walk that passes a transaction twice is cut to a cycle that the level forbids', () => {
    // p comes before t, t before a, a before p; and through x and y there is a way from t to t, which is write skew.
    const lines = ['a rk[] rl[1]', 'p ak1 am1', 't rm[1] rn[] aq1 al1', 'x an1 ao1', 'y ro[1] rq[]'];
    const found = checkTransactions(parse(lines), { isolation: 'snapshot-isolation' });
    expect(anomaliesOf(found)).toEqual(['G-single']);
    expect(anomaliesOf(checkTransactions(parse(lines)))).toEqual(['G-single', 'G2-item']);
  });

  it('A process order is named where real time is not asked for', () => {
    const found = checkTransactions(parse(['a ax1', 'a rx[] after']), { isolation: 'strong-session-serializable' });
    expect(anomaliesOf(found)).toEqual(['G-single-process']);
  });
});

describe('An explanation', () => {
  it('It says who comes before whom, and why', () => {
    const found = checkTransactions(parse(['a ax1 ay1', 'b rx[1] ry[]', 'c ry[1]']));
    expect(found.verdict === 'illegal' ? found.explanation.text.split('\n') : []).toEqual([
      'G-single: each of 2 transactions comes before the next one',
      '  T1 = [r "x" [1], r "y" []] of process b, 0.01 to 5',
      '  T2 = [append "x" 1, append "y" 1] of process a, 0 to 5',
      '  T1 -rw-> T2: T1 read key "y" before anything was written, without the 1 that T2 wrote',
      '  T2 -wr-> T1: T2 wrote 1 to key "x", and T1 read it',
    ]);
  });

  it('Its operations are those of the cycle, the impossible one among them', () => {
    const history = parse(['a ax1', 'b ay1', 'c rx[1] ry[]', 'd rx[] ry[1]', 'e az1', 'f rz[1]']);
    const found = checkTransactions(history);
    if (found.verdict !== 'illegal') throw new Error('A long fork is illegal');
    const { impossible, operations, order } = found.explanation;
    expect(operations).toEqual(history.slice(0, 4));
    expect([...order, impossible].toSorted((a, b) => a.start - b.start)).toEqual(operations);
    const cycle = found.anomalies[0]?.cycle ?? [];
    for (const [at, { to }] of cycle.entries()) expect(cycle[(at + 1) % cycle.length]?.from).toBe(to);
  });
});

describe('A history that cannot be judged', () => {
  it('A value that was written twice makes it unknown', () => {
    const found = checkTransactions(parse(['a ax1', 'b ax1', 'c rx[1]']));
    expect(found).toEqual({
      verdict: 'unknown',
      operations: 3,
      reason: '1 was written to key "x" twice: reads of it tell nothing',
    });
  });

  it('An operation that is no transaction, and a key that is a list and a register, are refused', () => {
    const read = { process: 1, call: 'read', input: null, output: 3, start: 0, end: 1 };
    expect(() => checkTransactions([read])).toThrow('Cannot read "read" of process 1 as a transaction');
    expect(() => checkTransactions(parse(['a ax1', 'b wx2']))).toThrow('Cannot check key "x"');
    expect(() => checkTransactions(parse(['a ax1', 'b rx2']))).toThrow('Cannot check key "x"');
    const [transaction] = parse(['a ax1']);
    const odd = { ...transaction, output: [['append', 'x']] } as unknown as TransactionOperation;
    expect(() => checkTransactions([odd])).toThrow(TypeError);
  });

  it('A level without a name is refused', () => {
    for (const isolation of ['strong-serializable', 'strong-session', 'serialisable']) {
      expect(() => checkTransactions([], { isolation: isolation as Isolation })).toThrow(RangeError);
    }
  });
});

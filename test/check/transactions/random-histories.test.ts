// Random transactions: what weak engines record is judged as their level says, and as brute force does.
import { describe, expect, it, vi } from 'vitest';
import { below, seededRandom } from '../../../src/base/random.ts';
import type { Random } from '../../../src/base/random.ts';
import { FORBIDDEN_CYCLES } from '../../../src/check/transactions/anomaly.ts';
import type { AnomalyName, Dependency } from '../../../src/check/transactions/anomaly.ts';
import { checkTransactions } from '../../../src/check/transactions/check-transactions.ts';
import { levelOf } from '../../../src/check/transactions/isolation.ts';
import type { Isolation } from '../../../src/check/transactions/isolation.ts';
import { FAILED } from '../../../src/check/transactions/transaction.ts';
import type { MicroOperation, TransactionOperation } from '../../../src/check/transactions/transaction.ts';
import { replayCommand, testSeed } from '../../support/seed.ts';
import { isSerializable, isSnapshotIsolated } from './brute-force.ts';
import { ENGINES, run } from './engines.ts';

vi.setConfig({ testTimeout: 60_000 }); // For more histories, and for machines that do much else.

const SEED = testSeed();
const REPLAY = replayCommand('test/check/transactions/random-histories.test.ts', SEED);
/** Histories that are compared with brute force; QUORATE_HISTORIES makes it more. */
const HISTORIES = Number(process.env['QUORATE_HISTORIES'] ?? 20_000);

const verdictOf = (history: readonly TransactionOperation[], isolation: Isolation): string =>
  checkTransactions(history, { isolation }).verdict;

describe('The level of an engine', () => {
  // Each engine with levels that it keeps in every history, and those that it violates in some.
  it.each([
    ['strict-serializable', ['strict-serializable', 'strong-snapshot-isolation'], []],
    ['serializable', ['serializable', 'snapshot-isolation', 'repeatable-read'], ['strict-serializable']],
    ['strong-snapshot-isolation', ['strong-snapshot-isolation', 'read-committed'], ['serializable', 'repeatable-read']],
    ['snapshot-isolation', ['snapshot-isolation'], ['strong-snapshot-isolation', 'serializable']],
    ['read-committed', ['strong-read-committed', 'read-committed'], ['snapshot-isolation', 'repeatable-read']],
    ['read-uncommitted', ['strong-read-uncommitted', 'read-uncommitted'], ['read-committed']],
  ] as const)('An engine of %s keeps %j and violates %j', (engine, kept, violated) => {
    const random = seededRandom(SEED);
    const counts = new Map<Isolation, number>(violated.map((isolation) => [isolation, 0]));
    for (let pass = 0; pass < 60; pass++) {
      const history = run(random, engine, { transactions: 40, keys: 3, stepsMax: 4, isObserved: pass % 2 === 0 });
      for (const isolation of kept) {
        const found = checkTransactions(history, { isolation });
        const text = found.verdict === 'illegal' ? found.explanation.text : '';
        expect(found.verdict, `${isolation}: ${text}\n${REPLAY}`).toBe('ok');
      }
      for (const isolation of violated) {
        const found = checkTransactions(history, { isolation });
        if (found.verdict !== 'illegal') continue;
        counts.set(isolation, (counts.get(isolation) ?? 0) + 1);
        for (const { name, cycle } of found.anomalies) expectForbidden(name, cycle, isolation);
      }
    }
    for (const [isolation, count] of counts) expect(count, `${isolation}\n${REPLAY}`).toBeGreaterThan(5);
  });
});

/** A cycle goes round once, has the kinds of edges that its name says, and its level forbids it. */
function expectForbidden(name: AnomalyName, cycle: readonly Dependency[], isolation: Isolation): void {
  if (cycle.length === 0) return;
  expect(new Set(cycle.map(({ from }) => from)).size, REPLAY).toBe(cycle.length);
  for (const [at, { to }] of cycle.entries()) expect(cycle[(at + 1) % cycle.length]?.from, REPLAY).toBe(to);
  const reads = cycle.filter(({ kind }) => kind === 'rw').length;
  const [shape = ''] = name.split(/-(?:process|realtime)/);
  expect({ G0: [0, 0], G1c: [0, 0], 'G-single': [1, 1] }[shape] ?? [2, Infinity], name).toSatisfy(
    (range: readonly number[]) => reads >= (range[0] ?? 0) && reads <= (range[1] ?? 0),
  );
  expect(FORBIDDEN_CYCLES[levelOf(isolation).base], `${isolation}\n${REPLAY}`).toContain(shape);
}

describe('Brute force', () => {
  const LEVELS = [
    ['serializable', (history: readonly TransactionOperation[]) => isSerializable(history, 'none')],
    ['strong-session-serializable', (history: readonly TransactionOperation[]) => isSerializable(history, 'process')],
    ['strict-serializable', (history: readonly TransactionOperation[]) => isSerializable(history, 'real-time')],
    ['snapshot-isolation', (history: readonly TransactionOperation[]) => isSnapshotIsolated(history, 'none')],
    [
      'strong-snapshot-isolation',
      (history: readonly TransactionOperation[]) => isSnapshotIsolated(history, 'real-time'),
    ],
  ] as const satisfies readonly (readonly [Isolation, unknown])[];

  it.each(LEVELS)(
    'It agrees on %s wherever at most one append to each key was never read, and never calls "ok" what is illegal',
    (isolation, isAllowed) => {
      const random = seededRandom(SEED);
      const counts = { ok: 0, illegal: 0, missed: 0 };
      for (let pass = 0; pass < HISTORIES / LEVELS.length; pass++) {
        const history = randomHistory(random);
        const expected = isAllowed(history) ? 'ok' : 'illegal';
        const found = verdictOf(history, isolation);
        const where = `pass ${pass} of ${isolation}: ${JSON.stringify(history)}\n${REPLAY}`;
        if (isFullyObserved(history) || expected === 'ok') expect(found, where).toBe(expected);
        else counts.missed += found === expected ? 0 : 1;
        counts[expected] += 1;
      }
      // Both answers must be common, and few may be missed for want of reads.
      expect(Math.min(counts.ok, counts.illegal), REPLAY).toBeGreaterThan(HISTORIES / 100);
      expect(counts.missed, REPLAY).toBeLessThan(counts.illegal / 20);
    },
  );
});

describe('Registers', () => {
  it.each([
    ['serializable', (history: readonly TransactionOperation[]) => isSerializable(history, 'none')],
    ['strong-session-serializable', (history: readonly TransactionOperation[]) => isSerializable(history, 'process')],
    ['strict-serializable', (history: readonly TransactionOperation[]) => isSerializable(history, 'real-time')],
    ['snapshot-isolation', (history: readonly TransactionOperation[]) => isSnapshotIsolated(history, 'none')],
    [
      'strong-snapshot-isolation',
      (history: readonly TransactionOperation[]) => isSnapshotIsolated(history, 'real-time'),
    ],
  ] as const satisfies readonly (readonly [Isolation, unknown])[])(
    'What is called illegal at %s is illegal by brute force, and nine of ten such are found',
    (isolation, isAllowed) => {
      const random = seededRandom(SEED);
      const counts = { ok: 0, illegal: 0, missed: 0 };
      for (let pass = 0; pass < HISTORIES / 10; pass++) {
        const history = asRegisters(randomHistory(random));
        const expected = isAllowed(history) ? 'ok' : 'illegal';
        const found = checkTransactions(history, { isolation });
        const text = found.verdict === 'illegal' ? found.explanation.text : '';
        const where = `pass ${pass} of ${isolation}: ${JSON.stringify(history)}\n${text}\n${REPLAY}`;
        if (expected === 'ok') expect(found.verdict, where).toBe('ok');
        else counts.missed += found.verdict === 'ok' ? 1 : 0;
        counts[expected] += 1;
      }
      expect(counts.illegal, REPLAY).toBeGreaterThan(HISTORIES / 200);
      expect(counts.missed, REPLAY).toBeLessThan(counts.illegal / 10);
    },
  );

  // An engine of lists is one of registers too: a register has the last element of the list.
  it.each(ENGINES)('An engine of %s keeps its level on registers', (engine) => {
    const random = seededRandom(SEED);
    for (let pass = 0; pass < 40; pass++) {
      const history = asRegisters(run(random, engine, { transactions: 40, keys: 3, stepsMax: 4, isObserved: false }));
      const found = checkTransactions(history, { isolation: engine });
      expect(found.verdict === 'illegal' ? found.explanation.text : 'ok', REPLAY).toBe('ok');
    }
  });
});

/** The same history on registers: an append is a write, and a read returns the last element. */
function asRegisters(history: readonly TransactionOperation[]): TransactionOperation[] {
  const registers: TransactionOperation[] = [];
  for (const one of history) {
    const output = one.output === undefined || one.output === FAILED ? one.output : onRegisters(one.output);
    registers.push({ ...one, input: onRegisters(one.input), output });
  }
  return registers;
}

function onRegisters(steps: readonly MicroOperation[]): MicroOperation[] {
  return steps.map(([call, key, value]): MicroOperation => {
    if (call === 'r') return ['r', key, Array.isArray(value) ? ((value as readonly number[]).at(-1) ?? null) : null];
    return ['w', key, Number(value)];
  });
}

/** Two to five transactions of some engine; often one read is wrong, some are never answered, processes are reused. */
function randomHistory(random: Random): TransactionOperation[] {
  const engine = ENGINES[below(random, ENGINES.length)] ?? 'serializable';
  const isObserved = below(random, 2) === 0;
  const transactions = 2 + below(random, isObserved ? 3 : 4);
  const history = run(random, engine, { transactions, keys: 2, stepsMax: 3, isObserved });
  if (below(random, 3) === 0) damage(random, history);
  if (below(random, 3) === 0) {
    const at = below(random, history.length);
    const one = history[at];
    if (one !== undefined && one.output !== FAILED) history[at] = { ...one, output: undefined, end: Infinity };
  }
  // A process goes on with the next transaction after the last one returned.
  const lastOf = new Map<TransactionOperation['process'], number>();
  const reused: TransactionOperation[] = [];
  for (const one of history.toSorted((a, b) => a.start - b.start)) {
    const free = [...lastOf].find(([, end]) => end < one.start);
    const process = free !== undefined && below(random, 2) === 0 ? free[0] : one.process;
    lastOf.set(process, one.end);
    reused.push({ ...one, process });
  }
  return reused;
}

/** Changes one read: an element is lost, moved or invented. */
function damage(random: Random, history: TransactionOperation[]): void {
  const at = below(random, history.length);
  const one = history[at];
  if (one === undefined || one.output === undefined || one.output === FAILED) return;
  const step = below(random, one.output.length);
  const output = one.output.map((micro, index): MicroOperation => {
    const [call, key, value] = micro;
    if (index !== step || call !== 'r' || !Array.isArray(value)) return micro;
    const list = value as readonly number[];
    return ['r', key, [list.slice(0, -1), list.toReversed(), [...list, below(random, 12)]][below(random, 3)] ?? []];
  });
  history[at] = { ...one, output };
}

/** Whether the reads order all appends to each key, but for at most one. */
function isFullyObserved(history: readonly TransactionOperation[]): boolean {
  const read = new Set<unknown>();
  for (const { output } of history) {
    if (output === undefined || output === FAILED) continue;
    for (const [call, key, value] of output) {
      if (call === 'r' && Array.isArray(value)) for (const element of value) read.add(`${key} ${element}`);
    }
  }
  const unread = new Map<unknown, number>();
  for (const { input, output } of history) {
    if (output === FAILED) continue;
    for (const [call, key, value] of input) {
      if (call === 'append' && !read.has(`${key} ${String(value)}`)) unread.set(key, (unread.get(key) ?? 0) + 1);
    }
  }
  return [...unread.values()].every((count) => count <= 1);
}

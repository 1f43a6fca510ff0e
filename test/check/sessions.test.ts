// Sessions: small histories by hand, brute force over all orders of versions, and stores that keep each promise or not.
import { describe, expect, it, vi } from 'vitest';
import { below, seededRandom } from '../../src/base/random.ts';
import type { Random } from '../../src/base/random.ts';
import type { Operation } from '../../src/check/history.ts';
import { checkSession, SESSION_GUARANTEES } from '../../src/check/sessions.ts';
import type { SessionGuarantee } from '../../src/check/sessions.ts';
import { replayCommand, testSeed } from '../support/seed.ts';

vi.setConfig({ testTimeout: 60_000 }); // Brute force takes its time on a machine that does much else.

const SEED = testSeed();
const REPLAY = replayCommand('test/check/sessions.test.ts', SEED);

/** `a x=1` writes, `a x->1` reads; `open` is never answered. Each line is called after the one above returned. */
function parse(lines: readonly string[]): Operation[] {
  return lines.map((line, index) => {
    const [, process = '', key = '', call, value = ''] = /^(\w+) (\w+)(=|->)(\w+)/.exec(line) ?? [];
    const times = { start: index, end: line.endsWith('open') ? Infinity : index + 0.5 };
    const name = value === 'null' ? null : Number(value);
    if (call === '->') return { process, key, call: 'read', input: null, output: name, ...times };
    return { process, key, call: 'write', input: name, output: line.endsWith('open') ? undefined : name, ...times };
  });
}

// [what, history, the guarantees that it violates by value, and by version]
const CASES: readonly (readonly [
  string,
  readonly string[],
  readonly SessionGuarantee[],
  readonly SessionGuarantee[],
])[] = [
  ['A session reads on', ['a x=1', 'a x->1', 'b x->1', 'b x=2', 'a x->2'], [], []],
  [
    'A write is not seen by its session',
    ['a x=1', 'a x->null'],
    ['read-your-writes', 'causal'],
    ['read-your-writes', 'causal'],
  ],
  ['A write is not seen by another session', ['a x=1', 'b x->null'], [], []],
  ['A read goes back', ['a x=1', 'b x->1', 'b x->null'], ['monotonic-reads', 'causal'], ['monotonic-reads', 'causal']],
  [
    'A read goes back and forth',
    ['a x=1', 'b x=2', 'c x->1', 'c x->2', 'c x->1'],
    ['monotonic-reads', 'causal'],
    ['monotonic-reads', 'causal'],
  ],
  [
    'Two sessions read two versions in opposite order',
    ['a x=1', 'b x=2', 'c x->1', 'c x->2', 'd x->2', 'd x->1'],
    ['monotonic-reads', 'causal'],
    ['monotonic-reads', 'causal'],
  ],
  ['A write gets a version below the last one', ['a x=2', 'a x=1'], [], ['monotonic-writes', 'causal']],
  [
    'A write is seen before the one that its session wrote first',
    ['a x=1', 'a x=2', 'b x->2', 'b x->1'],
    ['causal'],
    ['monotonic-reads', 'causal'],
  ],
  ['A write gets a version below what was read', ['a x=2', 'b x->2', 'b x=1'], [], ['writes-follow-reads', 'causal']],
  [
    'A reply is seen without what it replies to',
    ['a x=1', 'b x->1', 'b y=1', 'c y->1', 'c x->null'],
    ['causal'],
    ['causal'],
  ],
  ['A reply is seen, and what it replies to by another session', ['a x=1', 'b x->1', 'b y=1', 'c y->1'], [], []],
  ['A write that was never answered is not seen', ['a x=1 open', 'a x->null'], [], []],
  ['Nobody wrote what was read', ['a x->7'], SESSION_GUARANTEES, SESSION_GUARANTEES],
];

describe('A guarantee of sessions', () => {
  it.each(CASES)('%s: %j', (_what, lines, byValue, byVersion) => {
    const history = parse(lines);
    const violated = (by: 'value' | 'version'): readonly SessionGuarantee[] =>
      SESSION_GUARANTEES.filter((guarantee) => checkSession(history, guarantee, { by }).verdict === 'illegal');
    expect(violated('value')).toEqual(byValue);
    expect(violated('version')).toEqual(byVersion);
  });

  it('Several guarantees must be met by one order of versions', () => {
    const history = parse(['a x=1', 'a x=2', 'b x->2', 'b x->1']);
    expect(checkSession(history, ['monotonic-reads']).verdict).toBe('ok');
    expect(checkSession(history, ['monotonic-writes']).verdict).toBe('ok');
    expect(checkSession(history, ['monotonic-reads', 'monotonic-writes']).verdict).toBe('illegal');
  });

  it('A write that was never answered may have made the version that is read', () => {
    expect(checkSession(parse(['a x=1 open', 'b x->1']), 'causal', { by: 'version' }).verdict).toBe('ok');
    expect(checkSession(parse(['a x=1 open', 'b x->1']), 'causal').verdict).toBe('ok');
  });

  it('The explanation names the operations that contradict each other, and nothing else', () => {
    const history = parse(['a x=1', 'b x->1', 'c x=2', 'b y=1', 'b x->null']);
    const found = checkSession(history, 'monotonic-reads');
    if (found.verdict !== 'illegal') throw new Error('A read that goes back is illegal');
    expect(found.explanation.operations).toEqual([history[1], history[4]]);
    expect(found.explanation.text.split('\n')).toEqual([
      'monotonic-reads violated: no order of versions allows all of this',
      '  process b, 1 to 1.5: read x -> 1',
      '  then process b, 4 to 4.5: read x -> null, so null is not older than 1',
    ]);
  });

  it('A value that was written twice makes it unknown', () => {
    expect(checkSession(parse(['a x=1', 'b x=1']), 'causal')).toEqual({
      verdict: 'unknown',
      operations: 2,
      reason: '1 was written twice to one key: reads of it tell nothing',
    });
  });

  it('Other calls, versions that are no numbers and unknown guarantees are refused', () => {
    const operation = { process: 1, call: 'cas', input: 1, output: 1, start: 0, end: 1 };
    expect(() => checkSession([operation], 'causal')).toThrow('Cannot use "cas" of process 1 at 0');
    expect(() => checkSession([{ ...operation, call: 'read', output: 'a' }], 'causal', { by: 'version' })).toThrow(
      TypeError,
    );
    expect(() => checkSession([], 'monotonic' as SessionGuarantee)).toThrow(RangeError);
  });
});

describe('Brute force', () => {
  it.each(SESSION_GUARANTEES)('It agrees on %s, by value and by version', (guarantee) => {
    const random = seededRandom(SEED);
    const counts = { ok: 0, illegal: 0 };
    for (let pass = 0; pass < 4000; pass++) {
      const history = randomHistory(random);
      for (const by of ['value', 'version'] as const) {
        const expected = orders(history, by).some((rank) => isKept(history, guarantee, rank)) ? 'ok' : 'illegal';
        const found = checkSession(history, guarantee, { by });
        const text = found.verdict === 'illegal' ? found.explanation.text : '';
        const where = `pass ${pass} by ${by}: ${JSON.stringify(history)}\n${text}\n${REPLAY}`;
        expect(found.verdict, where).toBe(expected);
        counts[expected] += 1;
      }
    }
    expect(Math.min(counts.ok, counts.illegal), REPLAY).toBeGreaterThan(100);
  });
});

describe('A store', () => {
  const OFTEN = 10;
  it.each(SESSION_GUARANTEES)(
    'One that keeps %s is never accused, one that keeps all but that is caught',
    (guarantee) => {
      const random = seededRandom(SEED);
      const caught = { value: 0, version: 0 };
      for (let pass = 0; pass < 100; pass++) {
        for (const by of ['value', 'version'] as const) {
          const kept = runStore(random, new Set([guarantee]));
          const found = checkSession(kept, guarantee, { by });
          expect(found.verdict === 'illegal' ? found.explanation.text : 'ok', REPLAY).toBe('ok');
          const others = new Set(SESSION_GUARANTEES.filter((other) => other !== guarantee && other !== 'causal'));
          if (checkSession(runStore(random, others), guarantee, { by }).verdict === 'illegal') caught[by] += 1;
        }
      }
      expect(caught.version, REPLAY).toBeGreaterThan(OFTEN);
      // Of writes alone, the order shows only in versions, or in reads that keep an order themselves.
      if (!/^(monotonic-writes|writes-follow)/.test(guarantee)) expect(caught.value, REPLAY).toBeGreaterThan(OFTEN);
    },
  );
});

/** Up to seven operations of two or three sessions on two keys, most of them possible. */
function randomHistory(random: Random): Operation[] {
  const history: Operation[] = [];
  const written: Record<string, (number | null)[]> = { x: [null], y: [null] };
  const values = [1, 2, 3, 4, 5].toSorted(() => below(random, 3) - 1);
  for (let index = 0; index < 3 + below(random, 5); index++) {
    const key = below(random, 3) === 0 ? 'y' : 'x';
    const process = below(random, 2);
    const known = written[key] ?? [];
    const value = below(random, 2) === 0 ? values.pop() : undefined;
    const times = { start: index, end: index + 0.5 };
    if (value === undefined) {
      const output = known[below(random, known.length)] ?? null;
      history.push({ process, key, call: 'read', input: null, output, ...times });
    } else {
      known.push(value);
      history.push({ process, key, call: 'write', input: value, output: value, ...times });
    }
  }
  return history;
}

type Rank = (operation: Operation) => number;

/** Every order of all writes, or those in which the versions of each key grow; the first version is below all. */
function orders(history: readonly Operation[], by: 'value' | 'version'): readonly Rank[] {
  const writes = history.filter(({ call }) => call === 'write');
  const found: Rank[] = [];
  const place = (order: readonly Operation[]): void => {
    if (order.length === writes.length) {
      const ranks = new Map(order.map(({ key, input }, at) => [`${key} ${String(input)}`, at]));
      found.push(({ key, output }) => ranks.get(`${key} ${String(output)}`) ?? -1);
      return;
    }
    for (const next of writes) {
      if (order.includes(next)) continue;
      const isBelow = order.some(({ key, input }) => key === next.key && Number(input) > Number(next.input));
      if (by === 'value' || !isBelow) place([...order, next]);
    }
  };
  place([]);
  return found;
}

/** The definitions, pair by pair. */
function isKept(history: readonly Operation[], guarantee: SessionGuarantee, rank: Rank): boolean {
  const pairs = history.flatMap((later, at) => history.slice(0, at).map((earlier) => [earlier, later] as const));
  const inSession = pairs.filter(([earlier, later]) => earlier.process === later.process && earlier.key === later.key);
  const holds = (first: string, second: string): boolean => {
    const bound = inSession.filter(([earlier, later]) => earlier.call === first && later.call === second);
    return bound.every(([earlier, later]) => rank(earlier) <= rank(later));
  };
  if (guarantee === 'read-your-writes') return holds('write', 'read');
  if (guarantee === 'monotonic-reads') return holds('read', 'read');
  if (guarantee === 'monotonic-writes') return holds('write', 'write');
  if (guarantee === 'writes-follow-reads') return holds('read', 'write');
  const pastOf = (operation: Operation): ReadonlySet<Operation> => {
    const past = new Set<Operation>();
    const follow = (one: Operation): void => {
      for (const cause of history.filter((other) => isCause(other, one) && !past.has(other))) {
        past.add(cause);
        follow(cause);
      }
    };
    follow(operation);
    return past;
  };
  return history.every((operation) => {
    const writes = [...pastOf(operation)].filter(({ call }) => call === 'write');
    if (operation.call === 'write') return writes.every((write) => rank(write) < rank(operation));
    return Math.max(-1, ...writes.filter(({ key }) => key === operation.key).map(rank)) === rank(operation);
  });
}

function isCause(earlier: Operation, later: Operation): boolean {
  if (earlier.process === later.process) return earlier.start < later.start;
  const isSeen = earlier.call === 'write' && later.call === 'read' && earlier.key === later.key;
  return isSeen && earlier.input === later.output;
}

/**
 * A store of three replicas that tell each other of their writes late; the newest version wins. Sessions that are
 * promised something remember what they wrote or read, and look no further back, or write above it. A causal one
 * reads a growing part of one log instead, and writes to its end.
 */
function runStore(random: Random, promises: ReadonlySet<SessionGuarantee>): Operation[] {
  const replicas = Array.from({ length: 3 }, () => new Map<string, number>());
  const log: (readonly [key: string, version: number])[] = [];
  const readTo = [0, 0, 0];
  const wrote = new Map<string, number>();
  const read = new Map<string, number>();
  const history: Operation[] = [];
  for (let index = 0; index < 60; index++) {
    const process = below(random, 3);
    const key = ['x', 'y'][below(random, 2)] ?? 'x';
    const mine = `${process} ${key}`;
    const replica = replicas[below(random, 3)] ?? new Map<string, number>();
    const times = { start: index, end: index + 0.5 };
    if (below(random, 2) === 0) {
      // Clocks of replicas differ by up to 20 steps; the last digits make versions unique.
      const floor = Math.max(
        promises.has('monotonic-writes') ? (wrote.get(mine) ?? 0) : 0,
        promises.has('writes-follow-reads') ? (read.get(mine) ?? 0) : 0,
        promises.has('causal') ? log.length * 1000 : 0,
      );
      const version = Math.max(Math.floor(floor / 1000) + 1, index + below(random, 20)) * 1000 + index;
      const last = promises.has('causal') ? (log.length + 1) * 1000 : version;
      if ((replica.get(key) ?? 0) < last) replica.set(key, last);
      log.push([key, last]);
      readTo[process] = log.length;
      wrote.set(mine, Math.max(wrote.get(mine) ?? 0, last));
      history.push({ process, key, call: 'write', input: last, output: last, ...times });
      continue;
    }
    readTo[process] = Math.max(readTo[process] ?? 0, below(random, log.length + 1));
    const inLog = log.slice(0, readTo[process]).findLast(([name]) => name === key)?.[1];
    const seen = Math.max(
      replica.get(key) ?? 0,
      promises.has('read-your-writes') ? (wrote.get(mine) ?? 0) : 0,
      promises.has('monotonic-reads') ? (read.get(mine) ?? 0) : 0,
    );
    const found = promises.has('causal') ? (inLog ?? 0) : seen;
    read.set(mine, Math.max(read.get(mine) ?? 0, found));
    history.push({ process, key, call: 'read', input: null, output: found === 0 ? null : found, ...times });
    const [from, to] = [replicas[below(random, 3)], replicas[below(random, 3)]];
    if (below(random, 4) !== 0) continue;
    for (const [name, version] of from ?? []) if ((to?.get(name) ?? 0) < version) to?.set(name, version);
  }
  return history;
}

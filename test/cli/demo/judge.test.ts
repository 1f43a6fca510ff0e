import { describe, expect, it } from 'vitest';
import { below, seededRandom, type Random } from '../../../src/base/random.ts';
import { Judge } from '../../../src/cli/demo/judge.ts';
import { OBSERVED, observationOf, type Observation, type ObservationKind } from '../../../src/cli/demo/observation.ts';

// A history is written as lines `kind client:sequence start end`; the reads `got` name the write that they returned.
function observation(
  kind: ObservationKind,
  id: readonly [number, number],
  span: readonly [number, number],
): Observation {
  return observationOf(kind, { client: id[0], sequence: id[1], start: span[0], end: span[1] });
}
type Id = readonly [client: number, sequence: number];
type Span = readonly [start: number, end: number];
const NOBODY: Id = [0, 0];
const ok = (id: Id, span: Span): Observation => observation(OBSERVED.WRITE_OK, id, span);
const unknown = (id: Id, start: number): Observation => observation(OBSERVED.WRITE_UNKNOWN, id, [start, start]);
const refused = (id: Id, start: number): Observation => observation(OBSERVED.WRITE_REFUSED, id, [start, start]);
const gone = (id: Id, span: Span): Observation => observation(OBSERVED.DELETE_OK, id, span);
const goneMaybe = (id: Id, start: number): Observation => observation(OBSERVED.DELETE_UNKNOWN, id, [start, start]);
const changed = (id: Id, prior: Id, span: Span): Observation => {
  return { ...observation(OBSERVED.CHANGE_OK, id, span), priorClient: prior[0], priorSequence: prior[1] };
};
const created = (id: Id, span: Span): Observation => observation(OBSERVED.CHANGE_OK, id, span);
const got = (id: Id, span: Span): Observation => observation(OBSERVED.READ, id, span);
const nothing = (span: Span): Observation => observation(OBSERVED.READ_ABSENT, NOBODY, span);
const corrupt = (span: Span): Observation => observation(OBSERVED.READ_CORRUPT, NOBODY, span);
const advance = (client: number, tick: number): Observation => observation(OBSERVED.ADVANCE, [client, 0], [tick, tick]);

const [A0, A1, B0, B1]: [Id, Id, Id, Id] = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];

function findingsOf(history: readonly Observation[]): number {
  const judge = new Judge({ clients: 2 });
  for (const seen of history) judge.observe(seen);
  judge.finish();
  return judge.stale + judge.lost;
}

function staleOf(history: readonly Observation[]): number {
  const judge = new Judge({ clients: 2 });
  for (const seen of history) judge.observe(seen);
  judge.finish();
  return judge.stale;
}

describe('The judge accepts', () => {
  it.each<[string, Observation[]]>([
    ['an empty history', []],
    ['a read of nothing before the first write', [nothing([0, 1]), ok(A0, [1, 2])]],
    ['a read of the value just written', [ok(A0, [0, 1]), got(A0, [1, 2])]],
    ['a read of either of two values written at once', [ok(A0, [0, 3]), ok(B0, [1, 2]), got(A0, [3, 4])]],
    ['the other of two values written at once', [ok(A0, [0, 3]), ok(B0, [1, 2]), got(B0, [3, 4])]],
    ['a read that began before the write of the newer value ended', [ok(A0, [0, 1]), got(A0, [1, 4]), ok(B0, [2, 3])]],
    ['a read of a write that is not acknowledged yet', [ok(A0, [0, 1]), got(B0, [2, 3]), ok(B0, [1, 4])]],
    ['a read of an unknown write, at last', [ok(A0, [0, 1]), unknown(B0, 1), ok(A1, [2, 3]), got(B0, [3, 4])]],
    ['an unknown write that never appears', [unknown(B0, 0), ok(A0, [1, 2]), got(A0, [2, 3]), got(A0, [3, 4])]],
    ['a refused write that never appears', [ok(A0, [0, 1]), refused(B0, 1), got(A0, [2, 3])]],
    ['a read of nothing after a delete', [ok(A0, [0, 1]), gone(A1, [1, 2]), nothing([2, 3])]],
    ['a read of nothing during a delete', [ok(A0, [0, 1]), nothing([1, 3]), gone(B0, [2, 4])]],
    ['a read of nothing after an unknown delete', [ok(A0, [0, 1]), goneMaybe(B0, 1), nothing([2, 3])]],
    ['old, new while a write is running', [ok(A0, [0, 1]), got(A0, [2, 3]), got(B0, [3, 4]), ok(B0, [1, 5])]],
    ['a change of the newest value', [ok(A0, [0, 1]), changed(B0, A0, [1, 2]), got(B0, [2, 3])]],
    ['changes of one another, all at once', [ok(A0, [0, 9]), changed(A1, A0, [0, 8]), changed(B0, A1, [0, 7])]],
    ['a change reported before the write that it replaced', [changed(B0, A0, [1, 2]), ok(A0, [0, 3])]],
    ['a change of an unknown write', [unknown(A0, 0), changed(B0, A0, [1, 2]), got(B0, [2, 3])]],
    ['a blind write at once with a change, behind it', [ok(A0, [0, 1]), ok(A1, [1, 4]), changed(B0, A0, [1, 3])]],
    ['a change of nothing', [created(A0, [0, 1]), changed(B0, A0, [1, 2])]],
    ['a change of nothing after a delete', [created(A0, [0, 1]), gone(B0, [1, 2]), created(A1, [2, 3])]],
  ])('%s', (_, history) => {
    expect(findingsOf(history)).toBe(0);
  });
});

describe('The judge flags', () => {
  it.each<[string, Observation[]]>([
    ['a stale read', [ok(A0, [0, 1]), ok(A1, [1, 2]), got(A0, [2, 3])]],
    ['a stale read across clients', [ok(A0, [0, 1]), ok(B0, [1, 2]), got(A0, [2, 3])]],
    ['a stale read reported before the write that proves it', [ok(A0, [0, 1]), got(A0, [2, 3]), ok(B0, [1, 2])]],
    ['an old value that comes back', [ok(A0, [0, 1]), ok(B0, [1, 2]), got(B0, [2, 3]), got(A0, [3, 4])]],
    [
      'an old value that comes back after it was forgotten',
      [ok(A0, [0, 1]), ok(B0, [1, 2]), advance(0, 9), advance(1, 9), got(B0, [9, 10]), got(A0, [10, 11])],
    ],
    [
      'new, then old, of two values written at once',
      [ok(A0, [0, 9]), ok(B0, [0, 3]), got(A0, [4, 5]), got(B0, [6, 7]), got(A0, [7, 8])],
    ],
    ['new, then old, of an unknown write', [ok(A0, [0, 1]), unknown(B0, 1), got(B0, [2, 3]), got(A0, [3, 4])]],
    ['an absence after an acknowledged write', [ok(A0, [0, 1]), nothing([1, 2])]],
    ['an absence reported before the write that proves it', [nothing([1, 2]), ok(B0, [0, 1])]],
    ['an absence after a delete was overwritten', [gone(A0, [0, 1]), ok(B0, [1, 2]), nothing([2, 3])]],
    ['an absence explained only by a delete that began later', [ok(A0, [0, 1]), nothing([1, 2]), gone(B0, [2, 3])]],
    ['a value read after its delete', [ok(A0, [0, 1]), gone(B0, [1, 2]), got(A0, [2, 3])]],
    ['a value read before its write began', [got(A0, [0, 1]), ok(A0, [1, 2])]],
    ['a value read before its write began, reported later', [ok(A0, [1, 2]), got(A0, [0, 1])]],
    ['a value that nobody wrote', [ok(A0, [0, 1]), got(B1, [1, 2])]],
    ['bytes that nobody wrote', [corrupt([0, 1])]],
    ['a refused write that appears', [refused(B0, 0), got(B0, [1, 2])]],
    ['a write that appeared and was refused', [got(B0, [1, 2]), refused(B0, 0)]],
    ['a change of what was replaced', [ok(A0, [0, 1]), ok(B0, [1, 2]), changed(A1, A0, [2, 3])]],
    ['two changes of one value', [ok(A0, [0, 1]), changed(A1, A0, [1, 3]), changed(B0, A0, [1, 3])]],
    [
      'a write between a change and what it replaced',
      [ok(A0, [0, 1]), ok(A1, [1, 2]), got(A1, [2, 3]), got(B0, [3, 4]), changed(B0, A0, [1, 9])],
    ],
    [
      'a write between a change and what it replaced, reported later',
      [ok(A0, [0, 1]), got(B0, [3, 4]), changed(B0, A0, [1, 9]), got(A1, [2, 3]), ok(A1, [1, 9])],
    ],
    [
      'the beginning of a chain, read after its end',
      [ok(A0, [0, 9]), changed(A1, A0, [0, 9]), changed(B0, A1, [0, 9]), got(B0, [9, 10]), got(A0, [10, 11])],
    ],
    ['two changes of nothing', [created(A0, [0, 2]), created(B0, [0, 2])]],
    ['a change of nothing after a write', [ok(A0, [0, 1]), created(B0, [1, 2])]],
    ['a deleted value that is changed', [ok(A0, [0, 1]), gone(A1, [1, 2]), changed(B0, A0, [2, 3])]],
    ['changes of one another in a circle', [changed(A0, B0, [0, 9]), changed(B0, A0, [0, 9])]],
  ])('%s', (_, history) => {
    expect(findingsOf(history)).toBeGreaterThanOrEqual(1);
  });

  it('Two changes of one value as a loss, since one has overwritten the other unseen', () => {
    const judge = new Judge({ clients: 2 });
    for (const seen of [ok(A0, [0, 1]), changed(A1, A0, [1, 3]), changed(B0, A0, [1, 3])]) judge.observe(seen);
    expect([judge.lost, judge.stale]).toEqual([1, 0]);
    expect(judge.violations[0]).toMatchObject({ kind: 'lost', read: 'change 1:0 [1, 3] of 0:0' });
  });

  it('Each stale read once, and no right read because of it', () => {
    const right = Array.from({ length: 20 }, (_, n) => got(B0, [10 + n, 11 + n]));
    expect(staleOf([ok(A0, [0, 1]), ok(B0, [1, 2]), got(A0, [2, 3]), got(A0, [3, 4]), ...right])).toBe(2);
    expect(staleOf([ok(A0, [0, 1]), got(A0, [2, 3]), ok(B0, [1, 2]), ...right])).toBe(1);
  });
});

function lostOf(history: readonly Observation[], final: Observation): readonly [lost: number, stale: number] {
  const judge = new Judge({ clients: 2 });
  for (const seen of history) judge.observe(seen);
  judge.finish();
  judge.final({ ...final, start: 100, end: 101 });
  return [judge.lost, judge.stale];
}

describe('The final reads', () => {
  const old = [ok(A0, [0, 1]), ok(B0, [1, 2]), advance(0, 9), advance(1, 9), got(B0, [9, 10])];

  it.each<[string, Observation[], Observation, readonly [number, number]]>([
    ['The last write is there: nothing lost', [ok(A0, [0, 1]), ok(B0, [1, 2])], got(B0, [0, 0]), [0, 0]],
    ['One of two writes at once is there: nothing lost', [ok(A0, [0, 3]), ok(B0, [1, 2])], got(A0, [0, 0]), [0, 0]],
    ['The write before the last is there: one lost', [ok(A0, [0, 1]), ok(B0, [1, 2])], got(A0, [0, 0]), [1, 0]],
    ['A value forgotten long ago is there: lost', old, got(A0, [0, 0]), [1, 0]],
    ['Nothing is there: the acknowledged write is lost', [ok(A0, [0, 1])], nothing([0, 0]), [1, 0]],
    ['Nothing was ever there: nothing lost', [], nothing([0, 0]), [0, 0]],
    ['Nothing is there after a delete: nothing lost', [ok(A0, [0, 1]), gone(A1, [1, 2])], nothing([0, 0]), [0, 0]],
    ['A deleted value is there: the delete is lost', [ok(A0, [0, 1]), gone(A1, [1, 2])], got(A0, [0, 0]), [1, 0]],
    ['An unknown write is there: nothing lost', [ok(A0, [0, 1]), unknown(B0, 0)], got(B0, [0, 0]), [0, 0]],
    ['An unknown write is not there: nothing lost', [ok(A0, [0, 1]), unknown(B0, 1)], got(A0, [0, 0]), [0, 0]],
    [
      'An unknown write was seen and is gone: stale',
      [ok(A0, [0, 1]), unknown(B0, 1), got(B0, [2, 3])],
      got(A0, [0, 0]),
      [0, 1],
    ],
    [
      'A value is there that was changed at the same time as it was written: the change is lost',
      [ok(A0, [0, 5]), changed(B0, A0, [1, 6])],
      got(A0, [0, 0]),
      [1, 0],
    ],
    ['Bytes nobody wrote are there: the write is lost', [ok(A0, [0, 1])], corrupt([0, 0]), [1, 0]],
    ['Bytes nobody wrote are there, and no write was: phantom', [], corrupt([0, 0]), [0, 1]],
    [
      'A refused write is there: the acknowledged one is lost',
      [ok(A0, [0, 1]), refused(B0, 1)],
      got(B0, [0, 0]),
      [1, 0],
    ],
  ])('%s', (_, history, final, expected) => {
    expect(lostOf(history, final)).toEqual(expected);
  });
});

// The slow and obvious way: is there an order of all operations that keeps real time and in which every read returns
// what was written last?
interface Step extends Observation {
  readonly value: string;
}
const isRead = (step: Step): boolean => step.kind === OBSERVED.READ || step.kind === OBSERVED.READ_ABSENT;
const isMaybe = (step: Step): boolean => step.kind === OBSERVED.WRITE_UNKNOWN;
const isChange = (step: Step): boolean => step.kind === OBSERVED.CHANGE_OK;

function isLinearizable(steps: readonly Step[], value = 'absent', seen = new Set<string>(), mask = 0): boolean {
  if (steps.every((step, at) => (mask & (1 << at)) !== 0 || isMaybe(step))) return true;
  const state = `${mask}:${value}`;
  if (seen.has(state)) return false;
  seen.add(state);
  let firstEnd = Infinity;
  steps.forEach((step, at) => {
    if ((mask & (1 << at)) === 0 && !isMaybe(step)) firstEnd = Math.min(firstEnd, step.end);
  });
  return steps.some((step, at) => {
    if ((mask & (1 << at)) !== 0 || step.start >= firstEnd) return false; // Something else ended before it began.
    if (isRead(step) && step.value !== value) return false;
    if (isChange(step) && `${step.priorClient}:${step.priorSequence}` !== value) return false;
    return isLinearizable(steps, isRead(step) ? value : step.value, seen, mask | (1 << at));
  });
}

const KINDS = [OBSERVED.READ, OBSERVED.READ, OBSERVED.WRITE_OK, OBSERVED.WRITE_OK, OBSERVED.WRITE_UNKNOWN];
const KINDS_WITH_CHANGES = [...KINDS, OBSERVED.CHANGE_OK, OBSERVED.CHANGE_OK, OBSERVED.CHANGE_OK];

/** A short history of two clients on one key: mostly what a register would answer, sometimes a little wrong. */
function randomHistory(random: Random, kinds: readonly ObservationKind[]): Step[] {
  const steps: Step[] = [];
  const next = [0, 0];
  const count = 3 + below(random, 6);
  let tick = 0;
  const open: { at: number; left: number }[] = [];
  const written = ['absent'];
  let current = 'absent';
  const close = (): void => {
    const { at } = open.splice(below(random, open.length), 1)[0]!;
    const step = steps[at]!;
    const wrong = below(random, 4) === 0;
    const found = wrong ? written[below(random, written.length)]! : current;
    const value = isRead(step) ? found : step.value;
    if (step.kind === OBSERVED.WRITE_OK || isChange(step)) current = value;
    tick += 1;
    const isNothing = found === 'absent';
    const [foundClient, foundSequence] = isNothing ? [0, 0] : found.split(':').map(Number);
    const seen = { ...step, value, end: tick };
    if (isRead(step)) {
      const kind = isNothing ? OBSERVED.READ_ABSENT : OBSERVED.READ;
      steps[at] = { ...seen, kind, client: foundClient!, sequence: foundSequence! };
    } else if (isChange(step) && !isNothing) {
      steps[at] = { ...seen, priorClient: foundClient!, priorSequence: foundSequence! };
    } else steps[at] = { ...seen, kind: isChange(step) ? OBSERVED.WRITE_OK : step.kind };
  };
  while (steps.length < count || open.length > 0) {
    if (open.length > 0 && (steps.length === count || open.length === 4 || below(random, 2) === 0)) close();
    else {
      const client = below(random, 2);
      const kind = kinds[below(random, kinds.length)]!;
      const sequence = kind === OBSERVED.READ ? 0 : next[client]!++;
      const value = kind === OBSERVED.READ ? 'absent' : `${client}:${sequence}`;
      if (kind !== OBSERVED.READ) written.push(value);
      if (kind === OBSERVED.WRITE_UNKNOWN && below(random, 2) === 0) current = value;
      steps.push({ ...observationOf(kind, { client, sequence, start: tick }), value });
      open.push({ at: steps.length - 1, left: 1 });
    }
  }
  return steps;
}

/** Hands over each client's observations in the order of their ends, the two clients interleaved at random. */
function report(judge: Judge, steps: readonly Step[], owners: readonly number[], random: Random): void {
  const queues = [0, 1].map((client) =>
    steps
      .map((step, at) => ({ step, at }))
      .filter(({ at }) => owners[at] === client)
      .sort((a, b) => a.step.end - b.step.end),
  );
  while (queues.some((queue) => queue.length > 0)) {
    const client = queues[0]!.length === 0 ? 1 : queues[1]!.length === 0 ? 0 : below(random, 2);
    judge.observe(queues[client]!.shift()!.step);
    const rest = queues[client]!.map(({ step }) => step.start);
    if (below(random, 2) === 0) judge.observe(advance(client, Math.min(1000, ...rest)));
  }
  judge.finish();
}

describe('The judge, against all orders tried', () => {
  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'It finds something exactly when no order explains the history, seed %i',
    (seed) => {
      const random = seededRandom(seed);
      let broken = 0;
      for (let run = 0; run < 1000; run++) {
        const steps = randomHistory(random, run % 2 === 0 ? KINDS : KINDS_WITH_CHANGES);
        const owners = steps.map((step) => (isRead(step) ? below(random, 2) : step.client));
        const judge = new Judge({ clients: 2 });
        report(judge, steps, owners, random);
        const right = isLinearizable(steps);
        if (!right) broken += 1;
        expect(judge.stale + judge.lost > 0, `seed ${seed}, run ${run}: ${JSON.stringify(steps)}`).toBe(!right);
      }
      expect(broken).toBeGreaterThan(50); // Both kinds were there.
      expect(broken).toBeLessThan(950);
    },
  );
});

describe('The memory of the judge', () => {
  it('It keeps a handful of groups per key, however many writes there were', () => {
    const judge = new Judge({ clients: 1 });
    let tick = 0;
    for (let sequence = 0; sequence < 20_000; sequence++) {
      const start = tick++;
      judge.observe(observationOf(OBSERVED.WRITE_OK, { key: sequence % 10, sequence, start, end: tick }));
      judge.observe(advance(0, tick));
    }
    judge.finish();
    expect(judge.groups).toBeLessThanOrEqual(40);
    expect([judge.acknowledgedWrites, judge.stale]).toEqual([20_000, 0]);
  });
});

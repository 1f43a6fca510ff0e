// The search is right where its counts are those that others have published of the same models.
//
// Sources: `manifest.json` of specifications/transaction_commit and specifications/ewd840 in tlaplus/Examples
// (distinct states, states in all with the initial ones, levels); the assertions in examples/2pc.rs, increment.rs
// (comments), single-copy-register.rs, linearizable-register.rs and paxos.rs of stateright/stateright.
import { describe, expect, it } from 'vitest';
import { below, seededRandom } from '../../../src/base/random.ts';
import type { Random } from '../../../src/base/random.ts';
import { explore } from '../../../src/sim/explorer/explore.ts';
import type { ExploreOptions, StateModel } from '../../../src/sim/explorer/explore.ts';
import { replayCommand, testSeed } from '../../support/seed.ts';
import { increment, symmetricIncrement, wrongIncrement } from './models/increment.ts';
import type { Increment } from './models/increment.ts';
import { paxosServer } from './models/paxos.ts';
import { SINGLE_COPY, abdServer, registerModel } from './models/registers.ts';
import { terminationRing } from './models/termination-ring.ts';
import { transactionCommit } from './models/transaction-commit.ts';
import { sortedTwoPhaseCommit, symmetricTwoPhaseCommit, twoPhaseCommit } from './models/two-phase-commit.ts';

const SEED = testSeed();
const REPLAY = replayCommand('test/sim/explorer/explore.test.ts', SEED);

/** A search of a model, whatever its states are. */
type Run = (options: ExploreOptions) => ReturnType<typeof explore<unknown, unknown>>;

function run<State, Action>(model: StateModel<State, Action>): Run {
  return (options) => explore(model, options);
}

describe('A search meets as many states as others have published', { timeout: 60_000 }, () => {
  const breadth = { order: 'breadth' } as const;
  const depth = { order: 'depth' } as const;

  it.each<[string, Run, number]>([
    ['TLA+ TwoPhase and Stateright 2pc, 3 resource managers', run(twoPhaseCommit(3)), 288],
    ['Stateright 2pc, 5 resource managers', run(twoPhaseCommit(5)), 8832],
    ['TLA+ TCommit, 3 resource managers', run(transactionCommit(3)), 34],
    ['TLA+ EWD840, 3 nodes', run(terminationRing(3)), 302],
    ['TLA+ EWD840_json, 4 nodes', run(terminationRing(4)), 1566],
    ['Stateright increment, 2 threads', run(increment(2)), 13],
    ['Stateright increment, 2 threads with symmetry', run(symmetricIncrement(2)), 8],
    ['Stateright single-copy register, 2 clients', run(registerModel(SINGLE_COPY, 1, 2)), 93],
    ['Stateright linearizable register (ABD), 2 servers, 2 clients', run(registerModel(abdServer(2), 2, 2)), 544],
    ['Stateright paxos, 3 servers, 2 clients', run(registerModel(paxosServer(3), 3, 2)), 16_668],
  ])('%s, in either order', (_, search, states) => {
    expect(search(breadth)).toMatchObject({ verdict: 'ok', states });
    expect(search(depth)).toMatchObject({ verdict: 'ok', states });
  });

  it('TLC counts the initial state among 1146 and 94 in all, and 11 and 7 levels', () => {
    expect(explore(twoPhaseCommit(3))).toMatchObject({ transitions: 1146 - 1, depth: 11 - 1 });
    expect(explore(transactionCommit(3))).toMatchObject({ transitions: 94 - 1, depth: 7 - 1 });
  });

  it('Stateright 2pc, 5 resource managers with symmetry: 665 where the representatives depend on the order', () => {
    // It sorts by one field, so that a class has several representatives; the fewer are right too.
    expect(explore(sortedTwoPhaseCommit(5), depth)).toMatchObject({ verdict: 'ok', states: 665 });
    expect(explore(symmetricTwoPhaseCommit(5), depth)).toMatchObject({ verdict: 'ok', states: 314 });
    expect(explore(symmetricTwoPhaseCommit(5), breadth)).toMatchObject({ verdict: 'ok', states: 314 });
  });
});

describe('A search finds what is wrong', () => {
  const OPTIONS: readonly ExploreOptions[] = [{ order: 'breadth' }, { order: 'depth' }];

  it.each(OPTIONS)('a transaction manager that commits too early, %j', (options) => {
    expect(explore(twoPhaseCommit(3, true), options)).toMatchObject({
      verdict: 'wrong',
      reason: 'One aborts, another commits',
    });
  });

  it('by a shortest path: two threads read, then both write', () => {
    const { path, reason } = explore(wrongIncrement(2));
    expect(reason).toBe('An increment is lost');
    expect(path.map(({ action }) => action)).toEqual([undefined, 0, 1, 0, 1]);
    expect(path.at(-1)?.state).toEqual({
      shared: 1,
      threads: [
        { read: 0, at: 3 },
        { read: 0, at: 3 },
      ],
    });
  });

  it('at an end: the deadlock of two threads that take two locks in opposite order', () => {
    const found = explore(twoLocks());
    expect(found).toMatchObject({ verdict: 'wrong', reason: 'Deadlock' });
    expect(found.path.slice(1).map(({ action }) => action)).toEqual([0, 1]);
  });

  it('with symmetry too, by a path that is a real one', () => {
    const wrong = wrongIncrement(3);
    const model = { ...symmetricIncrement(3), judge: (state: Increment) => wrong.judge!(state) };
    const { verdict, path } = explore(model);
    expect(verdict).toBe('wrong');
    for (const [index, { action, state }] of path.entries()) {
      if (action !== undefined) expect(state).toEqual(model.apply(path[index - 1]!.state, action));
    }
  });

  it.each([{ statesMax: 100 }, { depthMax: 5 }, { statesMax: 100, order: 'depth' as const }])(
    'or says that it does not know, when a limit ends it: %j',
    (options) => {
      expect(explore(twoPhaseCommit(3), options).verdict).toBe('unknown');
    },
  );

  it.each([{ order: 'width' as 'depth' }, { statesMax: 0 }, { statesMax: 2 ** 26 + 1 }, { depthMax: -1 }])(
    'and refuses %j',
    (options) => {
      const [[name, value] = []] = Object.entries(options);
      expect(() => explore(transactionCommit(3), options)).toThrow(
        expect.objectContaining({
          code: 'ERR_QUORATE_INVALID_ARGUMENT',
          message: expect.stringContaining(`Cannot use ${name} ${value}: it must be `),
        }),
      );
    },
  );

  it('and knows all of a space that is just as large as its limit', () => {
    expect(explore(transactionCommit(3), { statesMax: 33 })).toMatchObject({ verdict: 'unknown' });
    expect(explore(transactionCommit(3), { statesMax: 34 })).toMatchObject({ verdict: 'ok', states: 34 });
  });
});

describe('Symmetry keeps one state of each class, and the verdict', () => {
  it('of random programs that all of three threads run', () => {
    const random = seededRandom(SEED);
    const verdicts = new Set<string>();
    for (let index = 0; index < 200; index++) {
      const model = anonymous(random);
      const classes = new Set<string>();
      const judge = (state: Anonymous): string | undefined => {
        classes.add(model.identify(model.canonical!(state)));
        return undefined;
      };
      expect(explore({ ...model, judge, canonical: (state) => state }).verdict).toBe('ok');
      expect(explore({ ...model, judge: () => undefined }).states, REPLAY).toBe(classes.size);
      const { verdict } = explore(model);
      expect(verdict, REPLAY).toBe(explore({ ...model, canonical: (state) => state }).verdict);
      verdicts.add(verdict);
    }
    expect([...verdicts].toSorted()).toEqual(['ok', 'wrong']);
  });
});

describe('Steps alone keep the ends', () => {
  it.each([2, 3, 4])('of %i threads that count for themselves before they meet', (threads) => {
    const all = endsOf(counters(threads, false));
    const alone = endsOf(counters(threads, true));
    expect(alone.ends).toEqual(all.ends);
    expect(alone.states).toBeLessThan(all.states / 2);
  });

  it('and put nobody off for ever: a thread that runs in a circle does not hide a wrong one', () => {
    expect(explore(circle()).verdict).toBe('wrong');
  });
});

interface Anonymous {
  readonly shared: number;
  readonly threads: readonly number[];
}

/** Threads with one random program: at each place, what the shared value becomes and where they go on. */
function anonymous(random: Random): StateModel<Anonymous, number> {
  const program = Array.from({ length: 4 }, () =>
    Array.from({ length: 3 }, () => ({ shared: below(random, 3), at: below(random, 6), may: below(random, 3) > 0 })),
  );
  const bad = { shared: below(random, 3), at: below(random, 4) };
  return {
    initial: [{ shared: 0, threads: [0, 0, 0] }],
    actions: ({ shared, threads }) => [0, 1, 2].filter((thread) => program[threads[thread]!]?.[shared]?.may === true),
    apply: ({ shared, threads }, thread) => {
      const next = program[threads[thread]!]![shared]!;
      return { shared: next.shared, threads: threads.with(thread, next.at) };
    },
    identify: ({ shared, threads }) => `${shared} ${threads.join()}`,
    canonical: ({ shared, threads }) => ({ shared, threads: threads.toSorted((a, b) => a - b) }),
    judge: ({ shared, threads }) =>
      shared === bad.shared && threads.filter((at) => at === bad.at).length === 2 ? 'Two are there' : undefined,
  };
}

/** Whether a thread holds the lock: thread 0 takes lock 0 first, thread 1 takes lock 1 first. */
function isTaken([first, second]: readonly [number, number], lock: number): boolean {
  const takenAt = lock === 0 ? [1, 2] : [2, 1];
  return (first >= takenAt[0]! && first < 3) || (second >= takenAt[1]! && second < 3);
}

/** Thread 0 takes lock 0, then 1; thread 1 the other way round. The state: how many each thread holds. */
function twoLocks(): StateModel<readonly [number, number], number> {
  return {
    initial: [[0, 0]],
    actions: (state) =>
      [0, 1].filter((thread) => {
        const held = state[thread]!;
        if (held === 3) return false;
        if (held === 2) return true;
        return !isTaken(state, held === 0 ? thread : 1 - thread);
      }),
    apply: (state, thread) => (thread === 0 ? [state[0] + 1, state[1]] : [state[0], state[1] + 1]),
    identify: (state) => state.join(','),
    judgeEnd: (state) => (state.every((held) => held === 3) ? undefined : 'Deadlock'),
  };
}

/** Threads count to 3 each for itself, then take a number of a shared counter. */
function counters(threads: number, isReduced: boolean): StateModel<readonly number[], number> {
  const model: StateModel<readonly number[], number> = {
    initial: [Array.from({ length: threads + 1 }, () => 0)],
    actions: (state) => state.flatMap((at, thread) => (thread > 0 && at <= 3 ? [thread] : [])),
    apply: (state, thread) =>
      state[thread]! < 3
        ? state.with(thread, state[thread]! + 1)
        : state.with(thread, 10 + state[0]!).with(0, state[0]! + 1),
    identify: (state) => state.join(','),
  };
  return isReduced ? { ...model, isAlone: (state, thread) => state[thread]! < 3 } : model;
}

function endsOf(model: StateModel<readonly number[], number>): { ends: string[]; states: number } {
  const ends: string[] = [];
  const judgeEnd = (state: readonly number[]): undefined => void ends.push(state.join(','));
  const { states } = explore({ ...model, judgeEnd });
  return { ends: ends.sort(), states };
}

/** Thread 0 goes round and round alone; thread 1 has one step to take, which is wrong. */
function circle(): StateModel<{ readonly at: number; readonly isDone: boolean }, number> {
  return {
    initial: [{ at: 0, isDone: false }],
    actions: ({ isDone }) => (isDone ? [0] : [0, 1]),
    apply: ({ at, isDone }, thread) => (thread === 0 ? { at: (at + 1) % 3, isDone } : { at, isDone: true }),
    identify: ({ at, isDone }) => `${at}${isDone}`,
    judge: ({ isDone }) => (isDone ? 'It has happened' : undefined),
    isAlone: (_, thread) => thread === 0,
  };
}

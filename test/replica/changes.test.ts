// Changes as a client makes them: rounds that several share, promises that are used again, what callers are told, and
// what becomes of a change whose outcome is unknown.
import { describe, expect, it } from 'vitest';
import { registerQuorums } from '../../src/quorum/index.ts';
import type { ClientCore } from '../../src/replica/client-core.ts';
import { CLUSTER_CLOSED, CLUSTER_STATE_LOST } from '../../src/replica/environment.ts';
import type { PendingChange } from '../../src/replica/round.ts';
import type { UpdateFunction, Value } from '../../src/store/store.ts';
import { CoreCluster } from './core-cluster.ts';
import { CORE_SCHEDULES, playCore } from './core-schedules.ts';
import type { CoreCall, CoreClusterOptions } from './core-cluster.ts';

const THREE = registerQuorums({ replicas: 3 });
const FIVE_W2 = registerQuorums({ replicas: 5, read: 4, write: 2 });
const LONG_MS = 1_000_000;
const SHORT_MS = 20;

type Step = (core: ClientCore) => PendingChange;

function add(by: number, timeoutMs = LONG_MS): Step {
  return (core) => core.increment('k', by, { timeoutMs });
}

function update(fn: UpdateFunction, timeoutMs = LONG_MS): Step {
  return (core) => core.update('k', fn, { timeoutMs });
}

function compare(expected: Value, next: Value): Step {
  return (core) => core.compareAndSet('k', expected, next, { timeoutMs: LONG_MS });
}

function clusterOf(options: Partial<CoreClusterOptions> = {}): CoreCluster {
  return new CoreCluster({ quorums: THREE, clients: 3, ...options });
}

function put(cluster: CoreCluster, client: number, value: Value): void {
  expect(cluster.run(client, (core) => core.put('k', value, undefined))).toMatchObject({ outcome: 'ok' });
}

/** What the key holds, as the last client reads it. */
function valueIn(cluster: CoreCluster, key = 'k'): unknown {
  const result = cluster.run(2, (core) => core.get(key, undefined));
  return typeof result === 'object' && result !== null && 'value' in result ? result.value : undefined;
}

/** Begins these at once, and lets them end. */
function together(cluster: CoreCluster, steps: readonly Step[]): CoreCall[] {
  const calls = steps.map((step) => cluster.begin(0, step));
  cluster.flush(0);
  cluster.settle();
  return calls;
}

/** An increment by 1 of client 0 that lands at `replicas` and ends as unknown. */
function leaveUnknown(cluster: CoreCluster, replicas: readonly number[]): CoreCall {
  const call = cluster.call(0, add(1, SHORT_MS));
  cluster.exchange(0, 'prepare', [0, 1, 2]);
  cluster.reach(0, 'accept', replicas);
  cluster.loseAllOf(0);
  cluster.pass(SHORT_MS);
  cluster.loseAllOf(0);
  expect(call.result).toMatchObject({ outcome: 'unknown' });
  return call;
}

function resolve(operationId: string): (core: ClientCore) => ReturnType<ClientCore['resolve']> {
  return (core) => core.resolve(operationId, { timeoutMs: LONG_MS });
}

function long(byte: number): Uint8Array {
  return new Uint8Array(100_000).fill(byte);
}

function thrownBy(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

describe('Changes of one key that wait at the same time', () => {
  it('share one round of two round trips, and each gets the result of its place', () => {
    const cluster = clusterOf();
    const calls = together(cluster, [add(1), add(2), add(3)]);
    expect(calls.map(({ result }) => result)).toMatchObject([{ value: 1 }, { value: 3 }, { value: 6 }]);
    expect(cluster.core(0).coordinator.counters).toMatchObject({ changes: 1, slowChanges: 1, framesSent: 6 });
    expect(valueIn(cluster)).toBe(6);
  });

  it('see what those before them have written, also where they compare', () => {
    const calls = together(clusterOf(), [
      compare(undefined, 'a'),
      compare('a', 'b'),
      compare('a', 'c'),
      compare('b', 'd'),
    ]);
    const outcomes = ['ok', 'ok', 'conflict', 'ok'].map((outcome) => ({ outcome }));
    expect(calls.map(({ result }) => result)).toMatchObject(outcomes);
    expect(calls[2]!.result).toMatchObject({ value: 'b', version: expect.stringMatching(/^[0-9a-f]{16}/) });
  });

  it('of another key have a round of their own', () => {
    const cluster = clusterOf();
    together(cluster, [add(1), (core) => core.increment('l', 1, undefined)]);
    expect(cluster.core(0).coordinator.counters.changes).toBe(2);
  });

  it('that come while a round has proposed go together in the next one', () => {
    const cluster = clusterOf();
    const first = cluster.call(0, add(1));
    cluster.exchange(0, 'prepare', [0, 1]);
    const others = [add(10), add(100)].map((step) => cluster.call(0, step));
    cluster.settle();
    expect([first, ...others].map(({ result }) => result)).toMatchObject([{ value: 1 }, { value: 11 }, { value: 111 }]);
    expect(cluster.core(0).coordinator.counters).toMatchObject({ changes: 2, fastChanges: 1, slowChanges: 1 });
  });

  it('that come before a round has proposed are still in it', () => {
    const cluster = clusterOf();
    cluster.call(0, add(1));
    const late = cluster.call(0, add(10));
    cluster.settle();
    expect(late.result).toMatchObject({ value: 11 });
    expect(cluster.core(0).coordinator.counters.changes).toBe(1);
  });

  it('are at most 256 a round, although it takes some in before it asks and some before it proposes', () => {
    const cluster = clusterOf();
    const calls = together(
      cluster,
      Array.from({ length: 600 }, () => add(1)),
    );
    expect(calls.at(-1)?.result).toMatchObject({ value: 600 });
    expect(cluster.core(0).coordinator.counters.changes).toBe(3);
  });

  it('wait for the next round, where write quorums need not meet, once theirs has asked', () => {
    const cluster = clusterOf({ quorums: FIVE_W2 });
    const first = cluster.call(0, add(1));
    cluster.exchange(0, 'prepare', [2, 3, 4]);
    cluster.reach(0, 'prepare', [1]);
    const written = cluster.call(1, (core) => core.put('k', 100, undefined));
    cluster.exchange(1, 'accept', [0, 1]); // A1 has promised and reported nothing, and holds 100 now.
    expect(written.result).toMatchObject({ outcome: 'ok' });
    const late = cluster.call(0, add(10)); // It has to find 100,
    cluster.hear(0, [1]);
    cluster.exchange(0, 'accept', [2, 3]); // of which these two know nothing.
    cluster.settle();
    expect([first.result, late.result]).toMatchObject([{ value: 1 }, { value: 110 }]);
    expect(valueIn(cluster)).toBe(110);
  });
});

describe('A promise that came with an accept', () => {
  it('makes the next change take one round trip', () => {
    const cluster = clusterOf();
    cluster.run(0, add(1));
    const before = cluster.frames;
    expect(cluster.run(0, add(1))).toMatchObject({ outcome: 'ok', value: 2 });
    expect(cluster.frames - before).toBe(3);
    expect(cluster.core(0).coordinator.counters).toMatchObject({ fastChanges: 1 });
  });

  it('makes it so also after a conflict, and for a conflict, which is confirmed by an accept', () => {
    const cluster = clusterOf();
    cluster.run(0, add(1));
    const before = cluster.frames;
    expect(cluster.run(0, compare(7, 8))).toMatchObject({ outcome: 'conflict', value: 1 });
    expect(cluster.run(0, add(1))).toMatchObject({ outcome: 'ok', value: 2 });
    expect(cluster.frames - before).toBe(6);
  });

  it('has one user: without an answer it is gone, and the next change prepares', () => {
    const cluster = clusterOf();
    cluster.run(0, add(1));
    const second = cluster.call(0, add(1, SHORT_MS));
    cluster.loseAllOf(0);
    cluster.pass(SHORT_MS);
    cluster.loseAllOf(0);
    expect(second.result).toMatchObject({ outcome: 'unknown' });
    expect(cluster.run(0, add(1))).toMatchObject({ outcome: 'ok', value: 2 });
    expect(cluster.core(0).coordinator.counters).toMatchObject({ fastChanges: 0, slowChanges: 2 });
  });

  it('is in vain once another client has changed the key: nothing is lost', () => {
    const cluster = clusterOf();
    cluster.run(0, add(1));
    cluster.run(1, add(10));
    expect(cluster.run(0, add(100))).toMatchObject({ outcome: 'ok', value: 111 });
  });

  it('is left alone once another client has begun to write: the change prepares, and is never finally unknown', () => {
    const cluster = clusterOf();
    cluster.run(0, add(1));
    put(cluster, 1, 10);
    expect(cluster.run(0, add(1))).toMatchObject({ outcome: 'ok', value: 11 });
    expect(cluster.core(0).coordinator.counters).toMatchObject({ fastChanges: 0, slowChanges: 2 });
  });

  it('is of no use where write quorums need not meet, and is not asked for', () => {
    const cluster = clusterOf({ quorums: FIVE_W2 });
    cluster.run(0, add(1));
    cluster.run(0, add(1));
    expect(cluster.core(0).coordinator.counters).toMatchObject({ fastChanges: 0, slowChanges: 2 });
  });

  it('is forgotten for the key that was changed longest ago, when there are more than 256', () => {
    const cluster = clusterOf();
    const addTo = (key: number): unknown => cluster.run(0, (core) => core.increment(`k${key}`, 1, undefined));
    for (let key = 0; key < 257; key++) addTo(key);
    addTo(256);
    expect(cluster.core(0).coordinator.counters.fastChanges).toBe(1);
    addTo(0);
    expect(cluster.core(0).coordinator.counters).toMatchObject({ fastChanges: 1, slowChanges: 258 });
  });

  it('is forgotten at a reset', () => {
    const cluster = clusterOf();
    cluster.run(0, add(1));
    cluster.life.resets++;
    cluster.run(0, add(1));
    expect(cluster.core(0).coordinator.counters.fastChanges).toBe(0);
  });

  it('keeps a large value as well as a short one', () => {
    const cluster = clusterOf();
    put(cluster, 1, long(1));
    const grow = update((value) => (value instanceof Uint8Array ? long(value[0]! + 1) : undefined));
    expect([cluster.run(0, grow), cluster.run(0, grow)]).toMatchObject([{ outcome: 'ok' }, { outcome: 'ok' }]);
    expect(cluster.run(0, compare(long(9), 'short'))).toMatchObject({ outcome: 'conflict', value: long(3) });
    expect(cluster.run(0, compare(long(3), 'short'))).toMatchObject({ outcome: 'ok' });
    expect(cluster.core(0).coordinator.counters.fastChanges).toBe(3);
    expect(valueIn(cluster)).toBe('short');
  });
});

describe('What is wrong with one change', () => {
  const boom = new Error('boom');
  it.each<[string, Step, unknown]>([
    ['a function that throws', update(() => { throw boom; }), boom], // prettier-ignore
    [
      'a function that returns a promise',
      update(async () => 1),
      expect.objectContaining({ code: 'ERR_QUORATE_INVALID_ARGUMENT' }),
    ],
    ['a value that cannot be sent', update(() => () => 1), expect.objectContaining({ code: 'ERR_QUORATE_UNSENDABLE' })],
    [
      'an increment of what is no number',
      (core) => core.increment('k', 1, undefined),
      expect.objectContaining({ code: 'ERR_QUORATE_INVALID_ARGUMENT' }),
    ],
  ])('rejects its caller only: %s', (_, wrong, error) => {
    const cluster = clusterOf();
    put(cluster, 1, 'v');
    const append = update((value) => `${String(value)}+`);
    const calls = together(cluster, [append, wrong, append]);
    expect(calls[1]!.error).toEqual(error);
    expect([calls[0]!.result, calls[2]!.result]).toMatchObject([{ value: 'v+' }, { value: 'v++' }]);
    expect(valueIn(cluster)).toBe('v++');
  });

  it('writes nothing where it is alone in its round', () => {
    const cluster = clusterOf();
    put(cluster, 1, 'v');
    const call = cluster.call(0, update(() => { throw boom; })); // prettier-ignore
    cluster.settle();
    expect(call.error).toBe(boom);
    expect(valueIn(cluster)).toBe('v');
  });

  it('harms nobody where it alters the value that it was given', () => {
    const cluster = clusterOf();
    put(cluster, 1, { list: [1] });
    const spoil = update((value) => {
      (value as { list: number[] }).list.push(666);
      throw boom;
    });
    const keep = update((value) => value);
    const calls = together(cluster, [spoil, keep, compare('other', 1), spoil]);
    expect(calls.map(({ result }) => result)).toMatchObject([
      undefined,
      { value: { list: [1] } },
      { outcome: 'conflict', value: { list: [1] } },
      undefined,
    ]);
    cluster.call(0, spoil); // Also where the value comes with the promise.
    cluster.settle();
    expect(valueIn(cluster)).toEqual({ list: [1] });
  });

  it('is refused at once where it can be seen at once', () => {
    const core = clusterOf().core(0);
    const invalid = expect.objectContaining({ code: 'ERR_QUORATE_INVALID_ARGUMENT' });
    expect(thrownBy(() => core.put('k', 1, { ifVersion: 'nonsense' }))).toEqual(invalid);
    expect(thrownBy(() => core.increment('k', Number.NaN, undefined))).toEqual(invalid);
    // @ts-expect-error -- a caller without types
    expect(thrownBy(() => core.update('k', 7, undefined))).toEqual(invalid);
    expect(core.pending).toBe(0);
  });
});

describe('A change that is not decided in time', () => {
  it('is unavailable while it waits, and never happens', () => {
    const cluster = clusterOf();
    const running = cluster.call(0, add(1));
    cluster.exchange(0, 'prepare', [0, 1]);
    const waiting = cluster.call(0, add(10, SHORT_MS));
    cluster.pass(SHORT_MS);
    expect(waiting.result).toEqual({ outcome: 'unavailable', needed: 2, got: 0 });
    cluster.settle();
    expect(running.result).toMatchObject({ value: 1 });
    expect(valueIn(cluster)).toBe(1);
  });

  it('is unavailable before its round has proposed, and is not in it then', () => {
    const cluster = clusterOf();
    const hasty = cluster.call(0, add(1, SHORT_MS));
    const patient = cluster.call(0, add(10));
    cluster.pass(SHORT_MS);
    cluster.settle();
    expect([hasty.result, patient.result]).toMatchObject([{ outcome: 'unavailable' }, { value: 10 }]);
  });

  it('is unknown once it was proposed, with an id that resolves it', () => {
    const cluster = clusterOf();
    const call = leaveUnknown(cluster, [0]);
    expect(call.operationId).toMatch(/^[0-9a-f]{16}-0$/);
    expect(cluster.run(0, resolve(call.operationId))).toMatchObject({ outcome: 'ok', value: 1 });
    expect(valueIn(cluster)).toBe(1);
  });

  it('happens once where it had landed, although others have changed the key since', () => {
    const cluster = clusterOf();
    const call = leaveUnknown(cluster, [0, 1]);
    expect(cluster.run(1, add(10))).toMatchObject({ value: 11 });
    expect(cluster.run(0, add(100))).toMatchObject({ value: 111 });
    expect(cluster.run(0, resolve(call.operationId))).toMatchObject({ outcome: 'ok', value: 1 });
    expect(valueIn(cluster)).toBe(111);
  });

  it('happens once where two resolve it at once, and again when it is over', () => {
    const cluster = clusterOf();
    const { operationId } = leaveUnknown(cluster, [0]);
    const both = [0, 0].map(() => cluster.call(0, resolve(operationId)));
    cluster.settle();
    const third = cluster.run(0, resolve(operationId));
    const once = { outcome: 'ok', value: 1 };
    expect([...both.map(({ result }) => result), third]).toMatchObject([once, once, once]);
    expect(valueIn(cluster)).toBe(1);
  });

  it('is finally unknown once a blind write has come over it, and never happens again', () => {
    const cluster = clusterOf();
    const { operationId } = leaveUnknown(cluster, [0, 1]);
    put(cluster, 1, 50);
    const final = { outcome: 'unknown', operationId, isFinal: true };
    expect(cluster.run(0, resolve(operationId))).toEqual(final);
    expect(cluster.run(0, resolve(operationId))).toEqual(final);
    expect(valueIn(cluster)).toBe(50);
  });

  it('is unknown to each member of its round, each with a place of its own', () => {
    const cluster = clusterOf();
    const calls = [add(1, SHORT_MS), add(10, SHORT_MS)].map((step) => cluster.begin(0, step));
    cluster.flush(0);
    cluster.exchange(0, 'prepare', [0, 1]);
    cluster.loseAllOf(0);
    cluster.pass(SHORT_MS);
    expect(calls.map(({ operationId }) => operationId.slice(-2))).toEqual(['-0', '-1']);
    const results = calls.toReversed().map(({ operationId }) => cluster.run(0, resolve(operationId)));
    expect(results).toMatchObject([{ value: 11 }, { value: 1 }]);
  });
});

describe('A schedule of rounds', () => {
  it.each(CORE_SCHEDULES)('$title: not so, because $rule', (schedule) => {
    expect(playCore(schedule, true).wrong).toBeUndefined();
  });

  it.each(CORE_SCHEDULES)('$title: so it is without the rule ($rule)', (schedule) => {
    expect(playCore(schedule, false).wrong).toEqual(expect.stringContaining('ends as'));
  });
});

describe('A caller that gives up', () => {
  const reason = new Error('given up');

  it('gets its reason while its change waits', () => {
    const cluster = clusterOf();
    const call = cluster.call(0, add(1));
    cluster.cancel(0, call, reason);
    expect([call.error, cluster.core(0).pending]).toEqual([reason, 0]);
    cluster.settle();
    expect(valueIn(cluster)).toBeUndefined();
  });

  it('gets an id once its change was proposed', () => {
    const cluster = clusterOf();
    const call = cluster.call(0, add(1));
    cluster.exchange(0, 'prepare', [0, 1]);
    cluster.cancel(0, call, reason);
    expect(cluster.run(0, resolve(call.operationId))).toMatchObject({ outcome: 'ok', value: 1 });
  });

  it.each([
    ['a value', 7, 7],
    ['nothing but its error', new Error('no value'), undefined],
  ])('inside of the function of its change is told what that came to: %s', (_, made, after) => {
    const cluster = clusterOf();
    let other: CoreCall | undefined;
    const call: CoreCall = cluster.begin(
      0,
      update(() => {
        cluster.cancel(0, call, reason); // Its buffer must not be given to the put, whose key it would then write.
        other = cluster.begin(0, (core) => core.put('another', 'its own', undefined));
        if (made instanceof Error) throw made;
        return made;
      }),
    );
    cluster.flush(0);
    cluster.exchange(0, 'prepare', [0, 1]);
    cluster.flush(0);
    if (made instanceof Error) expect(call.error).toBe(made);
    else expect(cluster.run(0, resolve(call.operationId))).toMatchObject({ outcome: 'ok', value: made });
    cluster.settle();
    expect(other?.result).toMatchObject({ outcome: 'ok' });
    expect([valueIn(cluster), valueIn(cluster, 'another')]).toEqual([after, 'its own']);
  });

  it('leaves the others of its round alone', () => {
    const cluster = clusterOf();
    const [one, other] = [add(1), add(10)].map((step) => cluster.begin(0, step));
    cluster.flush(0);
    cluster.exchange(0, 'prepare', [0, 1]);
    cluster.cancel(0, one!, reason);
    cluster.settle();
    expect(other!.result).toMatchObject({ value: 11 });
    expect(cluster.run(0, resolve(one!.operationId))).toMatchObject({ value: 1 });
  });
});

describe('When the cluster serves nobody any more', () => {
  it.each([
    ['is closed', CLUSTER_CLOSED, 'ERR_QUORATE_CLOSED'],
    ['has lost its state', CLUSTER_STATE_LOST, 'ERR_QUORATE_STATE_LOST'],
  ])('because it %s, changes that wait end with an error, those that were proposed as unknown', (_, state, code) => {
    const cluster = clusterOf();
    const proposed = cluster.call(0, add(1));
    cluster.exchange(0, 'prepare', [0, 1]);
    const waiting = cluster.call(0, add(1));
    const asking = cluster.call(0, (core) => core.increment('l', 1, undefined));
    cluster.life.state = state;
    cluster.pass(1);
    expect(proposed.result).toMatchObject({ outcome: 'unknown' });
    expect([waiting.error, asking.error]).toMatchObject([{ code }, { code }]);
    expect(cluster.core(0).pending).toBe(0);
  });

  it('a change of the lost state is not resolved in the next one', () => {
    const cluster = clusterOf();
    const { operationId } = leaveUnknown(cluster, [0]);
    cluster.life.resets++;
    expect(cluster.core(0).resolve(operationId, undefined)).toBeUndefined();
  });
});

describe('A conflict that no replica has memory left to confirm', () => {
  it('is unavailable, and leaves nothing to be resolved', () => {
    const cluster = clusterOf({ bytesMax: 600 });
    const text = 'v'.repeat(300);
    cluster.call(1, (core) => core.put('l', 1, undefined));
    cluster.reach(1, 'accept', [1, 2]);
    cluster.loseAllOf(1);
    cluster.call(1, (core) => core.put('k', text, undefined));
    cluster.reach(1, 'accept', [0]);
    cluster.loseAllOf(1);
    const call = cluster.call(0, compare('other', 'next'));
    cluster.exchange(0, 'prepare', [0, 1]);
    cluster.exchange(0, 'accept', [0, 1, 2]);
    expect(call.result).toMatchObject({ outcome: 'unavailable' });
  });
});

describe('Of the changes of unknown outcome', () => {
  it('the oldest is forgotten when there are more than 1024', () => {
    const cluster = clusterOf();
    const ids = Array.from({ length: 1025 }, (_, index) => {
      const call = cluster.call(0, (core) => core.increment(`k${index}`, 1, { timeoutMs: 5 }));
      cluster.exchange(0, 'prepare', [0, 1]);
      cluster.loseAllOf(0);
      cluster.pass(5);
      return call.operationId;
    });
    expect(cluster.core(0).resolve(ids[0]!, undefined)).toBeUndefined();
    expect(cluster.run(0, resolve(ids[1]!))).toMatchObject({ outcome: 'ok', value: 1 });
  });

  it('none is forgotten that somebody is about to resolve: it would happen twice', () => {
    const cluster = clusterOf();
    const lost = leaveUnknown(cluster, []);
    const landed = leaveUnknown(cluster, [0, 1, 2]);
    const running = cluster.call(0, add(10));
    cluster.exchange(0, 'prepare', [0, 1]); // Another round of the key is under way, so that these wait.
    const resolved = [lost, landed].map(({ operationId }) => cluster.call(0, resolve(operationId)));
    for (let key = 0; key < 1024; key++) {
      const other = cluster.call(0, (core) => core.increment(`k${key}`, 1, undefined));
      cluster.exchange(0, 'prepare', [0, 1]);
      cluster.cancel(0, other, new Error('given up'));
    }
    cluster.settle();
    expect([running, ...resolved].map(({ result }) => result)).toMatchObject([
      { value: 11 },
      { value: 12 },
      { value: 1 },
    ]);
    expect(valueIn(cluster)).toBe(12);
  });
});

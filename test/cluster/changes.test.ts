import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClusterBoard, COUNTER } from '../../src/cluster/board.ts';
import { sharedMemory } from '../../src/ring/memory.ts';
import { connectCluster, isQuorateError, openCluster } from '../../src/index.ts';
import type { Cluster, ClusterClient, WriteResult } from '../../src/index.ts';
import { injectFault } from '../../src/testing/index.ts';
import { CHANGE_CASES, makeChange } from '../fixtures/cluster/change-cases.ts';
import type { ChangeMade } from '../fixtures/cluster/change-cases.ts';
import type { ChangerWiring, Incremented } from '../fixtures/cluster/changer.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await openCluster({ replicas: 3 });
});

afterAll(() => cluster.close());

function startChanger(wiring: Omit<ChangerWiring, 'handle'>): Worker {
  return new Worker(new URL('../fixtures/cluster/changer.ts', import.meta.url), {
    workerData: { handle: cluster.handle(), ...wiring },
  });
}

async function runChanger<Answer>(wiring: Omit<ChangerWiring, 'handle'>): Promise<Answer> {
  const worker = startChanger(wiring);
  const exited = once(worker, 'exit');
  const [answer] = (await once(worker, 'message')) as [Answer];
  await exited;
  return answer;
}

function expectCase(made: ChangeMade | undefined, { answer, after }: (typeof CHANGE_CASES)[number]): void {
  if (made === undefined) throw new Error('It was not made');
  if ('throws' in answer) expect(made.answer['throws']).toContain(answer.throws);
  else expect(made.answer).toMatchObject(answer);
  expect(made.after).toEqual(after);
}

async function incremented(client: ClusterClient, key: string): Promise<unknown> {
  const result = await client.increment(key);
  return result.outcome === 'ok' ? result.value : result.outcome;
}

/** The id of an operation whose outcome is unknown. */
function idOf(result: WriteResult): string {
  if (result.outcome !== 'unknown') throw new Error(`It is ${result.outcome}`);
  return result.operationId;
}

/** A cluster whose only replica loops for ever, with a promise for `held` that its client keeps. */
async function silentCluster(): Promise<Cluster> {
  const silent = await openCluster({ replicas: 1, hungMs: 600_000 });
  await silent.increment('held');
  await injectFault(silent, 0, 'hang', { force: true });
  const board = new ClusterBoard(sharedMemory(silent.handle().board));
  // Taken, it is committed: from here on the replica answers nothing, however slow or fast the machine is.
  while (board.counter(0, COUNTER.FAULT) !== 0) await new Promise((resolve) => setImmediate(resolve));
  return silent;
}

/** Appends to a list, by a compare-and-set that is tried again with what it has found. */
async function append(client: ClusterClient, item: string): Promise<void> {
  for (let known: readonly string[] = []; ;) {
    const result = await client.compareAndSet('list', known, [...known, item]);
    if (result.outcome === 'ok') return;
    if (result.outcome !== 'conflict') throw new Error(`It is ${result.outcome}`);
    known = result.value as readonly string[];
  }
}

describe('A change', () => {
  it.each(CHANGE_CASES.map((each) => [each.title, each] as const))('of the main thread: %s', async (title, each) => {
    expectCase(await makeChange(cluster, `main ${title}`, each), each);
  });

  it.each(['cases', 'cases, blocking'] as const)('of a worker: all of the same (%s)', async (job) => {
    const made = await runChanger<readonly ChangeMade[]>({ job });
    expect(made).toHaveLength(CHANGE_CASES.length);
    for (const [index, each] of CHANGE_CASES.entries()) expectCase(made[index], each);
  });

  it('that blocks is refused on the main thread, whichever it is', () => {
    const refusal = expect.objectContaining({ code: 'ERR_QUORATE_SYNC_ON_MAIN' });
    expect(() => cluster.updateSync('k', () => 1)).toThrow(refusal);
    expect(() => cluster.compareAndSetSync('k', 1, 2)).toThrow(refusal);
    expect(() => cluster.putIfAbsentSync('k', 1)).toThrow(refusal);
    expect(() => cluster.incrementSync('k')).toThrow(refusal);
  });

  it('of many at once shares a round with the others, and each has its own result', async () => {
    const before = cluster.metrics();
    const made = await Promise.all(Array.from({ length: 200 }, () => incremented(cluster, 'shared')));
    expect(made).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    expect(cluster.metrics().changes - before.changes).toBeLessThan(200);
  });

  it('of a key that its client has to itself takes one round trip', async () => {
    await cluster.increment('own');
    const before = cluster.metrics();
    for (let left = 20; left > 0; left--) await cluster.increment('own');
    const after = cluster.metrics();
    expect(after.changes - before.changes).toBe(20);
    expect(after.fastChanges - before.fastChanges).toBeGreaterThan(0);
    expect(after.fastChanges + after.slowChanges - before.fastChanges - before.slowChanges).toBe(20);
  });

  // The torture of real threads found it: an update of the same round was lost to a put with that version.
  it('that another of its round has overwritten leaves no version by which the key seems unchanged', async () => {
    const [first, second] = await Promise.all([
      cluster.update('versions', () => 'first'),
      cluster.update('versions', (current) => `${String(current)}, second`),
    ]);
    if (first.outcome !== 'ok' || second.outcome !== 'ok') throw new Error('Both are decided');
    expect(first.version < second.version).toBe(true);
    const held = { outcome: 'conflict', value: 'first, second', version: second.version };
    expect(await cluster.put('versions', 'of the first', { ifVersion: first.version })).toEqual(held);
    expect(await cluster.put('versions', 'of the second', { ifVersion: second.version })).toMatchObject({
      outcome: 'ok',
    });
  });

  it('that finds what another of its round has written answers the version of that', async () => {
    const [first, conflict, second] = await Promise.all([
      cluster.update('found versions', () => 1),
      cluster.compareAndSet('found versions', 0, 'never'),
      cluster.update('found versions', () => 2),
    ]);
    if (first.outcome !== 'ok' || second.outcome !== 'ok') throw new Error('Both are decided');
    expect(conflict).toEqual({ outcome: 'conflict', value: 1, version: first.version });
    expect(await cluster.get('found versions')).toEqual({ outcome: 'ok', value: 2, version: second.version });
  });
});

describe('A change that is given up', () => {
  it('before it begins, or in the turn of its call, rejects with the reason and never happens', async () => {
    const reason = new Error('changed my mind');
    const controller = new AbortController();
    const late = cluster.increment('given up', 1, { signal: controller.signal });
    controller.abort(reason);
    await expect(late).rejects.toBe(reason);
    const early = cluster.update('given up', () => 1, { signal: AbortSignal.abort(reason) });
    await expect(early).rejects.toBe(reason);
    expect(await cluster.get('given up')).toEqual({ outcome: 'absent' });
  });

  it('while it asks what the key holds rejects with the reason and never happens', async () => {
    const controller = new AbortController();
    const change = cluster.compareAndSet('asked', undefined, 1, { signal: controller.signal });
    await Promise.resolve(); // Its question has left.
    controller.abort(new Error('too late'));
    await expect(change).rejects.toThrow('too late');
    expect(await cluster.get('asked')).toEqual({ outcome: 'absent' });
  });

  it('by its own function is unknown, and no replica dies of it', async () => {
    const controller = new AbortController();
    const change = cluster.update('by its own', () => controller.abort() ?? 5, { signal: controller.signal });
    expect(await cluster.resolve(idOf(await change))).toMatchObject({ outcome: 'ok', value: 5 });
    expect(cluster.inspect().replicas.map(({ epoch }) => epoch)).toEqual([1, 1, 1]);
  });

  it('when it is proposed is unknown, and happens once, however often it is resolved', async () => {
    await cluster.increment('proposed'); // Leaves a promise: the next one proposes at once.
    const controller = new AbortController();
    const change = cluster.increment('proposed', 10, { signal: controller.signal });
    await Promise.resolve();
    controller.abort();
    const operationId = idOf(await change);
    const answers = await Promise.all([cluster.resolve(operationId), cluster.resolve(operationId)]);
    expect(answers).toEqual([answers[0], answers[0]]);
    expect(answers[0]).toMatchObject({ outcome: 'ok', value: 11 });
    expect(await cluster.resolve(operationId)).toEqual(answers[0]);
    expect(await cluster.get('proposed')).toMatchObject({ value: 11 });
  });

  it('when it is proposed, and overwritten blindly, is unknown for ever', async () => {
    await using other = await connectCluster(cluster.handle());
    await cluster.increment('overwritten');
    const controller = new AbortController();
    const change = cluster.increment('overwritten', 10, { signal: controller.signal });
    await Promise.resolve();
    controller.abort();
    const operationId = idOf(await change);
    await other.put('overwritten', 100);
    const lost = { outcome: 'unknown', operationId, isFinal: true };
    expect(await cluster.resolve(operationId)).toEqual(lost);
    expect(await cluster.resolve(operationId)).toEqual(lost);
    expect(await other.get('overwritten')).toMatchObject({ value: 100 });
  });

  it('by one of those that share its round takes nothing from the others', async () => {
    const controller = new AbortController();
    const kept = cluster.increment('some given up');
    const given = cluster.increment('some given up', 100, { signal: controller.signal });
    const other = cluster.increment('some given up');
    controller.abort(new Error('not me'));
    await expect(given).rejects.toThrow('not me');
    expect(await kept).toMatchObject({ value: 1 });
    expect(await other).toMatchObject({ value: 2 });
  });
});

describe('A change of a cluster that does not answer', { timeout: 30_000 }, () => {
  it('has not happened where it has proposed nothing by its deadline, and may happen where it has', async () => {
    await using silent = await silentCluster();
    const options = { timeoutMs: 30 };
    const before = silent.metrics();
    expect(await silent.update('fresh', () => 1, options)).toEqual({ outcome: 'unavailable', needed: 1, got: 0 });
    expect(await silent.putIfAbsent('fresh', 1, options)).toMatchObject({ outcome: 'unavailable' });
    const held = await silent.increment('held', 1, options);
    expect(held).toEqual({ outcome: 'unknown', operationId: expect.any(String) });
    expect(await silent.resolve(idOf(held), options)).toEqual(held);
    expect(silent.inspect().pending).toBe(0);
    expect(silent.metrics().changes - before.changes).toBeGreaterThanOrEqual(3);
  });

  it('settles when its client is closed: as unknown where it may happen, else it rejects', async () => {
    await using silent = await silentCluster();
    const proposed = silent.increment('held');
    const asking = silent.increment('fresh');
    const waiting = silent.update('fresh', () => 1);
    const settled = Promise.allSettled([proposed, asking, waiting]);
    await silent.close({ timeoutMs: 10 });
    const closed = { status: 'rejected', reason: expect.objectContaining({ code: 'ERR_QUORATE_CLOSED' }) };
    expect(await settled).toMatchObject([{ value: { outcome: 'unknown' } }, closed, closed]);
    await expect(silent.increment('held')).rejects.toMatchObject({ code: 'ERR_QUORATE_CLOSED' });
  });
});

describe('Changes while the state is lost', { timeout: 30_000 }, () => {
  it('settle honestly, and nothing of them reaches the state that follows', async () => {
    await using losing = await openCluster({ replicas: 1 });
    const unknown: string[] = [];
    const attempt = async (key: string): Promise<boolean> => {
      const result = await losing.increment(key).catch((error: unknown) => error);
      if (isQuorateError(result)) {
        expect(result.code).toBe('ERR_QUORATE_STATE_LOST');
        return false;
      }
      expect(result).toMatchObject({ outcome: expect.stringMatching(/^(ok|unknown)$/) });
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- no error is left
      if ((result as WriteResult).outcome === 'unknown') unknown.push(idOf(result as WriteResult));
      return true;
    };
    await attempt('held');
    const lost = once(losing, 'stateLost');
    const killed = injectFault(losing, 0, 'terminate', { force: true });
    let isServed = true;
    for (let count = 0; isServed; count++) {
      const served = await Promise.all([attempt('held'), attempt('held'), attempt(`fresh ${count}`)]);
      isServed = served.includes(true);
    }
    expect(await killed).toBe(true);
    await lost;
    await losing.reset();
    for (const operationId of unknown) expect(await losing.resolve(operationId)).toMatchObject({ outcome: 'unknown' });
    expect(await losing.getMany(['held', 'fresh 0'])).toEqual([{ outcome: 'absent' }, { outcome: 'absent' }]);
    expect(await incremented(losing, 'held')).toBe(1); // With a fresh ballot: its promise went with the state.
  });
});

describe('A change under contention', { timeout: 60_000 }, () => {
  it('of several threads happens once each', async () => {
    const mine = Promise.all(Array.from({ length: 100 }, () => incremented(cluster, 'counter')));
    const others = await Promise.all([
      runChanger<Incremented>({ job: 'increment', increments: 200 }),
      runChanger<Incremented>({ job: 'increment', increments: 200, atOnce: 8 }),
    ]);
    expect(await mine).not.toContain('unknown');
    expect(others).toEqual([
      { acknowledged: 200, unknown: 0 },
      { acknowledged: 200, unknown: 0 },
    ]);
    expect(await cluster.get('counter')).toMatchObject({ value: 500 });
  });

  it('is not held up by a client that died with the promise of the key', async () => {
    const worker = startChanger({ job: 'increment for ever' });
    await once(worker, 'message');
    await worker.terminate();
    const left = await cluster.get('counter');
    if (left.outcome !== 'ok' || typeof left.value !== 'number') throw new Error('It is a number');
    const next = await incremented(cluster, 'counter');
    // The last one of the dead may have come through in between.
    expect([left.value + 1, left.value + 2]).toContain(next);
  });

  it('loses no compare-and-set of a client that tries again with what it has found', async () => {
    await cluster.put('list', []);
    const clients = [cluster, await connectCluster(cluster.handle()), await connectCluster(cluster.handle())];
    const items = clients.flatMap((client, index) =>
      Array.from({ length: 10 }, (_, each) => [client, `${index}.${each}`] as const),
    );
    await Promise.all(items.map(([client, item]) => append(client, item)));
    const list = await cluster.get('list');
    expect(list).toMatchObject({ outcome: 'ok' });
    const seen = list.outcome === 'ok' ? (list.value as readonly string[]) : [];
    expect(seen.toSorted()).toEqual(items.map(([, item]) => item).toSorted());
    await Promise.all(clients.slice(1).map((client) => client.close()));
  });
});

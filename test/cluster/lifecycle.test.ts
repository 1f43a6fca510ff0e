import { on, once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { connectCluster, openCluster } from '../../src/index.ts';
import type { Cluster } from '../../src/index.ts';
import { injectFault } from '../../src/testing/index.ts';
import type { Fault } from '../../src/testing/index.ts';

/** Keeps operations flowing, so that a hung replica has something unread; settles when `until` does. */
async function withLoad<Result>(cluster: Cluster, until: Promise<Result>): Promise<Result> {
  const over = new AbortController();
  const load = (async () => {
    for (let index = 0; !over.signal.aborted; index++) {
      const { outcome } = await cluster.put(`load ${index % 50}`, index);
      expect(outcome).toBe('ok');
    }
  })();
  const result = await until;
  over.abort();
  await load;
  return result;
}

describe('A replica', { timeout: 30_000 }, () => {
  it.each<[Fault, string]>([
    ['terminate', 'exit'],
    ['hang', 'hung'],
    ['oom', 'oom'],
  ])('that dies by %s is reported, replaced and caught up, and nothing is lost', async (fault, kind) => {
    await using cluster = await openCluster({ hungMs: fault === 'hang' ? 500 : 10_000, replicaHeapMb: 64 });
    for (let index = 0; index < 300; index++) await cluster.put(`kept ${index}`, index);
    const down = once(cluster, 'down');
    const operational = once(cluster, 'operational');
    const { threadId } = cluster.inspect().replicas[2]!;
    expect(threadId).toBeGreaterThan(0);
    expect(await injectFault(cluster, 2, fault)).toBe(true);
    const [event] = await withLoad(cluster, down);
    expect(event).toMatchObject({ replica: 2, epoch: 1, reason: { kind } });
    const [back] = await withLoad(cluster, operational);
    expect(back).toMatchObject({ replica: 2, epoch: 2 });
    expect(cluster.inspect().replicas[2]).toMatchObject({
      state: 'operational',
      epoch: 2,
      restarts: 1,
      lastExit: { kind },
    });
    expect(cluster.inspect().replicas[2]?.threadId).toBeGreaterThan(threadId!);
    for (let index = 0; index < 300; index++) {
      expect(await cluster.get(`kept ${index}`, { level: 'all' })).toMatchObject({ outcome: 'ok', value: index });
    }
  });

  it('is not killed when the quorums would not survive it', async () => {
    await using cluster = await openCluster({ replicas: 3, hungMs: 60_000 });
    expect(await injectFault(cluster, 0, 'hang')).toBe(true); // It counts as away from now on.
    expect(await injectFault(cluster, 1, 'terminate')).toBe(false);
    expect(await injectFault(cluster, 0, 'terminate')).toBe(false);
    await expect(injectFault(cluster, 3, 'terminate')).rejects.toMatchObject({ code: 'ERR_QUORATE_INVALID_ARGUMENT' });
  });
});

describe('A majority that stands still', { timeout: 30_000 }, () => {
  it('is not ended for it as a whole: that would lose the state', async () => {
    await using cluster = await openCluster({ replicas: 5, hungMs: 100 });
    let isLost = false;
    cluster.on('stateLost', () => (isLost = true));
    for (let index = 0; index < 100; index++) await cluster.put(`kept ${index}`, index);
    for (let round = 0; round < 3; round++) {
      const paused = Promise.all([0, 1, 2].map((replica) => injectFault(cluster, replica, 'pause')));
      await withLoad(cluster, paused);
      const away = Array.from({ length: 40 }, (_, index) => cluster.put(`kept ${index}`, index));
      for (const { outcome } of await Promise.all(away)) expect(outcome).toBe('ok');
    }
    expect(isLost).toBe(false);
    for (let index = 0; index < 100; index++) {
      expect(await cluster.get(`kept ${index}`)).toMatchObject({ outcome: 'ok', value: index });
    }
  });
});

describe('A cluster whose state is lost', () => {
  it('says so, refuses everything, and starts empty after reset', async () => {
    await using cluster = await openCluster({ replicas: 1 }); // One replica has nobody to recover from.
    await cluster.put('k', 'v');
    const lost = once(cluster, 'stateLost');
    expect(await injectFault(cluster, 0, 'terminate')).toBe(false);
    expect(await injectFault(cluster, 0, 'terminate', { force: true })).toBe(true);
    expect(await lost).toEqual([{ down: [0] }]);
    expect(cluster.inspect().stateLost).toBe(true);
    await expect(cluster.get('k')).rejects.toMatchObject({ code: 'ERR_QUORATE_STATE_LOST' });
    await expect(cluster.put('k', 1)).rejects.toMatchObject({ code: 'ERR_QUORATE_STATE_LOST' });
    const { number } = cluster.inspect().configuration;
    await cluster.reset();
    expect(cluster.inspect().stateLost).toBe(false);
    expect(cluster.inspect().configuration.number).toBeGreaterThan(number); // What was sent before is refused.
    expect(await cluster.get('k')).toEqual({ outcome: 'absent' });
    expect(await cluster.put('k', 'new')).toMatchObject({ outcome: 'ok' });
    expect(await cluster.get('k')).toMatchObject({ value: 'new' });
  });
});

describe('A reset', { timeout: 30_000 }, () => {
  // Replicas that were still alive must not count as having a memory: they would wait for more others than there are.
  it.each([
    [3, [0, 1]],
    [4, [0, 1]],
    [5, [0, 1, 2]],
    [3, []], // Nothing was lost: it starts empty all the same.
  ])('of %i replicas, of which %j are gone, starts all of them empty', async (replicas, gone) => {
    await using cluster = await openCluster({ replicas });
    for (let index = 0; index < 50; index++) await cluster.put(`old ${index}`, index);
    const lost = gone.length === 0 ? undefined : once(cluster, 'stateLost');
    const kills = gone.map((replica) => injectFault(cluster, replica, 'terminate', { force: true }));
    expect(await Promise.all(kills)).not.toContain(false);
    await lost;
    await Promise.all([cluster.reset(), cluster.reset()]);
    expect(cluster.inspect().replicas.map(({ state }) => state)).toEqual(Array(replicas).fill('operational'));
    for (let index = 0; index < 50; index++) expect(await cluster.get(`old ${index}`)).toEqual({ outcome: 'absent' });
    await cluster.put('new', 1);
    const back = once(cluster, 'operational');
    expect(await injectFault(cluster, 0, 'terminate')).toBe(true); // From here on a death is recovered from again.
    await back;
    expect(await cluster.get('new', { level: 'all' })).toMatchObject({ value: 1 });
  });
});

describe('A client that is blocked while the state is lost and reset', () => {
  it('carries nothing of it into the new state', async () => {
    await using cluster = await openCluster({ replicas: 1 });
    const worker = new Worker(new URL('../fixtures/cluster/sleeper.ts', import.meta.url), {
      workerData: cluster.handle(),
    });
    const messages = on(worker, 'message');
    const exited = once(worker, 'exit');
    await messages.next(); // It has queued a write and sleeps, without having sent it.
    const lost = once(cluster, 'stateLost');
    await injectFault(cluster, 0, 'terminate', { force: true });
    await lost;
    await cluster.reset();
    await cluster.put('k', 'new');
    worker.postMessage('wake');
    const { value } = await messages.next();
    expect(value).toEqual(['unknown or ERR_QUORATE_STATE_LOST']);
    await exited;
    expect(await cluster.get('k')).toMatchObject({ outcome: 'ok', value: 'new' });
  });
});

describe('A write of a lost state that is resolved after the reset', () => {
  it('stays unknown, and touches nothing of the new state', async () => {
    await using cluster = await openCluster({ replicas: 1 });
    await using other = await connectCluster(cluster.handle());
    const controller = new AbortController();
    const write = cluster.put('k', 'old', { signal: controller.signal });
    await Promise.resolve(); // It has left.
    controller.abort();
    const unknown = await write;
    if (unknown.outcome !== 'unknown') throw new Error(`It is ${unknown.outcome}`);
    const lost = once(cluster, 'stateLost');
    await injectFault(cluster, 0, 'terminate', { force: true });
    await lost;
    await cluster.reset();
    await other.put('k', 'new');
    expect(await cluster.resolve(unknown.operationId)).toEqual(unknown); // The client's first call in this state.
    expect(await other.get('k')).toMatchObject({ outcome: 'ok', value: 'new' });
  });
});

describe('Closing', () => {
  it('leaves no thread and no handle', async () => {
    const before = process
      .getActiveResourcesInfo()
      .filter((name) => name !== 'PipeWrap' && name !== 'Timeout')
      .sort();
    const cluster = await openCluster({ replicas: 3 });
    await cluster.put('k', 1);
    await cluster.close();
    const after = process
      .getActiveResourcesInfo()
      .filter((name) => name !== 'PipeWrap' && name !== 'Timeout')
      .sort();
    expect(after).toEqual(before);
  });

  it('settles what is pending, and is idempotent', async () => {
    const cluster = await openCluster({ replicas: 3 });
    const writes = Array.from({ length: 100 }, (_, index) => cluster.put(`k${index}`, index));
    const [results] = await Promise.all([Promise.all(writes), cluster.close(), cluster.close()]);
    expect(results.every(({ outcome }) => outcome === 'ok')).toBe(true);
    await expect(cluster.get('k0')).rejects.toMatchObject({ code: 'ERR_QUORATE_CLOSED' });
  });

  it('by a signal works as well', async () => {
    const controller = new AbortController();
    const cluster = await openCluster({ replicas: 1, signal: controller.signal });
    controller.abort();
    await cluster.close();
    await expect(cluster.get('k')).rejects.toMatchObject({ code: 'ERR_QUORATE_CLOSED' });
  });
});

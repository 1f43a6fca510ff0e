import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectCluster, openCluster } from '../../src/index.ts';
import type { Cluster, ClusterClient, ClusterHandle } from '../../src/index.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await openCluster({ replicas: 3 });
});

afterAll(() => cluster.close());

async function runJob(job: string): Promise<unknown> {
  const worker = new Worker(new URL('../fixtures/cluster/client.ts', import.meta.url), {
    workerData: { handle: cluster.handle(), job },
  });
  const exited = once(worker, 'exit');
  const [answer] = await once(worker, 'message');
  await exited;
  return answer;
}

describe('A worker thread with a handle', () => {
  it('reads and writes without an event loop, also large values', async () => {
    await cluster.put('from main', 'hello');
    await cluster.put('large from main', new Uint8Array(200_000));
    await cluster.put('to delete', 1);
    const value = { by: 'worker' };
    expect(await runJob('sync')).toMatchObject([
      'ok',
      { outcome: 'ok', value },
      { outcome: 'ok', value: 'hello' },
      'ok',
      200_000,
      'ok',
    ]);
    expect(await cluster.get('from worker')).toMatchObject({ value });
    expect(await cluster.get('large from worker')).toMatchObject({ value: new Uint8Array(100_000).fill(5) });
    expect(await cluster.get('to delete')).toEqual({ outcome: 'absent' });
  });

  it('mixes blocking calls and batches', async () => {
    expect(await runJob('many')).toEqual(['ok']);
    expect(await cluster.get('sync 9')).toMatchObject({ value: 499 });
    expect(await cluster.get('batch 1999')).toMatchObject({ value: 1999 });
  });

  it('gets the same typed errors, thrown', async () => {
    const invalid = 'ERR_QUORATE_INVALID_ARGUMENT';
    expect(await runJob('errors')).toEqual(['ERR_QUORATE_KEY', 'ERR_QUORATE_UNSENDABLE', invalid, invalid]);
  });

  it('gives its place back when it closes', async () => {
    for (let round = 0; round < 20; round++) {
      const client = await connectCluster(cluster.handle()); // More than the 15 places that there are.
      expect(await client.put(`round ${round}`, round)).toMatchObject({ outcome: 'ok' });
      await client.close();
    }
  });
});

describe('Connecting', () => {
  it('beyond 15 clients is refused with a typed error, and works again when one has left', async () => {
    const clients: ClusterClient[] = [];
    const fill = async (): Promise<never> => {
      for (;;) clients.push(await connectCluster(cluster.handle()));
    };
    await expect(fill()).rejects.toMatchObject({ code: 'ERR_QUORATE_OVERLOADED' });
    expect(cluster.inspect().clients).toBe(15);
    for (const client of clients) await client.close();
    await freePlace();
    const again = await connectCluster(cluster.handle());
    await again.close();
  });

  it.each([
    ['nothing', undefined],
    ['a number', 5],
    ['another object', {}],
    ['a handle without its board', { kind: 'quorate:cluster-handle', name: 'n' }],
    ['a handle of other memory', { kind: 'quorate:cluster-handle', name: 'n', board: new SharedArrayBuffer(64) }],
  ])('with %s is a TypeError', async (_, handle) => {
    await expect(connectCluster(handle as unknown as ClusterHandle)).rejects.toThrow(TypeError);
  });

  it('to a cluster that is closed is refused', async () => {
    const closed = await openCluster({ replicas: 1 });
    const handle = closed.handle();
    await closed.close();
    await expect(connectCluster(handle)).rejects.toMatchObject({ code: 'ERR_QUORATE_CLOSED' });
  });
});

/** The supervisor frees a place within a turn of its own event loop. */
async function freePlace(): Promise<void> {
  while (cluster.inspect().clients === 15) await new Promise((resolve) => setImmediate(resolve));
}

// The level `available` on real threads: a replica that every write needs stands still, is ended and recovers.
import { describe, expect, it } from 'vitest';
import { connectCluster, openCluster } from '../../src/index.ts';
import type { Cluster, ClusterClient, ClusterOptions } from '../../src/index.ts';
import { injectFault } from '../../src/testing/index.ts';

const AVAILABLE = { level: 'available', timeoutMs: 100 } as const;
/** Every write needs all three replicas. */
const ALL: ClusterOptions = { replicas: 3, read: 1, write: 3, buckets: { once: { writeOnce: true }, plain: {} } };

/** Lets a replica stand still: it does so within some turns of its loop, when writes begin to be hinted. */
async function hang(cluster: Cluster, client: ClusterClient): Promise<void> {
  await injectFault(cluster, 2, 'hang');
  for (let write = 0; write < 1000; write++) {
    const written = await client.put('first', write, AVAILABLE);
    if (written.outcome === 'ok' && written.isHinted === true) return;
  }
  throw new Error('The replica does not stand still');
}

describe('At level available', () => {
  it('a write is finished when the replica has recovered; its client waits for that when it closes', async () => {
    await using cluster = await openCluster({ ...ALL, hungMs: 2_000 });
    const client = await connectCluster(cluster.handle());
    await hang(cluster, client);
    expect(await client.put('k', 'hinted', AVAILABLE)).toMatchObject({ outcome: 'ok', isHinted: true });
    expect(await client.bucket('plain').delete('k', AVAILABLE)).toMatchObject({ outcome: 'ok', isHinted: true });
    expect(client.metrics()).toMatchObject({ hints: 3, hintsLost: 0 });
    await client.close({ timeoutMs: 30_000 });
    expect(client.metrics()).toMatchObject({ hints: 0, hintsLost: 0 });
    expect(await cluster.get('k', { level: 'all' })).toMatchObject({ outcome: 'ok', value: 'hinted' });
  }, 60_000);

  it('a client that closes sooner says what it gave up', async () => {
    await using cluster = await openCluster({ ...ALL, hungMs: 5_000 });
    const client = await connectCluster(cluster.handle());
    await hang(cluster, client);
    const late = client.put('late', 'too late', { ...AVAILABLE, timeoutMs: 2_000 });
    await client.close({ timeoutMs: 50 });
    expect(await late).toMatchObject({ outcome: 'unknown' });
    expect(client.metrics()).toMatchObject({ hints: 0, hintsLost: 1 });
    await expect(client.put('k', 1, AVAILABLE)).rejects.toMatchObject({ code: 'ERR_QUORATE_CLOSED' });
  }, 60_000);

  it('only reads, and writes without a condition, are made', async () => {
    await using cluster = await openCluster(ALL);
    const refused: readonly ((client: ClusterClient) => Promise<unknown>)[] = [
      (client) => client.update('k', () => 1, AVAILABLE),
      (client) => client.increment('k', 1, AVAILABLE),
      (client) => client.compareAndSet('k', 1, 2, AVAILABLE),
      (client) => client.putIfAbsent('k', 1, AVAILABLE),
      (client) => client.put('k', 1, { ...AVAILABLE, ifVersion: '0000000000000001' }),
      (client) => client.bucket('once').put('k', 1, AVAILABLE),
      (client) => client.session().put('k', 1, AVAILABLE),
      (client) => client.session().get('k', AVAILABLE),
    ];
    for (const call of refused) {
      await expect(call(cluster)).rejects.toMatchObject({ code: 'ERR_QUORATE_INVALID_ARGUMENT' });
    }
    expect(await cluster.put('k', 1, AVAILABLE)).toEqual({ outcome: 'ok', version: expect.any(String) });
    expect(await cluster.getMany(['k'], AVAILABLE)).toMatchObject([{ value: 1 }]);
    const buckets = { a: { readLevel: 'available' } };
    await expect(openCluster({ buckets } as unknown as ClusterOptions)).rejects.toThrow('Cannot use level available');
  });
});

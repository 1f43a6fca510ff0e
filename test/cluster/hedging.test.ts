import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCluster } from '../../src/index.ts';
import type { Cluster } from '../../src/index.ts';
import { injectFault } from '../../src/testing/index.ts';

const TIMEOUT_MS = 60_000;
const READS = 400;

let cluster: Cluster;
beforeAll(async () => {
  // Nobody is ended as hung meanwhile: the quorum has to live with it.
  cluster = await openCluster({ replicas: 5, standbys: 0, hungMs: 60_000 });
}, TIMEOUT_MS);
afterAll(async () => cluster.close(), TIMEOUT_MS);

async function readOften(): Promise<ReadonlySet<string>> {
  const outcomes = new Set<string>();
  for (let read = 0; read < READS; read++) outcomes.add((await cluster.get('k')).outcome);
  return outcomes;
}

describe('O4: While a replica stands still', () => {
  it(
    'operations end well, reads ask others and leave it out, and it is asked again once it goes on',
    async () => {
      await cluster.put('k', 'v');
      await readOften();
      const reader = (): number => cluster.inspect().replicas[0]!.handled;
      expect(await injectFault(cluster, 0, 'pause')).toBe(true);
      await expect.poll(async () => (await cluster.get('k')) && cluster.metrics().hedges).toBeGreaterThan(0);
      const stalledAt = reader();
      expect(await readOften()).toEqual(new Set(['ok']));
      expect((await cluster.put('k', 'w')).outcome).toBe('ok');
      await expect
        .poll(async () => (await cluster.get('k')) && reader(), { timeout: TIMEOUT_MS })
        .toBeGreaterThan(stalledAt + READS);
      const { slowReads } = cluster.metrics();
      expect(slowReads).toBe(0);
    },
    TIMEOUT_MS,
  );
});

// Increments of one hot key by four threads while replicas die in the middle of rounds and clients with their promises:
// however often they are tried, each happens at most once, and those that are acknowledged just once.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { below, seededRandom } from '../../src/base/random.ts';
import { FAIL_POINTS } from '../../src/cluster/fail-point.ts';
import { openCluster } from '../../src/index.ts';
import type { Cluster } from '../../src/index.ts';
import { injectFault } from '../../src/testing/index.ts';
import { COUNTS } from '../fixtures/cluster/counts.ts';
import type { ChangerWiring, Incremented } from '../fixtures/cluster/changer.ts';
import { replayCommand, testSeed } from '../support/seed.ts';

/** By hand: `QUORATE_INCREMENTS=200000`. */
const INCREMENTS = Number(process.env['QUORATE_INCREMENTS'] ?? 8000);
const SEED = testSeed();
const WORKERS = 4;
const REPLICAS = 5;

interface Struck {
  kills: number;
  clients: number;
}

/** Kills replicas where they are told, and clients wherever they are, until it is over. */
async function strike(cluster: Cluster, start: () => Worker, isOver: () => boolean): Promise<Struck> {
  const random = seededRandom(SEED);
  const struck: Struck = { kills: 0, clients: 0 };
  while (!isOver()) {
    const client = start();
    await once(client, 'message');
    const point = FAIL_POINTS[below(random, FAIL_POINTS.length)]!;
    const down = once(cluster, 'down');
    if (await injectFault(cluster, below(random, REPLICAS), point)) {
      await down;
      struck.kills++;
    }
    await client.terminate();
    struck.clients++;
  }
  return struck;
}

describe('Increments of one key by several threads, while replicas and clients die,', () => {
  it(
    'are counted once where they are acknowledged, and at most once where they are not',
    { timeout: 600_000 },
    async () => {
      const options = { replicas: REPLICAS, hungMs: 20_000, restartsMax: 1_000_000, standbys: 2 };
      await using cluster = await openCluster(options);
      const counts = new Int32Array(new SharedArrayBuffer(4 * COUNTS.LENGTH));
      const start = (wiring: Pick<ChangerWiring, 'job' | 'increments' | 'atOnce'>): Worker =>
        new Worker(new URL('../fixtures/cluster/changer.ts', import.meta.url), {
          workerData: { handle: cluster.handle(), counts, ...wiring },
        });
      let isOver = false;
      const striking = strike(
        cluster,
        () => start({ job: 'increment for ever' }),
        () => isOver,
      );
      const workers = Array.from({ length: WORKERS }, (_, index) =>
        start({ job: 'increment', increments: INCREMENTS / WORKERS, atOnce: index % 2 === 0 ? 0 : 16 }),
      );
      const made = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0] as Incremented));
      isOver = true;
      const struck = await striking;
      const read = await cluster.get('counter', { level: 'all' });
      const value = read.outcome === 'ok' ? Number(read.value) : 0;
      const acknowledged = counts[COUNTS.ACKNOWLEDGED]!;
      const most = counts[COUNTS.BEGUN]! - counts[COUNTS.VOID]!;
      const text = JSON.stringify({ value, acknowledged, most, struck, made });
      if (process.env['QUORATE_INCREMENTS'] !== undefined) process.stdout.write(`${text}\n`);
      const command = replayCommand('test/torture/increments.test.ts', SEED);
      expect(value, `${text} ${command}`).toBeGreaterThanOrEqual(acknowledged);
      expect(value, `${text} ${command}`).toBeLessThanOrEqual(most);
      expect(acknowledged).toBeGreaterThanOrEqual(INCREMENTS);
      expect(struck.kills).toBeGreaterThan(0);
    },
  );
});

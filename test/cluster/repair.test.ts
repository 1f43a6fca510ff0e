// Repairs of real threads. Whether a replica really misses something depends on the machine, so what is asserted is
// that nothing differs afterwards; that repairs do something is shown where nothing moves by itself, in test/replica.
import { afterEach, describe, expect, it } from 'vitest';
import { connectCluster, openCluster } from '../../src/index.ts';
import type { Cluster, ClusterOptions, RepairReport } from '../../src/index.ts';
import { injectFault } from '../../src/testing/index.ts';

const TIMEOUT_MS = 60_000;
/** For replicas that were killed to come back. */
const AGREE_MS_MAX = 30_000;
let cluster: Cluster | undefined;

async function open(options: ClusterOptions): Promise<Cluster> {
  cluster = await openCluster(options);
  return cluster;
}

afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
}, TIMEOUT_MS);

/** Puts and deletes as fast as they are acknowledged, until `over` has settled. */
async function withLoad(of: Cluster, over: Promise<unknown>): Promise<void> {
  const stop = new AbortController();
  const end = over.finally(() => stop.abort());
  const work = async (worker: number): Promise<void> => {
    for (let index = worker; !stop.signal.aborted; index += 64) {
      const key = `k${index % 3000}`;
      await (index % 7 === 0 ? of.delete(key) : of.put(key, `${index}`.padEnd(200, '.')));
    }
  };
  await Promise.all([end, ...Array.from({ length: 64 }, (_, worker) => work(worker))]);
}

/** Repairs until the replicas are compared and agree: one that recovers just then is not compared. */
async function repaired(of: Cluster): Promise<RepairReport> {
  const untilMs = performance.now() + AGREE_MS_MAX;
  let report = await of.repair();
  while (!isWhole(report) && performance.now() < untilMs) report = await of.repair();
  return report;
}

function isWhole({ isConverged, replicas }: RepairReport): boolean {
  return isConverged && replicas.every(({ state }) => state === 'compared');
}

describe('After a repair all replicas hold the same', { timeout: TIMEOUT_MS }, () => {
  it('where one stood still and its ring was full', async () => {
    const of = await open({ replicas: 3, ringBytes: 16_384, hungMs: 60_000 });
    expect(await injectFault(of, 2, 'pause')).toBe(true);
    await withLoad(of, new Promise((resolve) => void setTimeout(resolve, 400)));
    expect(isWhole(await repaired(of))).toBe(true);
    expect(await of.repair()).toMatchObject({ isConverged: true, rounds: 1, keysDiffering: 0 });
    expect(of.inspect().replicas.map(({ divergence }) => divergence?.keys)).toEqual([0, 0, 0]);
  });

  it('where replicas were killed under load, and others repaired at the same time', async () => {
    const of = await open({ replicas: 5 });
    const kills = async (): Promise<void> => {
      for (const replica of [0, 3, 1]) {
        await injectFault(of, replica, 'terminate');
        const { keysCorrupt } = await of.repair({ timeoutMs: 500 });
        expect(keysCorrupt).toBe(0);
      }
    };
    await withLoad(of, kills());
    const client = await connectCluster(of.handle());
    const both = await Promise.all([repaired(of), client.repair()]);

    expect(isWhole(both[0])).toBe(true);
    await client.close();
  });

  it('where a byte of a value had changed, which only a deep one finds', async () => {
    const of = await open({ replicas: 3 });
    for (let index = 0; index < 50; index++) await of.put(`k${index}`, `value ${index}`);
    expect(isWhole(await repaired(of))).toBe(true);
    expect(await injectFault(of, 1, 'corrupt')).toBe(true);
    await of.get('k0', { level: 'all' }); // Its thread has taken the order in before it answers this.
    expect(await of.repair()).toMatchObject({ isConverged: true, keysCorrupt: 0 });
    const report = await of.repair({ deep: true });
    expect(report).toMatchObject({ isConverged: true, keysCorrupt: 1, corrupt: [{ replicas: [1], isRepaired: true }] });
    for (let index = 0; index < 50; index++) {
      expect(await of.get(`k${index}`)).toMatchObject({ outcome: 'ok', value: `value ${index}` });
    }
    expect(of.metrics().repairedKeys).toBeGreaterThan(0);
  });
});

describe('A repair that is asked for', { timeout: TIMEOUT_MS }, () => {
  it('with what is no option is refused', async () => {
    const of = await open({ replicas: 1 });
    const refused = { code: 'ERR_QUORATE_INVALID_ARGUMENT' };
    await expect(of.repair({ timeoutMs: 0 })).rejects.toMatchObject(refused);
    // @ts-expect-error -- what a caller without types may do
    await expect(of.repair({ prefix: 7 })).rejects.toMatchObject(refused);
    // @ts-expect-error -- as above
    await expect(of.repair({ deep: 'yes' })).rejects.toMatchObject(refused);
    expect(await of.repair()).toMatchObject({ isConverged: true, keysCompared: 0 });
  });

  it('ends with its signal, and with its client', async () => {
    const of = await open({ replicas: 3 });
    const reason = new Error('enough');
    await expect(of.repair({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const aborted = new AbortController();
    const repair = of.repair({ signal: aborted.signal });
    aborted.abort(reason);
    await expect(repair).rejects.toBe(reason);
    const closed = of.repair();
    const ended = expect(closed).rejects.toMatchObject({ code: 'ERR_QUORATE_CLOSED' });
    await of.close();
    await ended;
    await expect(of.repair()).rejects.toMatchObject({ code: 'ERR_QUORATE_CLOSED' });
  });
});

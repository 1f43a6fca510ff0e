// The layouts have room for as many replicas as the limit says, with every lane of a client behind them.
import { expect, it, onTestFinished } from 'vitest';
import { CLIENTS_MAX, CLIENT_PLACES, INLINE_BYTES_MAX, LANES_MAX, REPLICAS_MAX } from '../../src/base/limits.ts';
import { connectCluster, openCluster } from '../../src/index.ts';
import { injectFault } from '../../src/testing/index.ts';

it('Lanes of all replicas and of all clients fit one ready mask', () => {
  expect(REPLICAS_MAX + CLIENT_PLACES).toBeLessThanOrEqual(LANES_MAX);
});

it('A cluster of the most replicas and clients keeps values, short and large, through a restart', async () => {
  const cluster = await openCluster({ replicas: REPLICAS_MAX });
  onTestFinished(() => cluster.close());
  const others = await Promise.all(Array.from({ length: CLIENTS_MAX - 1 }, () => connectCluster(cluster.handle())));
  const large = new Uint8Array(3 * INLINE_BYTES_MAX).fill(7);
  await Promise.all(others.map((client, index) => client.put(`key-${index}`, index)));
  expect(await others.at(-1)!.put('large', large, { level: 'all' })).toMatchObject({ outcome: 'ok' });
  const isBack = new Promise<void>((resolve) => cluster.once('operational', () => resolve()));
  expect(await injectFault(cluster, REPLICAS_MAX - 1, 'terminate')).toBe(true);
  await isBack;
  expect(await cluster.get('large', { level: 'all' })).toMatchObject({ outcome: 'ok', value: large });
  expect(await cluster.get(`key-${others.length - 1}`, { level: 'all' })).toMatchObject({ value: others.length - 1 });
});

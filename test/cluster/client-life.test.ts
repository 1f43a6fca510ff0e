import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { CLIENT_PLACES } from '../../src/base/limits.ts';
import { ClusterBoard, createBoard } from '../../src/cluster/board.ts';
import { ClientTable, ClientWatch } from '../../src/cluster/client-life.ts';
import type { Claim } from '../../src/cluster/client-life.ts';
import { openCluster } from '../../src/index.ts';
import { sharedMemory } from '../../src/ring/memory.ts';

const HOUR_MS = 3_600_000;

function newTable(): { readonly buffer: SharedArrayBuffer; readonly table: ClusterBoard['clients'] } {
  const buffer = createBoard(3);
  return { buffer, table: new ClusterBoard(sharedMemory(buffer)).clients };
}

async function blockedHolder(board: SharedArrayBuffer): Promise<{ readonly worker: Worker; readonly held: Claim }> {
  const worker = new Worker(new URL('../fixtures/cluster/life.ts', import.meta.url), { workerData: { board } });
  const [held] = await once(worker, 'message');
  return { worker, held: held as Claim };
}

/** Looks every second of a made-up clock, for `ms`. */
function goneWithin(watch: ClientWatch, ms: number, startMs = 0): Claim[] {
  const found: Claim[] = [];
  for (let nowMs = startMs; nowMs <= startMs + ms; nowMs += 1000) found.push(...watch.gone(nowMs));
  return found;
}

describe('A place in the client table', () => {
  it('is never taken from a thread that blocks for hours', async () => {
    const { buffer, table } = newTable();
    const watch = new ClientWatch(table);
    const { worker } = await blockedHolder(buffer);
    expect(goneWithin(watch, 24 * HOUR_MS)).toEqual([]);
    await worker.terminate();
  });

  it('is found to be abandoned after a thread was killed, also one that had blocked for an hour', async () => {
    const { buffer, table } = newTable();
    const watch = new ClientWatch(table);
    const { worker, held } = await blockedHolder(buffer);
    expect(goneWithin(watch, HOUR_MS)).toEqual([]);
    await worker.terminate();
    expect(goneWithin(watch, 3 * HOUR_MS, HOUR_MS)).toContainEqual(held);
    table.release(held);
    expect(table.size).toBe(0);
  });

  it('is found within seconds when its thread is killed', async () => {
    const { buffer, table } = newTable();
    const watch = new ClientWatch(table);
    const { worker, held } = await blockedHolder(buffer);
    expect(goneWithin(watch, 0)).toEqual([]);
    await worker.terminate();
    expect(goneWithin(watch, 2000)).toContainEqual(held);
  });

  it('keeps its holder while that answers probes', async () => {
    const { table } = newTable();
    const watch = new ClientWatch(table);
    const held = table.claim()!;
    for (let nowMs = 0; nowMs < 100_000; nowMs += 1000) {
      expect(watch.gone(nowMs)).toEqual([]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(table.armedAt(held.place)).toBeGreaterThan(90); // Every second probe of the first hundred was answered.
  });

  it.each([
    ['2^31', 2 ** 31 - 40],
    ['2^32', -40],
  ])('keeps its holder, and finds it gone, where the counts pass %s', async (_, start) => {
    const at = { claims: 0, armed: CLIENT_PLACES, probed: 2 * CLIENT_PLACES, counter: 3 * CLIENT_PLACES };
    const memory = sharedMemory(new SharedArrayBuffer(4 * 4 * CLIENT_PLACES));
    memory.words.fill(start, at.armed, at.counter);
    const table = new ClientTable(memory, at);
    const watch = new ClientWatch(table);
    const held = table.claim()!;
    expect(table.armedAt(0) - start).toBe(16);
    for (let nowMs = 0; nowMs < 100_000; nowMs += 1000) {
      expect(watch.gone(nowMs)).toEqual([]);
      await new Promise((resolve) => setImmediate(resolve)); // It replaces the waiter that was taken.
    }
    expect((table.armedAt(0) - start) | 0).toBeGreaterThan(60);
    memory.atomics.notify(memory.words, at.armed); // As the engine does when the thread has ended.
    memory.atomics.store(memory.words, at.claims, held.claim + 1); // Nobody leaves signs of life for it any more.
    expect(goneWithin(watch, 3000, 200_000)).toContainEqual({ place: 0, claim: held.claim + 1 });
  });

  it('leaves nothing to its next holder: that one is found although its predecessor lives', async () => {
    const { buffer, table } = newTable();
    const watch = new ClientWatch(table);
    table.release(table.claim()!); // This thread lives on.
    const { worker, held } = await blockedHolder(buffer);
    expect(held.place).toBe(0);
    expect(goneWithin(watch, 0)).toEqual([]);
    await worker.terminate();
    expect(goneWithin(watch, 2000)).toContainEqual(held);
  });

  it('whose holder died before it left a sign is found after thirty looks', () => {
    const { buffer, table } = newTable();
    const watch = new ClientWatch(table);
    sharedMemory(buffer).words[32] = 7; // The claim, and nothing else.
    expect(table.size).toBe(1);
    expect(goneWithin(watch, 30_000)).toEqual([]);
    expect(goneWithin(watch, 10_000, 31_000)).toContainEqual({ place: 0, claim: 7 });
  });
});

describe('A cluster', { timeout: 30_000 }, () => {
  it('gets back the places of clients whose threads are killed in the middle of a write', async () => {
    await using cluster = await openCluster({ replicas: 3 });
    const start = (): Worker =>
      new Worker(new URL('../fixtures/cluster/mortal.ts', import.meta.url), { workerData: cluster.handle() });
    const workers = Array.from({ length: 14 }, start); // With this thread, all the places that there are.
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    expect(cluster.inspect().clients).toBe(15);
    await Promise.all(workers.map((worker) => worker.terminate()));
    while (cluster.inspect().clients > 1) await new Promise((resolve) => setImmediate(resolve));
    const another = start();
    await once(another, 'message');
    await another.terminate();
    expect(await cluster.put('k', 1)).toMatchObject({ outcome: 'ok' });
  });
});

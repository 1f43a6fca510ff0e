// A shop whose stock is sold by four threads at once. An order takes a piece off the shelf and notes itself on the list
// in one update, so the stock never goes below zero and no order is lost, though replicas are killed all the while.
//
//   node examples/inventory.ts
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

import { connectCluster, openCluster } from 'quorate';
import type { Cluster, ClusterClient, ClusterHandle } from 'quorate';
import { injectFault } from 'quorate/testing';

const PIECES = { lamp: 60, chair: 25, desk: 10 };
const CLERKS = 4;
const ORDERS = 60; // Of each clerk: many more than there are pieces.

/** What one key holds. */
interface Shelf {
  readonly left: number;
  readonly orders: readonly string[];
}

interface Clerk {
  readonly handle: ClusterHandle;
  readonly clerk: number;
}

if (isMainThread) {
  await main();
} else {
  await sell(workerData as Clerk);
}

/** One clerk: takes orders until all are served, or refused because nothing is left. */
async function sell({ handle, clerk }: Clerk): Promise<void> {
  const store = await connectCluster(handle);
  const items = Object.keys(PIECES);
  for (let n = 0; n < ORDERS; n++) {
    const [item, order] = [items[n % items.length]!, `${clerk}-${n}`];
    if (await reserve(store, item, order)) parentPort!.postMessage({ item, order }); // The customer is told.
  }
  await store.close();
}

/** Whether the order got a piece. */
async function reserve(store: ClusterClient, item: string, order: string): Promise<boolean> {
  // May run again, on what another clerk has left meanwhile, until one run lands: no side effects here.
  const take = (value: unknown): Shelf => {
    const { left, orders } = value as Shelf;
    return left === 0 ? { left, orders } : { left: left - 1, orders: [...orders, order] };
  };
  const result = store.updateSync(item, take); // Blocks this thread only.
  if (result.outcome === 'ok') return (result.value as Shelf).orders.includes(order);
  // Nothing has happened, or nobody knows yet: resolve finishes it, so that it has happened exactly once.
  if (result.outcome === 'unavailable') return reserve(store, item, order);
  if (result.outcome === 'unknown') await store.resolve(result.operationId);
  const shelf = await store.get(item);
  return shelf.outcome === 'ok' && (shelf.value as Shelf).orders.includes(order);
}

async function main(): Promise<void> {
  const cluster = await openCluster({ replicas: 5 });
  for (const [item, left] of Object.entries(PIECES)) await cluster.putIfAbsent(item, { left, orders: [] });

  const told: string[] = [];
  const clerks = Array.from({ length: CLERKS }, (_, clerk) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { handle: cluster.handle(), clerk } });
    worker.on('message', ({ item, order }) => told.push(`${item} ${order}`));
    return once(worker, 'exit');
  });
  const selling = { isOver: false };
  const kills = killReplicas(cluster, selling);
  await addPieces(cluster, 'desk', 5);
  await Promise.all(clerks);
  selling.isOver = true;
  console.log(`${await kills} replicas were killed`);

  const noted: string[] = [];
  for (const item of Object.keys(PIECES)) {
    const shelf = await cluster.get(item);
    if (shelf.outcome !== 'ok') throw new Error(`The shelf of ${item} is ${shelf.outcome}`);
    const { left, orders } = shelf.value as Shelf;
    console.log(`${item}: ${orders.length} sold, ${left} left`);
    for (const order of orders) noted.push(`${item} ${order}`);
  }
  console.log(`${noted.length} orders noted, ${new Set(noted).size} different, ${told.length} customers told yes`);
  console.log(`the same orders: ${noted.toSorted().join() === told.toSorted().join()}`);
  await cluster.close();
}

/** A delivery: reads, then writes only if nobody sold a piece in between; else looks again. */
async function addPieces(cluster: Cluster, item: string, pieces: number): Promise<void> {
  let shelf = (await cluster.get(item)) as { readonly value: Shelf };
  for (;;) {
    const next: Shelf = { ...shelf.value, left: shelf.value.left + pieces };
    const result = await cluster.compareAndSet(item, shelf.value, next);
    if (result.outcome === 'ok') return;
    if (result.outcome !== 'conflict') throw new Error(`The delivery is ${result.outcome}`);
    shelf = { value: result.value as Shelf };
  }
}

/** Kills a replica every few milliseconds, in turn, as long as the others are enough. */
async function killReplicas(cluster: Cluster, selling: { readonly isOver: boolean }): Promise<number> {
  let kills = 0;
  for (let replica = 0; !selling.isOver || kills === 0; replica = (replica + 1) % 5) {
    if (await injectFault(cluster, replica, 'terminate')) kills++;
    await delay(20);
  }
  return kills;
}

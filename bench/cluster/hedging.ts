// What one disturbed replica of five does to the slowest operations: a cluster is measured, one of its replicas is made
// to stand still or to loop, and it is measured again. A loop takes a core, which no store can give back: so there the
// first figure is of the cluster beside a thread that loops and has nothing to do with it.
//
//     main (a promise each, 4 pending, gets and puts) <--rings and tally board--> 5 replicas, one disturbed
//     1 worker that loops while the cluster is measured without a disturbed replica
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { nowMs } from '../../src/base/clock.ts';
import { injectFault } from '../../src/cluster/chaos.ts';
import type { Fault } from '../../src/cluster/chaos.ts';
import { openCluster } from '../../src/cluster/open-cluster.ts';
import type { Cluster } from '../../src/cluster/open-cluster.ts';
import { median, percentile } from '../harness/load.ts';
import { programUrl, startProgram } from '../harness/program.ts';
import { expectAnswer } from '../harness/subject.ts';
import type { Contender, Subject } from '../harness/subject.ts';

const QUESTION = 'p99 of quorum operations with one replica disturbed, over that without';
const DEPTH = 4;
const KEYS = 256;
const VALUE = '0123456789abcdef';
const WARM_UP_MS = 300;
/** A pause takes half a second: it must outlast a pass. */
const fixed = { passes: 7, ms: 400 };

export const subjects: readonly Subject[] = [
  { question: QUESTION, subject: 'it stands still', unit: 'x', fixed, open: () => open('pause') },
  { question: QUESTION, subject: 'it loops; over a foreign loop', unit: 'x', fixed, open: () => open('hang') },
];

async function open(fault: Fault): Promise<Contender> {
  const before: number[] = [];
  const after: number[] = [];
  let hedges = 0;
  const pass = async (ms: number): Promise<number> => {
    const cluster = await openCluster({ replicas: 5, standbys: 0, hungMs: 60_000 });
    try {
      for (let key = 0; key < KEYS; key++) await put(cluster, key);
      await latencies(cluster, WARM_UP_MS);
      const loop = fault === 'hang' ? await startProgram(programUrl('endless-loop', import.meta.url), {}) : undefined;
      before.push(percentile(await latencies(cluster, ms), 0.99));
      await end(loop);
      expectAnswer(await injectFault(cluster, 1, fault), true, 'whether the replica is disturbed');
      await sleep(20); // The order goes by way of the supervisor.
      const handled = cluster.inspect().replicas[1]?.handled;
      after.push(percentile(await latencies(cluster, ms), 0.99));
      const since = (cluster.inspect().replicas[1]?.handled ?? 0) - (handled ?? 0);
      expectAnswer(since, 0, 'what the disturbed replica has done meanwhile');
      hedges = cluster.metrics().hedges;
    } finally {
      await cluster.close();
    }
    return after.at(-1)! / before.at(-1)!;
  };
  return {
    get note() {
      return `p99 ${median(after).toFixed(3)} ms, without ${median(before).toFixed(3)} ms; ${hedges} hedges`;
    },
    check: () => {
      // Each operation of a pass is.
    },
    pass,
    close: () => {
      // Each pass closes its cluster.
    },
  };
}

/** Gets and puts in turn for so many milliseconds. @returns how long each took, ascending. */
async function latencies(cluster: Cluster, ms: number): Promise<readonly number[]> {
  const tookMs: number[] = [];
  const untilMs = nowMs() + ms;
  const lane = async (first: number): Promise<void> => {
    for (let index = first; nowMs() < untilMs; index += DEPTH) {
      const fromMs = nowMs();
      if (index % (2 * DEPTH) < DEPTH) await put(cluster, index % KEYS);
      else await get(cluster, index % KEYS);
      tookMs.push(nowMs() - fromMs);
    }
  };
  await Promise.all(Array.from({ length: DEPTH }, (_, index) => lane(index)));
  return tookMs.toSorted((a, b) => a - b);
}

async function put(cluster: Cluster, key: number): Promise<void> {
  expectAnswer((await cluster.put(`key-${key}`, VALUE)).outcome, 'ok', 'the outcome of a put');
}

async function get(cluster: Cluster, key: number): Promise<void> {
  const read = await cluster.get(`key-${key}`);
  expectAnswer(read.outcome === 'ok' ? read.value : read.outcome, VALUE, `the value of key ${key}`);
}

async function end(loop: Worker | undefined): Promise<void> {
  await loop?.terminate();
}

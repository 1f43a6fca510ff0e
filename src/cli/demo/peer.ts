// The demo's second client: a worker thread with its own connection to the cluster. Both sides are here.
import { Worker } from 'node:worker_threads';
import { seededRandom } from '../../base/random.ts';
import type { ClusterClient, ClusterHandle } from '../../cluster/options.ts';
import { DemoClient, type DemoStore } from './client.ts';
import type { Observation } from './observation.ts';
import type { Plan } from './plan.ts';
import { COUNTED, PHASES, SharedRecord } from './record.ts';
import { TraceRequests, ycsbRequests, type RequestSource } from './requests.ts';
import { readTrace, repeatTrace } from './trace.ts';

/** What the worker is given. */
export interface PeerWiring {
  readonly handle: ClusterHandle;
  readonly record: SharedArrayBuffer;
  readonly client: number;
  readonly plan: Plan;
}

/** What the worker says when it is done. */
export interface PeerReport {
  /** Times this client's thread was woken, and times it woke a replica. */
  readonly wakeUps: number;
  readonly firstFailure: string | undefined;
}

/** A second client at work, wherever it runs. */
export interface Peer {
  /** Settles when it is connected. */
  readonly ready: Promise<void>;
  /** Settles when it has nothing more to ask. */
  readonly done: Promise<PeerReport>;
  /** Ends it at once. */
  terminate(): Promise<void>;
}

/** The requests of one client in the measured part of the run. */
export function requestsOf(plan: Plan, client: number, record: SharedRecord): RequestSource | TraceRequests {
  const { trace } = plan;
  if (trace === undefined) {
    const random = seededRandom(plan.seed + client * 7919);
    return ycsbRequests({ random, keys: plan.keys, valueBytes: plan.valueBytes, phase: () => record.phase });
  }
  const batches = trace.isRepeated ? repeatTrace(trace.path) : readTrace(trace.path);
  const onRead = (lines: number): void => record.count(client, COUNTED.LINES, lines);
  return new TraceRequests({ batches, client, clients: plan.clients, onRead });
}

/** Starts the worker. Main thread only. */
export function startPeer(wiring: PeerWiring): Peer {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const program = new URL(`../../../actors/demo-client.${extension}`, import.meta.url);
  const worker = new Worker(program, { workerData: wiring, name: 'demo-client' });
  let isReady: () => void;
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  const done = new Promise<PeerReport>((resolve, reject) => {
    worker.on('message', (message: 'ready' | PeerReport) => (message === 'ready' ? isReady() : resolve(message)));
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`The demo's worker client ended early, with code ${code}`)));
  });
  done.catch(() => {}); // Whoever waits for it is told.
  const terminate = async (): Promise<void> => {
    await worker.terminate();
  };
  return { ready: Promise.race([ready, done.then(() => {})]), done, terminate };
}

/** Runs the second client on a connection: waits for the start, asks until the end, and reports. */
export async function runPeerClient(
  store: DemoStore & Pick<ClusterClient, 'metrics'>,
  { record: buffer, client, plan }: Pick<PeerWiring, 'record' | 'client' | 'plan'>,
): Promise<PeerReport> {
  const record = new SharedRecord(buffer);
  const journal = record.journal(client);
  const observe = (seen: Readonly<Observation>): void | Promise<void> => {
    if (!journal.publish(seen)) return publishLater({ ...seen });
  };
  const publishLater = async (seen: Readonly<Observation>): Promise<void> => {
    while (!journal.publish(seen)) await pause();
  };
  const { concurrency, valueBytesMax } = plan;
  const demo = new DemoClient({ store, record, client, concurrency, valueBytesMax, observe });
  while (record.phase === PHASES.WAIT) await pause();
  const before = wakeUpsOf(store);
  try {
    await demo.run(requestsOf(plan, client, record), true);
  } finally {
    await demo.finish();
  }
  const { firstFailure } = demo;
  return {
    wakeUps: wakeUpsOf(store) - before,
    firstFailure: firstFailure instanceof Error ? firstFailure.message : undefined,
  };
}

/** Wake-ups that a client has caused or had so far. */
export function wakeUpsOf(client: Pick<ClusterClient, 'metrics'>): number {
  const { wakeUps, replicaWakeUps } = client.metrics();
  return wakeUps + replicaWakeUps;
}

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 1);
  });
}

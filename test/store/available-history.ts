// Clients that write and read at level `available`, while replicas fall silent and come back: what they saw.
import type { Operation } from '../../src/check/history.ts';
import { below, seededRandom } from '../../src/base/random.ts';
import type { Random } from '../../src/base/random.ts';
import { registerQuorums } from '../../src/quorum/index.ts';
import { getAvailable, writeAvailable } from '../../src/store/available.ts';
import type { HintPlace } from '../../src/store/available.ts';
import { continueWith } from '../../src/store/continuation.ts';
import { Hints } from '../../src/store/hints.ts';
import { ValueCopies } from '../../src/store/value-copies.ts';
import { CoreCluster } from '../replica/core-cluster.ts';
import { CoreEngine } from './core-engine.ts';

/** One client at level `available`. */
export class AvailableClient {
  readonly engine: CoreEngine;
  readonly place: HintPlace;

  /** A broken one takes over writes, and lets them go. */
  constructor(cluster: CoreCluster, client: number, isBroken = false) {
    this.engine = new CoreEngine(cluster, client);
    const core = cluster.core(client);
    const hints = new Hints({
      resolve: (operationId, timeoutMs, then) =>
        isBroken
          ? then.done({ outcome: 'ok', version: '' })
          : continueWith(this.engine.resolve(operationId, { timeoutMs }), then),
      pin: (operationId) => core.heedLife() && core.pin(operationId),
      unpin: (operationId) => core.unpin(operationId),
      resets: () => core.resets,
      pause: (ms, then) => void this.engine.pause(ms).then(then),
      sharedMs: () => cluster.nowMs,
      finishes: true,
    });
    this.place = { hints, copies: new ValueCopies(), prefix: '', looksFirst: false, ttlMs: undefined };
  }

  get(key: string, timeoutMs: number): ReturnType<typeof getAvailable> {
    return getAvailable(this.engine, this.place, [key, { timeoutMs }]);
  }

  put(key: string, value: unknown, timeoutMs: number, ttl: { ttlMs?: number } = {}): ReturnType<typeof writeAvailable> {
    return writeAvailable(this.engine, this.place, [key, value, { timeoutMs, ...ttl }]);
  }
}

/** What a run came to. */
export interface AvailableRun {
  readonly history: readonly Operation[];
  readonly hinted: number;
  readonly stale: number;
}

const CLIENTS = 3;
const CALLS = 12;
const TIMEOUT_MS = 120;
const STEPS_MAX = 30_000;
/** Replicas that are silent, by phase of a run. */
const SILENT: readonly (readonly number[])[] = [[], [1, 2], [0, 1, 2], [0, 2], [], [2]];
const STEPS_PER_PHASE = 120;

/** One run, its last reads at the quorum among it, when all replicas answer again and nothing is left to finish. */
export async function availableRun(seed: number, isBroken = false): Promise<AvailableRun> {
  const random = seededRandom(seed);
  const cluster = new CoreCluster({ quorums: registerQuorums({ replicas: 3 }), clients: CLIENTS });
  const clients = Array.from({ length: CLIENTS }, (_, client) => new AvailableClient(cluster, client, isBroken));
  const run = { history: [] as Operation[], hinted: 0, stale: 0 };
  const clock = { position: 0 };
  const left = { count: CLIENTS };
  const done = Promise.all(
    clients.map((client, index) => work({ client, index, random, run, clock }).then(() => left.count--)),
  );
  const isBusy = (): boolean => left.count > 0 || clients.some(({ place }) => place.hints.open > 0);
  for (let step = 0; isBusy(); step++) {
    if (step === STEPS_MAX) throw new Error(`The run of seed ${seed} does not end`);
    const silent = left.count === 0 ? [] : SILENT[Math.floor(step / STEPS_PER_PHASE) % SILENT.length]!;
    cluster.wander(random, 30, silent);
    for (const { engine } of clients) await engine.look();
  }
  await done;
  for (const [index] of clients.entries()) {
    const start = clock.position++;
    const read = cluster.run(index, (core) => core.get('k', undefined));
    run.history.push({
      process: index,
      key: 'k',
      call: 'read',
      input: null,
      output: numbered(read),
      start,
      end: clock.position++,
    });
  }
  return run;
}

interface Worker {
  readonly client: AvailableClient;
  readonly index: number;
  readonly random: Random;
  readonly run: { readonly history: Operation[]; hinted: number; stale: number };
  readonly clock: { position: number };
}

async function work({ client, index, random, run, clock }: Worker): Promise<void> {
  for (let turn = 0; turn < CALLS; turn++) {
    const start = clock.position++;
    const operation = { process: index, key: 'k', input: null, start };
    if (below(random, 3) === 0) {
      const read = await client.get('k', TIMEOUT_MS);
      if ('isStale' in read) run.stale++;
      continue; // Nothing is promised of what it returns.
    }
    const written = await client.put('k', `${index}.${turn}`, TIMEOUT_MS);
    if (written.outcome === 'ok') {
      if (written.isHinted === true) {
        run.hinted++;
        // Finished, it may have a newer version than it began with.
        run.history.push({ ...operation, call: 'write', output: undefined, end: Infinity });
      }
      run.history.push({ ...operation, call: 'write', output: numbered(written), end: clock.position++ });
    } else if (written.outcome === 'unknown') {
      run.history.push({ ...operation, call: 'write', output: undefined, end: Infinity });
    }
  }
}

function numbered(result: unknown): bigint | null {
  const isVersioned = typeof result === 'object' && result !== null && 'version' in result;
  return isVersioned ? BigInt(`0x${String(result.version)}`) : null;
}

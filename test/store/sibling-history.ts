// Clients of a store with siblings, each with one call at a time, on a cluster where messages arrive in any order and
// are lost: what they saw, for the checker.
import type { Operation } from '../../src/check/history.ts';
import { below, seededRandom } from '../../src/base/random.ts';
import type { Random } from '../../src/base/random.ts';
import { registerQuorums } from '../../src/quorum/index.ts';
import { actorNames } from '../../src/store/actor-names.ts';
import { SiblingBucket } from '../../src/store/sibling-bucket.ts';
import type { SiblingEngine } from '../../src/store/sibling-bucket.ts';
import type { SiblingRead, SiblingStore, SiblingWrite } from '../../src/store/siblings.ts';
import { CoreCluster } from '../replica/core-cluster.ts';
import { CoreEngine } from './core-engine.ts';

/** Makes the store of one client; a broken one, to see the checker find it. */
export type MakeStore = (engine: SiblingEngine, newActor: () => string) => SiblingStore;

const CLIENTS = 3;
const CALLS = 14;
const TIMEOUT_MS = 200;
const STEPS_MAX = 20_000;

/** The history of one run. */
export async function siblingHistory(seed: number, make: MakeStore = wholeStore): Promise<readonly Operation[]> {
  const random = seededRandom(seed);
  const cluster = new CoreCluster({ quorums: registerQuorums({ replicas: 3 }), clients: CLIENTS });
  const engines = Array.from({ length: CLIENTS }, (_, client) => new CoreEngine(cluster, client));
  const history: Operation[] = [];
  const clock = { position: 0 };
  const clients = engines.map((engine, client) => {
    const store = make(engine, actorNames(`client-${client}`));
    return runClient({ store, client, random, history, clock });
  });
  const running = { count: clients.length };
  const done = Promise.all(clients.map((each) => each.then(() => running.count--)));
  for (let step = 0; running.count > 0; step++) {
    if (step === STEPS_MAX) throw new Error(`The clients of seed ${seed} do not end`);
    cluster.wander(random, 25);
    for (const engine of engines) await engine.look();
  }
  await done;
  return history;
}

function wholeStore(engine: SiblingEngine, newActor: () => string): SiblingStore {
  return new SiblingBucket(engine, newActor);
}

interface Client {
  readonly store: SiblingStore;
  readonly client: number;
  readonly random: Random;
  readonly history: Operation[];
  readonly clock: { position: number };
}

async function runClient({ store, client, random, history, clock }: Client): Promise<void> {
  let seen: { readonly context: string; readonly values: readonly unknown[] } | undefined;
  for (let turn = 0; turn < CALLS; turn++) {
    const draw = below(random, 10);
    const start = clock.position++;
    const covered = below(random, 3) > 0 ? seen : undefined; // Also what was seen long ago.
    const call = draw < 3 || (draw < 5 && covered === undefined) ? 'get' : draw < 5 ? 'delete' : 'put';
    const value = `${client}.${turn}`;
    const options = { timeoutMs: TIMEOUT_MS, ...(covered && { context: covered.context }) };
    let result: SiblingRead | SiblingWrite;
    if (call === 'get') result = await store.get('k', { timeoutMs: TIMEOUT_MS });
    else if (call === 'put') result = await store.put('k', value, options);
    else result = await store.delete('k', { ...options, context: covered?.context ?? '' });
    if (result.outcome === 'ok') seen = result;
    if (result.outcome === 'absent') seen = undefined;
    const covers = covered?.values ?? [];
    const input = call === 'get' ? undefined : call === 'put' ? { value, covers } : { covers };
    const operation = { process: client, key: 'k', call, input, start };
    if (result.outcome === 'ok') history.push({ ...operation, output: result.values, end: clock.position++ });
    else if (result.outcome === 'absent') history.push({ ...operation, output: [], end: clock.position++ });
    else if (result.outcome === 'unknown') history.push({ ...operation, output: undefined, end: Infinity });
  }
}

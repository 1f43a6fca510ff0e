// A fresh process that does each operation at each level, and prints what one of them costs on average, as JSON.
import { openCluster } from '../../../src/cluster/open-cluster.ts';
import { TallyBoard } from '../../../src/ring/tally-board.ts';
import type { Level } from '../../../src/store/store.ts';
import { atomicsOf } from '../../harness/atomics-count.ts';
import type { AtomicCounts } from '../../harness/atomics-count.ts';
import { beforeCalls } from '../../harness/before-calls.ts';
import type { Cost } from '../costs.ts';

const LEVELS = ['one', 'two', 'quorum', 'all'] as const satisfies readonly Level[];
const KEYS = 64;
const VALUES = ['0123456789abcdef', 'fedcba9876543210'];
/** Operations that are measured, by how many are pending. */
const OPERATIONS: ReadonlyMap<number, number> = new Map([
  [1, 1000],
  [64, 12_800],
]);

let questions = 0;
// A question is opened once per round trip; a read that asks further replicas for the same one takes another.
for (const method of ['open', 'ask']) beforeCalls(TallyBoard.prototype, method, () => questions++);

const cluster = await openCluster({ replicas: 5 });
let fresh = 0;

type Act = (index: number) => Promise<{ readonly outcome: string }>;

/** Each is told its place among those of its kind, from 0. */
const ways: Readonly<Record<string, Act>> = {
  ...levelled('put', (level) => (index) => cluster.put(keyOf(index), VALUES[0], { level })),
  ...levelled('get', (level) => (index) => cluster.get(keyOf(index), { level })),
  // Of keys that nobody puts: a put takes the promise away that the change before has left behind.
  'update, promised': (index) => cluster.update(`updated-${index % KEYS}`, () => VALUES[index & 1]),
  'update, first of its key': () => cluster.update(`fresh-${fresh++}`, () => VALUES[0]),
  'compareAndSet, promised': (index) => {
    const turn = Math.floor(index / KEYS); // Each key is exchanged once per turn.
    const expected = turn === 0 ? undefined : VALUES[turn & 1];
    return cluster.compareAndSet(`${exchangedKeys}-${index % KEYS}`, expected, VALUES[(turn + 1) & 1]);
  },
};
let exchangedKeys = 0;

const costs: Cost[] = [];
for (const [name, act] of Object.entries(ways)) {
  for (const [depth, operations] of OPERATIONS) costs.push(await measure(name, act, { depth, operations }));
}
await cluster.close();
console.log(JSON.stringify(costs));

async function measure(
  name: string,
  act: Act,
  { depth, operations }: { readonly depth: number; readonly operations: number },
): Promise<Cost> {
  exchangedKeys++;
  for (let index = 0; index < KEYS; index++) expectOk(name, await cluster.put(keyOf(index), VALUES[0]));
  // Leaves the promises behind that the operations use.
  const turns = 2 * KEYS;
  for (let index = 0; index < turns; index++) expectOk(name, await act(index));
  const before = counters();
  let index = turns;
  const lane = async (): Promise<void> => {
    while (index < turns + operations) expectOk(name, await act(index++));
  };
  await Promise.all(Array.from({ length: depth }, lane));
  const after = counters();
  return {
    name,
    depth,
    frames: (after.framesSent - before.framesSent) / operations,
    roundTrips: (after.questions - before.questions) / operations,
    wakeUps: (after.wakeUps - before.wakeUps) / operations,
    replicaWakeUps: (after.replicaWakeUps - before.replicaWakeUps) / operations,
    client: perOperation(before.client, after.client, operations),
    replicas: perOperation(before.replicas, after.replicas, operations),
  };
}

function counters() {
  const { framesSent, wakeUps, replicaWakeUps } = cluster.metrics();
  const of = { client: atomicsOf('client'), replicas: atomicsOf('replica') };
  return { framesSent, wakeUps, replicaWakeUps, questions, ...of };
}

function perOperation(
  before: AtomicCounts | undefined,
  after: AtomicCounts | undefined,
  operations: number,
): AtomicCounts | undefined {
  if (before === undefined || after === undefined) return undefined;
  return {
    all: (after.all - before.all) / operations,
    exchanges: (after.exchanges - before.exchanges) / operations,
  };
}

function keyOf(index: number): string {
  return `key-${index % KEYS}`;
}

function levelled(name: string, way: (level: (typeof LEVELS)[number]) => Act): Readonly<Record<string, Act>> {
  return Object.fromEntries(LEVELS.map((level) => [`${name}, level ${level}`, way(level)]));
}

function expectOk(name: string, { outcome }: { readonly outcome: string }): void {
  if (outcome !== 'ok') throw new Error(`Wrong answer: the outcome of "${name}" is ${outcome}`);
}

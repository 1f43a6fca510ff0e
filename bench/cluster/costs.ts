// What one operation costs, by level: frames, round trips, wake-ups and atomic operations. Counted, not timed: in a
// process of its own, and atomics in another one, where counting them may disturb nothing else.
//
//     fresh process: main (1 or 64 pending, 64 keys in turn) <--rings and tally board--> 5 replicas
import type { AtomicCounts } from '../harness/atomics-count.ts';
import { lastLineOf } from '../harness/fresh-process.ts';
import { programUrl } from '../harness/program.ts';
import type { Subject } from '../harness/subject.ts';

/** Costs of one operation on average, in the order in which they were measured. */
export interface Cost {
  readonly name: string;
  /** Operations that were pending at a time. */
  readonly depth: number;
  readonly frames: number;
  readonly roundTrips: number;
  /** Of the client, and of all replicas together. */
  readonly wakeUps: number;
  readonly replicaWakeUps: number;
  /** Atomic operations of the client and of all replicas together, where they were counted. */
  readonly client: AtomicCounts | undefined;
  readonly replicas: AtomicCounts | undefined;
}

const DEPTHS = [1, 64];
/** Round trips by design, where nobody is in the way: one. */
const ROUND_TRIPS: ReadonlyMap<string, number> = new Map([
  ...['put', 'get'].flatMap((name) => {
    return ['one', 'two', 'quorum', 'all'].map((level) => [`${name}, level ${level}`, 1] as const);
  }),
  ['update, promised', 1],
  ['update, first of its key', 2],
  ['compareAndSet, promised', 1],
]);

interface Kind {
  readonly unit: string;
  readonly isOfAtomics?: true;
  readonly figure: (cost: Cost) => number;
  readonly note: (cost: Cost) => string;
}

const KINDS: readonly Kind[] = [
  {
    unit: 'round trips',
    figure: ({ roundTrips }) => roundTrips,
    note: ({ name }) => `by design ${ROUND_TRIPS.get(name) ?? 0}`,
  },
  { unit: 'frames', figure: ({ frames }) => frames, note: () => 'requests; votes are words of the tally board' },
  {
    unit: 'wake-ups',
    figure: ({ wakeUps, replicaWakeUps }) => wakeUps + replicaWakeUps,
    note: ({ wakeUps, replicaWakeUps }) => `client ${short(wakeUps)}, replicas ${short(replicaWakeUps)}`,
  },
  {
    unit: 'atomics',
    isOfAtomics: true,
    figure: ({ client, replicas }) => (client?.all ?? Number.NaN) + (replicas?.all ?? Number.NaN),
    note: ({ client, replicas }) => `client ${describe(client)}, 5 replicas ${describe(replicas)}`,
  },
];

export const subjects: readonly Subject[] = KINDS.flatMap((kind) => {
  return DEPTHS.flatMap((depth) => [...ROUND_TRIPS.keys()].map((name) => subject(kind, name, depth)));
});

function subject(kind: Kind, name: string, depth: number): Subject {
  return {
    question: `${kind.unit} of one operation, ${depth} in flight`,
    subject: name,
    unit: `${kind.unit}/op`,
    fixed: { passes: 1, ms: 0 },
    open: async () => {
      const costs = await (kind.isOfAtomics === true ? measured('count-atomics') : measured());
      const cost = costs.find((each) => each.name === name && each.depth === depth);
      if (cost === undefined) throw new Error(`Cannot find the costs of ${name}`);
      return { note: kind.note(cost), check: doNothing, pass: () => kind.figure(cost), close: doNothing };
    },
  };
}

const runs = new Map<string, Promise<readonly Cost[]>>();

/** All costs, measured when first asked for, after a program of that name in each thread. */
function measured(preload = ''): Promise<readonly Cost[]> {
  const run = runs.get(preload) ?? measure(preload);
  runs.set(preload, run);
  return run;
}

async function measure(preload: string): Promise<readonly Cost[]> {
  const { url } = import.meta;
  const line = await lastLineOf(programUrl('costs', url), [], preload === '' ? undefined : programUrl(preload, url));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what our own program prints
  return JSON.parse(line) as readonly Cost[];
}

function describe(counts: AtomicCounts | undefined): string {
  return counts === undefined ? 'not counted' : `${short(counts.all)} (${short(counts.exchanges)} read and write)`;
}

function short(figure: number): string {
  return figure.toPrecision(3);
}

function doNothing(): void {
  // The process was its own check, and has ended.
}

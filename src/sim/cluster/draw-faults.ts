// The faults of one run, drawn by profile. Each is an event of its own, so that a shrinker can take it away.
import { maskOf } from '../../base/bits.ts';
import { below } from '../../base/random.ts';
import type { Random } from '../../base/random.ts';
import { between, happens, pick } from '../engine/chance.ts';
import { placesOf } from './plan.ts';
import type { ClusterPlan, FailPoint, FaultPlan, MessageKind } from './plan.ts';
import type { Profile } from './profiles.ts';

/** What faults are drawn for. */
export interface FaultScope {
  readonly profile: Profile;
  readonly cluster: ClusterPlan;
  /** The time in which the clients work, in microseconds. */
  readonly stormUs: number;
}

interface Draw extends FaultScope {
  readonly random: Random;
  /** A moment of the storm. */
  readonly atUs: () => number;
  /** A duration, from far shorter than a patience to longer than most deadlines. */
  readonly forUs: () => number;
  readonly replica: () => number;
  /** A replica or a coordinator. */
  readonly node: () => number;
}

/** Faults by what they do; a profile is a few of these, many times. */
type Kind =
  | 'crash'
  | 'fail-point'
  | 'stale'
  | 'relapse'
  | 'inherit'
  | 'pause'
  | 'slow'
  | 'partition'
  | 'clog'
  | 'clock'
  | 'leave';

const MIXES: Readonly<Record<Profile, { readonly kinds: readonly Kind[]; readonly most: number }>> = {
  calm: { kinds: ['slow', 'pause'], most: 1 },
  'crash-storm': { kinds: ['crash', 'crash', 'crash', 'fail-point', 'clog'], most: 12 },
  'duplicate-storm': { kinds: ['pause', 'crash', 'clog'], most: 4 },
  'partition-storm': { kinds: ['partition', 'partition', 'partition', 'clog', 'crash'], most: 10 },
  overload: { kinds: ['slow', 'pause', 'crash'], most: 5 },
  'slow-replica': { kinds: ['slow', 'slow', 'slow', 'crash'], most: 5 },
  'pause-storm': { kinds: ['pause', 'pause', 'pause', 'crash', 'leave'], most: 10 },
  'clock-storm': { kinds: ['clock', 'clock', 'clock', 'crash', 'partition'], most: 10 },
  'fail-points': { kinds: ['fail-point', 'fail-point', 'fail-point', 'partition'], most: 10 },
  'stale-messages': { kinds: ['stale', 'relapse', 'relapse', 'crash'], most: 4 },
  priorities: { kinds: ['crash', 'crash', 'fail-point', 'leave'], most: 10 },
  scramble: { kinds: ['crash', 'crash', 'crash', 'fail-point', 'leave'], most: 12 },
  stalls: { kinds: ['crash', 'crash', 'crash', 'fail-point', 'leave'], most: 12 },
  inheritance: { kinds: ['inherit'], most: 1 },
  membership: { kinds: ['crash', 'crash', 'fail-point', 'partition', 'pause', 'clog', 'slow', 'leave'], most: 6 },
};

/** Replicas, in all places, and coordinators. */
function nodesOf(cluster: ClusterPlan): number {
  return placesOf(cluster) + cluster.coordinators;
}

const POINTS: readonly FailPoint[] = ['accept', 'accept', 'prepare', 'read', 'answer', 'operational'];
const KINDS: readonly MessageKind[] = ['accept', 'read', 'prepare', 'reply', 'promise', 'vote', 'entry', 'recover'];

/** Draws the faults of one run: at least one. */
export function drawFaults(random: Random, scope: FaultScope): FaultPlan[] {
  const { profile, cluster, stormUs } = scope;
  const { kinds, most } = MIXES[profile];
  const draw: Draw = {
    ...scope,
    random,
    atUs: () => cluster.loadUs + between(random, 0, stormUs),
    forUs: () => Math.floor(stormUs * pick(random, [0.02, 0.1, 0.3, 1])),
    replica: () => below(random, placesOf(cluster)),
    node: () => below(random, nodesOf(cluster)),
  };
  const count = between(random, 1, most);
  return Array.from({ length: count }, () => DRAWS[pick(random, kinds)](draw)).flat();
}

/** How often a profile loses the whole state. */
const LOSSES: Readonly<Partial<Record<Profile, number>>> = {
  'crash-storm': 0.3,
  'pause-storm': 0.3,
  'fail-points': 0.1,
};

/** In some runs, more replicas die than the quorums survive, and the application begins with an empty state. */
export function drawStateLoss(random: Random, { profile, cluster, stormUs }: FaultScope): FaultPlan[] {
  const rate = LOSSES[profile] ?? 0;
  if (rate === 0 || !happens(random, rate)) return [];
  const everybody = 2 ** placesOf(cluster) - 1;
  // Those who live on remember the old state.
  const nodes = happens(random, 0.5) ? everybody : everybody & ~(1 << below(random, placesOf(cluster)));
  // The clients have most of their work before them.
  const atUs = cluster.loadUs + between(random, 1_000, Math.floor(stormUs / 2));
  const forUs = between(random, 1, pick(random, [1_000, 20_000]));
  const lose = { kind: 'lose', atUs, nodes, forUs } as const;
  if (happens(random, 0.4)) return [lose];
  // A thread that is blocked meanwhile wakes up in another state than the one that it knows.
  const node = placesOf(cluster) + below(random, cluster.coordinators);
  const blockedUs = forUs + 4 * cluster.loadUs + between(random, 0, 40_000);
  return [lose, { kind: 'pause', atUs: atUs - between(random, 0, 900), node, forUs: blockedUs }];
}

const DRAWS: Readonly<Record<Kind, (draw: Draw) => FaultPlan[]>> = {
  crash: ({ atUs, replica }) => [{ kind: 'crash', atUs: atUs(), node: replica() }],
  'fail-point': ({ random, atUs, replica }) => [
    {
      kind: 'crash-at',
      atUs: atUs(),
      node: replica(),
      point: pick(random, POINTS),
      nth: between(random, 1, 3),
      loses: pick(random, ['answer', 'vote', 'nothing'] as const),
    },
  ],
  stale: drawStale,
  relapse: drawRelapse,
  inherit: drawInherit,
  pause: ({ random, atUs, forUs, node }) => [
    { kind: 'pause', atUs: atUs(), node: node(), forUs: happens(random, 0.1) ? 800_000 : forUs() },
  ],
  slow: ({ random, atUs, forUs, replica }) => [
    { kind: 'slow', atUs: atUs(), node: replica(), forUs: forUs(), factor: pick(random, [10, 100, 1000, 5000]) },
  ],
  partition: drawPartition,
  clog: drawClog,
  clock: drawClock,
  leave: ({ random, cluster, atUs }) => [
    { kind: 'leave', atUs: atUs(), node: placesOf(cluster) + below(random, cluster.coordinators) },
  ],
};

/** What one replica has to say waits while it dies and comes back; then the old words meet the new incarnation. */
function drawStale({ random, cluster, atUs, forUs, replica }: Draw): FaultPlan[] {
  const node = replica();
  const at = atUs();
  const waits = forUs();
  const everybody = 2 ** nodesOf(cluster) - 1;
  const bit = 1 << node;
  const isMute = happens(random, 0.5);
  const clog = { kind: 'clog', atUs: at, from: isMute ? bit : everybody, to: isMute ? everybody : bit } as const;
  return [
    { ...clog, forUs: waits + between(random, 0, waits) },
    { kind: 'crash', atUs: at + between(random, 1, waits), node },
  ];
}

/**
 * A replica dies twice, and its second recovery gets no questions through for a while: the answers to the first one, if
 * they come again, are all that it hears.
 */
function drawRelapse({ random, cluster, stormUs, replica }: Draw): FaultPlan[] {
  const node = replica();
  const atUs = cluster.loadUs + between(random, 100, Math.floor(stormUs / 5));
  const apartUs = between(random, 10_000, 60_000);
  const places = placesOf(cluster);
  const replicas = 2 ** places - 1;
  const threads = (2 ** cluster.coordinators - 1) << places;
  const forUs = 2 * apartUs;
  // Another one, which has heard everything, is out of the clients' reach by then.
  const other = 1 << ((node + between(random, 1, places - 1)) % places);
  return [
    { kind: 'cut', atUs: atUs + apartUs, from: threads, to: other, forUs: 2 * forUs },
    { kind: 'crash', atUs, node },
    { kind: 'crash', atUs: atUs + apartUs, node },
    { kind: 'clog', atUs: atUs + apartUs - 1_000, from: 1 << node, to: replicas, forUs, messages: 'recover' },
  ];
}

/**
 * A write lands at a write quorum whose votes are late, is refused by the rest, where a newer one was faster, and is
 * prepared again; one of that quorum dies on its promise and inherits the newer entry, below the promise that it hears
 * of. Then what both had to say arrives.
 */
function drawInherit({ random, cluster }: Draw): FaultPlan[] {
  const { replicas, coordinators, write, loadUs } = cluster;
  const order = Array.from({ length: replicas }, (_, replica) => replica);
  const landed = Array.from({ length: write }, () => order.splice(below(random, order.length), 1)[0]!);
  const quorum = maskOf(landed);
  const rest = 2 ** replicas - 1 - quorum;
  const slow = 1 << (replicas + below(random, coordinators));
  const fast = ((2 ** coordinators - 1) << replicas) & ~slow;
  const atUs = loadUs + between(random, 0, 2_000);
  const landsUs = between(random, 1_000, 30_000);
  const refusedUs = landsUs + between(random, 1_000, 20_000);
  const grantedUs = refusedUs + between(random, 30_000, 90_000);
  const forUs = grantedUs + between(random, 1_000, 20_000);
  const again = refusedUs + 100;
  return [
    { kind: 'clog', atUs, from: quorum, to: slow, forUs, messages: 'vote' },
    { kind: 'cut', atUs, from: rest, to: slow, forUs, messages: 'promise' },
    { kind: 'clog', atUs, from: slow, to: rest, forUs: refusedUs, messages: 'accept' },
    { kind: 'clog', atUs: atUs + again, from: slow, to: rest, forUs: forUs - again, messages: 'accept' },
    { kind: 'clog', atUs, from: fast, to: quorum, forUs: grantedUs, messages: 'accept' },
    { kind: 'clog', atUs: atUs + landsUs, from: slow, to: quorum, forUs: forUs - landsUs, messages: 'accept' },
    { kind: 'crash-at', atUs: atUs + landsUs, node: landed[0]!, point: 'prepare', nth: 1, loses: 'nothing' },
  ];
}

function drawPartition(draw: Draw): FaultPlan[] {
  const { random, cluster } = draw;
  const everybody = 2 ** nodesOf(cluster) - 1;
  const atUs = draw.atUs();
  const forUs = draw.forUs();
  const shape = pick(random, ['isolate', 'isolate', 'halves', 'bridge', 'kind', 'kind'] as const);
  const side = shape === 'isolate' ? 1 << draw.node() : between(random, 1, everybody - 1);
  // Both halves still see the bridge.
  const bridge = shape === 'bridge' ? 1 << draw.replica() : 0;
  const messages = shape === 'kind' ? { messages: pick(random, KINDS) } : {};
  const from = side & ~bridge;
  const to = everybody & ~side & ~bridge;
  const there: FaultPlan = { kind: 'cut', atUs, forUs, from, to, ...messages };
  const back: FaultPlan = { kind: 'cut', atUs, forUs, from: to, to: from, ...messages };
  const direction = below(random, 3); // One way, the other, or both.
  return direction === 0 ? [there] : direction === 1 ? [back] : [there, back];
}

/** Links stop one by one and come back in a random order. Source: "swizzle-clogging" of FoundationDB. */
function drawClog(draw: Draw): FaultPlan[] {
  const { random, cluster } = draw;
  const everybody = 2 ** nodesOf(cluster) - 1;
  const count = between(random, 1, 3);
  return Array.from({ length: count }, () => {
    const bit = 1 << draw.node();
    const isMute = happens(random, 0.5);
    const messages = happens(random, 0.4) ? { messages: pick(random, KINDS) } : {};
    const ends = isMute ? { from: bit, to: everybody } : { from: everybody, to: bit };
    return { kind: 'clog', atUs: draw.atUs(), forUs: draw.forUs(), ...ends, ...messages };
  });
}

function drawClock({ random, atUs, forUs, node }: Draw): FaultPlan[] {
  const at = { atUs: atUs(), node: node() };
  switch (below(random, 3)) {
    case 0:
      return [{ kind: 'leap', ...at, byMs: pick(random, [10, 200, 10_000]) }];
    case 1:
      return [{ kind: 'freeze', ...at, forUs: forUs() }];
    default:
      return [{ kind: 'drift', ...at, rate: pick(random, [0.5, 0.999, 1.001, 2]) }];
  }
}

// Draws a plan from a seed: the profile is chosen first and its parameters then, because one mixture of faults hides
// what another shows. Source: Groce et al., "Swarm Testing" (ISSTA 2012).
import { unreachable } from '../../base/assert.ts';
import { below } from '../../base/random.ts';
import type { Random } from '../../base/random.ts';
import { registerQuorums } from '../../quorum/register-quorums.ts';
import { between, happens, pick, streamOf } from '../engine/chance.ts';
import { drawAvailable } from './draw-available.ts';
import { drawBallots } from './draw-ballots.ts';
import { drawConflicts, hasConflicts } from './draw-conflicts.ts';
import { drawChanges, drawPlaces } from './draw-changes.ts';
import { drawFaults, drawStateLoss } from './draw-faults.ts';
import { drawReads } from './draw-reads.ts';
import { ofSystem, withSystem, withSystems } from './draw-systems.ts';
import { drawWatches, hasWatches } from './draw-watches.ts';
import type { ClusterPlan, MessageKind, NetworkPlan, OperationPlan, SimPlan } from './plan.ts';
import type { Profile } from './profiles.ts';

/** What a caller decides about a plan; the seed decides the rest. */
export interface PlanChoices {
  /** Sizes of the cluster and the number of client threads. */
  readonly cluster?: Partial<
    Pick<
      ClusterPlan,
      'replicas' | 'places' | 'replicationFactor' | 'read' | 'write' | 'prepare' | 'quorum' | 'coordinators'
    >
  >;
  readonly clients?: number;
  /** Operations of each client. */
  readonly operations?: number;
  /** Keys that they share. */
  readonly keys?: number;
  /** Share of writes, from 0 to 1. */
  readonly writes?: number;
  /** Whether the faults come from elsewhere: then there are no more places for replicas than are asked for. */
  readonly isWithoutFaults?: boolean;
}

const GUIDED: ReadonlySet<Profile> = new Set(['scramble', 'stalls', 'priorities', 'stale-messages', 'inheritance']);

/** Draws a plan. The same arguments give the same plan. */
export function drawPlan(seed: number, profile: Profile, choices: PlanChoices = {}): SimPlan {
  const ofCopies = drawCluster(streamOf(seed, -1, 'cluster'), profile, choices);
  const deciding = withQuorum(ofCopies, streamOf(seed, -1, 'systems'), { profile, choices });
  const spreadOut = spread(deciding, streamOf(seed, -1, 'placement'), profile, choices);
  const drawn = withPlaces(spreadOut, streamOf(seed, -1, 'places'), { profile, choices });
  const network = drawNetwork(streamOf(seed, -1, 'network'), profile);
  // Slow networks need more time for the same work.
  const stormUs = (network.isOrdered ? 60_000 : 150_000) + 20 * network.delayUs;
  const operations = drawOperations(streamOf(seed, -1, 'operations'), stormUs, {
    ...workloadOf(seed, profile),
    ...choices,
  });
  if (!isGuided(profile)) {
    varyOperations(operations, streamOf(seed, -1, 'variations'), network);
    const hasRoom = profile !== 'overload'; // Its replicas may have memory for very few keys.
    drawSessions(operations, streamOf(seed, -1, 'sessions'), hasRoom);
  }
  if (profile === 'membership') paceOperations(operations, streamOf(seed, -1, 'pace'), stormUs);
  if (!isGuided(profile)) drawExpiry(operations, streamOf(seed, -1, 'expiry'));
  if (!isGuided(profile)) drawAvailable(operations, streamOf(seed, -1, 'available'));
  const collectAfterUs = drawCollection(operations, streamOf(seed, -1, 'collection'));
  const readScope = { hasRoom: profile !== 'overload', areKeysGiven: choices.keys !== undefined };
  const cacheBytes = isGuided(profile) ? undefined : drawReads(operations, streamOf(seed, -1, 'reads'), readScope);
  const cluster = {
    ...drawn,
    ...(collectAfterUs !== undefined && { collectAfterUs }),
    ...(cacheBytes !== undefined && { cacheBytes }),
  };
  const scope = { profile, cluster, stormUs };
  const faults = [
    ...drawFaults(streamOf(seed, -1, 'faults'), scope),
    ...drawStateLoss(streamOf(seed, -1, 'state loss'), scope),
    ...withSystems(
      drawn.places === undefined ? [] : drawChanges(streamOf(seed, -1, 'changes'), scope),
      streamOf(seed, -1, 'systems of changes'),
      drawn,
    ),
  ];
  const leavesBroken = (seed & 1) === 1;
  const written = { version: 1, profile, seed, cluster, network } as const;
  const plan = { ...written, operations, faults, stormUs: 4 * stormUs, leavesBroken };
  // Rings of `overload` hold no decision.
  const mayPropose = !isGuided(profile) && profile !== 'overload' && choices.isWithoutFaults !== true;
  const proposals = mayPropose ? drawBallots(streamOf(seed, -1, 'ballots'), cluster, stormUs) : undefined;
  if (proposals !== undefined) {
    return { ...plan, proposals, operations: choices.operations === undefined ? fewer(operations) : operations };
  }
  const random = streamOf(seed, -1, 'watches');
  if (isGuided(profile)) return plan;
  if (hasWatches(random, profile)) return { ...plan, watches: drawWatches(random, scope) };
  const ofConflicts = streamOf(seed, -1, 'conflicts');
  if (!hasConflicts(ofConflicts, profile) || choices.isWithoutFaults === true) return plan;
  const conflicts = drawConflicts(ofConflicts, scope);
  return { ...plan, conflicts, operations: choices.operations === undefined ? fewer(operations) : operations };
}

/** Where there is something else to do, clients do less of what all runs do. */
function fewer(operations: readonly Drawn[]): readonly Drawn[] {
  const counts: number[] = [];
  return operations.filter(({ client }) => (counts[client] = (counts[client] ?? 0) + 1) <= OPERATIONS_BESIDE);
}

function drawCluster(random: Random, profile: Profile, { cluster = {} }: PlanChoices): ClusterPlan {
  // Guided profiles search small clusters: few replicas have fewer ways to make up for each other.
  const replicas =
    cluster.replicationFactor ??
    cluster.replicas ??
    pick(random, isGuided(profile) || profile === 'membership' ? [3, 3, 3, 4, 5] : [3, 5, 5, 5, 5]);
  const majority = Math.floor(replicas / 2) + 1;
  // As openCluster may be configured; mostly as it is by default.
  const write = cluster.write ?? (happens(random, 0.2) ? Math.min(replicas, majority + 1) : majority);
  const read = cluster.read ?? (write > majority && happens(random, 0.5) ? replicas - write + 1 : majority);
  const { prepare } = registerQuorums({ replicas, read, write, prepare: cluster.prepare });
  return {
    replicas,
    read,
    write,
    prepare,
    coordinators: cluster.coordinators ?? pick(random, [2, 2, 3]),
    ringBytes: profile === 'overload' ? pick(random, [256, 384, 512, 1024]) : 65_536,
    replicaBytesMax: profile === 'overload' && happens(random, 0.3) ? 1200 : 1 << 24,
    tagsFrom: pick(random, [[0, 0] as const, [0, 0] as const, [0, 0x7fff_fff0] as const, [0, 0xffff_fff0] as const]),
    standbys: below(random, 2),
    restartsMax: 10,
    loadUs: pick(random, [1_000, 5_000, 20_000]),
  };
}

/** A system that is asked for, or one of the seed's, where nobody says how large the cluster is. */
function withQuorum(
  drawn: ClusterPlan,
  random: Random,
  { profile, choices }: { readonly profile: Profile; readonly choices: PlanChoices },
): ClusterPlan {
  const { quorum, ...sizes } = choices.cluster ?? {};
  if (quorum !== undefined) return ofSystem(drawn, quorum);
  const { coordinators: _, ...others } = sizes;
  const isOwn = choices.isWithoutFaults === true || Object.values(others).some((size) => size !== undefined);
  return isGuided(profile) || isOwn ? drawn : withSystem(drawn, random);
}

const SPREADS_RATE = 0.2;

/**
 * In some runs keys are spread over more threads than they have copies; not in guided ones, which look for a bad order
 * of few messages about one key.
 */
function spread(drawn: ClusterPlan, random: Random, profile: Profile, { cluster = {} }: PlanChoices): ClusterPlan {
  const { replicas: copies } = drawn;
  const { replicas, replicationFactor } = cluster;
  const mayBeSpread = !isGuided(profile) && copies > 1 && drawn.quorum === undefined;
  const isSpread = happens(random, SPREADS_RATE) && mayBeSpread;
  const more = isSpread && replicas === undefined ? between(random, 1, 3) : 0;
  const threads = replicas ?? copies + more;
  if (threads === copies && replicationFactor === undefined) return drawn;
  return { ...drawn, replicas: threads, replicationFactor: copies };
}

/** In some runs members change, which need not be those of the first places: there are more. */
function withPlaces(
  drawn: ClusterPlan,
  random: Random,
  { profile, choices }: { readonly profile: Profile; readonly choices: PlanChoices },
): ClusterPlan {
  const { cluster = {} } = choices;
  // Who says how many replicas there are counts on the nodes' numbers; rings of `overload` have no room to compare.
  const isOwn = choices.isWithoutFaults === true || (cluster.replicas !== undefined && profile !== 'membership');
  const isDrawn = !isGuided(profile) && profile !== 'overload' && !isOwn;
  const places = isDrawn ? drawPlaces(random, profile, drawn.replicas) : undefined;
  if (cluster.places !== undefined) return { ...drawn, places: Math.max(cluster.places, drawn.replicas) };
  return places === undefined ? drawn : { ...drawn, places };
}

const LOSSY_KINDS: readonly MessageKind[] = ['accept', 'accept', 'accept', 'vote', 'prepare', 'promise', 'reply'];

function drawNetwork(random: Random, profile: Profile): NetworkPlan {
  const rings: NetworkPlan = {
    isOrdered: true,
    delayUs: pick(random, [10, 30, 60]),
    slowRate: 0.001,
    slowUs: 5_000,
    lossRate: 0,
    lossyKind: pick(random, LOSSY_KINDS),
    lossyRate: 0,
    repeatRate: 0,
    replayRate: 0,
    replayUs: 0,
    losesToDead: false,
    priorityChanges: 0,
    stallRate: 0,
    stallUs: 1,
  };
  const isHostile = profile !== 'calm' && profile !== 'overload' && happens(random, 0.6);
  const hostile: NetworkPlan = {
    ...rings,
    isOrdered: false,
    delayUs: pick(random, [200, 1_000, 3_000]),
    slowRate: pick(random, [0.001, 0.02, 0.1]),
    slowUs: 25_000,
    lossRate: pick(random, [0, 0, 0.05, 0.2]),
    lossyRate: pick(random, [0, 0.3, 0.6]),
    losesToDead: happens(random, 0.3),
  };
  switch (profile) {
    case 'inheritance': // Its faults hold back what has to be late; by itself nothing is.
      return rings;
    case 'duplicate-storm':
      return { ...hostile, repeatRate: pick(random, [0.2, 0.5]), replayRate: 0.3, replayUs: 40_000, lossRate: 0.05 };
    case 'stale-messages':
      return {
        ...hostile,
        repeatRate: 0.5,
        replayRate: 0.9,
        replayUs: 40_000,
        lossyKind: 'accept',
        lossyRate: pick(random, [0, 0.3, 0.6]),
        losesToDead: false,
      };
    case 'priorities':
      return { ...hostile, slowRate: 0, priorityChanges: pick(random, [30, 100, 250]), lossRate: 0 };
    case 'stalls':
      return {
        ...hostile,
        delayUs: 200,
        stallRate: pick(random, [0.3, 0.5, 0.7]),
        stallUs: pick(random, [3_000, 12_000, 40_000]),
        lossyRate: pick(random, [0, 0.3, 0.6]),
        repeatRate: pick(random, [0, 0, 0.2]),
        replayRate: 0.2,
        replayUs: 30_000,
        losesToDead: false,
      };
    case 'scramble':
      // Messages are as slow as the patience of those who wait for them: every order is as likely as any other.
      return {
        ...hostile,
        delayUs: pick(random, [3_000, 8_000, 20_000]),
        slowRate: 0.05,
        lossRate: pick(random, [0, 0, 0.1, 0.3]),
        lossyRate: pick(random, [0, 0.3, 0.6]),
        repeatRate: pick(random, [0, 0, 0.1, 0.3]),
        replayRate: 0.3,
        replayUs: 60_000,
        stallRate: pick(random, [0, 0.3, 0.5]),
        stallUs: pick(random, [15_000, 40_000, 100_000]),
        losesToDead: false,
      };
    case 'calm':
    case 'crash-storm':
    case 'partition-storm':
    case 'overload':
    case 'slow-replica':
    case 'pause-storm':
    case 'clock-storm':
    case 'fail-points':
    case 'membership':
      return isHostile ? hostile : rings;
    default:
      return unreachable(profile);
  }
}

/** Guided profiles search few operations for one bad order; the others drown the cluster in many. */
function workloadOf(seed: number, profile: Profile): PlanChoices {
  if (profile === 'membership') return { operations: 16 };
  if (profile === 'scramble') return { clients: 3, operations: 4, keys: 1 };
  if (profile === 'inheritance') return { clients: 3, operations: 3, keys: 1, writes: 0.4 };
  const mayBeSmall = profile === 'stalls' || profile === 'priorities' || profile === 'stale-messages';
  return mayBeSmall && (seed & 2) === 0 ? { clients: 3, operations: 4, keys: 1 } : {};
}

function drawOperations(random: Random, stormUs: number, choices: PlanChoices): Drawn[] {
  const { clients = 4, operations: count = 10, keys = pick(random, [1, 1, 2, 3]), writes } = choices;
  const writeRate = writes ?? pick(random, [0.3, 0.5, 0.7]);
  const deleteRate = pick(random, [0, 0, 0.3]);
  const joinRate = pick(random, [0, 0, 0.3]);
  const otherLevelRate = pick(random, [0, 0, 0.15]);
  const resolveRate = pick(random, [0, 0.1]);
  const timeoutMs = pick(random, [[20, 60, 1000], [1000], [200, 1000]]);
  const thinkUs = pick(random, [0, 100, Math.floor(stormUs / (2 * count))]);
  const operations: Drawn[] = [];
  for (let client = 0; client < clients; client++) {
    for (let index = 0; index < count; index++) {
      const isWrite = happens(random, writeRate);
      const chance = below(random, 1000) / 1000;
      const call = happens(random, resolveRate) ? 'resolve' : isWrite ? 'put' : 'get';
      const level = chance < otherLevelRate ? 'one' : chance < 1.5 * otherLevelRate ? 'all' : 'quorum';
      operations.push({
        client,
        call: call === 'put' && happens(random, deleteRate) ? 'delete' : call,
        key: `k${below(random, keys)}`,
        value: 1 + client * count + index,
        level,
        timeoutMs: pick(random, timeoutMs),
        thinkUs: thinkUs === 0 ? 0 : between(random, 0, 2 * thinkUs),
        joins: index > 0 && happens(random, joinRate),
      });
    }
  }
  return operations;
}

/** A client that has done all that it has to learns nothing of changes that follow. */
function paceOperations(operations: readonly Drawn[], random: Random, stormUs: number): void {
  const each = operations.filter(({ client }) => client === 0).length;
  for (const operation of operations) operation.thinkUs = between(random, 0, Math.floor((2 * stormUs) / each));
}

const CHANGES = ['update', 'update', 'compare'] as const;

/** Operations of a client beside which others propose. */
const OPERATIONS_BESIDE = 3;

const EXPIRY_RATE = 0.2;
const SESSIONS_RATE = 0.25;
const COLLECTIONS_RATE = 0.25;
const OF_SESSION_RATE = 0.8;
const WEAK_READ_RATE = 0.9;

type Drawn = { -readonly [Name in keyof OperationPlan]: OperationPlan[Name] };

/** Whether a profile looks for one bad order of few messages, and not for what many operations meet. */
function isGuided(profile: Profile): boolean {
  return GUIDED.has(profile);
}

/** What few plans have. It is drawn from a stream of its own, so that all others stay as they were. */
function varyOperations(operations: readonly Drawn[], random: Random, { delayUs }: NetworkPlan): void {
  const twoRate = pick(random, [0, 0.5]);
  const cancelRate = pick(random, [0, 0, 0, 0.15]);
  const largeRate = happens(random, 0.1) ? 0.6 : 0;
  const changeRate = pick(random, [0, 0.3, 0.9]);
  for (const operation of operations) {
    if (operation.level === 'one' && happens(random, twoRate)) operation.level = 'two';
    // From before the first frame arrives to long after the last one would have.
    if (happens(random, cancelRate)) operation.cancelAfterUs = between(random, 0, pick(random, [1, 4, 100]) * delayUs);
    if (operation.call === 'put' && happens(random, largeRate)) operation.isLarge = true;
    if (operation.call === 'put' && happens(random, changeRate)) operation.call = pick(random, CHANGES);
  }
}

/**
 * Which values expire in few plans. None of those of sessions: whether an absent key is as new as what a session has
 * seen, the version of a deletion that nobody asked for would have to tell.
 */
function drawExpiry(operations: readonly Drawn[], random: Random): void {
  if (!happens(random, EXPIRY_RATE) || operations.some(({ session }) => session !== undefined)) return;
  const rate = pick(random, [0.3, 0.9]);
  const ttlMs = pick(random, [[1], [5, 20], [20, 60, 150]]);
  for (const operation of operations) {
    const mayExpire = operation.call === 'put' || operation.call === 'update';
    if (mayExpire && happens(random, rate)) operation.ttlMs = pick(random, ttlMs);
  }
}

/** How old deletions are that few plans collect; then there are deletions enough. */
function drawCollection(operations: readonly Drawn[], random: Random): number | undefined {
  if (!happens(random, COLLECTIONS_RATE)) return undefined;
  const deleteRate = pick(random, [0.2, 0.5, 0.8]);
  for (const operation of operations) {
    if (operation.call === 'put' && happens(random, deleteRate)) operation.call = 'delete';
  }
  return pick(random, [1_000, 4_000, 15_000, 60_000]);
}

/**
 * Which operations few plans make in the session of their client. Most are weak, since the others need no session, and
 * there are keys and deletes enough for a session to forget something.
 */
function drawSessions(operations: readonly Drawn[], random: Random, hasRoom: boolean): void {
  if (!happens(random, SESSIONS_RATE)) return;
  const movedRate = pick(random, [0, 0.5]);
  const weakRate = pick(random, [0, 0.5]);
  const deleteRate = pick(random, [0, 0.5]);
  const keys = pick(random, [1, 2, 4]);
  for (const operation of operations) {
    if (!happens(random, OF_SESSION_RATE)) continue;
    operation.session = happens(random, movedRate) ? 'moved' : 'kept';
    if (hasRoom) operation.key = `k${below(random, keys)}`;
    if (operation.call === 'put' && happens(random, deleteRate)) operation.call = 'delete';
    if (happens(random, operation.call === 'get' ? WEAK_READ_RATE : weakRate)) operation.level = 'one';
  }
}

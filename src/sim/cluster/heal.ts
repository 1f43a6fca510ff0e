// The second phase of a run: the faults end for a random core that the quorums can live on, and stay for the rest. From
// here on the cluster must make progress, and the run says why where it does not.
//
// Source: the liveness mode of TigerBeetle's VOPR.
import { lowestBits, popcount } from '../../base/bits.ts';
import { below } from '../../base/random.ts';
import type { Random } from '../../base/random.ts';
import { compareBallots } from '../../protocol/ballot.ts';
import type { Ballot } from '../../protocol/ballot.ts';
import type { Membership } from '../../quorum/configuration.ts';
import { votersIn } from '../../quorum/quorum-system.ts';
import type { RegisterQuorums } from '../../quorum/register-quorums.ts';
import { Electorate } from '../../replica/electorate.ts';
import type { Purpose } from '../../replica/electorate.ts';
import { pick } from '../engine/chance.ts';
import { changeTarget } from './change-target.ts';
import { endBallots } from './heal-ballots.ts';
import { conflictDivergence, endConflicts, judgeLastReads } from './heal-conflicts.ts';
import type { Call } from './client.ts';
import { nameOf } from './client.ts';
import { droppedHint } from './judge-available.ts';
import { healWatches } from './heal-watches.ts';
import { holdingsOf, judgeConvergence } from './judge-convergence.ts';
import { judgePlacement } from './judge-placement.ts';
import type { Finding } from './judge-history.ts';
import { violationOf } from './judge.ts';
import type { Violation } from './judge.ts';
import { keysOf } from './plan.ts';
import type { OperationPlan } from './plan.ts';
import { repairCore } from './repair-core.ts';
import { keyText } from './probe.ts';
import { nameOfProposal } from './sim-proposer.ts';
import type { SimCluster } from './sim-cluster.ts';

/** Virtual time within which a healed core must have done everything, in microseconds. */
const BOUND_US = 20_000_000;
/** Steps of virtual time that the last frames get to arrive: a slow replica has a backlog. */
const SETTLE_US = 50_000;
const SETTLE_STEPS_MAX = 40;
/** Most events of one phase: beyond that somebody asks without end. */
const EVENTS_MAX = 400_000;
/** How long a change of members that is under way may go on, and how long the last one takes at most. */
const CHANGE_US = 3_000_000;
const LAST_CHANGE_US = 10_000_000;
const PURPOSES: readonly Purpose[] = ['read', 'write', 'prepare', 'agreeing'];
/** First number of the values that are written when all is well. */
const FINAL_VALUE = 1_000_000;
/** What keys of topics begin with. */
const OF_TOPIC = '\u0002';

/** Heals a core, and finds out whether it lives. @returns why not; `undefined` when it does. */
export function healAndProgress(cluster: SimCluster): Violation | undefined {
  const { engine } = cluster;
  const { changes } = cluster.supervisor;
  const broken = heal(cluster);
  changes.hasten(CHANGE_US);
  // It has said so: nobody is served, and nothing is promised, until somebody resets it.
  if (cluster.isStateLost && !cluster.supervisor.roll.isResetting) {
    if (cluster.mayLoseState) return undefined;
    return { kind: 'liveness', text: `The state is lost, though so many died as are survived; ${stateOf(cluster)}` };
  }
  const inVain = (what: string): Violation => {
    const core = cluster.electorate.all & ~broken;
    const names = engine.trace.nodes.filter((_, node) => ((core >>> node) & 1) === 1).map(({ name }) => name);
    return { kind: 'liveness', text: `${what}, though ${names.join(' ')} had all they need; ${stateOf(cluster)}` };
  };
  const boundUs = engine.nowUs + BOUND_US;
  const runUntil = (isOver: () => boolean): boolean => {
    if (!isOver()) engine.run({ untilUs: boundUs, eventsMax: EVENTS_MAX, isOver });
    return isOver();
  };
  if (!runUntil(() => cluster.areClientsDone)) return inVain(openText(cluster));
  if (!runUntil(() => !changes.isChanging)) return inVain('A change of members does not end');
  let core = cluster.electorate.all & ~broken;
  const isWhole = (): boolean => !cluster.isStateLost && (cluster.operational & core) === core;
  if (!runUntil(isWhole)) return inVain('A replica of the core does not recover');
  const isHintLeft = (): boolean =>
    cluster.coordinators.some(({ isGone, available }) => !isGone && available.hints.open > 0);
  const { refused: refusedBefore } = cluster.network;
  const findsNoMemory = (): boolean => cluster.network.refused > refusedBefore; // It is tried until there is some.
  if (!runUntil(() => !isHintLeft() || findsNoMemory())) return inVain('A hint is not finished');
  const ofLiving = callsOf(cluster).filter(({ thread }) => !isGoneAt(cluster, thread));
  const dropped = isHintLeft() ? undefined : droppedHint(ofLiving);
  if (dropped !== undefined) {
    return { kind: 'level', key: dropped.key, text: `The hint of "${nameOf(dropped)}" was dropped` };
  }
  if (broken === 0 && beginLastChange(cluster)) {
    if (!runUntil(() => !changes.isChanging)) return inVain('The last change of members does not end');
    if (changes.last !== 'done') return inVain('The last change of members does not come about');
    core = cluster.electorate.all;
    if (!runUntil(isWhole)) return inVain('A new member does not recover');
  }
  const wrong = repairCore(cluster, core); // Before new writes hide what the storm has left behind.
  if (wrong !== undefined) return wrong;
  const unheard = endBallots(cluster, core, runUntil);
  if (unheard !== undefined) return inVain(unheard);
  const unmerged = endConflicts(cluster, runUntil);
  if (unmerged !== undefined) return inVain(unmerged);
  const untold = healWatches(cluster, broken);
  if (untold !== undefined) return untold;
  const before = cluster.calls.length;
  const { refused } = cluster.network;
  addFinalOperations(cluster);
  if (!runUntil(() => cluster.areClientsDone)) return inVain(openText(cluster));
  const failed = cluster.calls.slice(before).find(({ outcome }) => outcome !== 'ok' && outcome !== 'absent');
  if (failed !== undefined) return inVain(`${nameOf(failed)} ends as ${failed.outcome}`);
  const late = healWatches(cluster, broken);
  if (late !== undefined) return late;
  const unstable = (): string | undefined => unstableKey(cluster, core);
  // What found no memory is sent to nobody again: its replica lags until the key is next read or written.
  const mayLag = (): boolean => cluster.network.refused > refused;
  const divergence = (): Finding | undefined =>
    mayLag()
      ? undefined
      : (judgeConvergence(callsOf(cluster), holdingsOf(cluster, core)) ?? conflictDivergence(cluster, core));
  const isSettled = (): boolean => unstable() === undefined && divergence() === undefined;
  for (let step = 0; step < SETTLE_STEPS_MAX && !isSettled(); step++) {
    engine.run({ untilUs: engine.nowUs + SETTLE_US, eventsMax: EVENTS_MAX });
  }
  const key = unstable();
  if (key !== undefined) return inVain(`Too few of the core hold the newest entry of ${key}`);
  return violationOf('convergence', divergence() ?? judgeLastReads(cluster)) ?? judgePlacement(cluster);
}

/** A last change, in few runs with places to spare: it must come about. @returns whether there is one. */
function beginLastChange({ engine, plan, configurations, places, supervisor, coordinators }: SimCluster): boolean {
  if (plan.cluster.places === undefined) return false;
  const random = engine.random(-1, 'last change');
  const members = { add: below(random, 4), remove: below(random, 2 ** places) };
  const { quorum } = plan.cluster;
  const planned = quorum !== undefined && below(random, 2) === 0 ? { ...members, quorum } : members;
  const target = changeTarget(configurations.read(), planned, places);
  return target !== undefined && supervisor.beginChange(target, LAST_CHANGE_US, below(random, coordinators.length));
}

/** Ends the faults of a random core. @returns the members that stay broken, as a mask. */
function heal(cluster: SimCluster): number {
  const { engine, network, replicas, coordinators, places, plan } = cluster;
  const random = engine.random(-1, 'heal');
  if (cluster.resetsToCome > 0) cluster.supervisor.reset(); // Now at the latest.
  const core = plan.leavesBroken ? coreOf(cluster, random) : 2 ** places - 1;
  cluster.isStorm = false;
  network.heal();
  cluster.fates.isCalm = true;
  const everybody = 2 ** (places + coordinators.length + 1) - 1; // And the client of the chair.
  let broken = 0;
  for (let replica = 0; replica < replicas.length; replica++) {
    const node = replicas[replica]!;
    node.armed = [];
    if (((core >>> replica) & 1) === 1) {
      node.slowFactor = 1;
      node.resume();
      continue;
    }
    const bit = 1 << replica;
    broken |= bit;
    const direction = below(random, 3); // Deaf, mute or both, for good.
    if (direction !== 0) network.cut(bit, everybody);
    if (direction !== 1) network.cut(everybody, bit);
    engine.countFault('left-broken');
  }
  for (const { clock } of [...replicas, ...coordinators]) clock.thaw();
  for (const coordinator of coordinators) coordinator.resume();
  if (engine.trace.isKept) engine.trace.add({ atUs: engine.nowUs, kind: 'heal', from: -1, text: 'the faults end' });
  return broken;
}

/**
 * A random set of replicas that quorums and recovery can live on: enough that hold their memory, enough in all. Those
 * that are left out may all be homes of one key.
 */
function coreOf({ configurations, places, operational, supervisor }: SimCluster, random: Random): number {
  const { phase, current, next } = configurations.read();
  const remembering = operational & ~supervisor.doomed;
  const sides = (next === undefined ? [current] : [current, next]).map((membership) => ({
    membership,
    alone: new Electorate({ number: 0, phase: 'stable', current: membership }),
  }));
  const all = sides.reduce((mask, { membership: { members } }) => mask | members, 0);
  let core = lowestBits(places) & ~all; // Places that nobody takes are not broken.
  // Newcomers have nothing to remember before they decide.
  const lacks = ({ membership: { members }, alone }: (typeof sides)[number]): boolean =>
    (phase !== 'learning' || members === current.members) && alone.isLost(members & ~(core & remembering));
  const isEnough = (): boolean => sides.every((side) => mayDecide(core, side.membership, side.alone) && !lacks(side));
  const order = votersIn(all);
  while (!isEnough() && order.length > 0) {
    const lacksMemory = sides.some(lacks);
    const wanted = order.filter((each) => !lacksMemory || ((remembering >>> each) & 1) === 1);
    const chosen = pick(random, wanted.length > 0 ? wanted : order);
    order.splice(order.indexOf(chosen), 1);
    core |= 1 << chosen;
  }
  return core;
}

/** Whether the homes of any key among them are a quorum of each kind. */
function mayDecide(core: number, { members, quorums }: Membership, side: Electorate): boolean {
  const { threads, replicas, systems, ...sizes } = quorums;
  if (systems === undefined) return popcount(core & members) >= threads - replicas + largestOf(sizes);
  return PURPOSES.every((purpose) => side.isMetOnAll(purpose, core & members, sizes[purpose]));
}

function largestOf({ read, write, prepare, agreeing }: Pick<RegisterQuorums, Purpose>): number {
  return Math.max(read, write, prepare, agreeing);
}

/**
 * Every thread reads every key, before new writes hide what the storm has lost; then one writes it, and reads it.
 */
function addFinalOperations({ clients, coordinators, plan }: SimCluster): void {
  const keys = keysOf(plan);
  const operation = { client: 0, call: 'get', value: 0, level: 'quorum', timeoutMs: 5_000, joins: false } as const;
  // Client c works through coordinator c modulo their number: the first ones are one a thread.
  const live = clients.slice(0, coordinators.length).filter((_, index) => !coordinators[index]!.isGone);
  live.forEach((client, index) => {
    client.add(keys.map((key) => ({ ...operation, key, thinkUs: 1_000 * index })));
  });
  keys.forEach((key, index) => {
    const put: OperationPlan = { ...operation, call: 'put', key, value: FINAL_VALUE + index, thinkUs: 5_000 };
    live[index % live.length]?.add([put, { ...operation, key, thinkUs: 0 }]);
  });
}

/**
 * A key whose newest entry fewer replicas of the core hold than a write needs. One whose link had no room for the
 * write, or which had no memory for it, may hold an older entry.
 */
function unstableKey({ replicas, electorate }: SimCluster, core: number): string | undefined {
  const newest = new Map<string, Newest>();
  for (let index = 0; index < replicas.length; index++) {
    const { replica } = replicas[index]!;
    if (((core >>> index) & 1) === 0 || replica === undefined) continue;
    for (const { hash, key, keyBytes, register, value } of replica.table.entries()) {
      const name = keyText(key, keyBytes);
      if (name.startsWith(OF_TOPIC)) continue; // Those places are read where ballots end.
      const known = newest.get(name);
      const order = known === undefined ? 1 : compareBallots(register.accepted, known.ballot);
      const bit = 1 << index;
      if (order > 0) newest.set(name, { hash, ballot: { ...register.accepted }, byte: value[0], holders: bit });
      else if (order === 0 && known!.byte === value[0]) known!.holders |= bit;
    }
  }
  const { write } = electorate.sizes;
  return [...newest].find(([, { hash, holders }]) => !electorate.isMet('write', holders, hash, write))?.[0];
}

/** The newest entry of a key, and who holds it, as a mask. */
interface Newest {
  readonly hash: number;
  readonly ballot: Ballot;
  readonly byte: number | undefined;
  holders: number;
}

function openText({ calls, ballots }: SimCluster): string {
  const proposals = ballots?.proposals.filter(({ result }) => result === undefined) ?? [];
  const open = [...calls.filter(({ end }) => end === undefined).map(nameOf), ...proposals.map(nameOfProposal)];
  return open.length === 0 ? 'Clients do not go on' : `${open.join(', ')} never ended`;
}

function stateOf({ replicas, epochs, network, engine }: SimCluster): string {
  const states = replicas.map((_, index) => `A${index} ${epochs.stateOf(index)} in epoch ${epochs.epochOf(index)}`);
  return `${states.join(', ')}; ${network.sent} messages, ${engine.events} events, ${engine.nowMs} ms`;
}

function isGoneAt({ coordinators, places }: SimCluster, node: number): boolean {
  return coordinators[node - places]!.isGone;
}

/** The calls that began in the present state. */
function callsOf({ calls, life }: SimCluster): readonly Call[] {
  return calls.filter(({ state }) => state === life.resets);
}

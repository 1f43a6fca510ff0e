// The simulator as a catcher: whole clusters on virtual time, every seed with a profile and faults of its own.
import { RULES } from '../../src/protocol/rules.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import { drawProposals } from '../../src/sim/cluster/draw-ballots.ts';
import { drawPlan } from '../../src/sim/cluster/draw-plan.ts';
import { drawWatches } from '../../src/sim/cluster/draw-watches.ts';
import type { LevelPromise } from '../../src/sim/cluster/judge-sessions.ts';
import { placesOf } from '../../src/sim/cluster/plan.ts';
import type { FaultPlan, OperationPlan, PlanSystems, SimPlan } from '../../src/sim/cluster/plan.ts';
import type { Profile } from '../../src/sim/cluster/profiles.ts';
import { runPlan } from '../../src/sim/cluster/run-plan.ts';
import { between, pick, streamOf } from '../../src/sim/engine/chance.ts';
import { below } from '../../src/base/random.ts';
import { shrink } from '../../src/sim/shrink.ts';
import { profileOf, simulate } from '../../src/sim/simulate.ts';
import { conflictsPlan } from './conflict-catcher.ts';
import type { Catch, Catcher } from './mutant.ts';

const PRODUCTION_SEEDS = 20;
const SHRINK_RUNS_MAX = 600;

/**
 * Simulated clusters without one rule, up to `seedsMax` of them; of one profile where it is given, else of all. A
 * search that is known to take long begins at `first`, not far before the first seed that finds something.
 */
export function simulated(rule: keyof Rules, seedsMax: number, profile?: Profile, first = 1): Catcher {
  const of = profile && { profile };
  const rules: Rules = { ...RULES, [rule]: false };
  return {
    name: 'simulator',
    catches: (isShrunk) => {
      for (let seed = first; seed < first + seedsMax; seed++) {
        const { violations, plan } = simulate({ seed, rules, ...of });
        const [violation] = violations;
        if (violation === undefined) continue;
        const events = isShrunk ? shrink(plan, { rules, runsMax: SHRINK_RUNS_MAX })?.steps : undefined;
        return { seeds: seed, events, what: `${violation.kind}: ${violation.text.split('\n')[0]}` };
      }
      return undefined;
    },
    flagsProduction: () => {
      for (let seed = 1; seed <= PRODUCTION_SEEDS; seed++) {
        const [violation] = simulate({ seed, ...of }).violations;
        if (violation !== undefined) return `seed ${seed}: ${violation.text}`;
      }
      return undefined;
    },
  };
}

/** Simulated clusters without one rule, whose clients do all that they do in sessions, most of it at level one. */
export function simulatedSessions(rule: keyof Rules, seedsMax: number): Catcher {
  return simulatedPlans('simulator, sessions', sessionPlan, rule, seedsMax);
}

/** Simulated clusters without one rule, which delete half of what they write and erase deletions at once. */
export function simulatedErasures(rule: keyof Rules, seedsMax: number): Catcher {
  return simulatedPlans('simulator, erasures', erasurePlan, rule, seedsMax);
}

/** Simulated clusters without one rule, most of whose values expire, and are changed meanwhile. */
export function simulatedExpiries(rule: keyof Rules, seedsMax: number): Catcher {
  return simulatedPlans('simulator, expiries', expiryPlan, rule, seedsMax);
}

/** Simulated clusters without one rule, all of which are watched. */
export function simulatedWatches(rule: keyof Rules, seedsMax: number): Catcher {
  return simulatedPlans('simulator, watches', watchPlan, rule, seedsMax);
}

/** Simulated clusters without one rule, most of whose few members are replaced again and again. */
export function simulatedMembers(rule: keyof Rules, seedsMax: number): Catcher {
  return simulatedPlans('simulator, members', membersPlan, rule, seedsMax);
}

/** Simulated clusters of production that go by a broken system of quorums; a sound one is not to be flagged. */
export function simulatedSystem(
  { broken, sound }: { readonly broken: PlanSystems; readonly sound: PlanSystems },
  seedsMax: number,
): Catcher {
  return {
    name: 'simulator, systems',
    catches: () => searchPlans(planWith(broken), RULES, seedsMax),
    flagsProduction: () => searchPlans(planWith(sound), RULES, PRODUCTION_SEEDS)?.what,
  };
}

/** Simulated clusters without one rule, whose clients are cut off, and read and write at level `available`. */
export function simulatedHints(rule: keyof Rules, seedsMax: number): Catcher {
  return simulatedPlans('simulator, hints', hintsPlan, rule, seedsMax);
}

/** Simulated clusters without one rule, whose clients are cut off, and use keys that keep siblings or merge. */
export function simulatedConflicts(rule: keyof Rules, seedsMax: number): Catcher {
  return simulatedPlans('simulator, conflicts', conflictsPlan, rule, seedsMax);
}

function planWith(quorum: PlanSystems): (seed: number) => SimPlan {
  return (seed) => drawPlan(seed, profileOf(seed), { cluster: { quorum } });
}

/** Simulated clusters without one rule, in which somebody always proposes. */
export function simulatedBallots(rule: keyof Rules, seedsMax: number): Catcher {
  return simulatedPlans('simulator, ballots', ballotPlan, rule, seedsMax);
}

function simulatedPlans(name: string, planOf: (seed: number) => SimPlan, rule: keyof Rules, seedsMax: number): Catcher {
  const rules: Rules = { ...RULES, [rule]: false };
  return {
    name,
    catches: () => searchPlans(planOf, rules, seedsMax),
    flagsProduction: () => searchPlans(planOf, RULES, PRODUCTION_SEEDS)?.what,
  };
}

function searchPlans(planOf: (seed: number) => SimPlan, rules: Rules, seedsMax: number): Catch | undefined {
  for (let seed = 1; seed <= seedsMax; seed++) {
    const { violation } = runPlan(planOf(seed), { rules });
    if (violation === undefined) continue;
    return { seeds: seed, events: undefined, what: `${violation.kind}: ${violation.text.split('\n')[0]}` };
  }
  return undefined;
}

const SESSION_PROFILES = ['partition-storm', 'slow-replica', 'pause-storm', 'crash-storm'] as const;

function sessionPlan(seed: number): SimPlan {
  const profile = SESSION_PROFILES[seed % SESSION_PROFILES.length]!;
  const plan = unwatched(seed, profile, { keys: 1 + (seed % 4), clients: 3, operations: 20 });
  const weakens = (seed & 1) === 1;
  const operations = plan.operations.map((each, place): OperationPlan => {
    const level = each.call === 'get' || weakens ? 'one' : each.level;
    const call = each.call === 'put' && place % 3 === 0 ? 'compare' : each.call;
    return Object.assign({}, each, { call, level, session: place % 2 === 0 ? 'kept' : 'moved' });
  });
  return { ...plan, operations };
}

const ERASURE_PROFILES = ['stale-messages', 'crash-storm', 'stalls', 'duplicate-storm', 'pause-storm'] as const;

function erasurePlan(seed: number): SimPlan {
  const profile = ERASURE_PROFILES[seed % ERASURE_PROFILES.length]!;
  const plan = unwatched(seed, profile, { clients: 3, operations: 16, keys: 1 + (seed % 2), cluster: { replicas: 3 } });
  const isOfSessions = seed % 3 === 0;
  const operations = plan.operations.map((each, place): OperationPlan => {
    const call = each.call === 'put' && (place + seed) % 2 === 0 ? 'delete' : each.call;
    // Long deadlines: who wrote long ago still tries.
    const operation = { ...each, call, timeoutMs: 1000, joins: false, thinkUs: each.thinkUs % 4000 };
    return isOfSessions ? { ...operation, session: 'kept', level: place % 3 === 0 ? 'quorum' : 'one' } : operation;
  });
  return { ...plan, cluster: { ...plan.cluster, collectAfterUs: [500, 2_000, 8_000][seed % 3]! }, operations };
}

/** Changes of one run; how far they are apart, and how long what goes wrong beside them lasts, in microseconds. */
const CHANGES = 3;
const CHANGES_APART_US = [5_000, 25_000] as const;
const TROUBLE_US = [2_000, 60_000] as const;

/** A plan whose few members are replaced, while what clients write reaches few of them, and what these say is late. */
function membersPlan(seed: number): SimPlan {
  const random = streamOf(seed, -1, 'members');
  const cluster = seed % 4 === 0 ? { replicas: 4, replicationFactor: 2, places: 7 } : { replicas: 3, places: 6 };
  const plan = unwatched(seed, 'membership', {
    clients: 3,
    operations: 12,
    keys: 1 + (seed % 2),
    writes: 0.5,
    cluster,
  });
  const { coordinators, loadUs } = plan.cluster;
  const { places } = cluster;
  const someone = (): number => between(random, 1, 2 ** places - 2);
  const faults: FaultPlan[] = [];
  let atUs = loadUs;
  for (let change = 0; change < CHANGES; change++) {
    atUs += between(random, ...CHANGES_APART_US);
    const writer = 1 << (places + below(random, coordinators));
    const trouble = { atUs: atUs - between(random, 0, loadUs), forUs: between(random, ...TROUBLE_US) };
    faults.push(
      { kind: 'change', atUs, node: places, forUs: 2_000_000, add: 3, remove: 1 + someone() },
      { kind: 'cut', ...trouble, from: writer, to: someone(), messages: 'accept' },
      { kind: 'clog', ...trouble, from: someone(), to: writer, messages: pick(random, ['vote', 'promise', 'reply']) },
    );
  }
  const operations = plan.operations.map((each, place): OperationPlan => {
    const call = each.call === 'put' && (place + seed) % 3 === 0 ? 'update' : each.call;
    return { ...each, call, level: 'quorum', timeoutMs: 1000, joins: false, thinkUs: between(random, 0, 12_000) };
  });
  return { ...plan, operations, faults };
}

const BALLOT_PROFILES = ['crash-storm', 'membership', 'partition-storm', 'fail-points', 'duplicate-storm'] as const;

/** A plan in which somebody proposes, on a topic that few decisions fill. */
export function ballotPlan(seed: number): SimPlan {
  const plan = unwatched(seed, BALLOT_PROFILES[seed % BALLOT_PROFILES.length]!, { clients: 2, operations: 2 });
  const drawn = drawProposals(streamOf(seed, -1, 'ballots'), plan.cluster, plan.stormUs / 4);
  return { ...plan, proposals: drawn };
}

const HINT_PROFILES = ['partition-storm', 'pause-storm', 'crash-storm', 'clock-storm', 'membership'] as const;
/** Outages of one run, and how long they take, in microseconds. */
const OUTAGES = 4;
const OUTAGE_US = [5_000, 80_000] as const;

/** A plan whose threads now and then reach few replicas or none, and are answered all the same. */
export function hintsPlan(seed: number): SimPlan {
  const random = streamOf(seed, -1, 'outages');
  const profile = HINT_PROFILES[seed % HINT_PROFILES.length]!;
  const plan = drawPlan(seed, profile, { clients: 3, operations: 12, keys: 1 + (seed % 2), writes: 0.6 });
  const { coordinators, loadUs } = plan.cluster;
  const places = placesOf(plan.cluster);
  const faults = Array.from({ length: OUTAGES }, (): FaultPlan => {
    const atUs = loadUs + between(random, 0, 100_000);
    const from = 1 << (places + below(random, coordinators));
    return { kind: 'cut', atUs, forUs: between(random, ...OUTAGE_US), from, to: between(random, 1, 2 ** places - 1) };
  });
  const operations = plan.operations.map(({ session: _s, ttlMs: _t, cancelAfterUs: _c, ...each }): OperationPlan => {
    const isPlain = each.call === 'get' || each.call === 'put' || each.call === 'delete';
    const thinkUs = between(random, 0, 12_000);
    if (!isPlain || below(random, 4) === 0) return { ...each, level: 'quorum', timeoutMs: 500, thinkUs };
    return { ...each, level: 'available', timeoutMs: pick(random, [10, 30]), thinkUs };
  });
  return { ...plan, operations, faults: [...plan.faults, ...faults] };
}

const EXPIRY_PROFILES = ['scramble', 'stalls', 'partition-storm', 'pause-storm', 'slow-replica'] as const;

/** From a plan with sessions, of which the judge of expiries knows nothing, to the next one. */
const SEEDS_APART = 1_000_000;

/** A plan in which most values expire soon, and live longer where somebody changes them. */
export function expiryPlan(seed: number): SimPlan {
  const profile = EXPIRY_PROFILES[seed % EXPIRY_PROFILES.length]!;
  const plan = unwatched(seed, profile, { clients: 3, operations: 12, keys: 1 });
  if (plan.operations.some(({ session }) => session !== undefined)) return expiryPlan(seed + SEEDS_APART);
  const operations = plan.operations.map((each, place): OperationPlan => {
    if (each.call !== 'put') return Object.assign({}, each, { timeoutMs: 1000 });
    const isPut = (place + seed) % 3 === 0;
    const ttlMs = isPut ? [5, 10, 20, 40][(place + seed) % 4]! : 1000;
    return Object.assign({}, each, { call: isPut ? 'put' : 'update', ttlMs, timeoutMs: 1000 });
  });
  const collects = seed % 4 === 0;
  return { ...plan, cluster: { ...plan.cluster, ...(collects && { collectAfterUs: 2_000 }) }, operations };
}

const WATCH_PROFILES = ['crash-storm', 'fail-points', 'stale-messages', 'pause-storm', 'scramble'] as const;

/** A plan with watches, in which deletions are erased, and replicas die, before a watch has read what it heard of. */
export function watchPlan(seed: number): SimPlan {
  const profile = WATCH_PROFILES[seed % WATCH_PROFILES.length]!;
  const plan = unwatched(seed, profile, { clients: 3, operations: 12, keys: 1 + (seed % 3), cluster: { replicas: 3 } });
  const collects = seed % 2 === 0;
  const operations = plan.operations.map((each, place): OperationPlan =>
    each.call === 'put' && place % 3 === 0 ? Object.assign({}, each, { call: 'delete' }) : each,
  );
  const cluster = { ...plan.cluster, ...(collects && { collectAfterUs: 1_000 }) };
  const watches = drawWatches(streamOf(seed, -1, 'watches'), { cluster, stormUs: plan.stormUs / 4 });
  return { ...plan, cluster, operations, watches };
}

/** Most seeds until the weak reads that some plans have break what only strong ones are promised. */
const PROMISE_SEEDS = 300;

/** Simulated clusters of production, whose reads are held to a promise that nobody made them. */
export function held({ broken, kept }: { readonly broken: LevelPromise; readonly kept: LevelPromise }): Catcher {
  return {
    name: 'simulator',
    catches: () => searchBreach(broken, PROMISE_SEEDS),
    flagsProduction: () => searchBreach(kept, PRODUCTION_SEEDS)?.what,
  };
}

function searchBreach(promise: LevelPromise, seedsMax: number): Catch | undefined {
  for (let seed = 1; seed <= seedsMax; seed++) {
    const plan = unwatched(seed, profileOf(seed));
    if (plan.operations.some(({ ttlMs }) => ttlMs !== undefined)) continue; // Promises know nothing of expiries.
    const { violation } = runPlan(plan, { promise });
    if (violation === undefined) continue;
    return { seeds: seed, events: undefined, what: `${violation.kind}: ${violation.text.split('\n')[0]}` };
  }
  return undefined;
}

/** A plan without watches and conflicts, whose questions would come between what is looked for. */
function unwatched(...drawn: Parameters<typeof drawPlan>): SimPlan {
  const { watches: _, conflicts: __, ...plan } = drawPlan(...drawn);
  return plan;
}

// One run of one plan, in two phases: safety while everything goes wrong, then progress of a healed core. Afterwards
// the histories are checked.
import { compareBallots } from '../../protocol/ballot.ts';
import type { Rules } from '../../protocol/rules.ts';
import type { Verdict } from '../../check/history.ts';
import type { Decision as Decided } from '../../store/topic.ts';
import type { Trace } from '../engine/trace.ts';
import type { Call } from './client.ts';
import { scheduleFaults } from './faults.ts';
import { FramePool } from './frames.ts';
import { judgeBallots } from './judge-ballots.ts';
import { judgeConflicts } from './judge-conflicts.ts';
import { healAndProgress } from './heal.ts';
import { judgeHistory, judgeRegisters, violationOf } from './judge.ts';
import type { Violation } from './judge.ts';
import type { Finding } from './judge-history.ts';
import type { LevelPromise } from './judge-sessions.ts';
import type { Decision, SimPlan } from './plan.ts';
import { SimCluster } from './sim-cluster.ts';
import { noteConflicts } from './note-conflicts.ts';
import type { ConflictCall } from './sim-conflicts.ts';

/** How a plan is run. */
export interface RunOptions {
  /** Rules of the protocol; default those of production. */
  readonly rules?: Rules | undefined;
  /** Whether the trace is kept. */
  readonly isTraced?: boolean;
  /** Whether the decisions about messages are kept. */
  readonly keepsDecisions?: boolean;
  /** What the reads of some levels are held to, besides what all are promised. */
  readonly promise?: LevelPromise | undefined;
  /** Looks at the cluster when the faults end and when the run ends. @returns what is wrong, if anything. */
  readonly check?: ((cluster: SimCluster) => string | undefined) | undefined;
}

/** What a run came to. */
export interface PlanResult {
  readonly plan: SimPlan;
  readonly violation: Violation | undefined;
  /** What the linearizability checker said. */
  readonly verdict: Verdict | undefined;
  /** 16 hexadecimal digits: equal for the same plan and code. */
  readonly hash: string;
  readonly events: number;
  /** Frames and votes that were sent. */
  readonly messages: number;
  readonly virtualUs: number;
  readonly calls: readonly Call[];
  readonly conflicts: readonly ConflictCall[];
  readonly faults: Readonly<Record<string, number>>;
  readonly reached: Readonly<Record<string, boolean>>;
  readonly trace: Trace;
  readonly decisions: readonly Decision[];
}

const EVENTS_MAX = 400_000;
/** Buffers that all runs of this thread share; what is in them never matters. */
const POOL = new FramePool();

/** Runs a plan; throws nothing: what a run throws is a violation. */
export function runPlan(plan: SimPlan, options: RunOptions = {}): PlanResult {
  const { rules, isTraced = false, keepsDecisions = false, promise } = options;
  const cluster = new SimCluster({ plan, isTraced, keepsDecisions, pool: POOL, ...(rules && { rules }) });
  let violation: Violation | undefined;
  let verdict: Verdict | undefined;
  try {
    violation = play(cluster, options);
    const judged = judgeHistory(
      cluster.calls,
      promise,
      cluster.watches.flatMap(({ legs }) => legs),
    );
    ({ verdict } = judged);
    const ofBallots = violationOf('ballot', judgeHouse(cluster));
    const ofConflicts = violationOf('conflict', judgeConflicts(cluster.conflicts.calls));
    // What clients saw comes first: it cannot be argued with.
    violation = judged.violation ?? ofConflicts ?? ofBallots ?? violation;
  } catch (error) {
    violation = { kind: 'crash', text: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  noteReached(cluster);
  const { engine } = cluster;
  if (violation !== undefined && isTraced) {
    engine.trace.add({ atUs: engine.nowUs, kind: 'violation', from: -1, text: `${violation.kind}: ${violation.text}` });
  }
  return {
    plan,
    violation,
    verdict,
    hash: engine.hash,
    events: engine.events,
    messages: cluster.network.sent,
    virtualUs: engine.nowUs,
    calls: cluster.calls,
    conflicts: cluster.conflicts.calls,
    faults: engine.faults,
    reached: engine.reached,
    trace: engine.trace,
    decisions: cluster.fates.kept,
  };
}

function play(cluster: SimCluster, { check }: RunOptions): Violation | undefined {
  const { engine, plan } = cluster;
  cluster.start();
  scheduleFaults(cluster);
  const end = engine.run({ untilUs: plan.stormUs, eventsMax: EVENTS_MAX, isOver: () => cluster.areClientsDone });
  if (end === 'events') return { kind: 'liveness', text: `The storm takes more than ${EVENTS_MAX} events` };
  const wrong = judgeRegisters(cluster) ?? checked(check?.(cluster));
  if (wrong !== undefined || plan.endsWithStorm === true) return wrong;
  return healAndProgress(cluster) ?? judgeRegisters(cluster) ?? checked(check?.(cluster));
}

/** What is wrong with ballots, and with who keeps the house. */
function judgeHouse({ ballots, house }: SimCluster): Finding | undefined {
  if (house?.wrong !== undefined) return { key: undefined, text: house.wrong };
  return ballots && judgeBallots(ballots);
}

function checked(text: string | undefined): Violation | undefined {
  return text === undefined ? undefined : { kind: 'check', text };
}

/** What happens to watches. */
const WATCHED = [
  'a watch tells of a deletion',
  'a watch goes on from a position',
  'a watch goes on in another thread',
  'a watch is told that it cannot go on',
  'a watch is told that its reader is too slow',
  'a watch ends because the state is lost',
] as const;

/** What every run is asked, so that a condition that is never true is seen. */
function noteReached({ engine, coordinators, calls, ballots, conflicts }: SimCluster): void {
  noteConflicts(engine, conflicts.calls);
  const sum = (name: 'slowReads' | 'slowWrites' | 'fastChanges' | 'framesResent'): number =>
    coordinators.reduce((total, { coordinator }) => total + coordinator.counters[name], 0);
  const some = (holds: (call: Call) => boolean): boolean => calls.some(holds);
  engine.sometimes('a read makes a value stable first', sum('slowReads') > 0);
  engine.sometimes('a refused write is finished', sum('slowWrites') > 0);
  engine.sometimes('a silent replica is asked again', sum('framesResent') > 0);
  engine.sometimes(
    'a write is acknowledged',
    some(({ kind, outcome }) => kind === 'put' && outcome === 'ok'),
  );
  engine.sometimes(
    'a change is made',
    some(({ kind, outcome }) => kind === 'change' && outcome === 'ok'),
  );
  engine.sometimes(
    'a change finds something else',
    some(({ outcome }) => outcome === 'kept'),
  );
  engine.sometimes(
    'nobody will know whether a change happened',
    some(({ outcome }) => outcome === 'lost'),
  );
  engine.sometimes('a change takes one round trip', sum('fastChanges') > 0);
  engine.sometimes(
    'a write stays unknown',
    some(({ outcome }) => outcome === 'unknown'),
  );
  engine.sometimes(
    'an unknown write is resolved',
    some(({ finishes, outcome }) => !!finishes && outcome === 'ok'),
  );
  engine.sometimes(
    'a deleted key is read',
    some(({ outcome }) => outcome === 'absent'),
  );
  engine.sometimes(
    'a value that expires is written',
    some(({ plan, outcome }) => plan.ttlMs !== undefined && outcome === 'ok'),
  );
  engine.sometimes(
    'an operation is unavailable',
    some(({ outcome }) => outcome === 'unavailable'),
  );
  engine.sometimes(
    'a write is left to its client to finish',
    some(({ hint }) => hint !== undefined),
  );
  engine.sometimes(
    'what was left to a client is finished',
    some(({ hint }) => hint?.end?.as === 'finished'),
  );
  engine.sometimes(
    'a read that no quorum answers is stale',
    some(({ isStale }) => isStale),
  );
  engine.sometimes(
    'a page of keys is read',
    some(({ page }) => page !== undefined && page.entries.length > 0),
  );
  engine.sometimes(
    'a page is not the last one',
    some(({ page }) => page?.after !== undefined),
  );
  engine.sometimes(
    'a page begins where another has ended',
    some(({ plan, page }) => plan.after === 'page' && page?.from !== undefined),
  );
  engine.sometimes(
    'a session reads a page',
    some(({ plan, page }) => plan.session !== undefined && page !== undefined),
  );
  engine.sometimes(
    'a cache answers a read',
    some(({ ageMs }) => ageMs !== undefined),
  );
  engine.sometimes(
    'a cache answers by counting versions',
    some(({ ageMs, plan }) => ageMs !== undefined && plan.maxStaleVersions !== undefined),
  );
  engine.sometimes(
    'a cache answers what has been overwritten',
    some((read) => read.ageMs !== undefined && some((write) => isOverwritten(read, write))),
  );
  engine.sometimes(
    'a cache answers a session',
    some(({ ageMs, plan }) => ageMs !== undefined && plan.session !== undefined),
  );
  engine.sometimes(
    'a session is continued from its token',
    some(({ plan, outcome }) => plan.session === 'moved' && outcome === 'ok'),
  );
  const decided = ballots?.proposals.flatMap(({ result }) =>
    typeof result === 'object' && 'decision' in result ? [result.decision] : [],
  );
  const someDecided = (holds: (decision: Decided) => boolean): boolean => decided?.some(holds) === true;
  engine.sometimes(
    'a proposal is committed',
    someDecided(({ outcome }) => outcome === 'commit'),
  );
  engine.sometimes(
    'a proposal is refused',
    someDecided(({ why }) => why === 'refused'),
  );
  engine.sometimes(
    'a proposal is vetoed',
    someDecided(({ why }) => why === 'vetoed'),
  );
  engine.sometimes(
    'a proposal is given up because votes are missing',
    someDecided(({ why }) => why === 'timeout'),
  );
  engine.sometimes(
    'voters judge a proposal again',
    someDecided(({ rounds }) => rounds > 1),
  );
  engine.sometimes('voters are told of decisions though nobody proposes any more', false);
  engine.sometimes('another chair takes over', false);
  engine.sometimes('the state is lost and the cluster says so', false);
  engine.sometimes('an empty state begins in place of a lost one', false);
  engine.sometimes('a repair hands on what a replica lacks', false);
  engine.sometimes('a replica recovers', false);
  engine.sometimes('a hung replica is ended', false);
  engine.sometimes('a change of members is done', false);
  engine.sometimes('a change of members is undone', false);
  engine.sometimes('a change of members is refused while another is under way', false);
  for (const what of WATCHED) engine.sometimes(what, false);
}

/** Whether a write had ended before a read, which is older. */
function isOverwritten(read: Call, { kind, key, outcome, version, end = Number.POSITIVE_INFINITY }: Call): boolean {
  if (kind !== 'put' || outcome !== 'ok' || key !== read.key || end > read.start) return false;
  return version !== undefined && read.version !== undefined && compareBallots(version, read.version) > 0;
}

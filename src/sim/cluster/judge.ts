// What a run is judged by: its histories must be linearizable, every value whole, every register as the protocol says.
import type { Verdict } from '../../check/history.ts';
import { checkLinearizable } from '../../check/linearizability.ts';
import { compareBallots } from '../../protocol/ballot.ts';
import type { Entry } from '../../replica/key-table.ts';
import type { Call } from './client.ts';
import { nameOf } from './client.ts';
import { judgeAbsences } from './judge-absences.ts';
import { judgeAvailable } from './judge-available.ts';
import { judgeCached } from './judge-cached.ts';
import { expiriesOf, expiringRegister, judgeExpiry, momentsOf } from './judge-expiry.ts';
import { historyOf } from './judge-history.ts';
import type { Finding } from './judge-history.ts';
import { withHandovers } from './judge-handovers.ts';
import { judgeLevels } from './judge-levels.ts';
import { judgePages } from './judge-pages.ts';
import { plainOf, withAgesGranted, withPagesApart } from './judge-reads.ts';
import { judgePromise, judgeSessions } from './judge-sessions.ts';
import type { LevelPromise } from './judge-sessions.ts';
import { judgeWatches, readsOf } from './judge-watches.ts';
import type { WatchLeg } from './judge-watches.ts';
import { heldNumber } from './probe.ts';
import type { SimCluster } from './sim-cluster.ts';

/** What is wrong with a run. */
export interface Violation {
  /** Its class: what the shrinker keeps. */
  readonly kind:
    | 'linearizability'
    | 'integrity'
    | 'level'
    | 'page'
    | 'staleness'
    | 'session'
    | 'watch'
    | 'conflict'
    | 'convergence'
    | 'placement'
    | 'ballot'
    | 'invariant'
    | 'liveness'
    | 'check'
    | 'crash';
  /** The key whose history or register is wrong, where it is one. */
  readonly key?: string;
  /** For people: what, and where. */
  readonly text: string;
}

/**
 * What is wrong with the histories of a run; `undefined` when each is linearizable, and its weaker reads got what they
 * are promised too.
 *
 * @param promise is what the reads of some levels are held to besides.
 * @param legs is what watches have told.
 */
export function judgeHistory(
  calls: readonly Call[],
  promise?: LevelPromise,
  legs: readonly WatchLeg[] = [],
): { readonly verdict: Verdict; violation: Violation | undefined } {
  const corrupt = calls.find(({ corruption }) => corruption !== undefined);
  const event = legs.flatMap(({ events }) => events).find(({ corruption }) => corruption !== undefined);
  const apart = withPagesApart(calls);
  const moments = momentsOf(apart);
  const granted = withAgesGranted(apart);
  const told = withHandovers(apart);
  const history = [...historyOf(granted), ...readsOf(legs), ...expiriesOf(apart, moments)];
  const verdict = checkLinearizable(history, expiringRegister());
  if (corrupt !== undefined) {
    return { verdict, violation: { kind: 'integrity', text: `${nameOf(corrupt)}: ${corrupt.corruption}` } };
  }
  if (event !== undefined) return { verdict, violation: { kind: 'integrity', text: `A watch: ${event.corruption}` } };
  if (verdict.verdict === 'unknown') {
    return { verdict, violation: { kind: 'linearizability', text: `Not decided: ${verdict.reason}` } };
  }
  if (verdict.verdict === 'illegal') return { verdict, violation: violationOf('linearizability', verdict.explanation) };
  return {
    verdict,
    violation:
      violationOf('page', judgePages(calls)) ??
      violationOf('level', judgeExpiry(apart, moments) ?? judgeLevels(granted, moments) ?? judgeAvailable(calls)) ??
      violationOf('staleness', judgeCached(apart, new Set([...moments.keys()].map(({ key }) => key)))) ??
      violationOf('session', judgeSessions(told) ?? judgeAbsences(told, moments)) ??
      violationOf('session', promise && judgePromise(plainOf(calls), promise)) ??
      violationOf('watch', judgeWatches(legs, apart, moments)),
  };
}

/** A finding as a violation of some kind. */
export function violationOf(kind: Violation['kind'], finding: Finding): Violation;
export function violationOf(kind: Violation['kind'], finding: Finding | undefined): Violation | undefined;
export function violationOf(kind: Violation['kind'], finding: Finding | undefined): Violation | undefined {
  if (finding === undefined) return undefined;
  const { key, text } = finding;
  return { kind, text, ...(key !== undefined && { key }) };
}

/** What is wrong with the registers that the replicas hold now. */
export function judgeRegisters({ replicas }: SimCluster): Violation | undefined {
  const values = new Map<string, string>();
  for (let index = 0; index < replicas.length; index++) {
    const { replica } = replicas[index]!;
    if (replica?.isOperational !== true) continue;
    for (const entry of replica.table.entries()) {
      const wrong = judgeEntry(entry, values);
      if (wrong !== undefined) return { kind: 'invariant', text: `A${index}: ${wrong}` };
    }
  }
  return undefined;
}

function judgeEntry(entry: Entry, values: Map<string, string>): string | undefined {
  const { register, key, valueBytes } = entry;
  const { promised, accepted, root, isVoted } = register;
  if (compareBallots(root, accepted) > 0) return 'A root is never newer than its entry';
  if (isVoted && compareBallots(promised, accepted) < 0) return 'A promise is never below an entry that was voted for';
  const place = `${key.join()}@${accepted.high}:${accepted.low}`;
  const held = `${valueBytes}:${heldNumber(entry)}:${root.high}:${root.low}`;
  const before = values.get(place);
  values.set(place, held);
  return before === undefined || before === held ? undefined : 'A ballot is never used for two values';
}

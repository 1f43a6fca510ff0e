// In a healed core, what the keys hold has to come to every watch: its reader knows it then, whatever the storm has
// overwritten, deleted or erased before anybody read it, and however often the watch broke off and went on.
//
// A replica that lives and never answers, as no thread does for long, keeps something from them: what it alone has told
// of has to be found before anything older is told, and that a deletion was erased, all homes of the key have to say.
import { compareBallots, copyBallot, mutableBallot } from '../../protocol/ballot.ts';
import type { Ballot } from '../../protocol/ballot.ts';
import type { Violation } from './judge.ts';
import type { OperationPlan } from './plan.ts';
import { keyText } from './probe.ts';
import type { SimCluster } from './sim-cluster.ts';

/** How often it is looked whether all has come, and the time between, in microseconds. */
const LOOKS_MAX = 60;
const SETTLE_US = 50_000;
const EVENTS_MAX = 400_000;

/** Waits until readers know what is held; `broken` never answer. @returns what they do not get to know. */
export function healWatches(cluster: SimCluster, broken: number): Violation | undefined {
  const { watches, engine } = cluster;
  if (watches.length === 0) return undefined;
  let wrong: Violation | undefined;
  for (let look = 0; look < LOOKS_MAX; look++) {
    const held = readAll(cluster);
    if (held === undefined) return undefined; // Whether reads end is judged elsewhere.
    wrong = missing(cluster, held, broken);
    if (wrong === undefined) return undefined;
    engine.run({ untilUs: engine.nowUs + SETTLE_US, eventsMax: EVENTS_MAX });
    wrong = missing(cluster, held, broken);
    if (wrong === undefined) return undefined;
  }
  return wrong;
}

/** The number of the value of each key, 0 for none; `undefined` where a read does not find it. */
function readAll({ plan, clients, coordinators, calls, engine }: SimCluster): ReadonlyMap<string, number> | undefined {
  const keys = [...new Set(plan.operations.map(({ key }) => key))];
  const get = {
    client: 0,
    call: 'get',
    value: 0,
    level: 'quorum',
    timeoutMs: 5_000,
    thinkUs: 0,
    joins: false,
  } as const;
  const live = clients.slice(0, coordinators.length).find((_, index) => !coordinators[index]!.isGone);
  if (live === undefined) return undefined;
  const before = calls.length;
  live.add(keys.map((key): OperationPlan => ({ ...get, key })));
  engine.run({ untilUs: engine.nowUs + 10_000_000, eventsMax: EVENTS_MAX, isOver: () => live.isDone });
  const reads = calls.slice(before);
  const isRead = reads.length === keys.length && reads.every(({ outcome }) => outcome === 'ok' || outcome === 'absent');
  return isRead ? new Map(reads.map(({ plan: { key }, value }) => [key, value])) : undefined;
}

function missing(cluster: SimCluster, held: ReadonlyMap<string, number>, broken: number): Violation | undefined {
  for (const watch of cluster.watches) {
    for (const [key, value] of held) {
      const known = watch.knows(key);
      if (known === undefined || known === value) continue;
      if (broken !== 0 && (value === 0 || isNewestAt(cluster, key, broken))) continue;
      const text = `w${watch.plan.watch} was not told that ${key} holds ${nameOf(value)}, but of ${nameOf(known)}`;
      return { kind: 'watch', key, text };
    }
  }
  return undefined;
}

/** Whether one of `broken` holds something newer of a key than all others. */
function isNewestAt({ replicas }: SimCluster, name: string, broken: number): boolean {
  const newest = [mutableBallot(), mutableBallot()] as const;
  replicas.forEach(({ replica }, index) => {
    const of = newest[(broken >>> index) & 1]!;
    for (const { key, keyBytes, register } of replica?.table.entries() ?? []) {
      const accepted: Ballot = register.accepted;
      if (keyText(key, keyBytes) === name && compareBallots(accepted, of) > 0) copyBallot(of, accepted);
    }
  });
  return compareBallots(newest[1], newest[0]) > 0;
}

function nameOf(value: number): string {
  return value === 0 ? 'nothing' : `v${value}`;
}

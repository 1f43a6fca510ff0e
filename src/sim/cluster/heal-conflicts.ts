// In a healed core, keys that keep siblings or merge have to be read by every thread that is left, and written; all
// threads have to see the same, and the replicas to hold it.
import { compareBallots } from '../../protocol/ballot.ts';
import type { Ballot } from '../../protocol/ballot.ts';
import type { ConflictPlan } from './conflict-plan.ts';
import type { Finding } from './judge-history.ts';
import { keyText } from './probe.ts';
import { bucketNamed } from './sim-buckets.ts';
import type { SimCluster } from './sim-cluster.ts';
import { nameOfConflict } from './sim-conflicts.ts';
import type { ConflictCall } from './sim-conflicts.ts';

type ConflictKey = Pick<ConflictPlan, 'bucket' | 'key'>;

/**
 * Reads all, writes each key, reads all again. @returns what does not come about.
 *
 * A first write may go by a promise of the storm, and be older than deletions that may have been forgotten since: then
 * nobody can tell what came of it, and it is written anew.
 */
export function endConflicts(cluster: SimCluster, runUntil: (isOver: () => boolean) => boolean): string | undefined {
  const { conflicts, plan } = cluster;
  const live = conflicts.clients.slice(0, cluster.coordinators.length).filter(({ isGone }) => !isGone);
  const keys = keysOf(plan.conflicts ?? []);
  const each = { client: 0, level: 'quorum', timeoutMs: 5_000, thinkUs: 0, joins: false } as const;
  const readAll = (): void =>
    live.forEach((client) => client.add(keys.map((key) => ({ ...each, ...key, call: 'get', value: 0 }))));
  const before = conflicts.calls.length;
  const write = (some: readonly ConflictKey[], more: number): void =>
    some.forEach((key, index) => {
      const put = { ...each, ...key, call: 'put', value: more + lastOf(plan.conflicts!, key), seen: 0 } as const;
      live[index % live.length]?.add([put]);
    });
  let firstEnd = 0;
  const steps = [
    readAll,
    (): void => write(keys, 1),
    (): void => {
      firstEnd = conflicts.calls.length;
      const lost = keys.filter((key) => conflicts.calls.slice(before).some((call) => isLost(call, key)));
      write(lost, 2);
    },
    readAll,
  ];
  for (const step of steps) {
    step();
    if (runUntil(() => conflicts.clients.every(({ isDone }) => isDone))) continue;
    const open = conflicts.calls.filter(({ end }) => end === undefined);
    return `${open.map(nameOfConflict).join(', ') || 'Clients of buckets'} never ended`;
  }
  const failed = conflicts.calls.slice(before).find(({ outcome }, index) => {
    const isTriedAgain = outcome === 'lost' && before + index < firstEnd;
    return outcome !== 'ok' && outcome !== 'absent' && !isTriedAgain;
  });
  return failed && `${nameOfConflict(failed)} ends as ${failed.outcome}`;
}

/** Where the last reads of one key differ, though nobody wrote any more. */
export function judgeLastReads({ conflicts, life }: Pick<SimCluster, 'conflicts' | 'life'>): Finding | undefined {
  const reads = new Map<string, ConflictCall[]>();
  for (const call of conflicts.calls.filter(({ state }) => state === life.resets)) {
    if (call.plan.call !== 'get') reads.delete(call.key);
    else if (call.seen !== undefined) reads.set(call.key, [...(reads.get(call.key) ?? []), call]);
  }
  for (const [key, ofKey] of reads) {
    const [first, ...others] = ofKey;
    const other = others.find(({ seen }) => textOf(seen?.numbers) !== textOf(first!.seen?.numbers));
    if (other === undefined) continue;
    return {
      key,
      text: `${nameOfConflict(first!)} saw ${textOf(first!.seen?.numbers)}, another ${textOf(other.seen?.numbers)}`,
    };
  }
  return undefined;
}

/** A key of which the replicas of a core, a mask, hold different entries; `undefined` when there is none. */
export function conflictDivergence({ replicas, plan, electorate }: SimCluster, core: number): Finding | undefined {
  const names = new Set(keysOf(plan.conflicts ?? []).map(({ bucket, key }) => bucketNamed(bucket).prefix + key));
  const held = new Map<string, { readonly ballot: Ballot; readonly homes: number; holders: number }>();
  for (let index = 0; index < replicas.length && names.size > 0; index++) {
    const { replica } = replicas[index]!;
    if (((core >>> index) & 1) === 0 || replica === undefined) continue;
    for (const { hash, key, keyBytes, register } of replica.table.entries()) {
      const name = keyText(key, keyBytes);
      const homes = electorate.homesOf(hash) & core;
      if (!names.has(name) || ((homes >>> index) & 1) === 0) continue;
      const known = held.get(name);
      if (known === undefined) held.set(name, { ballot: { ...register.accepted }, homes, holders: 1 << index });
      else if (compareBallots(known.ballot, register.accepted) === 0) known.holders |= 1 << index;
    }
  }
  const [key] = [...held].find(([, { homes, holders }]) => homes !== holders) ?? [];
  return key === undefined
    ? undefined
    : { key, text: `The replicas of the core hold different entries of ${key.slice(1)}` };
}

/** Whether nobody can tell what came of a put of that key. */
function isLost({ plan: { bucket, key, call }, outcome }: ConflictCall, of: ConflictKey): boolean {
  return outcome === 'lost' && call === 'put' && bucket === of.bucket && key === of.key;
}

function keysOf(plans: readonly ConflictPlan[]): ConflictKey[] {
  return [...new Map(plans.map(({ bucket, key }) => [`${bucket} ${key}`, { bucket, key }])).values()];
}

/** The highest value that a key is written; a counter has room for one more. */
function lastOf(plans: readonly ConflictPlan[], { bucket, key }: ConflictKey): number {
  const values = plans.flatMap((each) =>
    each.bucket === bucket && each.key === key && each.call === 'put' ? [each.value] : [],
  );
  return Math.max(0, ...values);
}

function textOf(numbers: readonly number[] | undefined): string {
  return numbers?.toSorted((a, b) => a - b).join(' ') ?? '';
}

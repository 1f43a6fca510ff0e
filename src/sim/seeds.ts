// Many seeds in a row, added up: what a thread of the pool does for `quorate sim`.
import { wordOf } from './engine/chance.ts';
import { RollingHash } from './engine/rolling-hash.ts';
import type { Profile } from './cluster/profiles.ts';
import { rulesWithout } from './regression.ts';
import { profileOf, simulate } from './simulate.ts';

/** Which seeds are run; plain, so that it crosses threads. */
export interface SeedRange {
  /** The first seed. */
  readonly seed: number;
  readonly runs: number;
  /** One profile for all; each seed names its own where none is given. */
  readonly profile?: Profile;
  /** Rules of the protocol to take away, by name. */
  readonly without: readonly string[];
}

/** A run that went wrong. */
export interface SeedFailure {
  readonly seed: number;
  readonly profile: Profile;
  readonly kind: string;
  readonly text: string;
}

/** What the runs came to; sums of integers, so that they add up to the same in any order. */
export interface SeedSummary {
  readonly runs: number;
  readonly events: number;
  readonly messages: number;
  readonly virtualUs: number;
  readonly faults: Readonly<Record<string, number>>;
  /** How many runs reached each condition. */
  readonly sometimes: Readonly<Record<string, number>>;
  readonly violations: number;
  /** The first ones. */
  readonly failures: readonly SeedFailure[];
  /** Hash over the hashes of the runs, by seed. */
  readonly hash: string;
}

/** Failures that are described; all are counted. */
const FAILURES_MAX = 5;

/** Runs the seeds of a range, one after the other. */
export function runSeeds({ seed: first, runs, profile: given, without }: SeedRange): SeedSummary {
  const rules = rulesWithout(without);
  const summary = { events: 0, messages: 0, virtualUs: 0, violations: 0 };
  const faults: Record<string, number> = {};
  const sometimes: Record<string, number> = {};
  const failures: SeedFailure[] = [];
  const hash = new RollingHash();
  for (let index = 0; index < runs; index++) {
    const seed = (first + index) >>> 0;
    const profile = given ?? profileOf(seed);
    const result = simulate({ seed, profile, rules });
    summary.events += result.events;
    summary.messages += result.messages;
    summary.virtualUs += Math.round(1e6 * result.virtualSeconds);
    for (const [name, count] of Object.entries(result.faults)) faults[name] = (faults[name] ?? 0) + count;
    for (const [name, isReached] of Object.entries(result.sometimes)) {
      sometimes[name] = (sometimes[name] ?? 0) + (isReached ? 1 : 0);
    }
    hash.add(wordOf(result.hash));
    summary.violations += result.violations.length;
    for (const { kind, text } of result.violations) {
      if (failures.length < FAILURES_MAX) failures.push({ seed, profile, kind, text });
    }
  }
  return { runs, ...summary, faults, sometimes, failures, hash: hash.text };
}

/** Adds up ranges that follow each other. */
export function addSummaries(summaries: readonly SeedSummary[]): SeedSummary {
  const sum = (of: (summary: SeedSummary) => number): number => summaries.reduce((total, each) => total + of(each), 0);
  const hash = new RollingHash();
  for (const each of summaries) hash.add(wordOf(each.hash));
  return {
    runs: sum(({ runs }) => runs),
    events: sum(({ events }) => events),
    messages: sum(({ messages }) => messages),
    virtualUs: sum(({ virtualUs }) => virtualUs),
    violations: sum(({ violations }) => violations),
    faults: addCounts(summaries.map(({ faults }) => faults)),
    sometimes: addCounts(summaries.map(({ sometimes }) => sometimes)),
    failures: summaries.flatMap(({ failures }) => failures).slice(0, FAILURES_MAX),
    hash: hash.text,
  };
}

function addCounts(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
  }
  return Object.fromEntries(Object.entries(total).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

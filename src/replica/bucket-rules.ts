// What the rules of a bucket may be, and what they come to where they are left out.
import { rangeError } from '../base/errors.ts';
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import { CONFLICT_RULES, MERGE_NAMES } from '../store/conflicts.ts';
import type { Conflicts, MergeName } from '../store/conflicts.ts';
import type { BucketOptions, Level } from '../store/store.ts';
import { requireTtl } from './expiry.ts';
import { levelSizes } from './level-sizes.ts';

/** The rules of one bucket, none left out; plain data. */
export interface BucketRules {
  readonly writeOnce: boolean;
  readonly exactlyOnce: boolean;
  readonly conflicts: Conflicts;
  /** Where conflicts are merged. */
  readonly merge: MergeName | undefined;
  readonly readLevel: Level;
  readonly writeLevel: Level;
  /** After which time what is written expires; `undefined` where it does not. */
  readonly ttlMs: number | undefined;
}

const KNOWN = ['writeOnce', 'exactlyOnce', 'conflicts', 'merge', 'readLevel', 'writeLevel', 'ttlMs'] as const;

/** @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` for rules that are none, or that contradict each other. */
export function checkedRules(name: string, rules: unknown, quorums: RegisterQuorums): BucketRules {
  if (typeof rules !== 'object' || rules === null) throw mistake(`rules of bucket '${name}'`, 'it must be an object');
  for (const rule of Object.keys(rules)) {
    const isKnown = KNOWN.some((known) => known === rule);
    if (!isKnown) throw mistake(`rule '${rule}' of bucket '${name}'`, `it must be one of ${KNOWN.join(', ')}`);
  }
  const {
    writeOnce = false,
    exactlyOnce = false,
    conflicts = 'linearizable',
    merge,
    ttlMs,
    ...levels
  }: BucketOptions = rules;
  for (const [rule, value] of Object.entries({ writeOnce, exactlyOnce })) {
    if (typeof value === 'boolean') continue;
    throw mistake(`${rule} of bucket '${name}': ${typeof value}`, 'it must be true or false');
  }
  if (!Object.hasOwn(CONFLICT_RULES, conflicts)) {
    const allowed = `it must be one of ${Object.keys(CONFLICT_RULES).join(', ')}`;
    throw mistake(`conflicts '${conflicts}' of bucket '${name}'`, allowed);
  }
  if (conflicts === 'merge' ? !MERGE_NAMES.some((known) => known === merge) : merge !== undefined) {
    const allowed = `with conflicts 'merge' it must be one of ${MERGE_NAMES.join(', ')}, and without nothing`;
    throw mistake(`merge '${merge}' of bucket '${name}'`, allowed);
  }
  const preset = conflicts === 'last-writer' ? 'one' : 'quorum';
  const { readLevel = preset, writeLevel = preset } = levels;
  for (const level of [readLevel, writeLevel]) levelSizes(level, quorums);
  if (ttlMs !== undefined) requireTtl(ttlMs);
  const checked = { writeOnce, exactlyOnce, conflicts, merge, readLevel, writeLevel, ttlMs };
  refuseContradiction(name, checked);
  refuseWeakLevels(name, checked);
  refuseExpiry(name, checked);
  return checked;
}

/** Rules that each say how writes that meet are told apart. */
function refuseContradiction(name: string, { conflicts, writeOnce, exactlyOnce }: BucketRules): void {
  if (conflicts === 'linearizable' || (!writeOnce && !exactlyOnce)) return;
  const other = writeOnce ? 'writeOnce' : 'exactlyOnce';
  throw mistake(`${other} with conflicts '${conflicts}' in bucket '${name}'`, 'one rule says what writes come to');
}

/** What is merged is one value of many writes, each of which would have its own time. */
function refuseExpiry(name: string, { conflicts, ttlMs }: BucketRules): void {
  if (CONFLICT_RULES[conflicts] === 'bucket' || ttlMs === undefined) return;
  throw mistake(`ttlMs with conflicts '${conflicts}' in bucket '${name}'`, 'only a value as a whole expires');
}

/** Below the quorum a read may see what never comes to be: what is said of it would be said of another value later. */
function refuseWeakLevels(name: string, { conflicts, readLevel, writeLevel }: BucketRules): void {
  if (CONFLICT_RULES[conflicts] === 'bucket') return;
  for (const [rule, level] of Object.entries({ readLevel, writeLevel })) {
    if (level === 'quorum' || level === 'all') continue;
    throw mistake(
      `${rule} ${JSON.stringify(level)} with conflicts '${conflicts}'`,
      `in bucket '${name}' it must be quorum or all`,
    );
  }
}

function mistake(given: string, allowed: string): RangeError {
  return rangeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use ${given}: ${allowed}`);
}

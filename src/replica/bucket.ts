// Buckets: keys with a name before them and rules of their own. All clients of a cluster agree on its buckets, because
// they come with the connection.
//
// A bucket's key begins with U+0001, the bucket's name and U+0001 again; no key outside of a bucket begins so. Those of
// topics begin with U+0002.
import { errorText } from '../base/error-text.ts';
import { rangeError, typeError } from '../base/errors.ts';
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import { CONFLICT_RULES } from '../store/conflicts.ts';
import type { BucketCall } from '../store/conflicts.ts';
import type { Value } from '../store/store.ts';
import { checkedRules } from './bucket-rules.ts';
import type { BucketRules } from './bucket-rules.ts';
import type { ChangeStep } from './change-steps.ts';

const MARK = '\u0001';
const MARK_CODE = 1;
const NAME = /^[\w.-]{1,64}$/;

/** The buckets of a cluster, by name. */
export type Buckets = Readonly<Record<string, BucketRules>>;

/** Where an operation goes, and by which rules. */
export interface Bucket {
  readonly name: string;
  readonly rules: BucketRules;
  /** What its keys begin with. */
  readonly prefix: string;
}

/**
 * Checks what a cluster is opened with. @returns plain data, for the connections.
 *
 * @throws {TypeError | RangeError} `ERR_QUORATE_INVALID_ARGUMENT` for names and rules that are none.
 */
export function checkedBuckets(buckets: unknown, quorums: RegisterQuorums): Buckets {
  if (buckets === undefined) return {};
  if (typeof buckets !== 'object' || buckets === null) throw invalid(`buckets ${typeof buckets}`, 'an object by name');
  return Object.fromEntries(
    Object.entries(buckets).map(([name, rules]) => {
      if (!NAME.test(name)) throw invalid(`bucket name '${name}'`, 'of 1 to 64 letters, digits, and . _ -');
      return [name, checkedRules(name, rules, quorums)];
    }),
  );
}

/**
 * The bucket of that name, asked for by `call`.
 *
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` where the cluster has none, or one that is for another call.
 */
export function bucketOf(buckets: Buckets, name: string, call: BucketCall): Bucket {
  const rules = typeof name === 'string' && Object.hasOwn(buckets, name) ? buckets[name] : undefined;
  if (rules !== undefined) {
    const right = CONFLICT_RULES[rules.conflicts];
    if (right === call) return { name, rules, prefix: `${MARK}${name}${MARK}` };
    throw invalid(`${call}('${name}')`, `${right}('${name}'), since its conflicts are '${rules.conflicts}'`);
  }
  const names = Object.keys(buckets);
  const known = names.length === 0 ? 'the cluster was opened without any' : `it must be one of ${names.join(', ')}`;
  throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use bucket '${errorText(name)}': ${known}`);
}

/**
 * The key of an operation as replicas know it. What is no key at all is refused where it is written.
 *
 * @throws {TypeError | RangeError} `ERR_QUORATE_KEY`.
 */
export function keyIn(bucket: Bucket | undefined, key: string): string {
  if (bucket === undefined) {
    if (typeof key !== 'string' || !isMark(key.charCodeAt(0))) return key;
    throw rangeError(
      'ERR_QUORATE_KEY',
      'Cannot use the key: only those of buckets and topics begin with U+0001, U+0002',
    );
  }
  const where = `in bucket '${bucket.name}'`;
  if (typeof key !== 'string') throw typeError('ERR_QUORATE_KEY', `Cannot use a ${typeof key} as key ${where}`);
  if (key.length === 0) throw rangeError('ERR_QUORATE_KEY', `Cannot use an empty key ${where}`);
  return bucket.prefix + key;
}

/** What keys of buckets and of topics (topic-rules.ts) begin with; NaN is of an empty key. */
function isMark(code: number): boolean {
  return code === MARK_CODE || code === MARK_CODE + 1;
}

/** A step by the rules of its bucket: where values are written once, it finds a conflict in any value. */
export function stepIn(bucket: Bucket | undefined, step: ChangeStep): ChangeStep {
  if (bucket?.rules.writeOnce !== true) return step;
  return (held) => (held.value === undefined ? step(held) : 'conflict');
}

/** Whether a bucket's writes without a condition have to look at what they overwrite. */
export function looksFirst(bucket: Bucket | undefined): boolean {
  return bucket !== undefined && (bucket.rules.writeOnce || bucket.rules.exactlyOnce);
}

/** Writes whatever the key holds, as a change. */
export function overwriteStep(next: Value): ChangeStep {
  return () => ({ value: next });
}

function invalid(given: string, allowed: string): RangeError {
  return rangeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use ${given}: it must be ${allowed}`);
}

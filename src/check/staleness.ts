// How old a read may be: by time, or by versions.
import { integerOption, rangeError } from '../base/errors.ts';
import type { Operation, Verdict } from './history.ts';
import { checkLinearizable } from './linearizability.ts';
import { ILLEGAL } from './model.ts';
import type { Model, SearchLimits } from './model.ts';
import { describeRegisterCall, registerModel } from './models/register.ts';
import { identityOf, mayReturn } from './models/value.ts';
import { accessesOf, accessInWords, explanationOf, judgeVersions } from './sessions-versions.ts';
import type { VersionsBy } from './sessions-versions.ts';
import { demandFreshness } from './staleness-order.ts';
import type { StalenessBound } from './staleness-order.ts';

/** Options of {@link checkStaleness}: exactly one bound. */
export interface StalenessCheckOptions extends SearchLimits {
  /** How old a read may be, at least 0, in the unit of the operations' `start` and `end`; 0 is linearizable. */
  readonly maxStale?: number;
  /** Of how many latest versions a read may return any, an integer of at least 1; 1 is linearizable. */
  readonly maxVersions?: number;
  /** How versions are told apart, as in `checkSession`; default `value`. */
  readonly by?: VersionsBy;
}

/** Most versions that {@link StalenessCheckOptions.maxVersions} may allow. */
const VERSIONS_MAX = 1_000_000;

/**
 * Checks bounded staleness of `read` and `write` operations, as {@link checkSession} takes them.
 *
 * With `maxStale` the history must be linearizable once each read may have taken effect so much before it was called
 * (atomic within a bound of time). With `maxVersions` there must be an order, each operation between its call and its
 * return, in which a read returns one of the last so many versions (k-atomic); what was there before any write counts
 * as a version. By `version` the order of versions is the given one; by `value` it is any.
 *
 * The verdict is exact. By `version` it takes time linear in the history, by `value` too for `maxStale` and for
 * `maxVersions` 1. By `value` larger `maxVersions` need a search, which may end as `unknown` within its limits.
 *
 * Source: Golab, Li and Shah, "Analyzing Consistency Properties for Fun and Profit" (PODC 2011), the definition of
 * delta-atomicity; Golab, Hurwitz and Li, "On the k-Atomicity-Verification Problem" (ICDCS 2013), that of k-atomicity.
 *
 * @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` when an operation is neither a read nor a write.
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when there is not exactly one bound, or one out of its range.
 *
 * @example
 * import { checkStaleness } from 'quorate/check';
 *
 * const history = [
 *   { process: 'a', call: 'write', input: 1, output: 'ok', start: 0, end: 1 },
 *   { process: 'a', call: 'write', input: 2, output: 'ok', start: 2, end: 3 },
 *   { process: 'b', call: 'read', input: null, output: 1, start: 7, end: 8 },
 * ];
 * console.log(checkStaleness(history, { maxVersions: 1 }).verdict); // illegal
 * console.log(checkStaleness(history, { maxVersions: 2 }).verdict); // ok
 * console.log(checkStaleness(history, { maxStale: 3 }).verdict); // illegal
 * console.log(checkStaleness(history, { maxStale: 4 }).verdict); // ok
 */
export function checkStaleness(history: readonly Operation[], options: StalenessCheckOptions): Verdict {
  const { by = 'value' } = options;
  const bound = boundOf(options);
  const accesses = accessesOf(history, by);
  const operations = history.length;
  const judged = judgeVersions(accesses, operations);
  if (judged !== undefined) return judged;
  const found = by === 'value' ? searchOrder(history, bound, options) : demandFreshness(accesses, bound);
  if (found === undefined) return { verdict: 'ok', operations };
  if (typeof found === 'string') return { verdict: 'unknown', operations, reason: found };
  const accused = new Set(found);
  const among = accesses.all.filter(({ operation }) => accused.has(operation));
  const text = [`No order lets each read be ${bound.inWords}`, ...among.map((access) => `  ${accessInWords(access)}`)];
  return { verdict: 'illegal', operations, explanation: explanationOf(among, text) };
}

/**
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when there is not exactly one bound, or one out of its range.
 */
function boundOf({ maxStale, maxVersions }: StalenessCheckOptions): StalenessBound {
  if (maxStale === undefined && maxVersions !== undefined) {
    integerOption('maxVersions', maxVersions, { min: 1, max: VERSIONS_MAX });
    return { stale: 0, versions: maxVersions, inWords: `of the last ${maxVersions} versions` };
  }
  if (maxVersions !== undefined || maxStale === undefined) {
    const message = 'Cannot check staleness without a bound, or with two: give either maxStale or maxVersions';
    throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', message);
  }
  if (maxStale >= 0) return { stale: maxStale, versions: 1, inWords: `at most ${maxStale} old` };
  const message = `Cannot use maxStale ${maxStale}: it must be a number of at least 0`;
  throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', message);
}

/** Looks for an order of operations whose versions are known by value only: the accused, or why it gave up. */
function searchOrder(
  history: readonly Operation[],
  { stale, versions }: StalenessBound,
  limits: SearchLimits,
): readonly Operation[] | string | undefined {
  const originals = new Map<Operation, Operation>();
  for (const operation of history) {
    const start = operation.call === 'read' ? operation.start - stale : operation.start;
    originals.set({ ...operation, start }, operation);
  }
  const model: Model = versions === 1 ? registerModel(null) : lastWritesModel(versions);
  const found = checkLinearizable([...originals.keys()], model, limits);
  if (found.verdict === 'ok') return undefined;
  if (found.verdict === 'unknown') return found.reason;
  return found.explanation.operations.map((operation) => originals.get(operation) ?? operation);
}

/** An object of which a read returns any of the last so many values: what was written, and `null` at first. */
function lastWritesModel(versions: number): Model<readonly unknown[]> {
  return {
    name: `register with ${versions} versions`,
    initial: [null],
    isKeyed: true,
    step(state, operation) {
      if (operation.call === 'write') return [operation.input, ...state.slice(0, versions - 1)];
      return state.some((value) => mayReturn(operation, value)) ? state : ILLEGAL;
    },
    identify: identityOf,
    describe: describeRegisterCall,
    isRead: ({ call }) => call === 'read',
  };
}

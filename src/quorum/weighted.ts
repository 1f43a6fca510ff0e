// Votes of different weight: a set of voters is a quorum when its weights reach what is needed. All sums are of checked
// integers, so that 2/3 means 2/3: in floating point, .1 + .2 is not .3, and a tie may be won by rounding.
import { integerOption, rangeError, typeError } from '../base/errors.ts';
import { VOTERS_MAX, WEIGHT_MAX } from '../base/limits.ts';
import { withPredicate } from './quorum-data.ts';
import type { WeightedData } from './quorum-data.ts';

/** Voters whose weights reach `needed` decide. */
export interface Weighted extends WeightedData {
  /** Voters, an integer from 1 to 31; their indices run from 0. */
  readonly voters: number;
  /** By voter; integers from 1 to 10^9. */
  readonly weights: readonly number[];
  /** Weight of the lightest quorums, an integer from 1 to the sum of all weights. */
  readonly needed: number;
  /** Whether the voters in `mask` are a quorum; bits of voters that do not exist count for nothing. */
  isQuorum(mask: number): boolean;
}

/**
 * The system in which voters whose weights reach `needed` are a quorum. Any thread; never blocks.
 *
 * @param weights one for each of 1 to 31 voters, an integer from 1 to 10^9.
 * @param needed an integer from 1 to the sum of the weights.
 * @throws {TypeError | RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when one is out of its range.
 * Source: Gifford, "Weighted Voting for Replicated Data" (SOSP 1979), section 2.
 * @example
 * ```ts
 * import { shareOf, weighted } from 'quorate/quorum';
 *
 * const weights = [3, 1, 1, 1];
 * const twoThirds = weighted(weights, shareOf(weights, 2, 3));
 * console.log(twoThirds.needed, twoThirds.isQuorum(0b0011), twoThirds.isQuorum(0b1110)); // 4 true false
 * ```
 */
export function weighted(weights: readonly number[], needed: number): Weighted {
  const own = checkedWeights(weights);
  integerOption('needed weight', needed, { min: 1, max: sumOf(own) });
  const isQuorum = (mask: number): boolean => {
    let weight = 0;
    for (let voter = 0; voter < own.length; voter++) if (((mask >>> voter) & 1) === 1) weight += own[voter]!;
    return weight >= needed;
  };
  return withPredicate({ kind: 'weighted', voters: own.length, weights: own, needed }, isQuorum);
}

/**
 * The least weight that is at least `part` of `whole` of all weights, in integers. Any thread; never blocks.
 *
 * @param part an integer from 1 to `whole`.
 * @param whole an integer from 1 to 1000.
 * @throws {TypeError | RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when one is out of its range.
 * @example
 * ```ts
 * import { shareOf } from 'quorate/quorum';
 *
 * console.log(shareOf([1, 1, 1, 1], 2, 3), shareOf([1, 1, 1], 2, 3)); // 3 2
 * ```
 */
export function shareOf(weights: readonly number[], part: number, whole: number): number {
  const sum = sumOf(checkedWeights(weights));
  integerOption('whole of a share', whole, { min: 1, max: SHARES_MAX });
  integerOption('part of a share', part, { min: 1, max: whole });
  // Exact: 31 * 10^9 * 1000 is far below 2^53, and so is what `ceil` is given a multiple of.
  const product = sum * part;
  return (product - (product % whole)) / whole + (product % whole === 0 ? 0 : 1);
}

const SHARES_MAX = 1000;

/** A copy of the weights. @throws as {@link weighted}. */
export function checkedWeights(weights: readonly number[]): readonly number[] {
  if (!Array.isArray(weights)) {
    throw typeError(
      'ERR_QUORATE_INVALID_ARGUMENT',
      `Cannot use weights ${typeof weights}: it must be a list of integers`,
    );
  }
  if (weights.length < 1 || weights.length > VOTERS_MAX) {
    const allowed = `there must be 1 to ${VOTERS_MAX}`;
    throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use ${weights.length} weights: ${allowed}`);
  }
  return weights.map((weight, voter) => integerOption(`weight of voter ${voter}`, weight, { min: 1, max: WEIGHT_MAX }));
}

/** The weight of everybody together. */
export function sumOf(weights: readonly number[]): number {
  return weights.reduce((sum, weight) => sum + weight, 0);
}

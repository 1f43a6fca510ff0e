// Quorum systems as values: which sets of voters may decide. Voters are numbered from 0, a set of them is a bit mask.
//
// Every system here is monotone: a superset of a quorum is a quorum. That is what lets one question ("is this mask a
// quorum?") answer the other two, "can it still become one?" and "do two systems always meet?".
import { lowestBits, popcount } from '../base/bits.ts';
import { integerOption } from '../base/errors.ts';
import { VOTERS_MAX } from '../base/limits.ts';
import type { Weighted } from './weighted.ts';

/** Any `needed` of `voters` voters decide. */
export interface Threshold {
  readonly kind: 'threshold';
  /** Voters, an integer from 1 to 31; their indices run from 0. */
  readonly voters: number;
  /** Size of the smallest quorums, an integer from 1 to `voters`. */
  readonly needed: number;
  /** Whether the voters in `mask` are a quorum; bits of voters that do not exist count for nothing. */
  isQuorum(mask: number): boolean;
}

/** A quorum system. A union, so that a new kind is a compile error wherever it is not handled yet. */
export type QuorumSystem = Threshold | Weighted;

/**
 * The system in which any `needed` of `voters` voters are a quorum ("k of n"). Any thread; never blocks.
 *
 * @param needed an integer from 1 to `voters`.
 * @param voters an integer from 1 to 31.
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when either is out of its range.
 * @example
 * ```ts
 * import { choose } from 'quorate/quorum';
 *
 * const twoOfFive = choose(2, 5);
 * console.log(twoOfFive.isQuorum(0b10001), twoOfFive.isQuorum(0b00100)); // true false
 * ```
 */
export function choose(needed: number, voters: number): Threshold {
  integerOption('voters', voters, { min: 1, max: VOTERS_MAX });
  integerOption('quorum', needed, { min: 1, max: voters });
  const everyone = lowestBits(voters);
  const isQuorum = (mask: number): boolean => popcount(mask & everyone) >= needed;
  return { kind: 'threshold', voters, needed, isQuorum };
}

/**
 * The smallest number of `voters` that is more than half: floor(voters / 2) + 1, because even halves are disjoint.
 *
 * @example
 * ```ts
 * import { majorityOf } from 'quorate/quorum';
 *
 * console.log(majorityOf(4), majorityOf(5)); // 3 3
 * ```
 */
export function majorityOf(voters: number): number {
  return (voters >>> 1) + 1;
}

/**
 * The system in which more than half of `voters` voters are a quorum. Any thread; never blocks.
 *
 * @param voters an integer from 1 to 31.
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when `voters` is out of its range.
 * @example
 * ```ts
 * import { majority } from 'quorate/quorum';
 *
 * console.log(majority(4).needed); // 3: two of four is half, and the other half could decide otherwise
 * ```
 */
export function majority(voters: number): Threshold {
  integerOption('voters', voters, { min: 1, max: VOTERS_MAX });
  return choose(majorityOf(voters), voters);
}

/**
 * The system in which nobody may be missing. Any thread; never blocks.
 *
 * @param voters an integer from 1 to 31.
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when `voters` is out of its range.
 * @example
 * ```ts
 * import { unanimous } from 'quorate/quorum';
 *
 * console.log(unanimous(3).isQuorum(0b111), unanimous(3).isQuorum(0b011)); // true false
 * ```
 */
export function unanimous(voters: number): Threshold {
  return choose(voters, voters);
}

/** What a read asks and a write needs: N voters, R of them for a read, W of them for a write. */
export interface ReadWrite {
  readonly voters: number;
  readonly reads: Threshold;
  readonly writes: Threshold;
}

/**
 * The pair of systems of an N/R/W configuration. It need not be strong: {@link disjointQuorums} of its two sides tells.
 *
 * @param sizes `voters` (N), an integer from 1 to 31; `read` (R) and `write` (W), each from 1 to N.
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when one is out of its range.
 * @example
 * ```ts
 * import { disjointQuorums, readWrite } from 'quorate/quorum';
 *
 * const { reads, writes } = readWrite({ voters: 5, read: 2, write: 3 });
 * console.log(disjointQuorums(reads, writes)); // { left: 3, right: 28 }: a read of 0, 1 misses a write at 2, 3, 4
 * ```
 */
export function readWrite(sizes: {
  readonly voters: number;
  readonly read: number;
  readonly write: number;
}): ReadWrite {
  const { voters, read, write } = sizes;
  integerOption('voters', voters, { min: 1, max: VOTERS_MAX });
  integerOption('read quorum', read, { min: 1, max: voters });
  integerOption('write quorum', write, { min: 1, max: voters });
  return { voters, reads: choose(read, voters), writes: choose(write, voters) };
}

/** Two quorums, as masks, that have no voter in common. */
export interface DisjointQuorums {
  readonly left: number;
  readonly right: number;
}

/**
 * Finds a quorum of `left` and a quorum of `right` with no voter in common. Any thread; never blocks.
 *
 * @param left a system over the same voters as `right`.
 * @returns the counterexample, or `undefined` when every quorum of one meets every quorum of the other.
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when the systems have different numbers of voters.
 * @example
 * ```ts
 * import { disjointQuorums, choose, majority } from 'quorate/quorum';
 *
 * console.log(disjointQuorums(majority(4), majority(4))); // undefined
 * console.log(disjointQuorums(choose(2, 4), choose(2, 4))); // { left: 3, right: 12 }: N/2 is no majority
 * ```
 */
export function disjointQuorums(left: Threshold, right: Threshold): DisjointQuorums | undefined {
  integerOption('voters of the second system', right.voters, { min: left.voters, max: left.voters });
  // Only sizes matter to thresholds, so the first quorum of one and the last of the other are as far apart as can be.
  if (left.needed + right.needed > left.voters) return undefined;
  const low = lowestBits(left.needed);
  const high = lowestBits(left.voters) & ~lowestBits(left.voters - right.needed);
  return { left: low, right: high };
}

/**
 * The voters of a mask, in ascending order.
 *
 * @example
 * ```ts
 * import { votersIn } from 'quorate/quorum';
 *
 * console.log(votersIn(0b10011)); // [ 0, 1, 4 ]
 * ```
 */
export function votersIn(mask: number): number[] {
  const voters: number[] = [];
  for (let voter = 0; voter < VOTERS_MAX; voter++) {
    if (((mask >>> voter) & 1) === 1) voters.push(voter);
  }
  return voters;
}

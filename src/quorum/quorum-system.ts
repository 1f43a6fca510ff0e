// Quorum systems as values: which sets of voters may decide. Voters are numbered from 0, a set of them is a bit mask.
//
// Every system here is monotone: a superset of a quorum is a quorum. That is what lets one question ("is this mask a
// quorum?") answer the other two, "can it still become one?" and "do two systems always meet?".
import { unreachable } from '../base/assert.ts';
import { lowestBits, popcount } from '../base/bits.ts';
import { integerOption } from '../base/errors.ts';
import { VOTERS_MAX } from '../base/limits.ts';
import { checkedData } from './checked-data.ts';
import { choiceFrom, choiceOf } from './choice.ts';
import type { Choice } from './choice.ts';
import { withPredicate } from './quorum-data.ts';
import type { QuorumData, QuorumMember, ThresholdData } from './quorum-data.ts';
import { weighted } from './weighted.ts';
import type { Weighted } from './weighted.ts';

/** Any `needed` of `voters` voters decide. */
export interface Threshold extends ThresholdData {
  /** Voters, an integer from 1 to 31; their indices run from 0. */
  readonly voters: number;
  /** Size of the smallest quorums, an integer from 1 to `voters`. */
  readonly needed: number;
  /** Whether the voters in `mask` are a quorum; bits of voters that do not exist count for nothing. */
  isQuorum(mask: number): boolean;
}

/** A quorum system. A union, so that a new kind is a compile error wherever it is not handled yet. */
export type QuorumSystem = Threshold | Weighted | Choice;

/**
 * The system that plain data stands for, with its predicate: what came from JSON or another thread. Any thread; never
 * blocks.
 *
 * @throws {TypeError | RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when it is no quorum system.
 * @example
 * ```ts
 * import { majority, quorumSystem } from 'quorate/quorum';
 *
 * const text = JSON.stringify(majority(3));
 * console.log(text); // {"kind":"threshold","voters":3,"needed":2}
 * console.log(quorumSystem(JSON.parse(text)).isQuorum(0b101)); // true
 * ```
 */
export function quorumSystem(data: unknown): QuorumSystem {
  return systemOf(checkedData(data));
}

/** The system that checked data stands for. */
export function systemOf(data: QuorumData): QuorumSystem {
  switch (data.kind) {
    case 'threshold':
      return choose(data.needed, data.voters);
    case 'weighted':
      return weighted(data.weights, data.needed);
    case 'choice':
      return choiceFrom(data);
    default:
      return unreachable(data);
  }
}

/**
 * The system in which any `needed` of `voters` voters are a quorum ("k of n"), or so many of some members, which are
 * voters or systems themselves. Any thread; never blocks.
 *
 * @param needed an integer from 1 to `voters`, or to the number of members.
 * @param voters how many there are, an integer from 1 to 31, or a list of members as {@link and} takes them.
 * @throws {TypeError | RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when either is out of its range.
 * @example
 * ```ts
 * import { choose } from 'quorate/quorum';
 *
 * const twoOfFive = choose(2, 5);
 * console.log(twoOfFive.isQuorum(0b10001), twoOfFive.isQuorum(0b00100)); // true false
 * const twoPairs = choose(2, [choose(2, [0, 1]), choose(2, [2, 3]), 4]); // Two of: both 0 and 1, both 2 and 3, 4.
 * console.log(twoPairs.isQuorum(0b10011), twoPairs.isQuorum(0b10101)); // true false
 * ```
 */
export function choose(needed: number, members: readonly QuorumMember[]): Choice;
export function choose(needed: number, voters: number): Threshold;
export function choose(needed: number, voters: number | readonly QuorumMember[]): Threshold | Choice {
  if (typeof voters === 'object') return choiceOf(needed, voters);
  integerOption('voters', voters, { min: 1, max: VOTERS_MAX });
  integerOption('quorum', needed, { min: 1, max: voters });
  const everyone = lowestBits(voters);
  const isQuorum = (mask: number): boolean => popcount(mask & everyone) >= needed;
  return withPredicate({ kind: 'threshold', voters, needed }, isQuorum);
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

/** What a read asks and a write needs, of N voters. */
export interface ReadWrite<System extends QuorumSystem = Threshold> {
  readonly voters: number;
  readonly reads: System;
  readonly writes: System;
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

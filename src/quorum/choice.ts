// Systems of systems: so many of some members, which are voters or systems themselves. `and` and `or` are the two ends.
import { integerOption } from '../base/errors.ts';
import { VOTERS_MAX } from '../base/limits.ts';
import { checkedData, checkedMembers, votersOf } from './checked-data.ts';
import { predicateOf } from './predicate.ts';
import { withPredicate } from './quorum-data.ts';
import type { ChoiceData, QuorumMember } from './quorum-data.ts';

/** Any `needed` of some members decide: voters, and systems that are members as soon as they have a quorum. */
export interface Choice extends ChoiceData {
  /** Whether the voters in `mask` are a quorum; bits of voters that do not exist count for nothing. */
  isQuorum(mask: number): boolean;
}

/** The choice of `needed` members, over the voters from 0 to the highest one named. @throws as {@link and}. */
export function choiceOf(needed: number, members: readonly QuorumMember[]): Choice {
  const of = checkedMembers(members);
  integerOption('quorum', needed, { min: 1, max: of.length });
  return choiceFrom({ kind: 'choice', voters: votersOf(of), needed, of });
}

/** The choice that is written so; the data is checked already. */
export function choiceFrom(data: ChoiceData): Choice {
  return withPredicate(data, (mask) => predicateOf(data)(mask));
}

/**
 * The system in which a quorum of each member is needed. Any thread; never blocks.
 *
 * @param members voters, integers from 0 to 30, none twice, and systems, at most 4096 with all of theirs, and at most
 * 16 deep.
 * @returns a system over the voters from 0 to the highest one named; see {@link among} for more of them.
 * @throws {TypeError | RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when a member is neither.
 * @example
 * ```ts
 * import { and, majority } from 'quorate/quorum';
 *
 * const majorityWithThird = and(2, majority(5));
 * console.log(majorityWithThird.isQuorum(0b00111), majorityWithThird.isQuorum(0b11011)); // true false
 * ```
 */
export function and(...members: readonly QuorumMember[]): Choice {
  return choiceOf(members.length, members);
}

/**
 * The system in which a quorum of any member is enough. Any thread; never blocks.
 *
 * @param members as those of {@link and}.
 * @throws {TypeError | RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when a member is neither voter nor system.
 * @example
 * ```ts
 * import { and, or, votersIn, minimalQuorums } from 'quorate/quorum';
 *
 * const rows = or(and(0, 1, 2), and(3, 4, 5));
 * console.log(minimalQuorums(rows).map(votersIn)); // [ [ 0, 1, 2 ], [ 3, 4, 5 ] ]
 * ```
 */
export function or(...members: readonly QuorumMember[]): Choice {
  return choiceOf(1, members);
}

/**
 * The same quorums among more voters: those that `system` does not know are never needed. Any thread; never blocks.
 *
 * @param voters an integer from the voters of `system` to 31.
 * @param system a system, or the one voter who decides.
 * @throws {TypeError | RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when one is out of its range.
 * @example
 * ```ts
 * import { among, majority } from 'quorate/quorum';
 *
 * const firstThree = among(5, majority(3));
 * console.log(firstThree.voters, firstThree.isQuorum(0b00011), firstThree.isQuorum(0b11100)); // 5 true false
 * ```
 */
export function among(voters: number, system: QuorumMember): Choice {
  const own = typeof system === 'number' ? system : checkedData(system);
  const of = checkedMembers([own]);
  integerOption('voters', voters, { min: votersOf(of), max: VOTERS_MAX });
  return choiceFrom({ kind: 'choice', voters, needed: 1, of });
}

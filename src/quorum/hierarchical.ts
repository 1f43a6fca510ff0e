// Voters in groups of groups: a majority of groups, in each of which a majority votes. Quorums of about N^0.63 voters.
import { integerOption, rangeError, typeError } from '../base/errors.ts';
import { QUORUM_DEPTH_MAX, VOTERS_MAX } from '../base/limits.ts';
import { choiceOf } from './choice.ts';
import type { Choice } from './choice.ts';
import { majorityOf } from './quorum-system.ts';

/** A level of a hierarchy: of how many groups a quorum is needed, or, on the last level, how many voters. */
export interface HierarchyLevel {
  /** Groups in each group of the level above, an integer from 1. */
  readonly of: number;
  /** From 1 to `of`; default a majority. */
  readonly needed?: number | undefined;
}

/** A level that says everything. */
interface Level {
  readonly of: number;
  readonly needed: number;
}

/**
 * Hierarchical quorum consensus. The groups of the last level are voters, numbered from left to right; so
 * `hierarchical([3, 3])` is two of three groups of three voters, two of whom vote. Of a level with a majority any two
 * quorums meet; what meets others is their {@link dual}, which is a hierarchy too. Any thread; never blocks.
 *
 * @param levels from the top: 1 to 16 of them, for at most 31 voters; a number stands for a majority of so many.
 * @throws {TypeError | RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when a level is out of its range.
 * Source: Kumar, "Hierarchical Quorum Consensus: A New Algorithm for Managing Replicated Data" (IEEE Trans. Computers,
 * 1991).
 * @example
 * ```ts
 * import { dual, hierarchical, smallestQuorum } from 'quorate/quorum';
 *
 * const writes = hierarchical([3, { of: 3, needed: 3 }]); // Two whole groups of three.
 * console.log(writes.voters, smallestQuorum(writes), smallestQuorum(dual(writes))); // 9 6 2
 * ```
 */
export function hierarchical(levels: readonly (number | HierarchyLevel)[]): Choice {
  if (!Array.isArray(levels)) {
    throw typeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use levels ${typeof levels}: it must be a list`);
  }
  integerOption('number of levels', levels.length, { min: 1, max: QUORUM_DEPTH_MAX });
  const checked = levels.map(checkedLevel);
  const voters = votersBelow(checked);
  if (voters > VOTERS_MAX) {
    const allowed = `there must be at most ${VOTERS_MAX}`;
    throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use a hierarchy of ${voters} voters: ${allowed}`);
  }
  return groupAt(checked, 0);
}

/** The group on the first of these levels whose voters are numbered from `first` on. */
function groupAt(levels: readonly Level[], first: number): Choice {
  const { of, needed } = levels[0]!;
  const below = levels.slice(1);
  const size = votersBelow(below);
  const members = Array.from({ length: of }, (_, index) =>
    below.length === 0 ? first + index : groupAt(below, first + index * size),
  );
  return choiceOf(needed, members);
}

function votersBelow(levels: readonly Level[]): number {
  return levels.reduce((product, { of }) => product * of, 1);
}

function checkedLevel(level: number | HierarchyLevel): Level {
  const { of, needed } = typeof level === 'number' ? { of: level, needed: undefined } : level;
  integerOption('groups of a level', of, { min: 1, max: VOTERS_MAX });
  return { of, needed: integerOption('groups needed', needed ?? majorityOf(of), { min: 1, max: of }) };
}

// The quorums of a system that nobody could be taken from: all that there is to know of it, since a superset of a
// quorum is a quorum. Both questions are answered node by node of its diagram, from the ends to the root.
import { rangeError } from '../base/errors.ts';
import { QUORUMS_LISTED_MAX } from '../base/limits.ts';
import { ALWAYS, diagramOf, leadsToQuorum } from './diagram.ts';
import type { QuorumData } from './quorum-data.ts';

/**
 * All minimal quorums of a system, in ascending order. Any thread; never blocks.
 *
 * @param system also as plain data.
 * @returns masks; at most 65,536.
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when there are more of them, on the way to the result too, or
 * more than 65,536 cases to look at.
 * @example
 * ```ts
 * import { grid, minimalQuorums, votersIn } from 'quorate/quorum';
 *
 * const { reads } = grid(2, 2); // Voters 0 and 1, below them 2 and 3: one of each column.
 * console.log(minimalQuorums(reads).map(votersIn)); // [ [ 0, 1 ], [ 1, 2 ], [ 0, 3 ], [ 2, 3 ] ]
 * ```
 */
export function minimalQuorums(system: QuorumData): readonly number[] {
  const diagram = diagramOf(system);
  const lists: (readonly number[])[] = [[], [0]];
  for (let node = ALWAYS + 1; node < diagram.voters.length; node++) {
    const [whenOut, whenIn] = [diagram.out[node]!, diagram.in[node]!];
    const bit = 1 << diagram.voters[node]!;
    // Those with the voter are minimal where they are no quorum without.
    const withVoter = lists[whenIn]!.filter((mask) => !leadsToQuorum(diagram, whenOut, mask));
    const list = [...lists[whenOut]!, ...withVoter.map((mask) => mask | bit)];
    if (list.length > QUORUMS_LISTED_MAX) throw tooMany(system.voters);
    lists.push(list);
  }
  return lists[diagram.root]!.toSorted((one, other) => one - other);
}

/**
 * The size of the smallest quorums of a system. Any thread; never blocks.
 *
 * @param system also as plain data.
 * @returns an integer from 1 to the number of voters.
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when there are more than 65,536 cases to look at.
 * @example
 * ```ts
 * import { hierarchical, majority, smallestQuorum } from 'quorate/quorum';
 *
 * console.log(smallestQuorum(majority(9)), smallestQuorum(hierarchical([3, 3]))); // 5 4
 * ```
 */
export function smallestQuorum(system: QuorumData): number {
  const { root, voters, out, in: whenIn } = diagramOf(system);
  const sizes = [Infinity, 0];
  for (let node = ALWAYS + 1; node < voters.length; node++) {
    sizes.push(Math.min(sizes[out[node]!]!, sizes[whenIn[node]!]! + 1));
  }
  return sizes[root]!;
}

function tooMany(voters: number): RangeError {
  const allowed = `there must be at most ${QUORUMS_LISTED_MAX}`;
  return rangeError(
    'ERR_QUORATE_INVALID_ARGUMENT',
    `Cannot list the minimal quorums of a system of ${voters} voters: ${allowed}`,
  );
}

// Whether the quorums of two systems always meet: what reads and writes owe each other.
import { lowestBits } from '../base/bits.ts';
import { integerOption } from '../base/errors.ts';
import { ALWAYS, NEVER, diagramOf } from './diagram.ts';
import type { Diagram } from './diagram.ts';
import { isQuorumOf } from './predicate.ts';
import type { QuorumData } from './quorum-data.ts';

/** Two quorums, as masks, that have no voter in common. */
export interface DisjointQuorums {
  readonly left: number;
  readonly right: number;
}

/**
 * Finds a quorum of `left` and a quorum of `right` with no voter in common. Any thread; never blocks.
 *
 * @param left a system over the same voters as `right`; either may be plain data.
 * @returns the counterexample, of two quorums that nobody could be taken from, or `undefined` when every quorum of one
 * meets every quorum of the other.
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when the systems have different numbers of voters, or there are
 * more than 65,536 cases to look at, as there are of 31 weights that differ much.
 * @example
 * ```ts
 * import { disjointQuorums, choose, grid, majority } from 'quorate/quorum';
 *
 * console.log(disjointQuorums(majority(4), majority(4))); // undefined
 * console.log(disjointQuorums(choose(2, 4), choose(2, 4))); // { left: 3, right: 12 }: N/2 is no majority
 * const { reads } = grid(2, 2);
 * console.log(disjointQuorums(reads, reads)); // { left: 3, right: 12 }: a row and another one
 * ```
 */
export function disjointQuorums(left: QuorumData, right: QuorumData): DisjointQuorums | undefined {
  integerOption('voters of the second system', right.voters, { min: left.voters, max: left.voters });
  if (left.kind === 'threshold' && right.kind === 'threshold') {
    // Only sizes matter here, so the first quorum of one and the last of the other are as far apart as can be.
    if (left.needed + right.needed > left.voters) return undefined;
    const low = lowestBits(left.needed);
    const high = lowestBits(left.voters) & ~lowestBits(left.voters - right.needed);
    return { left: low, right: high };
  }
  const found = sharedOut(left, right);
  if (found === undefined) return undefined;
  return { left: withoutSpare(left, found), right: withoutSpare(right, lowestBits(left.voters) & ~found) };
}

/** A quorum of `left` whose complement is one of `right`: each voter goes to one side or the other. */
function sharedOut(left: QuorumData, right: QuorumData): number | undefined {
  const [ofLeft, ofRight] = [diagramOf(left), diagramOf(right)];
  const hopeless = new Set<number>();
  const search = (atLeft: number, atRight: number): number | undefined => {
    if (atLeft === NEVER || atRight === NEVER) return undefined;
    if (atLeft === ALWAYS && atRight === ALWAYS) return 0;
    const pair = atLeft * ofRight.voters.length + atRight;
    if (hopeless.has(pair)) return undefined;
    const voter = Math.min(ofLeft.voters[atLeft]!, ofRight.voters[atRight]!);
    const withVoter = search(next(ofLeft, atLeft, voter, true), next(ofRight, atRight, voter, false));
    if (withVoter !== undefined) return withVoter | (1 << voter);
    const without = search(next(ofLeft, atLeft, voter, false), next(ofRight, atRight, voter, true));
    if (without === undefined) hopeless.add(pair);
    return without;
  };
  return search(ofLeft.root, ofRight.root);
}

function next(diagram: Diagram, node: number, voter: number, isIn: boolean): number {
  if (diagram.voters[node] !== voter) return node; // It makes no difference here.
  return (isIn ? diagram.in : diagram.out)[node]!;
}

/** A minimal quorum within a quorum. */
function withoutSpare(system: QuorumData, quorum: number): number {
  let mask = quorum;
  for (let voter = system.voters - 1; voter >= 0; voter--) {
    const without = mask & ~(1 << voter);
    if (isQuorumOf(system, without)) mask = without;
  }
  return mask;
}

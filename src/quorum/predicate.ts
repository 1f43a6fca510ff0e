// Whether a mask is a quorum: once as the definition says it, and once as one load from a table of 2^N bits.
import { unreachable } from '../base/assert.ts';
import { lowestBits, popcount } from '../base/bits.ts';
import { QUORUM_TABLE_VOTERS_MAX } from '../base/limits.ts';
import { diagramOf, leadsToQuorum } from './diagram.ts';
import type { QuorumData, QuorumMember } from './quorum-data.ts';

const WORD_BITS_LOG = 5;
const predicates = new WeakMap<QuorumData, (mask: number) => boolean>();

/**
 * The predicate of a system: fast, and made once per value, which must not be changed after. Up to 15 voters it is a
 * table of 2^N bits, made here; with more of them it goes through the system at every call. Any thread; never blocks.
 *
 * @param system also as plain data, as it came from another thread or from JSON through {@link quorumSystem}.
 * @returns whether the voters in a mask are a quorum; bits of voters that do not exist count for nothing.
 * @example
 * ```ts
 * import { and, or, predicateOf } from 'quorate/quorum';
 *
 * const isQuorum = predicateOf(or(and(0, 1), and(2, 3)));
 * console.log(isQuorum(0b0011), isQuorum(0b0110)); // true false
 * ```
 */
export function predicateOf(system: QuorumData): (mask: number) => boolean {
  const made = predicates.get(system);
  if (made !== undefined) return made;
  const predicate = compiled(system);
  predicates.set(system, predicate);
  return predicate;
}

/** The definition, word by word. */
export function isQuorumOf(system: QuorumData, mask: number): boolean {
  switch (system.kind) {
    case 'threshold':
      return popcount(mask & lowestBits(system.voters)) >= system.needed;
    case 'weighted':
      return weightIn(system.weights, mask) >= system.needed;
    case 'choice':
      return membersIn(system.of, mask) >= system.needed;
    default:
      return unreachable(system);
  }
}

function compiled(system: QuorumData): (mask: number) => boolean {
  if (system.kind === 'threshold') {
    const { needed } = system;
    const everyone = lowestBits(system.voters);
    return (mask) => popcount(mask & everyone) >= needed;
  }
  if (system.voters > QUORUM_TABLE_VOTERS_MAX) return (mask) => isQuorumOf(system, mask);
  const diagram = diagramOf(system); // A question a voter, where the definition goes through all members.
  return tableOf(system.voters, (mask) => leadsToQuorum(diagram, diagram.root, mask));
}

/** A predicate over masks of `voters` voters, 15 at most, as a table. */
export function tableOf(voters: number, isIn: (mask: number) => boolean): (mask: number) => boolean {
  const everyone = lowestBits(voters);
  const words = new Uint32Array((everyone >>> WORD_BITS_LOG) + 1);
  for (let mask = 0; mask <= everyone; mask++) {
    if (isIn(mask)) words[mask >>> WORD_BITS_LOG]! |= 1 << (mask & 31);
  }
  return (mask) => {
    const index = mask & everyone;
    return ((words[index >>> WORD_BITS_LOG]! >>> (index & 31)) & 1) === 1;
  };
}

function weightIn(weights: readonly number[], mask: number): number {
  let weight = 0;
  for (let voter = 0; voter < weights.length; voter++) if (((mask >>> voter) & 1) === 1) weight += weights[voter]!;
  return weight;
}

function membersIn(members: readonly QuorumMember[], mask: number): number {
  let count = 0;
  for (const member of members) {
    if (typeof member === 'number' ? ((mask >>> member) & 1) === 1 : isQuorumOf(member, mask)) count++;
  }
  return count;
}

// The other half of a pair: the writes that some reads ask for, or the reads that some writes ask for.
import { unreachable } from '../base/assert.ts';
import type { QuorumData } from './quorum-data.ts';
import { quorumSystem, systemOf } from './quorum-system.ts';
import type { QuorumSystem } from './quorum-system.ts';
import { sumOf } from './weighted.ts';

/**
 * The system of all sets that meet every quorum of `system`: the least that must be asked so as to miss none of them.
 * The dual of the dual is the system itself. Any thread; never blocks.
 *
 * @param system also as plain data.
 * @throws {TypeError | RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when it is no quorum system.
 * Source: coteries and their duals, Ibaraki and Kameda, "A Theory of Coteries: Mutual Exclusion in Distributed Systems"
 * (IEEE Trans. Parallel and Distributed Systems, 1993), section 2.
 * @example
 * ```ts
 * import { and, choose, dual, minimalQuorums, or, votersIn } from 'quorate/quorum';
 *
 * console.log(dual(choose(2, 5)).needed); // 4
 * const writes = or(and(0, 1), and(2, 3));
 * console.log(minimalQuorums(dual(writes)).map(votersIn)); // [ [ 0, 2 ], [ 1, 2 ], [ 0, 3 ], [ 1, 3 ] ]
 * ```
 */
export function dual(system: QuorumData): QuorumSystem {
  return systemOf(dualData(quorumSystem(system)));
}

/** A set meets all quorums where the voters that it leaves out hold none. */
function dualData(system: QuorumData): QuorumData {
  switch (system.kind) {
    case 'threshold':
      return { kind: 'threshold', voters: system.voters, needed: system.voters - system.needed + 1 };
    case 'weighted':
      return { ...system, needed: sumOf(system.weights) - system.needed + 1 };
    case 'choice': {
      const of = system.of.map((member) => (typeof member === 'number' ? member : dualData(member)));
      return { ...system, needed: of.length - system.needed + 1, of };
    }
    default:
      return unreachable(system);
  }
}

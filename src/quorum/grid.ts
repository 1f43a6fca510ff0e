// Voters in rows and columns. Reads and writes of about sqrt(N) voters, where majorities take half of them: more
// operations per second of many replicas, for less that may be down.
import { integerOption } from '../base/errors.ts';
import { VOTERS_MAX } from '../base/limits.ts';
import { and, or } from './choice.ts';
import type { Choice } from './choice.ts';
import type { ReadWrite } from './quorum-system.ts';

/**
 * The grid protocol: a read asks one voter of each column, a write is accepted by all of one column and by one of each
 * other one. So a read meets every write, and two writes meet. The voters are numbered row by row. Where writes need
 * not meet, `dual(grid(rows, columns).reads)` is the system of full columns. Any thread; never blocks.
 *
 * @param rows an integer from 1 to 31; of one row, all are needed for a read and for a write.
 * @param columns an integer from 1 to 31; at most 31 voters in all.
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when there are more voters, or none.
 * Source: Cheung, Ammar and Ahamad, "The Grid Protocol: A High Performance Scheme for Maintaining Replicated Data"
 * (ICDE 1990); the load of such systems: Naor and Wool, "The Load, Capacity, and Availability of Quorum Systems" (SIAM
 * J. Computing, 1998).
 * @example
 * ```ts
 * import { grid, minimalQuorums, smallestQuorum, votersIn } from 'quorate/quorum';
 *
 * const { reads, writes } = grid(3, 3); // 0 1 2, below them 3 4 5, below them 6 7 8
 * console.log(reads.isQuorum(0b001_010_100), smallestQuorum(reads), smallestQuorum(writes)); // true 3 5
 * console.log(votersIn(minimalQuorums(writes)[0]!)); // [ 0, 1, 2, 3, 6 ]
 * ```
 */
export function grid(rows: number, columns: number): ReadWrite<Choice> {
  integerOption('rows', rows, { min: 1, max: VOTERS_MAX });
  integerOption('columns', columns, { min: 1, max: Math.floor(VOTERS_MAX / rows) });
  const lines = Array.from({ length: columns }, (_, column) =>
    Array.from({ length: rows }, (_unused, row) => row * columns + column),
  );
  const cover = and(...lines.map((line) => or(...line)));
  const column = or(...lines.map((line) => and(...line)));
  return { voters: rows * columns, reads: cover, writes: and(cover, column) };
}

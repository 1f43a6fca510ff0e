// What goes wrong between transactions, and which isolation level forbids what.
import type { BaseIsolation } from './isolation.ts';
import type { TransactionKey, TransactionOperation, TransactionValue } from './transaction.ts';

/**
 * Why one transaction comes before another: `ww` it wrote the version that the other replaced, `wr` the one that the
 * other read, `rw` it read the version that the other replaced; `process` and `realtime`: it returned before the other
 * was called, by the same process or by any.
 *
 * Source: Adya, "Weak Consistency" (1999), chapter 3, direct conflicts, for the first three.
 */
export type DependencyKind = 'ww' | 'wr' | 'rw' | 'process' | 'realtime';

/** One step of a cycle: `from` comes before `to`. */
export interface Dependency {
  readonly from: TransactionOperation;
  readonly to: TransactionOperation;
  readonly kind: DependencyKind;
  /** The key on which they depend; `undefined` for an order of calls. */
  readonly key: TransactionKey | undefined;
  /** What the earlier one wrote or read: the last element of a list; `undefined` for an empty list or register. */
  readonly before: TransactionValue | undefined;
  /** What the later one wrote; for `wr` what it read. */
  readonly after: TransactionValue | undefined;
}

/** A cycle, by the dependencies that it has: only `ww`; also `wr`; one `rw`; more that never meet; more that meet. */
export type CycleName = 'G0' | 'G1c' | 'G-single' | 'G-nonadjacent' | 'G2-item';

/**
 * An anomaly. The suffix of a cycle says that it needs the order of a process, or real time.
 *
 * Source: Adya, "Weak Consistency" (1999), chapter 3 for G0, G1a to G1c and G2-item, chapter 4 for G-single; Cerone and
 * Gotsman, "Analysing Snapshot Isolation" (PODC 2016), its characterization by dependency graphs, for G-nonadjacent;
 * Kingsbury and Alvaro, "Elle" (VLDB 2020), what it finds without a cycle, for the others.
 */
export type AnomalyName =
  | CycleName
  | `${CycleName}-process`
  | `${CycleName}-realtime`
  /** A committed transaction read what a failed one wrote. */
  | 'G1a'
  /** A transaction read what another one wrote and then replaced. */
  | 'G1b'
  /** A committed write follows a failed one in the same list. */
  | 'dirty-update'
  /** A read returned a value that no transaction wrote. */
  | 'unwritten-read'
  /** A transaction read what it wrote only later. */
  | 'future-read'
  /** A list has an element twice. */
  | 'duplicate-elements'
  /** Two reads of a list, of which none is a prefix of the other; or a read against the order of one's own appends. */
  | 'incompatible-order'
  /** The transactions demand that a version of a register be older than itself. */
  | 'cyclic-versions'
  /** A read disagrees with what its own transaction read or wrote before. */
  | 'internal'
  /** Two transactions read the same version and both replaced it. */
  | 'lost-update';

/** One anomaly of a history. */
export interface Anomaly {
  readonly name: AnomalyName;
  /** The transactions that take part: in the order of the cycle, or the one that cannot be explained last. */
  readonly transactions: readonly TransactionOperation[];
  /** The cycle, each step from one transaction to the next and the last one back to the first; empty for others. */
  readonly cycle: readonly Dependency[];
  /** The same for people, some lines. */
  readonly text: string;
}

const MALFORMED = ['unwritten-read', 'duplicate-elements'] as const satisfies readonly AnomalyName[];
const PL_2 = [
  ...MALFORMED,
  'G1a',
  'G1b',
  'dirty-update',
  'future-read',
  'incompatible-order',
  'cyclic-versions',
] as const satisfies readonly AnomalyName[];
const ITEMS = [...PL_2, 'internal', 'lost-update'] as const satisfies readonly AnomalyName[];

/**
 * What a level forbids besides cycles. That a transaction sees its own writes is a condition on every history in Adya
 * (1999), chapter 3; as in Elle, it is demanded only where one sees repeatable reads.
 */
export const FORBIDDEN: Readonly<Record<BaseIsolation, readonly AnomalyName[]>> = {
  'read-uncommitted': MALFORMED,
  'read-committed': PL_2,
  'repeatable-read': ITEMS,
  'snapshot-isolation': ITEMS,
  serializable: ITEMS,
};

/** The cycles that a level forbids, the gravest first. */
export const FORBIDDEN_CYCLES: Readonly<Record<BaseIsolation, readonly CycleName[]>> = {
  'read-uncommitted': ['G0'],
  'read-committed': ['G0', 'G1c'],
  'repeatable-read': ['G0', 'G1c', 'G-single', 'G-nonadjacent', 'G2-item'],
  'snapshot-isolation': ['G0', 'G1c', 'G-single', 'G-nonadjacent'],
  serializable: ['G0', 'G1c', 'G-single', 'G-nonadjacent', 'G2-item'],
};

/**
 * Checkers of histories: what was called and returned, against what an object may do.
 *
 * @packageDocumentation
 */
export type { Explanation, Operation, Verdict } from './history.ts';
export { ILLEGAL } from './model.ts';
export type { Model, SearchLimits } from './model.ts';
export { FAILED, TXN } from './transactions/transaction.ts';
export type {
  MicroOperation,
  TransactionKey,
  TransactionOperation,
  TransactionValue,
} from './transactions/transaction.ts';

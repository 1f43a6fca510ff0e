// What a recorded transaction is: an operation whose call is `txn`, made of micro-operations on keys.
import type { Operation } from '../history.ts';

/** The call of an operation that is a transaction. */
export const TXN = 'txn';

/**
 * The output of a transaction that certainly did not commit. Keep such transactions in the history: reads of what they
 * wrote are anomalies of their own (G1a). A string, so that histories can be sent to other threads.
 */
export const FAILED = 'failed';

/** A key of a transaction: 1 and '1' are two keys. */
export type TransactionKey = string | number;

/** What one append or write puts there; unique for its key, `null` excluded. */
export type TransactionValue = string | number | boolean;

/**
 * One step of a transaction: append a value to the list of a key, write a register, or read either.
 *
 * In the `input` of a transaction a read has `null`, for not known yet. In its `output` a read has the whole list,
 * oldest first, or the value of the register; `null` stands for the empty list and for a register never written.
 */
export type MicroOperation =
  | readonly ['append', TransactionKey, TransactionValue]
  | readonly ['w', TransactionKey, TransactionValue]
  | readonly ['r', TransactionKey, readonly TransactionValue[] | TransactionValue | null];

/**
 * A transaction: `call` is {@link TXN}, `input` is what was asked; `output` is what was done, `undefined` while it is
 * open (it may have committed), {@link FAILED} when it did not.
 */
export interface TransactionOperation extends Operation {
  readonly call: typeof TXN;
  readonly input: readonly MicroOperation[];
  readonly output: readonly MicroOperation[] | typeof FAILED | undefined;
}

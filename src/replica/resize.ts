// An operation that was asked for under one configuration and goes on under another one: what its level asks for there.
// The level has to be known for that: of two replicas, a quorum is all of them, and of three it is not.
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import type { OperationOptions } from '../store/store.ts';
import { levelUnder } from './level-sizes.ts';
import type { Operation } from './operation.ts';

/** Makes an operation ask for as much under the sizes in force as it asked for under those that it was made with. */
export function resize(operation: Operation, sizes: RegisterQuorums): void {
  const { sizes: before, level } = operation;
  if (before === undefined || before === sizes) return;
  operation.sizes = sizes;
  operation.writeNeeded = writeNeededUnder(sizes, { level, sizes: before, writeNeeded: operation.writeNeeded });
  const { read } = levelUnder(level, sizes);
  const isStrong = operation.agreeNeeded > 0; // Of a session, it may be though its level is weak.
  operation.readNeeded = operation.asksAll ? sizes.replicas : isStrong ? Math.max(read, sizes.read) : read;
  if (isStrong) operation.agreeNeeded = operation.asksAll ? sizes.replicas : sizes.agreeing;
}

/** Answers that lists need under some sizes that needed so many under those of before: a quorum stays one. */
export function readNeededUnder(sizes: ReadSizes, needed: number, before: Pick<ReadSizes, 'read'>): number {
  const same = Math.min(needed, sizes.replicas);
  return before !== sizes && needed >= before.read ? Math.max(same, sizes.read) : same;
}

type ReadSizes = Pick<RegisterQuorums, 'read' | 'replicas'>;

/** What a write was asked for with. */
export interface AskedWrite {
  readonly level?: OperationOptions['level'];
  readonly sizes: Pick<RegisterQuorums, 'write'>;
  readonly writeNeeded: number;
}

/** Acknowledgements that a write needs under some sizes: what was as many as a quorum is not fewer there. */
export function writeNeededUnder(sizes: RegisterQuorums, { level, sizes: before, writeNeeded }: AskedWrite): number {
  if (before === sizes) return writeNeeded;
  const { write } = levelUnder(level, sizes);
  return writeNeeded >= before.write ? Math.max(write, sizes.write) : write;
}

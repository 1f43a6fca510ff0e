// An operation that was asked for under one configuration and goes on under another one: what its level asks for there.
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import type { Operation } from './operation.ts';

/** Makes an operation ask for as much under the sizes in force as it asked for under those that it was made with. */
export function resize(operation: Operation, sizes: RegisterQuorums): void {
  const before = operation.sizes;
  if (before === undefined || before === sizes) return;
  operation.sizes = sizes;
  const isStable = operation.agreeNeeded > 0;
  operation.writeNeeded = writeNeededUnder(sizes, operation.writeNeeded, before);
  operation.readNeeded = readNeededUnder(sizes, operation.readNeeded, before);
  if (!isStable) return;
  const all = [sizes.agreeing, sizes.replicas] as const;
  operation.agreeNeeded = resized(operation.agreeNeeded, [before.agreeing, before.replicas], all);
}

type ReadSizes = Pick<RegisterQuorums, 'read' | 'replicas'>;

/** As many answers under some sizes as `needed` were under those of before. */
export function readNeededUnder(sizes: ReadSizes, needed: number, before: ReadSizes): number {
  return before === sizes ? needed : resized(needed, [before.read, before.replicas], [sizes.read, sizes.replicas]);
}

type WriteSizes = Pick<RegisterQuorums, 'write' | 'replicas'>;

/** As many acknowledgements under some sizes as `needed` were under those of before. */
export function writeNeededUnder(sizes: WriteSizes, needed: number, before: WriteSizes): number {
  return before === sizes ? needed : resized(needed, [before.write, before.replicas], [sizes.write, sizes.replicas]);
}

/** A quorum stays one, all stay all, and what is less than a quorum stays as many. Sizes: of a quorum, and of all. */
function resized(
  needed: number,
  [quorum, all]: readonly [number, number],
  [newQuorum, newAll]: readonly [number, number],
): number {
  if (needed < quorum) return Math.min(needed, newAll);
  if (needed === quorum && quorum < all) return newQuorum;
  return needed >= all && all > 1 ? newAll : Math.min(newAll, Math.max(needed, newQuorum));
}

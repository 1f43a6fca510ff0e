// Faults on purpose, for the demo and for tests of applications.
import { rangeError, typeError } from '../base/errors.ts';
import type { Fault } from './fault.ts';
import { SupervisedCluster } from './open-cluster.ts';
import type { Cluster } from './open-cluster.ts';

export type { FailPoint } from './fail-point.ts';
export type { Fault } from './fault.ts';

/**
 * Harms a replica's thread: `terminate` ends it wherever it is, `hang` lets it loop for ever, `oom` lets it exhaust
 * its heap in small allocations; any other fault is the instant at which it is terminated, or a second later when it
 * does not come by (see {@link FailPoint}). It survives two faults: `pause`, its thread stands still for half a
 * second; `corrupt`, a bit of one value that it holds is flipped. The thread that opened the cluster only.
 *
 * @param options.force also where that loses the state: see the event `stateLost`.
 * @returns `false` when nothing was done, because the replica is not operational, or because with those that are down,
 *   recovering or doomed already the quorums would not survive it.
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when there is no such replica.
 * @example
 * ```ts
 * import { openCluster } from 'quorate';
 * import { injectFault } from 'quorate/testing';
 *
 * const cluster = await openCluster({ replicas: 3 });
 * console.log(await injectFault(cluster, 0, 'terminate')); // true
 * console.log(await injectFault(cluster, 1, 'terminate')); // false: with two of three gone, the state would be lost
 * await cluster.close();
 * ```
 */
export async function injectFault(
  cluster: Cluster,
  replica: number,
  fault: Fault,
  options: { readonly force?: boolean } = {},
): Promise<boolean> {
  if (!(cluster instanceof SupervisedCluster)) {
    throw typeError('ERR_QUORATE_INVALID_ARGUMENT', 'Cannot inject a fault: the cluster must come from openCluster()');
  }
  const members = cluster.inspect().replicas.map((each) => each.replica);
  if (!members.includes(replica)) {
    const allowed = `the members are ${members.join(', ')}`;
    throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use replica ${String(replica)}: ${allowed}`);
  }
  return cluster.injectFault(replica, fault, options.force ?? false);
}

/**
 * As {@link injectFault}, and `false` also where the replica is no member: for whoever chose it a moment ago, while
 * members change.
 */
export async function injectFaultIfMember(...given: Parameters<typeof injectFault>): Promise<boolean> {
  try {
    return await injectFault(...given);
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

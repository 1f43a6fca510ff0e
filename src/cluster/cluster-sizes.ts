// How large a cluster is: its threads, and how many of them hold each key. `replicas` says both at once, and is what
// most callers give. A quorum system says how many it is of, so there is nothing else to say.
import { integerOption, rangeError } from '../base/errors.ts';
import { REPLICAS_MAX } from '../base/limits.ts';
import { registerQuorums } from '../quorum/register-quorums.ts';
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import type { RegisterSystemOptions } from '../quorum/register-systems.ts';
import type { ClusterOptions } from './options.ts';
import { requireShareable } from './shared-configurations.ts';

/** Copies of each key unless configured, or as many as there are threads. */
const COPIES_DEFAULT = 5;

/**
 * The quorum sizes of a cluster that is opened with these options.
 *
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when a size is no integer in its range;
 * `ERR_QUORATE_CONFIGURATION` when sizes contradict each other.
 */
export function clusterSizes(options: ClusterOptions): RegisterQuorums {
  const { replicas, threads, replicationFactor, read, write, prepare, quorum } = options;
  for (const [name, size] of Object.entries({ threads, replicationFactor })) {
    if (replicas === undefined || size === undefined || size === replicas) continue;
    throw rangeError(
      'ERR_QUORATE_CONFIGURATION',
      `Cannot use replicas ${replicas} with ${name} ${size}: replicas stands for both, as many threads as copies of ` +
        'each key; give threads and replicationFactor alone where they differ',
    );
  }
  const range = { min: 1, max: REPLICAS_MAX };
  if (threads !== undefined) integerOption('threads', threads, range);
  if (replicationFactor !== undefined) integerOption('replicationFactor', replicationFactor, range);
  const copies =
    replicationFactor ?? replicas ?? votersOf(quorum) ?? Math.min(COPIES_DEFAULT, threads ?? COPIES_DEFAULT);
  return requireShareable(
    registerQuorums({ replicas: copies, threads: threads ?? copies, read, write, prepare, quorum }),
  );
}

/** How many voters the systems have that are given, if any; whether they are some is looked at later. */
function votersOf(quorum: RegisterSystemOptions | undefined): number | undefined {
  const voters = quorum?.write?.voters ?? quorum?.read?.voters;
  return typeof voters === 'number' ? voters : undefined;
}

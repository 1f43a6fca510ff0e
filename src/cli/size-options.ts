// How large a cluster is, on the command lines of all who open one.
import { REPLICAS_MAX } from '../base/limits.ts';
import { clusterSizes } from '../cluster/cluster-sizes.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import { integerOf, type Arguments, type OptionSpec } from './arguments.ts';

/** The options. */
export const SIZE_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  replicas: { type: 'string', value: 'N', help: 'replicas, 1 to 15 (5); each holds every key' },
  threads: { type: 'string', value: 'T', help: 'instead: replicas over which keys are spread, up to 15 (N)' },
  'replication-factor': { type: 'string', value: 'N', help: 'and copies of each key, up to T (5, or T if less)' },
  read: { type: 'string', value: 'R', help: 'replicas that a read asks (a majority of N)' },
  write: { type: 'string', value: 'W', help: 'replicas that accept a write (a majority of N)' },
};

/** Sizes as a cluster is opened with them, and what follows from them. */
export interface GivenSizes {
  readonly options: Pick<ClusterOptions, 'replicas' | 'threads' | 'replicationFactor' | 'read' | 'write'>;
  readonly quorums: RegisterQuorums;
}

/**
 * The sizes that a command line asks for.
 *
 * @throws {UsageError} that names the option and what is allowed; `ERR_QUORATE_CONFIGURATION` where sizes contradict
 *   each other.
 */
export function sizesOf(given: Arguments): GivenSizes {
  const range = { min: 1, max: REPLICAS_MAX };
  const copies = { replicas: 'replicas', threads: 'threads', replicationFactor: 'replication-factor' };
  const counts = numbersOf(given, copies, range);
  const { replicas } = clusterSizes(counts);
  const sizes = numbersOf(given, { read: 'read', write: 'write' }, { min: 1, max: replicas });
  const options = { ...counts, ...sizes };
  return { options, quorums: clusterSizes(options) };
}

function numbersOf<Name extends string>(
  given: Arguments,
  options: Readonly<Record<Name, string>>,
  range: { readonly min: number; readonly max: number },
): Partial<Record<Name, number>> {
  const numbers: Partial<Record<Name, number>> = {};
  for (const name in options) {
    const value = integerOf(given, options[name], range);
    if (value !== undefined) numbers[name] = value;
  }
  return numbers;
}

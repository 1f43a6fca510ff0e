// The quorum sizes of a planned cluster: its quorums are of the copies of a key, which may be fewer than its replicas.
import { registerQuorums } from '../../quorum/register-quorums.ts';
import type { RegisterQuorums } from '../../quorum/register-quorums.ts';
import type { ClusterPlan } from './plan.ts';

/** The quorums of a plan. @throws {RangeError} where they contradict each other. */
export function quorumsOf(cluster: Pick<ClusterPlan, 'replicas' | 'replicationFactor'> & Sizes): RegisterQuorums {
  const { replicas: threads, replicationFactor = threads, read, write, prepare } = cluster;
  return registerQuorums({ replicas: replicationFactor, threads, read, write, prepare });
}

type Sizes = Partial<Pick<ClusterPlan, 'read' | 'write' | 'prepare'>>;

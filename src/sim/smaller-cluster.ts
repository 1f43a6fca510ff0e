// A plan for fewer replicas: most of what goes wrong with five goes wrong with three, in half as many steps.
import { registerQuorums } from '../quorum/register-quorums.ts';
import type { FaultPlan, SimPlan } from './cluster/plan.ts';

/**
 * The plan with `replicas` (at most those that it has), as many copies of each key where there were more, and
 * majorities in place of systems of quorums; faults of replicas that are gone are left out; coordinators and free
 * places keep theirs under their new numbers.
 */
export function withReplicas(plan: SimPlan, replicas: number): SimPlan {
  const before = plan.cluster.replicas;
  const gone = before - replicas;
  const maskOf = (mask: number): number => (mask & (2 ** replicas - 1)) | ((mask >>> before) << replicas);
  const { replicationFactor = before } = plan.cluster;
  const copies = Math.min(replicas, replicationFactor);
  const { read, write, prepare } = registerQuorums({ replicas: copies });
  const faults = plan.faults.flatMap((fault): FaultPlan[] => {
    if ('node' in fault) {
      if (fault.node >= replicas && fault.node < before) return [];
      const node = fault.node < replicas ? fault.node : fault.node - gone;
      return [fault.kind === 'change' ? { ...fault, node, remove: maskOf(fault.remove) } : { ...fault, node }];
    }
    if ('nodes' in fault) return [{ ...fault, nodes: maskOf(fault.nodes) }];
    return [{ ...fault, from: maskOf(fault.from), to: maskOf(fault.to) }];
  });
  const { replicationFactor: _, quorum: _quorum, places, ...rest } = plan.cluster;
  const spread = copies === replicas ? {} : { replicationFactor: copies };
  const room = places === undefined ? {} : { places: places - gone };
  return { ...plan, faults, cluster: { ...rest, ...spread, ...room, replicas, read, write, prepare } };
}

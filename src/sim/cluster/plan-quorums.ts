// The quorums of a planned cluster: they are of the copies of a key, which may be fewer than its replicas.
import { choose, majorityOf, quorumSystem } from '../../quorum/quorum-system.ts';
import { dual } from '../../quorum/dual.ts';
import { smallestQuorum } from '../../quorum/minimal-quorums.ts';
import type { QuorumData } from '../../quorum/quorum-data.ts';
import { registerQuorums } from '../../quorum/register-quorums.ts';
import type { RegisterQuorums } from '../../quorum/register-quorums.ts';
import { agreeingSystem } from '../../quorum/register-systems.ts';
import type { ClusterPlan, PlanSystems } from './plan.ts';

/** The quorums of a plan. @throws {RangeError} where they contradict each other. */
export function quorumsOf(
  cluster: Pick<ClusterPlan, 'replicas' | 'replicationFactor' | 'quorum'> & Sizes,
): RegisterQuorums {
  const { replicas: threads, replicationFactor = threads, read, write, prepare, quorum } = cluster;
  if (quorum === undefined) return registerQuorums({ replicas: replicationFactor, threads, read, write, prepare });
  if (quorum.isForced === true) return forced(threads, quorum);
  return registerQuorums({ replicas: replicationFactor, threads, quorum });
}

type Sizes = Partial<Pick<ClusterPlan, 'read' | 'write' | 'prepare'>>;

/** Systems that nobody has checked, and what else a majority asks for. */
function forced(replicas: number, given: PlanSystems): RegisterQuorums {
  const majority = choose(majorityOf(replicas), replicas);
  const write: QuorumData = given.write ?? dual(given.read ?? majority);
  const systems = { read: given.read ?? dual(write), write, prepare: given.prepare ?? dual(write) };
  return {
    ...registerQuorums({ replicas, quorum: { write: majority } }),
    read: smallestQuorum(quorumSystem(systems.read)),
    write: smallestQuorum(quorumSystem(systems.write)),
    prepare: smallestQuorum(quorumSystem(systems.prepare)),
    agreeing: smallestQuorum(agreeingSystem(systems)),
    systems,
  };
}

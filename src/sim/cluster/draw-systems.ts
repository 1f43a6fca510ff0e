// Systems of quorums, drawn for some runs of most profiles: of clusters, and of changes of their members.
import type { Random } from '../../base/random.ts';
import { among, and, or } from '../../quorum/choice.ts';
import { dual } from '../../quorum/dual.ts';
import { grid } from '../../quorum/grid.ts';
import { hierarchical } from '../../quorum/hierarchical.ts';
import { choose } from '../../quorum/quorum-system.ts';
import type { RegisterSystemOptions } from '../../quorum/register-systems.ts';
import { weighted } from '../../quorum/weighted.ts';
import { happens, pick } from '../engine/chance.ts';
import { placesOf } from './plan.ts';
import type { ClusterPlan, FaultPlan } from './plan.ts';
import { quorumsOf } from './plan-quorums.ts';

const SYSTEMS_RATE = 0.2;
const CHANGES_RATE = 0.3;
const OF_CHANGE_RATE = 0.6;

const FOUR = grid(2, 2);
const SIX = grid(2, 3);
const NINE = grid(3, 3);

/** Small ones above all: they search more orders in the same time. */
export const PLANNED_SYSTEMS: readonly RegisterSystemOptions[] = [
  { write: weighted([2, 1, 1], 3) },
  { write: choose(3, 3) },
  { read: FOUR.reads, write: FOUR.writes },
  { read: FOUR.reads },
  { write: FOUR.reads },
  { write: weighted([2, 1, 1, 1], 3) },
  { write: among(4, choose(2, 3)) },
  { write: or(and(0, or(1, 2, 3, 4)), and(1, 2, 3, 4)) },
  { write: choose(4, 5), prepare: choose(2, 5) },
  { write: weighted([3, 2, 2, 1, 1], 5) },
  { write: and(choose(2, [0, 1, 2]), or(3, 4)), read: dual(and(choose(2, [0, 1, 2]), or(3, 4))) },
  { read: SIX.reads, write: SIX.writes },
  { read: SIX.reads, write: SIX.writes, prepare: SIX.writes },
  { write: hierarchical([2, 3]) },
  { write: hierarchical([3, 2]), read: dual(hierarchical([3, 2])) },
  { read: NINE.reads, write: NINE.writes },
  { write: hierarchical([3, 3]) },
].map(plain);

/** In some runs a system decides, of as many replicas as it has voters. */
export function withSystem(drawn: ClusterPlan, random: Random): ClusterPlan {
  return happens(random, SYSTEMS_RATE) ? ofSystem(drawn, pick(random, PLANNED_SYSTEMS)) : drawn;
}

/** The cluster with a system in place of its sizes. */
export function ofSystem(cluster: ClusterPlan, quorum: NonNullable<ClusterPlan['quorum']>): ClusterPlan {
  const replicas = (quorum.write ?? quorum.read)?.voters ?? cluster.replicas;
  const { read, write, prepare } = quorumsOf({ replicas, quorum });
  return { ...cluster, replicas, read, write, prepare, quorum };
}

/** The changes of some runs, some of which change the system. */
export function withSystems(changes: readonly FaultPlan[], random: Random, cluster: ClusterPlan): readonly FaultPlan[] {
  if (!happens(random, cluster.quorum === undefined ? CHANGES_RATE : 1)) return changes;
  const fitting = PLANNED_SYSTEMS.filter(({ read, write }) => (write ?? read)!.voters <= placesOf(cluster));
  return changes.map((change) => {
    if (change.kind !== 'change' || !happens(random, OF_CHANGE_RATE)) return change;
    const { copies: _copies, writeMore: _writeMore, ...rest } = change;
    return { ...rest, quorum: pick(random, fitting) };
  });
}

/** Without the predicates, as it is written as JSON. */
function plain(systems: RegisterSystemOptions): RegisterSystemOptions {
  return structuredClone(systems);
}

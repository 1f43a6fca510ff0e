// The real cluster, as the demo uses it.
import { injectFault } from '../../cluster/chaos.ts';
import { openCluster, openSabotaged } from '../../cluster/open-cluster.ts';
import type { ClusterOptions } from '../../cluster/options.ts';
import type { Sabotage } from '../../cluster/sabotage.ts';
import { startPeer } from './peer.ts';
import type { DemoStage } from './run-demo.ts';

/** Opens the cluster that the demo runs on, or one that lacks a rule. Main thread only. */
export async function openStage(options: ClusterOptions, sabotage: Sabotage | undefined): Promise<DemoStage> {
  const cluster = sabotage === undefined ? await openCluster(options) : await openSabotaged(options, sabotage);
  // Who was a member a moment ago may have left.
  const isMember = (given: number): boolean => cluster.inspect().replicas.some(({ replica }) => replica === given);
  return {
    cluster,
    injectFault: async (replica, fault) => isMember(replica) && injectFault(cluster, replica, fault),
    startPeer,
  };
}

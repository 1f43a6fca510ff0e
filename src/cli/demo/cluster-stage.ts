// The real cluster, as the demo uses it.
import { injectFaultIfMember } from '../../cluster/chaos.ts';
import { openCluster, openSabotaged } from '../../cluster/open-cluster.ts';
import type { ClusterOptions } from '../../cluster/options.ts';
import type { Sabotage } from '../../cluster/sabotage.ts';
import { startPeer } from './peer.ts';
import type { DemoStage } from './run-demo.ts';

/** Opens the cluster that the demo runs on, or one that lacks a rule. Main thread only. */
export async function openStage(options: ClusterOptions, sabotage: Sabotage | undefined): Promise<DemoStage> {
  const cluster = sabotage === undefined ? await openCluster(options) : await openSabotaged(options, sabotage);
  return {
    cluster,
    injectFault: (replica, fault) => injectFaultIfMember(cluster, replica, fault),
    startPeer,
  };
}

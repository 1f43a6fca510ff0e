// The real cluster, as the demo uses it.
import { injectFault } from '../../cluster/chaos.ts';
import { openCluster } from '../../cluster/open-cluster.ts';
import type { ClusterOptions } from '../../cluster/options.ts';
import { startPeer } from './peer.ts';
import type { DemoStage } from './run-demo.ts';

/** Opens the cluster that the demo runs on. Main thread only. */
export async function demoStage(options: ClusterOptions): Promise<DemoStage> {
  const cluster = await openCluster(options);
  return { cluster, injectFault: (replica, fault) => injectFault(cluster, replica, fault), startPeer };
}

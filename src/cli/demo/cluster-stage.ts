// The real cluster, as the demo uses it.
import { injectFault } from '../../cluster/chaos.ts';
import { openCluster } from '../../cluster/open-cluster.ts';
import type { ClusterOptions } from '../../cluster/options.ts';
import { startPeer } from './peer.ts';
import type { DemoStage } from './run-demo.ts';

/** Small, so that a heap fills up within a second; 100,000 keys fit. */
const DEMO_HEAP_MB = 128;

/** Opens the cluster that the demo runs on. Main thread only. */
export async function demoStage(options: ClusterOptions): Promise<DemoStage> {
  const cluster = await openCluster({ replicaHeapMb: DEMO_HEAP_MB, ...options });
  return { cluster, injectFault: (replica, fault) => injectFault(cluster, replica, fault), startPeer };
}

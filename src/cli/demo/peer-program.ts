// The program of the demo's worker thread: a connection of its own, and a client on it.
import type { MessagePort } from 'node:worker_threads';
import { connectCluster } from '../../cluster/open-cluster.ts';
import { runPeerClient, type PeerWiring } from './peer.ts';

/** Connects, says so, asks until the end, reports, and lets go. Worker threads only. */
export async function runPeer(wiring: PeerWiring, port: MessagePort): Promise<void> {
  const cluster = await connectCluster(wiring.handle);
  port.postMessage('ready');
  const report = await runPeerClient(cluster, wiring);
  await cluster.close();
  port.postMessage(report);
}

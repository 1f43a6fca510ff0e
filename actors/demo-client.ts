// The program of the demo's worker client: wiring only.
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../src/base/assert.ts';
import { runPeer } from '../src/cli/demo/peer-program.ts';
import type { PeerWiring } from '../src/cli/demo/peer.ts';

assert(parentPort !== null, 'The demo client is started as a worker thread');
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- startPeer passes exactly this
await runPeer(workerData as PeerWiring, parentPort);
parentPort.close();

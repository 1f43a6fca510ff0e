// The program of a client's thread of a torture run. Wiring only.
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../src/base/assert.ts';
import { runClient } from '../src/torture/client-thread.ts';
import type { ClientWiring } from '../src/torture/client-thread.ts';

assert(parentPort !== null, 'A client of a torture run is started as a worker thread');
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- ClientThread passes exactly this
parentPort.postMessage(await runClient(workerData as ClientWiring, parentPort));
parentPort.close();

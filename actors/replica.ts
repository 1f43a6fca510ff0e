// The program of a replica's thread: a blank standby until it is promoted, then the replica's loop. Wiring only.
import { parentPort } from 'node:worker_threads';
import { runReplica } from '../src/cluster/replica-thread.ts';
import type { ReplicaWiring } from '../src/cluster/replica-thread.ts';
import { awaitPromotion } from '../src/supervision/standby.ts';

const wiring = await awaitPromotion<ReplicaWiring>();
await runReplica(wiring, parentPort!, (module) => import(module));

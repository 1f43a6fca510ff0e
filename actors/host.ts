// The program of a thread that hosts an actor. Wiring only.
import { parentPort } from 'node:worker_threads';
import { runActor } from '../src/actor/thread-program.ts';
import type { ActorReport, ActorWiring } from '../src/actor/thread-program.ts';
import { awaitPromotion } from '../src/supervision/standby.ts';

const wiring = await awaitPromotion<ActorWiring>();
parentPort?.ref(); // The thread lives until its supervisor ends it, whatever its actor waits for.
await runActor(wiring, (report: ActorReport) => parentPort?.postMessage(report));

// What Node.js itself offers between two threads: a MessagePort. Other runtimes for actors are built on it.
//
//     main --port--> worker     one-way: the worker reads each message, and answers the last
//     main <--port-> worker     ping-pong and asks: it answers each
import type { Worker } from 'node:worker_threads';
import { askSubjects } from '../harness/ask.ts';
import type { Asker } from '../harness/ask.ts';
import { nextMessage, programUrl, startProgram } from '../harness/program.ts';
import { ONE_WAY, PING_PONG } from '../harness/questions.ts';
import { expectAnswer } from '../harness/subject.ts';
import type { Contender, Subject } from '../harness/subject.ts';
import { nowMs } from '../../src/base/clock.ts';

/** Messages that may be under way: enough to keep the worker busy, and few enough to stay in the caches. */
const WINDOW = 4096;

export const subjects: readonly Subject[] = [
  { question: ONE_WAY, subject: 'postMessage', unit: 'frames/s', open: () => openOneWay('bytes') },
  { question: ONE_WAY, subject: 'postMessage of a string', unit: 'frames/s', open: () => openOneWay('string') },
  { question: PING_PONG, subject: 'postMessage', unit: 'round trips/s', open: openPingPong },
  ...askSubjects('raw MessagePort', startAsker),
];

/**
 * 32 bytes as a Uint8Array, which is what the rings carry; or as a string of 32 one-byte characters, the form that is
 * cloned fastest (measured: 1.5 M/s, bytes and an ArrayBuffer 0.9 to 1 M/s, an array of 4 numbers 1.1 M/s).
 */
async function openOneWay(form: 'bytes' | 'string'): Promise<Contender> {
  const worker = await startProgram(programUrl('port', import.meta.url), `one-way, ${form}`);
  const frames = [0, 1].map((mark) => {
    return form === 'bytes' ? new Uint8Array(32).fill(mark) : String(mark).repeat(32);
  });
  const [ordinary, last] = frames;
  const send = async (count: number): Promise<void> => {
    const answered = nextMessage(worker);
    for (let index = 1; index < count; index++) worker.postMessage(ordinary);
    worker.postMessage(last); // The last one is answered.
    expectAnswer(await answered, count, 'the number of messages');
  };
  const pass = async (ms: number): Promise<number> => {
    const startMs = nowMs();
    let count = 0;
    for (; nowMs() - startMs < ms; count += WINDOW) await send(WINDOW);
    return (count * 1000) / (nowMs() - startMs);
  };
  return { check: () => send(WINDOW), pass, close: () => end(worker) };
}

async function openPingPong(): Promise<Contender> {
  const worker = await startProgram(programUrl('port', import.meta.url), 'ping-pong');
  const ball = 'a'.repeat(32);
  const check = async (): Promise<void> => {
    worker.postMessage(ball);
    expectAnswer(await nextMessage(worker), ball, 'what comes back');
  };
  const pass = async (ms: number): Promise<number> => {
    const startMs = nowMs();
    let trips = 0;
    await new Promise<void>((resolve) => {
      worker.on('message', (message) => {
        trips++;
        if (nowMs() - startMs < ms) return worker.postMessage(message);
        worker.removeAllListeners('message');
        resolve();
      });
      worker.postMessage(ball);
    });
    return (trips * 1000) / (nowMs() - startMs);
  };
  return { check, pass, close: () => end(worker) };
}

async function startAsker(): Promise<Asker> {
  const worker = await startProgram(programUrl('port', import.meta.url), 'ask');
  const pending = new Map<number, (sum: number) => void>();
  let lastId = 0;
  worker.on('message', ([id, sum]: readonly [number, number]) => {
    pending.get(id)?.(sum);
    pending.delete(id);
  });
  const ask = (a: number, b: number): Promise<number> => {
    return new Promise((resolve) => {
      pending.set(++lastId, resolve);
      worker.postMessage([lastId, a, b]);
    });
  };
  return { ask, close: () => worker.terminate() };
}

async function end(worker: Worker): Promise<void> {
  await worker.terminate();
}

// The limit of waking a thread, and of sharing a value without replicas.
//
//     main <--[ one word: Atomics.wait and notify ]--> worker      ping-pong, both asleep in between
//     main --[ one cell: version, 16 bytes ]                       put and get by compare-and-exchange, no thread asked
import { nowMs } from '../../src/base/clock.ts';
import { closedLoop } from '../harness/load.ts';
import { programUrl, startProgram, waitWhile } from '../harness/program.ts';
import { GET_256, PING_PONG, PUT_256 } from '../harness/questions.ts';
import { expectAnswer } from '../harness/subject.ts';
import type { Contender, Subject } from '../harness/subject.ts';

const BALL = 0;
const PAYLOAD = 16;
const PAYLOAD_WORDS = 8;
const UPDATE = 'update one shared word';

export const subjects: readonly Subject[] = [
  { question: PING_PONG, subject: 'Atomics.wait', unit: 'round trips/s', open: openPingPong },
  { question: UPDATE, subject: 'Atomics.add', unit: 'ops/s', open: () => openUpdate('add') },
  { question: UPDATE, subject: 'Atomics.compareExchange', unit: 'ops/s', open: () => openUpdate('compareExchange') },
  { question: PUT_256, subject: 'one shared cell', unit: 'ops/s', open: () => openCell('put') },
  { question: GET_256, subject: 'one shared cell', unit: 'ops/s', open: () => openCell('get') },
  { question: PUT_256, subject: 'a promise each', unit: 'ops/s', open: openPromise },
  { question: GET_256, subject: 'a promise each', unit: 'ops/s', open: openPromise },
];

async function openPingPong(): Promise<Contender> {
  const words = new Int32Array(new SharedArrayBuffer(4 * (PAYLOAD + PAYLOAD_WORDS)));
  const worker = await startProgram(programUrl('atomics-echo', import.meta.url), words);
  const trip = (): void => {
    for (let word = 0; word < PAYLOAD_WORDS; word++) words[PAYLOAD + word] = word;
    Atomics.store(words, BALL, 1);
    Atomics.notify(words, BALL);
    waitWhile(words, BALL, 1);
    expectAnswer(words[PAYLOAD + PAYLOAD_WORDS - 1], PAYLOAD_WORDS, 'the last word, plus one');
  };
  return {
    check: trip,
    pass: (ms) => {
      const startMs = nowMs();
      let trips = 0;
      for (; nowMs() - startMs < ms; trips++) trip();
      return (trips * 1000) / (nowMs() - startMs);
    },
    close: async () => {
      await worker.terminate();
    },
  };
}

/** Updates of one word by this thread alone: nothing that threads agree on by memory can be cheaper. */
async function openUpdate(kind: 'add' | 'compareExchange'): Promise<Contender> {
  const words = new Int32Array(new SharedArrayBuffer(4));
  const updates = 100_000;
  const update = (): void => {
    if (kind === 'add') {
      for (let index = 0; index < updates; index++) Atomics.add(words, 0, 1);
      return;
    }
    for (let index = 0; index < updates; index++) {
      const seen = Atomics.load(words, 0);
      Atomics.compareExchange(words, 0, seen, (seen + 1) | 0);
    }
  };
  const check = (): void => {
    Atomics.store(words, 0, 0);
    update();
    expectAnswer(Atomics.load(words, 0), updates, 'the word after all updates');
  };
  return { check, pass: (ms) => perSecond(update, updates, ms), close: doNothing };
}

/**
 * A linearizable register of 16 bytes without replicas: a writer takes the cell by compare-and-exchange of its version
 * (odd while it writes), a reader reads again when the version has moved. A writer that is killed holds it for ever,
 * which is why this is a floor and no store.
 */
async function openCell(kind: 'put' | 'get'): Promise<Contender> {
  const words = new Int32Array(new SharedArrayBuffer(4 * 8));
  const value = new Int32Array(4);
  const batch = 10_000;
  const run = (): void => {
    for (let index = 0; index < batch; index++) {
      if (kind === 'put') {
        value[0] = index;
        putCell(words, value);
      } else getCell(words, value);
    }
  };
  const check = (): void => {
    const read = new Int32Array(4);
    putCell(words, Int32Array.of(1, 2, 3, 4));
    getCell(words, read);
    expectAnswer(read.join(), '1,2,3,4', 'the value');
  };
  return { note: 'no promise', check, pass: (ms) => perSecond(run, batch, ms), close: doNothing };
}

/** What the promise of each operation costs by itself, as an interface that answers with promises cannot avoid. */
async function openPromise(): Promise<Contender> {
  const waiting: ((value: number) => void)[] = [];
  // Settles what is pending in one go, as a reply that carries many answers does.
  const settle = (): void => {
    for (const resolve of waiting.splice(0)) resolve(1);
  };
  const operation = (): Promise<number> => {
    return new Promise((resolve) => {
      if (waiting.push(resolve) === 1) setImmediate(settle);
    });
  };
  const check = async (): Promise<void> => expectAnswer(await operation(), 1, 'what the promise gives');
  return { note: 'no work', check, pass: (ms) => closedLoop(operation, { depth: 256, ms }), close: doNothing };
}

function putCell(words: Int32Array, value: Int32Array): void {
  for (;;) {
    const version = Atomics.load(words, 0);
    if ((version & 1) === 1 || Atomics.compareExchange(words, 0, version, version + 1) !== version) continue;
    for (let word = 0; word < 4; word++) Atomics.store(words, 4 + word, value[word]!);
    Atomics.store(words, 0, (version + 2) | 0);
    return;
  }
}

function getCell(words: Int32Array, value: Int32Array): void {
  for (;;) {
    const version = Atomics.load(words, 0);
    for (let word = 0; word < 4; word++) value[word] = Atomics.load(words, 4 + word);
    if ((version & 1) === 0 && Atomics.load(words, 0) === version) return;
  }
}

function perSecond(run: () => void, operations: number, ms: number): number {
  const startMs = nowMs();
  let count = 0;
  for (; nowMs() - startMs < ms; count += operations) run();
  return (count * 1000) / (nowMs() - startMs);
}

function doNothing(): void {
  // Nothing was started.
}

// What a killed thread leaves behind. Two ways to kill: a model that runs the production code on a memory which ends it
// at a chosen access, exact and fast; and worker.terminate() on real threads, at whatever instruction they are.
import type { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { below, seededRandom } from '../../src/base/random.ts';
import type { SharedMemory } from '../../src/ring/memory.ts';
import { RingConsumer, RingProducer, createRing, evictOwner, initialiseRing } from '../../src/ring/spsc-ring.ts';
import { replayCommand, testSeed } from '../support/seed.ts';
import { readMarked, writeMarked } from './frames.ts';
import type { Mark } from './frames.ts';
import { runUntilKilled } from './observed-memory.ts';
import { startThread, turn } from './thread.ts';

const SEED = testSeed();
const REPLAY = replayCommand('test/ring/killed-threads.test.ts', SEED);
const MODEL_KILLS = 10_000;
const THREAD_KILLS = 30; // Of producers, and as many of consumers.
const CAPACITY = 256;
const SENDERS_OWNER = 7;

/** Takes all frames. @throws when one is torn. */
function takeMarks(consumer: RingConsumer): Mark[] {
  const marks: Mark[] = [];
  for (let start = consumer.next(); start >= 0; start = consumer.next()) marks.push(readMarked(consumer, start));
  consumer.free();
  return marks;
}

/** A ring that is full of marked frames. */
function full(): SharedMemory {
  const memory = createRing(CAPACITY);
  const producer = new RingProducer(memory, 1);
  for (let sequence = 0; writeMarked(producer, { incarnation: 0, sequence }); sequence++) producer.publish();
  return memory;
}

describe('A producer that is killed', () => {
  it('R1: before it published shows nothing, wherever it stood; after that, all that it published', () => {
    let isKilled = true;
    for (let accesses = 0; isKilled; accesses++) {
      const memory = createRing(CAPACITY);
      let published = 0;
      isKilled = runUntilKilled(memory, accesses, (observed) => {
        const ring = new RingProducer(observed, SENDERS_OWNER);
        for (let sequence = 0; sequence < 6; sequence++) {
          writeMarked(ring, { incarnation: 0, sequence });
          if (sequence % 2 === 1 && ring.publish()) published = sequence + 1;
        }
      });
      const marks = takeMarks(new RingConsumer(memory, 2));
      // The store of TAIL may be the access before the one that it was killed at: then we were not told of it.
      expect([published, published + 2]).toContain(marks.length);
      expect(marks.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3, 4, 5].slice(0, marks.length));
    }
  });

  it(`R2: at a random access, ${MODEL_KILLS} times over one ring, tears no frame and loses none (${REPLAY})`, () => {
    const random = seededRandom(SEED);
    const memory = createRing(CAPACITY);
    initialiseRing(memory, CAPACITY, -(CAPACITY * 8));
    const consumer = new RingConsumer(memory, 2);
    let expected = 0;
    let kills = 0;
    for (let incarnation = 1; kills < MODEL_KILLS; incarnation++) {
      let published = expected;
      const isKilled = runUntilKilled(memory, below(random, 120), (observed) => {
        const ring = new RingProducer(observed, SENDERS_OWNER);
        for (let sequence = expected; writeMarked(ring, { incarnation, sequence }); sequence++) {
          if (below(random, 3) === 0 && ring.publish()) published = sequence + 1;
        }
      });
      if (isKilled) kills++;
      evictOwner(memory, 'producer', SENDERS_OWNER);
      const marks = takeMarks(consumer);
      for (const mark of marks) expect(mark.sequence).toBe(expected++);
      expect(expected).toBeGreaterThanOrEqual(published);
    }
  });

  const workers: Worker[] = [];
  let failure: unknown;
  const watched = (worker: Worker): Worker => {
    worker.on('error', (error) => (failure = error));
    workers.push(worker);
    return worker;
  };
  const nextTurn = async (): Promise<void> => {
    if (failure !== undefined) throw failure;
    await turn();
  };
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
  });

  it(`R2: by terminate(), ${THREAD_KILLS} times over, tears no frame and loses none that was shown`, async () => {
    const memory = createRing(1024);
    const go = new Int32Array(new SharedArrayBuffer(4));
    const start = (incarnation: number): Worker => {
      return watched(startThread('sender', { buffer: memory.words.buffer, go, incarnation }));
    };
    const consumer = new RingConsumer(memory, -1);
    let standby = start(1);
    for (let incarnation = 1; incarnation <= THREAD_KILLS; incarnation++) {
      const worker = standby;
      standby = start(incarnation + 1);
      const seen = { frames: 0, isGone: false };
      const takeAll = (): void => {
        for (const mark of takeMarks(consumer)) expect(mark).toEqual({ incarnation, sequence: seen.frames++ });
      };
      for (; seen.frames <= (incarnation * 37) % 500; await nextTurn()) takeAll();
      void worker.terminate().then(() => (seen.isGone = true));
      for (; !seen.isGone; await nextTurn()) takeAll();
      takeAll();
      expect(evictOwner(memory, 'producer', incarnation)).toBe(true);
      Atomics.store(go, 0, incarnation);
      Atomics.notify(go, 0);
    }
  }, 60_000);

  it(`R3: a consumer killed ${THREAD_KILLS} times handles each frame, at most the one in hand twice`, async () => {
    const memory = createRing(1024);
    const go = new Int32Array(new SharedArrayBuffer(4));
    const counts = new Int32Array(new SharedArrayBuffer(4 * 4_000_000));
    const start = (incarnation: number): Worker => {
      return watched(startThread('handler', { buffer: memory.words.buffer, go, counts, incarnation }));
    };
    const producer = new RingProducer(memory, -1);
    const seen = { sent: 0, isGone: false };
    const sendAll = (): void => {
      for (let at = producer.claim(4); at >= 0 && seen.sent < counts.length; at = producer.claim(4)) {
        producer.words[at >> 2] = seen.sent++;
        producer.commit();
        if (seen.sent % 7 === 0) producer.publish();
      }
      producer.publish();
    };
    let standby = start(1);
    for (let incarnation = 1; incarnation <= THREAD_KILLS; incarnation++) {
      const worker = standby;
      if (incarnation < THREAD_KILLS) standby = start(incarnation + 1);
      const enough = Math.min(seen.sent + 200 + ((incarnation * 37) % 500), counts.length);
      for (; seen.sent < enough; await nextTurn()) sendAll();
      seen.isGone = false;
      void worker.terminate().then(() => (seen.isGone = true));
      for (; !seen.isGone; await nextTurn()) sendAll();
      evictOwner(memory, 'consumer', incarnation);
      Atomics.store(go, 0, incarnation);
      Atomics.notify(go, 0);
    }
    const rest = new RingConsumer(memory, -1);
    for (let at = rest.next(); at >= 0; at = rest.next()) counts[rest.words[at >> 2]!]!++;
    const handled = counts.subarray(0, seen.sent);
    expect(handled.every((count) => count === 1 || count === 2)).toBe(true);
    expect(handled.filter((count) => count === 2).length).toBeLessThanOrEqual(THREAD_KILLS);
  }, 60_000);
});

describe('A consumer that is killed', () => {
  it('R3: at any access has each frame handled, in order, and only the one in hand twice', () => {
    const all = takeMarks(new RingConsumer(full(), 2)).map(({ sequence }) => sequence);
    expect(all.length).toBeGreaterThan(4);
    for (const batch of [1, 2, 3, 100]) {
      let isKilled = true;
      for (let accesses = 0; isKilled; accesses++) {
        const memory = full();
        const handled: number[] = [];
        isKilled = runUntilKilled(memory, accesses, (observed) => {
          const consumer = new RingConsumer(observed, 2);
          for (let start = consumer.next(); start >= 0; start = consumer.next()) {
            handled.push(readMarked(consumer, start).sequence);
            if (handled.length % batch === 0) consumer.free();
          }
        });
        evictOwner(memory, 'consumer', 2);
        const again = takeMarks(new RingConsumer(memory, 3)).map(({ sequence }) => sequence);
        const isTwice = again.length > 0 && handled.at(-1) === again[0];
        expect([...handled, ...again.slice(isTwice ? 1 : 0)]).toEqual(all);
      }
    }
  });

  it('R3: at any access, told to skip, handles no frame twice, and loses at most the one in hand', () => {
    const all = takeMarks(new RingConsumer(full(), 2)).map(({ sequence }) => sequence);
    let isKilled = true;
    for (let accesses = 0; isKilled; accesses++) {
      const memory = full();
      const handled: number[] = [];
      isKilled = runUntilKilled(memory, accesses, (observed) => {
        const consumer = new RingConsumer(observed, 2);
        for (let start = consumer.next(); start >= 0; start = consumer.next()) {
          handled.push(readMarked(consumer, start).sequence);
        }
      });
      evictOwner(memory, 'consumer', 2);
      const successor = new RingConsumer(memory, 3, 'skip');
      const skipped = successor.skippedAt < 0 ? [] : [readMarked(successor, successor.skippedAt).sequence];
      const after = takeMarks(successor).map(({ sequence }) => sequence);
      const isHandled = skipped.length > 0 && handled.at(-1) === skipped[0];
      expect([...handled, ...(isHandled ? [] : skipped), ...after]).toEqual(all);
    }
  });
});

describe('Many lanes into one thread', () => {
  it('R11: a producer that dies between claiming and publishing holds up no lane but its own', () => {
    // Each producer has a ring of its own, so that there is no reserved hole for others to wait behind.
    const lanes = Array.from({ length: 4 }, () => createRing(CAPACITY));
    lanes.forEach((memory, lane) => {
      const producer = new RingProducer(memory, 1);
      writeMarked(producer, { incarnation: lane, sequence: 0 });
      if (lane !== 2) producer.publish();
    });
    const taken = lanes.map((memory) => takeMarks(new RingConsumer(memory, 2)).length);
    expect(taken).toEqual([1, 1, 0, 1]);
    evictOwner(lanes[2]!, 'producer', 1);
    const heir = new RingProducer(lanes[2]!, 3);
    writeMarked(heir, { incarnation: 9, sequence: 0 });
    heir.publish();
    evictOwner(lanes[2]!, 'consumer', 2);
    expect(takeMarks(new RingConsumer(lanes[2]!, 4))).toEqual([{ incarnation: 9, sequence: 0 }]);
  });
});

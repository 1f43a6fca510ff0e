import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { below, seededRandom } from '../../src/base/random.ts';
import {
  BroadcastProducer,
  BroadcastReader,
  attachReader,
  createBroadcastRing,
  detachReader,
  evictReader,
  initialiseBroadcastRing,
  readerLagBytes,
} from '../../src/ring/broadcast-ring.ts';
import type { SharedMemory } from '../../src/ring/memory.ts';
import { evictOwner, isQuarantined } from '../../src/ring/spsc-ring.ts';
import { replayCommand, testSeed } from '../support/seed.ts';
import { explore } from './interleavings.ts';
import { writeMarked } from './frames.ts';
import { runUntilKilled } from './observed-memory.ts';
import { startThread, turn } from './thread.ts';

const SEED = testSeed();
const REPLAY = replayCommand('test/ring/broadcast-ring.test.ts', SEED);
const CAPACITY = 256;

function ringAt(start = 0, options = { capacityBytes: CAPACITY, readers: 3 }): SharedMemory {
  const memory = createBroadcastRing(options);
  initialiseBroadcastRing(memory, options, start);
  return memory;
}

function send(producer: BroadcastProducer, payload: readonly number[]): boolean {
  const start = producer.claim(payload.length);
  if (start < 0) return false;
  producer.bytes.set(payload, start);
  producer.commit();
  return producer.publish();
}

function take(reader: BroadcastReader): number[] | undefined {
  const start = reader.next();
  return start < 0 ? undefined : [...reader.bytes.subarray(start, start + reader.frameBytes)];
}

function takeAll(reader: BroadcastReader): number[][] {
  const frames: number[][] = [];
  for (let frame = take(reader); frame !== undefined; frame = take(reader)) frames.push(frame);
  return frames;
}

const EIGHT = [1, 2, 3, 4, 5, 6, 7, 8];

describe('A broadcast ring', () => {
  it('shows each frame to every reader that was attached when it was published', () => {
    const memory = ringAt();
    const producer = new BroadcastProducer(memory, 1);
    send(producer, [0]);
    const early = new BroadcastReader(memory, 0, 2);
    send(producer, [1]);
    const late = new BroadcastReader(memory, 2, 3);
    send(producer, [2]);
    expect([takeAll(early), takeAll(late)]).toEqual([[[1], [2]], [[2]]]);
    expect([early.confirm(), late.confirm()]).toEqual([true, true]);
  });

  it('R4: is full when its slowest attached reader is a ring behind: it answers -1 and overwrites nothing', () => {
    const memory = ringAt();
    const producer = new BroadcastProducer(memory, 1);
    const [fast, slow] = [new BroadcastReader(memory, 0, 2), new BroadcastReader(memory, 1, 3)];
    let sent = 0;
    while (send(producer, EIGHT)) sent++;
    expect(sent).toBe(CAPACITY / 16);
    expect(takeAll(fast).length).toBe(sent);
    fast.free();
    expect([producer.claim(8), readerLagBytes(memory, 0), readerLagBytes(memory, 1)]).toEqual([-1, 0, CAPACITY]);
    take(slow);
    expect(producer.claim(8)).toBe(-1); // Read, and not freed yet.
    slow.free();
    expect([send(producer, EIGHT), send(producer, EIGHT)]).toEqual([true, false]);
    expect(takeAll(slow).length).toBe(sent);
  });

  it('is held back by nobody when nobody is attached', () => {
    const producer = new BroadcastProducer(ringAt(), 1);
    for (let frame = 0; frame < 100; frame++) expect(send(producer, EIGHT)).toBe(true);
  });

  it('goes on without a reader whose place was taken away, and that reader notices at its next read', () => {
    const memory = ringAt();
    const producer = new BroadcastProducer(memory, 1);
    const reader = new BroadcastReader(memory, 0, 2);
    send(producer, [1]);
    expect([take(reader), reader.confirm()]).toEqual([[1], true]);
    while (send(producer, EIGHT));
    expect(detachReader(memory, 0)).toBe(false); // Nobody waits for room.
    for (let frame = 0; frame < 100; frame++) expect(send(producer, [9])).toBe(true);
    expect([reader.isAttached, reader.confirm(), reader.free(), take(reader)]).toEqual([
      false,
      false,
      false,
      undefined,
    ]);
    expect([isQuarantined(memory), readerLagBytes(memory, 0)]).toEqual([false, -1]);
    expect([reader.rejoin(), reader.rejoin(), take(reader)]).toEqual([true, true, undefined]);
    send(producer, [4]);
    expect(takeAll(reader)).toEqual([[4]]);
  });

  it('gives a new reader the place that a supervisor attached for it', () => {
    const memory = ringAt();
    const producer = new BroadcastProducer(memory, 1);
    attachReader(memory, 2);
    send(producer, [5]);
    expect(takeAll(new BroadcastReader(memory, 2, 4))).toEqual([[5]]);
  });

  it('lets a supervisor put a detached cursor at the tail, and its reader go on there', () => {
    const memory = ringAt();
    const producer = new BroadcastProducer(memory, 1);
    const reader = new BroadcastReader(memory, 0, 2);
    send(producer, [1]);
    expect(attachReader(memory, 0)).toBe(false); // It has a place.
    detachReader(memory, 0);
    expect(attachReader(memory, 0)).toBe(true);
    send(producer, [2]);
    expect(reader.isAttached).toBe(false);
    expect([reader.rejoin(), takeAll(reader)]).toEqual([true, [[2]]]);
  });

  it('R12: has one producer, and one thread under a reader index; R14: the dead are evicted by name', () => {
    const memory = ringAt();
    void new BroadcastProducer(memory, 1);
    const reader = new BroadcastReader(memory, 1, 2);
    const owned = expect.objectContaining({ code: 'ERR_QUORATE_RING_OWNED' });
    expect(() => new BroadcastProducer(memory, 3)).toThrow(owned);
    expect(() => new BroadcastReader(memory, 1, 3)).toThrow(owned);
    expect(() => new BroadcastReader(memory, 3, 3)).toThrow(/Cannot use reader 3/);
    expect([evictReader(memory, 1, 9), reader.isAttached]).toEqual([false, true]);
    expect([evictReader(memory, 1, 2), evictReader(memory, 1, 2), reader.isAttached]).toEqual([true, false, false]);
    expect(evictOwner(memory, 'producer', 1)).toBe(true);
    void new BroadcastProducer(memory, 3);
    const successor = new BroadcastReader(memory, 1, 3);
    expect(successor.detach()).toBe(false);
    expect(new BroadcastReader(memory, 1, 4).isAttached).toBe(true);
  });

  it.each([2 ** 31 - 64, 2 ** 32 - 64, -8])(
    'R5, R7: keeps order and bytes from index %i on, wherever frames begin',
    (start) => {
      const memory = ringAt(start);
      const producer = new BroadcastProducer(memory, 1);
      const readers = [0, 1].map((reader) => new BroadcastReader(memory, reader, 2));
      for (let frame = 0; frame < 60; frame++) {
        const payload = Array.from(
          { length: frame % 2 === 0 ? CAPACITY - 8 : frame },
          (_, index) => (index + frame) & 255,
        );
        expect(send(producer, payload)).toBe(true);
        for (const reader of readers) {
          expect([take(reader), reader.free(), reader.isAttached]).toEqual([payload, false, true]);
        }
      }
    },
  );

  it('R8: with a damaged header detaches the reader that finds it, and is quarantined', () => {
    for (let bit = 0; bit < 64; bit++) {
      const memory = ringAt();
      const producer = new BroadcastProducer(memory, 1);
      const reader = new BroadcastReader(memory, 0, 2);
      const start = producer.claim(3);
      producer.commit();
      producer.publish();
      memory.words[(start >> 2) - 2 + (bit >> 5)]! ^= 1 << (bit & 31);
      expect(() => reader.next()).toThrow(expect.objectContaining({ code: 'ERR_QUORATE_FRAME' }));
      expect([isQuarantined(memory), reader.next(), readerLagBytes(memory, 0)]).toEqual([true, -1, -1]);
    }
  });

  it.each([
    { capacityBytes: 100, readers: 1 },
    { capacityBytes: 64, readers: 0 },
    { capacityBytes: 64, readers: 32 },
  ])('of %j is refused', (options) => {
    expect(() => createBroadcastRing(options)).toThrow(
      expect.objectContaining({ code: 'ERR_QUORATE_INVALID_ARGUMENT' }),
    );
  });

  it(`agrees with a list and a position per reader on random operations (${REPLAY})`, () => {
    const random = seededRandom(SEED);
    const memory = ringAt(-4096);
    const producer = new BroadcastProducer(memory, 1);
    const readers = [0, 1, 2].map((reader) => new BroadcastReader(memory, reader, 2));
    const frames: number[][] = [];
    const ends = [0]; // Byte position before each frame, and after the last.
    const places = readers.map(() => ({ read: 0, freed: 0, isAttached: true }));
    for (let step = 0; step < 20_000; step++) {
      const reader = below(random, 3);
      const place = places[reader]!;
      switch (below(random, 6)) {
        case 0:
        case 1: {
          const payload = Array.from({ length: below(random, 60) }, () => below(random, 256));
          const total = 8 + Math.ceil(payload.length / 8) * 8;
          const held = places.filter(({ isAttached }) => isAttached).map(({ freed }) => ends[freed]!);
          const fits = ends.at(-1)! + total - Math.min(ends.at(-1)!, ...held) <= CAPACITY;
          expect(send(producer, payload)).toBe(fits);
          if (fits) ends.push(ends[frames.push(payload) - 1]! + total);
          break;
        }
        case 2:
        case 3:
          expect(take(readers[reader]!)).toEqual(place.isAttached ? frames[place.read] : undefined);
          if (place.isAttached && place.read < frames.length) place.read++;
          break;
        case 4:
          readers[reader]!.free();
          place.freed = place.read;
          break;
        default:
          expect(readers[reader]!.confirm()).toBe(place.isAttached);
          if (below(random, 4) !== 0) break;
          detachReader(memory, reader);
          if (below(random, 2) === 0) readers[reader]!.rejoin();
          if (!readers[reader]!.isAttached) place.isAttached = false;
          else Object.assign(place, { read: frames.length, freed: frames.length, isAttached: true });
      }
      if (place.isAttached || below(random, 10) !== 0) continue;
      readers[reader]!.rejoin();
      Object.assign(place, { read: frames.length, freed: frames.length, isAttached: true });
    }
    expect(frames.length).toBeGreaterThan(1000);
  });
});

/** A full ring whose producer waits for room, and its two readers. */
function waiting(): { memory: SharedMemory; readers: BroadcastReader[] } {
  const memory = ringAt();
  const producer = new BroadcastProducer(memory, 1);
  const readers = [0, 1].map((reader) => new BroadcastReader(memory, reader, 2));
  while (send(producer, EIGHT));
  expect(producer.wantRoom()).toBe(true);
  return { memory, readers };
}

describe('Who waits for room in a broadcast ring', () => {
  it('is told by the last reader that frees', () => {
    const { readers } = waiting();
    for (const reader of readers) takeAll(reader);
    expect(readers.map((reader) => reader.free())).toEqual([false, true]);
  });

  it('is told by whoever takes the place of the last one away', () => {
    const { memory, readers } = waiting();
    takeAll(readers[0]!);
    expect([readers[0]!.free(), detachReader(memory, 1), detachReader(memory, 1)]).toEqual([false, true, false]);
  });

  it('is told in every interleaving of its wish with a reader that frees and one that is detached', () => {
    const runs = explore({
      memory: () => {
        const memory = ringAt(0, { capacityBytes: 64, readers: 2 });
        const producer = new BroadcastProducer(memory, 1);
        for (const reader of [0, 1]) attachReader(memory, reader);
        while (send(producer, EIGHT));
        producer.detach();
        return memory;
      },
      preemptions: 2,
      programs: [
        (memory, out) => out.push(new BroadcastProducer(memory, 3).wantRoom()),
        (memory, out) => {
          const reader = new BroadcastReader(memory, 0, 5); // In the place that it was given.
          while (reader.next() >= 0);
          out.push(reader.free());
        },
        (memory, out) => out.push(detachReader(memory, 1)),
      ],
      check: ({ said: [waits, ...rings] }) => {
        if (waits![0] === true) expect(rings.flat().filter(Boolean).length).toBe(1);
      },
    });
    expect(runs).toBeGreaterThan(1000);
  });
});

/** A full ring with a place for reader 0 at its first frame; its producer is gone. */
const fill = (): SharedMemory => {
  const memory = ringAt(2 ** 31 - 64, { capacityBytes: 64, readers: 1 });
  const producer = new BroadcastProducer(memory, 1);
  attachReader(memory, 0);
  for (const mark of [1, 2, 3, 4]) send(producer, Array(8).fill(mark));
  evictOwner(memory, 'producer', 1);
  return memory;
};
/** Overwrites the ring as soon as it may. */
const overwriter = (memory: SharedMemory): void => {
  const producer = new BroadcastProducer(memory, 2);
  for (const word of [0x0909_0909, 0x0a0a_0a0a]) {
    const start = producer.claim(8);
    if (start < 0) continue;
    producer.words[start >> 2] = word;
    producer.words[(start >> 2) + 1] = word;
    producer.commit();
    producer.publish();
  }
};
/** Takes up the place that `fill` gave to reader 0, and reads two frames. */
const reading = (confirms: boolean) => (memory: SharedMemory, out: unknown[]) => {
  const reader = new BroadcastReader(memory, 0, 7);
  if (readerLagBytes(memory, 0) !== 64) return; // It came when its place was gone already.
  for (let frame = 0; frame < 2; frame++) {
    const start = reader.next();
    if (start < 0) return;
    const words = [memory.words[start >> 2], memory.words[(start >> 2) + 1]];
    if (!confirms || reader.confirm()) out.push(words);
  }
};
const EXPECTED = [
  [0x0101_0101, 0x0101_0101],
  [0x0202_0202, 0x0202_0202],
];
/** Takes the place away and gives another. */
const supervisor = (memory: SharedMemory): void => {
  detachReader(memory, 0);
  attachReader(memory, 0);
};

function exploreReading(confirms: boolean): number {
  return explore({
    memory: fill,
    preemptions: 2,
    programs: [reading(confirms), overwriter, supervisor],
    check: ({ said: [words] }) => expect(EXPECTED.slice(0, words!.length)).toEqual(words),
  });
}

describe('A reader whose place is taken away while it reads', () => {
  it('confirms nothing that was overwritten, in any interleaving with the detaching and the overwriting', () => {
    const runs = exploreReading(true);
    expect(runs).toBeGreaterThan(1000);
  });

  it('would take overwritten bytes for a frame if it did not confirm, so the exploration can fail', () => {
    expect(() => exploreReading(false)).toThrow(/is wrong/);
  });

  it('joins where nothing is overwritten, in any interleaving with a producer that runs on', () => {
    const runs = explore({
      memory: () => {
        const memory = ringAt(-32, { capacityBytes: 64, readers: 1 });
        return memory;
      },
      preemptions: 2,
      programs: [
        (memory) => {
          const producer = new BroadcastProducer(memory, 2);
          for (let mark = 1; mark <= 6; mark++) {
            const start = producer.claim(4);
            if (start < 0) continue;
            producer.words[start >> 2] = mark;
            producer.commit();
            producer.publish();
          }
        },
        (memory, out) => {
          const reader = new BroadcastReader(memory, 0, 3);
          for (let look = 0; look < 2; look++) {
            const start = reader.next();
            if (start >= 0) out.push(memory.words[start >> 2]);
          }
          if (!reader.confirm()) out.push('lost'); // Nobody detaches it.
        },
      ],
      check: ({ said: [, marks] }) => {
        const first = marks![0] as number;
        expect(marks).toEqual(marks!.map((_, index) => first + index));
      },
    });
    expect(runs).toBeGreaterThan(500);
  });

  it('R1, R2: may be killed at any access of joining: its place is taken away, and the producer goes on', () => {
    let isKilled = true;
    for (let accesses = 0; isKilled; accesses++) {
      const memory = ringAt();
      const producer = new BroadcastProducer(memory, 1);
      isKilled = runUntilKilled(memory, accesses, (observed) => void new BroadcastReader(observed, 0, 2));
      while (send(producer, EIGHT) && producer.usedBytes > 0);
      evictReader(memory, 0, 2);
      expect(readerLagBytes(memory, 0)).toBe(-1);
      for (let frame = 0; frame < 50; frame++) expect(send(producer, EIGHT)).toBe(true);
      expect(new BroadcastReader(memory, 0, 3).isAttached).toBe(true);
    }
  });
});

describe('Real threads at a broadcast ring', () => {
  const workers: Worker[] = [];
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
  });

  async function listen(): Promise<{ frames: number; gaps: number; torn: number }> {
    const memory = ringAt(-1024, { capacityBytes: 1024, readers: 2 });
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const worker = startThread('listener', { buffer: memory.words.buffer, stop, reader: 0 });
    workers.push(worker);
    await once(worker, 'message');
    const producer = new BroadcastProducer(memory, -1);
    for (let sequence = 0, detached = 0; detached < 40;) {
      if (writeMarked(producer, { incarnation: 0, sequence })) sequence++;
      else if (sequence % 5 === 0) {
        detachReader(memory, 0); // It is far behind.
        detached++;
        sequence++;
      } else await turn();
      producer.publish();
    }
    const told = once(worker, 'message');
    Atomics.store(stop, 0, 1);
    const [counts] = (await told) as [{ frames: number; gaps: number; torn: number }];
    return counts;
  }

  it('take no torn frame and miss none unnoticed while they are detached again and again', async () => {
    const { frames, gaps, torn } = await listen();
    expect([frames > 0, gaps > 0, torn]).toEqual([true, true, 0]);
  }, 30_000);
});

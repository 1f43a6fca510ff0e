import { describe, expect, it } from 'vitest';
import { below, seededRandom } from '../../src/base/random.ts';
import { FRAME_SEAL, RING } from '../../src/ring/layout.ts';
import type { SharedMemory } from '../../src/ring/memory.ts';
import {
  RingConsumer,
  RingProducer,
  createRing,
  evictOwner,
  fullCount,
  initialiseRing,
  isQuarantined,
  resetCount,
  resetRing,
  skipToTail,
  unreadBytes,
} from '../../src/ring/spsc-ring.ts';
import { replayCommand, testSeed } from '../support/seed.ts';
import { explore } from './interleavings.ts';
import { readMarked, writeMarked } from './frames.ts';

const SEED = testSeed();
const REPLAY = replayCommand('test/ring/spsc-ring.test.ts', SEED);
const CAPACITY = 256;

interface Ring {
  readonly memory: SharedMemory;
  readonly producer: RingProducer;
  readonly consumer: RingConsumer;
}

function ringAt(start = 0, capacity = CAPACITY): Ring {
  const memory = createRing(capacity);
  initialiseRing(memory, capacity, start);
  return { memory, producer: new RingProducer(memory, 1), consumer: new RingConsumer(memory, 2) };
}

/** Sends one frame of these bytes, and publishes it. */
function send(producer: RingProducer, payload: Uint8Array | readonly number[]): boolean {
  const start = producer.claim(payload.length);
  if (start < 0) return false;
  producer.bytes.set(payload, start);
  producer.commit();
  return producer.publish();
}

/** Takes one frame; `undefined` when there is none. */
function take(consumer: RingConsumer): number[] | undefined {
  const start = consumer.next();
  return start < 0 ? undefined : [...consumer.bytes.subarray(start, start + consumer.frameBytes)];
}

describe('A ring', () => {
  it('R1: a frame that is claimed and committed, and not published when its producer dies, is seen by nobody', () => {
    const { memory, producer, consumer } = ringAt();
    send(producer, [1]);
    writeMarked(producer, { incarnation: 1, sequence: 1 });
    expect(evictOwner(memory, 'producer', 1)).toBe(true);
    expect(take(consumer)).toEqual([1]);
    expect(take(consumer)).toBeUndefined();
    send(new RingProducer(memory, 3), [2]);
    expect(take(consumer)).toEqual([2]);
  });

  it('R1: a reset empties it and is counted; it is refused while somebody is attached', () => {
    const { memory, producer, consumer } = ringAt(64);
    send(producer, [1]);
    expect(() => resetRing(memory)).toThrow('nobody is attached');
    producer.detach();
    consumer.detach();
    resetRing(memory);
    expect([resetCount(memory), unreadBytes(memory)]).toEqual([1, 0]);
    expect(take(new RingConsumer(memory, 2))).toBeUndefined();
  });

  it('R4: a full ring answers -1, counts it, and overwrites nothing', () => {
    const { memory, producer, consumer } = ringAt();
    let sent = 0;
    while (send(producer, [sent, sent, sent, sent, sent, sent, sent, sent])) sent++;
    expect(sent).toBe(CAPACITY / 16);
    expect([producer.claim(0), producer.claim(8), producer.hasRoomFor(0)]).toEqual([-1, -1, false]);
    expect(fullCount(memory)).toBe(3);
    for (let frame = 0; frame < sent; frame++) expect(take(consumer)).toEqual(Array(8).fill(frame));
    expect(producer.claim(0)).toBe(-1); // Taken, and not freed yet.
    consumer.free();
    expect(producer.hasRoomFor(producer.frameBytesMax)).toBe(true);
    expect(producer.claim(0)).toBeGreaterThan(0);
  });

  it.each([
    ['2^31', 2 ** 31 - 64],
    ['2^32', 2 ** 32 - 64],
    ['0', -8],
  ])('R5: frames keep their order and bytes where the indices cross %s', (_name, start) => {
    const { producer, consumer } = ringAt(start);
    for (let frame = 0; frame < 100; frame++) {
      const payload = Array.from({ length: frame % 40 }, (_, index) => (frame + index) & 255);
      expect(send(producer, payload)).toBe(true);
      expect(producer.usedBytes).toBe((payload.length + 15) & ~7);
      expect(take(consumer)).toEqual(payload);
      consumer.free();
      expect(producer.usedBytes).toBe(0);
    }
  });

  it.each([0, 8, 128, 248])('R6: a frame of 0 bytes and one of all its capacity pass from index %i', (start) => {
    const { producer, consumer } = ringAt(start);
    const longest = Array.from({ length: producer.frameBytesMax }, (_, index) => index & 255);
    expect(producer.frameBytesMax).toBe(CAPACITY - 8);
    for (const payload of [[], longest, [], longest]) {
      expect(send(producer, payload)).toBe(true);
      expect(take(consumer)).toEqual(payload);
      consumer.free();
    }
  });

  it.each([CAPACITY - 7, CAPACITY, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53, Infinity, NaN, -1])(
    'R6: a frame of %d bytes is refused with a typed error, and the ring goes on',
    (payloadBytes) => {
      const { producer, consumer } = ringAt();
      const tooLarge = expect.objectContaining({ name: 'RangeError', code: 'ERR_QUORATE_FRAME_TOO_LARGE' });
      expect(() => producer.claim(payloadBytes)).toThrow(tooLarge);
      expect(() => producer.wantRoom(payloadBytes)).toThrow(tooLarge);
      expect(producer.hasRoomFor(payloadBytes)).toBe(false);
      send(producer, [7]);
      expect(take(consumer)).toEqual([7]);
    },
  );

  it('R7: a frame that begins anywhere, the last bytes of the ring included, is contiguous for both sides', () => {
    for (let start = 0; start < CAPACITY; start += 8) {
      const { producer, consumer } = ringAt(start);
      const payload = Array.from({ length: CAPACITY - 8 }, (_, index) => (index * 7 + start) & 255);
      const claimed = producer.claim(payload.length);
      producer.bytes.set(payload, claimed);
      producer.commit();
      producer.publish();
      expect(consumer.next()).toBe(claimed);
      expect([...consumer.bytes.subarray(claimed, claimed + consumer.frameBytes)]).toEqual(payload);
    }
  });

  it('R8: any flipped bit of a frame header is refused, and the ring is quarantined and answers nothing more', () => {
    for (let bit = 0; bit < 64; bit++) {
      const { memory, producer, consumer } = ringAt();
      send(producer, [1, 2, 3]);
      send(producer, [4]);
      memory.words[(RING.DATA_BYTE >> 2) + (bit >> 5)]! ^= 1 << (bit & 31);
      expect(() => consumer.next()).toThrow(expect.objectContaining({ code: 'ERR_QUORATE_FRAME' }));
      expect([consumer.next(), consumer.hasNext(), consumer.free()]).toEqual([-1, false, false]);
      expect(isQuarantined(memory)).toBe(true);
      consumer.detach();
      expect(new RingConsumer(memory, 3).next()).toBe(-1);
    }
  });

  it('R8: a header that is sealed and too long for what is unread is refused', () => {
    for (const length of [-1, 9, 25, CAPACITY, 2 ** 31 - 1, -(2 ** 31)]) {
      const { memory, producer, consumer } = ringAt();
      send(producer, [1]);
      memory.words[RING.DATA_BYTE >> 2] = length;
      memory.words[(RING.DATA_BYTE >> 2) + 1] = length ^ FRAME_SEAL;
      expect(() => consumer.next()).toThrow(expect.objectContaining({ code: 'ERR_QUORATE_FRAME' }));
    }
  });

  it('R8: any flipped bit of any index ends no loop late, reads nothing outside, and overwrites nothing unread', () => {
    for (const word of [RING.TAIL, RING.HEAD, RING.IN_HAND, RING.CAPACITY, RING.FRAME_BYTES_MAX, RING.MAGIC]) {
      for (let bit = 0; bit < 32; bit++) {
        const { memory, producer, consumer } = ringAt(2 ** 31 - 32);
        for (let frame = 0; frame < 4; frame++) send(producer, [frame]);
        take(consumer);
        consumer.free();
        memory.words[word]! ^= 1 << bit;
        const seen = drainAll(consumer);
        expect(seen.length).toBeLessThanOrEqual(CAPACITY / 8);
        if (word !== RING.TAIL) expect(seen).toEqual([[1], [2], [3]]); // Words that the consumer has no use for.
        consumer.detach();
        const successor = attachAnyway(memory);
        if (successor !== undefined) expect(drainAll(successor).length).toBeLessThanOrEqual(CAPACITY / 8);
      }
    }
    for (let bit = 0; bit < 32; bit++) {
      const { memory, producer } = ringAt();
      while (send(producer, [1, 2, 3, 4, 5, 6, 7, 8]));
      const before = memory.bytes.slice(RING.DATA_BYTE);
      memory.words[RING.HEAD]! ^= 1 << bit;
      const isAhead = ((CAPACITY - memory.words[RING.HEAD]!) | 0) < 0;
      const claimed = producer.claim(8);
      if (!isAhead && claimed >= 0) continue; // It says that the consumer freed some: nothing can tell.
      expect([claimed, memory.bytes.slice(RING.DATA_BYTE)]).toEqual([-1, before]);
      expect(isQuarantined(memory)).toBe(isAhead);
    }
  });

  it('R8: after its damage was skipped, later frames pass', () => {
    const { memory, producer, consumer } = ringAt();
    send(producer, [1]);
    memory.words[RING.DATA_BYTE >> 2] = 99;
    expect(() => consumer.next()).toThrow(/damaged/);
    consumer.detach();
    expect(skipToTail(memory, false)).toBe(true);
    send(producer, [2]);
    expect(skipToTail(memory, false)).toBe(false);
    expect(take(new RingConsumer(memory, 3))).toEqual([2]);
  });

  it('R12: a second producer or consumer is refused at attach, until the first lets go', () => {
    const { memory, producer, consumer } = ringAt();
    const owned = expect.objectContaining({
      code: 'ERR_QUORATE_RING_OWNED',
      fields: expect.objectContaining({ present: 1 }),
    });
    expect(() => new RingProducer(memory, 3)).toThrow(owned);
    expect(() => new RingConsumer(memory, 3)).toThrow(/2 is attached/);
    expect(() => new RingProducer(memory, 0)).toThrow(/other than 0/);
    producer.detach();
    producer.detach();
    consumer.detach();
    const successor = new RingProducer(memory, 3);
    producer.detach(); // Not its own any more: that changes nothing.
    expect(() => new RingProducer(memory, 4)).toThrow(/3 is attached/);
    send(successor, [5]);
    expect(take(new RingConsumer(memory, 4))).toEqual([5]);
  });

  it('R14: only the dead owner that is named is evicted, so that nobody takes an end from its living successor', () => {
    const { memory } = ringAt();
    expect([evictOwner(memory, 'producer', 9), evictOwner(memory, 'consumer', 1)]).toEqual([false, false]);
    expect([evictOwner(memory, 'producer', 1), evictOwner(memory, 'producer', 1)]).toEqual([true, false]);
    expect(new RingProducer(memory, 9).claim(8)).toBeGreaterThan(0);
    expect(evictOwner(memory, 'producer', 1)).toBe(false);
  });

  it.each([64, 100, 2 ** 29, 32, 0, -64, 64.5, NaN])(
    'is made of %d bytes, or refused with what is allowed',
    (capacity) => {
      if (capacity === 64) expect(createRing(capacity).bytes.length).toBe(RING.DATA_BYTE + 128);
      else
        expect(() => createRing(capacity)).toThrow(expect.objectContaining({ code: 'ERR_QUORATE_INVALID_ARGUMENT' }));
    },
  );
});

/** A full ring that nobody is attached to. */
function fullRing(): SharedMemory {
  const { memory, producer } = ringAt(2 ** 31 - 64, 64);
  while (send(producer, [1]));
  producer.detach();
  evictOwner(memory, 'consumer', 2);
  return memory;
}

describe('The inner loops of a batch', () => {
  it('claim what was made ready, then -1, also where the ring has room', () => {
    const { producer } = ringAt(0, 4096);
    expect(producer.claimReady(8)).toBe(-1);
    expect(producer.makeReady(8)).toBe(true);
    let claimed = 0;
    for (; producer.claimReady(8) >= 0; claimed++) producer.commit();
    expect(claimed).toBeGreaterThan(1);
    expect([producer.usedBytes, producer.hasRoomFor(8)]).toEqual([claimed * 16, true]);
  });

  it('make nothing ready in a full ring, which is counted, nor what it could never take', () => {
    const { memory, producer } = ringAt();
    send(producer, new Uint8Array(producer.frameBytesMax));
    expect([producer.makeReady(0), producer.claimReady(0), fullCount(memory)]).toEqual([false, -1, 1]);
    for (const bytes of [CAPACITY, -1, 0.5, NaN, 2 ** 32]) {
      expect(producer.claimReady(bytes)).toBe(-1);
      expect(() => producer.makeReady(bytes)).toThrow('Cannot send a frame of');
    }
  });

  it('take the frames that a look saw, then -1, also where more were published', () => {
    const { producer, consumer } = ringAt();
    send(producer, [1]);
    expect([consumer.nextSeen(), consumer.look()]).toEqual([-1, true]);
    send(producer, [2]);
    expect(consumer.bytes[consumer.nextSeen()]).toBe(1);
    expect([consumer.nextSeen(), consumer.look()]).toEqual([-1, true]);
    expect(consumer.bytes[consumer.nextSeen()]).toBe(2);
    expect([consumer.nextSeen(), consumer.look()]).toEqual([-1, false]);
  });

  it(`leave every byte that is unread as it was, whatever is made ready (${REPLAY})`, () => {
    const random = seededRandom(SEED);
    for (let round = 0; round < 50; round++) {
      const capacity = 64 << below(random, 7);
      const { producer, consumer } = ringAt(-8 * below(random, capacity), capacity);
      const unread: number[][] = [];
      for (let step = 0; step < 200; step++) {
        const payload = Array.from({ length: below(random, capacity / 2) }, () => below(random, 256));
        if (below(random, 2) === 0 && send(producer, payload)) unread.push(payload);
        if (producer.makeReady(below(random, capacity - 8))) producer.claimReady(0); // Not committed.
        if (below(random, 2) === 0 && unread.length > 0) expect(take(consumer)).toEqual(unread.shift());
        if (below(random, 3) === 0) consumer.free();
      }
      while (unread.length > 0) expect(take(consumer)).toEqual(unread.shift());
    }
  });
});

describe('Who waits for room', () => {
  it('is told when half of the ring is free, once', () => {
    const { producer, consumer } = ringAt();
    while (send(producer, Array(24).fill(1)));
    expect(producer.wantRoom()).toBe(true);
    const rings = Array.from({ length: 8 }, () => take(consumer) !== undefined && consumer.free());
    expect(rings).toEqual([false, false, false, true, false, false, false, false]);
    expect(producer.wantRoom()).toBe(false);
    expect(consumer.free()).toBe(false);
  });

  it('is told when there is room for the frame that it has, if that is more than half', () => {
    const { producer, consumer } = ringAt();
    while (send(producer, Array(24).fill(1)));
    expect(producer.wantRoom(CAPACITY - 40)).toBe(true);
    const rings = Array.from({ length: 8 }, () => take(consumer) !== undefined && consumer.free());
    expect(rings).toEqual([false, false, false, false, false, false, true, false]);
    expect(producer.claim(CAPACITY - 40)).toBeGreaterThan(0);
  });

  it('publishes first: the consumer cannot free what it does not see', () => {
    const { producer } = ringAt();
    producer.claim(200);
    producer.commit();
    expect(() => producer.wantRoom()).toThrow(/published before/);
  });

  it('is told by the successor of a consumer that died between freeing and telling', () => {
    const { memory, producer, consumer } = ringAt();
    while (send(producer, Array(24).fill(1)));
    expect(producer.wantRoom()).toBe(true);
    while (take(consumer) !== undefined);
    memory.words[RING.HEAD] = memory.words[RING.TAIL]!; // What free() does before it is killed.
    consumer.detach();
    expect(new RingConsumer(memory, 3).free()).toBe(true);
  });

  it('never sleeps while there is room, whatever the interleaving of its wish with the freeing', () => {
    const runs = explore({
      memory: fullRing,
      preemptions: 3,
      programs: [
        (memory, out) => out.push(new RingProducer(memory, 3).wantRoom()),
        (memory, out) => {
          const consumer = new RingConsumer(memory, 4);
          while (consumer.next() >= 0) out.push(consumer.free());
        },
      ],
      check: ({ said: [waits, rings] }) => {
        const rung = rings!.filter(Boolean).length;
        if (waits![0] === true) expect(rung).toBe(1); // Else a spurious ring does no harm.
      },
    });
    expect(runs).toBeGreaterThan(1000);
  });
});

describe('Frames between two threads', () => {
  it('come whole and in order in every interleaving of three sends with three looks', () => {
    const runs = explore({
      memory: () => {
        const memory = createRing(64);
        initialiseRing(memory, 64, -24);
        return memory;
      },
      preemptions: 3,
      programs: [
        (memory) => {
          const producer = new RingProducer(memory, 1);
          for (let sequence = 0; sequence < 2; sequence++) {
            const start = producer.claim(4);
            if (start < 0) continue;
            producer.words[start >> 2] = 100 + sequence;
            producer.commit();
            producer.publish();
          }
        },
        (memory, out) => {
          const consumer = new RingConsumer(memory, 2);
          for (let look = 0; look < 3; look++) {
            const start = consumer.next();
            if (start >= 0) out.push(consumer.words[start >> 2]);
            consumer.free();
          }
        },
      ],
      check: ({ said: [, taken] }) => expect([100, 101].slice(0, taken!.length)).toEqual(taken),
    });
    expect(runs).toBeGreaterThan(1000);
  });

  it.each([-8, -2048, 2 ** 31 - 16, 2 ** 31 - 4096])(
    `agree with a slow queue on random operations from index %i (${REPLAY})`,
    (start) => {
      const random = seededRandom(SEED ^ start);
      const { memory, producer, consumer } = ringAt(start, 512);
      const model: number[][] = [];
      let unpublished: number[][] = [];
      let used: number[] = [];
      let taken: number[] = [];
      for (let step = 0; step < 20_000; step++) {
        const choice = below(random, 8);
        if (choice < 3) {
          const payload = Array.from({ length: below(random, 5) === 0 ? below(random, 505) : below(random, 40) }, () =>
            below(random, 256),
          );
          const total = 8 + Math.ceil(payload.length / 8) * 8;
          const fits = used.reduce((sum, each) => sum + each, 0) + total <= 512;
          const at = producer.claim(payload.length);
          expect(at >= 0).toBe(fits);
          if (!fits || below(random, 10) === 0) continue; // Sometimes a claim is given up.
          producer.bytes.set(payload, at);
          producer.commit();
          unpublished.push(payload);
          used.push(total);
        } else if (choice < 5) {
          expect(producer.publish()).toBe(unpublished.length > 0);
          model.push(...unpublished);
          unpublished = [];
        } else if (choice < 7) {
          const expected = model.shift();
          expect(consumer.hasNext()).toBe(expected !== undefined);
          expect(take(consumer)).toEqual(expected);
          if (expected !== undefined) taken.push(8 + Math.ceil(expected.length / 8) * 8);
        } else {
          consumer.free();
          used = used.slice(taken.length);
          taken = [];
          expect(producer.usedBytes).toBe(used.reduce((sum, each) => sum + each, 0));
        }
      }
      expect(isQuarantined(memory)).toBe(false);
    },
  );
});

/** A ring of three frames whose consumer died after it had taken some. */
function deadWith(taken: number, isHandled: boolean): SharedMemory {
  const { memory, producer, consumer } = ringAt();
  for (let sequence = 0; sequence < 3; sequence++) send(producer, [sequence]);
  for (let count = 0; count < taken; count++) consumer.next();
  if (isHandled) consumer.free();
  evictOwner(memory, 'consumer', 2);
  return memory;
}

describe('The frame in hand of a consumer that died', () => {
  it.each([
    ['redeliver', 0, false, [[0], [1], [2]]],
    ['redeliver', 2, false, [[1], [2]]],
    ['redeliver', 2, true, [[2]]],
    ['skip', 0, false, [[0], [1], [2]]],
    ['skip', 2, false, [[2]]],
    ['skip', 2, true, [[2]]],
    ['skip', 3, false, []],
  ] as const)('by policy %s, after %i were taken (freed: %s), leaves %j', (policy, taken, isHandled, rest) => {
    const consumer = new RingConsumer(deadWith(taken, isHandled), 3, policy);
    expect(consumer.skippedAt >= 0).toBe(policy === 'skip' && taken > 0 && !isHandled);
    if (consumer.skippedAt >= 0) expect(consumer.bytes[consumer.skippedAt]).toBe(taken - 1);
    expect(drainAll(consumer)).toEqual(rest);
  });

  it('is skipped by one successor only', () => {
    const memory = deadWith(1, false);
    expect(new RingConsumer(memory, 3, 'skip').skippedAt).toBeGreaterThan(0);
    evictOwner(memory, 'consumer', 3);
    expect(drainAll(new RingConsumer(memory, 4, 'skip'))).toEqual([[1], [2]]);
  });

  it('is none when it died asleep on an empty ring: what came later is not skipped', () => {
    const { memory, producer, consumer } = ringAt();
    send(producer, [1]);
    while (take(consumer) !== undefined);
    send(producer, [2]);
    evictOwner(memory, 'consumer', 2);
    expect(drainAll(new RingConsumer(memory, 3, 'skip'))).toEqual([[2]]);
  });

  it('is read whole again by its successor', () => {
    const { memory, producer, consumer } = ringAt();
    writeMarked(producer, { incarnation: 4, sequence: 2 });
    producer.publish();
    consumer.next();
    evictOwner(memory, 'consumer', 2);
    const successor = new RingConsumer(memory, 3);
    expect(readMarked(successor, successor.next())).toEqual({ incarnation: 4, sequence: 2 });
  });
});

/** Takes all there is, until the ring is empty or says that it is damaged. */
function drainAll(consumer: RingConsumer): number[][] {
  const frames: number[][] = [];
  try {
    for (let frame = take(consumer); frame !== undefined; frame = take(consumer)) frames.push(frame);
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_QUORATE_FRAME' });
  }
  return frames;
}

function attachAnyway(memory: SharedMemory): RingConsumer | undefined {
  try {
    return new RingConsumer(memory, 3);
  } catch (error) {
    expect((error as { code: string }).code).toMatch(/ERR_QUORATE_(FRAME|INVARIANT)/);
    return undefined;
  }
}

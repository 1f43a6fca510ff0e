import type { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { Doorbell } from '../../src/ring/doorbell.ts';
import { DOORBELL } from '../../src/ring/layout.ts';
import type { SharedMemory } from '../../src/ring/memory.ts';
import { RingConsumer, createRing } from '../../src/ring/spsc-ring.ts';
import { explore, freshMemory } from './interleavings.ts';
import type { Program } from './interleavings.ts';
import { runUntilKilled } from './observed-memory.ts';
import { endOfThread, startThread } from './thread.ts';

const LANE = 3;
const workers: Worker[] = [];
function start(name: string, workerData: unknown): Worker {
  const worker = startThread(name, workerData);
  workers.push(worker);
  return worker;
}
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
});

function bellOn(memory: SharedMemory = freshMemory(DOORBELL.WORDS)): Doorbell {
  return new Doorbell(memory);
}

/** Parks until these lanes have rung, as the loop of a thread does. */
function parker(lanes: number): Program {
  return (memory, out) => {
    const bell = new Doorbell(memory);
    for (let seen = 0; seen !== lanes;) {
      const ready = bell.take();
      seen |= ready & lanes;
      if (seen !== lanes && ready === 0) bell.park(1000);
    }
    out.push('done');
  };
}
const ringer = (lane: number): Program => {
  return (memory) => void new Doorbell(memory).ring(lane);
};
const memory = (): SharedMemory => freshMemory(DOORBELL.WORDS);

describe('A doorbell', () => {
  it('R10: that rings before its owner parks ends the wait at once', () => {
    const bell = bellOn();
    expect([bell.ring(LANE), bell.ring(0)]).toEqual([false, false]);
    bell.park(1e9);
    expect([bell.isParked(), bell.take(), bell.take()]).toEqual([false, (1 << LANE) | 1, 0]);
  });

  it('R10: wakes its owner in every interleaving of one park with two rings', () => {
    const runs = explore({
      memory,
      preemptions: 3,
      programs: [parker((1 << LANE) | 1), ringer(LANE), ringer(0)],
      check: ({ said, asleep }) => {
        expect(asleep).toEqual([]);
        expect(said[0]).toEqual(['done']);
      },
    });
    expect(runs).toBeGreaterThan(1000);
  });

  it('R10: wakes its owner in every interleaving of two parks with two rings of one lane', () => {
    // Rings of one lane may melt into one: the owner looks at what the ringer counted, as it does at a ring's TAIL.
    const frames = DOORBELL.WORDS;
    const runs = explore({
      memory: () => freshMemory(DOORBELL.WORDS + 1),
      preemptions: 3,
      programs: [
        (shared) => {
          const bell = new Doorbell(shared);
          while (shared.atomics.load(shared.words, frames) < 2) if (bell.take() === 0) bell.park(1000);
        },
        (shared) => {
          for (let frame = 0; frame < 2; frame++) {
            shared.atomics.add(shared.words, frames, 1);
            new Doorbell(shared).ring(LANE);
          }
        },
      ],
      check: ({ asleep }) => expect(asleep).toEqual([]),
    });
    expect(runs).toBeGreaterThan(500);
  });

  it('R10: loses a wake-up when it is looked at before the flag is up, so the exploration can fail', () => {
    let sleepers = 0;
    explore({
      memory,
      preemptions: 4,
      programs: [
        (shared) => {
          const { words, atomics } = shared;
          if (new Doorbell(shared).isReady()) return;
          const rung = atomics.load(words, DOORBELL.BELL);
          atomics.store(words, DOORBELL.PARKED, 1);
          atomics.wait(words, DOORBELL.BELL, rung);
        },
        ringer(LANE),
      ],
      check: ({ asleep }) => void (sleepers += asleep.length),
    });
    expect(sleepers).toBeGreaterThan(0);
  });

  it('is not left deaf by a waker that is killed at any access: the next ring wakes its owner', () => {
    for (let accesses = 0; accesses <= 6; accesses++) {
      explore({
        memory,
        preemptions: 3,
        programs: [
          parker(1 << LANE),
          (shared) => {
            runUntilKilled(shared, accesses, (dying) => ringer(0)(dying, []));
            ringer(LANE)(shared, []); // Whoever rings after its death.
          },
        ],
        check: ({ asleep }) => expect(asleep).toEqual([]),
      });
    }
  });

  it('R9: that nobody rings is waited for no longer than the bound', () => {
    const bell = bellOn();
    for (let park = 1; park <= 3; park++) {
      bell.park(1);
      expect([bell.parks, bell.isParked(), bell.take()]).toEqual([park, false, 0]);
    }
  });

  it('R9: that nobody rings settles its promise no later than the bound', async () => {
    const bell = bellOn();
    const alive = setTimeout(() => undefined, 60_000); // A pending wait does not keep the process alive.
    await bell.parkAsync(1);
    clearTimeout(alive);
    expect(bell.isParked()).toBe(true); // Until its owner says that it is awake.
    bell.unpark();
    expect(bell.isParked()).toBe(false);
  });

  it('settles the promise of an owner with an event loop; one wait is one promise', async () => {
    const bell = bellOn();
    const first = bell.parkAsync();
    expect(first).toBeInstanceOf(Promise);
    expect(bell.parkAsync()).toBe(first);
    expect([bell.isParked(), bell.ring(LANE), bell.ring(LANE)]).toEqual([true, true, false]);
    expect(bell.parkAsync()).toBeUndefined(); // The lane is ready.
    await first;
    expect(bell.take()).toBe(1 << LANE);
    const second = bell.parkAsync();
    expect(second).not.toBe(first);
    bell.wake();
    await second;
  });

  it('ends a wait by a command, which its owner takes once', async () => {
    const bell = bellOn();
    const wait = bell.parkAsync();
    bell.command(4);
    await wait;
    expect([bell.isReady(), bell.takeCommands(), bell.takeCommands(), bell.isReady()]).toEqual([true, 4, 0, false]);
    bell.command(1);
    expect(bell.parkAsync()).toBeUndefined();
  });

  it('counts turns and frames, and numbers parks beyond 2^31 without the number that means awake', () => {
    const shared = memory();
    const bell = bellOn(shared);
    bell.countTurn(5);
    bell.countTurn(2);
    expect([bell.turns, bell.handled]).toEqual([2, 7]);
    shared.words[DOORBELL.PARKS] = -1;
    void bell.parkAsync(1);
    expect([bell.isParked(), bell.parks]).toEqual([true, 1]);
    bell.reset();
    expect([bell.isParked(), bell.turns, bell.handled, bell.parks]).toEqual([false, 0, 0, 1]);
  });
});

describe('Doorbells between real threads', () => {
  it.each([
    ['that park at once', 0, 4000],
    ['that look a changing number of times first', 200, 12_000],
  ])(
    'lose no wake-up in a ping-pong of threads %s',
    async (_name, looks, trips) => {
      const shared = freshMemory(2 * DOORBELL.WORDS + 1);
      const work = { buffer: shared.words.buffer, trips, looks };
      const sides = [0, 1].map((side) => start('echo', { ...work, side }));
      await Promise.all(sides.map(endOfThread));
      expect(shared.words[2 * DOORBELL.WORDS]).toBe(2 * trips);
    },
    60_000,
  );

  it('lose no wake-up between a thread that parks and an event loop', async () => {
    const trips = 2000;
    const shared = freshMemory(2 * DOORBELL.WORDS + 1);
    const { words } = shared;
    const side = start('echo', { buffer: words.buffer, side: 1, trips, looks: 50 });
    const [mine, other] = [new Doorbell(shared), new Doorbell(shared, DOORBELL.WORDS)];
    for (let trip = 0; trip < trips; trip++) {
      Atomics.add(words, 2 * DOORBELL.WORDS, 1);
      other.ring(0);
      while (Atomics.load(words, 2 * DOORBELL.WORDS) % 2 !== 0) {
        if (mine.take() === 0) await mine.parkAsync();
        mine.unpark();
      }
    }
    await endOfThread(side);
    expect(words[2 * DOORBELL.WORDS]).toBe(2 * trips);
  }, 60_000);

  it('lose no wake-up where a producer waits for room in a small ring and its consumer for frames', async () => {
    const frames = 30_000;
    const memoryOfRing = createRing(128);
    const bells = freshMemory(2 * DOORBELL.WORDS);
    const work = { buffer: memoryOfRing.words.buffer, bells: bells.words.buffer, frames };
    const sender = start('parking-sender', work);
    const [mine, producers] = [new Doorbell(bells), new Doorbell(bells, DOORBELL.WORDS)];
    const ring = new RingConsumer(memoryOfRing, 2);
    for (let frame = 0; frame < frames;) {
      for (let at = ring.next(); at >= 0; at = ring.next()) {
        expect(ring.words[at >> 2] === frame).toBe(true);
        if (++frame % 2 === 0 && ring.free()) producers.ring(0);
      }
      if (ring.free()) producers.ring(0);
      if (frame < frames && mine.take() === 0) mine.park(60_000);
    }
    await endOfThread(sender);
  }, 60_000);
});

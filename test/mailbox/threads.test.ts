import { Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { seededRandom, below } from '../../src/base/random.ts';
import { createBell, createRingLane, createSlowPorts } from '../../src/mailbox/ring-lane.ts';
import { sharedMemory } from '../../src/ring/memory.ts';
import { evictOwner } from '../../src/ring/spsc-ring.ts';
import { replayCommand, testSeed } from '../support/seed.ts';
import { NOTES } from './programs/protocol.ts';
import type { Start } from './programs/protocol.ts';

const MESSAGES = 1_000_000;
const RECEIVERS = 4;

describe('A ring mailbox between two threads', () => {
  it('M11: keeps the order of 10^6 messages while both ends are killed and replaced', { timeout: 30_000 }, async () => {
    const seed = testSeed();
    const random = seededRandom(seed);
    const pipe = new Pipe();
    const first = pipe.startSender(1, MESSAGES);
    let receiver = pipe.startReceiver(1);
    for (let number = 2; number <= RECEIVERS; number++) {
      await pipe.received((number - 1) * 100_000 + below(random, 50_000));
      await receiver.terminate();
      receiver = pipe.replaceReceiver(number);
    }
    await first.terminate();
    const cut = pipe.notes[NOTES.SENT]!;
    pipe.replaceSender(2, MESSAGES - cut);
    await pipe.lastReceived(2, MESSAGES - cut - 1);
    await receiver.terminate();
    const { notes } = pipe;
    const found = { gaps: notes[NOTES.GAPS], returns: notes[NOTES.RETURNS], incarnation: notes[NOTES.INCARNATION] };
    expect(found, replayCommand('test/mailbox/threads.test.ts', seed)).toEqual({ gaps: 0, returns: 0, incarnation: 2 });
    // Each receiver that died may have had one message in hand, which is delivered again.
    expect(notes[NOTES.REPEATS]).toBeLessThan(RECEIVERS);
    expect(notes[NOTES.RECEIVED]).toBeGreaterThanOrEqual(MESSAGES - cut);
  });
});

/** One lane and whoever is at its ends. */
class Pipe {
  readonly notes = new Int32Array(new SharedArrayBuffer(4 * NOTES.WORDS));
  readonly #lane = createRingLane({ bell: createBell(), lane: 0 });

  startSender(number: number, count: number): Worker {
    return this.#start('counting-sender', createSlowPorts().senderPort, {
      owner: 100 + number,
      incarnation: number,
      count,
    });
  }

  startReceiver(number: number): Worker {
    return this.#start('checking-receiver', createSlowPorts().receiverPort, {
      owner: number,
      incarnation: 0,
      count: 0,
    });
  }

  /** What a supervisor does after the exit of the one before. */
  replaceSender(number: number, count: number): Worker {
    this.#evict('producer', 100 + number - 1);
    return this.startSender(number, count);
  }

  replaceReceiver(number: number): Worker {
    this.#evict('consumer', number - 1);
    return this.startReceiver(number);
  }

  /** Waits until so many messages were received. */
  async received(count: number): Promise<void> {
    await this.#until(() => this.notes[NOTES.RECEIVED]! >= count);
  }

  /** Waits until the last message of a sender was received. */
  async lastReceived(incarnation: number, last: number): Promise<void> {
    await this.#until(() => this.notes[NOTES.INCARNATION] === incarnation && this.notes[NOTES.LAST] === last);
  }

  async #until(isReached: () => boolean): Promise<void> {
    while (!isReached()) {
      const seen = Atomics.load(this.notes, NOTES.RECEIVED);
      await Atomics.waitAsync(this.notes, NOTES.RECEIVED, seen, 20).value;
    }
  }

  #start(program: string, port: MessagePort, who: Pick<Start, 'owner' | 'incarnation' | 'count'>): Worker {
    const workerData: Start = { memory: this.#lane.memory, port, notes: sharedBuffer(this.notes), ...who };
    const url = new URL(`./programs/${program}.ts`, import.meta.url);
    return new Worker(url, { workerData, transferList: [port] });
  }

  #evict(side: 'producer' | 'consumer', owner: number): void {
    for (const buffer of [this.#lane.memory.user, this.#lane.memory.system]) {
      evictOwner(sharedMemory(buffer), side, owner);
    }
  }
}

function sharedBuffer({ buffer }: Int32Array): SharedArrayBuffer {
  if (!(buffer instanceof SharedArrayBuffer)) throw new Error('The notebook is shared');
  return buffer;
}

// The vote path is: a replica takes an accept from its ring, judges it, stores the value over the old one, and votes;
// the coordinator counts. The heap profile below samples every allocation of the pass, also of what was collected.
import { Session } from 'node:inspector/promises';
import type { HeapProfiler } from 'node:inspector';
import { describe, expect, it } from 'vitest';
import { KeyTable } from '../../src/replica/key-table.ts';
import { writeKey, writtenKey } from '../../src/replica/key-bytes.ts';
import { ClientLane, Replica } from '../../src/replica/replica.ts';
import { ACCEPT, REQUEST } from '../../src/replica/wire.ts';
import { sharedMemory } from '../../src/ring/memory.ts';
import { RingConsumer, RingProducer, createRing } from '../../src/ring/spsc-ring.ts';
import { GRANTED, TallyBoard, createTallyBoard } from '../../src/ring/tally-board.ts';

const VALUE_BYTES = 16;
const SLOTS = 1024;
const BATCH = 64;

/** One coordinator's and one replica's ends of everything that a vote touches, on real rings in one thread. */
class VotePath {
  readonly #ring = createRing(64 * 1024);
  readonly #producer = new RingProducer(this.#ring, 1);
  readonly #consumer = new RingConsumer(this.#ring, 2);
  readonly #board = new TallyBoard(sharedMemory(createTallyBoard(SLOTS, 1).words.buffer as SharedArrayBuffer));
  readonly #lane: ClientLane;
  readonly #replica = new Replica({ index: 0, epoch: 1, bytesMax: 2 ** 30, recovery: undefined, peers: [undefined] });
  #tag = 0;
  granted = 0;

  constructor() {
    const link = new RingProducer(createRing(64 * 1024), 2);
    const large = { send: () => 0, take: () => undefined };
    this.#lane = new ClientLane({ link, votes: this.#board, large });
  }

  /** A batch of accepts of one key, from the coordinator's ring to its tally. */
  batch(): void {
    for (let index = 0; index < BATCH; index++) this.#send(index);
    this.#producer.publish();
    for (let start = this.#consumer.next(); start >= 0; start = this.#consumer.next()) {
      this.#replica.receive(this.#lane, this.#consumer, start);
    }
    this.#lane.castVotes(0, 1);
    this.#consumer.free();
    for (let group = 0; group < BATCH / 32; group++) this.#board.takeDecided(group);
    for (let slot = 0; slot < BATCH; slot++) this.granted += this.#board.votersOf(slot, GRANTED);
  }

  #send(slot: number): void {
    const start = this.#producer.claim(REQUEST.BYTES + 8 + VALUE_BYTES);
    const at = start >> 2;
    const { words } = this.#producer;
    writeKey('key:0001', this.#producer, start + REQUEST.BYTES);
    words[at + REQUEST.KIND] = ACCEPT;
    words[at + REQUEST.SLOT] = slot;
    words[at + REQUEST.GENERATION] = this.#board.open(slot, 1, 1, 0);
    words[at + REQUEST.HASH] = writtenKey.hash;
    words[at + REQUEST.KEY_BYTES] = writtenKey.byteLength;
    words[at + REQUEST.VALUE_BYTES] = VALUE_BYTES;
    words[at + REQUEST.BALLOT] = words[at + REQUEST.ROOT] = 0;
    words[at + REQUEST.BALLOT + 1] = words[at + REQUEST.ROOT + 1] = ++this.#tag;
    this.#producer.commit();
  }
}

/** Bytes allocated under functions of the source, by a sampling profile that keeps what was collected. */
async function allocatedBytes(run: () => void): Promise<number> {
  const session = new Session();
  session.connect();
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: 256,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  } as HeapProfiler.StartSamplingParameterType);
  run();
  const { profile } = await session.post('HeapProfiler.stopSampling');
  session.disconnect();
  // What a function of the source lets the runtime allocate (an array, a map) counts as its own.
  const bytesOf = (node: HeapProfiler.SamplingHeapProfileNode, isOutside: boolean): number => {
    const isNotOurs = isOutside && !node.callFrame.url.includes('/src/');
    return node.children.reduce((sum, child) => sum + bytesOf(child, isNotOurs), isNotOurs ? 0 : node.selfSize);
  };
  return bytesOf(profile.head, true);
}

describe('The vote path', () => {
  const path = new VotePath();
  const passes = 4000;

  it('allocates nothing per vote', async () => {
    for (let pass = 0; pass < passes; pass++) path.batch(); // The first passes compile it.
    const granted = path.granted;
    const bytes = await allocatedBytes(() => {
      for (let pass = 0; pass < passes; pass++) path.batch();
    });
    expect(path.granted - granted).toBe(passes * BATCH); // It did vote.
    expect(bytes / (passes * BATCH)).toBeLessThan(0.1);
  });

  it('is seen by the profile when it does allocate', async () => {
    const kept: unknown[] = [];
    const bytes = await allocatedBytes(() => {
      for (let index = 0; index < 20; index++) kept.push(new KeyTable());
    });
    expect(bytes / kept.length).toBeGreaterThan(1000); // 256 maps each.
  });
});

// Our ring between two threads, as the library uses it: sealed frames behind owner words, published in batches, with
// doorbells at both ends and a bounded number of looks before a side parks.
//
//     main (RingProducer) --[ 64 KiB ]--> worker (RingConsumer, reads and adds up every word)
import { availableParallelism } from 'node:os';
import { Patience, programUrl, startProgram } from '../harness/program.ts';
import { ONE_WAY } from '../harness/questions.ts';
import { streamContender } from '../harness/stream.ts';
import type { Contender, Subject } from '../harness/subject.ts';
import { Doorbell } from '../../src/ring/doorbell.ts';
import { DOORBELL } from '../../src/ring/layout.ts';
import { sharedMemory } from '../../src/ring/memory.ts';
import { RingProducer, createRing } from '../../src/ring/spsc-ring.ts';
import { awaitBell, chooseWait, lookUntil } from '../../src/ring/waiting.ts';
import type { WaitStrategy } from '../../src/ring/waiting.ts';
import { RING_WORDS } from './programs/ring-words.ts';

const FRAME_BYTES = 32;
const FRAME_WORDS = 8;
/** Frames between two publications, as a producer that has a batch would do. */
const BATCH = 128;
/** Frames between two looks at the clock. */
const CHUNK = 1 << 20;
const PARK_MS = 250;
/** Room for as many frames as the bare ring has, with their headers, rounded up to a power of two. */
const RING_BYTES = 1 << 22;

export const subjects: readonly Subject[] = [{ question: ONE_WAY, subject: 'ring', unit: 'frames/s', open: openRing }];

async function openRing(): Promise<Contender> {
  const memory = createRing(RING_BYTES);
  const control = sharedMemory(new SharedArrayBuffer(4 * RING_WORDS.ALL));
  const { words } = control;
  const strategy = chooseWait({ cores: availableParallelism(), busyThreads: 2, parkMs: PARK_MS });
  const ends = { ring: memory.words.buffer, control: words.buffer, strategy };
  const worker = await startProgram(programUrl('ring-consumer', import.meta.url), ends);
  const side = new Producer(new RingProducer(memory, 1), new Doorbell(control), {
    mine: new Doorbell(control, DOORBELL.WORDS),
    strategy,
  });
  const produce = (frames: number): number => side.produce(frames);
  return streamContender(
    { words, pass: RING_WORDS.PASS, sum: RING_WORDS.SUM, chunk: CHUNK, produce },
    { note: `${strategy.looks} looks, then parks`, close: async () => void (await worker.terminate()) },
  );
}

/** The sending side. */
class Producer {
  readonly #ring: RingProducer;
  readonly #consumersBell: Doorbell;
  readonly #mine: Doorbell;
  readonly #strategy: WaitStrategy;
  #sum = 0;

  constructor(ring: RingProducer, consumersBell: Doorbell, own: { mine: Doorbell; strategy: WaitStrategy }) {
    this.#ring = ring;
    this.#consumersBell = consumersBell;
    this.#mine = own.mine;
    this.#strategy = own.strategy;
  }

  /** Sends `frames`, a multiple of {@link BATCH}. @returns the sum of all words. */
  produce(frames: number): number {
    this.#sum = 0;
    for (let frame = 1; frame <= frames;) {
      const end = frame + BATCH;
      while ((frame = this.#produceReady(frame, end)) < end) {
        if (!this.#ring.makeReady(FRAME_BYTES)) this.#waitForRoom();
      }
      this.#publish();
    }
    return this.#sum;
  }

  /** Sends frames from `first` until `end` or until nothing is ready. @returns the frame that comes next. */
  #produceReady(first: number, end: number): number {
    const ring = this.#ring;
    const { words } = ring;
    let sum = 0;
    let frame = first;
    for (; frame < end; frame++) {
      const start = ring.claimReady(FRAME_BYTES);
      if (start < 0) break;
      const word = start >> 2;
      // One store a line, as a declared layout compiles to.
      words[word] = frame;
      words[word + 1] = frame + 1;
      words[word + 2] = frame + 2;
      words[word + 3] = frame + 3;
      words[word + 4] = frame + 4;
      words[word + 5] = frame + 5;
      words[word + 6] = frame + 6;
      words[word + 7] = frame + 7;
      sum = (sum + FRAME_WORDS * frame + 28) | 0; // 0 + 1 + ... + 7 is 28.
      ring.commit();
    }
    this.#sum = (this.#sum + sum) | 0;
    return frame;
  }

  #publish(): void {
    if (this.#ring.publish()) this.#consumersBell.ring(0);
  }

  /**
   * Looks for room for a batch first: the consumer frees some every few microseconds, and a park costs a wake-up.
   *
   * @throws {Error} when nobody makes room for so long that the consumer must be gone.
   */
  #waitForRoom(): void {
    this.#publish();
    let patience: Patience | undefined;
    while (!lookUntil(this.#hasRoom, this.#strategy.looks)) {
      patience ??= new Patience();
      this.#mine.take();
      if (this.#ring.wantRoom()) awaitBell(this.#mine, this.#strategy);
      patience.check();
    }
  }

  readonly #hasRoom = (): boolean => this.#ring.hasRoomFor(BATCH * FRAME_BYTES);
}

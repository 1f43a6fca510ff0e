// Tiny programs over the production classes of the ring layer, and what must hold when nobody can go on.
import { BroadcastProducer, BroadcastReader, detachReader } from '../../../src/ring/broadcast-ring.ts';
import { initialiseBroadcastRing } from '../../../src/ring/broadcast-ring.ts';
import { Doorbell } from '../../../src/ring/doorbell.ts';
import { DOORBELL, RING } from '../../../src/ring/layout.ts';
import type { SharedMemory } from '../../../src/ring/memory.ts';
import { RingConsumer, RingProducer, evictOwner, initialiseRing } from '../../../src/ring/spsc-ring.ts';
import { GRANTED, REFUSED, TallyBoard, createTallyBoard } from '../../../src/ring/tally-board.ts';
import type { MemoryModel } from '../../../src/sim/explorer/memory-model.ts';
import type { MemoryProgram } from '../../../src/sim/explorer/recorded-thread.ts';

/** Two frames of these payloads fill a ring of this capacity. */
export const PAYLOAD_BYTES = 24;
export const CAPACITY = 64;
/** Words of a ring of {@link CAPACITY}: 256 bytes of indices, the data and the spill. */
const RING_WORDS = 64 + 2 * (CAPACITY >> 2);
const CONSUMERS_BELL = RING_WORDS;
const PRODUCERS_BELL = RING_WORDS + DOORBELL.WORDS;

/** What a test may replace: production by default. */
export interface Parts {
  /** What the threads see of the memory. */
  readonly memory: (memory: SharedMemory) => SharedMemory;
  readonly producer: new (memory: SharedMemory, owner: number) => RingProducer;
  readonly bell: new (memory: SharedMemory, base: number) => Doorbell;
  readonly board: new (memory: SharedMemory) => TallyBoard;
  /** Writes a frame. @returns whether it had room. */
  readonly send: (producer: Sender, value: number, payloadBytes: number) => boolean;
  /** Takes the next frame and frees it; says what it holds. */
  readonly take: (consumer: RingConsumer, say: (value: unknown) => void) => boolean;
  /** Whether what a reader of the broadcast ring has read counts. */
  readonly confirms: (reader: BroadcastReader) => boolean;
}

type Sender = RingProducer | BroadcastProducer;

/** The first and the last word of a payload: a frame of two halves is noticed. */
export function send(producer: Sender, value: number, payloadBytes: number): boolean {
  const start = producer.claim(payloadBytes);
  if (start < 0) return false;
  fillFrame(producer, start, value, payloadBytes);
  producer.commit();
  producer.publish();
  return true;
}

export function fillFrame(producer: Sender, start: number, value: number, payloadBytes: number): void {
  producer.words[start >> 2] = value;
  producer.words[(start + payloadBytes - 4) >> 2] = value;
}

/** Both words of the frame, as one when they agree. */
export function frameAt(consumer: RingConsumer | BroadcastReader, start: number): unknown {
  const first = consumer.words[start >> 2];
  const last = consumer.words[(start + consumer.frameBytes - 4) >> 2];
  return first === last ? first : `torn ${first} ${last}`;
}

export function take(consumer: RingConsumer, say: (value: unknown) => void): boolean {
  const start = consumer.next();
  if (start < 0) return false;
  say(frameAt(consumer, start));
  consumer.free();
  return true;
}

export const PRODUCTION: Parts = {
  memory: (memory) => memory,
  producer: RingProducer,
  bell: Doorbell,
  board: TallyBoard,
  send,
  take,
  confirms: (reader) => reader.confirm(),
};

/** Indices begin here: at 0, and one frame before each wrap. */
export const STARTS: readonly number[] = [0, 2 ** 31 - 32, -32];

/** One memory and its programs. */
export type Case = (parts: Parts, start: number) => MemoryModel;

function words(length: number, fill: (memory: SharedMemory) => void): Int32Array {
  const memory = { words: new Int32Array(length), bytes: new Uint8Array(), atomics: Atomics };
  fill({ ...memory, bytes: new Uint8Array(memory.words.buffer) });
  return memory.words;
}

function ringAt(start: number, capacity: number = CAPACITY, more = 0): Int32Array {
  return words(64 + 2 * (capacity >> 2) + more, (memory) => initialiseRing(memory, capacity, start));
}

/** A program over the memory as the parts show it. */
function on(parts: Parts, program: MemoryProgram): MemoryProgram {
  return (memory, say) => program(parts.memory(memory), say);
}

/** Sends `from` to `to`, trying `tries` times where it is full; says what it has sent. */
function sending(parts: Parts, [from, to]: readonly [number, number], payloads: readonly number[]): MemoryProgram {
  return on(parts, (memory, say) => {
    const producer = new parts.producer(memory, from);
    let value = from;
    for (let tries = 0; tries < 2 + to - from && value <= to; tries++) {
      if (!parts.send(producer, value, payloads[value % payloads.length]!)) continue;
      say(value++);
    }
    producer.detach();
  });
}

function taking(parts: Parts, looks: number, owner: number): MemoryProgram {
  return on(parts, (memory, say) => {
    const consumer = new RingConsumer(memory, owner);
    for (let look = 0; look < looks; look++) parts.take(consumer, say);
    consumer.detach();
  });
}

/** Whether `taken` is a beginning of `sent`. */
function isPrefix(taken: readonly unknown[], sent: readonly unknown[]): boolean {
  return taken.every((value, index) => value === sent[index]);
}

function listed(values: readonly unknown[] | undefined): string {
  return JSON.stringify(values);
}

function wrong(holds: boolean, what: string): string | undefined {
  return holds ? undefined : what;
}

/** Frames of one size, two fill the ring. */
export const framesOf: (payloads: readonly number[], capacity: number) => Case =
  (payloads, capacity) => (parts, start) => ({
    words: ringAt(start, capacity),
    threads: [{ program: sending(parts, [1, 3], payloads) }, { program: taking(parts, 3, 9) }],
    judgeEnd: ({ said: [sent, taken] }) =>
      wrong(isPrefix(taken!, sent!), `Sent ${listed(sent)}, taken ${listed(taken)}`),
  });

/**
 * Two frames by one publish: bytes that were asked for ahead of the first are overwritten by the second with no atomic
 * access in between (where they begin a line: one frame before a wrap), so that both stores to a word may wait at once.
 */
export const batch: Case = (parts, start) => ({
  words: ringAt(start, 2 * CAPACITY),
  threads: [
    {
      program: on(parts, (memory) => {
        const producer = new parts.producer(memory, 1);
        for (let value = 1; value <= 2; value++) {
          fillFrame(producer, producer.claim(PAYLOAD_BYTES), value, PAYLOAD_BYTES);
          producer.commit();
        }
        producer.publish();
      }),
    },
    { program: taking(parts, 3, 9) },
  ],
  judgeEnd: ({ said: [, taken] }) => wrong(isPrefix(taken!, [1, 2]), `Taken ${listed(taken)}`),
});

/** The producer is killed anywhere; its successor evicts it and sends on. */
export const killedProducer: Case = (parts, start) => {
  const successor = sending(parts, [11, 11], [PAYLOAD_BYTES]);
  return {
    words: ringAt(start),
    killsMax: 1,
    threads: [
      { program: sending(parts, [1, 2], [PAYLOAD_BYTES]), mayDie: true },
      {
        after: 0,
        program: (memory, say) => {
          evictOwner(memory, 'producer', 1);
          successor(memory, say);
        },
      },
      { program: taking(parts, 3, 9) },
    ],
    judgeEnd: ({ said: [first, second, taken] }) => {
      // What it had published when it was killed, it may not have said.
      const sent = [...first!, ...second!];
      const more = [...first!, first!.length + 1, ...second!];
      return wrong(isPrefix(taken!, sent) || isPrefix(taken!, more), `Sent ${listed(sent)}, taken ${listed(taken)}`);
    },
  };
};

/** The consumer is killed anywhere; its successor evicts it and begins with the frame that it had in hand. */
export const killedConsumer: Case = (parts, start) => {
  const successor = taking(parts, 4, 8);
  return {
    words: ringAt(start),
    killsMax: 1,
    threads: [
      { program: sending(parts, [1, 3], [PAYLOAD_BYTES]) },
      { program: taking(parts, 3, 9), mayDie: true },
      {
        after: 1,
        program: (memory, say) => {
          evictOwner(memory, 'consumer', 9);
          successor(memory, say);
        },
      },
    ],
    judgeEnd: ({ said: [sent, first, second] }) => {
      const again = second![0] === first!.at(-1) ? second!.slice(1) : second!;
      const taken = [...first!, ...again];
      return wrong(isPrefix(taken, sent!), `Sent ${listed(sent)}, taken ${listed(first)} and ${listed(second)}`);
    },
  };
};

/** A consumer parks until it is rung, for each frame. */
export const parkedConsumer: Case = (parts, start) => ({
  words: ringAt(start, CAPACITY, DOORBELL.WORDS),
  threads: [
    {
      program: on(parts, (memory, say) => {
        const producer = new parts.producer(memory, 1);
        const bell = new parts.bell(memory, CONSUMERS_BELL);
        for (let value = 1; value <= 2; value++) {
          say(parts.send(producer, value, 8));
          bell.ring(0);
        }
      }),
    },
    {
      program: on(parts, (memory, say) => {
        const consumer = new RingConsumer(memory, 9);
        const bell = new parts.bell(memory, CONSUMERS_BELL);
        for (let taken = 0; taken < 2;) {
          bell.take();
          while (parts.take(consumer, say)) taken++;
          if (taken < 2) bell.park(1000);
        }
      }),
    },
  ],
  judgeEnd: ({ said: [, taken], sleepsAt }) =>
    wrong(taken!.join() === '1,2', `Taken ${listed(taken)}, asleep at ${sleepsAt.join(' and ')}`),
});

/** Sends a frame into the full ring, when it is rung for room. */
function sendingIntoFull(parts: Parts): MemoryProgram {
  return on(parts, (memory, say) => {
    const producer = new parts.producer(memory, 1);
    const bell = new parts.bell(memory, PRODUCERS_BELL);
    for (let hasSent = false; !hasSent;) {
      bell.take();
      hasSent = parts.send(producer, 3, PAYLOAD_BYTES);
      if (!hasSent && producer.wantRoom()) bell.park(1000);
    }
    say('sent');
  });
}

/** Takes all that is there at once, and rings the producer when `free` says so. */
function emptying(parts: Parts, owner: number): MemoryProgram {
  return on(parts, (memory, say) => {
    const consumer = new RingConsumer(memory, owner);
    for (let at = consumer.next(); at >= 0; at = consumer.next()) say(frameAt(consumer, at));
    if (consumer.free()) new parts.bell(memory, PRODUCERS_BELL).ring(0);
    consumer.detach();
  });
}

/** A producer waits for room in a full ring, until its consumer has freed half of it. */
export const parkedProducer: Case = (parts, start) => ({
  words: fullRing(start),
  threads: [{ program: sendingIntoFull(parts) }, { program: emptying(parts, 9) }],
  judgeEnd: ({ said: [sent, taken] }) =>
    wrong(sent![0] === 'sent' && isPrefix(taken!, [1, 2, 3]), `Taken ${listed(taken)}, and the producer has not sent`),
});

/**
 * The same with a consumer that is killed anywhere. Its successor's first `free` rings the producer where the dead one
 * has freed the room, and not yet looked at who waits for it. A killed ring may be lost: every wait has a bound.
 */
export const killedWhileFreeing: Case = (parts, start) => {
  const successor = emptying(parts, 8);
  return {
    words: fullRing(start),
    killsMax: 1,
    threads: [
      { program: sendingIntoFull(parts) },
      { program: emptying(parts, 9), mayDie: true },
      {
        after: 1,
        program: (memory, say) => {
          evictOwner(memory, 'consumer', 9);
          successor(memory, say);
        },
      },
    ],
    judgeEnd: ({ said, wasKilled, words: left }) => {
      // Who has taken the wish down is the one to ring.
      const isRingLost = wasKilled[1] === true && left[RING.WANT_ROOM] === 0;
      return wrong(said[0]![0] === 'sent' || isRingLost, 'The producer sleeps for ever');
    },
  };
};

/** Frames 1 and 2 fill it. */
function fullRing(start: number): Int32Array {
  return words(RING_WORDS + 2 * DOORBELL.WORDS, (memory) => {
    initialiseRing(memory, CAPACITY, start);
    const producer = new RingProducer(memory, 1);
    for (const value of [1, 2]) send(producer, value, PAYLOAD_BYTES);
    producer.detach();
  });
}

/** Two threads take the same end: one of them has it at a time. */
export const twoOwners: Case = (parts, start) => {
  const program = (owner: number): MemoryProgram =>
    on(parts, (memory, say) => {
      const producer = ownedOrNot(() => new parts.producer(memory, owner));
      if (producer === undefined) return say('owned');
      parts.send(producer, owner, PAYLOAD_BYTES);
      producer.detach();
      return say('sent');
    });
  return {
    words: ringAt(start),
    threads: [{ program: program(1) }, { program: program(2) }],
    judgeEnd: ({ said, words: left }) => {
      const frames = said.filter(([value]) => value === 'sent').length;
      const tail = (left[RING.TAIL]! - start) | 0;
      return wrong(frames >= 1 && tail === 32 * frames, `${frames} have sent, the tail moved by ${tail}`);
    },
  };
};

function ownedOrNot<T>(attach: () => T): T | undefined {
  try {
    return attach();
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_QUORATE_RING_OWNED') return undefined;
    throw error;
  }
}

/** Where the coordinator puts the generation of a question: behind slot 0 of the board. */
const QUESTION = 48;

/** Both voters have refused an earlier question in slot 0. */
function board(): Int32Array {
  const memory = createTallyBoard(32, 2);
  const tally = new TallyBoard(memory);
  const generation = tally.open(0, 2, 3, 0);
  for (const voter of [0, 1]) tally.vote(0, generation, voter, REFUSED, 1);
  tally.takeDecided(0);
  tally.close(0);
  return words(QUESTION + 1, ({ words: own }) => own.set(memory.words.subarray(0, QUESTION)));
}

/** A voter grants the first question, maybe late, while the next one is asked in the same slot. */
export const lateVote: Case = (parts) => ({
  words: board(),
  threads: [
    {
      program: on(parts, (memory, say) => {
        const tally = new parts.board(memory);
        const generation = tally.open(0, 1, 3, 0);
        memory.atomics.store(memory.words, QUESTION, generation);
        say(tally.takeDecided(0) !== 0 && tally.votersOf(0, GRANTED));
        tally.close(0);
        tally.open(0, 1, 3, 0);
        say(tally.votersOf(0, GRANTED) + tally.voteOf(0, 0));
      }),
    },
    {
      program: on(parts, (memory, say) => {
        const generation = memory.atomics.load(memory.words, QUESTION);
        if (generation !== 0) say(new parts.board(memory).vote(0, generation, 0, GRANTED, 1));
      }),
    },
  ],
  judgeEnd: ({ said: [coordinator] }) => {
    if (coordinator![0] === 0) return 'The question is decided, and nobody has granted it';
    return wrong(coordinator![1] === 0, 'A vote for the first question counts for the second');
  },
});

/** Two voters grant a question that needs both: whoever completes it says so, and the coordinator finds it noted. */
export const decidingVote: Case = (parts) => ({
  words: board(),
  threads: [
    {
      program: on(parts, (memory, say) => {
        const tally = new parts.board(memory);
        memory.atomics.store(memory.words, QUESTION, tally.open(0, 2, 3, 0));
        const granted = tally.votersOf(0, GRANTED);
        const refused = tally.votersOf(0, REFUSED);
        say([granted, refused, tally.takeDecided(0)]);
      }),
    },
    ...[0, 1].map((voter) => ({
      program: on(parts, (memory: SharedMemory, say: (value: unknown) => void) => {
        const generation = memory.atomics.load(memory.words, QUESTION);
        if (generation !== 0) say(new parts.board(memory).vote(0, generation, voter, GRANTED, 1));
      }),
    })),
  ],
  judgeEnd: ({ said: [coordinator, ...voters], words: left }) => {
    const [, refused, decided] = coordinator![0] as [number, number, number];
    if (refused !== 0) return 'A vote is there before it says what it is';
    const haveVoted = voters.filter((each) => each.length > 0).length;
    const deciding = voters.filter((each) => each[0] === true).length;
    if (haveVoted === 2 && decided === 0 && (left[16]! & 1) === 0) return 'A decided question is not noted';
    if (haveVoted < 2 && deciding > 0) return 'One vote of two has decided';
    if (haveVoted === 2 && deciding === 0) return 'Both have voted, and nobody says that it is decided';
    // The other one says so too when the coordinator has taken the bit in between: it is woken twice.
    return wrong(deciding <= (decided === 0 ? 1 : 2), `${deciding} voters say that they decided it`);
  },
});

/** Two frames of one word fill it. */
const BROADCAST_CAPACITY = 32;
const BROADCAST_WORDS = 64 + 16 + 2 * (BROADCAST_CAPACITY >> 2);

/** A reader is detached anywhere while it reads, the producer runs on, and the reader joins again. */
export const broadcast: Case = (parts, start) => ({
  words: words(BROADCAST_WORDS, (memory) =>
    initialiseBroadcastRing(memory, { capacityBytes: BROADCAST_CAPACITY, readers: 1 }, start),
  ),
  threads: [
    {
      program: on(parts, (memory, say) => {
        const producer = new BroadcastProducer(memory, 1);
        for (let value = 1; value <= 3; value++) if (parts.send(producer, value, 4)) say(value);
      }),
    },
    {
      program: on(parts, (memory, say) => {
        const reader = new BroadcastReader(memory, 0, 9);
        for (let look = 0; look < 2; look++) {
          const at = reader.next();
          const frame = at < 0 ? undefined : frameAt(reader, at);
          if (frame !== undefined && parts.confirms(reader)) say(frame);
          if (!reader.isAttached) reader.rejoin();
          else reader.free();
        }
      }),
    },
    { program: on(parts, (memory) => void detachReader(memory, 0)) },
  ],
  judgeEnd: ({ said: [sent, read] }) => {
    // It may miss frames where it was detached, and never takes one for another.
    const isInOrder = read!.every((value, index) => index === 0 || Number(value) > Number(read![index - 1]));
    const isKnown = read!.every((value) => sent!.includes(value));
    return wrong(isInOrder && isKnown, `Sent ${listed(sent)}, read ${listed(read)}`);
  },
});

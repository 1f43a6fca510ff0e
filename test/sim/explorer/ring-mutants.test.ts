// The exploration of the rings is worth something because it finds what is wrong: each mutant takes one order, one
// comparison or one look away, by what its threads see of the memory or by a subclass, and the same cases must fail.
import { describe, expect, it } from 'vitest';
import { exploreMemory } from '../../../src/sim/explorer/explore-memory.ts';
import { ATTACHED, POSITION_MASK, RING } from '../../../src/ring/layout.ts';
import type { AtomicOperations, SharedMemory } from '../../../src/ring/memory.ts';
import { Doorbell } from '../../../src/ring/doorbell.ts';
import { RingProducer } from '../../../src/ring/spsc-ring.ts';
import { TallyBoard } from '../../../src/ring/tally-board.ts';
import {
  CAPACITY,
  PAYLOAD_BYTES,
  PRODUCTION,
  STARTS,
  batch,
  broadcast,
  decidingVote,
  fillFrame,
  frameAt,
  framesOf,
  killedConsumer,
  killedProducer,
  killedWhileFreeing,
  lateVote,
  parkedConsumer,
  parkedProducer,
  twoOwners,
} from './ring-cases.ts';
import type { Case, Parts } from './ring-cases.ts';

/** What is broken, who must notice, and what notices it only when stores are buffered. */
interface Mutant {
  readonly name: string;
  readonly model: Case;
  readonly parts: Partial<Parts>;
  readonly isSeenInOrder: boolean;
}

const frames = framesOf([PAYLOAD_BYTES], CAPACITY);

/** Other atomics on the same memory. */
function atomics(change: (memory: SharedMemory) => Partial<AtomicOperations>): Partial<Parts> {
  return { memory: (memory) => ({ ...memory, atomics: { ...memory.atomics, ...change(memory) } }) };
}

/** Atomic stores to a word become plain ones. */
function plainStores(isMeant: (index: number) => boolean): Partial<Parts> {
  return atomics(({ words, atomics: { store } }) => ({
    store: ((_: Int32Array, index: number, value: number) =>
      isMeant(index) ? (words[index] = value) : store(words, index, value)) as AtomicOperations['store'],
  }));
}

/** A store to the one word happens only after the next access by `until`. */
function delayed(index: number, until: 'load' | 'store', word: number): Partial<Parts> {
  return atomics(({ words, atomics: { load, store } }) => {
    let held: number | undefined = undefined;
    const release = (kind: 'load' | 'store', at: number): void => {
      if (held === undefined || kind !== until || at !== word) return;
      const value = held;
      held = undefined;
      store(words, index, value);
    };
    return {
      store: ((_: Int32Array, at: number, value: number) => {
        if (at === index && value !== 0) return (held = value);
        const stored = store(words, at, value);
        release('store', at);
        return stored;
      }) as AtomicOperations['store'],
      load: ((_: Int32Array, at: number) => {
        const loaded = load(words, at);
        release('load', at);
        return loaded;
      }) as AtomicOperations['load'],
    };
  });
}

/** Plain stores to a word are left out. */
function without(index: number): Partial<Parts> {
  return {
    memory: (memory) => ({
      ...memory,
      words: new Proxy(memory.words, {
        set: (words, key, value: number) => (Number(key) === index ? true : Reflect.set(words, key, value)),
      }),
    }),
  };
}

/** Whether the word of slot 0 holds what a voter says, not its generation. */
function isVote(index: number): boolean {
  return index >= 36 && index < 40 && index % 2 === 1;
}

/** Zeros are stored to the data only when TAIL is: after the frames that were written to the same words. */
function lateZeros(memory: SharedMemory): SharedMemory {
  const { store } = memory.atomics;
  const late = new Set<number>();
  const words = new Proxy(memory.words, {
    set: (target, key, value: number) => {
      if (value === 0 && Number(key) >= 64) late.add(Number(key));
      else target[Number(key)] = value;
      return true;
    },
  });
  const storeAll = (_: Int32Array, index: number, value: number): number => {
    for (const at of late) memory.words[at] = 0;
    late.clear();
    return store(memory.words, index, value);
  };
  return { ...memory, words, atomics: { ...memory.atomics, store: storeAll as AtomicOperations['store'] } };
}

class SignedGate extends RingProducer {
  protected override loadGate(): number {
    return Math.min(super.loadGate(), this.atomics.load(this.words, RING.TAIL)); // Never ahead of the tail, it says.
  }
}

class GateOneFrameAhead extends RingProducer {
  protected override loadGate(): number {
    const tail = this.atomics.load(this.words, RING.TAIL);
    const gate = super.loadGate();
    return tail === gate ? gate : (gate + 32) | 0;
  }
}

class WithoutLookAgain extends Doorbell {
  override isReady(): boolean {
    return false;
  }
}

class LooksBeforeItMarks extends Doorbell {
  override ring(lane: number): boolean {
    const hasWoken = this.wake();
    super.take();
    markOnly(this, lane);
    return hasWoken;
  }
}

/** Marks the lane and wakes nobody. */
function markOnly(bell: Doorbell, lane: number): void {
  const wake = bell.wake.bind(bell);
  bell.wake = () => false;
  Doorbell.prototype.ring.call(bell, lane);
  bell.wake = wake;
}

class NeverCloses extends TallyBoard {
  override close(): void {
    // The generation stays.
  }
}

const MUTANTS: readonly Mutant[] = [
  {
    name: 'a frame is published before its payload is written',
    model: frames,
    parts: {
      send: (producer, value, payloadBytes) => {
        const start = producer.claim(payloadBytes);
        if (start < 0) return false;
        producer.commit();
        producer.publish();
        fillFrame(producer, start, value, payloadBytes);
        return true;
      },
    },
    isSeenInOrder: true,
  },
  {
    name: 'TAIL is a plain store',
    model: frames,
    parts: plainStores((index) => index === RING.TAIL),
    isSeenInOrder: false,
  },
  {
    name: 'HEAD is stored before the frame is copied',
    model: frames,
    parts: {
      take: (consumer, say) => {
        const start = consumer.next();
        if (start < 0) return false;
        consumer.free();
        say(frameAt(consumer, start));
        return true;
      },
    },
    isSeenInOrder: true,
  },
  { name: 'indices are compared signed', model: frames, parts: { producer: SignedGate }, isSeenInOrder: true },
  {
    name: 'zeros and frames reach one frame too far ahead',
    model: frames,
    parts: { producer: GateOneFrameAhead },
    isSeenInOrder: true,
  },
  {
    name: 'a byte that was asked for ahead is cleared after the frame that was written to it',
    model: batch,
    parts: { memory: lateZeros },
    isSeenInOrder: true,
  },
  {
    name: 'the consumer parks without a second look',
    model: parkedConsumer,
    parts: { bell: WithoutLookAgain },
    isSeenInOrder: true,
  },
  {
    name: 'the waker looks for a sleeper before it marks its lane',
    model: parkedConsumer,
    parts: { bell: LooksBeforeItMarks },
    isSeenInOrder: true,
  },
  {
    name: 'the producer looks for room before its wish is up',
    model: parkedProducer,
    parts: delayed(RING.WANT_ROOM, 'load', RING.HEAD),
    isSeenInOrder: true,
  },
  {
    name: 'the consumer looks for a wish before it frees the room',
    model: parkedProducer,
    parts: delayed(RING.HEAD, 'load', RING.WANT_ROOM),
    isSeenInOrder: true,
  },
  {
    name: 'a successor looks for a wish only when it has freed something',
    model: killedWhileFreeing,
    parts: atomics(({ words, atomics: { load } }) => {
      let isFirst = true;
      return {
        load: ((_: Int32Array, index: number) => {
          if (index !== RING.WANT_ROOM || words[RING.IN_HAND] !== load(words, RING.HEAD)) return load(words, index);
          const isMuted = isFirst;
          isFirst = false;
          return isMuted && load(words, RING.CONSUMER) === 8 ? 0 : load(words, index);
        }) as AtomicOperations['load'],
      };
    }),
    isSeenInOrder: true,
  },
  { name: 'IN_HAND is not kept', model: killedConsumer, parts: without(RING.IN_HAND), isSeenInOrder: true },
  {
    name: 'an end is taken by a load and a store',
    model: twoOwners,
    parts: atomics(({ words, atomics: { load, store } }) => ({
      compareExchange: ((_: Int32Array, index: number, expected: number, value: number) => {
        const present = load(words, index);
        if (present === expected) store(words, index, value);
        return present;
      }) as AtomicOperations['compareExchange'],
    })),
    isSeenInOrder: true,
  },
  {
    name: 'a vote says that it is there before it says what it is',
    model: decidingVote,
    parts: atomics(({ words, atomics: { store } }) => {
      let held: [number, number] | undefined = undefined;
      return {
        store: ((_: Int32Array, index: number, value: number) => {
          if (isVote(index)) return void (held = [index, value]);
          store(words, index, value);
          if (held !== undefined) store(words, ...held);
          held = undefined;
          return value;
        }) as unknown as AtomicOperations['store'],
      };
    }),
    isSeenInOrder: true,
  },
  {
    name: 'a vote has no generation',
    model: lateVote,
    parts: {
      board: NeverCloses,
      ...atomics(({ words, atomics: { store } }) => ({
        store: ((_: Int32Array, index: number, value: number) =>
          index === 32 ? store(words, index, 1) : store(words, index, value)) as AtomicOperations['store'],
      })),
    },
    isSeenInOrder: true,
  },
  {
    name: 'a reader of the broadcast ring does not confirm what it has read',
    model: broadcast,
    parts: { confirms: () => true },
    isSeenInOrder: true,
  },
  {
    name: 'a reader joins the broadcast ring in one step',
    model: broadcast,
    parts: atomics(({ words, atomics: { compareExchange } }) => ({
      compareExchange: ((_: Int32Array, index: number, expected: number, value: number) =>
        compareExchange(
          words,
          index,
          expected,
          (value & 7) === 3 ? (value & POSITION_MASK) | ATTACHED : value,
        )) as AtomicOperations['compareExchange'],
    })),
    isSeenInOrder: true,
  },
];

function verdictOf(
  model: Case,
  parts: Partial<Parts>,
  stores: 'in-order' | 'buffered',
): ReturnType<typeof exploreMemory> {
  const starts = STARTS.map((start) => exploreMemory({ ...model({ ...PRODUCTION, ...parts }, start), stores }));
  return starts.find(({ verdict }) => verdict !== 'ok') ?? starts[0]!;
}

describe('The exploration finds that', { timeout: 60_000 }, () => {
  it.each(MUTANTS)('$name', ({ model, parts, isSeenInOrder }) => {
    const found = verdictOf(model, parts, isSeenInOrder ? 'in-order' : 'buffered');
    expect(found.verdict).toBe('wrong');
    expect(found.path.length).toBeGreaterThan(2);
  });

  it.each(MUTANTS.filter(({ isSeenInOrder }) => !isSeenInOrder))('$name, only where stores are buffered', (mutant) => {
    expect(verdictOf(mutant.model, mutant.parts, 'in-order').verdict).toBe('ok');
  });

  it('a successor begins before the stores of the dead producer are visible', () => {
    // What makes zeros ahead of the frames harmless after a kill: the exit is seen when the thread's stores are.
    const model = { ...killedProducer(PRODUCTION, 0), stores: 'buffered' as const, seesExitsEarly: true };
    expect(exploreMemory(model).verdict).toBe('wrong');
  });
});

// What the demo's client threads share, in one buffer of their own: nothing of it is known to the cluster.
//
//     line 0          [ CLOCK ]                                  ticks, from 0; each end takes one
//     line 1          [ PHASE ]                                  what the clients should do now
//     per client      1 line of counters, 1 line [ TAIL ], 1 line [ HEAD ], journal, histograms of gets, puts, changes
//
// A journal carries one client's observations to the judge, in 8 words each; TAIL and HEAD count them modulo 2^32.
import { Histogram, HISTOGRAM_WORDS } from '../../base/histogram.ts';
import { OBSERVED, observationOf, type Observation, type ObservationKind } from './observation.ts';

const LINE = 16;
const CLOCK = 0;
const PHASE = LINE;
const CLIENTS = 2 * LINE;
const COUNTERS = 0;
const TAIL = LINE;
const HEAD = 2 * LINE;
const JOURNAL = 3 * LINE;
const JOURNAL_SLOTS = 1 << 15;
const SLOT_WORDS = 8;
const GETS = JOURNAL + JOURNAL_SLOTS * SLOT_WORDS;
const PUTS = GETS + HISTOGRAM_WORDS;
const CHANGES = PUTS + HISTOGRAM_WORDS;
const CLIENT_WORDS = Math.ceil((CHANGES + HISTOGRAM_WORDS) / LINE) * LINE;

/** Operations whose latencies are kept apart; deletes are puts, and a change is an update or one of its kin. */
export type Timed = 'get' | 'put' | 'change';
const LATENCIES: Readonly<Record<Timed, number>> = { get: GETS, put: PUTS, change: CHANGES };

/** Beyond this tick no operation begins: the counter has 32 bits and must not wrap. */
export const TICKS_MAX: number = 2 ** 32 - 2 ** 20;

/** What the clients should do: connect and wait, run one of the workloads, or come to an end. */
export const PHASES = { WAIT: 0, YCSB_A: 1, YCSB_B: 2, YCSB_F: 3, MIX: 4, TRACE: 5, STOP: 6 } as const;
export type Phase = (typeof PHASES)[keyof typeof PHASES];

/** What one client counts; the judge counts the acknowledged writes itself. */
export const COUNTED = {
  OPERATIONS: 0,
  UNKNOWN: 1,
  UNAVAILABLE: 2,
  FAILED: 3,
  STALL_US: 4,
  LINES: 5,
  GETS: 6,
  PUTS: 7,
  DELETES: 8,
  UPDATES: 9,
  COMPARES: 10,
  /** Compare-and-sets that found something else. */
  CONFLICTS: 11,
  INCREMENTS: 12,
  /** Of the unknown ones, those that nobody can find out about any more: the key was overwritten since. */
  UNKNOWN_FINALLY: 13,
} as const;
export type Counted = (typeof COUNTED)[keyof typeof COUNTED];

/** The shared record of a run. Every thread makes its own view of the one buffer. */
export class SharedRecord {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #numbers: Uint32Array;

  /** @param from how many clients to make room for, or the buffer of an existing record. */
  constructor(from: { readonly clients: number } | SharedArrayBuffer) {
    const isNew = 'clients' in from;
    this.buffer = isNew ? new SharedArrayBuffer((CLIENTS + from.clients * CLIENT_WORDS) * 4) : from;
    this.#words = new Int32Array(this.buffer);
    this.#numbers = new Uint32Array(this.buffer);
  }

  /** When an operation begins: every end that took a tick so far came before. */
  begin(): number {
    return Atomics.load(this.#words, CLOCK) >>> 0;
  }

  /** When an operation has ended. */
  end(): number {
    return (Atomics.add(this.#words, CLOCK, 1) + 1) >>> 0;
  }

  get phase(): Phase {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only the setter below writes this word
    return Atomics.load(this.#words, PHASE) as Phase;
  }

  set phase(phase: Phase) {
    Atomics.store(this.#words, PHASE, phase);
  }

  /** Adds to a counter of `client`. That client's thread only. */
  count(client: number, counter: Counted, by = 1): void {
    this.#numbers[baseOf(client) + COUNTERS + counter]! += by;
  }

  /** Raises a counter of `client` to `value`, were it lower. That client's thread only. */
  raise(client: number, counter: Counted, value: number): void {
    const word = baseOf(client) + COUNTERS + counter;
    if (value > this.#numbers[word]!) this.#numbers[word] = value;
  }

  /** A counter of `client`; other threads see it a little late. */
  counted(client: number, counter: Counted): number {
    return this.#numbers[baseOf(client) + COUNTERS + counter]!;
  }

  /** Latencies of `client` in microseconds; that client's thread records. */
  latencies(client: number, operation: Timed): Histogram {
    const at = baseOf(client) + LATENCIES[operation];
    return new Histogram(this.#numbers.subarray(at, at + HISTOGRAM_WORDS));
  }

  /** The journal of `client`: its thread writes, the judge's reads. */
  journal(client: number): Journal {
    const base = baseOf(client);
    return new Journal(this.#words.subarray(base, base + CLIENT_WORDS), this.#numbers.subarray(base));
  }
}

/** A bounded queue of observations from one thread to one other. Never blocks, never overwrites. */
export class Journal {
  readonly #words: Int32Array;
  readonly #numbers: Uint32Array;

  constructor(words: Int32Array, numbers: Uint32Array) {
    this.#words = words;
    this.#numbers = numbers;
  }

  /** Appends one observation; `false` when there is no room. The writing thread only. */
  publish(seen: Readonly<Observation>): boolean {
    const tail = this.#words[TAIL]!;
    if (((tail - Atomics.load(this.#words, HEAD)) | 0) === JOURNAL_SLOTS) return false;
    const at = JOURNAL + (tail & (JOURNAL_SLOTS - 1)) * SLOT_WORDS;
    this.#numbers[at] = seen.kind;
    this.#numbers[at + 1] = seen.key;
    this.#numbers[at + 2] = seen.client;
    this.#numbers[at + 3] = seen.sequence;
    this.#numbers[at + 4] = seen.start;
    this.#numbers[at + 5] = seen.end;
    this.#numbers[at + 6] = seen.priorClient;
    this.#numbers[at + 7] = seen.priorSequence;
    Atomics.store(this.#words, TAIL, (tail + 1) | 0);
    return true;
  }

  /** Hands every waiting observation to `take`, which must not keep the object. @returns how many. */
  drain(take: (seen: Readonly<Observation>) => void): number {
    const tail = Atomics.load(this.#words, TAIL);
    const head = this.#words[HEAD]!;
    const seen = observationOf(OBSERVED.ADVANCE);
    for (let next = head; next !== tail; next = (next + 1) | 0) {
      const at = JOURNAL + (next & (JOURNAL_SLOTS - 1)) * SLOT_WORDS;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- publish wrote it, and judge checks it
      seen.kind = this.#numbers[at] as ObservationKind;
      seen.key = this.#numbers[at + 1]!;
      seen.client = this.#numbers[at + 2]!;
      seen.sequence = this.#numbers[at + 3]!;
      seen.start = this.#numbers[at + 4]!;
      seen.end = this.#numbers[at + 5]!;
      seen.priorClient = this.#numbers[at + 6]!;
      seen.priorSequence = this.#numbers[at + 7]!;
      take(seen);
    }
    Atomics.store(this.#words, HEAD, tail);
    return (tail - head) | 0;
  }
}

function baseOf(client: number): number {
  return CLIENTS + client * CLIENT_WORDS;
}

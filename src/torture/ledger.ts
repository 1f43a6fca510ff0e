// What the threads of a torture run share, in one buffer that the cluster knows nothing of:
//
//     line 0          [ CLOCK ]                 orders calls and returns of all threads, exactly: each takes a tick
//     line 1          [ STOPPED | PROCESSES | ANSWERED | CHANGES | CONFLICTS | FINALS ]
//     per slot        [ TICKETS | FLOOR ]       tickets taken ever; generations whose records may be used again
//     per client      [ BEGUN | ORDER ]         operations begun ever; what the nemesis asks the thread to suffer
//     per slot        GENERATIONS_KEPT generations of `busyOperations` records of 8 words
//
// A slot is one key at a time. Who is about to operate on it takes a ticket; so many tickets are one generation, which
// is one key: it is never used again, and its history is as long as it will ever be. The ticket says which record to
// write as well, so nobody waits, nothing is allocated, and what a killed thread has written stays to be read.

/** How much is shared; the same in all threads of a run. */
export interface LedgerShape {
  /** Keys at a time that all clients fight for, in the first slots. */
  readonly busy: number;
  /** Operations on one of those before it is retired. */
  readonly busyOperations: number;
  /** Keys at a time that are left alone for a second or so, after them: what they hold has to survive deaths. */
  readonly resting: number;
  /** Operations on one of those before it is retired; no more than of a busy one. */
  readonly restingOperations: number;
  /** Client threads at a time. */
  readonly clients: number;
}

/** What was called. */
export const CALLS = {
  get: 1,
  put: 2,
  delete: 3,
  /** Writes a value made of what it finds. */
  update: 4,
  /** Writes a value where it finds what it expects; `remove` deletes. Where it finds something else, it is a `get`. */
  compare: 5,
  remove: 6,
} as const;
export type Call = keyof typeof CALLS;

/** Calls that write a value of their own. */
const VALUED: ReadonlySet<Call> = new Set(['put', 'update', 'compare']);

/** What is known of an operation. */
export const STATES = {
  /** Nobody has begun it, or who took the ticket was killed before that: it did not happen. */
  EMPTY: 0,
  /** Begun, and not returned yet; for ever when its thread was killed. */
  CALLED: 1,
  /** Returned with an answer. */
  DONE: 2,
  /** Returned, and may have happened or happen yet. */
  OPEN: 3,
  /** Returned, and says nothing: it did not happen, or it is a read without an answer. */
  VOID: 4,
} as const;

/** Words of a record. */
export const RECORD = {
  STATE: 0,
  CALL: 1,
  PROCESS: 2,
  OWNER: 3,
  /** What it writes, or has read. */
  VALUE: 4,
  START: 5,
  END: 6,
  /** What it found, of one that writes; of one that reads, what the value that it read says that its writer found. */
  FOUND: 7,
  WORDS: 8,
} as const;

/** In VALUE and FOUND: the key had none, or held what nobody wrote to it. Written values are numbered from 1. */
export const ABSENT = 0;
export const CORRUPT = -1;
/** In FOUND: nobody has said it, as of every blind write. */
export const UNTOLD = -2;

/** What a call saw, as VALUE and FOUND have it. */
export interface Sight {
  readonly value?: number;
  readonly found?: number;
}

/** What is counted beside the records: changes that were decided, conflicts, changes of which nobody will ever know. */
const TALLIES = { changes: 0, conflicts: 1, finals: 2 } as const;
export type Tally = keyof typeof TALLIES;

/** Generations of one slot that the ledger holds at once. */
export const GENERATIONS_KEPT = 6;

const LINE = 16;
const CLOCK = 0;
const STOPPED = LINE;
const PROCESSES = LINE + 1;
const ANSWERED = LINE + 2;
const TALLY = LINE + 3;
const SLOTS = 2 * LINE;
const TICKETS = 0;
const FLOOR = 1;
const BEGUN = 0;
const ORDER = 1;

/** An operation that is under way: where its record lies, and the key that it is on. */
export interface Ticket {
  readonly slot: number;
  readonly generation: number;
  /** Within its key, from 1: the value that it writes, if it writes one. */
  readonly number: number;
  readonly at: number;
}

/** The ledger of a run. Any thread. */
export class SharedLedger {
  readonly buffer: SharedArrayBuffer;
  readonly shape: LedgerShape;
  /** Keys at a time. */
  readonly slots: number;
  readonly #words: Int32Array;
  readonly #clients: number;
  readonly #records: number;

  constructor(shape: LedgerShape, buffer?: SharedArrayBuffer) {
    this.shape = shape;
    this.slots = shape.busy + shape.resting;
    this.#clients = SLOTS + this.slots * LINE;
    this.#records = this.#clients + shape.clients * LINE;
    const words = this.#records + this.slots * GENERATIONS_KEPT * shape.busyOperations * RECORD.WORDS;
    this.buffer = buffer ?? new SharedArrayBuffer(4 * words);
    this.#words = new Int32Array(this.buffer);
  }

  /** The next tick: unique, and later than every tick that was taken before, on any thread. From 0 to 2^32 - 1. */
  tick(): number {
    return Atomics.add(this.#words, CLOCK, 1) >>> 0;
  }

  /** A number for a process: whoever has at most one open call. */
  nextProcess(): number {
    return Atomics.add(this.#words, PROCESSES, 1);
  }

  get isStopped(): boolean {
    return Atomics.load(this.#words, STOPPED) !== 0;
  }

  stop(): void {
    Atomics.store(this.#words, STOPPED, 1);
  }

  /** Takes a ticket for the slot's present key; `undefined` while its records are in use. {@link begin} at once. */
  take(slot: number): Ticket | undefined {
    const at = SLOTS + slot * LINE;
    // The floor only rises, so an old one is on the safe side.
    const limit = (Atomics.load(this.#words, at + FLOOR) + GENERATIONS_KEPT) * this.operationsOn(slot);
    for (let taken = this.tickets(slot); taken < limit;) {
      const seen = Atomics.compareExchange(this.#words, at + TICKETS, taken, taken + 1);
      if (seen === taken) return this.#ticketOf(slot, taken);
      taken = seen; // Another thread took it, or the key was retired.
    }
    return undefined;
  }

  /** Writes down that an operation begins now. The thread that took the ticket, right before it calls. */
  begin(ticket: Ticket, call: Call, by: { client: number; owner: number; process: number; expects?: number }): void {
    const { at } = ticket;
    const words = this.#words;
    words[at + RECORD.CALL] = CALLS[call];
    words[at + RECORD.PROCESS] = by.process;
    words[at + RECORD.OWNER] = by.owner;
    words[at + RECORD.VALUE] = VALUED.has(call) ? ticket.number : ABSENT;
    words[at + RECORD.FOUND] = by.expects ?? UNTOLD;
    words[at + RECORD.START] = this.tick();
    Atomics.store(words, at + RECORD.STATE, STATES.CALLED);
    Atomics.add(words, this.#clients + by.client * LINE + BEGUN, 1);
  }

  /** Writes down that it returned, and what it saw. The thread that began it. */
  end({ at }: Ticket, state: (typeof STATES)['DONE' | 'OPEN' | 'VOID'], { value, found }: Sight = {}): void {
    const words = this.#words;
    if (value !== undefined) words[at + RECORD.VALUE] = value;
    if (found !== undefined) words[at + RECORD.FOUND] = found;
    words[at + RECORD.END] = this.tick();
    Atomics.store(words, at + RECORD.STATE, state);
    if (state === STATES.DONE) Atomics.add(words, ANSWERED, 1);
  }

  /** Writes down that it found something else than it expected, and wrote nothing: that it was a read. */
  endAsRead(ticket: Ticket, sight: Sight): void {
    this.#words[ticket.at + RECORD.CALL] = CALLS.get;
    this.end(ticket, STATES.DONE, sight);
  }

  /** Counts one more. */
  count(tally: Tally): void {
    Atomics.add(this.#words, TALLY + TALLIES[tally], 1);
  }

  /** How many were counted, of all clients. */
  counted(tally: Tally): number {
    return Atomics.load(this.#words, TALLY + TALLIES[tally]) >>> 0;
  }

  /** Operations that returned with an answer, of all clients: modulo 2^32. */
  get answered(): number {
    return Atomics.load(this.#words, ANSWERED);
  }

  /** Operations on each key of a slot. */
  operationsOn(slot: number): number {
    return slot < this.shape.busy ? this.shape.busyOperations : this.shape.restingOperations;
  }

  /** Tickets that were taken for a slot. */
  tickets(slot: number): number {
    return Atomics.load(this.#words, SLOTS + slot * LINE + TICKETS);
  }

  /** Retires the slot's present key before it is full. @returns the first generation after it. */
  retire(slot: number): number {
    const word = SLOTS + slot * LINE + TICKETS;
    for (;;) {
      const taken = Atomics.load(this.#words, word);
      const next = Math.floor(taken / this.operationsOn(slot)) + 1;
      const moved = Atomics.compareExchange(this.#words, word, taken, next * this.operationsOn(slot));
      if (moved === taken) return next;
    }
  }

  /** The records of one key, as they are now. */
  records(slot: number, generation: number): Int32Array {
    const start = this.#recordAt(slot, generation, 0);
    return this.#words.slice(start, start + this.operationsOn(slot) * RECORD.WORDS);
  }

  /** What is known of one operation: one of STATES. */
  stateOf(slot: number, generation: number, index: number): number {
    return Atomics.load(this.#words, this.#recordAt(slot, generation, index) + RECORD.STATE);
  }

  /** The thread that began it; 0 where nobody has. */
  ownerOf(slot: number, generation: number, index: number): number {
    return this.#words[this.#recordAt(slot, generation, index) + RECORD.OWNER]!;
  }

  /** Frees the records of a slot's oldest generation; nobody writes to them any more. */
  free(slot: number, generation: number): void {
    const start = this.#recordAt(slot, generation, 0);
    this.#words.fill(0, start, start + this.operationsOn(slot) * RECORD.WORDS);
    Atomics.store(this.#words, SLOTS + slot * LINE + FLOOR, generation + 1);
  }

  /** Operations that a client has begun, over all its threads. */
  begun(client: number): number {
    return Atomics.load(this.#words, this.#clients + client * LINE + BEGUN);
  }

  /** Asks a client's thread to suffer something. */
  order(client: number, order: number): void {
    Atomics.store(this.#words, this.#clients + client * LINE + ORDER, order);
  }

  /** Takes what this client is to suffer; 0 for nothing. */
  takeOrder(client: number): number {
    const word = this.#clients + client * LINE + ORDER;
    return Atomics.load(this.#words, word) === 0 ? 0 : Atomics.exchange(this.#words, word, 0);
  }

  #ticketOf(slot: number, ticket: number): Ticket {
    const operations = this.operationsOn(slot);
    const generation = Math.floor(ticket / operations);
    const index = ticket % operations;
    return { slot, generation, number: index + 1, at: this.#recordAt(slot, generation, index) };
  }

  #recordAt(slot: number, generation: number, index: number): number {
    const kept = slot * GENERATIONS_KEPT + (generation % GENERATIONS_KEPT);
    return this.#records + (kept * this.shape.busyOperations + index) * RECORD.WORDS;
  }
}

/** The name of a key. */
export function keyOf(slot: number, generation: number): string {
  return `key ${slot}.${generation}`;
}

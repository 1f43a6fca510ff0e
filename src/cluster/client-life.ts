// Whether the thread of a client still lives: one that is killed says nothing, and one that is blocked must not be
// taken for dead, however long it blocks.
//
// A client leaves some waiters (`Atomics.waitAsync`) at the life word of its place, which nothing ever rings. The
// engine takes a thread's waiters away when the thread has ended, however it ended, and not before. So the supervisor
// now and then wakes one: where it finds none, the thread is gone. The client replaces what was woken as soon as it
// gets to it; until then the supervisor halves its pace with each waiter that it takes, so that 16 last for hours.
import { CLIENTS_MAX, CLIENT_PLACES } from '../base/limits.ts';
import type { SharedMemory } from '../ring/memory.ts';

/** Where the client table lies in the board, in words; CLIENT_PLACES words each. */
export interface ClientTableLayout {
  /** The claim that holds a place; 0 when it is free. */
  readonly claims: number;
  /** Waiters that the holder ever left: modulo 2^32. The address that they wait at. */
  readonly armed: number;
  /** Waiters that the supervisor ever took: modulo 2^32. */
  readonly probed: number;
  /** One word: counts claims. */
  readonly counter: number;
}

/** A place in the client table and the claim that holds it. */
export interface Claim {
  readonly place: number;
  /** Tells this holder from earlier ones; 1 or more. */
  readonly claim: number;
}

/** The place of the client inside of the chair. */
export const CHAIRS_PLACE: number = CLIENT_PLACES - 1;
/** Waiters that a client leaves. */
const WAITERS = 16;
/** Holds a place while it is given back; no claim is negative. */
const RELEASING = -1;
const CLAIM_MASK = 0x3fff_ffff;

/** The client table of a board. */
export class ClientTable {
  readonly #memory: SharedMemory;
  readonly #at: ClientTableLayout;

  constructor(memory: SharedMemory, at: ClientTableLayout) {
    this.#memory = memory;
    this.#at = at;
  }

  /** Takes a free place and leaves signs of life there; `undefined` when all are taken. */
  claim(): Claim | undefined {
    for (let place = 0; place < CLIENTS_MAX; place++) {
      const taken = this.#take(place);
      if (taken !== undefined) return taken;
    }
    return undefined;
  }

  /** The same for the chair's place. */
  claimChairs(): Claim | undefined {
    return this.#take(CHAIRS_PLACE);
  }

  #take(place: number): Claim | undefined {
    const { words, atomics } = this.#memory;
    const claim = (atomics.add(words, this.#at.counter, 1) & CLAIM_MASK) + 1;
    if (atomics.compareExchange(words, this.#at.claims + place, 0, claim) !== 0) return undefined;
    const taken = { place, claim };
    this.showLife(taken);
    return taken;
  }

  /** Replaces the waiters that the supervisor took. The holder's thread only; never blocks. */
  showLife(held: Claim): void {
    const { words, atomics } = this.#memory;
    const armed = this.#at.armed + held.place;
    for (;;) {
      if (this.claimOf(held.place) !== held.claim) return; // Its place is another's now, or it has let go of it.
      if (this.#waitersAt(held.place) >= WAITERS) return;
      const wait = this.#leaveWaiter(armed);
      atomics.add(words, armed, 1); // After the waiter is there: who sees the count finds at least as many.
      void wait?.then(() => this.showLife(held));
    }
  }

  /** Gives a place back. Its holder when it leaves, or the supervisor for one that is gone. */
  release({ place, claim }: Claim): void {
    const { words, atomics } = this.#memory;
    // Nobody's yet: who is woken now must not leave signs of life for the next holder.
    if (atomics.compareExchange(words, this.#at.claims + place, claim, RELEASING) !== claim) return;
    atomics.store(words, this.#at.probed + place, 0);
    atomics.store(words, this.#at.armed + place, 0);
    atomics.notify(words, this.#at.armed + place);
    atomics.store(words, this.#at.claims + place, 0);
  }

  /** The claim that holds a place; 0 when it is free. */
  claimOf(place: number): number {
    return this.#memory.atomics.load(this.#memory.words, this.#at.claims + place);
  }

  /** Waiters that the holder has left so far, modulo 2^32; 0 when it has not come to it. */
  armedAt(place: number): number {
    return this.#memory.atomics.load(this.#memory.words, this.#at.armed + place);
  }

  /** Takes one waiter. The supervisor only. @returns whether the thread lives, or `undefined` when none is left. */
  probe(place: number): boolean | undefined {
    const { words, atomics } = this.#memory;
    if (this.#waitersAt(place) <= 0) return undefined;
    atomics.add(words, this.#at.probed + place, 1);
    return atomics.notify(words, this.#at.armed + place, 1) > 0;
  }

  /** Places that are taken, but for the chair's. */
  get size(): number {
    let count = 0;
    for (let place = 0; place < CLIENTS_MAX; place++) if (this.claimOf(place) !== 0) count++;
    return count;
  }

  /** Waiters that are there: the difference of two counters that wrap. */
  #waitersAt(place: number): number {
    const { words, atomics } = this.#memory;
    return (this.armedAt(place) - atomics.load(words, this.#at.probed + place)) | 0;
  }

  /** Leaves a waiter, whatever the word holds by now. */
  #leaveWaiter(word: number): Promise<unknown> | undefined {
    const { words, atomics } = this.#memory;
    for (;;) {
      const wait = atomics.waitAsync(words, word, atomics.load(words, word));
      if (wait.async) return wait.value;
    }
  }
}

/** Milliseconds between two probes of a client that answers; a silent one is probed half as often each time. */
const PROBE_MS = 1000;
/** Looks at a place whose holder has left no sign yet, about PROBE_MS apart, before it counts as gone. */
const UNARMED_LOOKS_MAX = 30;

interface Watched {
  readonly claim: number;
  /** What the counter of its waiters was; `undefined` until it has left one. */
  armed: number | undefined;
  gapMs: number;
  dueMs: number;
  unarmedLooks: number;
}

/** Looks for clients whose thread is gone. The supervisor's; time is an argument. */
export class ClientWatch {
  readonly #table: ClientTable;
  readonly #watched: (Watched | undefined)[] = Array.from({ length: CLIENT_PLACES });

  constructor(table: ClientTable) {
    this.#table = table;
  }

  /** Places whose holder is gone for certain; call it often, it looks rarely. */
  gone(nowMs: number): Claim[] {
    const found: Claim[] = [];
    for (let place = 0; place < CLIENT_PLACES; place++) {
      const claim = this.#table.claimOf(place);
      if (claim <= 0) continue;
      if (this.#isGone(place, this.#watch(place, claim, nowMs), nowMs)) found.push({ place, claim });
    }
    return found;
  }

  #watch(place: number, claim: number, nowMs: number): Watched {
    const before = this.#watched[place];
    if (before?.claim === claim) return before;
    const fresh = { claim, armed: undefined, gapMs: PROBE_MS, dueMs: nowMs + PROBE_MS, unarmedLooks: 0 };
    this.#watched[place] = fresh;
    return fresh;
  }

  #isGone(place: number, watched: Watched, nowMs: number): boolean {
    if (nowMs < watched.dueMs) return false;
    const armed = this.#table.armedAt(place);
    // It was killed between two instructions, or is stopped there: looks are counted, since time passes for both.
    if (armed === 0 && watched.armed === undefined) {
      watched.dueMs = nowMs + PROBE_MS;
      return ++watched.unarmedLooks > UNARMED_LOOKS_MAX;
    }
    watched.gapMs = armed === watched.armed ? 2 * watched.gapMs : PROBE_MS;
    watched.armed = armed;
    watched.dueMs = nowMs + watched.gapMs;
    return this.#table.probe(place) === false;
  }
}

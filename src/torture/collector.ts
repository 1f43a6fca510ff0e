// Finds keys whose history is complete: every ticket was taken, and of every operation it is known that it returned,
// or that it never will because its thread is gone.
import { nowMs } from '../base/clock.ts';
import { STATES, keyOf } from './ledger.ts';
import type { SharedLedger } from './ledger.ts';
import type { KeyRecords } from './history.ts';

/** The thread that is at work at a place in the ledger; `undefined` while there is none. */
export type Owners = readonly (number | undefined)[];

/** How far one slot is. */
interface SlotState {
  generation: number;
  /** First record of the generation that is not known to be settled. */
  next: number;
  /** Set when the generation was found full: when that was, and how far the clients were then. */
  full: { readonly atMs: number; readonly begun: readonly number[]; readonly owners: Owners } | undefined;
}

/** Collects on the main thread, while the clients go on. */
export class Collector {
  readonly #ledger: SharedLedger;
  readonly #slots: SlotState[];
  /** By key: see {@link KeyRecords.lossTick}. */
  readonly #losses = new Map<string, number>();
  #answered = 0;
  #answeredMs = nowMs();

  constructor(ledger: SharedLedger) {
    this.#ledger = ledger;
    this.#slots = Array.from({ length: ledger.slots }, () => ({ generation: 0, next: 0, full: undefined }));
  }

  /** Takes out at most `most` complete keys. `owners` are the threads that are alive, by place. */
  collect(owners: Owners, most: number): KeyRecords[] {
    const found: KeyRecords[] = [];
    this.#slots.forEach((state, slot) => {
      while (found.length < most && this.#isComplete(slot, state, owners)) found.push(this.#takeOut(slot, state));
    });
    return found;
  }

  /** Takes out what is left, when every client has ended. */
  finish(): KeyRecords[] {
    return this.#slots.flatMap((state, slot) => {
      const left: KeyRecords[] = [];
      while (state.generation * this.#ledger.operationsOn(slot) < this.#ledger.tickets(slot))
        left.push(this.#takeOut(slot, state));
      return left;
    });
  }

  /** The state of the cluster was lost at `lossTick`: retires every key, and cuts their histories there. */
  retireAll(lossTick: number): void {
    this.#slots.forEach(({ generation }, slot) => {
      const next = this.#ledger.retire(slot);
      for (let each = generation; each < next; each++) {
        const key = keyOf(slot, each);
        if (!this.#losses.has(key)) this.#losses.set(key, lossTick); // The earlier loss stands.
      }
    });
    this.#answeredMs = nowMs(); // Nobody could be answered until now.
  }

  /** The longest time that a full key has waited for a live client's call to return, in milliseconds. */
  waitedMs(): number {
    const now = nowMs();
    return Math.max(0, ...this.#slots.map(({ full }) => (full === undefined ? 0 : now - full.atMs)));
  }

  /** How long no call of any client was answered, in milliseconds; since the look before, if one was. */
  silentMs(): number {
    const { answered } = this.#ledger;
    if (answered !== this.#answered) this.#answeredMs = nowMs();
    this.#answered = answered;
    return nowMs() - this.#answeredMs;
  }

  #isComplete(slot: number, state: SlotState, owners: Owners): boolean {
    const operations = this.#ledger.operationsOn(slot);
    if (this.#ledger.tickets(slot) < (state.generation + 1) * operations) return false;
    state.full ??= { atMs: nowMs(), begun: owners.map((_, client) => this.#ledger.begun(client)), owners };
    while (state.next < operations && this.#isSettled(slot, state, owners)) state.next++;
    return state.next === operations;
  }

  #isSettled(slot: number, { generation, next, full }: SlotState, owners: Owners): boolean {
    const state = this.#ledger.stateOf(slot, generation, next);
    if (state === STATES.CALLED) return !owners.includes(this.#ledger.ownerOf(slot, generation, next));
    if (state !== STATES.EMPTY) return true;
    // Who took the ticket writes its record before it begins another. So once every thread has begun another since all
    // tickets were taken, or is gone, nobody will.
    const isPast = owners.every((owner, client) => {
      const isSameThread = owner !== undefined && owner === full?.owners[client];
      return !isSameThread || this.#ledger.begun(client) !== full.begun[client];
    });
    // What a thread has begun may be this very one, after our first look at it.
    return isPast && this.#ledger.stateOf(slot, generation, next) === STATES.EMPTY;
  }

  #takeOut(slot: number, state: SlotState): KeyRecords {
    const { generation } = state;
    const key = keyOf(slot, generation);
    const records = this.#ledger.records(slot, generation);
    const lossTick = this.#losses.get(key);
    this.#losses.delete(key);
    this.#ledger.free(slot, generation);
    state.generation += 1;
    state.next = 0;
    state.full = undefined;
    return { key, records, lossTick };
  }
}

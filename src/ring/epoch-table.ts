// Who lives, in shared words: per slot an epoch, which only grows, and a state; and one counter of all restarts.
//
//   word  0          1 ..                    then
//         [ RESTARTS | EPOCH of slot 0, 1 .. | STATE of slot 0, 1 .. ]
//
// The supervisor's thread bumps a slot's epoch after it saw the exit of the old thread and before the new one does
// anything; it moves RESTARTS after the epoch, and after another configuration is in force. Whoever loads RESTARTS,
// asks, and finds it unmoved knows that no epoch has been bumped for good in between, and no configuration.
import { REPLICAS_MAX } from '../base/limits.ts';
import type { AtomicOperations, SharedMemory } from './memory.ts';

/** State of a slot. */
export const STARTING = 0;
export const RECOVERING = 1;
export const OPERATIONAL = 2;
export const DOWN = 3;
export type SlotState = typeof STARTING | typeof RECOVERING | typeof OPERATIONAL | typeof DOWN;

const RESTARTS = 0;
const EPOCHS = 1;
const STATES = EPOCHS + REPLICAS_MAX;

/** The table at a base word of shared memory. Reading: any thread, a moment's view. */
export class EpochTable {
  readonly #words: Int32Array;
  readonly #atomics: AtomicOperations;
  readonly #base: number;

  constructor({ words, atomics }: SharedMemory, base = 0) {
    this.#words = words;
    this.#atomics = atomics;
    this.#base = base;
  }

  /** The slot's epoch: 0 before its first start, then from 1. */
  epochOf(slot: number): number {
    return this.#atomics.load(this.#words, this.#base + EPOCHS + slot);
  }

  /** How often any slot got a new epoch; moves after the epoch does. */
  restarts(): number {
    return this.#atomics.load(this.#words, this.#base + RESTARTS);
  }

  /** Another configuration is in force: whoever looks whether anything has moved sees it. Supervisor's thread only. */
  noteConfiguration(): void {
    this.#atomics.add(this.#words, this.#base + RESTARTS, 1);
  }

  stateOf(slot: number): SlotState {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Only setState() writes the word.
    return this.#atomics.load(this.#words, this.#base + STATES + slot) as SlotState;
  }

  isOperational(slot: number): boolean {
    return this.stateOf(slot) === OPERATIONAL;
  }

  /** Sets a slot's epoch, which is higher than before. Supervisor's thread only. */
  setEpoch(slot: number, epoch: number): void {
    this.#atomics.store(this.#words, this.#base + EPOCHS + slot, epoch);
    this.#atomics.add(this.#words, this.#base + RESTARTS, 1);
  }

  /** Sets a slot's state: the supervisor's thread, and the slot's own when it becomes operational. */
  setState(slot: number, state: SlotState): void {
    this.#atomics.store(this.#words, this.#base + STATES + slot, state);
  }
}

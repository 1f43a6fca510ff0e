// How a producer wakes a consumer that sleeps. The consumer raises PARKED, looks again, and only then waits; the
// producer sets the ready bit, then looks at PARKED. Whichever comes second sees the other, so no wake-up is lost.
import type { AtomicOperations, SharedMemory } from './memory.ts';
import { DOORBELL } from './layout.ts';

const AWAKE = 0;
const PARKED = 1;

/**
 * One thread's doorbell. The owner takes, parks and counts turns; any thread rings. `base` is the word where the
 * doorbell lies in the shared memory, DOORBELL.WORDS long.
 */
export class Doorbell {
  readonly #words: Int32Array;
  readonly #atomics: AtomicOperations;
  readonly #base: number;
  /** The promise of the wait under way, so that parking again does not add a second waiter. */
  #waiting: Promise<unknown> | undefined;

  constructor({ words, atomics }: SharedMemory, base = 0) {
    this.#words = words;
    this.#atomics = atomics;
    this.#base = base;
  }

  /** Marks a lane (0 to 30) ready and wakes the owner if it sleeps. Any thread. @returns whether it had to be woken. */
  ring(lane: number): boolean {
    this.#atomics.or(this.#words, this.#base + DOORBELL.READY, 1 << lane);
    return this.wake();
  }

  /** Wakes the owner if it sleeps. Any thread. @returns whether it slept. */
  wake(): boolean {
    const parked = this.#base + DOORBELL.PARKED;
    if (this.#atomics.load(this.#words, parked) === AWAKE) return false;
    if (this.#atomics.exchange(this.#words, parked, AWAKE) === AWAKE) return false; // Somebody else wakes it.
    this.#atomics.add(this.#words, this.#base + DOORBELL.BELL, 1); // Before a wait that has not begun yet.
    this.#atomics.notify(this.#words, this.#base + DOORBELL.BELL);
    return true;
  }

  /** Takes the ready lanes as a mask, and clears it. Owner only. */
  take(): number {
    const ready = this.#base + DOORBELL.READY;
    // Loading first keeps the line shared while nothing is ready.
    return this.#atomics.load(this.#words, ready) === 0 ? 0 : this.#atomics.exchange(this.#words, ready, 0);
  }

  /** Whether a lane is ready or the control word asks for something. Owner only. */
  isReady(): boolean {
    return (
      this.#atomics.load(this.#words, this.#base + DOORBELL.READY) !== 0 ||
      this.#atomics.load(this.#words, this.#base + DOORBELL.CONTROL) !== 0
    );
  }

  /** Blocks the owner's thread until it is woken, at most `timeoutMs`. Returns at once when something is ready. */
  park(timeoutMs: number): void {
    const bell = this.#raise();
    if (this.isReady()) return this.unpark();
    this.#atomics.wait(this.#words, this.#base + DOORBELL.BELL, bell, timeoutMs);
    this.unpark();
  }

  /**
   * Lets the owner's event loop run until it is woken: the promise settles then. `undefined` when something is ready
   * now. A pending wait does not keep the process alive.
   */
  parkAsync(): Promise<unknown> | undefined {
    const bell = this.#raise();
    if (this.isReady()) {
      this.unpark();
      return undefined;
    }
    if (this.#waiting !== undefined) return this.#waiting;
    const wait = this.#atomics.waitAsync(this.#words, this.#base + DOORBELL.BELL, bell);
    if (!wait.async) {
      this.unpark();
      return undefined;
    }
    this.#waiting = wait.value.then(() => {
      this.#waiting = undefined;
    });
    return this.#waiting;
  }

  /** The owner is awake, whatever woke it. Owner only. */
  unpark(): void {
    this.#atomics.store(this.#words, this.#base + DOORBELL.PARKED, AWAKE);
  }

  /** Whether the owner sleeps. Any thread; a moment's view. */
  isParked(): boolean {
    return this.#atomics.load(this.#words, this.#base + DOORBELL.PARKED) !== AWAKE;
  }

  /** Sets bits of the control word and wakes the owner. Any thread. */
  command(bits: number): void {
    this.#atomics.or(this.#words, this.#base + DOORBELL.CONTROL, bits);
    this.wake();
  }

  /** Takes the control bits, and clears them. Owner only. */
  takeCommands(): number {
    const control = this.#base + DOORBELL.CONTROL;
    return this.#atomics.load(this.#words, control) === 0 ? 0 : this.#atomics.exchange(this.#words, control, 0);
  }

  /** Counts a turn of the owner's loop, and the frames handled in it. A supervisor takes a still counter for a hang. */
  countTurn(framesHandled: number): void {
    const turn = this.#base + DOORBELL.TURN;
    this.#words[turn + 1] = (this.#words[turn + 1]! + framesHandled) | 0;
    this.#atomics.store(this.#words, turn, (this.#words[turn]! + 1) | 0);
  }

  /** Turns of the owner's loop, modulo 2^32. Any thread. */
  get turns(): number {
    return this.#atomics.load(this.#words, this.#base + DOORBELL.TURN);
  }

  /** Frames that the owner has handled, modulo 2^32. Any thread. */
  get handled(): number {
    return this.#atomics.load(this.#words, this.#base + DOORBELL.HANDLED);
  }

  /** Clears the words for a new owner; call it when no thread uses them. */
  reset(): void {
    this.#words.fill(0, this.#base, this.#base + DOORBELL.WORDS);
  }

  #raise(): number {
    const bell = this.#atomics.load(this.#words, this.#base + DOORBELL.BELL);
    this.#atomics.store(this.#words, this.#base + DOORBELL.PARKED, PARKED);
    return bell;
  }
}

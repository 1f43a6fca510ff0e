// How a producer wakes a consumer that sleeps. The consumer raises PARKED, looks again, and only then waits; the
// producer sets the ready bit, then looks at PARKED. Whichever comes second sees the other, so no wake-up is lost.
//
// PARKED holds the number of the park, so that a waker that was held up takes down the flag of the park that it ended,
// never that of a later one. It does so last: a waker that is killed on its way leaves the flag up, and the next one
// wakes the sleeper. Its own ring may be lost with it, so every wait has a bound, and who sees a thread's exit wakes
// the threads that it may have been waking.
import { DOORBELL } from './layout.ts';
import type { AtomicOperations, SharedMemory } from './memory.ts';

const AWAKE = 0;

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

  /**
   * Marks a lane (0 to 30) ready and wakes the owner if it sleeps. Publish first. Any thread; never blocks.
   *
   * @returns whether the owner had to be woken.
   */
  ring(lane: number): boolean {
    const ready = this.#base + DOORBELL.READY;
    const bit = 1 << lane;
    // Loading first keeps the line shared while the bit is up. Then the owner has not taken it yet: it will see what we
    // published when it does.
    if ((this.#atomics.load(this.#words, ready) & bit) === 0) this.#atomics.or(this.#words, ready, bit);
    return this.wake();
  }

  /** Wakes the owner if it sleeps. Any thread; never blocks. @returns whether it slept. */
  wake(): boolean {
    const parked = this.#base + DOORBELL.PARKED;
    const park = this.#atomics.load(this.#words, parked);
    if (park === AWAKE) return false;
    this.#atomics.add(this.#words, this.#base + DOORBELL.BELL, 1); // Ends a wait that has not begun yet.
    const woken = this.#atomics.notify(this.#words, this.#base + DOORBELL.BELL);
    this.#atomics.compareExchange(this.#words, parked, park, AWAKE); // Saves the other producers the notify.
    return woken > 0;
  }

  /**
   * Takes the ready lanes as a mask, and clears it. Owner only. A new owner looks at every lane first: its predecessor
   * may have taken bits and died.
   */
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
    if (!this.isReady()) this.#atomics.wait(this.#words, this.#base + DOORBELL.BELL, bell, timeoutMs);
    this.unpark();
  }

  /**
   * Lets the owner's event loop run until it is woken, at most `timeoutMs`: the promise settles then. It may settle
   * without cause. `undefined` when something is ready now. While a wait is under way its promise is answered again,
   * with its own bound: attach to it once. A pending wait does not keep the process alive.
   */
  parkAsync(timeoutMs: number = Infinity): Promise<unknown> | undefined {
    const bell = this.#raise();
    if (this.isReady()) {
      this.unpark();
      return undefined;
    }
    // A wait that began before BELL moved was notified, or will be by the waker that moved it. Should that one be
    // killed in between, PARKED is up: the next waker notifies.
    if (this.#waiting !== undefined) return this.#waiting;
    const wait = this.#atomics.waitAsync(this.#words, this.#base + DOORBELL.BELL, bell, timeoutMs);
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

  /** Times that the owner parked, modulo 2^32. Any thread. */
  get parks(): number {
    return this.#atomics.load(this.#words, this.#base + DOORBELL.PARKS);
  }

  /** Prepares for a new owner, when the old one is gone; others may ring meanwhile. Bells and parks count on. */
  reset(): void {
    for (const word of [DOORBELL.READY, DOORBELL.PARKED, DOORBELL.CONTROL, DOORBELL.TURN, DOORBELL.HANDLED]) {
      this.#atomics.store(this.#words, this.#base + word, 0);
    }
  }

  /** Raises PARKED with a number of its own. @returns the bell to wait on. */
  #raise(): number {
    const bell = this.#atomics.load(this.#words, this.#base + DOORBELL.BELL);
    const parks = this.#base + DOORBELL.PARKS;
    this.#words[parks] = (this.#words[parks]! + 1) | 0 || 1;
    this.#atomics.store(this.#words, this.#base + DOORBELL.PARKED, this.#words[parks]);
    return bell;
  }
}

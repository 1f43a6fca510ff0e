// What a replica does besides serving: it takes the chair where that is free, and keeps the house for as long as it
// sits there. One that finds its seat taken has been fenced: somebody took its thread for dead, and it does no more.
import type { Chair, ChairSeat } from './chair-seat.ts';

/** Who does the work of a chair: a `Housekeeper`. */
export interface Keeper {
  /** Does a bounded piece of work. @returns in how many milliseconds it wants to be called again. */
  turn(nowMs: number): number;
}

/** What a house is made with. */
export interface HouseOptions {
  readonly seat: ChairSeat;
  readonly replica: number;
  /** The replica has taken the chair: who is to do the work. */
  readonly take: (chair: Chair) => Keeper;
}

/** Turns with frames between two looks at what the house needs: each look reads the clock. */
const TURNS = 16;

/** The house, as one incarnation of a replica sees it. */
export class House {
  readonly #options: HouseOptions;
  /** What it does while it sits in the chair; `undefined` while another does. */
  #held: { readonly chair: Chair; readonly keeper: Keeper } | undefined;
  #turns = 0;

  constructor(options: HouseOptions) {
    this.#options = options;
  }

  /**
   * A turn of the thread, which serves, and has handled so many frames. @returns in how many milliseconds there is
   * more; infinite where somebody else keeps the house.
   */
  turn(handled: number, nowMs: () => number): number {
    const { seat, replica, take } = this.#options;
    if (this.#held === undefined) {
      const term = seat.take(replica);
      if (term === 0) return Number.POSITIVE_INFINITY;
      const chair = { replica, term };
      this.#held = { chair, keeper: take(chair) };
      return 0;
    }
    if (handled > 0 && ++this.#turns % TURNS !== 0) return 0;
    if (!seat.isHeld(this.#held.chair)) return Number.POSITIVE_INFINITY;
    return this.#held.keeper.turn(nowMs());
  }
}

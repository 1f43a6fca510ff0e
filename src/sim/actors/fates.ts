// What chance decides in a run of actors, and what of it is left when a failure is shrunk.
//
// Each decision has a name, such as `crash counter 12`, and draws from a stream of its own: to leave one out does not
// change what the others draw. A replay names the faults and operations that may still happen.
import type { Random } from '../../base/random.ts';
import { happens, streamOf } from '../engine/chance.ts';

/** What may happen in a run, by name; everything when a set is missing. */
export interface Allowed {
  readonly faults?: ReadonlySet<string>;
  readonly operations?: ReadonlySet<string>;
  /** Whether messages and handlers all take their mean time. */
  readonly isEven?: boolean;
}

/** The decisions of one run. */
export class Fates {
  readonly #seed: number;
  readonly #allowed: Allowed;
  /** Names of the faults that happened, in order. */
  readonly injected: string[] = [];
  /** Names of the operations that were called, in order. */
  readonly called: string[] = [];
  /** Whether faults happen at all: not when a run has come to its calm end. */
  isStorm = true;

  constructor(seed: number, allowed: Allowed) {
    this.#seed = seed;
    this.#allowed = allowed;
  }

  get isEven(): boolean {
    return this.#allowed.isEven === true;
  }

  /** The stream of one decision of a node. */
  random(node: number, purpose: string): Random {
    return streamOf(this.#seed, node, purpose);
  }

  /** Whether a fault of this name happens. */
  strikes(name: string, random: Random, rate: number): boolean {
    const isDrawn = rate > 0 && happens(random, rate);
    if (!isDrawn || !this.isStorm || this.#allowed.faults?.has(name) === false) return false;
    this.injected.push(name);
    return true;
  }

  /** Whether an operation of this name is called. */
  mayCall(name: string): boolean {
    if (this.#allowed.operations?.has(name) === false) return false;
    this.called.push(name);
    return true;
  }
}

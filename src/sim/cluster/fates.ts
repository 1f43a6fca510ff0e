// What chance decides about each message: lost, late, twice. A decision depends on the seed, the link and the message's
// position on it, on nothing else, so that what happens on one link shifts no other. Decisions can be written down, and
// then stand in place of the seed's.
import { exponentialOf, mixWords, wordOf } from '../engine/chance.ts';
import type { Decision, MessageKind, NetworkPlan } from './plan.ts';

/** A decision, overwritten by the next one. */
export interface Fate {
  /** -1 when the message is lost. */
  delayUs: number;
  /** Delay of a copy; -1 when there is none. */
  copyUs: number;
}

/** Speeds of links under priorities, in microseconds. */
const SPEEDS_US: readonly number[] = [20, 400, 3_000, 15_000, 60_000, 200_000];
const UNIT = 0x1_0000_0000;
/** Stretches in a row that a link stands still at most. */
const STALLS_MAX = 8;
/** Mean delay when all is well, in microseconds: what waking a thread takes. */
const CALM_US = 40;

/** Decides about the messages of one run. */
export class Fates {
  /** Decisions so far, where they are kept. */
  readonly kept: Decision[] = [];
  /** Set when the faults are over: nothing is lost, repeated or late any more. */
  isCalm = false;
  readonly #network: NetworkPlan;
  readonly #seed: number;
  readonly #isKept: boolean;
  readonly #given: ReadonlyMap<number, Decision> | undefined;
  readonly #fate: Fate = { delayUs: 0, copyUs: -1 };

  constructor(network: NetworkPlan, seed: number, given: readonly Decision[] | undefined, isKept: boolean) {
    this.#network = network;
    this.#seed = mixWords(seed, wordOf('messages'));
    this.#given = given && new Map(given.map((decision) => [placeOf(decision[0], decision[1]), decision]));
    this.#isKept = isKept;
  }

  /** Decides about the message at `position` of `link`. */
  decide(link: number, position: number, kind: MessageKind, nowUs: number): Fate {
    const fate = this.#fate;
    if (this.isCalm) {
      fate.delayUs = Math.floor(exponentialOf(mixWords(mixWords(this.#seed, link), position)) * CALM_US);
      fate.copyUs = -1;
      return fate;
    }
    if (this.#given === undefined) this.#draw(link, position, kind, nowUs);
    else {
      const given = this.#given.get(placeOf(link, position));
      fate.delayUs = given === undefined ? this.#network.delayUs : given[2];
      fate.copyUs = given === undefined ? -1 : given[3];
    }
    if (this.#isKept) this.kept.push([link, position, fate.delayUs, fate.copyUs]);
    return fate;
  }

  #draw(link: number, position: number, kind: MessageKind, nowUs: number): void {
    const { lossyKind, lossyRate, lossRate, repeatRate, replayRate, replayUs } = this.#network;
    const fate = this.#fate;
    const word = mixWords(mixWords(this.#seed, link), position);
    fate.copyUs = -1;
    const loss = kind === lossyKind && lossyRate > lossRate ? lossyRate : lossRate;
    if (loss > 0 && mixWords(word, 1) < loss * UNIT) {
      fate.delayUs = -1;
      return;
    }
    fate.delayUs = this.#stalledUs(link, this.#delayUs(link, position, word), nowUs);
    if (repeatRate === 0 || mixWords(word, 2) >= repeatRate * UNIT) return;
    const isReplay = mixWords(word, 3) < replayRate * UNIT;
    fate.copyUs = Math.floor(exponentialOf(mixWords(word, 4)) * (isReplay ? replayUs : 2 * this.#network.delayUs));
  }

  #delayUs(link: number, position: number, word: number): number {
    const { delayUs, slowRate, slowUs, priorityChanges } = this.#network;
    let mean = delayUs;
    if (priorityChanges > 0) mean = this.#speedUs(link, position);
    if (slowRate > 0 && mixWords(word, 5) < slowRate * UNIT) mean += slowUs;
    return Math.floor(exponentialOf(mixWords(word, 6)) * mean);
  }

  /** A delay, and the wait for the next stretch in which the link does not stand still. */
  #stalledUs(link: number, delayUs: number, nowUs: number): number {
    const { stallRate, stallUs } = this.#network;
    if (stallRate === 0) return delayUs;
    const arrivesUs = nowUs + delayUs;
    let stretch = Math.floor(arrivesUs / stallUs);
    let waited = 0;
    while (waited < STALLS_MAX && mixWords(mixWords(this.#seed, link + 0x30_000), stretch) < stallRate * UNIT) {
      stretch++;
      waited++;
    }
    return waited === 0 ? delayUs : stretch * stallUs - nowUs + (delayUs % 97);
  }

  /** The speed of a link at a position: that of its last change of priority before. */
  #speedUs(link: number, position: number): number {
    const changes = this.#network.priorityChanges / 1000;
    let since = 0;
    for (let at = position; at > 0; at--) {
      if (mixWords(mixWords(this.#seed, link + 0x10_000), at) >= changes * UNIT) continue;
      since = at;
      break;
    }
    const word = mixWords(mixWords(this.#seed, link + 0x20_000), since);
    return SPEEDS_US[word % SPEEDS_US.length]!;
  }
}

function placeOf(link: number, position: number): number {
  return position * 1024 + link;
}

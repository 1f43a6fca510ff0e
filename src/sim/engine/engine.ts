// A world in which nothing happens by itself: virtual time jumps from event to event, in an order that the seed
// decides. What runs on it (clusters, actors, networks, disks) schedules events and draws chance from it, and touches
// nothing else; then one seed is one run.
//
// Source: FoundationDB's simulation (Zhou et al., SIGMOD 2021, section 4) and TigerBeetle's VOPR.
import { assert } from '../../base/assert.ts';
import type { Random } from '../../base/random.ts';
import { mixWords, streamOf, wordOf } from './chance.ts';
import { EventQueue } from './event-queue.ts';
import type { ScheduledEvent } from './event-queue.ts';
import { RollingHash } from './rolling-hash.ts';
import { Trace } from './trace.ts';
import type { TraceNode } from './trace.ts';

/** What a world is made with. */
export interface EngineOptions {
  /** An integer from 0 to 2^32 - 1. */
  readonly seed: number;
  /** Whether the trace is kept; default not, since the seed gives it again. */
  readonly isTraced?: boolean;
}

/** How far {@link Engine.run} goes. */
export interface RunLimits {
  /** Virtual time at which it stops, in microseconds; events of that moment are left. */
  readonly untilUs?: number;
  /** Most events. */
  readonly eventsMax?: number;
  /** Asked after each event: stops the run. */
  readonly isOver?: () => boolean;
}

/** Why a run stopped: nothing is left to happen, it is over, its time has come, or it had too many events. */
export type RunEnd = 'idle' | 'over' | 'time' | 'events';

/** The world of one run. */
export class Engine {
  readonly seed: number;
  readonly trace: Trace;
  /** Virtual time in microseconds. Integers, so that moments can be equal. */
  nowUs = 0;
  /** Events that have happened. */
  events = 0;
  /** Injected faults by class. */
  readonly faults: Record<string, number> = {};
  /** By name, whether it was true at least once: what a run must reach, or it tests too little. */
  readonly reached: Record<string, boolean> = {};
  readonly #queue = new EventQueue();
  readonly #hash = new RollingHash();
  readonly #tieSeed: number;
  #sequence = 0;
  #messages = 0;

  constructor({ seed, isTraced = false }: EngineOptions) {
    this.seed = seed;
    this.trace = new Trace(isTraced);
    this.#tieSeed = mixWords(seed, wordOf('ties'));
  }

  /** Virtual time in milliseconds, as clocks of nodes say it that are right. */
  get nowMs(): number {
    return this.nowUs / 1000;
  }

  /** Hash over all events so far: 16 hexadecimal digits, the same for the same seed and code. */
  get hash(): string {
    return this.#hash.text;
  }

  /** Adds a node. @returns its number, from 0. */
  addNode(node: TraceNode): number {
    return this.trace.nodes.push(node) - 1;
  }

  /** The stream of a node (-1: of the run) for a purpose, from its start. */
  random(node: number, purpose: string): Random {
    return streamOf(this.seed, node, purpose);
  }

  /** Lets something happen to `node` after `afterUs` (0 or more, fractions are cut off). */
  schedule(afterUs: number, node: number, run: () => void): ScheduledEvent {
    assert(afterUs >= 0, 'Nothing is scheduled in the past');
    const sequence = ++this.#sequence;
    const atUs = this.nowUs + Math.floor(afterUs);
    const event = { atUs, tiebreak: mixWords(this.#tieSeed, sequence), sequence, node, run };
    this.#queue.push(event);
    return event;
  }

  /** A number for a message, for the trace. */
  nextMessage(): number {
    return ++this.#messages;
  }

  /** Adds what a node did or became to the hash. */
  note(node: number, digest: number): void {
    this.#hash.add(digest);
    this.#hash.add(node);
  }

  /** Counts an injected fault. */
  countFault(kind: string): void {
    this.faults[kind] = (this.faults[kind] ?? 0) + 1;
  }

  /**
   * Notes that `condition` held: over many runs it must at least once. Call it with `false` too, so that a condition
   * that is never true is seen. Source: the "sometimes" assertions of Antithesis.
   */
  sometimes(name: string, condition: boolean): void {
    if (condition) this.reached[name] = true;
    else this.reached[name] ??= false;
  }

  /** Lets events happen, earliest first. @returns why it stopped. */
  run({ untilUs = Number.POSITIVE_INFINITY, eventsMax = Number.POSITIVE_INFINITY, isOver }: RunLimits = {}): RunEnd {
    const queue = this.#queue;
    for (let left = eventsMax; left > 0;) {
      const next = queue.peek();
      if (next === undefined) return 'idle';
      if (next.run === undefined) {
        queue.pop();
        continue;
      }
      if (next.atUs >= untilUs) {
        this.nowUs = untilUs;
        return 'time';
      }
      queue.pop();
      left--;
      this.#happen(next);
      if (isOver?.() === true) return 'over';
    }
    return 'events';
  }

  #happen(event: ScheduledEvent): void {
    const { atUs, node, run } = event;
    this.nowUs = atUs;
    this.events++;
    this.#hash.add(atUs);
    this.#hash.add(node);
    event.run = undefined;
    run?.();
  }
}

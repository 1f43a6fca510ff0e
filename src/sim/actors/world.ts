// The world of one run of actors: virtual time, who acts at the moment, and what they wait for.
//
// One event wakes one party (a client or an incarnation of an actor). It runs until everything that waits for promises
// has had its turn; only then comes the next event. No turn of the event loop lies between two events, so nothing
// else in the process can run in between, and the order is the seed's alone.
import { QuorateError } from '../../base/errors.ts';
import { exponentialOf, wordOf } from '../engine/chance.ts';
import type { Engine } from '../engine/engine.ts';
import type { ScheduledEvent } from '../engine/event-queue.ts';
import type { TraceKind } from '../engine/trace.ts';
import { DeadLetters } from '../../mailbox/dead-letters.ts';
import type { Fates } from './fates.ts';
import type { ActorFaults } from './profile.ts';

const LABEL_LENGTH_MAX = 80;

/** A client, or one incarnation of an actor. */
export interface Party {
  readonly name: string;
  /** Its number in the engine. */
  readonly node: number;
  /** What it does at the moment, by a name that does not change when something else is left out of the run. */
  cause: string;
  /** Messages and waits that came of it. */
  effects: number;
  /** Set to false by a crash: from then on it neither does nor hears anything. */
  isAlive: boolean;
  /** What it waits for that the simulation will settle. */
  waits: number;
  /** Whether code of it is suspended: then it must wait for something. */
  isSuspended: boolean;
  /** Hears that it has begun to wait for something. */
  onWait?(): void;
}

/** How a promise was broken. */
export interface ActorViolation {
  /**
   * - `check`: what the caller checks; `invariant`: the same, after each event.
   * - `liveness`: something did not end although nothing went wrong any more.
   * - `determinism`: code of an actor or of the workload used a clock, chance or wait of its own.
   */
  readonly kind: 'check' | 'invariant' | 'liveness' | 'determinism';
  readonly text: string;
  readonly cause?: unknown;
}

/** A promise that the simulation settles. */
export interface Waiting<Value> {
  readonly promise: Promise<Value>;
  resolve(value: Value): void;
  reject(error: unknown): void;
}

/** What everything in a run shares. */
export class World {
  readonly engine: Engine;
  readonly fates: Fates;
  readonly faults: ActorFaults;
  readonly deadLetters: DeadLetters = new DeadLetters();
  /** Who acts now. */
  active: Party | undefined = undefined;
  violation: ActorViolation | undefined = undefined;

  constructor(engine: Engine, fates: Fates, faults: ActorFaults) {
    this.engine = engine;
    this.fates = fates;
    this.faults = faults;
  }

  /** Lets a party do something later, if it is alive then. */
  later(party: Party, afterUs: number, run: () => void): ScheduledEvent {
    return this.engine.schedule(afterUs, party.node, () => {
      if (party.isAlive) this.act(party, run);
    });
  }

  /** Lets a party do something now. */
  act(party: Party, run: () => void): void {
    this.active = party;
    run();
  }

  /** Something that a party waits for. What the dead wait for never comes. */
  wait<Value>(party: Party): Waiting<Value> {
    let settle: Pick<Waiting<Value>, 'resolve' | 'reject'> | undefined;
    const promise = new Promise<Value>((resolve, reject) => {
      settle = { resolve, reject };
    });
    party.waits++;
    const end = (): typeof settle => {
      const once = settle;
      settle = undefined;
      if (once !== undefined) party.waits--;
      return party.isAlive ? once : undefined;
    };
    party.onWait?.();
    return { promise, resolve: (value) => end()?.resolve(value), reject: (error) => end()?.reject(error) };
  }

  /** A name for the next thing that comes of what a party does. */
  label(party: Party): string {
    const label = `${party.cause}/${++party.effects}`;
    // A chain of messages may be endless.
    return label.length <= LABEL_LENGTH_MAX ? label : `${wordOf(label)}`;
  }

  /** Microseconds of an exponential distribution. */
  spread(node: number, purpose: string, meanUs: number): number {
    if (this.fates.isEven) return meanUs;
    return 1 + exponentialOf(this.fates.random(node, purpose).nextUint32()) * meanUs;
  }

  /** Adds a record that is about one node. */
  record(kind: TraceKind, node: number, text: string): void {
    const { trace, nowUs } = this.engine;
    if (trace.isKept) trace.add({ atUs: nowUs, kind, from: node, text });
  }

  /** Counts an injected fault, and says so. */
  fault(kind: string, node: number, text: string): void {
    this.engine.countFault(kind);
    this.record(kind === 'crash' ? 'crash' : kind === 'pause' ? 'pause' : 'fault', node, text);
  }

  /** The first broken promise of the run ends it. */
  violate(violation: ActorViolation): void {
    if (this.violation !== undefined) return;
    this.violation = violation;
    this.record('violation', this.active?.node ?? -1, violation.text.split('\n', 1)[0]!);
  }

  /** Who acts now. @throws {QuorateError} `ERR_QUORATE_CLOSED` outside of a run. */
  get actor(): Party {
    if (this.active !== undefined) return this.active;
    throw new QuorateError('ERR_QUORATE_CLOSED', 'Cannot talk to a simulated actor outside of its run');
  }

  /** Whoever is suspended and waits for nothing that is simulated waits for the world outside. */
  blame(party: Party | undefined): void {
    if (party === undefined || !party.isAlive || !party.isSuspended || party.waits > 0) return;
    const text = `${party.name} awaits something that is not of the simulation, such as I/O or a promise of its own`;
    this.violate({ kind: 'determinism', text });
  }
}

/** Settles when every promise that can go on has gone on: microtasks and ticks, but no turn of the event loop. */
export async function settled(): Promise<void> {
  // A tick that is asked for in a microtask comes when no microtask is left; the second round is for ticks of users.
  for (let round = 0; round < 2; round++) {
    await new Promise<void>((resolve) => {
      queueMicrotask(() => process.nextTick(resolve));
    });
  }
}

/** Settles when the last run that was asked for has ended. */
let lastRun: Promise<unknown> = Promise.resolve();

/** Lets runs happen one after the other: they share the traps of the process, and none may see another's turns. */
export function alone(run: () => Promise<void>): Promise<void> {
  const ended = lastRun.then(run);
  lastRun = ended.catch(() => undefined);
  return ended;
}

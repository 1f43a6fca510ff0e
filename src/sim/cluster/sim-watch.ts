// A watch in a thread of a simulated client, ticked as production's stream does it (cluster/watch-stream.ts), and its
// reader: it rests after each event, leaves the watch when the plan says so, and goes on from its position, also in
// another thread. Where it is told that it cannot, it begins anew and forgets what it knew, as an application has to.
import { QuorateError } from '../../base/errors.ts';
import type { ClusterLife } from '../../replica/environment.ts';
import { positionOf } from '../../replica/watch-request.ts';
import type { Watcher } from '../../replica/watcher.ts';
import type { WatchEvent, WatchOptions } from '../../store/watch.ts';
import type { Engine } from '../engine/engine.ts';
import type { ScheduledEvent } from '../engine/event-queue.ts';
import { keyInState } from './client.ts';
import type { CoordinatorNode } from './coordinator-node.ts';
import type { Moment, WatchLeg } from './judge-watches.ts';
import { seenValue } from './values.ts';
import type { BreakPlan, WatchPlan } from './watch-plan.ts';

/** How soon a thread that stood still finds out what is due, in microseconds. */
const PAUSED_US = 1_000;
/** How long a reader waits that was refused, in microseconds. */
const REFUSED_US = 10_000;
/** How often a reader is told that it is too slow before it is content with the newest state of each key. */
const OVERFLOWS_MAX = 4;

/** What watches touch. */
export interface WatchPlaces {
  readonly engine: Engine;
  readonly life: ClusterLife;
  /** Threads of clients, and the number of the first one among the nodes. */
  readonly coordinators: readonly CoordinatorNode[];
  readonly places: number;
  /** The next position in the history. */
  readonly nextPosition: () => number;
}

/** One watch under way. */
interface Running {
  readonly node: CoordinatorNode;
  readonly coordinator: number;
  readonly watcher: Watcher;
  readonly leg: WatchLeg;
  /** When it began, and resets before that. */
  readonly began: Moment;
  readonly state: number;
  /** Whether it keeps all events that were found; and when they were, the first one that is left first. */
  readonly keepsAll: boolean;
  readonly found: Moment[];
  /** By key, when its last event was taken, and what the read of the next one came after. */
  readonly after: Map<string, { readonly taken: Moment; readonly bound: Moment }>;
  timer: ScheduledEvent | undefined;
  isDue: boolean;
  /** Whether its reader waits for the next event. */
  isAwaited: boolean;
}

/** One watch of a plan, and all that go on from it. */
export class SimWatch {
  readonly plan: WatchPlan;
  readonly legs: WatchLeg[] = [];
  readonly #places: WatchPlaces;
  #running: Running | undefined;
  /** What its reader knows by key, since it last began anew: the number of the value, 0 for a deletion. */
  readonly #known = new Map<string, number>();
  /** Where another one can go on from, as its reader has noted it. */
  #position: string | undefined;
  #restsUntilUs = 0;
  #overflows = 0;

  constructor(plan: WatchPlan, places: WatchPlaces) {
    this.plan = plan;
    this.#places = places;
  }

  /** Begins when it is time, and breaks off when it is. */
  start(): void {
    const { atUs, breaks, coordinator } = this.plan;
    this.#later(atUs, () => this.#begin(coordinator));
    for (const each of breaks) this.#later(atUs + each.atUs, () => this.#breakOff(each));
  }

  /** The number of the value that its reader takes a key to hold, 0 for none; `undefined`: it does not watch it. */
  knows(key: string): number | undefined {
    return key.startsWith(this.plan.prefix) ? (this.#known.get(key) ?? 0) : undefined;
  }

  /** A thread has ended: nobody is told there, and another one goes on from what the reader had noted. */
  left(): void {
    const running = this.#running;
    if (running?.node.isGone !== true) return;
    this.#running = undefined;
    this.#later(REFUSED_US, () => this.#begin(running.coordinator));
  }

  #later(afterUs: number, what: () => void): ScheduledEvent {
    const { engine, places } = this.#places;
    return engine.schedule(afterUs, places + this.plan.coordinator, what);
  }

  #moment(): Moment {
    const { engine, nextPosition } = this.#places;
    return { at: nextPosition(), us: engine.nowUs };
  }

  #nowMs(node: CoordinatorNode): number {
    return node.clock.readMs(this.#places.engine.nowUs);
  }

  /** Does what a thread has to, once it runs. */
  #whenRunning(running: Running, what: () => void): void {
    if (running !== this.#running) return;
    if (running.node.isPaused) this.#later(PAUSED_US, () => this.#whenRunning(running, what));
    else what();
  }

  // --- beginnings and ends

  #begin(wanted: number): void {
    const { coordinators, life } = this.#places;
    const coordinator =
      coordinators[wanted]?.isGone === false ? wanted : coordinators.findIndex((each) => !each.isGone);
    const node = coordinators[coordinator]!; // The last one does not leave.
    if (node.isPaused) return void this.#later(PAUSED_US, () => this.#begin(coordinator));
    const leg: WatchLeg = { watch: this.plan.watch, events: [] };
    const from = this.#position;
    const { bufferMax, prefix } = this.plan;
    const overflow = this.#overflows < OVERFLOWS_MAX ? this.plan.overflow : 'latest';
    const options: WatchOptions = { bufferMax, overflow, ...(from !== undefined && { from }) };
    this.#trace(
      'call',
      coordinator,
      `w${this.plan.watch} watches ${prefix}*${from === undefined ? '' : ` from ${from}`}`,
    );
    const began = this.#moment();
    let watcher: Watcher;
    try {
      const doors = { ready: (): void => this.#found(leg), proceed: (): void => this.#proceed(leg) };
      watcher = node.core.watcher(prefix, options, undefined, doors);
    } catch (error) {
      return this.#refused(error, coordinator);
    }
    if (from === undefined) this.#known.clear();
    else this.#places.engine.sometimes('a watch goes on from a position', true);
    const keepsAll = overflow === 'error';
    const fresh = { found: [], after: new Map(), timer: undefined, isDue: false, isAwaited: false };
    this.#running = { node, coordinator, watcher, leg, began, state: life.resets, keepsAll, ...fresh };
    this.legs.push(leg);
    this.#proceed(leg);
    this.#serve(this.#running, false);
  }

  /** Its reader leaves it. */
  #breakOff(plan: BreakPlan): void {
    const running = this.#running;
    if (running === undefined) return;
    this.#whenRunning(running, () => {
      this.#note(running);
      this.#running = undefined;
      this.#trace('return', running.coordinator, `w${this.plan.watch} breaks off`);
      running.watcher.stop(undefined);
      if (running.timer !== undefined) running.timer.run = undefined;
      const isElsewhere = plan.coordinator !== running.coordinator && this.#position !== undefined;
      this.#places.engine.sometimes('a watch goes on in another thread', isElsewhere);
      this.#later(plan.forUs, () => this.#begin(plan.coordinator));
    });
  }

  /** A watch has ended by itself, or is refused. */
  #refused(error: unknown, coordinator: number): void {
    const { engine } = this.#places;
    const code = error instanceof QuorateError ? error.code : undefined;
    this.#trace('return', coordinator, `w${this.plan.watch} ends: ${code ?? String(error)}`);
    engine.sometimes('a watch is told that it cannot go on', code === 'ERR_QUORATE_WATCH_GAP');
    engine.sometimes('a watch is told that its reader is too slow', code === 'ERR_QUORATE_WATCH_OVERFLOW');
    engine.sometimes('a watch ends because the state is lost', code === 'ERR_QUORATE_STATE_LOST');
    if (code === 'ERR_QUORATE_WATCH_OVERFLOW') this.#overflows++; // It goes on from its position, if it has one.
    else if (code === 'ERR_QUORATE_WATCH_GAP' || code === 'ERR_QUORATE_STATE_LOST') this.#position = undefined;
    else throw error; // No watch of these readers ends otherwise.
    this.#later(REFUSED_US, () => this.#begin(coordinator));
  }

  // --- the turns of its thread

  #proceed(leg: WatchLeg): void {
    const running = this.#running;
    if (running?.leg !== leg || running.isDue) return;
    running.isDue = true;
    this.#later(0, () => this.#tick(running));
  }

  #tick(running: Running): void {
    this.#whenRunning(running, () => {
      running.isDue = false;
      if (running.timer !== undefined) running.timer.run = undefined;
      const { node, watcher } = running;
      if (watcher.failure !== undefined) return;
      const dueMs = watcher.tick(this.#nowMs(node));
      node.flush();
      if (dueMs === Number.POSITIVE_INFINITY || running !== this.#running) return;
      running.timer = this.#later(1000 * Math.max(1, dueMs - this.#nowMs(node)), () => this.#tick(running));
    });
  }

  // --- its reader

  /** There is another event, or the watch has ended. */
  #found(leg: WatchLeg): void {
    const running = this.#running;
    if (running?.leg !== leg) return;
    if (running.keepsAll && running.watcher.failure === undefined) running.found.push(this.#moment());
    this.#serve(running, running.isAwaited);
  }

  /** `isFresh`: what it takes first was found just now. */
  #serve(running: Running, isFresh: boolean): void {
    const { engine } = this.#places;
    const { watcher } = running;
    let mayBeFresh = isFresh;
    while (running === this.#running && engine.nowUs >= this.#restsUntilUs) {
      const event = watcher.take();
      running.isAwaited = event === undefined;
      if (event === undefined) {
        if (watcher.failure === undefined) return;
        this.#running = undefined;
        return this.#refused(watcher.failure.error, running.coordinator);
      }
      this.#take(running, event, mayBeFresh);
      mayBeFresh = false;
      this.#restsUntilUs = engine.nowUs + this.plan.restUs;
    }
    if (running !== this.#running) return;
    this.#later(this.#restsUntilUs - engine.nowUs, () => this.#whenRunning(running, () => this.#serve(running, false)));
  }

  #take(running: Running, { key: name, kind, value, version }: WatchEvent, isFresh: boolean): void {
    const { began, after, found, keepsAll, leg, state } = running;
    const taken = this.#moment();
    const before = after.get(name);
    const foundAt = found.shift();
    const start = before?.bound ?? began;
    const end = keepsAll ? foundAt! : taken;
    const isExact = keepsAll || isFresh;
    // One that may have been found long before it was taken was found after the one before was taken at least.
    after.set(name, { taken, bound: isExact ? end : (before?.taken ?? began) });
    const { number, corruption } = kind === 'put' ? seenValue(value) : { number: 0, corruption: undefined };
    this.#known.set(name, number);
    this.#note(running);
    leg.events.push({ key: keyInState(name, state), value: number, version, corruption, start, end });
    const { engine, places } = this.#places;
    engine.note(places + running.coordinator, number);
    engine.sometimes('a watch tells of a deletion', kind === 'delete');
    this.#trace(
      'return',
      running.coordinator,
      `w${this.plan.watch} ${name} = ${number === 0 ? 'absent' : `v${number}`}`,
    );
  }

  #note({ watcher, node }: Running): void {
    this.#position = positionOf(watcher.places, this.plan, node.core.watched) ?? this.#position;
  }

  #trace(kind: 'call' | 'return', coordinator: number, text: string): void {
    const { engine, places } = this.#places;
    if (engine.trace.isKept) engine.trace.add({ atUs: engine.nowUs, kind, from: places + coordinator, text });
  }
}

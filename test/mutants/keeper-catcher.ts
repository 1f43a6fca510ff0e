// Looks for wronged slots: the production keeper with its restart policy, on threads and timers of a virtual clock,
// while threads die, die again and again, are suspected, are deaf, or never finish their start. An oracle that shares
// no code with the policy says what a restart may and must do.
import { below, seededRandom } from '../../src/base/random.ts';
import type { Random } from '../../src/base/random.ts';
import { Engine } from '../../src/sim/engine/engine.ts';
import type { ExitReason } from '../../src/supervision/exit-reason.ts';
import type { KeptThread, ThreadListeners } from '../../src/supervision/keeper-doors.ts';
import { SUPERVISION_RULES } from '../../src/supervision/rules.ts';
import type { SupervisionRules } from '../../src/supervision/rules.ts';
import { ThreadKeeper } from '../../src/supervision/thread-keeper.ts';
import type { Catch, Catcher } from './mutant.ts';
import { shrink } from './shrink.ts';

/** What the keeper is made without. */
export interface BrokenKeeper {
  readonly rules?: Partial<SupervisionRules>;
  /** The end of a thread is reported when it is asked for, not when it has happened. */
  readonly believesEnds?: boolean;
  /** Nobody is asked whether a live thread may be ended. */
  readonly asksNobody?: boolean;
  /** A thread may take for ever to start. */
  readonly waitsForEver?: boolean;
}

/** After so many milliseconds: a thread dies, dies whenever it has begun, is suspected, is stopped, does not start. */
interface Event {
  readonly afterMs: number;
  readonly kind: 'die' | 'die-again' | 'suspect' | 'stop' | 'mute';
  readonly slot: number;
}

interface Thread extends KeptThread {
  readonly listeners: ThreadListeners;
  slot: number | undefined;
  isLive: boolean;
  reason: ExitReason | undefined;
}

interface Life {
  failuresMs: number[];
  inARow: number;
  beganMs: number;
  /** Earliest and latest time at which its next incarnation may begin. */
  notBeforeMs: number;
  notAfterMs: number;
  isStopped: boolean;
}

const SLOTS = 3;
/** Threads that must stay when one is suspected, as recovery needs them. */
const NEEDED = 2;
const POLICY = { restartsMax: 3, windowMs: 10_000, backoffMsMin: 10, backoffMsMax: 1000, jitter: 0.2, healthyMs: 1000 };
const LOAD_MS = 20;
const START_MS_MAX = 500;
const EXIT_MS = 50;
/** A blank thread may have to be loaded first; each one that did not start costs its time and a rest. */
const PROMPT_MS = 2 * LOAD_MS + 1;
const MUTE_MS = START_MS_MAX + POLICY.backoffMsMax;
const CALM_MS = 30_000;
const SEEDS_MAX = 500;

/** Random faults of threads, kept without some of the rules. */
export function keepingThreads(broken: BrokenKeeper): Catcher {
  return {
    name: 'kept threads',
    catches: () => search(broken),
    flagsProduction: () => search({})?.what,
  };
}

function search(broken: BrokenKeeper): Catch | undefined {
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    const events = eventsOf(seededRandom(seed));
    const what = new KeeperWorld(broken).run(events);
    if (what === undefined) continue;
    const fails = (left: readonly Event[]): boolean => new KeeperWorld(broken).run(left) !== undefined;
    const shrunk = shrink(events, { fails, partsOf: ({ kind, slot }) => [kind, `slot ${slot}`], triesMax: 200 });
    return { seeds: seed, events: shrunk.length, what };
  }
  return undefined;
}

function eventsOf(random: Random): Event[] {
  const kinds = ['die', 'die', 'die', 'die-again', 'suspect', 'suspect', 'stop', 'mute'] as const;
  const pauseMs = [5, 300, 1500, 4000][below(random, 4)]!;
  return Array.from({ length: 4 + below(random, 12) }, () => ({
    afterMs: below(random, pauseMs) + pauseMs / 2,
    kind: kinds[below(random, kinds.length)]!,
    slot: below(random, SLOTS),
  }));
}

/** One keeper and its threads. */
class KeeperWorld {
  readonly #engine = new Engine({ seed: 1 });
  readonly #broken: BrokenKeeper;
  readonly #keeper: ThreadKeeper;
  readonly #threads: Thread[] = [];
  readonly #lives: Life[];
  readonly #diesAgain = new Set<number>();
  /** Threads that will not start, and all that did not. */
  #mute = 0;
  #mutes = 0;
  #wrong: string | undefined;

  constructor(broken: BrokenKeeper) {
    this.#broken = broken;
    const engine = this.#engine;
    const never = Number.POSITIVE_INFINITY;
    this.#lives = Array.from({ length: SLOTS }, () => ({
      failuresMs: [],
      inARow: 0,
      beganMs: 0,
      notBeforeMs: 0,
      notAfterMs: never,
      isStopped: false,
    }));
    this.#keeper = new ThreadKeeper({
      slots: SLOTS,
      entry: new URL('test:thread'),
      standbys: 1,
      policy: POLICY,
      startMsMax: broken.waitsForEver === true ? 2 ** 31 - 1 : START_MS_MAX,
      random: seededRandom(1),
      clock: () => engine.nowMs,
      rules: { ...SUPERVISION_RULES, ...broken.rules },
      doors: {
        startThread: (_entry, _options, listeners) => this.#startThread(listeners),
        startTimer: (run, afterMs) => {
          const timer = engine.schedule(1000 * afterMs, 0, run);
          return () => void (timer.run = undefined);
        },
      },
      hooks: {
        wiringFor: (slot) => ({ message: slot }),
        onDown: (slot, _epoch, reason) => this.#onDown(slot, reason),
        mayEnd: (slot, { kind }) => kind !== 'hung' || broken.asksNobody === true || this.#othersThan(slot) >= NEEDED,
      },
    });
  }

  /** Lets the events happen, then nothing more; what the keeper did wrong. */
  run(events: readonly Event[]): string | undefined {
    const engine = this.#engine;
    void this.#keeper.start();
    engine.run({ untilUs: 1e6 });
    for (const { afterMs, kind, slot } of events) {
      engine.run({ untilUs: engine.nowUs + 1000 * afterMs });
      this.#happen(kind, slot);
    }
    this.#diesAgain.clear();
    this.#mute = 0;
    engine.run({ untilUs: engine.nowUs + 1000 * CALM_MS, eventsMax: 100_000 });
    this.#lives.forEach(({ isStopped }, slot) => {
      if (this.#keeper.threadOf(slot) === undefined && !isStopped) this.#note(`Slot ${slot} stays empty`);
    });
    return this.#wrong;
  }

  #happen(kind: Event['kind'], slot: number): void {
    const thread = this.#threads.find((each) => each.slot === slot && each.isLive);
    switch (kind) {
      case 'die':
        if (thread !== undefined) this.#exit(thread, { kind: 'exit', code: 1 });
        return;
      case 'die-again':
        this.#diesAgain.add(slot);
        if (thread !== undefined) this.#exit(thread, { kind: 'exit', code: 1 });
        return;
      case 'suspect': {
        const others = this.#othersThan(slot);
        const wasEnding = thread?.reason !== undefined;
        this.#end(slot, { kind: 'hung' });
        if (!wasEnding && thread?.reason !== undefined && others < NEEDED)
          this.#note(`Only ${others} threads are left`);
        return;
      }
      case 'stop':
        if (this.#lives.filter(({ isStopped }) => isStopped).length > 0) return;
        // Of two reasons to end a thread the earlier one stands.
        this.#lives[slot]!.isStopped = thread !== undefined && thread.reason === undefined;
        this.#end(slot, { kind: 'stopped' });
        return;
      case 'mute':
        this.#mute++;
        this.#mutes++;
        for (const life of this.#lives) life.notAfterMs += MUTE_MS;
        return;
    }
  }

  /** What it returns settles in microtasks, for which virtual time does not wait: its deadline may come first. */
  #end(slot: number, reason: ExitReason): void {
    this.#keeper.end(slot, reason).catch(() => undefined);
  }

  /** Slots other than this one whose thread is neither gone nor about to go. */
  #othersThan(slot: number): number {
    const live = this.#threads.filter((each) => each.isLive && each.reason === undefined && each.slot !== undefined);
    return live.filter((each) => each.slot !== slot).length;
  }

  #startThread(listeners: ThreadListeners): Thread {
    const engine = this.#engine;
    const thread: Thread = {
      threadId: this.#threads.length + 1,
      listeners,
      slot: undefined,
      isLive: true,
      reason: undefined,
      post: (message) => this.#promoted(thread, message as number),
      end: (reason) => {
        thread.reason ??= reason;
        if (this.#broken.believesEnds === true) listeners.onExit(thread, reason);
        engine.schedule(1000 * EXIT_MS, 0, () => this.#exit(thread, reason));
        return Promise.resolve(reason);
      },
    };
    this.#threads.push(thread);
    if (this.#mute > 0) this.#mute--;
    else engine.schedule(1000 * LOAD_MS, 0, () => thread.isLive && listeners.onReady(thread));
    return thread;
  }

  #exit(thread: Thread, reason: ExitReason): void {
    if (!thread.isLive) return;
    thread.isLive = false;
    if (this.#broken.believesEnds !== true || thread.reason === undefined) {
      thread.listeners.onExit(thread, thread.reason ?? reason);
    }
  }

  #promoted(thread: Thread, slot: number): void {
    const { nowMs } = this.#engine;
    const life = this.#lives[slot]!;
    const before = this.#threads.find((each) => each.slot === slot && each.isLive);
    if (before !== undefined) this.#note(`Two incarnations of slot ${slot} run at once`);
    if (life.isStopped) this.#note(`Slot ${slot} was stopped and is filled again`);
    if (nowMs < life.notBeforeMs) this.#note(`Slot ${slot} is filled ${life.notBeforeMs - nowMs} ms too early`);
    if (nowMs > life.notAfterMs) this.#note(`Slot ${slot} is filled ${nowMs - life.notAfterMs} ms too late`);
    thread.slot = slot;
    life.beganMs = nowMs;
    if (this.#diesAgain.has(slot)) this.#engine.schedule(5000, 0, () => this.#exit(thread, { kind: 'exit', code: 1 }));
  }

  /** What may and must happen to the slot now, by the words of the policy. */
  #onDown(slot: number, reason: ExitReason): void {
    const { nowMs } = this.#engine;
    const life = this.#lives[slot]!;
    if (reason.kind === 'stopped') return;
    life.inARow = nowMs - life.beganMs >= POLICY.healthyMs ? 1 : life.inARow + 1;
    life.failuresMs = [...life.failuresMs, nowMs].filter((atMs) => nowMs - atMs < POLICY.windowMs);
    const isTooOften = life.failuresMs.length > POLICY.restartsMax;
    const spaced = life.inARow === 1 ? 0 : POLICY.backoffMsMin * 2 ** (life.inARow - 2);
    const waitMs = isTooOften ? POLICY.backoffMsMax : Math.min(spaced, POLICY.backoffMsMax);
    life.notBeforeMs = nowMs + waitMs * (1 - POLICY.jitter) - 0.001;
    life.notAfterMs = nowMs + waitMs + PROMPT_MS + this.#mutes * MUTE_MS;
  }

  #note(wrong: string): void {
    this.#wrong ??= wrong;
  }
}

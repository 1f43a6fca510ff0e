// Keeps N slots filled with threads. Every thread starts as a blank standby and is promoted to a slot by a message, so
// that the start of a thread (20 ms and more) is paid before it is needed. Decisions are in restart-policy.ts.
import { EventEmitter } from 'node:events';
import type { Transferable } from 'node:worker_threads';
import { assert, unreachable } from '../base/assert.ts';
import { nowMs } from '../base/clock.ts';
import { integerOption, isQuorateError } from '../base/errors.ts';
import { SLOTS_MAX, STANDBYS_MAX, START_MS_MAX } from '../base/limits.ts';
import { systemRandom } from '../base/random.ts';
import type { Random } from '../base/random.ts';
import { ChildThread, exitsInTime } from './child-thread.ts';
import type { ExitReason } from './exit-reason.ts';
import { toError } from './exit-reason.ts';
import { startTimer } from './keeper-doors.ts';
import type { KeeperDoors, KeptThread } from './keeper-doors.ts';
import { restartLimitError, startError, stoppedError } from './keeper-errors.ts';
import type { ThreadKeeperEvents, ThreadKeeperOptions } from './keeper-options.ts';
import { NO_FAILURES, decide, restartPolicy } from './restart-policy.ts';
import type { Directive, FailureHistory, RestartPolicy } from './restart-policy.ts';

export type { KeeperHooks, ThreadKeeperEvents, ThreadKeeperOptions, Wiring } from './keeper-options.ts';

interface Slot {
  readonly index: number;
  epoch: number;
  /** The incarnation that runs, or undefined while the slot is down. */
  child: KeptThread | undefined;
  promotedMs: number;
  history: FailureHistory;
  /** Prevents its restart; set while a back-off runs. */
  backoff: (() => void) | undefined;
  /** Whether it is kept filled. */
  isKept: boolean;
}

type Phase = 'idle' | 'starting' | 'running' | 'stopping' | 'stopped';

/**
 * Starts threads, restarts those that end, and holds standbys ready. Lives in any thread with an event loop; everything
 * happens on that thread, and nothing blocks it.
 *
 * A slot whose restart limit is reached stays down, is reported (`escalated`), and is tried again after the policy's
 * longest back-off: a cluster heals in the end, whoever listens.
 */
export class ThreadKeeper extends EventEmitter<ThreadKeeperEvents> {
  readonly #options: ThreadKeeperOptions;
  readonly #policy: RestartPolicy;
  readonly #random: Random;
  readonly #clock: () => number;
  readonly #doors: KeeperDoors;
  readonly #standbys: number;
  readonly #startMsMax: number;
  readonly #slots: readonly Slot[];
  /** Every thread that has not exited. */
  readonly #alive = new Set<KeptThread>();
  /** Blank threads that have not said that they are ready, each with what stops the timer that bounds its start. */
  readonly #loading = new Map<KeptThread, () => void>();
  readonly #ready: KeptThread[] = [];
  /** Slots that wait for a blank thread, longest first. */
  readonly #waiting: Slot[] = [];
  #phase: Phase = 'idle';
  #startHistory: FailureHistory = NO_FAILURES;
  /** Set while starts are held back because the last one failed. */
  #refill: (() => void) | undefined;
  #start: Promise<void> | undefined;
  #settleStart: { resolve(): void; reject(error: Error): void } | undefined;
  #stop: Promise<void> | undefined;

  /** @throws {RangeError} when an option is out of range. */
  constructor(options: ThreadKeeperOptions) {
    super();
    const slots = integerOption('slots', options.slots, { min: 1, max: SLOTS_MAX });
    this.#options = options;
    this.#standbys = integerOption('standbys', options.standbys ?? 1, { min: 0, max: STANDBYS_MAX });
    this.#startMsMax = integerOption('startMsMax', options.startMsMax ?? START_MS_MAX, { min: 1, max: 2 ** 31 - 1 });
    this.#policy = restartPolicy(options.policy);
    this.#random = options.random ?? systemRandom();
    this.#clock = options.clock ?? nowMs;
    this.#doors = options.doors ?? THREADS;
    this.#slots = Array.from({ length: slots }, (_, index) => ({
      index,
      epoch: 1,
      child: undefined,
      promotedMs: 0,
      history: NO_FAILURES,
      backoff: undefined,
      isKept: index < (options.kept ?? slots),
    }));
  }

  /** Threads that have not exited, blank ones included. */
  get threads(): number {
    return this.#alive.size;
  }

  /**
   * Starts all slots; settles when each has been promoted. Standbys follow in the background.
   *
   * @throws {QuorateError} `ERR_QUORATE_START_FAILED` with the `cause` when a thread does not start; none is left then.
   * @throws {QuorateError} `ERR_QUORATE_CLOSED` when it is stopped meanwhile.
   */
  start(): Promise<void> {
    if (this.#start !== undefined) return this.#start;
    if (this.#phase !== 'idle') return Promise.reject(stoppedError());
    this.#phase = 'starting';
    this.#start = new Promise<void>((resolve, reject) => {
      this.#settleStart = { resolve, reject };
    });
    this.#waiting.push(...this.#slots.filter(({ isKept }) => isKept));
    this.#fill();
    return this.#start;
  }

  /**
   * Ends the slot's present incarnation and settles after its exit; the restart policy then applies, unless `reason` is
   * `stopped`.
   *
   * @returns whether a thread was ended: not where none runs, and not where `mayEnd` says no.
   * @throws {QuorateError} `ERR_QUORATE_HUNG` when the thread does not exit within 10 s. Its slot stays taken until it
   *   does.
   */
  async end(slot: number, reason: ExitReason): Promise<boolean> {
    const child = this.#slotOf(slot).child;
    if (child === undefined) return false;
    if (this.#options.hooks.mayEnd?.(slot, reason) === false) {
      this.emit('spared', { slot, reason });
      return false;
    }
    await exitsInTime([child.end(reason)], this.#doors.startTimer);
    return true;
  }

  /** Keeps a slot filled from now on that was not, once the keeper runs. */
  open(index: number): void {
    const slot = this.#slotOf(index);
    if (slot.isKept) return;
    slot.isKept = true;
    slot.history = NO_FAILURES;
    if (slot.child === undefined) this.#restartLater(slot, 0);
  }

  /**
   * Ends the slot's present incarnation, if there is one, and keeps it filled no more; settles after its exit.
   *
   * @throws {QuorateError} `ERR_QUORATE_HUNG` when the thread does not exit within 10 s.
   */
  async retire(index: number): Promise<void> {
    const slot = this.#slotOf(index);
    slot.isKept = false;
    slot.backoff?.();
    slot.backoff = undefined;
    const place = this.#waiting.indexOf(slot);
    if (place >= 0) this.#waiting.splice(place, 1);
    if (slot.child !== undefined) await exitsInTime([slot.child.end({ kind: 'stopped' })], this.#doors.startTimer);
  }

  /**
   * Ends the slot's present incarnation, for callers who wait for nothing. A thread that is deaf to it, or gets no turn
   * on a starved machine, keeps its slot until it exits: that is all that can be done, and must not harm the others.
   */
  endSoon(slot: number, reason: ExitReason): void {
    this.end(slot, reason).catch((error: unknown) => {
      if (!isQuorateError(error) || error.code !== 'ERR_QUORATE_HUNG') throw error;
    });
  }

  /**
   * Ends every thread and settles when none is alive. Idempotent, in every phase.
   *
   * @throws {QuorateError} `ERR_QUORATE_HUNG` when a thread does not exit within 10 s.
   */
  stop(): Promise<void> {
    this.#stop ??= this.#stopAll();
    return this.#stop;
  }

  /** Posts a message to the slot's present incarnation. @returns `false` while the slot is down. */
  post(slot: number, message: unknown, transferList: readonly Transferable[] = []): boolean {
    const { child } = this.#slotOf(slot);
    child?.post(message, transferList);
    return child !== undefined;
  }

  /** Node's id of the thread that fills `slot`; `undefined` while the slot is down. */
  threadOf(slot: number): number | undefined {
    return this.#slotOf(slot).child?.threadId;
  }

  /** The slot's present epoch: that of its running incarnation, or of the next one while it is down. */
  epochOf(slot: number): number {
    return this.#slotOf(slot).epoch;
  }

  #slotOf(index: number): Slot {
    const slot = this.#slots[index];
    if (slot !== undefined) return slot;
    integerOption('slot', index, { min: 0, max: this.#slots.length - 1 });
    throw new RangeError(`Cannot find slot ${index}`);
  }

  /** Promotes what is ready, and starts what is missing: one thread per waiting slot, standbys one at a time. */
  #fill(): void {
    if (this.#phase !== 'starting' && this.#phase !== 'running') return;
    while (this.#waiting.length > 0 && this.#ready.length > 0)
      this.#promote(this.#waiting.shift(), this.#ready.shift());
    if (this.#refill !== undefined) return;
    let missing = this.#waiting.length - this.#loading.size;
    if (this.#waiting.length === 0) {
      if (this.#phase === 'starting') this.#started();
      if (this.#loading.size === 0 && this.#ready.length < this.#standbys) missing = 1;
    }
    for (; missing > 0 && this.#startBlank(); missing--);
  }

  #started(): void {
    this.#phase = 'running';
    this.#settleStart?.resolve();
  }

  #startBlank(): boolean {
    const { entry, workerOptions } = this.#options;
    try {
      const child = this.#doors.startThread(
        entry,
        { env: {}, ...workerOptions },
        {
          onReady: (ready) => this.#onReady(ready),
          onMessage: (from, message) => this.#onMessage(from, message),
          onExit: (exited, reason) => this.#onExit(exited, reason),
        },
      );
      this.#alive.add(child);
      this.#loading.set(
        child,
        this.#doors.startTimer(() => void child.end({ kind: 'hung' }), this.#startMsMax),
      );
      return true;
    } catch (error) {
      this.#onStartFailed({ kind: 'crashed', error: toError(error) });
      return false;
    }
  }

  #onReady(child: KeptThread): void {
    this.#loading.get(child)?.();
    this.#loading.delete(child);
    this.#startHistory = NO_FAILURES;
    this.#ready.push(child);
    this.emit('ready', { standbys: this.#ready.length });
    this.#fill();
  }

  #promote(slot: Slot | undefined, child: KeptThread | undefined): void {
    assert(slot !== undefined && child !== undefined, 'A waiting slot gets a ready thread');
    assert(slot.child === undefined, 'The incarnation before has exited');
    slot.child = child;
    slot.promotedMs = this.#clock();
    const { message, transferList } = this.#options.hooks.wiringFor(slot.index, slot.epoch);
    child.post(message, transferList);
    this.emit('promoted', { slot: slot.index, epoch: slot.epoch, threadId: child.threadId });
  }

  #onMessage(child: KeptThread, message: unknown): void {
    const slot = this.#slots.find((candidate) => candidate.child === child);
    if (slot !== undefined) this.#options.hooks.onMessage?.(slot.index, slot.epoch, message);
  }

  #onExit(child: KeptThread, reason: ExitReason): void {
    this.#alive.delete(child);
    const slot = this.#slots.find((candidate) => candidate.child === child);
    if (slot === undefined) this.#onBlankExit(child, reason);
    else this.#onDown(slot, reason);
  }

  #onBlankExit(child: KeptThread, reason: ExitReason): void {
    this.#loading.get(child)?.();
    this.#loading.delete(child);
    const index = this.#ready.indexOf(child);
    if (index !== -1) this.#ready.splice(index, 1);
    this.#onStartFailed(reason);
  }

  #onDown(slot: Slot, reason: ExitReason): void {
    const { epoch } = slot;
    slot.child = undefined;
    slot.epoch += 1;
    this.#options.hooks.onDown?.(slot.index, epoch, reason);
    this.emit('down', { slot: slot.index, epoch, reason });
    if (this.#phase !== 'starting' && this.#phase !== 'running') return;
    if (!slot.isKept) return;
    const failedMs = this.#clock();
    const failure = { reason, nowMs: failedMs, ranMs: failedMs - slot.promotedMs };
    const { directive, history } = decide(this.#policy, slot.history, failure, this.#random, this.#options.rules);
    slot.history = history;
    this.emit('directive', { slot: slot.index, directive });
    this.#perform(slot, directive, reason);
  }

  #perform(slot: Slot, directive: Directive, reason: ExitReason): void {
    switch (directive.kind) {
      case 'restart':
        return this.#restartLater(slot, directive.afterMs);
      case 'escalate':
        this.emit('escalated', {
          slot: slot.index,
          retryAfterMs: directive.retryAfterMs,
          error: restartLimitError(slot.index, this.#policy, reason),
        });
        return this.#restartLater(slot, directive.retryAfterMs);
      case 'leave':
        return;
      default:
        return unreachable(directive);
    }
  }

  #restartLater(slot: Slot, afterMs: number): void {
    // A listener may have stopped the keeper.
    if (this.#phase !== 'starting' && this.#phase !== 'running') return;
    const restart = (): void => {
      slot.backoff = undefined;
      this.#waiting.push(slot);
      this.#fill();
    };
    if (afterMs === 0) return restart();
    slot.backoff = this.#doors.startTimer(restart, afterMs);
  }

  /** A blank thread ended. While we start, that ends the start; later, the next one is held back like any restart. */
  #onStartFailed(reason: ExitReason): void {
    if (this.#phase === 'starting') {
      this.#stop ??= this.#failStart(reason);
      return;
    }
    if (this.#phase !== 'running') return;
    const failure = { reason, nowMs: this.#clock(), ranMs: 0 };
    const { directive, history } = decide(this.#policy, this.#startHistory, failure, this.#random, this.#options.rules);
    this.#startHistory = history;
    const retryAfterMs = startBackoffMs(this.#policy, directive);
    this.emit('startFailed', { reason, retryAfterMs });
    this.#refill?.();
    this.#refill = this.#doors.startTimer(() => {
      this.#refill = undefined;
      this.#fill();
    }, retryAfterMs);
  }

  async #failStart(reason: ExitReason): Promise<void> {
    const settle = this.#settleStart;
    this.#settleStart = undefined;
    await this.#endAll();
    settle?.reject(startError(this.#options.entry, reason));
  }

  async #stopAll(): Promise<void> {
    const settle = this.#phase === 'starting' ? this.#settleStart : undefined;
    await this.#endAll();
    settle?.reject(stoppedError());
  }

  async #endAll(): Promise<void> {
    this.#phase = 'stopping';
    this.#refill?.();
    for (const slot of this.#slots) slot.backoff?.();
    for (const cancel of this.#loading.values()) cancel();
    this.#waiting.length = 0;
    const ends = Array.from(this.#alive, (child) => child.end({ kind: 'stopped' }));
    await exitsInTime(ends, this.#doors.startTimer);
    assert(this.#alive.size === 0, 'A stopped keeper has no thread');
    this.#phase = 'stopped';
    this.emit('stopped');
  }
}

const THREADS: KeeperDoors = {
  startThread: (entry, options, listeners) => new ChildThread(entry, options, listeners),
  startTimer,
};

/** A thread that does not even load is not tried again at once, not even the first time. */
function startBackoffMs(policy: RestartPolicy, directive: Directive): number {
  if (directive.kind === 'escalate') return directive.retryAfterMs;
  return Math.max(policy.backoffMsMin, directive.kind === 'restart' ? directive.afterMs : 0);
}

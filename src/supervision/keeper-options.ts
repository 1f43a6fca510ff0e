// What a ThreadKeeper is told, asks and tells. Types only.
import type { Transferable, WorkerOptions } from 'node:worker_threads';
import type { QuorateError } from '../base/errors.ts';
import type { Random } from '../base/random.ts';
import type { ExitReason } from './exit-reason.ts';
import type { KeeperDoors } from './keeper-doors.ts';
import type { Directive, RestartPolicy } from './restart-policy.ts';
import type { SupervisionRules } from './rules.ts';

/** The message that promotes a standby to a slot. */
export interface Wiring {
  readonly message: unknown;
  readonly transferList?: readonly Transferable[];
}

/** What the keeper asks of those who own the slots. Each is called on the keeper's thread and must not throw. */
export interface KeeperHooks {
  /** The message that promotes a standby to `slot`. `epoch` is 1 for the first incarnation and grows by 1. */
  wiringFor(slot: number, epoch: number): Wiring;
  /**
   * The incarnation `epoch` of `slot` has exited. Called before the next one is promoted, so that its epoch can be
   * voided first; also for slots that end because the keeper stops (reason `stopped`).
   */
  onDown?(slot: number, epoch: number, reason: ExitReason): void;
  /** Whether a live thread may be ended for `reason`; `false` where that would leave too few. */
  mayEnd?(slot: number, reason: ExitReason): boolean;
  /** A message from the slot's present incarnation. */
  onMessage?(slot: number, epoch: number, message: unknown): void;
}

/** Options of a ThreadKeeper. */
export interface ThreadKeeperOptions {
  /** Threads to keep at most, an integer from 1 to 64. */
  readonly slots: number;
  /** Slots that are filled from the start, the first ones; default all. */
  readonly kept?: number;
  /** The program of every thread; it calls `awaitPromotion()`. */
  readonly entry: URL;
  readonly hooks: KeeperHooks;
  /** Blank threads kept ready, an integer from 0 to 64; default 1. */
  readonly standbys?: number;
  /** Options of every worker; `env` is empty unless given. */
  readonly workerOptions?: WorkerOptions;
  readonly policy?: Partial<RestartPolicy>;
  /** A thread that is not ready after so long is ended as hung and counts as a failed start; default 30,000. */
  readonly startMsMax?: number;
  readonly random?: Random;
  /** Milliseconds of a monotonic clock. */
  readonly clock?: () => number;
  /** Threads and timers; default worker threads and those of the event loop. */
  readonly doors?: KeeperDoors;
  /** Default all of them; a test takes one away. */
  readonly rules?: SupervisionRules;
}

/** Events of a ThreadKeeper, by name. */
export interface ThreadKeeperEvents {
  promoted: [event: { readonly slot: number; readonly epoch: number; readonly threadId: number }];
  down: [event: { readonly slot: number; readonly epoch: number; readonly reason: ExitReason }];
  /** What will be done about a slot that is down. */
  directive: [event: { readonly slot: number; readonly directive: Directive }];
  /** A slot was down more often than its policy allows; it stays down for `retryAfterMs`. */
  escalated: [event: { readonly slot: number; readonly retryAfterMs: number; readonly error: QuorateError }];
  /** A live thread was not ended, because `mayEnd` said so. */
  spared: [event: { readonly slot: number; readonly reason: ExitReason }];
  /** A blank thread is ready for a slot; `standbys` are ready now. */
  ready: [event: { readonly standbys: number }];
  /** A blank thread ended; another is started after `retryAfterMs`. */
  startFailed: [event: { readonly reason: ExitReason; readonly retryAfterMs: number }];
  stopped: [];
}

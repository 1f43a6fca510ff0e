// `cluster.reconfigure`: checks what is asked for, has the supervisor take the steps of the change, and compares the
// replicas where the change waits for that. See replica/membership-change.ts.
import { nowMs } from '../base/clock.ts';
import { QuorateError, integerOption, rangeError, typeError } from '../base/errors.ts';
import { REPLICAS_MAX, TIMEOUT_MS_MAX } from '../base/limits.ts';
import { freePlaces, membersAfter } from '../quorum/configuration.ts';
import type { Configuration, Membership } from '../quorum/configuration.ts';
import { votersIn } from '../quorum/quorum-system.ts';
import { registerQuorums } from '../quorum/register-quorums.ts';
import type { ReconfigureOptions } from './options.ts';
import type { ChangeStep } from '../replica/membership-change.ts';
import { requireShareable } from './shared-configurations.ts';
import type { ChangeEvent, SupervisorControl } from './supervisor-thread.ts';

/** How long a change may take unless configured. */
const RECONFIGURE_MS_DEFAULT = 60_000;
/** Longest time that one comparison of all replicas may take. */
const COMPARE_MS_MAX = 30_000;
/** How long a change that was to end by now may take to be taken back, or to come about after all. */
const ENDING_MS_MAX = 10_000;
/** Rest after a comparison that did not do, because a replica was away. */
const REST_MS = 20;

/** Sizes or systems that were asked for: those that were not follow from the number of copies. */
export type AskedSizes = Pick<ReconfigureOptions, 'read' | 'write' | 'prepare' | 'quorum'>;

/** What a change is made with. */
export interface ReconfigureDoors {
  readonly control: Pick<SupervisorControl, 'beginChange' | 'compared' | 'undoChange'>;
  /**
   * Compares all replicas, until `signal` aborts. @returns those that hold what any holds, as a mask, and the
   * configuration it is true in.
   */
  compare(
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly replicas: number; readonly number: number }>;
}

/**
 * The members and sizes that `options` ask for.
 *
 * @param asked sizes that were asked for before, and stay where they are not asked for anew.
 * @throws {TypeError | RangeError} `ERR_QUORATE_INVALID_ARGUMENT` or `ERR_QUORATE_CONFIGURATION`: says what is wrong.
 */
export function targetOf(
  { current }: Pick<Configuration, 'current'>,
  options: ReconfigureOptions,
  asked: AskedSizes,
  places: number,
): Membership {
  const { add = 0, remove = [] } = options;
  const removed = removedOf(current, remove);
  const free = freePlaces(current, places);
  integerOption('add', add, { min: 0, max: REPLICAS_MAX });
  if (add > free.length) {
    throw rangeError(
      'ERR_QUORATE_CONFIGURATION',
      `Cannot add ${add} replicas: of ${places} places ${free.length} are free; open the cluster with threadsMax`,
    );
  }
  const { replicationFactor: copies } = options;
  const { members, threads, replicas } = membersAfter(current, free.slice(0, add), { removed, copies });
  if (threads === 0) {
    throw rangeError('ERR_QUORATE_CONFIGURATION', 'Cannot remove all replicas: at least one must stay');
  }
  const sizes = askedAfter(asked, options);
  const { systems, replicas: before } = current.quorums;
  const isKept = sizes.quorum !== undefined && options.quorum === undefined;
  if (isKept && systems !== undefined && replicas !== before) {
    throw rangeError(
      'ERR_QUORATE_CONFIGURATION',
      `Cannot use the quorum of ${before} replicas for ${replicas}: ` +
        `give one of ${replicas} as quorum, or sizes as read, write and prepare`,
    );
  }
  return { members, quorums: requireShareable(registerQuorums({ replicas, threads, ...sizes })) };
}

/** What has been asked for once `options` were: systems take the place of sizes, and sizes that of systems. */
export function askedAfter(asked: AskedSizes, options: AskedSizes): AskedSizes {
  const named = sizesIn(options);
  const isOther = named.quorum !== undefined || (asked.quorum !== undefined && Object.keys(named).length > 0);
  return isOther ? named : { ...asked, ...named };
}

/** The sizes and systems that options name. */
export function sizesIn({ read, write, prepare, quorum }: AskedSizes): AskedSizes {
  return {
    ...(read !== undefined && { read }),
    ...(write !== undefined && { write }),
    ...(prepare !== undefined && { prepare }),
    ...(quorum !== undefined && { quorum }),
  };
}

function removedOf({ members }: Membership, remove: readonly number[]): number {
  if (!Array.isArray(remove)) {
    throw typeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot remove ${typeof remove}: it must be a list of replicas`);
  }
  let removed = 0;
  for (const replica of remove) {
    const isMember = Number.isInteger(replica) && replica >= 0 && replica < 31 && ((members >>> replica) & 1) === 1;
    if (!isMember) {
      const allowed = `the members are ${votersIn(members).join(', ')}`;
      throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot remove replica ${String(replica)}: ${allowed}`);
    }
    removed |= 1 << replica;
  }
  return removed;
}

/** The change of a cluster that is under way, if any. */
export class Reconfiguration {
  readonly #doors: ReconfigureDoors;
  #step: ChangeEvent | undefined;
  #onStep: (() => void) | undefined;
  #onDone: (() => void) | undefined;
  /** Whether the new members decide alone by now. */
  #hasSettled = false;
  #isRunning = false;
  #abandoned: Error | undefined;

  constructor(doors: ReconfigureDoors) {
    this.#doors = doors;
  }

  /** The supervisor tells how far it has come. */
  noteStep(event: ChangeEvent): void {
    this.#step = event;
    if (event.step === 'settling') this.#hasSettled = true;
    if (event.step === 'done') this.#onDone?.();
    this.#onStep?.();
  }

  /** The supervisor is gone, and with it the cluster; `error` is what a change ends with. */
  abandon(error: Error): void {
    this.#abandoned = error;
    this.#onStep?.();
  }

  /**
   * Changes the members to `target`; settles once that has come about, or been taken back. Neither may be for a while
   * after its time: a replica that hangs, and that cannot be ended, takes no step. Then it goes on by itself.
   *
   * @param onDone is called when the new members decide alone, which may be after the rejection.
   * @throws {QuorateError} `ERR_QUORATE_CHANGING` while another change is under way; `ERR_QUORATE_TIMEOUT`, or the
   *   reason of `signal`, where it was taken back.
   */
  async run(
    target: Membership,
    { timeoutMs: timeout, signal }: ReconfigureOptions,
    onDone?: () => void,
  ): Promise<void> {
    const timeoutMs = integerOption('timeoutMs', timeout ?? RECONFIGURE_MS_DEFAULT, { min: 1, max: TIMEOUT_MS_MAX });
    signal?.throwIfAborted();
    const untilMs = nowMs() + timeoutMs;
    if (this.#isRunning) throw changingError();
    this.#isRunning = true;
    this.#step = undefined;
    this.#hasSettled = false;
    const wake = (): void => this.#onStep?.();
    signal?.addEventListener('abort', wake, { once: true });
    try {
      if (!(await this.#doors.control.beginChange(target))) throw changingError();
      this.#onDone = onDone;
      const mayGoOn = (): boolean => nowMs() < untilMs && signal?.aborted !== true;
      await this.#untilOver(mayGoOn, untilMs, signal);
      if (this.#isAt('done')) return;
      if (this.#abandoned !== undefined) throw this.#abandoned;
      if (!this.#isAt('undone')) throw this.#lateError();
      signal?.throwIfAborted();
      const why = mayGoOn()
        ? 'too many of the new ones have died, or the state was reset'
        : `not within ${timeoutMs} ms`;
      throw new QuorateError('ERR_QUORATE_TIMEOUT', `Cannot change the members, ${why}: all is as before`);
    } finally {
      this.#isRunning = false;
      signal?.removeEventListener('abort', wake);
    }
  }

  #isAt(step: ChangeStep): boolean {
    return this.#step?.step === step;
  }

  async #untilOver(mayGoOn: () => boolean, untilMs: number, signal: AbortSignal | undefined): Promise<void> {
    for (let endMs: number | undefined; ;) {
      const before = this.#step;
      if (this.#isAt('done') || this.#isAt('undone') || this.#abandoned !== undefined) return;
      if (endMs !== undefined) {
        if (nowMs() >= endMs) return;
        await this.#nextStep(before, endMs - nowMs());
      } else if (!mayGoOn()) {
        endMs = nowMs() + ENDING_MS_MAX;
        await this.#doors.control.undoChange();
      } else if (this.#isAt('comparing')) {
        await this.#compare(untilMs, signal);
      } else {
        await this.#nextStep(before, untilMs - nowMs());
      }
    }
  }

  async #compare(untilMs: number, signal: AbortSignal | undefined): Promise<void> {
    const timeoutMs = Math.max(1, Math.min(COMPARE_MS_MAX, untilMs - nowMs()));
    const found = await this.#doors.compare(timeoutMs, signal).catch(() => undefined); // Closed, or the state is lost.
    if (found !== undefined) await this.#doors.control.compared(found.replicas, found.number);
    // What was compared may do, and then another step follows; else once more, after a rest.
    if (this.#abandoned === undefined) await this.#nextStep(this.#step, REST_MS);
  }

  /** Waits for another step than `before`, or for something else to happen, but no longer than so long. */
  #nextStep(before: ChangeEvent | undefined, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(1, ms));
      this.#onStep = (): void => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#step !== before) this.#onStep();
    });
  }

  #lateError(): QuorateError {
    const what = this.#hasSettled ? 'the new members decide already' : 'it is being taken back';
    const why = 'because a replica takes no step';
    return new QuorateError(
      'ERR_QUORATE_TIMEOUT',
      `Cannot end the change of members in time, ${why}: ${what}, in the background`,
    );
  }
}

function changingError(): QuorateError {
  const message = 'Cannot change the members: another change, or a reset, is under way';
  return new QuorateError('ERR_QUORATE_CHANGING', message);
}

// Collects deletions: keys that were deleted long ago are forgotten by all replicas. One runs where housekeeping is
// done, as a reactor over a client's core; two at once do no harm. Why it is sound is said in protocol/erased.ts.
//
// It notes the tag that was taken last, waits until that is old, and makes it the floor. Then it goes through one
// replica's keys, page by page: of each deletion up to the floor it asks all homes of the key whether they have voted
// for it; those that are confirmed it has erased at all of them. What a replica holds of a key that nobody ever wrote,
// a promise, is erased at that replica alone. The next pass goes through another replica, with another floor.
//
// Before that it deletes what has expired and nobody has read since, by the change by which a reader deletes it
// (expired-reads.ts): the replica lists, page by page, and the change looks again. A later pass erases the deletions.
import { COLLECT_CONFIRMS_MAX } from '../base/limits.ts';
import { QuorateError } from '../base/errors.ts';
import { popcount } from '../base/bits.ts';
import { compareBallots, copyBallot, isNone, mutableBallot } from '../protocol/ballot.ts';
import type { Rules } from '../protocol/rules.ts';
import { votersIn } from '../quorum/quorum-system.ts';
import type { OperationOptions } from '../store/store.ts';
import type { InnerCall } from './client-core.ts';
import type { Epochs, ErasedFloor, LastTag } from './environment.ts';
import { eraseQuestion, listQuestion, readDeletions } from './erasing.ts';
import type { Erasable } from './erasing.ts';
import { expiredQuestion, readExpired } from './expired-keys.ts';
import { DELETIONS, ERASE, EXPIRED, inquiryAnswer } from './inquiry.ts';
import type { Inquiry } from './inquiry.ts';
import { readKey } from './key-bytes.ts';
import type { LiveQuorums } from './live-quorums.ts';
import type { Operation } from './operation.ts';
import { Failure } from './results.ts';
import type { PendingChange } from './round.ts';
import type { FrameViews } from './wire.ts';

/** How long a page, a confirmation, an erasure may take. What is late is left to a later pass. */
const TIMEOUT_MS = 1000;
/** Rest between two passes unless configured, and between two looks at calls that are under way. */
const REST_MS = 100;
const LOOK_MS = 5;

/** The core of a client, as its collector sees it; see `ClientCore`. */
export interface CollectorCore {
  readonly quorums: LiveQuorums;
  inquire(inquiry: Inquiry, options: OperationOptions | undefined): Operation;
  /** A read of a key by its bytes that ends with what all replicas have voted for, if they have. */
  confirm(key: string, options: OperationOptions | undefined): Operation;
  /** A change of a key by its bytes that deletes what has expired. */
  deleteExpired(key: string, options: OperationOptions | undefined): PendingChange;
  submit(made: Operation | PendingChange): void;
  /** The time, by the clock that values expire by. */
  sharedMs(): number;
}

/** What a collector is made with. */
export interface CollectorOptions {
  readonly core: CollectorCore;
  readonly tags: LastTag;
  readonly erased: ErasedFloor;
  readonly epochs: Epochs;
  readonly rules: Rules;
  /** How old a deletion has to be, in milliseconds. */
  readonly afterMs: number;
  /** Rest between two passes, in milliseconds; default 100. */
  readonly restMs?: number;
}

/** Counters of a collector since it was made. */
export interface CollectorCounters {
  passes: number;
  /** Deletions that all replicas were told to erase. */
  collected: number;
  /** Values that were found expired, and are gone. */
  expired: number;
}

/** One collector. */
export class Collector {
  readonly counters: CollectorCounters = { passes: 0, collected: 0, expired: 0 };
  readonly #options: CollectorOptions;
  /** The last tag of some moment, and when that was; -infinite before the first. */
  readonly #sample = mutableBallot();
  #sampledMs = Number.NEGATIVE_INFINITY;
  /** Those of the pass under way. */
  readonly #floor = mutableBallot();
  #lister = 0;
  #cursor = 0;
  #expiredCursor = 0;
  /** Whether a pass is under way, and calls of it. */
  #isPassing = false;
  #calls = 0;
  /** Keys whose value has expired, and is not deleted yet. */
  #expired: string[] = [];
  /** What was found and is not done: promises alone; deletions; those that all replicas have voted for. */
  #empty: Erasable[] = [];
  #listed: Erasable[] = [];
  #confirmed: Erasable[] = [];
  #restsUntilMs = 0;

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  /**
   * Does a piece of its work; the calls that it makes are sent with the core's next flush.
   *
   * @param nowMs of any clock that does not go back.
   * @returns in how many milliseconds it wants to be called again at the latest.
   */
  turn(nowMs: number): number {
    if (this.#calls > 0) return LOOK_MS;
    try {
      if (!this.#isPassing) this.#begin(nowMs);
      if (this.#isPassing) this.#goOn(nowMs);
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      this.#endPass(nowMs); // Nobody is served now, or too much waits already: a later pass goes on.
    }
    return this.#isPassing ? LOOK_MS : Math.max(LOOK_MS, this.#restsUntilMs - nowMs);
  }

  #begin(nowMs: number): void {
    const { tags, afterMs, epochs, core, rules } = this.#options;
    if (this.#sampledMs === Number.NEGATIVE_INFINITY) this.#takeSample(nowMs, tags);
    this.#restsUntilMs = Math.max(this.#restsUntilMs, this.#sampledMs + afterMs);
    if (nowMs < this.#restsUntilMs) return;
    copyBallot(this.#floor, this.#sample);
    this.#takeSample(nowMs, tags);
    const { all, isStable } = core.quorums.electorate;
    const mayErase = isStable || !rules.erasesWhenStable;
    const members = votersIn(all);
    this.#lister = members.find((replica) => replica > this.#lister) ?? members[0]!;
    this.#restsUntilMs = nowMs + (this.#options.restMs ?? REST_MS);
    if (!epochs.isOperational(this.#lister) || !mayErase) return;
    this.#isPassing = true;
    this.#cursor = this.#expiredCursor = 0;
    this.counters.passes++;
  }

  #takeSample(nowMs: number, tags: LastTag): void {
    tags.last(this.#sample);
    this.#sampledMs = nowMs;
  }

  /** The next step of a pass, once the calls of the one before have ended. */
  #goOn(nowMs: number): void {
    if (this.#expired.length > 0) return this.#deleteExpired();
    if (this.#expiredCursor >= 0) return this.#listExpired();
    if (this.#empty.length > 0) return this.#erase(this.#empty.splice(0), this.#lister);
    if (this.#listed.length > 0) return this.#confirm();
    if (this.#confirmed.length > 0) return this.#eraseConfirmed();
    if (this.#cursor >= 0) return this.#list();
    this.#endPass(nowMs);
  }

  #endPass(nowMs: number): void {
    this.#isPassing = false;
    this.#expired = [];
    this.#empty = [];
    this.#listed = [];
    this.#confirmed = [];
    this.#restsUntilMs = nowMs + (this.#options.restMs ?? REST_MS);
  }

  #listExpired(): void {
    const words = expiredQuestion(this.#expiredCursor, this.#options.core.sharedMs());
    this.#expiredCursor = -1; // Where it fails, the deletions are next.
    this.#ask({ replica: this.#lister, subject: EXPIRED, words }, (operation) => {
      const { payload, payloadBytes } = inquiryAnswer(operation);
      const { next, keys } = readExpired(payload, payloadBytes);
      if (next > 0) this.#expiredCursor = next;
      this.#expired = keys;
    });
  }

  #deleteExpired(): void {
    for (const key of this.#expired.splice(0, COLLECT_CONFIRMS_MAX)) {
      const change = this.#options.core.deleteExpired(key, { timeoutMs: TIMEOUT_MS });
      this.#calls++;
      change.context = ({ result }: PendingChange): void => {
        this.#calls--;
        if (result === undefined || result instanceof Failure || result.outcome !== 'conflict') return;
        if (result.value === undefined) this.counters.expired++;
      };
      this.#options.core.submit(change);
    }
  }

  #list(): void {
    const words = listQuestion(this.#cursor, this.#floor);
    this.#cursor = -1; // Where it fails, the pass is over.
    this.#ask({ replica: this.#lister, subject: DELETIONS, words }, (operation) => {
      const { payload, payloadBytes } = inquiryAnswer(operation);
      const { next, items } = readDeletions(payload, payloadBytes);
      if (next > 0) this.#cursor = next;
      if (items.length > 0) this.#options.erased.raise(this.#floor); // Before anything is erased.
      this.#listed = items.filter(({ deletion }) => !isNone(deletion));
      this.#empty = items.filter(({ deletion }) => isNone(deletion));
    });
  }

  #confirm(): void {
    const { rules } = this.#options;
    for (const item of this.#listed.splice(0, COLLECT_CONFIRMS_MAX)) {
      if (rules.erasesConfirmed) this.#confirmOne(item);
      else this.#confirmed.push(item);
    }
  }

  #confirmOne(item: Erasable): void {
    const { core } = this.#options;
    const operation = core.confirm(readKey(keyFrame(item.key), 0, item.keyBytes), { timeoutMs: TIMEOUT_MS });
    this.#call(operation, ({ outcome, newest }) => {
      if (outcome !== 'absent' || compareBallots(newest.ballot, item.deletion) !== 0) return;
      if (popcount(newest.agreeing) === core.quorums.replicas) this.#confirmed.push(item);
    });
  }

  #eraseConfirmed(): void {
    const items = this.#confirmed.splice(0);
    this.counters.collected += items.length;
    const { electorate } = this.#options.core.quorums;
    for (const replica of votersIn(electorate.all)) {
      this.#erase(
        items.filter(({ hash }) => ((electorate.homesOf(hash) >>> replica) & 1) === 1),
        replica,
      );
    }
  }

  #erase(items: Erasable[], replica: number): void {
    while (items.length > 0) this.#ask({ replica, subject: ERASE, words: eraseQuestion(this.#floor, items) }, () => {});
  }

  #ask(inquiry: Inquiry, then: InnerCall): void {
    const operation = this.#options.core.inquire(inquiry, { timeoutMs: TIMEOUT_MS });
    this.#call(operation, (ended) => {
      if (ended.outcome === 'ok') then(ended);
    });
  }

  #call(operation: Operation, then: InnerCall): void {
    this.#calls++;
    const ended: InnerCall = (settled) => {
      this.#calls--;
      then(settled);
    };
    operation.context = ended;
    this.#options.core.submit(operation);
  }
}

function keyFrame(words: Int32Array): FrameViews {
  return { words, bytes: new Uint8Array(words.buffer, words.byteOffset, words.byteLength) };
}

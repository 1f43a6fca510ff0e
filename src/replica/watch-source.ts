// What one replica tells a watch: first all keys that it holds, then what it stores, from its journal. Where it has
// restarted, or its journal has gone further than it reaches back, it is asked for all keys anew.
//
// What was told and is not dealt with yet is counted, answer by answer: up to where all of it is dealt with, another
// watch can go on from.
import { LIST_MS, SCAN_LIMIT_MAX, WATCH_REST_MS_MAX, WATCH_REST_MS_MIN } from '../base/limits.ts';
import { isNone } from '../protocol/ballot.ts';
import type { Ballot } from '../protocol/ballot.ts';
import type { Rules } from '../protocol/rules.ts';
import type { OperationOptions } from '../store/store.ts';
import type { Errands } from './errands.ts';
import { inquiryAnswer } from './inquiry.ts';
import type { Inquiry } from './inquiry.ts';
import { journalInquiry, readJournalPage } from './journal-inquiry.ts';
import { listInquiry, readKeyList } from './key-list.ts';
import type { KeyRange } from './key-list.ts';
import type { Operation } from './operation.ts';

/** A place in the journal of one incarnation. */
export interface JournalPlace {
  readonly epoch: number;
  readonly position: number;
}

/** One answer: how much of it is not dealt with yet, and where its replica had got to. */
export interface Told {
  open: number;
  readonly place: JournalPlace | undefined;
}

/** What a source touches. */
export interface SourceDoors {
  readonly core: { inquire(inquiry: Inquiry, options: OperationOptions | undefined): Operation };
  readonly rules: Rules;
  readonly range: KeyRange;
  readonly errands: Errands;
  /** A replica holds a version of a key. */
  tell(key: string, version: Ballot, replica: number, epoch: number, told: Told): void;
  /**
   * It has told of all that it holds, and goes on from there; `again` are its keys, where it was listed again, and
   * `told` its last answer.
   */
  listed(replica: number, again: ReadonlySet<string> | undefined, told: Told): void;
  /** How many lists have ended so far. */
  lists(): number;
  /** It has told of all that it had stored when it was asked, after so many {@link lists}. */
  followed(replica: number, lists: number): void;
  /** It cannot go on from where it was. */
  broken(replica: number): void;
  /** Something is to be asked or read now. */
  proceed(): void;
  fail(outcome: 'closed' | 'state-lost'): void;
}

/** What was asked for, and when. */
interface Asked {
  readonly isListing: boolean;
  readonly atMs: number;
  readonly lists: number;
  /** How often it had begun anew. */
  readonly begins: number;
}

/** One replica, as a watch sees it. */
export class WatchSource {
  readonly replica: number;
  readonly #doors: SourceDoors;
  /** Where it is in the journal; `undefined` before it has asked. */
  #place: JournalPlace | undefined;
  /** Whether all keys were listed since; and the last one so far. */
  #isListed = false;
  /** Its keys so far, where it is listed again. */
  #listedAgain: Set<string> | undefined = undefined;
  #listedTo: string | undefined = undefined;
  /** Answers that are not all dealt with, the oldest first; and where they begin. */
  readonly #told: Told[] = [];
  #settled: JournalPlace | undefined = undefined;
  #isAsking = false;
  #begins = 0;
  #restMs = WATCH_REST_MS_MIN;
  #dueMs = 0;

  /** @param isLate whether the watch has told of keys before: it is heard as one that is listed again. */
  constructor(doors: SourceDoors, replica: number, from: JournalPlace | undefined, isLate: boolean) {
    this.#doors = doors;
    this.replica = replica;
    this.#place = this.#settled = from;
    this.#isListed = from !== undefined;
    if (isLate) this.#listedAgain = new Set();
  }

  /** Everything that it has told up to here is dealt with; `undefined` while not all of its keys are. */
  get settled(): JournalPlace | undefined {
    while (this.#told[0]?.open === 0) {
      const { place } = this.#told.shift()!;
      if (place !== undefined) this.#settled = place;
    }
    return this.#settled;
  }

  /** Asks what is due. @returns when it wants to be asked again, in milliseconds of the same clock. */
  ask(nowMs: number): number {
    if (this.#isAsking) return Number.POSITIVE_INFINITY;
    if (nowMs < this.#dueMs) return this.#dueMs;
    this.#isAsking = true;
    const { core, errands, range } = this.#doors;
    const isListing = this.#place !== undefined && !this.#isListed;
    const inquiry = isListing
      ? listInquiry(this.replica, { ...range, after: this.#listedTo }, SCAN_LIMIT_MAX)
      : journalInquiry(this.replica, range, this.#place?.position);
    const operation = core.inquire(inquiry, { timeoutMs: LIST_MS });
    const asked = { isListing, atMs: nowMs, lists: this.#doors.lists(), begins: this.#begins };
    errands.run(operation, (ended) => this.#answered(ended, asked));
    return Number.POSITIVE_INFINITY;
  }

  #answered(operation: Operation, asked: Asked): void {
    this.#isAsking = false;
    const { outcome } = operation;
    if (outcome === 'closed' || outcome === 'state-lost') return this.#doors.fail(outcome);
    if (outcome === 'ok' && asked.begins === this.#begins) {
      const { epoch, payload } = inquiryAnswer(operation);
      const isOther = this.#place !== undefined && epoch !== this.#place.epoch;
      if (isOther && this.#doors.rules.listsAfterGaps) this.startOver();
      else if (asked.isListing) this.#listed(epoch, readKeyList(payload));
      else this.#followed(epoch, asked, readJournalPage(payload));
    }
    this.#doors.proceed();
  }

  /** Its successor, or its journal, knows nothing of where we were; or its word alone does no longer do. */
  startOver(): void {
    this.#begins++;
    if (this.#isListed) this.#doors.broken(this.replica);
    this.#listedAgain = new Set();
    this.#place = this.#settled = this.#listedTo = undefined;
    this.#told.length = 0;
    this.#isListed = false;
    this.#dueMs = 0;
  }

  #listed(epoch: number, list: ReturnType<typeof readKeyList>): void {
    if (list === undefined) return; // Its keys are not in order yet.
    this.#isListed = list.isEnd;
    this.#listedTo = list.keys.at(-1)?.key ?? this.#listedTo;
    const told = { open: 0, place: list.isEnd ? this.#place : undefined };
    this.#tell(list.keys, epoch, told);
    // Of a key that was only promised it has nothing.
    for (const { key, version } of list.keys) if (!isNone(version)) this.#listedAgain?.add(key);
    if (!list.isEnd) return;
    this.#doors.listed(this.replica, this.#listedAgain, told);
    this.#listedAgain = undefined;
  }

  #followed(epoch: number, asked: Asked, { isGap, keys, next, isEnd }: ReturnType<typeof readJournalPage>): void {
    if (isGap && this.#doors.rules.listsAfterGaps) return this.startOver();
    const isFirst = this.#place === undefined;
    this.#place = { epoch, position: next };
    if (isFirst) return;
    this.#tell(keys, epoch, { open: 0, place: this.#place });
    this.#restMs = keys.length > 0 ? WATCH_REST_MS_MIN : Math.min(2 * this.#restMs, WATCH_REST_MS_MAX);
    if (!isEnd) return;
    this.#dueMs = asked.atMs + this.#restMs;
    this.#doors.followed(this.replica, asked.lists);
  }

  #tell(keys: readonly { readonly key: string; readonly version: Ballot }[], epoch: number, told: Told): void {
    this.#told.push(told);
    for (const { key, version } of keys) this.#doors.tell(key, version, this.replica, epoch, told);
  }
}

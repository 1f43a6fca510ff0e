// Changes of one key that are made together: one prepare, one accept, however many they are. A round remembers what
// each of its tries came to. Tried again, it learns from the lineage of the newest value which of them has landed, if
// any, and so what its members are to be told: results are never computed twice for what happened once.
import { assert } from '../base/assert.ts';
import { compareBallots, copyBallot, earlierBallot, isNone, mutableBallot, versionOf } from '../protocol/ballot.ts';
import type { Ballot, MutableBallot } from '../protocol/ballot.ts';
import { readVersion } from '../protocol/lineage.ts';
import type { Rules } from '../protocol/rules.ts';
import type { ChangeResult, Value, WriteResult, WriteUnknown } from '../store/store.ts';
import type { ChangeRequest, ChangeStep, Held } from './change-steps.ts';
import { LateClock, NEVER, expiryAfter } from './expiry.ts';
import type { Operation } from './operation.ts';
import type { RequestMaker } from './request-maker.ts';
import { Failure, expiryOf, heldValue, ownValue } from './results.ts';

/** Members of one round: all wait for the encoding of each. */
const MEMBERS_MAX = 256;
/** Hexadecimal digits of a place. */
const PLACE_DIGITS = 2;

/** What a round computes with. */
export interface ComputeDoors {
  readonly maker: RequestMaker;
  readonly rules: Rules;
  /** The time, by the clock that values expire by. */
  readonly sharedMs: () => number;
}

/** What a change ends as. */
export type ChangeSettled = ChangeResult | WriteResult;

/** A change that somebody waits for. */
export class PendingChange {
  readonly request: ChangeRequest;
  /** The caller's: what to settle. */
  context: unknown = undefined;
  /** What it ended as; `undefined` while it has not. */
  result: ChangeSettled | Failure | undefined = undefined;
  /** Infinite until it is first looked at. */
  deadlineMs: number = Number.POSITIVE_INFINITY;
  /** The round that it is a member of, and its place there. */
  round: Round | undefined = undefined;
  place = 0;

  constructor(request: ChangeRequest) {
    this.request = request;
  }

  get isOpen(): boolean {
    return this.result === undefined;
  }
}

/** What a member comes to in one try. */
type Trial =
  | { readonly outcome: 'ok'; readonly value: Value }
  /** `held` is what an earlier member of the round had written where `isOfRound`, else what the round began with. */
  | { readonly outcome: 'conflict'; readonly held: Held; readonly isOfRound: boolean }
  | Failure;

interface Try {
  readonly ballot: Ballot;
  readonly trials: readonly Trial[];
}

/** One round. */
export class Round {
  readonly key: string;
  /** Who is in it; fixed once it has proposed. */
  members: PendingChange[] = [];
  /** Who asks again what members came to that had ended as unknown: each has the place of one. */
  readonly resumed: PendingChange[] = [];
  /** Its first tag, once it has one. */
  readonly first: MutableBallot = mutableBallot();
  /** The operation that makes it; `undefined` before and after. */
  operation: Operation | undefined = undefined;
  /** Whether nobody will ever know what it came to. */
  isLost = false;
  readonly #tries: Try[] = [];
  readonly #floor = mutableBallot();
  /** The try that has landed, or found nothing to write. */
  #landed: Try | undefined;

  constructor(key: string) {
    this.key = key;
  }

  /** Everybody who is told what it comes to. */
  get audience(): readonly PendingChange[] {
    return [...this.members, ...this.resumed];
  }

  /** Whether it may have happened, or may happen: then its members must not be told that they failed. */
  get mayHappen(): boolean {
    return !isNone(this.operation?.change?.floor ?? this.#floor);
  }

  /** Whether its members can be told what they came to. */
  get isOver(): boolean {
    return this.#landed !== undefined || this.isLost;
  }

  /** Whether anybody still waits to be told what it comes to. */
  get isHeeded(): boolean {
    return this.members.some(isWaiting) || this.resumed.some(isWaiting);
  }

  /** Whether it is under way, or somebody waits for it to be tried again. */
  get isAwaited(): boolean {
    return this.operation !== undefined || this.resumed.some(isWaiting);
  }

  /** Takes over an operation that is to make it. */
  begin(operation: Operation): void {
    this.operation = operation;
    operation.context = this;
    copyBallot(operation.first, this.first);
    copyBallot(operation.change!.floor, this.#floor);
  }

  /** Its operation has ended. */
  end({ outcome, first, change, ballot }: Operation, rules: Rules): void {
    assert(change !== undefined, 'A round is made by a change');
    copyBallot(this.first, first);
    copyBallot(this.#floor, change.floor);
    this.operation = undefined;
    if (outcome === 'lost') this.isLost = true;
    if (outcome !== 'ok' && outcome !== 'kept') return;
    const appliedAt = change.hasLanded ? change.applied : ballot;
    const isLanded = ({ ballot: tried }: Try): boolean => compareBallots(tried, appliedAt) === 0;
    this.#landed = rules.remembersResults ? this.#tries.find(isLanded) : this.#tries.at(-1);
    assert(this.#landed !== undefined, 'What has landed was tried');
  }

  /**
   * Drops who gave up, and takes in as many of those who wait as it has room for. It has proposed nothing yet.
   *
   * @returns whether anybody came in.
   */
  gather(waiting: PendingChange[]): boolean {
    const staying = this.members.filter(({ isOpen }) => isOpen);
    const joining = waiting.splice(0, MEMBERS_MAX - staying.length).filter(({ isOpen }) => isOpen);
    this.members = [...staying, ...joining];
    this.members.forEach((member, place) => {
      member.round = this;
      member.place = place;
    });
    return joining.length > 0;
  }

  /**
   * Lets its members compute, one after the other, on the newest value of `operation`. A value that has expired is none
   * to them: where they write nothing, its deletion is proposed, so that what they are told is true (expiry.ts).
   */
  compute(operation: Operation, { maker, rules, sharedMs }: ComputeDoors): 'propose' | 'keep' {
    copyBallot(this.first, operation.first);
    const trials: Trial[] = [];
    // One time for all of them: what one has written has not expired for the next.
    const clock = new LateClock(sharedMs);
    let expiresAtMs = expiryOf(operation.newest);
    const isExpired = clock.hasPassed(expiresAtMs);
    let hasWritten = false;
    for (const { request } of this.members) {
      // Each gets a value of its own: a step may alter what it is given, and its caller gets what it returned.
      const held = hasWritten ? ownHeld(operation) : isExpired ? NOTHING : heldBefore(operation);
      const trial = run(request.step, held, hasWritten, (value) => {
        const nextMs = value === undefined ? NEVER : expiryAfter(request.expiry, { ...held, expiresAtMs }, clock);
        maker.setValue(operation, value, nextMs);
        expiresAtMs = nextMs;
      });
      trials.push(trial);
      hasWritten ||= !(trial instanceof Failure) && trial.outcome === 'ok';
    }
    this.#tries.push({ ballot: { high: operation.ballot.high, low: operation.ballot.low }, trials });
    if (hasWritten) return 'propose';
    if (!isExpired || !rules.deletesExpired) return 'keep';
    maker.setValue(operation, undefined, NEVER);
    return 'propose';
  }

  /** What a member came to, once the round is over. */
  resultOf({ request, place }: PendingChange): ChangeSettled | Failure {
    if (this.#landed === undefined) return this.unknownFor(place);
    const { trials } = this.#landed;
    const trial = trials[place];
    assert(trial !== undefined, 'A round has tried all its members');
    if (trial instanceof Failure) return trial;
    if (trial.outcome === 'ok') {
      const version = versionIn(this.#landed, place);
      return { outcome: 'ok', version, ...(request.tellsValue && { value: trial.value }) };
    }
    const { held, isOfRound } = trial;
    if (!isOfRound || held.value === undefined) return { outcome: 'conflict', ...held };
    return { outcome: 'conflict', value: held.value, version: versionIn(this.#landed, lastWriter(trials, place)) };
  }

  /** The outcome of a member that may have happened. */
  unknownFor(place: number): WriteUnknown {
    return { outcome: 'unknown', operationId: `${this.id}-${place}`, ...(this.isLost && { isFinal: true }) };
  }

  /** Names it among the rounds of all clients, once it has a tag. */
  get id(): string {
    return versionOf(this.first);
  }
}

function isWaiting({ isOpen }: PendingChange): boolean {
  return isOpen;
}

const NOTHING: Held = Object.freeze({ value: undefined, version: undefined });

/** What an earlier member of the round has written. */
function ownHeld(operation: Operation): Held {
  return { value: ownValue(operation), version: undefined };
}

/** What the key held before the round. */
function heldBefore({ newest }: Operation): Held {
  const value = heldValue(newest);
  if (value === undefined) return { value, version: undefined };
  readVersion(newest.lineage, newest.root, scratch);
  return { value, version: versionOf(scratch) };
}

const scratch = mutableBallot();

/**
 * The version of what a member has written. Only that of the last one is ever held by the key; had the others the same,
 * whoever saw one of them would take the key for unchanged. Theirs lie between that of before and that of the round.
 */
function versionIn({ ballot, trials }: Try, place: number): string {
  if (lastWriter(trials, trials.length) === place) return versionOf(ballot);
  return `${versionOf(earlierBallot(ballot))}.${place.toString(16).padStart(PLACE_DIGITS, '0')}`;
}

/** Who of those before `place` has written last. */
function lastWriter(trials: readonly Trial[], place: number): number {
  return trials.findLastIndex((trial, at) => at < place && !(trial instanceof Failure) && trial.outcome === 'ok');
}

function run(step: ChangeStep, held: Held, isOfRound: boolean, write: (value: Value) => void): Trial {
  try {
    const written = step(held);
    if (written === 'conflict') return { outcome: 'conflict', held: { ...held }, isOfRound };
    write(written.value);
    return { outcome: 'ok', value: written.value };
  } catch (error) {
    return new Failure(error);
  }
}

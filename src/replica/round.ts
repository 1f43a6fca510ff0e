// Changes of one key that are made together: one prepare, one accept, however many they are. A round remembers what
// each of its tries came to. Tried again, it learns from the lineage of the newest value which of them has landed, if
// any, and so what its members are to be told: results are never computed twice for what happened once.
import { assert } from '../base/assert.ts';
import { compareBallots, copyBallot, isNone, mutableBallot, versionOf } from '../protocol/ballot.ts';
import type { Ballot, MutableBallot } from '../protocol/ballot.ts';
import { readVersion } from '../protocol/lineage.ts';
import type { ChangeResult, Value, WriteResult, WriteUnknown } from '../store/store.ts';
import type { ChangeRequest, ChangeStep, Held } from './change-steps.ts';
import type { Operation } from './operation.ts';
import type { RequestMaker } from './request-maker.ts';
import { Failure, heldValue, ownValue } from './results.ts';

/** Members of one round: all wait for the encoding of each. */
const MEMBERS_MAX = 256;

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

  /** Whether it is under way, or somebody waits for it to be tried again. */
  get isAwaited(): boolean {
    return this.operation !== undefined || this.resumed.length > 0;
  }

  /** Takes over an operation that is to make it. */
  begin(operation: Operation): void {
    this.operation = operation;
    operation.context = this;
    copyBallot(operation.first, this.first);
    copyBallot(operation.change!.floor, this.#floor);
  }

  /** Its operation has ended. */
  end({ outcome, first, change, ballot }: Operation): void {
    assert(change !== undefined, 'A round is made by a change');
    copyBallot(this.first, first);
    copyBallot(this.#floor, change.floor);
    this.operation = undefined;
    if (outcome === 'lost') this.isLost = true;
    if (outcome !== 'ok' && outcome !== 'kept') return;
    const appliedAt = change.hasLanded ? change.applied : ballot;
    this.#landed = this.#tries.find((each) => compareBallots(each.ballot, appliedAt) === 0);
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

  /** Lets its members compute, one after the other, on the newest value of `operation`. */
  compute(operation: Operation, maker: RequestMaker): 'propose' | 'keep' {
    copyBallot(this.first, operation.first);
    const trials: Trial[] = [];
    let held = heldBefore(operation);
    let hasWritten = false;
    for (const { request } of this.members) {
      const trial = run(request.step, held, hasWritten, (value) => maker.setValue(operation, value));
      trials.push(trial);
      hasWritten ||= !(trial instanceof Failure) && trial.outcome === 'ok';
      // The next one gets a value of its own: a step may alter what it is given, and its caller gets what it returned.
      held = hasWritten ? { value: ownValue(operation), version: undefined } : heldBefore(operation);
    }
    this.#tries.push({ ballot: { high: operation.ballot.high, low: operation.ballot.low }, trials });
    return hasWritten ? 'propose' : 'keep';
  }

  /** What a member came to, once the round is over. */
  resultOf({ request, place }: PendingChange): ChangeSettled | Failure {
    if (this.#landed === undefined) return this.unknownFor(place);
    const { ballot, trials } = this.#landed;
    const trial = trials[place];
    assert(trial !== undefined, 'A round has tried all its members');
    if (trial instanceof Failure) return trial;
    const version = versionOf(ballot);
    if (trial.outcome === 'ok') {
      return { outcome: 'ok', version, ...(request.tellsValue && { value: trial.value }) };
    }
    const { held, isOfRound } = trial;
    const isAbsent = held.value === undefined;
    return { outcome: 'conflict', value: held.value, version: isOfRound && !isAbsent ? version : held.version };
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

/** What the key held before the round. */
function heldBefore({ newest }: Operation): Held {
  const value = heldValue(newest);
  if (value === undefined) return { value, version: undefined };
  readVersion(newest.lineage, newest.root, scratch);
  return { value, version: versionOf(scratch) };
}

const scratch = mutableBallot();

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

// The changes (update, compare-and-set, increment) of one client. Those of one key that wait at the same time go
// together in one round, one round of a key at a time. A round whose accept was promised the next ballot leaves the
// promise and its value behind: the next round of the key then takes one round trip.
import { TIMEOUT_MS_MAX } from '../base/limits.ts';
import { isNone, versionOf } from '../protocol/ballot.ts';
import type { Ballot } from '../protocol/ballot.ts';
import type { Rules } from '../protocol/rules.ts';
import type { OperationOptions } from '../store/store.ts';
import { ChangeLines } from './change-lines.ts';
import type { ChangeLine } from './change-lines.ts';
import type { Coordinator } from './coordinator.ts';
import type { LiveQuorums } from './live-quorums.ts';
import type { Computed, Operation } from './operation.ts';
import type { RequestMaker } from './request-maker.ts';
import { writeNeededUnder } from './resize.ts';
import { Failure, goneError, memoryError } from './results.ts';
import { PendingChange, Round } from './round.ts';
import type { ChangeSettled } from './round.ts';

/** Rounds with members of unknown outcome that are kept; the oldest is forgotten first. */
const ROUNDS_KEPT_MAX = 1024;

/** What changes need of their client. */
export interface ChangeDoors {
  readonly coordinator: Coordinator;
  readonly maker: RequestMaker;
  readonly rules: Rules;
  /** A change may come into a round that has asked already where write quorums meet each other. */
  readonly quorums: Pick<LiveQuorums, 'cachesPromises' | 'electorate'>;
  /** The time, by the clock that values expire by. */
  readonly sharedMs: () => number;
  /** The change has ended: `result` says how. */
  settle(change: PendingChange): void;
}

/** The changes of one client. */
export class Changes {
  /** Changes that have not ended. */
  open = 0;
  /** Rounds under way. */
  rounds = 0;
  readonly #doors: ChangeDoors;
  readonly #lines: ChangeLines;
  readonly #kept = new Map<string, Round>();
  /** Changes whose clocks have not started. */
  #fresh: PendingChange[] = [];
  #isComputing = false;
  /** Who gave up, with why, while a function of the application ran. */
  #leaving: (readonly [PendingChange, unknown])[] = [];

  constructor(doors: ChangeDoors) {
    this.#doors = doors;
    this.#lines = new ChangeLines((operation) => doors.coordinator.release(operation));
  }

  /** Makes a change wait for its round; it may have been a member before, see {@link again}. */
  submit(change: PendingChange): void {
    const { round, request } = change;
    if (round?.isOver === true) return this.#tell(change, round.resultOf(change));
    const line = this.#lines.of(request.key);
    this.open++;
    line.open++;
    this.#fresh.push(change);
    round?.resumed.push(change);
    if (round === undefined) line.waiting.push(change);
    else if (round.operation === undefined && !line.again.includes(round)) line.again.push(round);
    if (line.running === undefined && round?.operation === undefined) this.#run(line);
  }

  /** The change of an operation id, to be submitted again; `undefined` where the id is not ours, or forgotten. */
  again(operationId: string, options: Pick<OperationOptions, 'timeoutMs'> | undefined): PendingChange | undefined {
    const [roundId = '', place = ''] = operationId.split('-');
    const round = this.#kept.get(roundId);
    const member = round?.members[Number(place)];
    if (round === undefined || member === undefined) return undefined;
    const { request } = member;
    const { timeoutMs } = this.#doors.maker.changeRequest(
      request,
      { timeoutMs: request.timeoutMs, ...options },
      this.open,
    );
    const change = new PendingChange({ ...request, timeoutMs });
    change.round = round;
    change.place = member.place;
    return change;
  }

  /**
   * The key is about to be written blindly. A promise of before that would be used in vain, and worse: of a proposal
   * that is older than a blind write nobody can say whether it has happened.
   */
  overwrite(key: string): void {
    this.#lines.overwrite(key);
  }

  /**
   * Whether a function of the application runs: what it calls must end no operation, least of all the one that it
   * computes the value of, whose frames would then be written by whoever has got its buffer since.
   */
  get isComputing(): boolean {
    return this.#isComputing;
  }

  /**
   * The caller gives up waiting: it gets `error`, or `unknown` where the change may happen. While the function of a
   * change runs, that is said later: by then it is known whether its value was proposed.
   */
  cancel(change: PendingChange, error: unknown): void {
    if (this.#isComputing) this.#leaving.push([change, error]);
    else if (change.isOpen) this.#leave(change, new Failure(error));
  }

  /** Starts the clocks of those that came since: one look at the clock serves a batch. */
  startClocks(nowMs: number): void {
    for (const [change, error] of this.#leaving.splice(0)) this.cancel(change, error);
    for (const change of this.#fresh) change.deadlineMs = nowMs + change.request.timeoutMs;
    this.#fresh = [];
  }

  /** Deadlines. */
  tick(nowMs: number): void {
    this.startClocks(nowMs);
    for (const line of this.#lines.values()) {
      for (const change of line.changes) {
        if (!change.isOpen || nowMs < change.deadlineMs) continue;
        this.#leave(change, unavailable(change));
      }
    }
  }

  /** A change operation is about to ask for promises: who waits by now is in its round. */
  begin(operation: Operation): void {
    this.#gather(operation);
  }

  /** What a change operation writes, given the newest value; called by the coordinator. */
  compute(operation: Operation): Computed {
    const hasPrepared = operation.phase === 'prepare';
    // A write that ended before a change came is noticed by an accept where the two meet, else by a prepare only.
    const mayJoin = !hasPrepared || this.#doors.quorums.cachesPromises;
    const hasLatecomers = this.#gather(operation, mayJoin) && hasPrepared;
    const computed = this.#computeRound(operation);
    // What was promised before a change began tells it nothing of writes that ended in between: an accept would.
    return computed === 'keep' && hasLatecomers ? 'confirm' : computed;
  }

  #computeRound(operation: Operation): 'propose' | 'keep' {
    this.#isComputing = true;
    try {
      return roundOf(operation).compute(operation, this.#doors);
    } finally {
      this.#isComputing = false;
    }
  }

  /** Takes in who waits, if they `mayJoin`, and lets go of who gave up. @returns whether anybody came in. */
  #gather(operation: Operation, mayJoin = true): boolean {
    const round = roundOf(operation);
    const line = this.#lines.get(round.key);
    if (round.mayHappen || line === undefined) return false;
    const hasJoined = round.gather(mayJoin ? line.waiting : []);
    this.#setLevel(operation, round.members);
    return hasJoined;
  }

  /** Whether a round of this client ended as unknown, and may be tried again. */
  isUndecided(first: Ballot): boolean {
    return this.#kept.size > 0 && this.#kept.get(versionOf(first))?.isOver === false;
  }

  /** The operation of a round has ended; called by the coordinator. */
  settled(operation: Operation): void {
    const round = roundOf(operation);
    const line = this.#lines.get(round.key);
    this.rounds--;
    round.end(operation, this.#doors.rules);
    for (const member of round.audience) {
      if (member.isOpen) this.#end(member, round.isOver ? round.resultOf(member) : this.#failed(member, operation));
    }
    round.resumed.length = 0;
    if (round.isLost) this.#keep(round);
    if (line?.running !== round) return this.#doors.coordinator.release(operation); // The client gives up everything.
    this.#keepPromise(line, operation);
    if (line.open === 0) return this.#lines.rest(line);
    line.waiting = line.waiting.filter(({ isOpen }) => isOpen);
    this.#run(line);
  }

  /** Starts no further round. @returns all changes, of which those of rounds under way end with their operations. */
  stop(): readonly PendingChange[] {
    return this.#lines.clear();
  }

  /** Ends those of `changes` that are open: as unknown where they may happen, the others as `outcome`. */
  abandon(changes: readonly PendingChange[], outcome: 'closed' | 'state-lost'): void {
    for (const change of changes) {
      if (!change.isOpen) continue;
      const mayHappen = change.round?.mayHappen === true;
      this.#end(change, mayHappen ? this.#unknown(change) : new Failure(goneError(outcome)));
    }
  }

  /** Forgets changes of unknown outcome: the state that they belong to is gone. */
  clear(): void {
    this.#kept.clear();
  }

  // --- rounds

  /** Runs the next round of a key; who waits will be in it if it has no members yet. */
  #run(line: ChangeLine): void {
    const { coordinator, maker } = this.#doors;
    const round = this.#nextOf(line);
    const operation = this.#takePromise(line, round) ?? maker.change(line.key);
    line.running = round;
    round.begin(operation);
    operation.timeoutMs = TIMEOUT_MS_MAX; // Its members have deadlines.
    this.#setLevel(operation, isNone(round.first) ? line.waiting : round.members);
    this.rounds++;
    coordinator.submit(operation);
  }

  /** The next one of those to be tried again that somebody still waits for, or a new one. */
  #nextOf(line: ChangeLine): Round {
    for (let round = line.again.shift(); round !== undefined; round = line.again.shift()) {
      if (round.isHeeded || !this.#doors.rules.leavesRounds) return round;
      round.resumed.length = 0;
    }
    return new Round(line.key);
  }

  /**
   * The promise of a key, for one user. A round that is tried again prepares: it keeps the tag that is its id. So does
   * one after which others have taken tags: a blind write among them would be newer than the promise, and refuse it;
   * and of what was proposed below a blind write nobody can say what became of it.
   */
  #takePromise(line: ChangeLine, round: Round): Operation | undefined {
    const { coordinator } = this.#doors;
    const operation = this.#lines.take(line);
    if (operation === undefined) return undefined;
    const isAlone = operation.change!.tagsOfOthers === coordinator.tagsOfOthers;
    if (isNone(round.first) && isAlone) return operation;
    coordinator.release(operation);
    return undefined;
  }

  #keepPromise(line: ChangeLine, operation: Operation): void {
    const { outcome, change } = operation;
    const hasDecided = outcome === 'ok' || outcome === 'kept';
    const isWanted = hasDecided && !line.isOverwritten;
    line.isOverwritten = false;
    if (!isWanted || change!.hasLanded || isNone(change!.next)) return this.#doors.coordinator.release(operation);
    operation.renew();
    line.promised = operation;
  }

  /** The highest level of those changes, in the sizes of now: an operation that has a promise may be of others. */
  #setLevel(operation: Operation, changes: readonly PendingChange[]): void {
    const { sizes } = this.#doors.quorums.electorate;
    operation.sizes = sizes;
    operation.level = undefined;
    operation.writeNeeded = 0;
    for (const { request } of changes) {
      const needed = writeNeededUnder(sizes, request);
      if (needed > operation.writeNeeded || request.level === 'all') operation.level = request.level;
      operation.writeNeeded = Math.max(operation.writeNeeded, needed);
    }
  }

  // --- endings

  /** Ends one change before its round; `instead` where it cannot happen any more. */
  #leave(change: PendingChange, instead: ChangeSettled | Failure): void {
    this.#end(change, change.round?.mayHappen === true ? this.#unknown(change) : instead);
    const line = this.#lines.get(change.request.key);
    const operation = line?.running?.operation;
    if (operation === undefined || this.#isHeeded(line!, operation)) return;
    this.#doors.coordinator.cancel(operation); // Who waits for the next round, or tries another again, begins it.
  }

  /**
   * Whether anybody waits for the round under way: its own, or those that it has yet to take in. What it waits for may
   * be more than the next one needs, such as all replicas, and without anybody's deadline it would wait for ever.
   */
  #isHeeded(line: ChangeLine, operation: Operation): boolean {
    const round = roundOf(operation);
    if (line.open === 0 || round.isHeeded) return line.open > 0;
    if (!this.#doors.rules.leavesRounds) return true;
    const takesIn = !round.mayHappen && operation.phase !== 'finish';
    return takesIn && line.waiting.some(({ isOpen }) => isOpen);
  }

  #failed(member: PendingChange, { outcome }: Operation): ChangeSettled | Failure {
    if (outcome === 'closed' || outcome === 'state-lost') return new Failure(goneError(outcome));
    if (outcome === 'memory') return new Failure(memoryError(this.#unknown(member).operationId));
    // A round that has proposed nothing has changed nothing, however its accepts of what it found have ended.
    return outcome === 'unknown' && member.round!.mayHappen ? this.#unknown(member) : unavailable(member);
  }

  #unknown(change: PendingChange): Extract<ChangeSettled, { outcome: 'unknown' }> {
    const round = change.round!;
    this.#keep(round);
    return round.unknownFor(change.place);
  }

  #keep(round: Round): void {
    this.#kept.set(round.id, round);
    if (this.#kept.size <= ROUNDS_KEPT_MAX) return;
    for (const [id, { isAwaited }] of this.#kept) {
      // One that is about to be tried again would not find itself: who is not kept is decided, see `isUndecided`.
      if (!isAwaited) return void this.#kept.delete(id);
    }
  }

  #end(change: PendingChange, result: ChangeSettled | Failure): void {
    const line = this.#lines.get(change.request.key);
    this.open--;
    if (line !== undefined) line.open--;
    this.#tell(change, result);
  }

  #tell(change: PendingChange, result: ChangeSettled | Failure): void {
    change.result = result;
    this.#doors.settle(change);
  }
}

function roundOf({ context }: Operation): Round {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only `Round.begin` makes changes, and puts it there
  return context as Round;
}

function unavailable({ request }: PendingChange): ChangeSettled {
  return { outcome: 'unavailable', needed: request.writeNeeded, got: 0 };
}

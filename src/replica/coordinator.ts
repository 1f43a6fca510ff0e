// A coordinator as a reactor: it turns operations into frames and votes into outcomes. It knows no threads, timers or
// promises: time and chance are arguments, the doors are handed in, and `settle` tells the caller how an operation
// ended. Production, tests and simulator run the same code.
//
// The hot path is submit, flush, collect: one tag counter access and one frame a replica per batch, counting in the
// tally board, no allocation. Everything else (refusals, restarts, silence) is the slow path below it.
import { unreachable } from '../base/assert.ts';
import { lowestBitIndex, lowestBits, popcount } from '../base/bits.ts';
import { PENDING_MAX } from '../base/limits.ts';
import { unitOf } from '../base/random.ts';
import type { Random } from '../base/random.ts';
import { compareBallots, copyBallot, isNone, mutableBallot } from '../protocol/ballot.ts';
import { judgeRead } from '../protocol/read.ts';
import { RULES } from '../protocol/rules.ts';
import type { Rules } from '../protocol/rules.ts';
import { decideFinish } from '../protocol/write.ts';
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import { GRANTED, NO_MEMORY, REFUSED, unpackVote } from './environment.ts';
import type { Epochs, LargeLane, Link, TagCounter, VoteBoard } from './environment.ts';
import { dropVoidAnswers, noteAnswer } from './answers.ts';
import type { Answer } from './answers.ts';
import { OperationQueue } from './operation-queue.ts';
import { Operation } from './operation.ts';
import type { Candidate, Outcome } from './operation.ts';
import { ReplicaWatch } from './replica-watch.ts';
import { RequestSender, requestBytes } from './request-sender.ts';
import { BY_REFERENCE, NO_VALUE, PROMISE, READ_REPLY, REPLY } from './wire.ts';
import type { FrameViews } from './wire.ts';

/** What a coordinator touches of the world. Lists are by replica. */
export interface CoordinatorDoors {
  readonly links: readonly Link[];
  readonly large: readonly LargeLane[];
  readonly board: VoteBoard;
  readonly epochs: Epochs;
  readonly tags: TagCounter;
  readonly random: Random;
  /** Room for answers in each reply ring, in bytes. */
  readonly replyRoomBytes: number;
  /** The operation has ended: `operation.outcome` says how. The caller gives it back with `release`. */
  settle(operation: Operation): void;
}

/** Counters of a coordinator since it was made. */
export interface CoordinatorCounters {
  gets: number;
  puts: number;
  fastReads: number;
  slowReads: number;
  fastWrites: number;
  slowWrites: number;
  unknown: number;
  unavailable: number;
  framesSent: number;
  framesResent: number;
}

/** A silent replica is asked again, and others in its place, after so long; doubled at each further try. */
const PATIENCE_MS_MIN = 12;
const PATIENCE_MS_MAX = 400;
const BACKOFF_MS_MAX = 40;
/** Reply bytes kept free for a read whose value size is not known yet. */
const REPLY_ESTIMATE_BYTES = 256;

/** One client thread's coordinator. */
export class Coordinator {
  readonly counters: CoordinatorCounters = {
    gets: 0,
    puts: 0,
    fastReads: 0,
    slowReads: 0,
    fastWrites: 0,
    slowWrites: 0,
    unknown: 0,
    unavailable: 0,
    framesSent: 0,
    framesResent: 0,
  };
  readonly #doors: CoordinatorDoors;
  readonly #quorums: RegisterQuorums;
  readonly #rules: Rules;
  readonly #all: number;
  readonly #slots: (Operation | undefined)[];
  readonly #freeSlots: number[] = [];
  /** Slots that were decided when last looked at, 32 to a word. */
  readonly #decided: Int32Array;
  readonly #pool: Operation[] = [];
  readonly #queue = new OperationQueue();
  readonly #sender: RequestSender;
  readonly #watch: ReplicaWatch;
  /** Operations in their slots. */
  #open = 0;
  #reservedBytes = 0;
  #valueEstimate = REPLY_ESTIMATE_BYTES;
  /** Links that frames were committed to since the last flush ended. */
  #dirty = 0;
  readonly #tag = mutableBallot();
  /** Scratch, overwritten per answer, so that none is allocated. */
  readonly #answer: Answer;

  constructor(doors: CoordinatorDoors, quorums: RegisterQuorums, rules: Rules = RULES) {
    this.#doors = doors;
    this.#quorums = quorums;
    this.#rules = rules;
    this.#all = lowestBits(quorums.replicas);
    this.#slots = Array.from({ length: doors.board.slots });
    this.#decided = new Int32Array(doors.board.slots >>> 5);
    for (let slot = doors.board.slots - 1; slot >= 0; slot--) this.#freeSlots.push(slot);
    this.#sender = new RequestSender(doors.links, doors.large);
    this.#answer = { replica: 0, frame: doors.links[0]!, start: 0, large: undefined };
    this.#watch = new ReplicaWatch(doors.links, doors.epochs);
  }

  /** Operations that are queued or under way. */
  get pending(): number {
    return this.#open + this.#queue.length;
  }

  /** Operations that wait to be issued. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Whether another operation may be submitted. */
  get hasRoom(): boolean {
    return this.pending < PENDING_MAX;
  }

  /** A fresh operation, to be filled in and submitted. */
  acquire(): Operation {
    return this.#pool.pop() ?? new Operation();
  }

  /** Gives back an operation that was settled, or never submitted. */
  release(operation: Operation): void {
    operation.reset();
    if (this.#pool.length < 4096) this.#pool.push(operation);
  }

  /** Queues an operation; {@link flush} sends it. */
  submit(operation: Operation): void {
    operation.phase = 'queued';
    this.#queue.push(operation);
  }

  /**
   * Sends what is queued, as far as slots and rings have room.
   *
   * @returns the replicas that got frames, as a mask: publish their links and ring their doorbells.
   */
  flush(nowMs: number): number {
    this.#issueQueued(nowMs);
    const dirty = this.#dirty;
    this.#dirty = 0;
    return dirty;
  }

  /** Links whose lack of room held the last flush back, as a mask: once published, ask them for room. */
  takeBlocked(): number {
    return this.#watch.takeBlocked();
  }

  /** Handles a frame from a replica. */
  receive(replica: number, frame: FrameViews, start: number): void {
    const at = start >> 2;
    const { words } = frame;
    const kind = words[at + REPLY.KIND]!;
    if (kind !== READ_REPLY && kind !== PROMISE) return;
    const valueBytes = words[at + REPLY.VALUE_BYTES]!;
    const isReference = valueBytes === BY_REFERENCE;
    const reference = words[(start + REPLY.BYTES) >> 2]!;
    const large = isReference ? this.#doors.large[replica]!.take(reference) : undefined;
    if (isReference && large === undefined) return; // Its bytes are gone: as if the frame was lost.
    const operation = this.#slots[words[at + REPLY.SLOT]!];
    if (operation === undefined || this.#isLate(operation, words[at + REPLY.GENERATION]!)) return large?.release();
    const answer = this.#answer;
    answer.replica = replica;
    answer.frame = frame;
    answer.start = start;
    answer.large = large;
    if (!noteAnswer(operation, answer, this.#rules)) return;
    if (valueBytes > this.#valueEstimate) this.#valueEstimate = valueBytes;
    this.#watch.hear(replica);
  }

  /**
   * Notes the questions that are decided by now, for {@link collect}. Then take in all frames: a replica publishes its
   * answer before it votes, so whatever decided them has arrived. The other way round a vote may come between the two,
   * and its question would be looked at without its answer, and not again before the next tick.
   */
  look(): void {
    const { board } = this.#doors;
    for (let group = 0; group < this.#decided.length; group++) this.#decided[group]! |= board.takeDecided(group);
  }

  /** Evaluates the questions that {@link look} has noted, once the frames were received. */
  collect(nowMs: number): void {
    const decidedIn = this.#decided;
    for (let group = 0; group < decidedIn.length; group++) {
      let decided = decidedIn[group]!;
      decidedIn[group] = 0;
      while (decided !== 0) {
        const operation = this.#slots[(group << 5) + lowestBitIndex(decided)];
        decided &= decided - 1;
        if (operation !== undefined) this.#evaluate(operation, nowMs);
      }
    }
  }

  /** Deadlines, and asking again where nobody answered. Call it every few milliseconds while operations are pending. */
  tick(nowMs: number): void {
    for (const operation of this.#slots) {
      if (operation === undefined) continue;
      if (nowMs >= operation.retryAtMs) this.#evaluate(operation, nowMs);
      if (operation.slot < 0) continue; // Evaluating settled it.
      if (nowMs >= operation.deadlineMs) this.#expire(operation);
      else if (nowMs >= operation.retryAtMs) this.#retry(operation, nowMs);
    }
    if (this.queued > 0) this.#expireQueued(nowMs);
    this.#watch.review(nowMs);
  }

  /** The caller gives up waiting for an operation that is not settled. */
  cancel(operation: Operation): void {
    if (operation.phase === 'settled') return;
    if (operation.phase === 'queued') {
      this.#queue.take((each) => each === operation);
      this.#settle(operation, 'aborted');
      return;
    }
    const mayHappen = operation.hasLeft && operation.kind === 'put' && this.#rules.admitsCancelled;
    this.#settle(operation, mayHappen ? 'unknown' : 'aborted');
  }

  /** Settles everything: writes that have left as unknown, the rest as `outcome`. */
  abandon(outcome: 'closed' | 'state-lost'): void {
    for (const operation of this.#slots) {
      if (operation !== undefined) this.#settle(operation, operation.kind === 'put' ? 'unknown' : outcome);
    }
    for (const operation of this.#queue.take(() => true)) this.#settle(operation, outcome);
  }

  // --- issuing

  #issueQueued(nowMs: number): void {
    const count = this.#issuable(nowMs);
    if (count === 0) return;
    let writes = 0;
    for (let index = 0; index < count; index++) {
      if (this.#queue.at(index).kind === 'put') writes++;
    }
    const tag = this.#tag;
    if (writes > 0) this.#doors.tags.take(writes, tag); // After every one of them was submitted, never ahead.
    const readers = this.#watch.readers(this.#readerCount);
    for (let index = 0; index < count; index++) {
      const operation = this.#queue.shift();
      this.#issue(operation, readers, nowMs);
      if (operation.kind === 'put' && this.#rules.spreadsTags) {
        tag.low = (tag.low + 1) | 0;
        if (tag.low === 0 && this.#rules.carriesTags) tag.high = (tag.high + 1) | 0;
      }
    }
  }

  /**
   * How many of the queue may be issued now: slots, reply room, and room for all frames in every ring that keeps up.
   */
  #issuable(nowMs: number): number {
    const { replyRoomBytes } = this.#doors;
    const limit = Math.min(this.queued, this.#freeSlots.length);
    let reserved = this.#reservedBytes;
    let frameBytes = 0;
    let count = 0;
    for (; count < limit; count++) {
      const operation = this.#queue.at(count);
      reserved += this.#reserveFor(operation);
      if (reserved > replyRoomBytes && this.#open + count > 0) break;
      frameBytes += (requestBytes(operation) + 15) & ~7;
      if (!this.#watch.hasRoomFor(frameBytes, nowMs)) break;
    }
    return count;
  }

  #reserveFor(operation: Operation): number {
    return operation.kind === 'get' ? REPLY.BYTES + 24 + Math.min(this.#valueEstimate, 8192) : 0;
  }

  #issue(operation: Operation, readers: number, nowMs: number): void {
    const slot = this.#freeSlots.pop()!;
    operation.slot = slot;
    this.#slots[slot] = operation;
    this.#open++;
    operation.reservedBytes = this.#reserveFor(operation);
    this.#reservedBytes += operation.reservedBytes;
    operation.patienceMs = PATIENCE_MS_MIN;
    startClock(operation, nowMs);
    if (operation.kind === 'put') {
      this.counters.puts++;
      if (isNone(operation.first)) {
        copyBallot(operation.first, this.#tag);
        copyBallot(operation.ballot, this.#tag);
        copyBallot(operation.root, this.#tag);
        operation.phase = 'accept';
        this.#ask(operation, operation.writeNeeded, this.#all, nowMs);
      } else {
        this.#readAgain(operation, nowMs); // A resolved operation keeps its first tag: it may have landed.
      }
    } else {
      this.counters.gets++;
      operation.phase = 'read';
      const wanted = Math.max(operation.readNeeded, operation.agreeNeeded);
      const asked = wanted === this.#readerCount ? readers : this.#watch.readers(wanted);
      this.#ask(operation, Math.max(operation.readNeeded, popcount(asked)), asked, nowMs);
    }
  }

  get #readerCount(): number {
    return Math.max(this.#quorums.read, this.#quorums.agreeing);
  }

  /** Opens a question in the operation's slot and sends it. */
  #ask(operation: Operation, needed: number, asked: number, nowMs: number): void {
    const { board, epochs } = this.#doors;
    operation.asked = asked;
    // The restart counter is noted before anything is sent.
    operation.generation = board.open(operation.slot, needed, asked, epochs.restarts());
    operation.retryAtMs = nowMs + operation.patienceMs;
    this.#send(operation, asked);
  }

  #send(operation: Operation, replicas: number): void {
    const sent = this.#sender.send(operation, replicas);
    this.#dirty |= sent;
    this.counters.framesSent += popcount(sent);
    if (sent !== 0) operation.hasLeft = true;
  }

  // --- deciding

  #evaluate(operation: Operation, nowMs: number): void {
    switch (operation.phase) {
      case 'accept':
      case 'finish':
      case 'write-back':
        return this.#evaluateAccept(operation, nowMs);
      case 'read':
        return this.#evaluateRead(operation, false, nowMs);
      case 'prepare':
        return this.#evaluatePrepare(operation, nowMs);
      case 'queued':
      case 'back-off':
      case 'settled':
        return; // Nothing is asked.
      default:
        return unreachable(operation.phase);
    }
  }

  #evaluateAccept(operation: Operation, nowMs: number): void {
    const { board } = this.#doors;
    const granted = this.#validVoters(operation, board.votersOf(operation.slot, GRANTED));
    const counted = this.#rules.countsOnlyGrants ? granted : granted | board.votersOf(operation.slot, REFUSED);
    const needed = this.#acceptsNeeded(operation);
    if (popcount(counted) >= needed) {
      return operation.kind === 'put' ? this.#settle(operation, 'ok') : this.#settleRead(operation);
    }
    const outOfMemory = board.votersOf(operation.slot, NO_MEMORY);
    const refused = board.votersOf(operation.slot, REFUSED) | outOfMemory;
    if (this.#quorums.replicas - popcount(refused) >= needed) return; // Still pending.
    if (this.#quorums.replicas - popcount(outOfMemory) < needed) {
      const hasAnyStored = operation.phase !== 'accept' || board.votersOf(operation.slot, GRANTED) !== 0;
      if (hasAnyStored) return this.#settle(operation, operation.kind === 'put' ? 'unknown' : 'unavailable');
      const awaited = this.#rules.asksAllForMemory ? this.#watch.awaited(operation.asked) : 0;
      if ((refused & awaited) === awaited) this.#settle(operation, 'memory');
      return; // Until all have answered, one may still have stored it.
    }
    this.#readAgain(operation, nowMs);
  }

  /**
   * Acknowledgements that the phase under way needs. What others read too is made stable, whatever the write's level.
   */
  #acceptsNeeded({ kind, phase, writeNeeded }: Operation): number {
    const { write } = this.#quorums;
    if (kind === 'get' || !this.#rules.heedsLevels) return write;
    return phase === 'write-back' ? Math.max(write, writeNeeded) : writeNeeded;
  }

  /** Whether an answer is to an earlier question than the one in its slot. */
  #isLate(operation: Operation, generation: number): boolean {
    return this.#rules.checksGenerations && operation.generation !== generation;
  }

  /** Whether any replica has restarted since the question was opened: only then can votes or answers to it be void. */
  #mayHoldVoid({ slot }: Operation): boolean {
    const { board, epochs } = this.#doors;
    return this.#rules.checksEpochs && epochs.restarts() !== board.restartsAtOpen(slot);
  }

  /**
   * Those of `voters`, who granted, whose epoch is still that of their replica: looked at now, after the last vote
   * arrived.
   */
  #validVoters(operation: Operation, voters: number): number {
    const { epochs, board } = this.#doors;
    if (!this.#mayHoldVoid(operation)) return voters;
    let valid = 0;
    for (let replica = 0; replica < this.#quorums.replicas; replica++) {
      const bit = 1 << replica;
      if ((voters & bit) === 0) continue;
      const { vote, epoch } = unpackVote(board.voteOf(operation.slot, replica));
      if (vote === GRANTED && epoch === epochs.epochOf(replica)) valid |= bit;
    }
    return valid;
  }

  #evaluateRead(operation: Operation, isOverdue: boolean, nowMs: number): void {
    if (this.#mayHoldVoid(operation)) dropVoidAnswers(operation, this.#doors.epochs);
    const { newest, second, answered } = operation;
    const agree = this.#rules.readsStable ? operation.agreeNeeded : 0;
    const needs = { read: this.#rules.waitsForReads ? operation.readNeeded : 1, agree };
    const awaited = this.#watch.awaited(operation.asked);
    const isComplete = isOverdue || (answered & awaited) === awaited;
    const agreeing = isNone(newest.ballot) ? operation.answers : popcount(newest.agreeing);
    const verdict = judgeRead({ answered: operation.answers, agreeing }, needs, isComplete);
    if (verdict === 'return') return this.#conclude(operation, newest, nowMs);
    // The answers without those that hold the newest entry are a read of their own: under a stream of writes to one
    // key it is often the one that is stable.
    const others = this.#rules.countsOthersAlone ? answered & ~newest.holders : answered;
    const withoutNewest = { answered: popcount(others), agreeing: popcount(second.agreeing) };
    if (agree > 0 && !isNone(second.ballot) && judgeRead(withoutNewest, needs, false) === 'return') {
      return this.#conclude(operation, second, nowMs);
    }
    if (verdict === 'wait') return;
    if (operation.asked === this.#all) return this.#stabilise(operation, nowMs);
    this.#doors.board.ask(operation.slot, this.#all); // Asking the others costs no write.
    const rest = this.#all & ~operation.asked;
    operation.asked = this.#all;
    operation.isFast = false;
    this.#send(operation, rest);
  }

  /** An entry is stable: a read returns it; a write has happened if the entry is its own or a later one. */
  #conclude(operation: Operation, stable: Candidate, nowMs: number): void {
    if (operation.kind === 'put') {
      const write = { first: operation.first, latest: operation.ballot };
      if (decideFinish(write, stable.root, this.#rules) === 'propose') return this.#prepare(operation, nowMs);
      // Its version is the root under which readers see it: that of a later proposal of its own, where that landed.
      operation.adopts = compareBallots(stable.root, operation.proposed) !== 0;
      if (!operation.adopts) copyBallot(operation.root, stable.root);
      return this.#settle(operation, 'ok');
    }
    if (stable !== operation.newest) {
      operation.second = operation.newest;
      operation.newest = stable;
    }
    this.#settleRead(operation);
  }

  /**
   * Writes the newest entry back at its own ballot. Where promises refuse that, an identity read-modify-write follows;
   * where newer entries do, reading again: a stream of blind writes overtakes two round trips for ever, but not one.
   */
  #stabilise(operation: Operation, nowMs: number): void {
    const { newest } = operation;
    operation.isFast = false;
    const isInVain = this.#rules.leavesVainWriteBacks && compareBallots(newest.ballot, operation.wroteBack) === 0;
    const write = { first: operation.first, latest: operation.ballot };
    const isOlder = operation.kind === 'put' && decideFinish(write, newest.root, this.#rules) === 'propose';
    if (isInVain || isOlder || isNone(newest.ballot)) return this.#prepare(operation, nowMs);
    operation.phase = 'write-back';
    operation.adopts = true;
    copyBallot(operation.wroteBack, newest.ballot);
    copyBallot(operation.ballot, newest.ballot);
    if (!this.#rules.writesBackInPlace) this.#doors.tags.take(1, operation.ballot);
    copyBallot(operation.root, newest.root);
    this.#ask(operation, this.#acceptsNeeded(operation), this.#all, nowMs);
  }

  /** Reads again from everybody, to see what a refused accept has met. */
  #readAgain(operation: Operation, nowMs: number): void {
    operation.isFast = false;
    operation.attempts++;
    operation.phase = 'read';
    operation.clearAnswers();
    if (operation.kind === 'put') {
      // A level above W asks that many replicas to hold the entry, whichever way that is found out.
      operation.readNeeded = Math.max(this.#quorums.read, operation.writeNeeded);
      operation.agreeNeeded = this.#rules.finishesOnStable
        ? Math.max(this.#quorums.agreeing, operation.writeNeeded)
        : 0;
    }
    this.#ask(operation, Math.max(operation.readNeeded, operation.agreeNeeded), this.#all, nowMs);
  }

  #prepare(operation: Operation, nowMs: number): void {
    operation.isFast = false;
    operation.attempts++;
    if (this.#rules.takesFreshBallots || !hasPrepared(operation)) this.#doors.tags.take(1, operation.ballot);
    operation.phase = 'prepare';
    if (this.#rules.asksAfresh) operation.clearAnswers();
    this.#ask(operation, this.#quorums.prepare, this.#all, nowMs);
  }

  #evaluatePrepare(operation: Operation, nowMs: number): void {
    if (this.#mayHoldVoid(operation)) dropVoidAnswers(operation, this.#doors.epochs);
    const { board } = this.#doors;
    const empty = this.#rules.countsOnlyPromises ? 0 : popcount(board.votersOf(operation.slot, REFUSED));
    if (operation.answers + empty >= this.#quorums.prepare) return this.#finish(operation, nowMs);
    const refused = board.votersOf(operation.slot, REFUSED) | board.votersOf(operation.slot, NO_MEMORY);
    if (this.#quorums.replicas - popcount(refused) >= this.#quorums.prepare) return;
    this.#backOff(operation, nowMs);
  }

  /** Somebody prepares the same key. Tags only grow, so one of us wins; backing off lets it. */
  #backOff(operation: Operation, nowMs: number): void {
    operation.phase = 'back-off';
    const backOffMs = Math.min(2 ** operation.attempts, BACKOFF_MS_MAX) * unitOf(this.#doors.random);
    operation.retryAtMs = nowMs + backOffMs;
  }

  #finish(operation: Operation, nowMs: number): void {
    operation.phase = 'finish';
    const write = { first: operation.first, latest: operation.ballot };
    operation.adopts = operation.kind === 'get' || decideFinish(write, operation.newest.root, this.#rules) === 'adopt';
    // A ballot is never used for two values: the value proposed at it is chosen here, once.
    const keepsRoot = operation.adopts && this.#rules.keepsRoots;
    copyBallot(operation.root, keepsRoot ? operation.newest.root : operation.ballot);
    if (!operation.adopts) copyBallot(operation.proposed, operation.ballot);
    if (operation.adopts && isNone(operation.newest.ballot)) return this.#settle(operation, 'absent');
    if (operation.kind === 'get' && !this.#rules.finishesReads) return this.#settleRead(operation);
    this.#ask(operation, this.#acceptsNeeded(operation), this.#all, nowMs);
  }

  // --- silence

  #retry(operation: Operation, nowMs: number): void {
    if (operation.phase === 'back-off') return this.#prepare(operation, nowMs);
    const { board } = this.#doors;
    // Who refused a ballot refuses it for ever, and who is silent may be down: only a fresh ballot ends that.
    if (operation.phase !== 'read' && board.votersOf(operation.slot, REFUSED) !== 0)
      return this.#backOff(operation, nowMs);
    const isQuestion = operation.phase === 'read' || operation.phase === 'prepare';
    const heard = isQuestion
      ? operation.answered
      : this.#validVoters(operation, board.votersOf(operation.slot, GRANTED)) | board.votersOf(operation.slot, REFUSED);
    if (operation.phase === 'read') {
      this.#watch.suspect(operation.asked & ~heard);
      const { generation } = operation;
      this.#evaluateRead(operation, true, nowMs);
      if (operation.phase !== 'read' || operation.generation !== generation) return;
      board.ask(operation.slot, this.#all);
      operation.asked = this.#all;
    }
    operation.patienceMs = Math.min(2 * operation.patienceMs, PATIENCE_MS_MAX);
    operation.retryAtMs = nowMs + operation.patienceMs;
    const silent = this.#rules.asksAgain ? this.#all & ~heard : 0;
    this.counters.framesResent += popcount(silent);
    this.#send(operation, silent);
  }

  #expire(operation: Operation): void {
    if (operation.kind === 'get') return this.#settle(operation, 'unavailable');
    this.#settle(operation, operation.hasLeft && this.#rules.admitsUnknown ? 'unknown' : 'unavailable');
  }

  #expireQueued(nowMs: number): void {
    const expired = this.#queue.take((operation) => {
      startClock(operation, nowMs);
      return nowMs >= operation.deadlineMs;
    });
    for (const operation of expired) this.#expire(operation);
  }

  #settleRead(operation: Operation): void {
    this.#settle(operation, operation.newest.valueBytes === NO_VALUE ? 'absent' : 'ok');
  }

  #settle(operation: Operation, outcome: Outcome): void {
    const { slot } = operation;
    if (slot >= 0) {
      this.#doors.board.close(slot);
      this.#slots[slot] = undefined;
      this.#freeSlots.push(slot);
      this.#open--;
      this.#reservedBytes -= operation.reservedBytes;
      operation.slot = -1;
    }
    operation.phase = 'settled';
    operation.outcome = outcome;
    this.#count(operation, outcome);
    this.#doors.settle(operation);
  }

  #count(operation: Operation, outcome: Outcome): void {
    const { counters } = this;
    if (outcome === 'unknown') counters.unknown++;
    else if (outcome === 'unavailable') counters.unavailable++;
    else if (operation.kind === 'get') {
      if (operation.isFast) counters.fastReads++;
      else counters.slowReads++;
    } else if (operation.isFast) counters.fastWrites++;
    else counters.slowWrites++;
  }
}

/** The deadline of an operation that has none yet: one look at the clock serves a whole batch. */
function startClock(operation: Operation, nowMs: number): void {
  if (operation.deadlineMs === Number.POSITIVE_INFINITY) operation.deadlineMs = nowMs + operation.timeoutMs;
}

/** Whether it backs off from a prepare of its own: its ballot is not the tag that it began with. */
function hasPrepared({ phase, ballot, first }: Operation): boolean {
  return phase === 'back-off' && compareBallots(ballot, first) !== 0;
}

// A coordinator as a reactor: it turns operations into frames and votes into outcomes. It knows no threads, timers or
// promises: time and chance are arguments, the doors are handed in, and `settle` tells the caller how an operation
// ended. Production, tests and simulator run the same code.
//
// The hot path is submit, flush, collect: one tag counter access and one frame a replica per batch, counting in the
// tally board, no allocation. Everything else (refusals, restarts, silence) is the slow path below it.
import { unreachable } from '../base/assert.ts';
import { lowestBits, popcount } from '../base/bits.ts';
import { PENDING_MAX } from '../base/limits.ts';
import { unitOf } from '../base/random.ts';
import type { Random } from '../base/random.ts';
import { compareBallots, copyBallot, isNone, mutableBallot } from '../protocol/ballot.ts';
import type { Ballot } from '../protocol/ballot.ts';
import { judgeRead } from '../protocol/read.ts';
import { RULES } from '../protocol/rules.ts';
import type { Rules } from '../protocol/rules.ts';
import { decideFinish } from '../protocol/write.ts';
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import { GRANTED, NO_MEMORY, REFUSED, unpackVote } from './environment.ts';
import type { Epochs, LargeLane, Link, TagCounter, VoteBoard } from './environment.ts';
import { Operation } from './operation.ts';
import type { Candidate, Outcome } from './operation.ts';
import {
  ACCEPT,
  BY_REFERENCE,
  NO_VALUE,
  PREPARE,
  PROMISE,
  READ,
  READ_REPLY,
  REPLY,
  REQUEST,
  copyWords,
  padded,
  readBallot,
  valueBytesInFrame,
  writeBallot,
} from './wire.ts';
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
/** A replica whose ring has been full for so long is passed over: it catches up from others, or by repair. */
const LAGGARD_MS = 25;
const BACKOFF_MS_MAX = 40;
/** A silent replica is given another chance after so long. */
const SUSPICION_MS = 250;
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
  readonly #pool: Operation[] = [];
  /** Operations that wait to be issued; `#queueHead` is the first, so that taking one moves nothing. */
  #queue: (Operation | undefined)[] = [];
  #queueHead = 0;
  /** Operations in their slots. */
  #open = 0;
  #reservedBytes = 0;
  #valueEstimate = REPLY_ESTIMATE_BYTES;
  /** Replicas that did not answer in time lately: asked last. */
  #suspects = 0;
  #suspectsReviewedMs = 0;
  readonly #fullSinceMs: Float64Array;
  /** Links that frames were committed to since the last flush ended. */
  #dirty = 0;
  /** Links whose lack of room holds the queue back. */
  #blocked = 0;
  readonly #tag = mutableBallot();
  readonly #seen = mutableBallot();

  constructor(doors: CoordinatorDoors, quorums: RegisterQuorums, rules: Rules = RULES) {
    this.#doors = doors;
    this.#quorums = quorums;
    this.#rules = rules;
    this.#all = lowestBits(quorums.replicas);
    this.#slots = Array.from({ length: doors.board.slots });
    for (let slot = doors.board.slots - 1; slot >= 0; slot--) this.#freeSlots.push(slot);
    this.#fullSinceMs = new Float64Array(quorums.replicas).fill(-1);
  }

  /** Operations that are queued or under way. */
  get pending(): number {
    return this.#open + this.#queue.length - this.#queueHead;
  }

  /** Operations that wait to be issued. */
  get queued(): number {
    return this.#queue.length - this.#queueHead;
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
    const blocked = this.#blocked;
    this.#blocked = 0;
    return blocked;
  }

  /** Handles a frame from a replica. */
  receive(replica: number, frame: FrameViews, start: number): void {
    const at = start >> 2;
    const { words } = frame;
    const kind = words[at + REPLY.KIND]!;
    if (kind !== READ_REPLY && kind !== PROMISE) return;
    const valueBytes = words[at + REPLY.VALUE_BYTES]!;
    const valueStart = start + REPLY.BYTES;
    const isReference = valueBytes === BY_REFERENCE;
    const large = isReference ? this.#doors.large[replica]!.take(words[valueStart >> 2]!) : undefined;
    if (isReference && large === undefined) return; // Its bytes are gone: as if the frame was lost.
    const operation = this.#slots[words[at + REPLY.SLOT]!];
    // Late.
    if (operation === undefined || operation.generation !== words[at + REPLY.GENERATION]) return large?.release();
    const bit = 1 << replica;
    const epoch = words[at + REPLY.EPOCH]!;
    if ((operation.answered & bit) !== 0) {
      if (epoch < operation.epochs[replica]!) return large?.release(); // From a predecessor of who has answered.
      if (epoch > operation.epochs[replica]!) withdraw(operation, bit); // The predecessor's vote died with it.
    }
    readBallot(words, at + REPLY.ACCEPTED, this.#seen);
    const candidate = candidateOf(operation, this.#seen);
    // Its value is here already, or not needed.
    if (candidate === undefined || candidate.holders !== 0) large?.release();
    if (candidate !== undefined) {
      if (candidate.holders === 0) {
        readBallot(words, at + REPLY.ROOT, candidate.root);
        candidate.valueBytes = valueBytes;
        candidate.large?.release(); // It is here still from a holder that has died.
        candidate.large = large;
        if (valueBytes > 0) {
          candidate.value.reserve(padded(valueBytes), 0);
          copyWords(frame, valueStart, candidate.value, 0, valueBytes);
          if (valueBytes > this.#valueEstimate) this.#valueEstimate = valueBytes;
        }
      }
      candidate.holders |= bit;
      if (words[at + REPLY.VOTED] === 1 || isNone(this.#seen)) candidate.agreeing |= bit;
    }
    if ((operation.answered & bit) === 0 || !this.#rules.countsVoterOnce) operation.answers++;
    operation.answered |= bit;
    operation.epochs[replica] = epoch;
    this.#suspects &= ~bit;
  }

  /** Looks at the questions that were decided since the last call. */
  collect(nowMs: number): void {
    const { board } = this.#doors;
    const groups = board.slots >>> 5;
    for (let group = 0; group < groups; group++) {
      let decided = board.takeDecided(group);
      while (decided !== 0) {
        const bit = decided & -decided;
        decided &= ~bit;
        const operation = this.#slots[(group << 5) + (31 - Math.clz32(bit))];
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
    this.#reviewLinks(nowMs);
  }

  /** The caller gives up waiting for an operation that is not settled. */
  cancel(operation: Operation): void {
    if (operation.phase === 'settled') return;
    if (operation.phase === 'queued') {
      this.#queue = this.#queue.slice(this.#queueHead).filter((each) => each !== operation);
      this.#queueHead = 0;
      this.#settle(operation, 'aborted');
      return;
    }
    this.#settle(operation, operation.hasLeft && operation.kind === 'put' ? 'unknown' : 'aborted');
  }

  /** Settles everything: writes that have left as unknown, the rest as `outcome`. */
  abandon(outcome: 'closed' | 'state-lost'): void {
    for (const operation of this.#slots) {
      if (operation !== undefined) this.#settle(operation, operation.kind === 'put' ? 'unknown' : outcome);
    }
    const queue = this.#queue.slice(this.#queueHead);
    this.#queue = [];
    this.#queueHead = 0;
    for (const operation of queue) if (operation !== undefined) this.#settle(operation, outcome);
  }

  // --- issuing

  #issueQueued(nowMs: number): void {
    const count = this.#issuable(nowMs);
    if (count === 0) return;
    let writes = 0;
    for (let index = 0; index < count; index++) {
      if (this.#queue[this.#queueHead + index]!.kind === 'put') writes++;
    }
    const tag = this.#tag;
    if (writes > 0) this.#doors.tags.take(writes, tag); // After every one of them was submitted, never ahead.
    const readers = this.#readersFor();
    for (let index = 0; index < count; index++) {
      const operation = this.#queue[this.#queueHead]!;
      this.#queue[this.#queueHead++] = undefined;
      this.#issue(operation, readers, nowMs);
      if (operation.kind === 'put') {
        tag.low = (tag.low + 1) | 0;
        if (tag.low === 0) tag.high = (tag.high + 1) | 0;
      }
    }
    if (this.#queueHead === this.#queue.length || this.#queueHead > 4096) {
      this.#queue = this.#queue.slice(this.#queueHead);
      this.#queueHead = 0;
    }
  }

  /**
   * How many of the queue may be issued now: slots, reply room, and room for all frames in every ring that keeps up.
   */
  #issuable(nowMs: number): number {
    const { links, replyRoomBytes } = this.#doors;
    const limit = Math.min(this.queued, this.#freeSlots.length);
    let reserved = this.#reservedBytes;
    let frameBytes = 0;
    let count = 0;
    for (; count < limit; count++) {
      const operation = this.#queue[this.#queueHead + count]!;
      reserved += this.#reserveFor(operation);
      if (reserved > replyRoomBytes && this.#open + count > 0) break;
      frameBytes += (this.#requestBytes(operation) + 15) & ~7;
      if (!this.#linksHaveRoom(links, frameBytes, nowMs)) break;
    }
    return count;
  }

  #linksHaveRoom(links: readonly Link[], frameBytes: number, nowMs: number): boolean {
    let hasRoom = true;
    for (let replica = 0; replica < links.length; replica++) {
      const link = links[replica]!;
      if (link.hasRoomFor(frameBytes)) {
        this.#fullSinceMs[replica] = -1;
        continue;
      }
      const since = this.#fullSinceMs[replica]!;
      if (since < 0) this.#fullSinceMs[replica] = nowMs;
      else if (nowMs - since > LAGGARD_MS) continue;
      if (!this.#doors.epochs.isOperational(replica)) continue;
      this.#blocked |= 1 << replica;
      hasRoom = false;
    }
    return hasRoom;
  }

  #requestBytes(operation: Operation): number {
    const value = operation.kind === 'put' ? valueBytesInFrame(operation.valueBytes) : 0;
    return REQUEST.BYTES + padded(operation.keyBytes) + value;
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
      const asked = wanted === this.#readerCount ? readers : this.#readers(wanted);
      this.#ask(operation, Math.max(operation.readNeeded, popcount(asked)), asked, nowMs);
    }
  }

  get #readerCount(): number {
    return Math.max(this.#quorums.read, this.#quorums.agreeing);
  }

  #readersFor(): number {
    return this.#readers(this.#readerCount);
  }

  /** Whom a read asks: live replicas first, then those that restarted least, since they have voted for more entries. */
  #readers(count: number): number {
    const { epochs } = this.#doors;
    let chosen = 0;
    for (let chosenCount = 0; chosenCount < count; chosenCount++) {
      let best = -1;
      let bestRank = Number.POSITIVE_INFINITY;
      for (let replica = 0; replica < this.#quorums.replicas; replica++) {
        const bit = 1 << replica;
        if ((chosen & bit) !== 0) continue;
        const isUp = epochs.isOperational(replica) && (this.#suspects & bit) === 0;
        const rank = epochs.epochOf(replica) + (isUp ? 0 : 0x4000_0000);
        if (rank < bestRank) {
          best = replica;
          bestRank = rank;
        }
      }
      chosen |= 1 << best;
    }
    return chosen;
  }

  /** Opens a question in the operation's slot and sends it. */
  #ask(operation: Operation, needed: number, asked: number, nowMs: number): void {
    const { board, epochs } = this.#doors;
    operation.asked = asked;
    operation.restarts = epochs.restarts(); // Before anything is sent.
    operation.generation = board.open(operation.slot, needed, asked, operation.restarts);
    operation.retryAtMs = nowMs + operation.patienceMs;
    this.#send(operation, asked);
  }

  #send(operation: Operation, replicas: number): void {
    const { links } = this.#doors;
    this.#writeHeader(operation);
    const isOwn = operation.phase === 'accept' || (operation.phase === 'finish' && !operation.adopts);
    for (let replica = 0; replica < links.length; replica++) {
      if (((replicas >>> replica) & 1) === 0) continue;
      const isSent = isOwn
        ? this.#sendOwn(operation, replica)
        : operation.phase === 'read' || operation.phase === 'prepare'
          ? this.#sendKey(operation, replica)
          : this.#sendNewest(operation, replica);
      if (!isSent) continue;
      this.#dirty |= 1 << replica;
      this.counters.framesSent++;
      operation.hasLeft = true;
    }
  }

  #writeHeader(operation: Operation): void {
    const { words } = operation.request;
    const { phase } = operation;
    words[REQUEST.KIND] = phase === 'read' ? READ : phase === 'prepare' ? PREPARE : ACCEPT;
    words[REQUEST.SLOT] = operation.slot;
    words[REQUEST.GENERATION] = operation.generation;
    writeBallot(words, REQUEST.BALLOT, operation.ballot);
    writeBallot(words, REQUEST.ROOT, operation.root);
  }

  #sendOwn(operation: Operation, replica: number): boolean {
    const link = this.#doors.links[replica]!;
    const { request, large } = operation;
    const keyEnd = REQUEST.BYTES + padded(operation.keyBytes);
    const byteLength = keyEnd + valueBytesInFrame(operation.valueBytes);
    const start = link.claim(byteLength);
    if (start < 0) return false;
    request.words[REQUEST.VALUE_BYTES] = operation.valueBytes;
    if (large !== undefined) {
      request.words[keyEnd >> 2] = this.#doors.large[replica]!.send(large);
      request.words[(keyEnd >> 2) + 1] = large.byteLength;
    }
    copyWords(request, 0, link, start, byteLength);
    link.commit();
    return true;
  }

  #sendKey(operation: Operation, replica: number): boolean {
    const link = this.#doors.links[replica]!;
    const byteLength = REQUEST.BYTES + padded(operation.keyBytes);
    const start = link.claim(byteLength);
    if (start < 0) return false;
    operation.request.words[REQUEST.VALUE_BYTES] = NO_VALUE;
    copyWords(operation.request, 0, link, start, byteLength);
    link.commit();
    return true;
  }

  #sendNewest(operation: Operation, replica: number): boolean {
    const link = this.#doors.links[replica]!;
    const { valueBytes, value, large } = operation.newest;
    const keyEnd = REQUEST.BYTES + padded(operation.keyBytes);
    const start = link.claim(keyEnd + valueBytesInFrame(valueBytes));
    if (start < 0) return false;
    operation.request.words[REQUEST.VALUE_BYTES] = valueBytes;
    copyWords(operation.request, 0, link, start, keyEnd);
    if (large !== undefined) {
      link.words[(start + keyEnd) >> 2] = this.#doors.large[replica]!.send(large);
      link.words[((start + keyEnd) >> 2) + 1] = large.byteLength;
    } else if (valueBytes > 0) {
      copyWords(value, 0, link, start + keyEnd, valueBytes);
    }
    link.commit();
    return true;
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
    const needed = this.#acceptsNeeded(operation);
    if (popcount(granted) >= needed) {
      if (operation.kind === 'put') return this.#settle(operation, 'ok');
      return this.#settle(operation, operation.newest.valueBytes === NO_VALUE ? 'absent' : 'ok');
    }
    const outOfMemory = board.votersOf(operation.slot, NO_MEMORY);
    const refused = board.votersOf(operation.slot, REFUSED) | outOfMemory;
    if (this.#quorums.replicas - popcount(refused) >= needed) return; // Still pending.
    if (this.#quorums.replicas - popcount(outOfMemory) < needed) {
      const hasAnyStored = operation.phase !== 'accept' || board.votersOf(operation.slot, GRANTED) !== 0;
      if (hasAnyStored) return this.#settle(operation, operation.kind === 'put' ? 'unknown' : 'unavailable');
      if ((refused & this.#awaited(operation)) === this.#awaited(operation)) this.#settle(operation, 'memory');
      return; // Until all have answered, one may still have stored it.
    }
    this.#readAgain(operation, nowMs);
  }

  /**
   * Acknowledgements that the phase under way needs. What others read too is made stable, whatever the write's level.
   */
  #acceptsNeeded({ kind, phase, writeNeeded }: Operation): number {
    const { write } = this.#quorums;
    if (kind === 'get') return write;
    return phase === 'write-back' ? Math.max(write, writeNeeded) : writeNeeded;
  }

  /**
   * Those of `voters`, who granted, whose epoch is still that of their replica: looked at now, after the last vote
   * arrived.
   */
  #validVoters(operation: Operation, voters: number): number {
    const { epochs, board } = this.#doors;
    if (!this.#rules.checksEpochs || epochs.restarts() === operation.restarts) return voters;
    let valid = 0;
    for (let replica = 0; replica < this.#quorums.replicas; replica++) {
      const bit = 1 << replica;
      if ((voters & bit) === 0) continue;
      const { vote, epoch } = unpackVote(board.voteOf(operation.slot, replica));
      if (vote === GRANTED && epoch === epochs.epochOf(replica)) valid |= bit;
    }
    return valid;
  }

  /** Forgets answers of replicas that have restarted since; the newest entry stays, since it was proposed. */
  #dropVoidAnswers(operation: Operation): void {
    const { epochs } = this.#doors;
    if (!this.#rules.checksEpochs || epochs.restarts() === operation.restarts) return;
    for (let replica = 0; replica < this.#quorums.replicas; replica++) {
      const bit = 1 << replica;
      if ((operation.answered & bit) === 0 || operation.epochs[replica] === epochs.epochOf(replica)) continue;
      operation.answered &= ~bit;
      withdraw(operation, bit);
      operation.answers--;
    }
  }

  #evaluateRead(operation: Operation, isOverdue: boolean, nowMs: number): void {
    this.#dropVoidAnswers(operation);
    const { newest, second, answered } = operation;
    const agree = this.#rules.readsStable ? operation.agreeNeeded : 0;
    const needs = { read: operation.readNeeded, agree };
    const isComplete = isOverdue || (answered & this.#awaited(operation)) === this.#awaited(operation);
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

  /** Whose answers are waited for: those asked that are up and answer in time. */
  #awaited(operation: Operation): number {
    let awaited = operation.asked & ~this.#suspects;
    for (let replica = 0; replica < this.#quorums.replicas; replica++) {
      if (!this.#doors.epochs.isOperational(replica)) awaited &= ~(1 << replica);
    }
    return awaited;
  }

  /** An entry is stable: a read returns it; a write has happened if the entry is its own or a later one. */
  #conclude(operation: Operation, stable: Candidate, nowMs: number): void {
    if (operation.kind === 'put') {
      const write = { first: operation.first, latest: operation.ballot };
      if (decideFinish(write, stable.root, this.#rules) === 'propose') return this.#prepare(operation, nowMs);
      operation.adopts = true;
      return this.#settle(operation, 'ok');
    }
    if (stable !== operation.newest) {
      operation.second = operation.newest;
      operation.newest = stable;
    }
    this.#settle(operation, stable.valueBytes === NO_VALUE ? 'absent' : 'ok');
  }

  /**
   * Writes the newest entry back at its own ballot. Where promises refuse that, an identity read-modify-write follows;
   * where newer entries do, reading again: a stream of blind writes overtakes two round trips for ever, but not one.
   */
  #stabilise(operation: Operation, nowMs: number): void {
    const { newest } = operation;
    operation.isFast = false;
    const isInVain = compareBallots(newest.ballot, operation.wroteBack) === 0;
    const write = { first: operation.first, latest: operation.ballot };
    const isOlder = operation.kind === 'put' && decideFinish(write, newest.root, this.#rules) === 'propose';
    if (isInVain || isOlder || isNone(newest.ballot)) return this.#prepare(operation, nowMs);
    operation.phase = 'write-back';
    operation.adopts = true;
    copyBallot(operation.wroteBack, newest.ballot);
    copyBallot(operation.ballot, newest.ballot);
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
    operation.phase = 'prepare';
    operation.clearAnswers();
    this.#doors.tags.take(1, operation.ballot);
    this.#ask(operation, this.#quorums.prepare, this.#all, nowMs);
  }

  #evaluatePrepare(operation: Operation, nowMs: number): void {
    this.#dropVoidAnswers(operation);
    if (operation.answers >= this.#quorums.prepare) return this.#finish(operation, nowMs);
    const { board } = this.#doors;
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
    copyBallot(operation.root, operation.adopts ? operation.newest.root : operation.ballot);
    if (operation.adopts && isNone(operation.newest.ballot)) return this.#settle(operation, 'absent');
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
      this.#suspects |= operation.asked & ~heard;
      const { generation } = operation;
      this.#evaluateRead(operation, true, nowMs);
      if (operation.phase !== 'read' || operation.generation !== generation) return;
      board.ask(operation.slot, this.#all);
      operation.asked = this.#all;
    }
    operation.patienceMs = Math.min(2 * operation.patienceMs, PATIENCE_MS_MAX);
    operation.retryAtMs = nowMs + operation.patienceMs;
    const silent = this.#all & ~heard;
    this.counters.framesResent += popcount(silent);
    this.#send(operation, silent);
  }

  #expire(operation: Operation): void {
    if (operation.kind === 'get') return this.#settle(operation, 'unavailable');
    this.#settle(operation, operation.hasLeft ? 'unknown' : 'unavailable');
  }

  #expireQueued(nowMs: number): void {
    const expired: Operation[] = [];
    const kept = this.#queue.slice(this.#queueHead).filter((operation) => {
      if (operation === undefined) return false;
      startClock(operation, nowMs);
      if (nowMs < operation.deadlineMs) return true;
      expired.push(operation);
      return false;
    });
    this.#queue = kept;
    this.#queueHead = 0;
    for (const operation of expired) this.#expire(operation);
  }

  #reviewLinks(nowMs: number): void {
    const { links } = this.#doors;
    if (nowMs - this.#suspectsReviewedMs > SUSPICION_MS) {
      this.#suspects = 0;
      this.#suspectsReviewedMs = nowMs;
    }
    for (let replica = 0; replica < links.length; replica++) {
      if (links[replica]!.hasRoomFor(1)) continue;
      this.#suspects |= 1 << replica;
    }
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

/** Where an answer with `ballot` counts: the newest entry so far, the second newest, or nowhere. */
function candidateOf(operation: Operation, ballot: Ballot): Candidate | undefined {
  const { newest, second } = operation;
  if (operation.answered === 0) return startCandidate(newest, ballot);
  const order = compareBallots(ballot, newest.ballot);
  if (order === 0) return newest;
  if (order > 0) {
    operation.second = newest;
    operation.newest = second;
    return startCandidate(second, ballot);
  }
  const below = compareBallots(ballot, second.ballot);
  if (below === 0) return second;
  return below > 0 ? startCandidate(second, ballot) : undefined;
}

function startCandidate(candidate: Candidate, ballot: Ballot): Candidate {
  candidate.clear();
  copyBallot(candidate.ballot, ballot);
  return candidate;
}

/** Takes back what a replica's answer counted for. */
function withdraw(operation: Operation, bit: number): void {
  for (const candidate of [operation.newest, operation.second]) {
    candidate.holders &= ~bit;
    candidate.agreeing &= ~bit;
  }
}

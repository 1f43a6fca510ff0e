// A coordinator as a reactor: it turns operations into frames and votes into outcomes. It knows no threads, timers or
// promises: time and chance are arguments, the doors are handed in, and `settle` tells the caller how an operation
// ended. Production, tests and simulator run the same code.
//
// The hot path is submit, flush, collect: one tag counter access and one frame a replica per batch, counting in the
// tally board, no allocation. Everything else (refusals, restarts, silence) is the slow path below it.
import { lowestBitIndex, popcount } from '../base/bits.ts';
import { PENDING_MAX, READ_REPAIRS_PER_FLUSH } from '../base/limits.ts';
import type { Random } from '../base/random.ts';
import { copyBallot, isNone, mutableBallot } from '../protocol/ballot.ts';
import type { Ballot, MutableBallot } from '../protocol/ballot.ts';
import { RULES } from '../protocol/rules.ts';
import type { Rules } from '../protocol/rules.ts';
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import type { Epochs, ErasedFloor, LargeLane, Link, TagCounter, VoteBoard } from './environment.ts';
import { noteAnswer } from './answers.ts';
import type { Answer } from './answers.ts';
import { Hedging, isFirstQuestion } from './hedging.ts';
import { InquiryQueue } from './inquiry-queue.ts';
import { OperationQueue } from './operation-queue.ts';
import { Operation } from './operation.ts';
import type { Computed, Outcome } from './operation.ts';
import type { Homes } from './electorate.ts';
import { LiveQuorums } from './live-quorums.ts';
import { PATIENCE_MS_MIN, Phases } from './phases.ts';
import { CountedTags } from './counted-tags.ts';
import { proposeNewest, replicasBehind } from './read-repair.ts';
import { ReplicaWatch } from './replica-watch.ts';
import { resize } from './resize.ts';
import { RequestSender, requestBytes } from './request-sender.ts';
import { BY_REFERENCE, INQUIRY_REPLY, PROMISE, READ_REPLY, REPLY } from './wire.ts';
import type { FrameViews } from './wire.ts';

/** What a coordinator touches of the world. Lists are by replica. */
export interface CoordinatorDoors {
  readonly links: readonly Link[];
  readonly large: readonly LargeLane[];
  readonly board: VoteBoard;
  readonly epochs: Epochs;
  readonly tags: TagCounter;
  readonly erased: ErasedFloor;
  readonly random: Random;
  /** The replica whose turn to be read is first; default 0. That of different clients should differ. */
  readonly firstReader?: number;
  /** Room for answers in each reply ring, in bytes. */
  readonly replyRoomBytes: number;
  /** The operation has ended: `operation.outcome` says how. The caller gives it back with `release`. */
  settle(operation: Operation): void;
  /** Whether reads send what they return to replicas that are behind; default no. */
  readonly repairsReads?: boolean;
  /** An accepted write had no room in the rings of some replicas, a mask; or they lack what a read has returned. */
  omit?(operation: Operation, replicas: number): void;
  /** A change asks for promises now. */
  begin(operation: Operation): void;
  /** Computes what a change writes from `operation.newest`, into `operation.request`; again where it was in vain. */
  compute(operation: Operation): Computed;
  /** A number that no other coordinator has, or had: changes are told apart by it. */
  readonly owner: number;
  /** Whether the change with this id, one of this coordinator, ended as unknown, and may be tried again. */
  isUndecided(id: Ballot): boolean;
}

/** Counters of a coordinator since it was made. */
export interface CoordinatorCounters {
  gets: number;
  puts: number;
  /** Rounds of changes: several changes of one key may share one. */
  changes: number;
  fastReads: number;
  slowReads: number;
  fastWrites: number;
  slowWrites: number;
  /** Rounds that used a promise of before, and took one round trip; and the others. */
  fastChanges: number;
  slowChanges: number;
  unknown: number;
  unavailable: number;
  /** Keys whose newest entry a repair has handed on to replicas that lacked it. */
  repairedKeys: number;
  /** Reads that sent what they returned to replicas that were behind. */
  readRepairs: number;
  framesSent: number;
  framesResent: number;
  /** Reads that were sent to further replicas because an answer was late. */
  hedges: number;
  /** Answers to questions that nobody asks any more, or never has. */
  answersDropped: number;
}

/** Reply bytes kept free for a read whose value size is not known yet. */
const REPLY_ESTIMATE_BYTES = 256;

/** One client thread's coordinator. */
export class Coordinator {
  readonly counters: CoordinatorCounters = {
    gets: 0,
    puts: 0,
    changes: 0,
    fastReads: 0,
    slowReads: 0,
    fastWrites: 0,
    slowWrites: 0,
    fastChanges: 0,
    slowChanges: 0,
    unknown: 0,
    unavailable: 0,
    repairedKeys: 0,
    readRepairs: 0,
    framesSent: 0,
    framesResent: 0,
    hedges: 0,
    answersDropped: 0,
  };
  readonly #doors: CoordinatorDoors;
  /** The configuration in force; and how often epochs and configurations had moved when it was looked at. */
  readonly #quorums: LiveQuorums;
  #restarts = -1;
  /** The counter of the doors, with a count of what this coordinator has taken. */
  readonly #tags: CountedTags;
  readonly #rules: Rules;
  readonly #slots: (Operation | undefined)[];
  readonly #freeSlots: number[] = [];
  /** Slots that were decided when last looked at, 32 to a word. */
  readonly #decided: Int32Array;
  readonly #pool: Operation[] = [];
  readonly #queue = new OperationQueue();
  readonly #inquiries: InquiryQueue;
  readonly #sender: RequestSender;
  readonly #watch: ReplicaWatch;
  readonly #hedging = new Hedging();
  readonly #phases: Phases;
  /** Operations in their slots, and slots that were ever in use. */
  #open = 0;
  #slotsUsed = 0;
  #reservedBytes = 0;
  #valueEstimate = REPLY_ESTIMATE_BYTES;
  /** Links that frames were committed to since the last flush ended. */
  #dirty = 0;
  /** Reads that were repaired since then. */
  #readRepairs = 0;
  readonly #tag = mutableBallot();
  /** Scratch, overwritten per answer, so that none is allocated. */
  readonly #answer: Answer;

  constructor(doors: CoordinatorDoors, quorums: RegisterQuorums, rules: Rules = RULES) {
    this.#doors = doors;
    this.#tags = new CountedTags(doors.tags);
    this.#rules = rules;
    this.#quorums = LiveQuorums.of(quorums, rules);
    this.#slots = Array.from({ length: doors.board.slots });
    this.#decided = new Int32Array(doors.board.slots >>> 5);
    for (let slot = doors.board.slots - 1; slot >= 0; slot--) this.#freeSlots.push(slot);
    this.#inquiries = new InquiryQueue(doors.links.length, doors.replyRoomBytes);
    this.#sender = new RequestSender(doors.links, doors.large);
    this.#answer = { replica: 0, frame: doors.links[0]!, start: 0, large: undefined };
    this.#watch = new ReplicaWatch(doors.links, doors.epochs, doors.firstReader);
    const desk = {
      counters: this.counters,
      ask: this.#ask.bind(this),
      send: this.#send.bind(this),
      settle: this.#settle.bind(this),
      heedConfiguration: this.#heedConfiguration.bind(this),
    };
    const ofPhases = { ...doors, tags: this.#tags, hedging: this.#hedging };
    this.#phases = new Phases(desk, ofPhases, this.#watch, this.#quorums, rules);
  }

  /** Which threads hold which keys, in the configuration in force. */
  get placement(): Homes {
    return this.#quorums.electorate;
  }

  /** Operations that are queued or under way. */
  get pending(): number {
    return this.#open + this.queued;
  }

  /** Operations that wait to be issued. */
  get queued(): number {
    return this.#queue.length + this.#inquiries.length;
  }

  /** Whether another operation may be submitted. */
  get hasRoom(): boolean {
    return this.pending < PENDING_MAX;
  }

  /** How many tags the other coordinators have taken: while it stays the same, none of them has begun to write. */
  get tagsOfOthers(): number {
    return this.#tags.ofOthers;
  }

  /** Takes a tag that nobody else has. */
  takeTag(tag: MutableBallot): void {
    this.#tags.take(1, tag);
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
    (operation.kind === 'inquiry' ? this.#inquiries : this.#queue).push(operation);
  }

  /**
   * Sends what is queued, as far as slots and rings have room.
   *
   * @returns the replicas that got frames, as a mask: publish their links and ring their doorbells.
   */
  flush(nowMs: number): number {
    if (this.#inquiries.length > 0) this.#issueInquiries(nowMs);
    this.#issueQueued(nowMs);
    const dirty = this.#dirty;
    this.#dirty = 0;
    this.#readRepairs = 0;
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
    if (kind !== READ_REPLY && kind !== PROMISE && kind !== INQUIRY_REPLY) return;
    const valueBytes = words[at + REPLY.VALUE_BYTES]!;
    const isReference = valueBytes === BY_REFERENCE;
    const reference = words[(start + REPLY.BYTES) >> 2]!;
    const large = isReference ? this.#doors.large[replica]!.take(reference) : undefined;
    if (isReference && large === undefined) return; // Its bytes are gone: as if the frame was lost.
    const operation = this.#slots[words[at + REPLY.SLOT]!];
    if (operation === undefined || this.#isLate(operation, words[at + REPLY.GENERATION]!)) {
      this.#watch.health.hearLate(replica);
      this.counters.answersDropped++;
      return large?.release();
    }
    const answer = this.#answer;
    answer.replica = replica;
    answer.frame = frame;
    answer.start = start;
    answer.large = large;
    if (!noteAnswer(operation, answer, this.#rules)) return;
    if (valueBytes > this.#valueEstimate && kind !== INQUIRY_REPLY) this.#valueEstimate = valueBytes;
    this.#watch.health.hear(replica);
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
        if (operation !== undefined) this.#phases.evaluate(operation, nowMs);
      }
    }
    if (nowMs >= this.#hedging.dueMs) this.#hedge(nowMs);
  }

  /** When to {@link collect} again though nothing may arrive: a read is late then. Infinite where none can be. */
  get hedgeDueMs(): number {
    return this.#hedging.dueMs;
  }

  /** Whether frames wait for {@link flush} that were made by what was collected. */
  get hasUnsent(): boolean {
    return this.#dirty !== 0;
  }

  /** Deadlines, and asking again where nobody answered. Call it every few milliseconds while operations are pending. */
  tick(nowMs: number): void {
    if (nowMs >= this.#hedging.dueMs) this.#hedge(nowMs);
    for (const operation of this.#slots) {
      if (operation === undefined || !this.#heedConfiguration(operation, nowMs)) continue;
      if (nowMs >= operation.retryAtMs) this.#phases.evaluate(operation, nowMs);
      if (operation.slot < 0) continue; // Evaluating settled it.
      if (nowMs >= operation.deadlineMs) this.#expire(operation);
      else if (nowMs >= operation.retryAtMs) this.#phases.retry(operation, nowMs);
    }
    if (this.queued > 0) this.#expireQueued(nowMs);
    this.#watch.review(nowMs);
  }

  /** The caller gives up waiting for an operation that is not settled. */
  cancel(operation: Operation): void {
    if (operation.phase === 'settled') return;
    if (operation.phase === 'queued') {
      // Where it is not, it was taken out with others that are being settled, and is about to be: not twice, since it
      // would then be given back twice, to two users.
      if (this.#takeQueued((each) => each === operation).length > 0) this.#settle(operation, 'aborted');
      return;
    }
    this.#settle(operation, mayHappen(operation) && this.#rules.admitsCancelled ? 'unknown' : 'aborted');
  }

  /** Settles everything: writes that have left as unknown, the rest as `outcome`. */
  abandon(outcome: 'closed' | 'state-lost'): void {
    for (const operation of this.#slots) {
      if (operation === undefined) continue;
      const isUnknown = operation.kind === 'put' || mayHappen(operation);
      this.#settle(operation, isUnknown ? 'unknown' : outcome);
    }
    for (const operation of this.#takeQueued(() => true)) this.#settle(operation, outcome);
  }

  // --- issuing

  #issueInquiries(nowMs: number): void {
    while (this.#freeSlots.length > 0) {
      const inquiry = this.#inquiries.next(this.#reservedBytes);
      if (inquiry === undefined || !this.#watch.hasRoomFor(frameBytesOf(inquiry), nowMs)) return;
      this.#inquiries.issue(inquiry);
      this.#issue(inquiry, nowMs);
    }
  }

  #issueQueued(nowMs: number): void {
    const count = this.#issuable(nowMs);
    if (count === 0) return;
    this.lookAtConfiguration();
    let writes = 0;
    for (let index = 0; index < count; index++) {
      if (takesTag(this.#queue.at(index))) writes++;
    }
    const tag = this.#tag;
    if (writes > 0) this.#tags.take(writes, tag); // After every one of them was submitted, never ahead.
    if (writes < count) this.#watch.refresh();
    for (let index = 0; index < count; index++) {
      const operation = this.#queue.shift();
      this.#issue(operation, nowMs);
      if (takesTag(operation) && this.#rules.spreadsTags) {
        tag.low = (tag.low + 1) | 0;
        if (tag.low === 0 && this.#rules.carriesTags) tag.high = (tag.high + 1) | 0;
      }
    }
    if (writes < count) this.#hedging.begin(nowMs);
  }

  /**
   * How many of the queue may be issued now: slots, reply room, and room for all frames in every ring that keeps up.
   */
  #issuable(nowMs: number): number {
    const limit = Math.min(this.#queue.length, this.#freeSlots.length);
    if (limit === 0) return 0;
    const replyRoomBytes = this.#doors.replyRoomBytes - this.#inquiries.roomBytes;
    let reserved = this.#reservedBytes;
    let frameBytes = 0;
    let count = 0;
    for (; count < limit; count++) {
      const operation = this.#queue.at(count);
      const needed = this.#reserveFor(operation);
      // One may always go, or what is longer than the room would wait for ever.
      if (needed > 0 && reserved > 0 && reserved + needed > replyRoomBytes) break;
      reserved += needed;
      frameBytes += frameBytesOf(operation);
      if (!this.#watch.hasRoomFor(frameBytes, nowMs)) break;
    }
    return count;
  }

  #reserveFor(operation: Operation): number {
    if (operation.kind === 'inquiry') return 0; // Its queue keeps room for it, in one ring.
    return operation.kind === 'put' ? 0 : REPLY.BYTES + 24 + Math.min(this.#valueEstimate, 8192);
  }

  #issue(operation: Operation, nowMs: number): void {
    const slot = this.#freeSlots.pop()!;
    operation.slot = slot;
    this.#slots[slot] = operation;
    this.#open++;
    if (slot >= this.#slotsUsed) this.#slotsUsed = slot + 1;
    operation.reservedBytes = this.#reserveFor(operation);
    this.#reservedBytes += operation.reservedBytes;
    operation.patienceMs = PATIENCE_MS_MIN;
    startClock(operation, nowMs);
    const homes = this.#homesOf(operation);
    operation.homes = homes;
    const { number } = this.#quorums.electorate;
    const isOutdated = operation.configuration !== number;
    operation.configuration = number;
    resize(operation, this.#quorums.electorate.sizes);
    if (operation.kind === 'change') {
      this.counters.changes++;
      if (isOutdated) operation.change!.isPromised = false; // Who promised it need not be who decides now.
      this.#phases.change(operation, this.#tag, nowMs);
    } else if (operation.kind === 'put') {
      this.counters.puts++;
      if (isNone(operation.first)) {
        copyBallot(operation.first, this.#tag);
        copyBallot(operation.ballot, this.#tag);
        copyBallot(operation.root, this.#tag);
        operation.phase = 'accept';
        this.#ask(operation, operation.writeNeeded, homes, nowMs);
      } else {
        this.#phases.readAgain(operation, nowMs); // A resolved operation keeps its first tag: it may have landed.
      }
    } else if (operation.kind === 'inquiry') {
      operation.phase = 'inquire';
      hasten(operation, nowMs);
      this.#ask(operation, 1, operation.asked, nowMs);
    } else if (operation.repairing !== undefined) {
      operation.phase = 'read';
      hasten(operation, nowMs);
      this.#ask(operation, operation.readNeeded, homes, nowMs);
    } else {
      this.counters.gets++;
      operation.phase = 'read';
      const wanted = Math.max(operation.readNeeded, operation.agreeNeeded);
      const asked = this.#readersOf(operation, wanted) | this.#watch.health.takeProbe(homes);
      this.#ask(operation, wanted, asked, nowMs);
      this.#hedging.framesAsked += wanted;
    }
  }

  #readersOf(operation: Operation, count: number): number {
    const { all } = this.placement;
    const among = this.#rules.asksHomes ? operation.homes : all;
    const { electorate } = this.#quorums;
    if (!electorate.isPlain && (!electorate.isSystem || count >= electorate.sizes.read)) {
      return this.#quorumOf(operation, among); // So many need not be a quorum.
    }
    const choice = this.#watch.readers(operation.agreeNeeded === 0);
    return choice.next(count, among, electorate.firstOf(operation.hash));
  }

  /** A smallest quorum where nothing changes, of a read that is content with one; else all. */
  #quorumOf({ readNeeded, agreeNeeded }: Operation, among: number): number {
    const { electorate } = this.#quorums;
    const { sizes, isSystem } = electorate;
    if (!isSystem || readNeeded > sizes.read || agreeNeeded > sizes.agreeing) return among;
    return this.#watch.readers(agreeNeeded === 0).nextOf(electorate.smallestReads, among);
  }

  // --- configurations

  #homesOf({ kind, hash }: Operation): number {
    const { electorate } = this.#quorums;
    return kind === 'inquiry' ? electorate.all : electorate.homesOf(hash);
  }

  /** Looks at the configuration in force, where anything has moved since the last look. */
  lookAtConfiguration(): void {
    const restarts = this.#doors.epochs.restarts(); // First: what moves after this is noticed by the next look.
    if (restarts === this.#restarts) return;
    this.#restarts = restarts;
    this.#quorums.refresh();
  }

  /** Whether the operation's configuration is still in force; where it is not, it begins again. */
  #heedConfiguration(operation: Operation, nowMs: number): boolean {
    this.lookAtConfiguration();
    const { number } = this.#quorums.electorate;
    if (operation.configuration === number || !this.#rules.voidsOldVotes) return true;
    operation.configuration = number;
    operation.homes = this.#homesOf(operation);
    resize(operation, this.#quorums.electorate.sizes);
    this.#phases.beginAgain(operation, nowMs);
    return false;
  }

  /** Sends reads to further replicas whose answers are late. */
  #hedge(nowMs: number): void {
    const hedging = this.#hedging;
    hedging.beginLook();
    for (let slot = 0; slot < this.#slotsUsed; slot++) {
      const operation = this.#slots[slot];
      if (operation === undefined || operation.asked === operation.homes || !isFirstQuestion(operation)) continue;
      if (hedging.isDue(operation, nowMs)) this.#phases.hedge(operation, nowMs);
    }
  }

  /** Opens a question in the operation's slot and sends it. */
  #ask(operation: Operation, needed: number, asked: number, nowMs: number): void {
    if (!this.#heedConfiguration(operation, nowMs)) return; // It asks something else now.
    operation.asked = asked;
    // The restart counter was noted before anything is sent.
    operation.generation = this.#doors.board.open(operation.slot, needed, asked, this.#restarts);
    operation.retryAtMs = nowMs + operation.patienceMs;
    this.#send(operation, asked);
  }

  #send(operation: Operation, replicas: number): void {
    const sent = this.#sender.send(operation, replicas);
    this.#dirty |= sent;
    if (sent !== replicas && isAccept(operation)) operation.missed |= replicas & ~sent;
    this.counters.framesSent += popcount(sent);
    if (sent !== 0) operation.hasLeft = true;
  }

  /** Whether an answer is to an earlier question than the one in its slot. */
  #isLate(operation: Operation, generation: number): boolean {
    return this.#rules.checksGenerations && operation.generation !== generation;
  }

  // --- settling

  #expire(operation: Operation): void {
    this.#settle(operation, mayHappen(operation) && this.#rules.admitsUnknown ? 'unknown' : 'unavailable');
  }

  #expireQueued(nowMs: number): void {
    const expired = this.#takeQueued((operation) => {
      startClock(operation, nowMs);
      return nowMs >= operation.deadlineMs;
    });
    for (const operation of expired) this.#expire(operation);
  }

  #takeQueued(isTaken: (operation: Operation) => boolean): Operation[] {
    return [...this.#queue.take(isTaken), ...this.#inquiries.take(isTaken)];
  }

  #settle(operation: Operation, outcome: Outcome): void {
    const { slot } = operation;
    if (slot >= 0) {
      if (operation.kind === 'inquiry') this.#inquiries.end(operation);
      if (outcome === 'ok' || outcome === 'absent') this.#handOn(operation, outcome);
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

  /** What is decided is made known to who is behind: at once, or, where there is no room, later. */
  #handOn(operation: Operation, outcome: Outcome): void {
    if (operation.kind === 'get') {
      if (operation.phase === 'read' && operation.repairing === undefined) this.#repairRead(operation);
    } else if (operation.missed !== 0 && outcome === 'ok' && this.#rules.keepsOmissions) {
      this.#doors.omit?.(operation, operation.missed);
    }
  }

  #repairRead(operation: Operation): void {
    const behind = replicasBehind(operation);
    if (behind === 0 || this.#doors.repairsReads !== true || this.#readRepairs >= READ_REPAIRS_PER_FLUSH) return;
    this.#readRepairs++;
    this.counters.readRepairs++;
    // Behind the barrier of a change of members nobody stores it at its own ballot: a repair proposes it anew.
    if (this.#quorums.electorate.bars(operation.newest.ballot)) return this.#doors.omit?.(operation, behind);
    proposeNewest(operation);
    this.#send(operation, this.#watch.awaited(behind));
  }

  #count(operation: Operation, outcome: Outcome): void {
    const { counters } = this;
    if (operation.kind === 'inquiry') return; // Whoever asks counts what it asks for.
    if (operation.repairing !== undefined) {
      if (!operation.isFast && (outcome === 'ok' || outcome === 'absent')) counters.repairedKeys++;
    } else if (outcome === 'unknown') counters.unknown++;
    else if (outcome === 'unavailable') counters.unavailable++;
    else if (operation.kind === 'get') {
      if (operation.isFast) counters.fastReads++;
      else counters.slowReads++;
    } else if (operation.kind === 'change') {
      if (operation.isFast) counters.fastChanges++;
      else counters.slowChanges++;
    } else if (operation.isFast) counters.fastWrites++;
    else counters.slowWrites++;
  }
}

/** Bytes of a ring that the frame takes which an operation is first sent in, at most. */
function frameBytesOf(operation: Operation): number {
  return (requestBytes(operation) + 15) & ~7;
}

/** Whether its question asks replicas to store something. */
function isAccept({ phase }: Operation): boolean {
  return phase === 'accept' || phase === 'finish' || phase === 'write-back';
}

/** Whether an operation is issued under a tag of its own. */
function takesTag({ kind }: Operation): boolean {
  return kind === 'put' || kind === 'change';
}

/** The deadline of an operation that has none yet: one look at the clock serves a whole batch. */
function startClock(operation: Operation, nowMs: number): void {
  if (operation.deadlineMs === Number.POSITIVE_INFINITY) operation.deadlineMs = nowMs + operation.timeoutMs;
}

/** The deadline of an operation that, now that it is issued, may take less time than it might have waited. */
function hasten(operation: Operation, nowMs: number): void {
  operation.deadlineMs = Math.min(operation.deadlineMs, nowMs + operation.onceIssuedMs);
}

/** Whether a write that ends undecided may have happened, or may happen later. */
function mayHappen({ kind, hasLeft, change }: Operation): boolean {
  return kind === 'put' ? hasLeft : change !== undefined && !isNone(change.floor);
}

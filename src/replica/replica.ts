// A replica as a reactor: frames in; frames, votes and its own registers out. It knows no threads, no clock and no
// chance, so production, tests and simulator run the same code.
//
// Within a batch, votes are collected and cast after the frames of the batch were published (see `castVotes`): when a
// coordinator sees a question decided, the answers that decided it are in its rings.
import { assert, unreachable } from '../base/assert.ts';
import { judgeAccept, judgePrepare, promise, promiseNext, store } from '../protocol/register.ts';
import { copyBallot, mutableBallot } from '../protocol/ballot.ts';
import { RULES } from '../protocol/rules.ts';
import type { Rules } from '../protocol/rules.ts';
import { GRANTED, NO_MEMORY, REFUSED } from './environment.ts';
import type { ErasedFloor, LargeLane, Link, Vote, VoteBox } from './environment.ts';
import { registerQuorums } from '../quorum/register-quorums.ts';
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import { InquiryDesk } from './inquiry-desk.ts';
import { KeyTable, bytesInFrame, writeValue } from './key-table.ts';
import type { Entry } from './key-table.ts';
import { LiveQuorums } from './live-quorums.ts';
import { CHUNK_ENTRIES, Recovery, writeEntries } from './recovery.ts';
import type { Peer, RecoveryPlan } from './recovery.ts';
import { TopicDesk } from './topic-desk.ts';
import type { TopicPlan } from './topic-desk.ts';
import {
  ACCEPT,
  BY_REFERENCE,
  CATCH_UP,
  CHUNK_END,
  CONFIGURATION_MASK,
  ENTRY,
  INQUIRE,
  KIND_BITS,
  KIND_MASK,
  NEXT_WORDS,
  NO_VALUE,
  PREPARE,
  PROMISE,
  READ,
  READ_REPLY,
  RECOVER,
  REPLY,
  REQUEST,
  TOPICS_ASK,
  padded,
  readBallot,
  valueBytesInFrame,
  writeBallot,
} from './wire.ts';
import type { FrameViews } from './wire.ts';

/** How a replica reaches one coordinator. */
export interface ClientDoors {
  readonly link: Link;
  readonly votes: VoteBox;
  readonly large: LargeLane;
}

/** A coordinator as its replica sees it: its doors, and the votes that wait for the end of the batch. */
export class ClientLane {
  readonly doors: ClientDoors;
  /** SLOT, GENERATION, vote; three words each. */
  #votes = new Int32Array(3 * 256);
  #count = 0;

  constructor(doors: ClientDoors) {
    this.doors = doors;
  }

  /** Keeps a vote for {@link castVotes}. */
  note(slot: number, generation: number, vote: Vote): void {
    if (this.#count === this.#votes.length) {
      const longer = new Int32Array(2 * this.#count);
      longer.set(this.#votes);
      this.#votes = longer;
    }
    this.#votes[this.#count++] = slot;
    this.#votes[this.#count++] = generation;
    this.#votes[this.#count++] = vote;
  }

  /** Casts the votes of the batch. @returns whether one of them decided a question: wake the coordinator. */
  castVotes(voter: number, epoch: number): boolean {
    const votes = this.#votes;
    let hasDecided = false;
    for (let at = 0; at < this.#count; at += 3) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only `note` writes these words
      const vote = votes[at + 2]! as Vote;
      if (this.doors.votes.vote(votes[at]!, votes[at + 1]!, voter, vote, epoch)) hasDecided = true;
    }
    this.#count = 0;
    return hasDecided;
  }
}

/** Positions of the table that one step looks at for keys that have moved away. */
const FORGET_STEP = 4096;

/** What a replica is made with. */
export interface ReplicaOptions {
  readonly index: number;
  /** This incarnation, from 1. */
  readonly epoch: number;
  /** Bytes of keys and values before new ones are refused. */
  readonly bytesMax: number;
  /** Who decides, and which keys are whose; needed where it recovers, else by default all hold every key. */
  readonly quorums?: RegisterQuorums;
  /** How it recovers; `undefined` for a first start, which begins empty and operational. */
  readonly recovery: RecoveryPlan | undefined;
  /** By replica; its own place is unused. */
  readonly peers: readonly (Peer | undefined)[];
  readonly rules?: Rules;
  /** Up to where deletions may have been erased; missing where none are. Its epoch has begun. */
  readonly erased?: Pick<ErasedFloor, 'read'>;
  /** What its voters judge, where the cluster has topics. */
  readonly topics?: TopicPlan | undefined;
  /** Entries of one answer to a recovering replica; default {@link CHUNK_ENTRIES}. */
  readonly chunkEntries?: number;
}

/** One incarnation of a replica. */
export class Replica {
  readonly index: number;
  readonly epoch: number;
  readonly table: KeyTable = new KeyTable();
  /** Its voters, where the cluster has topics. */
  readonly topics: TopicDesk | undefined;
  readonly #peers: readonly (Peer | undefined)[];
  readonly #bytesMax: number;
  readonly #rules: Rules;
  readonly #chunkEntries: number;
  readonly #quorums: LiveQuorums;
  readonly #inquiries: InquiryDesk;
  /** What every key that it does not know is promised to: it may have erased it. */
  readonly #floor = mutableBallot();
  readonly #erased: Pick<ErasedFloor, 'read'> | undefined;
  #recovery: Recovery | undefined;
  /** From which position on it looks for keys that it holds no longer; negative where it does not. */
  #forgetFrom = -1;
  /** Scratch, overwritten per frame. */
  readonly #ballot = mutableBallot();
  readonly #root = mutableBallot();

  constructor(options: ReplicaOptions) {
    this.index = options.index;
    this.epoch = options.epoch;
    this.#bytesMax = options.bytesMax;
    this.#peers = options.peers;
    this.#rules = options.rules ?? RULES;
    this.#chunkEntries = options.chunkEntries ?? CHUNK_ENTRIES;
    const { epoch, index, erased, topics, peers } = options;
    this.#quorums = LiveQuorums.of(options.quorums ?? aloneOf(peers.length), this.#rules);
    const { recovery } = options;
    const ofTopics = { index, epoch, peers, rules: this.#rules, quorums: this.#quorums };
    this.topics = topics && new TopicDesk({ ...topics, ...ofTopics, recovers: recovery !== undefined });
    const { table, topics: voters } = this;
    const holdings = { table, rules: this.#rules, quorums: this.#quorums, topics: voters, floor: this.#floor };
    this.#inquiries = new InquiryDesk(holdings, epoch);
    this.#erased = erased;
    if (this.#rules.recoversErased) erased?.read(this.#floor);
    const of = { epoch, index, table: this.table, peers, quorums: this.#quorums, rules: this.#rules };
    this.#recovery = recovery && new Recovery({ plan: recovery, ...of });
  }

  /** Whether it has its memory: until then it answers nothing. */
  get isOperational(): boolean {
    return this.#recovery === undefined;
  }

  /** Whether requests may be taken from the mailbox; until it has caught up they wait there. */
  get takesRequests(): boolean {
    return this.#recovery === undefined || !this.#rules.silentUntilCaughtUp;
  }

  /** Drives recovery: asks, and asks again where no answer came. `nowMs` is any monotonic clock. */
  tick(nowMs: number): void {
    this.topics?.tick(nowMs);
    if (this.#recovery === undefined) return;
    this.#recovery.tick(nowMs);
    this.#endRecoveryIfDone();
  }

  /** Handles a frame from a coordinator. */
  receive(lane: ClientLane, frame: FrameViews, start: number): void {
    assert(this.takesRequests, 'A replica answers only once it has caught up');
    const word = frame.words[(start >> 2) + REQUEST.KIND]!;
    if (!this.#isOfNow(word)) return dropRequest(lane, frame, start); // Its coordinator asks again, of whoever decides.
    switch (word & KIND_MASK) {
      case ACCEPT:
        return this.#accept(lane, frame, start);
      case READ:
        return this.#read(lane, frame, start);
      case PREPARE:
        return this.#prepare(lane, frame, start);
      case INQUIRE:
        return this.#inquiries.receive(lane, frame, start);
      default: // An unknown kind is of a version to come, or garbage: no vote, so the coordinator asks others.
        return;
    }
  }

  /** Handles a frame from another replica. */
  receiveFromPeer(peer: number, frame: FrameViews, start: number): void {
    const word = frame.words[(start >> 2) + CATCH_UP.KIND]!;
    const kind = word & KIND_MASK;
    switch (kind) {
      case RECOVER:
        if (!this.#isOfNow(word)) return;
        if (this.isOperational || !this.#rules.silentUntilCaughtUp) this.#answerRecovery(peer, frame.words, start >> 2);
        return;
      case ENTRY:
      case CHUNK_END:
        if (this.#recovery === undefined || !this.#isOfNow(word)) return this.#dropLateEntry(peer, frame.words, start);
        this.#recovery.receive(peer, frame, start);
        this.#endRecoveryIfDone();
        return;
      default:
        if (kind === TOPICS_ASK && !this.isOperational && this.#rules.silentUntilCaughtUp) return;
        this.topics?.receive(peer, frame, start);
        return this.#endRecoveryIfDone();
    }
  }

  /** The configuration that it goes by; it keeps no keys that are others' there. */
  get configuration(): number {
    const { number } = this.#quorums.electorate;
    return this.#forgetFrom < 0 ? number : number - 1;
  }

  /**
   * Looks which configuration is in force; nothing of another one is served from here on. To be called now and then,
   * and again while {@link configuration} is behind: keys that have moved away are forgotten in steps.
   */
  heedConfiguration(): void {
    if (this.#quorums.refresh()) {
      this.#recovery?.beginAgain();
      this.topics?.beginAgain();
      const { isStable, isWhole } = this.#quorums.electorate;
      this.#forgetFrom = isStable && !isWhole && this.#rules.forgetsMovedKeys ? 0 : -1;
    }
    if (this.#forgetFrom >= 0) this.#forgetMoved();
  }

  /** A key that moved away, and comes back, must not bring back what was erased meanwhile. */
  #forgetMoved(): void {
    const { table } = this;
    const end = Math.min(table.positions, this.#forgetFrom + FORGET_STEP);
    for (let position = this.#forgetFrom; position < end; position++) {
      const entry = table.at(position);
      if (entry !== undefined && !this.#quorums.electorate.keeps(this.index, entry.hash)) table.remove(entry);
    }
    this.#forgetFrom = end < table.positions ? end : -1;
  }

  /** Whether a frame was sent under the configuration that this replica goes by, or one that it has not seen yet. */
  #isOfNow(word: number): boolean {
    if (this.#isSentUnder(word) || !this.#rules.refusesOldFrames) return true;
    this.heedConfiguration();
    return this.#isSentUnder(word);
  }

  #isSentUnder(word: number): boolean {
    return word >>> KIND_BITS === (this.#quorums.electorate.number & CONFIGURATION_MASK);
  }

  /** Lets go of a large value that comes after the recovery has ended. */
  #dropLateEntry(peer: number, words: Int32Array, start: number): void {
    const at = start >> 2;
    if ((words[at + CATCH_UP.KIND]! & KIND_MASK) !== ENTRY || words[at + CATCH_UP.VALUE_BYTES] !== BY_REFERENCE) return;
    const valueStart = start + CATCH_UP.ENTRY_BYTES + padded(words[at + CATCH_UP.KEY_BYTES]!);
    this.#peers[peer]?.large.take(words[valueStart >> 2]!)?.release();
  }

  #endRecoveryIfDone(): void {
    if (this.#recovery?.isDone !== true || this.topics?.isCaughtUp === false) return;
    if (this.#rules.coversUnreported) {
      this.#erased?.read(this.#ballot); // After the last answer: it may have been raised meanwhile.
      this.#recovery.coverUnreported(this.#ballot);
      if (this.#rules.recoversErased) copyBallot(this.#floor, this.#ballot);
    }
    this.#recovery = undefined;
  }

  #accept(lane: ClientLane, frame: FrameViews, start: number): void {
    const { words } = frame;
    const at = start >> 2;
    const slot = words[at + REQUEST.SLOT]!;
    const generation = words[at + REQUEST.GENERATION]!;
    const valueBytes = words[at + REQUEST.VALUE_BYTES]!;
    const keyBytes = words[at + REQUEST.KEY_BYTES]!;
    const valueStart = start + REQUEST.BYTES + padded(keyBytes);
    const entry = this.#entryOf(frame, start);
    readBallot(words, at + REQUEST.BALLOT, this.#ballot);
    // The reference is taken whatever the verdict, so that the lane keeps nothing behind.
    const large = valueBytes === BY_REFERENCE ? lane.doors.large.take(words[valueStart >> 2]!) : undefined;
    if (entry === undefined) {
      large?.release();
      return lane.note(slot, generation, NO_MEMORY);
    }
    const verdict = judgeAccept(entry.register, this.#ballot, this.#rules);
    switch (verdict) {
      case 'repeat':
        large?.release();
        if (this.#rules.promisesNextAgain) this.#promiseNext(entry, frame, start);
        return lane.note(slot, generation, GRANTED);
      case 'refuse':
        large?.release();
        return lane.note(slot, generation, REFUSED);
      case 'store':
        if (!this.#quorums.electorate.bars(this.#ballot)) break;
        large?.release();
        return lane.note(slot, generation, REFUSED); // As if somebody else had prepared: it is proposed anew.
      default:
        return unreachable(verdict);
    }
    const addedBytes = large === undefined ? valueBytes : large.byteLength;
    if (this.table.bytes + addedBytes > this.#bytesMax) {
      large?.release();
      return lane.note(slot, generation, NO_MEMORY);
    }
    if (valueBytes === BY_REFERENCE) {
      if (large === undefined) return; // The bytes are gone: a lost message, which the coordinator sends again.
      this.table.setLarge(entry, large);
    } else {
      this.table.setValue(entry, frame, valueStart, valueBytes);
    }
    readBallot(words, at + REQUEST.ROOT, this.#root);
    store(entry.register, this.#ballot, this.#root);
    const tailWords = words[at + REQUEST.TAIL_WORDS]!;
    if (tailWords !== 0 || entry.lineage.length !== 0) {
      const lineageStart = (tailStart(words, start) >> 2) + NEXT_WORDS;
      this.table.setLineage(entry, words, lineageStart, Math.max(0, tailWords - NEXT_WORDS));
      this.#promiseNext(entry, frame, start);
    }
    if (this.#rules.notesStored) this.table.journal?.note(entry);
    lane.note(slot, generation, GRANTED);
  }

  /** Promises the ballot that a granted accept asks for, if it asks for one. */
  #promiseNext({ register }: Entry, { words }: FrameViews, start: number): void {
    if (words[(start >> 2) + REQUEST.TAIL_WORDS] === 0) return;
    readBallot(words, tailStart(words, start) >> 2, this.#ballot);
    promiseNext(register, this.#ballot);
  }

  #read(lane: ClientLane, frame: FrameViews, start: number): void {
    const at = start >> 2;
    const keyBytes = frame.words[at + REQUEST.KEY_BYTES]!;
    const entry = this.table.find(frame.words[at + REQUEST.HASH]!, frame, start + REQUEST.BYTES, keyBytes);
    this.#reply(lane, READ_REPLY, entry, frame.words, at);
  }

  #prepare(lane: ClientLane, frame: FrameViews, start: number): void {
    const at = start >> 2;
    const { words } = frame;
    const entry = this.#entryOf(frame, start);
    if (entry === undefined) return lane.note(words[at + REQUEST.SLOT]!, words[at + REQUEST.GENERATION]!, NO_MEMORY);
    readBallot(words, at + REQUEST.BALLOT, this.#ballot);
    if (judgePrepare(entry.register, this.#ballot, this.#rules) === 'refuse') {
      return lane.note(words[at + REQUEST.SLOT]!, words[at + REQUEST.GENERATION]!, REFUSED);
    }
    promise(entry.register, this.#ballot, this.#rules);
    this.#reply(lane, PROMISE, entry, words, at);
  }

  /** Reports an entry and grants. Without room for the report there is no vote either: the coordinator asks again. */
  #reply(lane: ClientLane, kind: number, entry: Entry | undefined, request: Int32Array, at: number): void {
    const { link, large } = lane.doors;
    const valueBytes = entry === undefined ? NO_VALUE : entry.valueBytes;
    const isReported = entry !== undefined && (valueBytes !== NO_VALUE || this.#rules.reportsTombstones);
    const start = link.claim(REPLY.BYTES + (isReported ? bytesInFrame(entry) : 0));
    if (start < 0) return;
    const reply = start >> 2;
    const { words } = link;
    words[reply + REPLY.KIND] = kind;
    words[reply + REPLY.SLOT] = request[at + REQUEST.SLOT]!;
    words[reply + REPLY.GENERATION] = request[at + REQUEST.GENERATION]!;
    words[reply + REPLY.EPOCH] = this.epoch;
    words[reply + REPLY.VALUE_BYTES] = valueBytes;
    if (!isReported) {
      words[reply + REPLY.VOTED] = 1;
      words.fill(0, reply + REPLY.ACCEPTED, reply + REPLY.TAIL_WORDS + 1);
    } else {
      words[reply + REPLY.TAIL_WORDS] = entry.lineage.length;
      words[reply + REPLY.VOTED] = entry.register.isVoted ? 1 : 0;
      writeBallot(words, reply + REPLY.ACCEPTED, entry.register.accepted);
      writeBallot(words, reply + REPLY.ROOT, entry.register.root);
      writeValue(entry, link, start + REPLY.BYTES, large);
    }
    link.commit();
    lane.note(request[at + REQUEST.SLOT]!, request[at + REQUEST.GENERATION]!, GRANTED);
  }

  #answerRecovery(peer: number, words: Int32Array, at: number): void {
    const doors = this.#peers[peer];
    if (doors === undefined || words[at + CATCH_UP.ANSWERER_EPOCH] !== this.epoch) return; // Asked of a predecessor.
    writeEntries(this.table, doors, {
      askerEpoch: words[at + CATCH_UP.EPOCH]!,
      answererEpoch: this.epoch,
      cursor: words[at + CATCH_UP.CURSOR]!,
      round: words[at + CATCH_UP.ROUND]!,
      entriesMax: this.#chunkEntries,
      asker: peer,
      electorate: this.#quorums.electorate,
    });
  }

  /** The entry of a request's key, made when it is missing; `undefined` when there is no memory for another. */
  #entryOf(frame: FrameViews, start: number): Entry | undefined {
    const at = start >> 2;
    const hash = frame.words[at + REQUEST.HASH]!;
    const keyBytes = frame.words[at + REQUEST.KEY_BYTES]!;
    const entry = this.table.find(hash, frame, start + REQUEST.BYTES, keyBytes);
    if (entry !== undefined) return entry;
    if (this.table.bytes + keyBytes > this.#bytesMax) return undefined;
    const added = this.table.add(hash, frame, start + REQUEST.BYTES, keyBytes);
    if (this.#rules.refusesErased) copyBallot(added.register.promised, this.#floor);
    return added;
  }
}

/** The sizes of a replica whose coordinators say what decides, and that never recovers. */
function aloneOf(peers: number): RegisterQuorums {
  return registerQuorums({ replicas: Math.max(1, peers) });
}

/** Lets go of the large value of a request that is not handled: nobody else takes it from its lane. */
function dropRequest({ doors }: ClientLane, { words }: FrameViews, start: number): void {
  const at = start >> 2;
  const kind = words[at + REQUEST.KIND]! & KIND_MASK;
  if (kind !== ACCEPT || words[at + REQUEST.VALUE_BYTES] !== BY_REFERENCE) return;
  const valueStart = start + REQUEST.BYTES + padded(words[at + REQUEST.KEY_BYTES]!);
  doors.large.take(words[valueStart >> 2]!)?.release();
}

/** Where the tail of a request starts, in bytes. */
function tailStart(words: Int32Array, start: number): number {
  const at = start >> 2;
  const valueStart = start + REQUEST.BYTES + padded(words[at + REQUEST.KEY_BYTES]!);
  return valueStart + padded(valueBytesInFrame(words[at + REQUEST.VALUE_BYTES]!));
}

// How a replica that lost its memory gets it back before it answers anything. Source: crash-consistent quorums,
// Michael, Ports, Sharma, Szekeres, "Recovering Shared Objects Without Stable Storage" (DISC 2017); DESIGN section 4,
// "Recovery". The old incarnation's exit was seen and the epoch bumped before this begins.
//
// It asks enough others for those of their registers that it is a home of, too, so that it hears M of the N - 1 other
// homes of each (`recoverFrom` of `RegisterQuorums`); in chunks, and merges the answers by maximum. An answer names the
// epochs of asker and answerer: one to an earlier incarnation, or pieced together from two of them, does not count.
// Nor does one of another configuration: where that changes, it begins again, and keeps what it has merged.
import { isNone, mutableBallot } from '../protocol/ballot.ts';
import type { Ballot } from '../protocol/ballot.ts';
import { mergeFloor, mergeReport } from '../protocol/register.ts';
import type { Rules } from '../protocol/rules.ts';
import type { Epochs, LargeLane, Link } from './environment.ts';
import type { Electorate } from './electorate.ts';
import type { LiveQuorums } from './live-quorums.ts';
import { bytesInFrame, writeValue } from './key-table.ts';
import type { Entry, KeyTable } from './key-table.ts';
import {
  BY_REFERENCE,
  CATCH_UP,
  CHUNK_END,
  ENTRY,
  KIND_BITS,
  KIND_MASK,
  NO_VALUE,
  RECOVER,
  padded,
  readBallot,
  valueBytesInFrame,
  writeBallot,
} from './wire.ts';
import type { FrameViews } from './wire.ts';

/** How a replica reaches another. */
export interface Peer {
  readonly link: Link;
  readonly large: LargeLane;
}

/** What recovery needs to know of the cluster. */
export interface RecoveryPlan {
  readonly epochs: Epochs;
}

/** What a recovery is made with. */
export interface RecoveryOptions {
  readonly plan: RecoveryPlan;
  readonly index: number;
  readonly epoch: number;
  readonly table: KeyTable;
  readonly peers: readonly (Peer | undefined)[];
  /** Who decides, and so who must answer. */
  readonly quorums: LiveQuorums;
  readonly rules: Rules;
}

/** Without an answer for so long, another replica is asked as well, and the silent one again. */
const PATIENCE_MS = 100;

/** One answer: some hundred microseconds of work for either side, so that requests do not wait long behind it. */
export const CHUNK_ENTRIES = 512;
const CHUNK_BYTES = 64 * 1024;

/** One answerer's scan. */
interface Scan {
  readonly answerer: number;
  answererEpoch: number;
  /** Entries received without a gap. */
  cursor: number;
  /** Counts what was asked: the end of an older answer asks nothing more, or repeated questions would multiply. */
  round: number;
  askedAtMs: number;
  /** Times that it answered whole: more than once counts only where a test takes a rule away. */
  answers: number;
}

/** The recovery of one incarnation. */
export class Recovery {
  readonly #options: RecoveryOptions;
  #scans: Scan[] = [];
  readonly #report = { promised: mutableBallot(), accepted: mutableBallot(), root: mutableBallot() };
  /** By the position of an entry: those that have reported it, as a mask. */
  #reporters = new Uint16Array(CHUNK_ENTRIES);
  #nowMs = 0;

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /** Whether enough others have answered whole. */
  get isDone(): boolean {
    const { index, quorums, rules } = this.#options;
    const { electorate } = quorums;
    if (!electorate.isPlain || rules.countsAnswererOnce) return electorate.mayRecover(index, this.#answered, rules);
    return this.#scans.reduce((sum, { answers }) => sum + answers, 0) >= electorate.sizes.recoverFrom;
  }

  /** Those that have answered whole, as a mask. */
  get #answered(): number {
    let answered = 0;
    for (const { answerer, answers } of this.#scans) if (answers > 0) answered |= 1 << answerer;
    return answered;
  }

  /** Another configuration is in force: others have to answer. */
  beginAgain(): void {
    this.#scans = [];
    this.#reporters.fill(0);
  }

  /**
   * It has ended: what one of those that answered did not report, that one may have erased.
   *
   * @param floor up to where deletions may have been erased, looked at after the last answer.
   */
  coverUnreported(floor: Ballot): void {
    if (isNone(floor)) return;
    const answered = this.#answered;
    const { table, quorums } = this.#options;
    for (const { position, hash, register } of table.entries()) {
      const homes = answered & quorums.electorate.homesOf(hash); // Nobody else has anything to report of it.
      if ((this.#reporters[position]! & homes) !== homes) mergeFloor(register, floor);
    }
  }

  /** Asks where an answer is missing. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    const overdue = this.#scans.filter((scan) => this.#isOverdue(scan));
    const active = this.#scans.length - overdue.length; // Counted first: who is asked again may stay silent.
    for (const scan of overdue) this.#restart(scan);
    for (let missing = this.#wanted - active; missing > 0; missing--) {
      const answerer = this.#nextAnswerer();
      if (answerer === undefined) return; // Too few are up: asked again at the next tick.
      const scan = { answerer, answererEpoch: 0, cursor: 0, round: 0, askedAtMs: nowMs, answers: 0 };
      this.#scans.push(scan);
      this.#restart(scan);
    }
  }

  /** How many others are asked at a time: as few as will do where any so many do, else all. */
  get #wanted(): number {
    const { peers, quorums, rules } = this.#options;
    const { electorate } = quorums;
    if (!electorate.isPlain) return peers.length;
    const { recoverFrom, threads, replicas } = electorate.sizes;
    return rules.hearsAllGroups ? recoverFrom : recoverFrom - (threads - replicas);
  }

  /** Handles an entry or the end of a chunk. Lost, repeated and reordered frames are asked for again. */
  receive(peer: number, frame: FrameViews, start: number): void {
    const { words } = frame;
    const at = start >> 2;
    const { epoch, rules } = this.#options;
    if (rules.answersNameEpoch && words[at + CATCH_UP.EPOCH] !== epoch) return; // An answer to a predecessor.
    const isEntry = (words[at + CATCH_UP.KIND]! & KIND_MASK) === ENTRY;
    const isMerged = isEntry && this.#merge(peer, frame, start);
    const scan = this.#scans.find((each) => each.answerer === peer);
    if (scan === undefined || (scan.answers > 0 && rules.countsAnswererOnce)) return;
    const answererEpoch = words[at + (isEntry ? CATCH_UP.ENTRY_ANSWERER_EPOCH : CATCH_UP.ANSWERER_EPOCH)];
    if (rules.answersNameEpoch && answererEpoch !== scan.answererEpoch) return;
    const cursor = words[at + CATCH_UP.CURSOR]!;
    const isNext = words[at + (isEntry ? CATCH_UP.ENTRY_FROM : CATCH_UP.CHUNK_FROM)] === scan.cursor;
    if (isEntry) {
      if (isMerged && isNext) scan.cursor = cursor;
    } else if (isEnd(words[at + CATCH_UP.IS_LAST]!, rules) && (isNext || !rules.noticesGaps)) {
      scan.answers++; // Of any round: else answers that always come after our patience would never end it.
    } else if (words[at + CATCH_UP.ROUND] === scan.round) {
      if (isNext) scan.cursor = cursor;
      this.#ask(scan);
    }
  }

  /** Merges an entry; `false` when its value is gone, so that it has to be asked for again. */
  #merge(peer: number, frame: FrameViews, start: number): boolean {
    const { words } = frame;
    const at = start >> 2;
    const { table, peers, rules } = this.#options;
    const keyBytes = words[at + CATCH_UP.KEY_BYTES]!;
    const valueBytes = words[at + CATCH_UP.VALUE_BYTES]!;
    const keyStart = start + CATCH_UP.ENTRY_BYTES;
    const valueStart = keyStart + padded(keyBytes);
    const large = valueBytes === BY_REFERENCE ? peers[peer]?.large.take(words[valueStart >> 2]!) : undefined;
    if (valueBytes === BY_REFERENCE && large === undefined) return false;
    if (valueBytes === NO_VALUE && !rules.adoptsTombstones) return true;
    const hash = words[at + CATCH_UP.HASH]!;
    const entry = table.find(hash, frame, keyStart, keyBytes) ?? table.add(hash, frame, keyStart, keyBytes);
    this.#noteReporter(entry, peer);
    const report = this.#report;
    readBallot(words, at + CATCH_UP.ACCEPTED, report.accepted);
    readBallot(words, at + CATCH_UP.ROOT, report.root);
    readBallot(words, at + CATCH_UP.PROMISED, report.promised);
    if (mergeReport(entry.register, report, rules)) {
      if (large === undefined) table.setValue(entry, frame, valueStart, valueBytes);
      else table.setLarge(entry, large);
      const tailStart = valueStart + padded(valueBytesInFrame(valueBytes));
      const tailWords = rules.recoversLineages ? words[at + CATCH_UP.TAIL_WORDS]! : 0;
      table.setLineage(entry, words, tailStart >> 2, tailWords);
    } else {
      large?.release();
    }
    if (this.#options.quorums.electorate.bars(entry.register.accepted)) entry.register.isVoted = false;
    return true;
  }

  #noteReporter({ position }: Entry, peer: number): void {
    if (position >= this.#reporters.length) {
      const longer = new Uint16Array(Math.max(position + 1, 2 * this.#reporters.length));
      longer.set(this.#reporters);
      this.#reporters = longer;
    }
    this.#reporters[position]! |= 1 << peer;
  }

  #isOverdue(scan: Scan): boolean {
    if (scan.answers > 0) return false;
    const { epochs } = this.#options.plan;
    const isSame = epochs.epochOf(scan.answerer) === scan.answererEpoch && epochs.isOperational(scan.answerer);
    return !isSame || this.#nowMs - scan.askedAtMs > PATIENCE_MS;
  }

  #restart(scan: Scan): void {
    const { plan, rules } = this.#options;
    const epoch = plan.epochs.epochOf(scan.answerer);
    if (epoch !== scan.answererEpoch && rules.scansEachIncarnation) scan.cursor = 0;
    scan.answererEpoch = epoch;
    this.#ask(scan);
  }

  #nextAnswerer(): number | undefined {
    const { peers, plan, quorums } = this.#options;
    const { all } = quorums.electorate;
    const isFree = (peer: Peer | undefined, replica: number): boolean =>
      peer !== undefined &&
      ((all >>> replica) & 1) === 1 &&
      plan.epochs.isOperational(replica) &&
      !this.#scans.some((scan) => scan.answerer === replica);
    const answerer = peers.findIndex(isFree);
    return answerer < 0 ? undefined : answerer;
  }

  #ask(scan: Scan): void {
    const link = this.#options.peers[scan.answerer]?.link;
    if (link === undefined) return;
    scan.askedAtMs = this.#nowMs;
    const start = link.claim(CATCH_UP.REQUEST_BYTES);
    if (start < 0) return; // Asked again at a later tick.
    const at = start >> 2;
    link.words[at + CATCH_UP.KIND] = stamped(RECOVER, this.#options.quorums.electorate);
    link.words[at + CATCH_UP.EPOCH] = this.#options.epoch;
    link.words[at + CATCH_UP.CURSOR] = scan.cursor;
    link.words[at + CATCH_UP.ANSWERER_EPOCH] = scan.answererEpoch;
    link.words[at + CATCH_UP.ROUND] = ++scan.round;
    link.commit();
  }
}

function isEnd(isLast: number, { awaitsLastChunk }: Rules): boolean {
  return isLast === 1 || !awaitsLastChunk;
}

/** The KIND word of a frame that is sent under a configuration. */
function stamped(kind: number, { number }: Electorate): number {
  return kind | (number << KIND_BITS);
}

/** A question of a recovering replica. */
export interface CatchUpQuestion {
  readonly askerEpoch: number;
  readonly answererEpoch: number;
  readonly cursor: number;
  readonly round: number;
  /** Most entries of the answer. */
  readonly entriesMax: number;
  readonly asker: number;
  readonly electorate: Electorate;
}

/** Answers with the next entries from `cursor` on, as many as fit, and the end of the chunk. */
export function writeEntries(table: KeyTable, peer: Peer, question: CatchUpQuestion): void {
  let cursor = question.cursor;
  let from = cursor;
  let bytes = 0;
  const limit = Math.min(table.positions, cursor + question.entriesMax);
  for (; cursor < limit && bytes < CHUNK_BYTES; cursor++) {
    const entry = table.at(cursor);
    if (entry === undefined || !question.electorate.keeps(question.asker, entry.hash)) continue;
    const written = writeEntry(entry, { from, cursor: cursor + 1 }, peer, question);
    if (written === 0) break;
    bytes += written;
    from = cursor + 1;
  }
  const start = peer.link.claim(CATCH_UP.CHUNK_END_BYTES);
  if (start < 0) return; // The asker asks again from its cursor; entries that it has twice merge to the same.
  const at = start >> 2;
  const { words } = peer.link;
  words[at + CATCH_UP.KIND] = stamped(CHUNK_END, question.electorate);
  words[at + CATCH_UP.EPOCH] = question.askerEpoch;
  words[at + CATCH_UP.CURSOR] = cursor;
  words[at + CATCH_UP.ANSWERER_EPOCH] = question.answererEpoch;
  words[at + CATCH_UP.ROUND] = question.round;
  words[at + CATCH_UP.IS_LAST] = cursor >= table.positions ? 1 : 0;
  words[at + CATCH_UP.CHUNK_FROM] = from;
  peer.link.commit();
}

/** From where to where an entry leads whoever goes through the table. */
interface Step {
  readonly from: number;
  readonly cursor: number;
}

function writeEntry(entry: Entry, step: Step, { link, large }: Peer, question: CatchUpQuestion): number {
  const bytes = CATCH_UP.ENTRY_BYTES + padded(entry.keyBytes) + bytesInFrame(entry);
  const start = link.claim(bytes);
  if (start < 0) return 0;
  const at = start >> 2;
  const { words } = link;
  words[at + CATCH_UP.KIND] = stamped(ENTRY, question.electorate);
  words[at + CATCH_UP.EPOCH] = question.askerEpoch;
  words[at + CATCH_UP.CURSOR] = step.cursor;
  words[at + CATCH_UP.ENTRY_FROM] = step.from;
  words[at + CATCH_UP.HASH] = entry.hash;
  words[at + CATCH_UP.KEY_BYTES] = entry.keyBytes;
  words[at + CATCH_UP.VALUE_BYTES] = entry.valueBytes;
  words[at + CATCH_UP.TAIL_WORDS] = entry.lineage.length;
  writeBallot(words, at + CATCH_UP.ACCEPTED, entry.register.accepted);
  writeBallot(words, at + CATCH_UP.ROOT, entry.register.root);
  writeBallot(words, at + CATCH_UP.PROMISED, entry.register.promised);
  words[at + CATCH_UP.ENTRY_ANSWERER_EPOCH] = question.answererEpoch;
  const keyStart = start + CATCH_UP.ENTRY_BYTES;
  words.set(entry.key, keyStart >> 2);
  writeValue(entry, link, keyStart + padded(entry.keyBytes), large);
  link.commit();
  return bytes;
}

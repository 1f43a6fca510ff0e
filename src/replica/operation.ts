// One operation of a coordinator, from submission to outcome. Operations are pooled with their buffers, so that a put
// or get in the steady state allocates none.
import { assert } from '../base/assert.ts';
import { copyBallot, mutableBallot } from '../protocol/ballot.ts';
import type { MutableBallot } from '../protocol/ballot.ts';
import { copyLineage, emptyLineage } from '../protocol/lineage.ts';
import type { Lineage } from '../protocol/lineage.ts';
import { REPLICAS_MAX } from '../base/limits.ts';
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import type { OperationOptions } from '../store/store.ts';
import type { LargeValue } from './environment.ts';
import type { RepairFields } from './repair-aim.ts';
import { NO_VALUE, REQUEST, copyWords, padded } from './wire.ts';
import type { FrameViews } from './wire.ts';

/** What {@link Operation.heldSince} is where the version cannot be lost. */
export const HELD = -1;
/** What it is where nobody knows: then it may be lost. */
export const PERHAPS_LOST = -2;

/**
 * What the caller asked for. A change reads and writes: what it writes is computed from what it finds, and may be
 * nothing. An inquiry asks one replica, and is about no register: see inquiry.ts.
 */
export type OperationKind = 'get' | 'put' | 'change' | 'inquiry';

/**
 * Where an operation stands: queued; asking replicas to accept its blind write, to read, to promise, to accept what
 * the promises decided, to take over the newest entry at its own ballot; asking one replica; waiting before it prepares
 * again, or, where a session has seen something newer, before it reads again; settled.
 */
export type Phase =
  | 'queued'
  | 'accept'
  | 'read'
  | 'prepare'
  | 'finish'
  | 'write-back'
  | 'inquire'
  | 'back-off'
  | 'pause'
  | 'settled';

/**
 * How it ended. `kept`: a change has left the value as it was; `lost`: nobody will ever know whether a change happened;
 * `memory`: too few replicas have memory left for it.
 */
export type Outcome =
  | 'ok'
  | 'absent'
  | 'kept'
  | 'unknown'
  | 'lost'
  | 'unavailable'
  | 'memory'
  | 'aborted'
  | 'closed'
  | 'state-lost';

/**
 * What a change makes of the newest value: another one; nothing; or nothing, provided that the value is still the
 * newest when somebody looks again.
 */
export type Computed = 'propose' | 'keep' | 'confirm';

/** A private buffer with both views, which grows and is kept. */
export class FrameBuffer implements FrameViews {
  words: Int32Array;
  bytes: Uint8Array;

  constructor(byteLength: number) {
    this.words = new Int32Array(byteLength >> 2);
    this.bytes = new Uint8Array(this.words.buffer);
  }

  /** Makes room for `byteLength`, keeping the first `kept` bytes. */
  reserve(byteLength: number, kept: number): void {
    if (byteLength <= this.bytes.length) return;
    const { bytes } = this;
    this.words = new Int32Array(Math.max(byteLength + 7, 2 * bytes.length) >> 2);
    this.bytes = new Uint8Array(this.words.buffer);
    this.bytes.set(bytes.subarray(0, kept));
  }
}

/** An entry among the answers to a read or prepare, and who holds it. */
export class Candidate {
  readonly ballot: MutableBallot = mutableBallot();
  readonly root: MutableBallot = mutableBallot();
  /** Its value: the VALUE_BYTES word, and the bytes or the large value. */
  valueBytes: number = NO_VALUE;
  readonly value: FrameBuffer = new FrameBuffer(128);
  large: LargeValue | undefined = undefined;
  readonly lineage: Lineage = emptyLineage();
  /** Replicas that answered with it, and those of them that voted for it, as masks. */
  holders = 0;
  agreeing = 0;

  clear(): void {
    this.ballot.high = this.ballot.low = this.root.high = this.root.low = 0;
    this.valueBytes = NO_VALUE;
    this.large?.release();
    this.large = undefined;
    this.lineage.length = 0;
    this.holders = this.agreeing = 0;
  }
}

/** What a change has besides the fields of a blind write. */
export class ChangeFields {
  /** Lowest ballot at which an accept of it was sent; none while it has proposed nothing. */
  readonly floor: MutableBallot = mutableBallot();
  /** The ballot that its accepts ask to be promised, for the next change of the key; none where it asks for none. */
  readonly next: MutableBallot = mutableBallot();
  /** Ballot under which its value was proposed, or, where an earlier try landed, was applied by that. */
  readonly applied: MutableBallot = mutableBallot();
  /** Lineage of the value that it proposes. */
  readonly lineage: Lineage = emptyLineage();
  /** Tags that other coordinators had taken when it asked for that; see `CountedTags`. */
  tagsOfOthers = 0;
  /** Whether `ballot` was promised to its coordinator by the change before, which left its value in `newest`. */
  isPromised = false;
  /** Whether an earlier try of it has happened. */
  hasLanded = false;

  clear(): void {
    this.floor.high = this.floor.low = this.next.high = this.next.low = 0;
    this.applied.high = this.applied.low = 0;
    this.lineage.length = 0;
    this.isPromised = this.hasLanded = false;
  }
}

/** One operation. The coordinator owns all fields but `context` and `onceIssuedMs`, which are the caller's. */
export class Operation {
  kind: OperationKind = 'get';
  phase: Phase = 'queued';
  outcome: Outcome = 'ok';
  /** The caller's: what to settle, or an `InnerCall`. */
  context: unknown = undefined;
  /** The request: header, key, own value. */
  readonly request: FrameBuffer = new FrameBuffer(REQUEST.BYTES + 216);
  keyBytes = 0;
  /** Own value: its VALUE_BYTES word, and the value itself where it is large. */
  valueBytes: number = NO_VALUE;
  large: LargeValue | undefined = undefined;
  /** First tag: the identity of a write. */
  readonly first: MutableBallot = mutableBallot();
  /** Ballot of the phase under way. */
  readonly ballot: MutableBallot = mutableBallot();
  /** Root of the value that the phase proposes. */
  readonly root: MutableBallot = mutableBallot();
  /** Slot of the tally board, -1 when none; and the generation of the question in it. */
  slot = -1;
  generation = 0;
  /** What the level asks for: acknowledgements of a write, answers of a read, and the agreeing set. */
  writeNeeded = 0;
  readNeeded = 0;
  agreeNeeded = 0;
  /** The level; `undefined` for a quorum. Whether it is for all replicas, whatever its level. */
  level: OperationOptions['level'] = undefined;
  asksAll = false;
  /** Number of the configuration under which it asks; answers and votes count under no other. */
  configuration = 0;
  /** The sizes by which its level was understood; `undefined` where it names none. */
  sizes: RegisterQuorums | undefined = undefined;
  /** Threads that hold its key, as a mask; all of them in an inquiry, which is about none. */
  homes = 0;
  /** Replicas asked and heard, as masks. */
  asked = 0;
  answered = 0;
  /** Answers counted; differs from the mask only where a test takes the rule away. */
  answers = 0;
  /** Epoch of each answer, by replica. */
  readonly epochs: Int32Array = new Int32Array(REPLICAS_MAX);
  /** The newest entry among the answers, and the one before it. */
  newest: Candidate = new Candidate();
  second: Candidate = new Candidate();
  /** Ballot at which the own value was last proposed after a prepare; none before. */
  readonly proposed: MutableBallot = mutableBallot();
  /** What a change needs besides; made when the operation is first used for one. */
  change: ChangeFields | undefined = undefined;
  /** What the repair of a key needs besides; kept for the next one, whose `targets` say that it is one. */
  repair: RepairFields | undefined = undefined;
  /** Version that a read of a session must not return less than; none where it may return any. */
  readonly notBefore: MutableBallot = mutableBallot();
  /** How often replicas had restarted when one of them held that version; {@link HELD} where it cannot be lost. */
  heldSince: number = HELD;
  /** Whether its context is the call of a session. */
  isOfSession = false;
  /** Whether a value that has expired is none to it; else it wants to know what replicas hold. */
  heedsExpiry = false;
  /** Ballot that was last written back in vain. */
  readonly wroteBack: MutableBallot = mutableBallot();
  /** Whether the phase proposes the newest entry's value instead of the own one. */
  adopts = false;
  /** Replicas whose rings had no room for an accept of it, as a mask. */
  missed = 0;
  /** Whether any frame of a write has left. */
  hasLeft = false;
  /** Whether the first round trip decided it. */
  isFast = true;
  attempts = 0;
  timeoutMs = 0;
  /** How long an inquiry, or the repair of a key, may take once issued: a wait before that is no replica's fault. */
  onceIssuedMs: number = Number.POSITIVE_INFINITY;
  /** Infinite until the operation is first looked at. */
  deadlineMs: number = Number.POSITIVE_INFINITY;
  retryAtMs = 0;
  patienceMs = 0;
  /** Who was late when a read was hedged, as a mask, 0 where it was not; and when that was. */
  late = 0;
  hedgedAtMs = 0;
  /** Bytes kept free in every reply ring for its answers. */
  reservedBytes = 0;

  /** Hash of its key. */
  get hash(): number {
    return this.request.words[REQUEST.HASH]!;
  }

  /** The fields of a repair; `undefined` for any other operation. */
  get repairing(): RepairFields | undefined {
    return this.repair === undefined || this.repair.targets === 0 ? undefined : this.repair;
  }

  /** Forgets answers of an earlier question. */
  clearAnswers(): void {
    this.answered = this.answers = 0;
    this.newest.clear();
    this.second.clear();
  }

  /**
   * Makes a change ready for the next one of its key: its coordinator was promised the next ballot, and knows the
   * newest entry.
   */
  renew(): void {
    const { newest, change } = this;
    assert(change !== undefined, 'Only a change leaves a promise behind');
    if (!this.adopts) this.#moveValue();
    copyBallot(newest.ballot, this.ballot);
    copyBallot(newest.root, this.root);
    newest.holders = newest.agreeing = 0;
    copyBallot(this.ballot, change.next);
    this.second.clear();
    this.#restart();
    change.isPromised = true;
  }

  /** Makes a read that has ended ready to be submitted again; what was asked, and until when, stays. */
  renewRead(): void {
    this.clearAnswers();
    this.adopts = false;
    this.wroteBack.high = this.wroteBack.low = 0;
    this.attempts = this.asked = 0;
  }

  /** Makes it ready to be used again. */
  reset(): void {
    this.clearAnswers();
    this.#restart();
  }

  /** Makes the own value, which was accepted, the newest one. */
  #moveValue(): void {
    const { newest, request, valueBytes, large } = this;
    newest.clear();
    newest.valueBytes = valueBytes;
    newest.large = large;
    this.large = undefined;
    if (valueBytes > 0) {
      newest.value.reserve(padded(valueBytes), 0);
      copyWords(request, REQUEST.BYTES + padded(this.keyBytes), newest.value, 0, valueBytes);
    }
    copyLineage(this.change!.lineage, newest.lineage);
  }

  #restart(): void {
    this.answered = this.answers = 0;
    this.phase = 'queued';
    this.outcome = 'ok';
    this.context = undefined;
    this.large?.release();
    this.large = undefined;
    this.valueBytes = NO_VALUE;
    this.slot = -1;
    this.onceIssuedMs = Number.POSITIVE_INFINITY;
    this.sizes = this.level = undefined;
    this.asksAll = false;
    this.deadlineMs = Number.POSITIVE_INFINITY;
    this.first.high = this.first.low = this.wroteBack.high = this.wroteBack.low = 0;
    this.proposed.high = this.proposed.low = this.notBefore.high = this.notBefore.low = 0;
    this.heldSince = HELD;
    this.change?.clear();
    this.repair?.clear();
    this.adopts = this.hasLeft = this.isOfSession = this.heedsExpiry = false;
    this.isFast = true;
    this.attempts = this.asked = this.missed = this.reservedBytes = this.late = 0;
  }
}

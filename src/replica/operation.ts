// One operation of a coordinator, from submission to outcome. Operations are pooled with their buffers, so that a put
// or get in the steady state allocates none.
import { mutableBallot } from '../protocol/ballot.ts';
import type { MutableBallot } from '../protocol/ballot.ts';
import { REPLICAS_MAX } from '../base/limits.ts';
import type { LargeValue } from './environment.ts';
import { NO_VALUE, REQUEST } from './wire.ts';
import type { FrameViews } from './wire.ts';

/** What the caller asked for. */
export type OperationKind = 'get' | 'put';

/**
 * Where an operation stands: queued; asking replicas to accept its blind write, to read, to promise, to accept what
 * the promises decided, to take over the newest entry at its own ballot; waiting before it prepares again; settled.
 */
export type Phase = 'queued' | 'accept' | 'read' | 'prepare' | 'finish' | 'write-back' | 'back-off' | 'settled';

/** How it ended. `memory`: too few replicas have memory left for it. */
export type Outcome = 'ok' | 'absent' | 'unknown' | 'unavailable' | 'memory' | 'aborted' | 'closed' | 'state-lost';

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
  /** Replicas that answered with it, and those of them that voted for it, as masks. */
  holders = 0;
  agreeing = 0;

  clear(): void {
    this.ballot.high = this.ballot.low = this.root.high = this.root.low = 0;
    this.valueBytes = NO_VALUE;
    this.large?.release();
    this.large = undefined;
    this.holders = this.agreeing = 0;
  }
}

/** One operation. The coordinator owns all fields but `context`, which is the caller's. */
export class Operation {
  kind: OperationKind = 'get';
  phase: Phase = 'queued';
  outcome: Outcome = 'ok';
  /** The caller's: what to settle. */
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
  /** Ballot that was last written back in vain. */
  readonly wroteBack: MutableBallot = mutableBallot();
  /** Whether the phase proposes the newest entry's value instead of the own one. */
  adopts = false;
  /** Whether any frame of a write has left. */
  hasLeft = false;
  /** Whether the first round trip decided it. */
  isFast = true;
  attempts = 0;
  timeoutMs = 0;
  /** Infinite until the operation is first looked at. */
  deadlineMs: number = Number.POSITIVE_INFINITY;
  retryAtMs = 0;
  patienceMs = 0;
  /** Bytes kept free in every reply ring for its answers. */
  reservedBytes = 0;

  /** Forgets answers of an earlier question. */
  clearAnswers(): void {
    this.answered = this.answers = 0;
    this.newest.clear();
    this.second.clear();
  }

  /** Makes it ready to be used again. */
  reset(): void {
    this.clearAnswers();
    this.phase = 'queued';
    this.outcome = 'ok';
    this.context = undefined;
    this.large?.release();
    this.large = undefined;
    this.valueBytes = NO_VALUE;
    this.slot = -1;
    this.deadlineMs = Number.POSITIVE_INFINITY;
    this.first.high = this.first.low = this.wroteBack.high = this.wroteBack.low = 0;
    this.proposed.high = this.proposed.low = 0;
    this.adopts = this.hasLeft = false;
    this.isFast = true;
    this.attempts = this.asked = this.reservedBytes = 0;
  }
}

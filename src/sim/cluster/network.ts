// The network of a simulated cluster: frames go through the production encoders into links, chance decides how long
// they take, faults hold or lose them. Between live threads of one process nothing is lost and a link keeps its order;
// a plan says whether that holds, since the protocol promises to survive much worse.
//
// A replica's answer is one message, its frame and its vote together: production publishes a frame before it casts the
// vote, so that nobody ever sees a vote whose frame is missing.
import { NO_MEMORY } from '../../replica/environment.ts';
import type { Vote } from '../../replica/environment.ts';
import type { Engine } from '../engine/engine.ts';
import type { Fates } from './fates.ts';
import { describeMessage, messageKindOf } from './frame-text.ts';
import type { Frame, FramePool, FrameSink } from './frames.ts';
import type { Message } from './message.ts';
import type { MessageKind } from './plan.ts';

/** Nodes that a network has room for: a link's number is `from * 32 + to`. */
export const NODES_MAX = 32;

/** Who takes messages. */
export interface Receiver {
  /** A message has arrived. The receiver gives it back with {@link SimNetwork.release} once it is read. */
  deliver(message: Message): void;
}

interface Hold {
  readonly from: number;
  readonly to: number;
  readonly messages: MessageKind | undefined;
}

/** All links of one cluster. */
export class SimNetwork implements FrameSink {
  readonly pool: FramePool;
  readonly #engine: Engine;
  readonly #fates: Fates;
  readonly #isOrdered: boolean;
  #ringBytes: number;
  readonly #receivers: (Receiver | undefined)[] = [];
  readonly #positions = new Int32Array(NODES_MAX * NODES_MAX);
  readonly #lastUs = new Float64Array(NODES_MAX * NODES_MAX);
  readonly #bytes = new Int32Array(NODES_MAX * NODES_MAX);
  readonly #cuts = new Set<Hold>();
  readonly #clogs = new Set<Hold>();
  #clogged: Message[] = [];
  /** By node: the number of the last message to or from it that is gone; missing where none is. */
  readonly #gone = new Map<number, number>();
  /** Messages that were sent. */
  sent = 0;
  /** Requests that found no memory at their replica. */
  refused = 0;
  /** Votes of the answer that a replica is giving: its frame waits here for its vote. */
  #answering: Frame | undefined;
  #isAnswering = false;

  constructor(
    engine: Engine,
    fates: Fates,
    options: { readonly isOrdered: boolean; readonly ringBytes: number; readonly pool: FramePool },
  ) {
    this.#engine = engine;
    this.#fates = fates;
    this.#isOrdered = options.isOrdered;
    this.#ringBytes = options.ringBytes;
    this.pool = options.pool;
  }

  /** From here on each link holds at least so much. */
  widen(ringBytes: number): void {
    this.#ringBytes = Math.max(this.#ringBytes, ringBytes);
  }

  attach(node: number, receiver: Receiver): void {
    this.#receivers[node] = receiver;
  }

  /** Everything that is under way to a node, and from it, is gone: another client has its number from now on. */
  forget(node: number): void {
    this.#gone.set(node, this.sent);
  }

  /** Whether a message was under way to or from a client that is no more. */
  isForgotten({ from, to, number }: Message): boolean {
    if (this.#gone.size === 0) return false;
    return number <= (this.#gone.get(from) ?? 0) || number <= (this.#gone.get(to) ?? 0);
  }

  // --- links

  hasRoom(link: number, byteLength: number): boolean {
    return this.#bytes[link]! + byteLength <= this.#ringBytes;
  }

  commit(link: number, frame: Frame): void {
    if (this.#isAnswering) {
      this.#answering = frame;
      return;
    }
    const from = Math.floor(link / NODES_MAX);
    this.#send(from, link % NODES_MAX, frame, 0, 0, 0, 0);
  }

  /** From here to {@link takeAnswer}, what is committed is the frame of one answer. */
  beginAnswer(): void {
    this.#isAnswering = true;
  }

  /** The frame of the answer, if it has one. */
  takeAnswer(): Frame | undefined {
    const frame = this.#answering;
    this.#isAnswering = false;
    this.#answering = undefined;
    return frame;
  }

  /** Sends an answer: a frame, a vote, or both. */
  answer(from: number, to: number, frame: Frame | undefined, vote: Ballotage | undefined): void {
    if (vote === undefined) {
      if (frame !== undefined) this.#send(from, to, frame, 0, 0, 0, 0);
      return;
    }
    this.#send(from, to, frame, vote.vote, vote.slot, vote.generation, vote.epoch);
  }

  #send(
    from: number,
    to: number,
    frame: Frame | undefined,
    vote: Vote | 0,
    slot: number,
    generation: number,
    epoch: number,
  ): void {
    const engine = this.#engine;
    const kind = frame === undefined ? 'vote' : messageKindOf(frame);
    const link = from * NODES_MAX + to;
    const number = engine.nextMessage();
    const message: Message = { from, to, kind, frame, vote, slot, generation, epoch, number, arrivals: 1 };
    this.sent++;
    if (vote === NO_MEMORY) this.refused++;
    if (engine.trace.isKept) {
      const text = describeMessage(message);
      engine.trace.add({ atUs: engine.nowUs, kind: 'send', from, to, message: number, text });
    }
    const { delayUs, copyUs } = this.#fates.decide(link, this.#positions[link]!++, kind, engine.nowUs);
    if (delayUs < 0) {
      engine.countFault('loss');
      return this.#lose(message);
    }
    this.#bytes[link]! += bytesOf(message);
    if (copyUs >= 0) {
      engine.countFault('repeat');
      message.arrivals++;
      this.#bytes[link]! += bytesOf(message);
      this.#schedule(message, delayUs + copyUs);
    }
    this.#schedule(message, delayUs);
  }

  #schedule(message: Message, delayUs: number): void {
    const engine = this.#engine;
    const link = message.from * NODES_MAX + message.to;
    let atUs = engine.nowUs + delayUs;
    if (this.#isOrdered) {
      // One microsecond apart, because events of one moment come in any order.
      atUs = Math.max(atUs, this.#lastUs[link]! + 1);
      this.#lastUs[link] = atUs;
    }
    engine.schedule(atUs - engine.nowUs, message.to, () => this.#arrive(message));
  }

  #arrive(message: Message): void {
    if (isHeld(this.#cuts, message)) {
      this.#engine.countFault('cut');
      this.#bytes[message.from * NODES_MAX + message.to]! -= bytesOf(message);
      return this.#lose(message);
    }
    if (this.isForgotten(message)) return this.lose(message);
    if (isHeld(this.#clogs, message)) {
      this.#clogged.push(message);
      return;
    }
    const { from, to, frame, vote } = message;
    this.#engine.note(from, vote === 0 ? message.slot : (message.generation << 4) | (message.slot << 2) | vote);
    if (frame !== undefined) this.#noteFrame(to, frame);
    this.#receivers[to]!.deliver(message);
  }

  #noteFrame(to: number, { words, byteLength }: Frame): void {
    const count = (byteLength + 3) >> 2;
    let digest = count;
    for (let word = 0; word < count; word++) digest = Math.imul(digest ^ words[word]!, 0x0100_0193);
    this.#engine.note(to, digest);
  }

  /** The message was read: its room on the link is free, and its buffer after the last arrival. */
  release(message: Message): void {
    this.#bytes[message.from * NODES_MAX + message.to]! -= bytesOf(message);
    this.#drop(message);
  }

  /** What has arrived is lost, such as at a dead replica. */
  lose(message: Message): void {
    this.#bytes[message.from * NODES_MAX + message.to]! -= bytesOf(message);
    this.#lose(message);
  }

  #lose(message: Message): void {
    const { trace, nowUs } = this.#engine;
    if (trace.isKept) {
      const { from, to, number } = message;
      trace.add({ atUs: nowUs, kind: 'lost', from, to, message: number, text: describeMessage(message) });
    }
    this.#drop(message);
  }

  #drop(message: Message): void {
    message.arrivals--;
    if (message.arrivals === 0 && message.frame !== undefined) this.pool.release(message.frame);
  }

  // --- faults

  /** Messages between these sets of nodes are lost, until the returned function is called. */
  cut(from: number, to: number, messages?: MessageKind): () => void {
    const hold = { from, to, messages };
    this.#cuts.add(hold);
    return () => void this.#cuts.delete(hold);
  }

  /** Messages between these sets of nodes wait, until the returned function is called: then they come in any order. */
  clog(from: number, to: number, messages?: MessageKind): () => void {
    const hold = { from, to, messages };
    this.#clogs.add(hold);
    return () => {
      if (this.#clogs.delete(hold)) this.#release();
    };
  }

  /** Everything passes again, but for what a later cut forbids. */
  heal(): void {
    this.#cuts.clear();
    this.#clogs.clear();
    this.#release();
  }

  #release(): void {
    const clogged = this.#clogged;
    this.#clogged = [];
    for (const message of clogged) {
      if (isHeld(this.#clogs, message)) this.#clogged.push(message);
      else this.#schedule(message, 0);
    }
  }
}

/** A vote that a replica has cast. */
export interface Ballotage {
  readonly vote: Vote;
  readonly slot: number;
  readonly generation: number;
  readonly epoch: number;
}

/** Room that a message takes on its link; a vote takes none, it lies in the tally board. */
function bytesOf({ frame }: Message): number {
  return frame === undefined ? 0 : frame.byteLength;
}

function isHeld(holds: ReadonlySet<Hold>, { from, to, kind }: Message): boolean {
  if (holds.size === 0) return false;
  for (const hold of holds) {
    if (((hold.from >>> from) & 1) === 0 || ((hold.to >>> to) & 1) === 0) continue;
    if (hold.messages === undefined || hold.messages === kind) return true;
  }
  return false;
}

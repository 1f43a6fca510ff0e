// The mailbox of a simulated actor: one production mailbox for each sender, as there is one ring for each, and the
// world decides when a message is there and which sender's turn it is. It outlives crashes of its actor.
import type { Deliver, Envelope, Mailbox, SendOutcome } from '../../mailbox/envelope.ts';
import { InThreadMailbox } from '../../mailbox/in-thread-mailbox.ts';
import type { OverflowPolicy, OverflowSender } from '../../mailbox/overflow.ts';
import type { ActorNetwork, End } from './network.ts';
import type { Party, World } from './world.ts';

/** An envelope under way, with what the trace says of it. */
export interface SimEnvelope extends Envelope {
  readonly from: Party;
  /** Number of the message in the trace. */
  readonly message: number;
  readonly text: string;
  /** Its name for chance: what it came of. */
  readonly label: string;
  /** Whether it was in the hand of an incarnation that crashed. */
  readonly isAgain: boolean;
}

/** What a mailbox is made with. */
export interface SimMailboxOptions {
  readonly world: World;
  readonly network: ActorNetwork;
  readonly owner: End;
  readonly overflow: OverflowPolicy;
  readonly capacity: number | undefined;
  /** Hears that a message may be taken. */
  readonly onArrival: () => void;
}

interface Lane {
  readonly mailbox: InThreadMailbox;
  readonly sender: OverflowSender;
}

/** All lanes to one actor. */
export class SimMailbox implements Mailbox {
  readonly #options: SimMailboxOptions;
  readonly #lanes = new Map<number, Lane>();
  /** One entry for each message that has arrived, in that order: the lane whose head it is. */
  #arrived: Lane[] = [];
  /** The message that comes next, taken from its lane. */
  #next: SimEnvelope | undefined;
  #isClosed = false;
  /** The message that the actor has taken and not finished. */
  inHand: SimEnvelope | undefined;

  constructor(options: SimMailboxOptions) {
    this.#options = options;
  }

  /** Whether a message has arrived and waits. */
  get isReady(): boolean {
    // The overflow policy may have taken back what an entry stands for.
    while (this.#arrived[0]?.mailbox.hasMessages() === false) this.#arrived.shift();
    return this.#next !== undefined || this.#arrived.length > 0;
  }

  /** Messages that have arrived and wait. */
  get waiting(): number {
    return this.#arrived.length + (this.#next === undefined ? 0 : 1);
  }

  /** Sends a message: it takes a place at once, and arrives when the network has carried it. */
  send(envelope: SimEnvelope): SendOutcome {
    const { world, network, owner } = this.#options;
    const { from, message, text } = envelope;
    const { engine } = world;
    const lane = this.#laneOf(from);
    if (this.#isClosed) return lane.sender.send(envelope);
    const record = { atUs: engine.nowUs, from: from.node, to: owner.node, message, text };
    const fate = envelope.isSystem ? [0] : network.fate(from, owner, envelope.label);
    engine.trace.add({ ...record, kind: 'send' });
    if (fate.length === 0) {
      engine.trace.add({ ...record, kind: 'lost' });
      return 'sent';
    }
    let outcome: SendOutcome = 'full';
    for (const delayUs of fate) {
      const copy = lane.sender.send(envelope);
      if (outcome !== 'sent') outcome = copy;
      if (copy === 'sent') engine.schedule(delayUs, owner.node, () => this.#arrive(lane));
    }
    if (outcome !== 'sent') engine.trace.add({ ...record, kind: 'lost', text: `${text}: mailbox ${outcome}` });
    lane.sender.flush();
    return outcome;
  }

  hasMessages(): boolean {
    if (this.#next !== undefined) return true;
    for (const { mailbox } of this.#lanes.values()) if (mailbox.hasMessages()) return true;
    return false;
  }

  /** Delivers one message, if one has arrived. */
  drain(_budget: number, deliver: Deliver): number {
    const next = this.peek();
    if (next === undefined) return 0;
    this.#next = undefined;
    this.inHand = next;
    const { engine } = this.#options.world;
    const { from, message, text } = next;
    if (engine.trace.isKept) {
      engine.trace.add({
        atUs: engine.nowUs,
        kind: 'receive',
        from: from.node,
        to: this.#options.owner.node,
        message,
        text,
      });
    }
    engine.note(this.#options.owner.node, message);
    deliver(next);
    return 1;
  }

  /** The message whose turn it is. */
  peek(): SimEnvelope | undefined {
    if (this.#next === undefined && this.isReady) {
      this.#arrived.shift()?.mailbox.drain(1, (envelope) => {
        if (isSimEnvelope(envelope)) this.#next = envelope;
      });
    }
    return this.#next;
  }

  /** Gives a message that was in hand to the next incarnation, before all others. */
  putBack(envelope: SimEnvelope): void {
    this.#next = { ...envelope, isAgain: true, label: `${envelope.label} again` };
  }

  /** The simulated actor rests by itself. */
  parkAsync(): undefined {
    return undefined;
  }

  /** Takes no message any more. @returns those that wait or are under way. */
  closeWith(): readonly SimEnvelope[] {
    this.#isClosed = true;
    const left: SimEnvelope[] = this.#next === undefined ? [] : [this.#next];
    this.#next = undefined;
    for (const { mailbox } of this.#lanes.values()) {
      while (mailbox.hasMessages()) {
        mailbox.drain(1, (envelope) => {
          if (isSimEnvelope(envelope) && !envelope.isSystem) left.push(envelope);
        });
      }
      mailbox.close();
    }
    this.#arrived = [];
    return left;
  }

  close(): void {
    this.closeWith();
  }

  #arrive(lane: Lane): void {
    if (this.#isClosed) return;
    this.#arrived.push(lane);
    this.#options.onArrival();
  }

  #laneOf(from: Party): Lane {
    let lane = this.#lanes.get(from.node);
    if (lane === undefined) {
      const { world, overflow, capacity } = this.#options;
      const { deadLetters } = world;
      const mailbox = new InThreadMailbox({ deadLetters, ...(capacity === undefined ? {} : { capacity }) });
      if (this.#isClosed) mailbox.close();
      lane = { mailbox, sender: mailbox.sender(overflow) };
      this.#lanes.set(from.node, lane);
    }
    return lane;
  }
}

/** Everything that a simulated mailbox holds was sent through it. */
function isSimEnvelope(envelope: Envelope): envelope is SimEnvelope {
  return 'message' in envelope && 'from' in envelope;
}

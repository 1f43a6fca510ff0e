// A mailbox over a MessagePort: for threads that have no shared memory of their own, and where an event loop must run.
// A port queues without bound, so the sender holds credits: one per message that may be under way, given back by the
// receiver as it handles them.
import { receiveMessageOnPort } from 'node:worker_threads';
import type { MessagePort, Transferable } from 'node:worker_threads';
import { integerOption, rangeError } from '../base/errors.ts';
import { MAILBOX_MESSAGES_DEFAULT, MAILBOX_MESSAGES_MAX, SYSTEM_MESSAGES_MAX } from '../base/limits.ts';
import { decodePlain, encodePlain } from '../base/plain-codec.ts';
import { ValueEncoder } from '../base/value-codec.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { Deliver, Envelope, Mailbox } from './envelope.ts';
import { Delivery, FORM, HEADER_BYTES, MARKER_BYTES, writeHeader } from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import type { FrameMemory } from './frame-reader.ts';
import { frameViews } from './frame-views.ts';
import { MessageQueue } from './message-queue.ts';
import type { Transport } from './overflow.ts';
import { Signal } from './signal.ts';
import { unsendable } from './slow-lane.ts';
import type { Vocabulary } from './vocabulary.ts';

/** A frame on the port: the header and the body, as in a ring; or a body that was cloned structurally. */
interface Posted {
  readonly isSystem: boolean;
  readonly frame: Uint8Array<ArrayBuffer>;
  readonly clone?: unknown;
}

/** What the receiver sends back. */
interface Credits {
  readonly user: number;
  readonly system: number;
  readonly isClosed: boolean;
}

/** Options of {@link PortSender}. */
export interface PortSenderOptions {
  readonly port: MessagePort;
  readonly vocabulary: Vocabulary;
  /** User messages that may be under way, 1 to 65536; default 1024. Both ends are given the same. */
  readonly capacity?: number;
}

/** Sends over a port. Wrap it in an OverflowSender. One thread uses it. */
export class PortSender implements Transport {
  readonly #port: MessagePort;
  readonly #vocabulary: Vocabulary;
  readonly #encoder: ValueEncoder = new ValueEncoder();
  readonly #capacity: number;
  #user: number;
  #system = SYSTEM_MESSAGES_MAX;
  #isClosed = false;
  #room: Signal | undefined;

  constructor({ port, vocabulary, capacity = MAILBOX_MESSAGES_DEFAULT }: PortSenderOptions) {
    this.#capacity = integerOption('capacity', capacity, { min: 1, max: MAILBOX_MESSAGES_MAX });
    this.#user = capacity;
    this.#port = port;
    this.#vocabulary = vocabulary;
    // A listener of credits for as long as the sender lives: adding and removing one could lose a message between.
    port.on('message', (credits: Credits) => this.#take(credits));
    port.on('close', () => this.#take({ user: 0, system: 0, isClosed: true }));
    port.unref();
  }

  get isClosed(): boolean {
    this.#receiveCredits();
    return this.#isClosed;
  }

  offer(envelope: Envelope, transfer?: readonly Transferable[]): boolean {
    const posted = this.#encode(envelope, transfer !== undefined);
    if (!this.#spend(envelope.isSystem)) return false;
    try {
      this.#port.postMessage(posted, transfer);
    } catch (cause) {
      this.#take({ user: envelope.isSystem ? 0 : 1, system: envelope.isSystem ? 1 : 0, isClosed: false });
      throw unsendable(cause);
    }
    return true;
  }

  flush(): void {
    // A port shows each message as it is posted.
  }

  async whenRoom(): Promise<void> {
    this.#receiveCredits();
    if (this.#isClosed || this.#user * 2 >= this.#capacity) return;
    this.#port.ref(); // Waiting for room is work under way.
    try {
      this.#room = new Signal();
      await this.#room.promise;
    } finally {
      this.#port.unref();
    }
  }

  copyBody(body: unknown): unknown {
    return decodePlain(encodePlain(body));
  }

  close(): void {
    this.#port.close();
  }

  #encode(envelope: Envelope, isCloned: boolean): Posted {
    const codec = this.#vocabulary[envelope.type];
    const { isSystem, body } = envelope;
    if (codec === undefined) throw unknownType(envelope.type);
    if (isCloned) return { isSystem, frame: frameOf(envelope, MARKER_BYTES, FORM.MARKER), clone: body };
    if (codec !== 'plain') {
      const frame = frameOf(envelope, codec.bytes, FORM.LAYOUT);
      codec.write(body, frameViews(frame.buffer), HEADER_BYTES);
      return { isSystem, frame };
    }
    if (body === undefined) return { isSystem, frame: frameOf(envelope, 0, FORM.NONE) };
    const length = this.#encoder.encode(body);
    const frame = frameOf(envelope, length, FORM.VALUE);
    frame.set(this.#encoder.bytes.subarray(0, length), HEADER_BYTES);
    return { isSystem, frame: frame.subarray(0, HEADER_BYTES + length) };
  }

  #spend(isSystem: boolean): boolean {
    if ((isSystem ? this.#system : this.#user) === 0) this.#receiveCredits();
    if ((isSystem ? this.#system : this.#user) === 0) return false;
    if (isSystem) this.#system--;
    else this.#user--;
    return true;
  }

  /** Takes credits that the event loop has not delivered yet: it may not run for a while. */
  #receiveCredits(): void {
    for (;;) {
      const received: { readonly message: Credits } | undefined = receiveMessageOnPort(this.#port);
      if (received === undefined) return;
      this.#take(received.message);
    }
  }

  #take({ user, system, isClosed }: Credits): void {
    this.#user += user;
    this.#system += system;
    this.#isClosed ||= isClosed;
    if (!this.#isClosed && this.#user * 2 < this.#capacity) return;
    this.#room?.settle();
    this.#room = undefined;
  }
}

/** Options of {@link PortMailbox}. */
export interface PortMailboxOptions {
  readonly port: MessagePort;
  readonly vocabulary: Vocabulary;
  readonly deadLetters: DeadLetters;
}

/** Receives from one port. One thread uses it. */
export class PortMailbox implements Mailbox {
  readonly #port: MessagePort;
  readonly #reader: FrameReader;
  readonly #deadLetters: DeadLetters;
  readonly #user: MessageQueue<Posted> = new MessageQueue(MAILBOX_MESSAGES_MAX);
  readonly #system: MessageQueue<Posted> = new MessageQueue(SYSTEM_MESSAGES_MAX);
  readonly #delivery: Delivery = new Delivery();
  #isListening = false;
  #isClosed = false;
  #arrived: Signal | undefined;

  constructor({ port, vocabulary, deadLetters }: PortMailboxOptions) {
    this.#port = port;
    this.#reader = new FrameReader(vocabulary, deadLetters);
    this.#deadLetters = deadLetters;
  }

  hasMessages(): boolean {
    this.#receive();
    return this.#system.size > 0 || this.#user.size > 0;
  }

  drain(budget: number, deliver: Deliver): number {
    this.#receive();
    let [user, system] = [0, 0];
    try {
      while (user + system < budget) {
        const posted = this.#system.shift() ?? this.#user.shift();
        if (posted === undefined) break;
        if (posted.isSystem) system++;
        else user++;
        if (this.#read(posted, this.#delivery)) deliver(this.#delivery);
      }
    } finally {
      this.#delivery.clear(false); // A mailbox must not keep alive what was handled.
      if (!this.#isClosed && user + system > 0) this.#give({ user, system, isClosed: false });
    }
    return user + system;
  }

  parkAsync(): Promise<void> | undefined {
    if (this.hasMessages()) return undefined;
    this.#listen();
    this.#arrived ??= new Signal();
    return this.#arrived.promise;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#receive();
    this.#isClosed = true;
    const delivery = new Delivery(); // Another one may be in a handler's hand.
    for (const queue of [this.#system, this.#user]) {
      for (let left = queue.shift(); left !== undefined; left = queue.shift()) {
        if (this.#read(left, delivery)) this.#deadLetters.add('stopped', delivery);
      }
    }
    this.#give({ user: 0, system: 0, isClosed: true });
    this.#port.close();
  }

  /** From the first wait on there is always a listener: removing it could lose a message that is being delivered. */
  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    this.#port.on('message', (posted: unknown) => {
      this.#add(posted);
      this.#arrived?.settle();
      this.#arrived = undefined;
    });
    this.#port.unref();
  }

  #receive(): void {
    while (!this.#isClosed) {
      const received: { readonly message: unknown } | undefined = receiveMessageOnPort(this.#port);
      if (received === undefined) return;
      this.#add(received.message);
    }
  }

  #add(posted: unknown): void {
    if (isPosted(posted)) (posted.isSystem ? this.#system : this.#user).push(posted);
    else this.#reader.bury('undecodable', new Delivery());
  }

  /** `false` when it is a dead letter. */
  #read({ isSystem, frame, clone }: Posted, delivery: Delivery): boolean {
    delivery.clear(isSystem);
    const read = this.#reader.read(delivery, memoryOf(frame), 0, frame.length);
    if (read === 'marker') delivery.body = clone;
    return read !== 'dead';
  }

  #give(credits: Credits): void {
    this.#port.postMessage(credits);
  }
}

function isPosted(message: unknown): message is Posted {
  if (typeof message !== 'object' || message === null || !('frame' in message && 'isSystem' in message)) return false;
  const { frame, isSystem } = message;
  return (
    frame instanceof Uint8Array &&
    typeof isSystem === 'boolean' &&
    frame.length >= HEADER_BYTES &&
    frame.byteOffset === 0 &&
    frame.buffer.byteLength % 8 === 0
  );
}

function memoryOf(frame: Uint8Array<ArrayBuffer>): FrameMemory {
  const { buffer } = frame;
  return {
    words: new Int32Array(buffer),
    bytes: frame,
    get views() {
      return frameViews(buffer); // Ten views: only for those that have a layout.
    },
  };
}

/** A frame of its own with a header, padded to a multiple of 8. */
function frameOf(
  envelope: Envelope,
  bodyBytes: number,
  form: (typeof FORM)[keyof typeof FORM],
): Uint8Array<ArrayBuffer> {
  const memory = new ArrayBuffer((HEADER_BYTES + bodyBytes + 7) & ~7);
  writeHeader(new Int32Array(memory), 0, envelope, form);
  return new Uint8Array(memory);
}

function unknownType(type: number): RangeError {
  return rangeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot send type ${type}: it must be one of the vocabulary`);
}

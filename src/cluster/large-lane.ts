// Large values lie once in shared memory and travel by reference: the sender posts the buffer, then a frame with its
// number; the receiver takes the buffer when it meets the frame. Five replicas thus hold one copy of the bytes.
//
// A lane is a broadcast channel with a name that only the two ends know, because a handle that any thread may be given
// cannot carry ports. A blocked thread takes messages synchronously; on a thread whose event loop runs they may have
// arrived as events before, so both ways fill the same table.
import { BroadcastChannel, receiveMessageOnPort } from 'node:worker_threads';
import { LARGE_PENDING_MAX } from '../base/limits.ts';
import type { LargeLane, LargeValue } from '../replica/environment.ts';

interface Parcel {
  readonly reference: number;
  readonly value: LargeValue;
}

/** One end of a lane between two threads. The channel is opened on first use. */
export class ChannelLane implements LargeLane {
  readonly #channel: BroadcastChannel;
  readonly #arrived = new Map<number, LargeValue>();
  readonly #nextReference: () => number;

  /**
   * @param name the same at both ends, and nowhere else.
   * @param nextReference numbers that nobody else uses: an end that restarts must not repeat its predecessor's.
   */
  constructor(name: string, nextReference: () => number) {
    this.#nextReference = nextReference;
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = (event): void => this.#keep((event as { data: Parcel }).data);
    this.#channel.unref();
  }

  send(value: LargeValue): number {
    const reference = this.#nextReference();
    this.#channel.postMessage({ reference, value } satisfies Parcel);
    return reference;
  }

  take(reference: number): LargeValue | undefined {
    let value = this.#arrived.get(reference);
    while (value === undefined) {
      const received = receiveMessageOnPort(this.#channel as never) as { message: Parcel } | undefined;
      if (received === undefined) return undefined;
      this.#keep(received.message);
      value = this.#arrived.get(reference);
    }
    this.#arrived.delete(reference);
    return value;
  }

  /** Lets go of the channel and of what was not taken. */
  close(): void {
    this.#channel.onmessage = null as never;
    this.#channel.close();
    this.#arrived.clear();
  }

  #keep({ reference, value }: Parcel): void {
    this.#arrived.set(reference, value);
    if (this.#arrived.size <= LARGE_PENDING_MAX) return;
    const [oldest] = this.#arrived.keys(); // Its frame was dropped on the way: nobody will take it.
    this.#arrived.delete(oldest!);
  }
}

// Large values lie once in shared memory and travel by reference: the sender posts the buffer, then a frame with its
// number; the receiver takes the buffer when it meets the frame. Five replicas thus hold one copy of the bytes.
//
// A blocked thread takes messages synchronously; on a thread whose event loop runs they may have arrived as events
// before, so both ways fill the same table.
import { LARGE_PENDING_MAX } from '../base/limits.ts';
import type { LargeLane } from '../replica/environment.ts';
import { hold, release } from '../replica/large-value.ts';
import type { LargeValue } from '../replica/large-value.ts';
import { Channel } from './channel.ts';

interface Parcel {
  readonly reference: number;
  readonly value: LargeValue;
}

/** One end of a lane between two threads. */
export class ChannelLane implements LargeLane {
  readonly #channel: Channel<Parcel>;
  readonly #arrived = new Map<number, LargeValue>();
  readonly #nextReference: () => number;

  /**
   * @param name the same at both ends, and nowhere else.
   * @param nextReference numbers that nobody else uses: an end that restarts must not repeat its predecessor's.
   */
  constructor(name: string, nextReference: () => number) {
    this.#nextReference = nextReference;
    this.#channel = new Channel(name);
    this.#channel.listen((parcel) => this.#keep(parcel));
  }

  send(value: LargeValue): number {
    hold(value); // For the receiver, before it can let go.
    const reference = this.#nextReference();
    this.#channel.post({ reference, value });
    return reference;
  }

  take(reference: number): LargeValue | undefined {
    let value = this.#arrived.get(reference);
    while (value === undefined) {
      const parcel = this.#channel.take();
      if (parcel === undefined) return undefined;
      this.#keep(parcel);
      value = this.#arrived.get(reference);
    }
    this.#arrived.delete(reference);
    return value;
  }

  /** Lets go of the channel and of what was not taken. */
  close(): void {
    this.#channel.close();
    for (const value of this.#arrived.values()) release(value);
    this.#arrived.clear();
  }

  #keep({ reference, value }: Parcel): void {
    this.#arrived.set(reference, value);
    if (this.#arrived.size <= LARGE_PENDING_MAX) return;
    for (const [oldest, unwanted] of this.#arrived) {
      release(unwanted); // Its frame was dropped on the way: nobody will take it.
      this.#arrived.delete(oldest);
      return;
    }
  }
}

// Large values lie once in shared memory and travel by reference: the sender posts a parcel with the buffer, then a
// frame with its number; the receiver takes the buffer when it meets the frame. Five replicas thus hold one copy of the
// bytes.
//
// A blocked thread takes parcels synchronously; on a thread whose event loop runs they may have arrived as events
// before, so both ways fill the same table.
import { assert } from '../base/assert.ts';
import { SharedValue } from '../base/large-value.ts';
import type { Holder } from '../base/large-value.ts';
import { LARGE_PENDING_MAX } from '../base/limits.ts';
import type { LargeLane, LargeValue } from './environment.ts';

/** A large value on its way, which counts its receiver already. */
export interface Parcel {
  readonly reference: number;
  readonly buffer: SharedArrayBuffer;
  readonly byteLength: number;
  /** The receiver's epoch that the sender counted. */
  readonly epoch: number;
}

/** What carries parcels between the two ends of a lane. */
export interface ParcelChannel {
  post(parcel: Parcel): void;
  /** Takes what has arrived and was not listened to. */
  take(): Parcel | undefined;
  listen(listener: (parcel: Parcel) => void): void;
  close(): void;
}

/** What a lane's end is made with. */
export interface LargeLaneOptions {
  readonly channel: ParcelChannel;
  /** Numbers that nobody else uses: an end that restarts must not repeat its predecessor's. */
  nextReference(): number;
  readonly self: Holder;
  /** The other end, as it is now. */
  peer(): Holder;
}

/** One end of a lane between two threads. */
export class ParcelLane implements LargeLane {
  readonly #options: LargeLaneOptions;
  readonly #arrived = new Map<number, SharedValue>();

  constructor(options: LargeLaneOptions) {
    this.#options = options;
    options.channel.listen((parcel) => this.#keep(parcel));
  }

  send(value: LargeValue): number {
    const { buffer, byteLength } = sharedValue(value);
    const peer = this.#options.peer();
    sharedValue(value).holdFor(peer); // Before it can let go.
    const reference = this.#options.nextReference();
    this.#options.channel.post({ reference, buffer, byteLength, epoch: peer.epoch });
    return reference;
  }

  take(reference: number): LargeValue | undefined {
    let value = this.#arrived.get(reference);
    while (value === undefined) {
      const parcel = this.#options.channel.take();
      if (parcel === undefined) return undefined;
      this.#keep(parcel);
      value = this.#arrived.get(reference);
    }
    this.#arrived.delete(reference);
    return value;
  }

  /** Lets go of the channel and of what was not taken. */
  close(): void {
    this.#options.channel.close();
    for (const value of this.#arrived.values()) value.release();
    this.#arrived.clear();
  }

  #keep({ reference, buffer, byteLength, epoch }: Parcel): void {
    const { self } = this.#options;
    // Counted for a predecessor, whose count is void: the memory may be another's now.
    if (epoch !== self.epoch) return;
    this.#arrived.set(reference, new SharedValue(buffer, byteLength, self));
    if (this.#arrived.size <= LARGE_PENDING_MAX) return;
    for (const [oldest, unwanted] of this.#arrived) {
      unwanted.release(); // Its frame was dropped on the way: nobody will take it.
      this.#arrived.delete(oldest);
      return;
    }
  }
}

/** The shared memory behind a large value of this cluster. */
export function sharedValue(value: LargeValue): SharedValue {
  assert(value instanceof SharedValue, 'A large value lies in shared memory');
  return value;
}

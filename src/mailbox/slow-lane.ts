// What a ring cannot carry goes beside it: over a MessagePort that has no listener, ever. The parcel is posted first,
// then a marker takes its place in the ring, so that the order between the two threads is kept.
//
// Both carry the sender's incarnation and a sequence number, which together only grow: a sender that dies between the
// two leaves a parcel without a marker, which the next marker must not be given.
import { receiveMessageOnPort } from 'node:worker_threads';
import type { MessagePort, Transferable } from 'node:worker_threads';
import { QuorateError } from '../base/errors.ts';
import { SLOW_LANE_WEIGHT } from '../base/limits.ts';

/** What lies beside the ring: a body cloned structurally, or bytes of the value codec in shared memory. */
export type Parcel =
  | { readonly form: 'clone'; readonly body: unknown }
  | { readonly form: 'bytes'; readonly memory: SharedArrayBuffer; readonly length: number };

interface Posted {
  /** Which of the two rings its marker is in: that of the system lane may overtake the other. */
  readonly isSystem: boolean;
  readonly incarnation: number;
  readonly sequence: number;
  readonly parcel: Parcel;
}

/** The sender's end. */
export class SlowLaneSender {
  #port: MessagePort;
  /** Incarnation of the sender: greater than those of its predecessors. */
  readonly incarnation: number;
  #sequence = 0;

  constructor(port: MessagePort, incarnation: number) {
    this.#port = port;
    this.incarnation = incarnation;
  }

  /**
   * Posts a parcel; the marker follows.
   *
   * @returns the sequence number for the marker.
   * @throws {QuorateError} `ERR_QUORATE_UNSENDABLE` when it cannot be cloned or transferred; nothing was.
   */
  post(isSystem: boolean, parcel: Parcel, transfer: readonly Transferable[] = []): number {
    const sequence = (this.#sequence + 1) | 0;
    try {
      this.#port.postMessage({ isSystem, incarnation: this.incarnation, sequence, parcel } satisfies Posted, transfer);
    } catch (cause) {
      throw unsendable(cause);
    }
    this.#sequence = sequence;
    return sequence;
  }

  /** The receiver was replaced and has a new port. */
  replacePort(port: MessagePort): void {
    this.#port.close();
    this.#port = port;
  }

  close(): void {
    this.#port.close();
  }
}

/** Names a parcel: its marker says so. */
export interface Marker {
  readonly isSystem: boolean;
  readonly incarnation: number;
  readonly sequence: number;
}

/** The receiver's end. */
export class SlowLaneReceiver {
  #port: MessagePort;
  /** Parcels that were taken from a port before their markers were seen, by ring, oldest first. */
  readonly #early: { system: Posted[]; user: Posted[] } = { system: [], user: [] };

  constructor(port: MessagePort) {
    this.#port = port;
  }

  /**
   * Takes the parcel of a marker.
   *
   * @param onUnmarked hears of parcels that came before it and have no marker.
   * @returns undefined when it is gone.
   */
  take(marker: Marker, onUnmarked: () => void): Parcel | undefined {
    const early = marker.isSystem ? this.#early.system : this.#early.user;
    for (;;) {
      const posted = early.shift() ?? this.#receiveFor(marker.isSystem);
      if (posted === undefined) return undefined;
      const age = posted.incarnation - marker.incarnation || (posted.sequence - marker.sequence) | 0;
      if (age === 0) return posted.parcel;
      if (age > 0) {
        early.unshift(posted);
        return undefined;
      }
      onUnmarked();
    }
  }

  /** The sender was replaced and has a new port; what its predecessor posted is kept for its markers. */
  replacePort(port: MessagePort): void {
    for (let left = this.#receive(); left !== undefined; left = this.#receive()) this.#keep(left);
    this.#port.close();
    this.#port = port;
  }

  close(): void {
    this.#early.system = [];
    this.#early.user = [];
    this.#port.close();
  }

  #receiveFor(isSystem: boolean): Posted | undefined {
    for (let posted = this.#receive(); posted !== undefined; posted = this.#receive()) {
      if (posted.isSystem === isSystem) return posted;
      this.#keep(posted);
    }
    return undefined;
  }

  /** The rings bound how many there are. */
  #keep(posted: Posted): void {
    (posted.isSystem ? this.#early.system : this.#early.user).push(posted);
  }

  #receive(): Posted | undefined {
    const received: { readonly message: Posted } | undefined = receiveMessageOnPort(this.#port);
    return received?.message;
  }
}

/** What a port says of a message that it cannot clone or transfer, as a failure of ours. */
export function unsendable(cause: unknown): QuorateError {
  const what = cause instanceof Error ? cause.message : String(cause);
  const fields = { path: 'value', what };
  return new QuorateError('ERR_QUORATE_UNSENDABLE', `Cannot send a message: ${what}`, { cause, fields });
}

/** Bytes that a marker takes in the ring for what lies beside it, so that the ring bounds both. */
export function markerPadding(parcelBytes: number, frameBytesMax: number): number {
  // At most a quarter of the ring: the largest parcel must be able to pass.
  return Math.min(Math.ceil(parcelBytes / SLOW_LANE_WEIGHT), frameBytesMax >> 2);
}

/** Bytes of the buffers in a transfer list. */
export function transferredBytes(transfer: readonly Transferable[]): number {
  let bytes = 0;
  for (const item of transfer) if (item instanceof ArrayBuffer) bytes += item.byteLength;
  return bytes;
}

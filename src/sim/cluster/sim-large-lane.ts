// The lane for large values between two simulated threads: production's, on parcels that travel with the frame which
// names them, and are lost with it.
import type { Holder } from '../../base/large-value.ts';
import { ParcelLane } from '../../replica/large-lane.ts';
import type { Parcel, ParcelChannel } from '../../replica/large-lane.ts';
import type { Frame, SimLink } from './frames.ts';

/** What one end of a lane is made with. */
export interface SimLargeLaneOptions {
  /** Where its frames go. */
  readonly link: SimLink;
  /** Whose end it is. */
  readonly self: Holder;
  /** The other end, as it is now. */
  readonly peer: () => Holder;
  readonly nextReference: () => number;
}

/** One end of a lane, for as long as its thread lives. */
export class SimLargeLane extends ParcelLane {
  readonly #channel: LinkChannel;

  constructor({ link, self, peer, nextReference }: SimLargeLaneOptions) {
    const channel = new LinkChannel(link);
    super({ channel, self, peer, nextReference });
    this.#channel = channel;
  }

  /** Takes in what came with a frame, before the frame is read. */
  arrive(frame: Frame): void {
    const { parcel } = frame;
    if (parcel === undefined) return;
    frame.parcel = undefined;
    this.#channel.arrive(parcel);
  }
}

/** A channel that is no other than the link. */
class LinkChannel implements ParcelChannel {
  readonly #link: SimLink;
  #listener: ((parcel: Parcel) => void) | undefined;

  constructor(link: SimLink) {
    this.#link = link;
  }

  post(parcel: Parcel): void {
    this.#link.attach(parcel);
  }

  take(): Parcel | undefined {
    return undefined; // What has arrived was listened to.
  }

  listen(listener: (parcel: Parcel) => void): void {
    this.#listener = listener;
  }

  arrive(parcel: Parcel): void {
    this.#listener?.(parcel);
  }

  close(): void {
    this.#listener = undefined;
  }
}

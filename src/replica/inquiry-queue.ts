// Inquiries that wait to be issued, and the room that is kept for answers to those that were. An inquiry asks one
// replica and needs room in the ring from that one alone, so what waits for a replica that says nothing holds up
// neither inquiries to others nor any other operation.
//
// Trade-off: inquiries may fill a share of each ring, and while any of them waits or is open, other operations leave
// room for one: else a stream of reads, which need little room each, would keep inquiries waiting for ever.
import { lowestBitIndex } from '../base/bits.ts';
import { INQUIRY_REPLY_BYTES } from './inquiry.ts';
import { OperationQueue } from './operation-queue.ts';
import type { Operation } from './operation.ts';

/** Share of the room for answers in each reply ring that inquiries may fill; one inquiry always may. */
const INQUIRY_SHARE = 0.5;

/** The inquiries of one coordinator, by replica first in, first out. */
export class InquiryQueue {
  /** How many wait. */
  length = 0;
  readonly #replyRoomBytes: number;
  readonly #waiting: readonly OperationQueue[];
  /** How many were issued and have not ended, by replica. */
  readonly #open: number[];

  constructor(replicas: number, replyRoomBytes: number) {
    this.#replyRoomBytes = replyRoomBytes;
    this.#waiting = Array.from({ length: replicas }, () => new OperationQueue());
    this.#open = Array.from({ length: replicas }, () => 0);
  }

  push(inquiry: Operation): void {
    this.#waiting[replicaOf(inquiry)]!.push(inquiry);
    this.length++;
  }

  /** The next one whose ring has room, where answers to other operations may fill `othersBytes` of each. */
  next(othersBytes: number): Operation | undefined {
    if (this.length === 0) return undefined;
    const replica = this.#waiting.findIndex(({ length }, each) => length > 0 && this.#hasRoom(each, othersBytes));
    return this.#waiting[replica]?.at(0);
  }

  /** Takes what {@link next} gave: it is issued. */
  issue(inquiry: Operation): void {
    const replica = replicaOf(inquiry);
    this.#waiting[replica]!.shift();
    this.length--;
    this.#open[replica]!++;
  }

  /** One that was issued has ended. */
  end(inquiry: Operation): void {
    this.#open[replicaOf(inquiry)]!--;
  }

  /** Takes all that wait of which `isTaken` holds. */
  take(isTaken: (inquiry: Operation) => boolean): Operation[] {
    const taken = this.#waiting.flatMap((queue) => queue.take(isTaken));
    this.length -= taken.length;
    return taken;
  }

  /** Room in every ring that other operations leave to inquiries. */
  get roomBytes(): number {
    let most = this.length > 0 ? 1 : 0;
    for (const open of this.#open) if (open > most) most = open;
    return most * INQUIRY_REPLY_BYTES;
  }

  #hasRoom(replica: number, othersBytes: number): boolean {
    const open = this.#open[replica]!;
    const wantedBytes = (open + 1) * INQUIRY_REPLY_BYTES;
    if (open > 0 && wantedBytes > INQUIRY_SHARE * this.#replyRoomBytes) return false;
    return othersBytes + wantedBytes <= this.#replyRoomBytes || (open === 0 && othersBytes === 0);
  }
}

function replicaOf({ asked }: Operation): number {
  return lowestBitIndex(asked);
}

// The network of the scheduler: nothing arrives until somebody delivers it, in whatever order, once, twice or never.
//
// A replica's answer is one message, its frames and votes together: production publishes the frames of a batch before
// it casts the batch's votes, so that nobody ever sees a vote whose frame is missing.
import { assert, unreachable } from '../../src/base/assert.ts';
import { GRANTED } from '../../src/replica/environment.ts';
import type { LargeLane, LargeValue, Link, VoteBox } from '../../src/replica/environment.ts';
import {
  ACCEPT,
  CATCH_UP,
  CHUNK_END,
  ENTRY,
  INQUIRE,
  INQUIRY_REPLY,
  KIND_MASK,
  PREPARE,
  PROMISE,
  READ,
  READ_REPLY,
  RECOVER,
  REPLY,
  REQUEST,
} from '../../src/replica/wire.ts';
import type { FrameViews } from '../../src/replica/wire.ts';

/** As long as the longest frame. */
const LINK_BYTES = 9 * 1024;

/** A private copy of a frame. */
export function copyOf(views: FrameViews, start: number, byteLength: number): FrameViews {
  const bytes = new Uint8Array((byteLength + 7) & ~7);
  bytes.set(views.bytes.subarray(start, start + byteLength));
  return { bytes, words: new Int32Array(bytes.buffer) };
}

/** A link with room for any frame unless it is full, which hands each committed frame to `sink`. */
export class CapturingLink implements Link {
  readonly words: Int32Array = new Int32Array(LINK_BYTES >> 2);
  readonly bytes: Uint8Array = new Uint8Array(this.words.buffer);
  readonly #sink: (frame: FrameViews) => void;
  readonly #isFull: () => boolean;
  #claimedBytes = 0;

  constructor(sink: (frame: FrameViews) => void, isFull: () => boolean = () => false) {
    this.#sink = sink;
    this.#isFull = isFull;
  }

  claim(payloadBytes: number): number {
    assert(payloadBytes <= LINK_BYTES, 'No frame is longer');
    if (this.#isFull()) return -1;
    this.#claimedBytes = payloadBytes;
    return 0;
  }

  commit(): void {
    this.#sink(copyOf(this, 0, this.#claimedBytes));
  }

  hasRoomFor(_payloadBytes?: number): boolean {
    return true;
  }
}

/** The values of these tests are short: nothing travels by reference. */
export const NO_LARGE_LANE: LargeLane = {
  send(): number {
    throw new Error('No value of these tests is large');
  },
  take(): LargeValue | undefined {
    return undefined;
  },
};

/** A vote that was cast and is under way. */
export interface CastVote {
  readonly text: string;
  /** It arrives at the board. */
  cast(): boolean;
}

/** What a message does, in the words of the schedules. */
export type MessageKind =
  | 'accept'
  | 'read'
  | 'prepare'
  | 'recover'
  | 'reply'
  | 'promise'
  | 'entry'
  | 'end'
  | 'inquire'
  | 'answer'
  | 'ack'
  | 'refusal';

/** A frame, or a replica's answer, that is under way. Nodes are C0, C1 for clients, A0, A1 for replicas. */
export interface Message {
  readonly from: string;
  readonly to: string;
  /** Both of them, such as `C0A1`. */
  readonly link: string;
  readonly kind: MessageKind;
  readonly frames: readonly FrameViews[];
  readonly votes: readonly CastVote[];
  /** Lower word of the ballot that it is about; 0 when there is none. */
  readonly ballot: number;
  readonly text: string;
}

const KINDS: Readonly<Record<number, MessageKind>> = {
  [ACCEPT]: 'accept',
  [READ]: 'read',
  [PREPARE]: 'prepare',
  [RECOVER]: 'recover',
  [READ_REPLY]: 'reply',
  [PROMISE]: 'promise',
  [ENTRY]: 'entry',
  [CHUNK_END]: 'end',
  [INQUIRE]: 'inquire',
  [INQUIRY_REPLY]: 'answer',
};

/** Kind, ballot and text of a frame. */
export function describeFrame({ words }: FrameViews): Pick<Message, 'kind' | 'ballot' | 'text'> {
  const kind = KINDS[words[REQUEST.KIND]! & KIND_MASK]!;
  switch (kind) {
    case 'accept':
    case 'prepare': {
      const ballot = words[REQUEST.BALLOT + 1]!;
      const root = kind === 'accept' ? `, root ${words[REQUEST.ROOT + 1]}` : '';
      return { kind, ballot, text: `${kind}(b${ballot}${root})` };
    }
    case 'reply':
    case 'promise': {
      const ballot = words[REPLY.ACCEPTED + 1]!;
      const voted = words[REPLY.VOTED] === 1 ? 'voted' : 'inherited';
      return {
        kind,
        ballot,
        text: `${kind}(b${ballot}, root ${words[REPLY.ROOT + 1]}, ${voted}, epoch ${words[REPLY.EPOCH]})`,
      };
    }
    case 'entry': {
      const ballot = words[CATCH_UP.ACCEPTED + 1]!;
      return {
        kind,
        ballot,
        text: `entry(b${ballot}, p${words[CATCH_UP.PROMISED + 1]}) for epoch ${words[CATCH_UP.EPOCH]}`,
      };
    }
    case 'recover':
    case 'end':
      return { kind, ballot: 0, text: `${kind} for epoch ${words[CATCH_UP.EPOCH]}` };
    case 'answer':
      return { kind, ballot: 0, text: `answer of epoch ${words[REPLY.EPOCH]}` };
    case 'read':
    case 'inquire':
    case 'ack': // Votes, which have no frame.
    case 'refusal':
      return { kind, ballot: 0, text: kind };
    default:
      return unreachable(kind);
  }
}

/** Text of a vote. */
export function describeVote([, , , vote, epoch]: Parameters<VoteBox['vote']>): string {
  return `${vote === GRANTED ? 'grants' : 'refuses'} in epoch ${epoch}:`;
}
